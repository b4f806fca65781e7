"""Mails as a browser meets them: what one gets, how one stops it, and what has not left."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from supervision.db import db
from supervision.models.mail import MailKind, MailStop, Outbox
from supervision.models.people import Person
from supervision.services import mail
from tests import factories
from tests.factories import House
from tests.support.client import Client
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
SAVE = "Save your choice"


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def bob(client: Client, house: House, clock: Any) -> Client:
    client.sign_in(house.bob.id)
    return client


@pytest.fixture
def dana(client: Client, house: House, clock: Any) -> Client:
    client.sign_in(house.dana.id)
    return client


def choices(house: House) -> mail.Choices:
    db.session.expire_all()
    return mail.choices_of(house.bob)


def stops(house: House) -> list[str]:
    return list(db.session.scalars(db.select(MailStop.kind).order_by(MailStop.kind)))


# -- the choice ----------------------------------------------------------------------------


def test_profile_leads_to_the_choice(bob: Client) -> None:
    assert 'href="/profile/mail"' in bob.get("/profile").text


def test_form_shows_what_holds_and_saving_it_unchanged_changes_nothing(
    bob: Client, house: House
) -> None:
    before = choices(house)
    answer = bob.submit("/profile/mail", button=SAVE)
    assert (answer.status_code, answer.location) == (303, "/profile/mail")
    assert choices(house) == before
    assert "Your choice of mails is saved." in bob.get("/profile/mail").text


def test_choice_is_saved_and_shown_again(bob: Client, house: House) -> None:
    form = bob.form("/profile/mail", SAVE)
    del form.values["rosters"]
    wanted = {"reminder_1": "60", "reminder_2": "10080", "agenda_hour": "7"}
    bob.post(form.action, data=form.values | wanted)
    assert choices(house) == mail.Choices(
        frozenset(mail.OPTIONAL) - {MailKind.ROSTERS}, (10080, 60), 7
    )
    shown = bob.form("/profile/mail", SAVE).values
    assert (shown["reminder_1"], shown["reminder_2"], shown["reminder_3"]) == (
        ["10080"],
        ["60"],
        [""],
    )
    assert ("rosters" in shown, shown["agenda_hour"]) == (False, ["7"])


def test_hours_say_which_day_they_are_for(bob: Client) -> None:
    page = bob.get("/profile/mail").text
    assert ("07:00, for the same day" in page, "18:00, for the next day" in page) == (True, True)


@pytest.mark.parametrize(("field", "value"), [("reminder_1", "61"), ("agenda_hour", "24")])
def test_choice_that_is_not_offered_is_said_beside_its_field(
    bob: Client, house: House, field: str, value: str
) -> None:
    answer = bob.send("/profile/mail", {"sessions": "y", field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert choices(house).reminders == (1440,)


# -- one click -----------------------------------------------------------------------------


def token(app: Flask, house: House, kind: str = "turns") -> str:
    return mail.stop_token(app.extensions["settings"].secret_key, house.bob.id, kind)


def test_mail_program_stops_a_kind_without_a_cookie_or_a_form(
    app: Flask, client: Client, house: House
) -> None:
    """As RFC 8058 has it: POST, from anywhere, no session, no redirect."""
    answer = client.post(
        f"/mail/stop/{token(app, house)}",
        data={"List-Unsubscribe": "One-Click"},
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"},
    )
    assert (answer.status_code, stops(house)) == (200, ["turns"])
    assert "Set-Cookie" not in answer.headers


def test_person_is_asked_first_and_looking_changes_nothing(
    app: Flask, client: Client, house: House
) -> None:
    page = f"/mail/stop/{token(app, house)}"
    shown = client.get(page)
    assert (shown.status_code, stops(house)) == (200, [])
    assert ("bob@example.org" in shown.text, "“Turns”" in shown.text) == (True, True)
    answer = client.submit(page, button="Stop these mails")
    assert (answer.status_code, stops(house)) == (200, ["turns"])
    assert "You get no more mails of the kind “Turns”." in answer.text


@pytest.mark.parametrize("bad", ["x" * 43, "a.b", "account"])
def test_bad_link_is_one_plain_page_by_either_method(
    app: Flask, client: Client, house: House, bad: str
) -> None:
    path = f"/mail/stop/{token(app, house, bad) if bad == 'account' else bad}"
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410
        assert "It is old or not whole." in answer.text
    assert stops(house) == []


# -- what has not left ---------------------------------------------------------------------


def put(state: str = "failed", number: int = 0, **values: Any) -> UUID:
    row = Outbox(
        event=f"x:{state}:{number}",
        **{
            "recipient": "eve@example.org",
            "kind": "turns",
            "subject": "About M.",
            "body": "About M.",
            "created_at": AT,
            "due_at": AT,
            "state": state,
            "attempts": 12,
            "failure": "SMTPRecipientsRefused 550",
        }
        | values,
    )
    db.session.add(row)
    db.session.commit()
    return row.id


def state_of(mail_id: UUID) -> str:
    db.session.expire_all()
    return db.session.get_one(Outbox, mail_id).state


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_people_page_leads_to_the_mails_that_have_not_left(dana: Client) -> None:
    assert 'href="/people/mail"' in dana.get("/people").text
    assert "Everything has left" in dana.get("/people/mail").text


def test_list_says_to_whom_and_why_not_and_never_what(dana: Client) -> None:
    put()
    put("waiting", attempts=2, failure="SMTPServerDisconnected", due_at=AT + timedelta(minutes=4))
    page = dana.get("/people/mail").text
    said = words(page)
    assert "About M." not in page
    assert "1 mail was given up" in said
    assert "The mail server does not take mail for this address (550)" in said
    assert "1 mail waits" in said
    assert "2 attempts next at 09:04" in said
    assert "or did not take it (SMTPServerDisconnected)" in said


def test_mail_is_tried_again_or_given_up_by_a_button(dana: Client) -> None:
    first = put()
    dana.submit("/people/mail", button="Try again")
    assert state_of(first) == "waiting"
    second = put(number=1)
    dana.send(f"/people/mail/{second}/give-up")
    assert state_of(second) == "dropped"
    again = dana.send(f"/people/mail/{second}/again")
    assert (again.status_code, state_of(second)) == (409, "dropped")


def test_mail_on_its_first_way_out_has_no_buttons(dana: Client) -> None:
    put("waiting", attempts=0, failure="")
    assert "/again" not in dana.get("/people/mail").text


def test_nobody_else_sees_or_settles_mails(client: Client, house: House) -> None:
    key = put()
    client.sign_in(house.alice.id)
    answers = [
        client.get("/people/mail").status_code,
        client.send(f"/people/mail/{key}/again").status_code,
        client.send(f"/people/mail/{key}/give-up").status_code,
    ]
    assert (answers, state_of(key)) == ([404] * 3, "failed")


def test_list_costs_as_many_statements_for_thirty_as_for_one(dana: Client) -> None:
    counts = []
    for first, many in ((0, 1), (1, 29)):
        for number in range(first, first + many):
            put(number=number)
        with counted() as seen:
            dana.get("/people/mail")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_who_invited_sees_that_mails_do_not_arrive(client: Client, house: House) -> None:
    """In the roster's list for who runs it, in the list of people for the organiser."""
    db.session.get_one(Person, house.bob.id).mail_refused_at = AT
    db.session.commit()
    seen = []
    for who, page in (
        (house.alice, f"/rosters/{house.group}"),
        (house.carol, f"/rosters/{house.group}"),
        (house.dana, "/people"),
    ):
        client.sign_in(who.id)
        seen.append("Mail refused" in client.get(page).text)
    assert seen == [True, False, True]
