"""Answers as a browser gives them: from a mail without signing in, and on the session's page."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from supervision.config import Settings
from supervision.db import db
from supervision.models.people import Person, SessionsBy
from supervision.models.replies import SessionReply
from supervision.models.rosters import Roster
from supervision.services import mail
from supervision.services.mail import Asked
from tests import factories
from tests.factories import House
from tests.support.client import Client

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
STARTS = AT + timedelta(days=1)


@pytest.fixture
def house(app: Flask, clock: Any) -> House:
    return factories.house()


@pytest.fixture
def session_id(house: House) -> UUID:
    group = db.session.get_one(Roster, house.group)
    made = factories.session(group, STARTS, house.alice, house.bob, house.carol).id
    db.session.commit()
    return made


@pytest.fixture
def link(house: House, session_id: UUID, settings: Settings) -> str:
    token = mail.answer_token(settings.secret_key, Asked(session_id, house.bob.id, 0))
    return f"/answer/{token}"


def answers() -> list[tuple[str, str]]:
    db.session.expire_all()
    rows = db.session.execute(db.select(SessionReply.answer, SessionReply.via))
    return [(row.answer, row.via) for row in rows]


def invite(house: House) -> None:
    db.session.get_one(Person, house.bob.id).sessions_by = SessionsBy.BOTH
    db.session.commit()


def test_link_asks_first_and_in_its_reader_s_own_zone(client: Client, link: str) -> None:
    answer = client.get(f"{link}?answer=declined")
    assert answer.status_code == 200
    assert "Tue 24 Nov 2026, 04:00–04:50" in answer.text
    assert "in Toronto" in answer.text
    assert answers() == []


def test_link_answers_once_without_signing_in(client: Client, link: str) -> None:
    done = client.submit(
        f"{link}?answer=declined", data={"answer": "declined"}, button="I cannot come"
    )
    again = client.get(link)
    assert (done.status_code, done.location, again.status_code) == (303, link, 200)
    assert ("Declined" in again.text, "I will come" in again.text) == (True, False)
    assert answers() == [("declined", "link")]


def test_link_s_answer_sent_twice_is_the_first_one(client: Client, link: str) -> None:
    form = client.form(link, "I will come")
    sent = [
        client.post(link, data=form.values | {"answer": answer, "once": once})
        for answer, once in (("accepted", str(uuid4())), ("declined", str(uuid4())))
    ]
    assert [one.status_code for one in sent] == [303, 303]
    assert answers() == [("accepted", "link")]


@pytest.mark.parametrize("said", ["", "perhaps"])
def test_link_takes_no_other_answer(client: Client, link: str, said: str) -> None:
    assert client.send(link, {"answer": said}).status_code == 422
    assert answers() == []


def test_forged_link_is_gone(client: Client, house: House) -> None:
    assert client.get(f"/answer/{'x' * 43}").status_code == 410


def test_page_asks_who_takes_invitations_and_nobody_else(
    client: Client, house: House, session_id: UUID
) -> None:
    client.sign_in(house.bob.id)
    before = client.get(f"/sessions/{session_id}").text
    invite(house)
    after = client.get(f"/sessions/{session_id}").text
    assert ("Will you come?" in before, "Will you come?" in after) == (False, True)


def test_answer_on_the_page_is_shown_and_can_be_changed(
    client: Client, house: House, session_id: UUID
) -> None:
    invite(house)
    client.sign_in(house.bob.id)
    page = f"/sessions/{session_id}"
    done = client.submit(page, data={"answer": "tentative"}, button="I may come")
    client.submit(page, data={"answer": "accepted"}, button="I will come")
    text = client.get(page).text
    assert (done.status_code, done.location) == (303, page)
    assert answers() == [("accepted", "page")]
    assert ("I will come" in text, "I cannot come" in text) == (False, True)


def test_who_runs_the_roster_reads_how_many_come(
    client: Client, house: House, session_id: UUID, link: str
) -> None:
    client.submit(link, data={"answer": "accepted"}, button="I will come")
    client.sign_in(house.alice.id)
    assert "1 of 3 have accepted." in client.get(f"/sessions/{session_id}").text


def test_other_member_reads_nothing_of_it(
    client: Client, house: House, session_id: UUID, link: str
) -> None:
    client.submit(link, data={"answer": "declined"}, button="I cannot come")
    client.sign_in(house.carol.id)
    text = client.get(f"/sessions/{session_id}").text
    assert ("have accepted" in text, "Declined" in text) == (False, False)


def test_choice_of_invitations_is_saved(client: Client, house: House) -> None:
    client.sign_in(house.bob.id)
    form = client.form("/profile/mail", "Save your choice")
    done = client.post("/profile/mail", data=form.values | {"sessions_by": "invitations"})
    db.session.expire_all()
    by = db.session.get_one(Person, house.bob.id).sessions_by
    assert (done.status_code, by) == (303, "invitations")


def test_invitations_without_their_mails_are_refused_beside_the_field(
    client: Client, house: House
) -> None:
    client.sign_in(house.bob.id)
    form = client.form("/profile/mail", "Save your choice")
    del form.values["sessions"]
    done = client.post("/profile/mail", data=form.values | {"sessions_by": "both"})
    assert (done.status_code, 'id="sessions_by-error"' in done.text) == (422, True)
