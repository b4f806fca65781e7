"""What is told of a change: kept with it, written once by the worker, never in anybody's way."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import get_locale
from sqlalchemy import func, select, update

from supervision.config import Settings
from supervision.db import db
from supervision.models.mail import Announcement, Outbox
from supervision.models.people import Person
from supervision.models.rosters import Roster
from supervision.services import jobs, sessions
from supervision.services.mail import Reader
from supervision.services.sessions import Wish, letters
from supervision.services.sessions.notices import Told
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def book(house: House, days: int = 0, message: str = "") -> UUID:
    wish = Wish(TUESDAY + timedelta(days=days), 50, message)
    booked = sessions.book_session(house.alice, AT, house.group, wish, "https://x.example")
    db.session.commit()
    return booked.session_ids[0]


def waiting() -> list[tuple[int, str]]:
    """The attempts at each announcement that is left, and how the last one failed."""
    rows = db.session.execute(select(Announcement.attempts, Announcement.failure))
    return [(row.attempts, row.failure) for row in rows]


def recipients() -> list[str]:
    return sorted(db.session.scalars(select(Outbox.recipient)))


def spoil(words: str) -> None:
    """Make the announcement unreadable that has these words."""
    db.session.execute(
        update(Announcement).where(Announcement.told.contains(words)).values(told="{}")
    )
    db.session.commit()


def test_announcement_becomes_a_mail_for_everybody_else_and_goes(house: House) -> None:
    book(house, message="Bring the tape.")
    assert (waiting(), recipients()) == ([(0, "")], [])
    sessions.announce_due(AT)
    assert waiting() == []
    assert recipients() == ["bob@example.org", "carol@example.org"]


def test_announcement_of_a_rolled_back_booking_never_was(house: House) -> None:
    sessions.book_session(house.alice, AT, house.group, Wish(TUESDAY, 50))
    db.session.rollback()
    sessions.announce_due(AT)
    assert (waiting(), recipients()) == ([], [])


def test_announcement_tells_the_roster_as_it_was(house: House) -> None:
    session_id = book(house)
    db.session.execute(update(Roster).values(title="Renamed", meeting_link="", zone="UTC"))
    db.session.commit()
    (mail,) = mails_to("bob@example.org")
    assert mail.body == (
        "Hello Bob Brandt,\n\n"
        "Alice Ashworth has booked a session of “Tuesday group”.\n\n"
        "Tue 24 Nov 2026, 05:00 to 05:50 (Toronto); 10:00 in London\n\n"
        "Meeting link: https://meet.example.org/tuesday\n\n"
        f"https://x.example/sessions/{session_id}\n"
    )


def test_announcement_speaks_each_reader_s_language(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.session.execute(update(Person).where(Person.id == house.bob.id).values(language="de"))
    book(house)
    seen: set[str] = set()

    def speak(text: str, **params: object) -> str:
        seen.add(str(get_locale()))
        return text % params if params else text

    monkeypatch.setattr(letters, "_", speak)
    sessions.announce_due(AT)
    assert seen == {"de", "en"}


def test_announcement_told_twice_is_one_mail(house: House) -> None:
    book(house)
    told = db.session.scalars(select(Announcement.told)).one()
    sessions.announce_due(AT)
    db.session.add(Announcement(told=told, created_at=AT, due_at=AT))
    db.session.commit()
    sessions.announce_due(AT)
    assert (waiting(), len(recipients())) == ([], 2)


def test_announcement_that_fails_holds_up_no_other_and_is_tried_again(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    book(house, message="Broken.")
    spoil("Broken.")
    book(house, days=1)
    sessions.announce_due(AT)
    assert (waiting(), len(recipients())) == ([(1, "ValidationError")], 2)
    tries = []
    for minutes in (0.9, 1, 2.9, 3, 6.9, 7):
        sessions.announce_due(AT + timedelta(minutes=minutes))
        tries.append(waiting()[0][0])
    assert tries == [1, 2, 2, 3, 3, 4]


def test_announcement_that_half_happened_is_all_undone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(house)
    whole = letters.letter

    def only_bob(told: Told, reader: Reader, _meeting: object) -> object:
        if reader.id == house.bob.id:
            return whole(told, reader)
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("supervision.services.sessions.announcing.letter", only_bob)
        sessions.announce_due(AT)
        assert (waiting(), recipients()) == ([(1, "RuntimeError")], [])
    sessions.announce_due(AT + timedelta(minutes=1))
    assert (waiting(), len(recipients())) == ([], 2)


def test_worker_writes_and_sends_at_once(house: House, settings: Settings) -> None:
    book(house)
    assert jobs.run_due(AT, settings) == 2
    bodies = db.session.scalars(select(func.length(Outbox.body)))
    assert (waiting(), list(bodies)) == ([], [0, 0])


def test_words_that_could_not_be_told_are_forgotten_in_two_weeks(house: House) -> None:
    book(house, message="Between us.")
    spoil("Between us.")
    sessions.announce_due(AT)
    jobs.run_daily(AT + timedelta(days=14))
    kept = waiting()
    jobs.run_daily(AT + timedelta(days=14, seconds=1))
    assert (kept, waiting()) == ([(1, "ValidationError")], [])
