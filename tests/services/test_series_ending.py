"""The warning before a series ends: who gets it, when, and how it goes away."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, select

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.errors import NotAllowed, NotFound
from supervision.models.rosters import Kind
from supervision.models.sessions import Series
from supervision.services import home, jobs, rosters, series, sessions
from supervision.services.series import Further, Which
from supervision.services.sessions import Booked, Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
WEEK = timedelta(weeks=1)
TWELVE = Repeat("week", count=12)
# Of twelve weekly sessions: four weeks before the twelfth is the eighth's time.
NEAR = datetime(2027, 1, 12, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def book(house: House, repeat: Repeat = TWELVE, **more) -> Booked:
    wish = Wish(TUESDAY + timedelta(hours=more.pop("hour", 0)), 50)
    return series.book_series(house.alice, AT, more.pop("roster", house.group), wish, repeat)


def key(booked: Booked) -> UUID:
    assert booked.series_id
    return booked.series_id


def warn(at: datetime) -> int:
    db.session.commit()
    return series.warn_due(at, "https://s.example")


def subjects(email: str) -> list[str]:
    return [mail.subject for mail in mails_to(email) if mail.event.startswith("series-ends")]


def at_home(who, at: datetime) -> list[tuple[str, int]]:
    return [(one.title, one.left) for one in home.waits(who, at).endings]


def test_series_near_its_end_is_told_once_to_who_leads(house) -> None:
    booked = book(house)
    assert (warn(NEAR - MINUTE), warn(NEAR), warn(NEAR + MINUTE)) == (0, 1, 0)
    (mail,) = mails_to("alice@example.org")
    assert mail.subject == "Ends soon: Tuesday group"
    assert "The last session is on Tue 9 Feb 2027, 10:00 (London)." in mail.body
    assert mail.body.endswith(f"\nhttps://s.example/series/{booked.series_id}/extend\n")
    assert subjects("bob@example.org") == []


def test_peers_who_run_their_roster_are_all_told(house) -> None:
    made = factories.roster(house.bob, house.carol, kind=Kind.PEER, zone="UTC")
    repeat = Repeat("week", count=12)
    series.book_series(house.bob, AT, made.id, Wish(TUESDAY, 50), repeat)
    assert warn(NEAR) == 1
    assert [len(subjects(f"{name}@example.org")) for name in ("bob", "carol", "alice")] == [1, 1, 0]


def test_home_reminds_who_runs_the_roster_until_the_series_is_extended(house) -> None:
    booked = book(house)
    assert at_home(house.alice, NEAR - MINUTE) == []
    assert (at_home(house.alice, NEAR), at_home(house.bob, NEAR)) == ([("Tuesday group", 4)], [])
    assert at_home(house.alice, NEAR + 9 * WEEK) == [("Tuesday group", 0)]
    series.extend_series(house.alice, NEAR, key(booked), Further(more=8))
    assert at_home(house.alice, NEAR) == []
    assert at_home(house.alice, NEAR + 8 * WEEK) == [("Tuesday group", 4)]
    assert (warn(NEAR + 7 * WEEK), warn(NEAR + 8 * WEEK)) == (0, 1)
    assert subjects("alice@example.org") == ["Ends soon: Tuesday group"]


def test_home_says_no_more_of_what_was_dismissed_cancelled_or_in_an_ended_roster(house) -> None:
    dismissed, cancelled = book(house), book(house, hour=1)
    book(house, hour=2, roster=house.individual)
    later = NEAR + timedelta(hours=2)
    assert len(at_home(house.alice, later)) == 3
    series.dismiss_ending(house.alice, later, key(dismissed))
    sessions.cancel_session(house.alice, later, dismissed.session_ids[9])
    series.cancel_series(house.alice, later, key(cancelled))
    rosters.end_roster(house.alice, later, house.individual)
    assert at_home(house.alice, later) == []
    assert warn(later) == 0


def test_open_series_never_warns_and_one_made_open_no_more(house) -> None:
    book(house, Repeat("week"))
    booked = book(house, Repeat("week", count=5), hour=3)
    assert len(at_home(house.alice, AT + WEEK)) == 1
    series.extend_series(house.alice, AT + WEEK, key(booked), Further())
    assert at_home(house.alice, AT + 500 * WEEK) == []
    assert warn(AT + 500 * WEEK) == 0


def test_series_that_was_split_warns_once_for_what_goes_on(house) -> None:
    booked = book(house)
    wish = Wish(TUESDAY + 2 * WEEK + timedelta(days=1), 50)
    series.move_series(house.alice, AT, booked.session_ids[2], wish, Which.FOLLOWING)
    assert at_home(house.alice, AT + 4 * WEEK) == []
    assert at_home(house.alice, NEAR + timedelta(days=1)) == [("Tuesday group", 4)]


def test_every_change_of_sessions_moves_the_warning(house) -> None:
    """Eight weekly ones: four weeks before the last is earlier than when three are left."""
    booked = book(house, Repeat("week", count=8))

    def near() -> datetime | None:
        query = select(Series.warn_at).where(Series.id == booked.series_id)
        return db.session.scalars(query).one()

    first = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert near() == first + 3 * WEEK
    sessions.cancel_session(house.alice, AT, booked.session_ids[7])
    assert near() == first + 2 * WEEK
    wish = Wish(TUESDAY + 6 * WEEK + timedelta(days=2), 50)
    sessions.move_session(house.alice, AT, booked.session_ids[6], wish)
    assert near() == first + 2 * WEEK + timedelta(days=2)
    days = (date(2027, 1, 4), date(2027, 1, 10))
    series.leave_out(house.alice, AT, booked.session_ids[0], *days)
    assert near() == first + WEEK
    series.cancel_following(house.alice, AT, booked.session_ids[4])
    assert near() == first
    series.end_series(house.alice, AT, key(booked), date(2026, 12, 2))
    assert near() == first


@pytest.mark.parametrize(("who", "refusal"), [("bob", NotAllowed), ("charlie", NotFound)])
def test_warning_is_dismissed_by_those_who_run_the_roster(house, who, refusal) -> None:
    booked = book(house)
    with pytest.raises(refusal):
        series.dismiss_ending(getattr(house, who), NEAR, key(booked))


def test_job_warns_among_others(house, settings) -> None:
    book(house)
    db.session.commit()
    jobs.run_due(NEAR, settings)
    jobs.run_due(NEAR + MINUTE, settings)
    assert subjects("alice@example.org") == ["Ends soon: Tuesday group"]


@pytest.mark.engines("sqlite")
def test_job_looks_into_an_index_alone(house) -> None:
    book(house)
    db.session.commit()
    seen: list[tuple[str, Any]] = []

    def see(_connection, _cursor, statement, parameters, *_more) -> None:
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", see)
    series.warn_due(AT)
    event.remove(db.engine, "before_cursor_execute", see)
    statement, parameters = next(one for one in seen if "warned" in one[0])
    db.session.rollback()
    # Statistics that ANALYZE left, in the file or in a connection, would choose another plan.
    with closing(sqlite3.connect(str(db.engine.url.database))) as file:
        file.execute("DROP TABLE IF EXISTS sqlite_stat1")
    with closing(sqlite3.connect(str(db.engine.url.database))) as file:
        explained = file.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    plan = " ".join(row[-1] for row in explained)
    assert "series USING INDEX ix_series_not_warned" in plan


def test_home_asks_as_often_for_one_ending_as_for_many(house) -> None:
    asked = []
    for hours in (range(1), range(1, 9)):
        for hour in hours:
            book(house, hour=hour)
        with counted() as seen:
            found = home.waits(house.alice, NEAR + timedelta(hours=9))
        asked.append((len(found.endings), len(seen)))
    assert asked == [(1, 1), (9, 1)]
