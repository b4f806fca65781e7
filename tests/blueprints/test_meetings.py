"""Turns, agenda and meeting view as members meet them, without JavaScript and with htmx."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from supervision import clock as clocks
from supervision.db import db
from supervision.models.audit import AuditEntry
from supervision.models.rosters import Kind, Roster
from supervision.permissions import Actor
from tests import factories
from tests.support.client import Client

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def people(app: Flask) -> list[Actor]:
    return [factories.person(name) for name in ("ann", "ben", "cat")]


@pytest.fixture
def roster(people: list[Actor]) -> Roster:
    return factories.roster(people[0], *people[1:], kind=Kind.PEER)


@pytest.fixture
def session(roster: Roster, people: list[Actor]) -> UUID:
    return factories.session(roster, clocks.now() + timedelta(minutes=30), *people, minutes=90).id


def clients(new_client: Any, people: list[Actor]) -> list[Client]:
    made = [new_client() for _ in people]
    for one, person in zip(made, people, strict=True):
        one.sign_in(person.id)
    return made


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_turns_are_linked_and_say_who_is_next(people, roster, session, client) -> None:
    client.sign_in(people[2].id)
    assert f'href="/rosters/{roster.id}/turns"' in client.get(f"/rosters/{roster.id}").text
    page = text_of(client.get(f"/rosters/{roster.id}/turns").text)
    assert "Facilitates Ann Presents Ben" in page
    assert f'href="/sessions/{session}/agenda"' in client.get(f"/sessions/{session}").text


def test_method_is_chosen_and_faults_are_told(people, roster, client) -> None:
    client.sign_in(people[0].id)
    page = f"/rosters/{roster.id}/method"
    bad = client.submit(page, {"presenters": "9", "method": "cft"}, "Save method")
    assert (bad.status_code, "Choose between 1 and 6 presenters." in bad.text) == (422, True)
    assert 'value="9"' in bad.text
    assert (
        client.submit(page, {"presenters": "2", "method": "cft"}, "Save method").status_code == 303
    )
    assert "2 presenters in each meeting." in text_of(
        client.get(f"/rosters/{roster.id}/turns").text
    )


def test_supervisee_chooses_no_method_and_starts_no_clock(app: Flask, client: Client) -> None:
    house = factories.house()
    group = db.session.get_one(Roster, house.group)
    session = factories.session(group, clocks.now(), house.alice, house.bob, house.carol).id
    client.sign_in(house.bob.id)
    assert client.get(f"/rosters/{house.group}/method").status_code == 403
    assert (
        client.send(
            f"/rosters/{house.group}/method", {"method": "cft", "presenters": "1"}
        ).status_code
        == 403
    )
    assert client.send(f"/sessions/{session}/meeting", {"do": "begin"}).status_code == 403
    assert client.get(f"/sessions/{session}/agenda/{house.carol.id}").status_code == 404
    assert client.get(f"/sessions/{session}/agenda/{house.bob.id}").status_code == 200


def test_case_is_offered_kept_when_refused_and_shown(people, session, client) -> None:
    client.sign_in(people[2].id)
    page = f"/sessions/{session}/agenda/{people[2].id}"
    bad = client.submit(page, {"title": "K7, anger", "minutes": "3"}, "Save case")
    assert (bad.status_code, 'value="K7, anger"' in bad.text) == (422, True)
    assert (
        client.submit(
            page, {"title": "K7, <b>anger</b>", "minutes": "25", "position": "1"}, "Save case"
        ).status_code
        == 303
    )
    shown = client.get(f"/sessions/{session}/agenda").text
    assert "K7, &lt;b&gt;anger&lt;/b&gt;" in shown
    assert text_of(shown).index("Cat 25 minutes") < text_of(shown).index("Ben 40 minutes")
    lines = db.session.scalars(db.select(AuditEntry).where(AuditEntry.act == "meetings.agenda"))
    assert ["K7" in str(line.detail) for line in lines] == [False]


def test_swap_by_consent_waits_at_home(people, session, new_client) -> None:
    _ann, ben, cat = clients(new_client, people)
    agenda = f"/sessions/{session}/agenda"
    assert ben.submit(agenda, {"asked": str(people[2].id)}, "Ask").status_code == 303
    assert "Ben asks you to take a turn in Tuesday group" in cat.get("/").text
    assert cat.submit(agenda, {"answer": "yes"}, "Take the turn").status_code == 303
    assert "asks you to take a turn" not in cat.get("/").text
    assert text_of(cat.get(agenda).text).index("Cat 40 minutes") > 0


def test_swap_without_a_choice_is_a_sentence(people, session, client) -> None:
    client.sign_in(people[1].id)
    answer = client.send(f"/sessions/{session}/swap", {"asked": str(factories.unknown())})
    assert (answer.status_code, "Not a valid choice" in answer.text) == (422, True)


def test_absence_by_one_press_and_back(people, session, client) -> None:
    client.sign_in(people[1].id)
    agenda = f"/sessions/{session}/agenda"
    assert client.submit(agenda, button="I cannot come").status_code == 303
    assert "Cat" in text_of(client.get(agenda).text).split("Who comes")[0]
    assert client.submit(agenda, button="I can come").status_code == 303


def test_meeting_without_javascript_goes_through_its_phases(people, session, new_client) -> None:
    ann, ben, _cat = clients(new_client, people)
    view = f"/sessions/{session}/meeting"
    assert ann.submit(view, button="Begin the meeting").status_code == 303
    for _phase in range(7):
        assert ben.submit(view, button="Next phase").status_code == 303
    assert ann.submit(view, button="End the meeting").status_code == 303
    assert "This is how it was shared: Ben 0 of 40 minutes" in text_of(ben.get(view).text)


def test_page_looks_again_only_when_something_changed(people, session, new_client) -> None:
    ann, ben, _cat = clients(new_client, people)
    view = f"/sessions/{session}/meeting"
    look = lambda seen: ben.get(f"{view}/now?seen={seen}", headers=HTMX)  # noqa: E731
    assert look(-1).status_code == 204
    ann.send(view, {"do": "begin"})
    assert (look(-1).status_code, look(0).status_code) == (200, 204)
    pressed = ben.send(view, {"do": "pause", "step": "0"}, headers=HTMX)
    assert (pressed.status_code, pressed.text.lstrip()[:14]) == (200, '<div id="now" ')
    assert "<html" not in look(0).text
    assert "<html" in ben.get(f"{view}/now").text


def test_looking_keeps_no_vault_open(app: Flask) -> None:
    assert getattr(app.view_functions["meetings.look"], "passive", False) is True


def test_unknown_press_is_not_found(people, session, client) -> None:
    client.sign_in(people[0].id)
    assert client.send(f"/sessions/{session}/meeting", {"do": "explode"}).status_code == 404
