"""A change is mailed again to whom it has not reached, once, as the session comes near."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from supervision.db import db
from supervision.models.feeds import Privacy, Scope
from supervision.models.mail import MailKind, MailStop, Outbox
from supervision.models.rounds import Round
from supervision.permissions import Actor
from supervision.services import feeds, reminders, sessions
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Thursday at 15:00 in London: mails go again on Wednesday at 15:00.
MOVED_TO = datetime(2026, 11, 26, 15)  # noqa: DTZ001 - a wall-clock time
DUE = datetime(2026, 11, 25, 15, tzinfo=UTC)
BASE = "https://s.example"


@pytest.fixture
def house(app: Flask) -> House:
    made = factories.house()
    again(AT)  # from here on
    return made


def again(at: datetime, hours: int = 24) -> int:
    queued = reminders.mail_again(at, BASE, hours)
    db.session.commit()
    return queued


def book(house: House):
    wish = Wish(MOVED_TO - 2 * HOUR, 50)
    booked = sessions.book_session(house.alice, AT, house.group, wish)
    db.session.commit()
    return booked.session_ids[0]


def subscribe(who: Actor) -> str:
    """A link that was fetched before anything changed."""
    _made, token = feeds.make_subscription(who, AT, Scope.PERSON, None, "phone", Privacy.PLAIN)
    db.session.commit()
    fetch(token, AT)
    return token


def fetch(token: str, at: datetime) -> None:
    feeds.read_feed(token, at, BASE)
    db.session.rollback()


def move(house: House, session_id, at: datetime = AT + HOUR) -> None:
    sessions.move_session(house.alice, at, session_id, Wish(MOVED_TO, 50))
    db.session.commit()


def told() -> list[str]:
    rows = db.session.scalars(
        select(Outbox.recipient).where(Outbox.event.like("unreached:%")).order_by(Outbox.recipient)
    )
    return [row.partition("@")[0] for row in rows]


def test_moved_session_is_mailed_again_to_whose_calendar_did_not_look(house: House) -> None:
    session_id = book(house)
    _bobs, carols = subscribe(house.bob), subscribe(house.carol)
    move(house, session_id)
    fetch(carols, AT + 2 * HOUR)
    assert again(DUE) == 0
    assert (again(DUE + 5 * MINUTE), told()) == (1, ["bob"])
    mail = mails_to("bob@example.org")[-1]
    assert mail.subject == "Not yet in your calendar: Tuesday group, Thu 26 Nov 2026, 10:00"
    assert "Your calendar program has not looked since" in mail.body
    assert "Thu 26 Nov 2026, 10:00 to 10:50 (Toronto); 15:00 in London" in mail.body
    assert f"{BASE}/sessions/{session_id}" in mail.body
    assert "a calendar that you subscribed has not been updated" in mail.reason
    assert (mail.kind, mail.sequence) == (MailKind.SESSIONS, 1)


def test_cancelled_session_is_mailed_again_as_cancelled(house: House) -> None:
    session_id = book(house)
    subscribe(house.bob)
    sessions.cancel_session(house.alice, AT + HOUR, session_id)
    db.session.commit()
    assert again(DUE - 2 * HOUR + 5 * MINUTE) == 1
    mail = mails_to("bob@example.org")[-1]
    assert mail.subject.startswith("Cancelled, maybe still in your calendar: Tuesday group")
    assert "meet.example.org" not in mail.body


def test_mail_goes_again_once_however_often_and_by_whomever_it_is_tried(house: House) -> None:
    session_id = book(house)
    subscribe(house.bob)
    move(house, session_id)
    assert [again(DUE + n * 5 * MINUTE) for n in (1, 2, 3)] == [1, 0, 0]
    db.session.execute(delete(Round))
    db.session.commit()
    again(DUE)
    assert (again(DUE + 5 * MINUTE), told()) == (1, ["bob"])


@pytest.mark.parametrize("late", [timedelta(hours=2), timedelta(hours=12)])
def test_late_worker_mails_as_long_as_the_session_has_not_begun(house: House, late) -> None:
    session_id = book(house)
    subscribe(house.bob)
    move(house, session_id)
    assert again(DUE + late) == 1


def test_nobody_is_mailed_again_without_need(house: House) -> None:
    """Nothing changed; no calendar; a link never fetched; mails stopped; told of it just before."""
    session_id = book(house)
    subscribe(house.bob)
    assert again(DUE - 2 * HOUR + 5 * MINUTE) == 0
    feeds.make_subscription(house.carol, AT, Scope.PERSON, None, "phone", Privacy.PLAIN)
    subscribe(house.charlie)
    db.session.add(MailStop(person_id=house.bob.id, kind=MailKind.SESSIONS))
    move(house, session_id, DUE - 2 * HOUR + 10 * MINUTE)
    assert again(DUE + 5 * MINUTE) == 0
    db.session.execute(delete(MailStop))
    db.session.commit()
    assert (again(DUE + 10 * MINUTE), told()) == (0, [])


def test_change_that_was_told_less_than_three_hours_before_is_not_told_again(
    house: House,
) -> None:
    session_id = book(house)
    subscribe(house.bob)
    move(house, session_id, DUE - 3 * HOUR + MINUTE)
    assert again(DUE + 5 * MINUTE) == 0


@pytest.mark.parametrize(("hours", "queued"), [(0, 0), (48, 1)])
def test_lead_is_the_operators_to_choose(house: House, hours: int, queued: int) -> None:
    session_id = book(house)
    subscribe(house.bob)
    move(house, session_id)
    assert again(DUE - 24 * HOUR + 5 * MINUTE, hours) == queued
