"""Series that go on beyond their end, and series that are ended on a day."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.domain.skips import NOTHING
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.sessions import Claim, Series, Session
from supervision.services import series, sessions
from supervision.services.series import Choice, Further, SeriesClashed, Which
from supervision.services.sessions import Booked, OwnPlace, Setting, Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
FOUR = Repeat("week", count=4)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def book(house: House, repeat: Repeat = FOUR, **more) -> Booked:
    wish = Wish(TUESDAY, 50, setting=more.pop("setting", Setting()))
    return series.book_series(house.alice, AT, house.group, wish, repeat, **more)


def extend(house: House, booked: Booked, further: Further, at: datetime = AT, **more) -> Booked:
    assert booked.series_id
    who = more.pop("who", house.alice)
    return series.extend_series(who, at, booked.series_id, further, **more)


def end(house: House, booked: Booked, day: str, at: datetime = AT, **more) -> int:
    assert booked.series_id
    return series.end_series(
        more.pop("who", house.alice), at, booked.series_id, date.fromisoformat(day), **more
    )


def move_one(house: House, session_id: UUID, to: str) -> None:
    wish = Wish(datetime.fromisoformat(to), 50)
    sessions.move_session(house.alice, AT, session_id, wish)


def planned() -> list[str]:
    query = select(Session).where(Session.state == "planned").order_by(Session.starts_at)
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return [f"{row.starts_at:%m-%d %H:%M}" for row in found]


def rule(booked: Booked) -> str:
    return db.session.get_one(Series, booked.series_id, populate_existing=True).rrule


# -- extending -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("further", "rrule", "days"),
    [
        (Further(more=2), "UNTIL=20261229T235959", ["12-22", "12-29"]),
        (Further(until=date(2026, 12, 28)), "UNTIL=20261222T235959", ["12-22"]),
    ],
)
def test_extending_books_what_lies_beyond_the_end(house, further, rrule, days) -> None:
    booked = book(house)
    done = extend(house, booked, further)
    assert [when[:5] for when in planned()] == ["11-24", "12-01", "12-08", "12-15", *days]
    assert (done.series_id, rule(booked)) == (booked.series_id, f"FREQ=WEEKLY;{rrule}")
    hard = select(Claim.session_id).where(Claim.person_id == house.alice.id, Claim.hard)
    assert set(db.session.scalars(hard)) == {*booked.session_ids, *done.session_ids}


def test_extending_without_an_end_fills_twelve_months_and_rolls_on(house) -> None:
    booked = book(house)
    done = extend(house, booked, Further())
    assert (rule(booked), len(done.session_ids), planned()[-1]) == (
        "FREQ=WEEKLY",
        49,
        "11-23 10:00",
    )
    db.session.commit()
    assert series.roll_series(AT + timedelta(weeks=3)) == 3


def test_extending_tells_everybody_once(house) -> None:
    booked = book(house)
    extend(house, booked, Further(more=2), message="As we agreed.")
    mail = mails_to("bob@example.org")[-1]
    assert mail.subject == "Goes on: Tuesday group, from Tue 22 Dec 2026, 05:00"
    assert "has extended a series of “Tuesday group” by 2 sessions." in mail.body
    assert "As we agreed." in mail.body


def test_extending_keeps_what_was_moved_singly(house) -> None:
    booked = book(house)
    move_one(house, booked.session_ids[3], "2026-12-22T15:00")
    extend(house, booked, Further(more=2))
    assert planned()[3:] == ["12-22 10:00", "12-22 15:00", "12-29 10:00"]


def test_extending_goes_on_at_the_time_and_place_of_the_series_for_its_people(house) -> None:
    setting = Setting(OwnPlace("12 Garden Row"), frozenset({house.bob.id}))
    booked = book(house, setting=setting)
    wish = Wish(TUESDAY + timedelta(days=1, hours=5), 80)
    series.move_series(house.alice, AT, booked.session_ids[0], wish, Which.ALL)
    done = extend(house, booked, Further(more=1))
    new = db.session.get_one(Session, done.session_ids[0])
    assert (f"{new.starts_at:%m-%d %H:%M}", new.ends_at - new.starts_at, new.address) == (
        "12-23 15:00",
        timedelta(minutes=80),
        "12 Garden Row",
    )
    people = select(Claim.person_id).where(Claim.session_id == new.id)
    assert set(db.session.scalars(people)) == {house.alice.id, house.bob.id}


def test_extending_over_busy_times_reports_them_all_and_takes_choices(house) -> None:
    booked = book(house)
    for day in (22, 29):
        wish = Wish(datetime.fromisoformat(f"2026-12-{day}T10:30"), 50)
        sessions.book_session(house.alice, AT, house.individual, wish)
    with pytest.raises(SeriesClashed) as caught:
        extend(house, booked, Further(more=3))
    assert list(caught.value.by_key) == ["2026-12-22T10:00", "2026-12-29T10:00"]
    choices = {"2026-12-22T10:00": Choice(), "2026-12-29T10:00": Choice(time(16))}
    done = extend(house, booked, Further(more=3), choices=choices)
    rows = [db.session.get_one(Session, key) for key in done.session_ids]
    assert [(f"{one.starts_at:%m-%d %H:%M}", one.edited) for one in rows] == [
        ("12-29 16:00", True),
        ("01-05 10:00", False),
    ]
    assert db.session.get_one(Series, booked.series_id).skips == "2026-12-22/2026-12-22"


def test_extending_leaves_out_the_days_that_the_series_leaves_out(house) -> None:
    booked = book(house, left_out=NOTHING.and_days(date(2026, 12, 20), date(2027, 1, 4)))
    extend(house, booked, Further(more=1))
    assert planned()[-1] == "01-05 10:00"


def test_extending_a_series_that_is_over_makes_nothing_in_the_past(house) -> None:
    booked = book(house)
    extend(house, booked, Further(more=1), at=AT + timedelta(weeks=9))
    assert planned()[-2:] == ["12-15 10:00", "01-26 10:00"]


@pytest.mark.parametrize(
    ("further", "field"),
    [
        (Further(until=date(2026, 12, 15)), "until"),
        (Further(until=date(2026, 12, 21)), "until"),
        (Further(until=date(2036, 12, 1)), "until"),
        (Further(until=date(9999, 12, 31)), "until"),
        (Further(more=0), "more"),
        (Further(more=521), "more"),
        (Further(more=519), "more"),
    ],
)
def test_extending_by_nothing_or_too_much_is_refused(house, further, field: str) -> None:
    booked = book(house)
    with pytest.raises(Invalid) as caught:
        extend(house, booked, further)
    assert caught.value.field == field


def test_extending_what_has_no_end_or_was_cancelled_is_a_conflict(house) -> None:
    is_open = book(house, Repeat("week"))
    with pytest.raises(Conflict, match="no end"):
        extend(house, is_open, Further(more=1))
    series.cancel_following(house.alice, AT, is_open.session_ids[0])
    for act in (
        lambda: extend(house, is_open, Further(more=1)),
        lambda: end(house, is_open, "2026-12-01"),
    ):
        with pytest.raises(Conflict, match="cancelled"):
            act()


def test_extending_what_goes_on_as_another_is_a_conflict(house) -> None:
    booked = book(house)
    wish = Wish(TUESDAY + timedelta(days=8), 50)
    later = series.move_series(house.alice, AT, booked.session_ids[1], wish, Which.FOLLOWING)
    with pytest.raises(Conflict, match="goes on as another"):
        extend(house, booked, Further(more=1))
    extend(house, later, Further(more=1))
    assert planned()[-1] == "12-23 10:00"


@pytest.mark.parametrize(("who", "refusal"), [("bob", NotAllowed), ("charlie", NotFound)])
def test_series_are_extended_and_ended_by_those_who_run_the_roster(house, who, refusal) -> None:
    booked = book(house)
    actor = getattr(house, who)
    with pytest.raises(refusal):
        extend(house, booked, Further(more=1), who=actor)
    with pytest.raises(refusal):
        end(house, booked, "2026-12-01", who=actor)


def test_series_for_others_is_not_there_for_a_member(house) -> None:
    booked = book(house, setting=Setting(people=frozenset({house.bob.id})))
    for who, refusal in ((house.bob, NotAllowed), (house.carol, NotFound)):
        with pytest.raises(refusal):
            extend(house, booked, Further(more=1), who=who)


# -- ending --------------------------------------------------------------------------------


@pytest.mark.parametrize("repeat", [FOUR, Repeat("week")])
def test_ending_cancels_what_lies_after_and_tells_once(house, repeat: Repeat) -> None:
    booked = book(house, repeat)
    assert end(house, booked, "2026-12-08", message="Term is over.") == len(booked.session_ids) - 3
    assert [when[:5] for when in planned()] == ["11-24", "12-01", "12-08"]
    assert rule(booked) == "FREQ=WEEKLY;UNTIL=20261208T235959"
    mail = mails_to("bob@example.org")[-1]
    assert (mail.subject[:10], "Term is over." in mail.body) == ("Cancelled:", True)
    db.session.commit()
    assert series.roll_series(AT + timedelta(weeks=9)) == 0


def test_ending_counts_sessions_by_when_they_are_now(house) -> None:
    """One was moved before the end and stays; one was moved behind it and goes."""
    booked = book(house)
    move_one(house, booked.session_ids[1], "2026-12-10T10:00")
    move_one(house, booked.session_ids[3], "2026-12-03T10:00")
    assert end(house, booked, "2026-12-05") == 2
    assert planned() == ["11-24 10:00", "12-03 10:00"]


def test_what_was_kept_behind_the_end_is_moved_with_the_rest_and_not_made_again(house) -> None:
    booked = book(house)
    move_one(house, booked.session_ids[3], "2026-12-03T10:00")
    end(house, booked, "2026-12-05")
    extend(house, booked, Further(more=2))
    assert planned() == ["11-24 10:00", "12-01 10:00", "12-03 10:00", "12-08 10:00", "12-22 10:00"]
    wish = Wish(TUESDAY + timedelta(days=15), 50)
    series.move_series(house.alice, AT, booked.session_ids[0], Wish(TUESDAY, 50), Which.ALL, True)
    series.move_series(house.alice, AT, booked.session_ids[0], wish, Which.ALL)
    assert [when[:5] for when in planned()] == ["12-09", "12-16", "12-23", "12-30", "01-06"]


def test_moving_what_was_ended_does_not_lengthen_it(house) -> None:
    booked = book(house)
    end(house, booked, "2026-12-01")
    wish = Wish(TUESDAY + timedelta(days=1), 50)
    series.move_series(house.alice, AT, booked.session_ids[0], wish, Which.ALL)
    assert rule(booked) == "FREQ=WEEKLY;UNTIL=20261202T235959"
    extend(house, booked, Further(more=1))
    assert planned() == ["11-25 10:00", "12-02 10:00", "12-09 10:00"]


@pytest.mark.parametrize("day", ["2026-11-22", "2026-11-23", "2026-12-15", "2027-01-01"])
def test_ending_on_a_day_that_ends_nothing_is_refused(house, day: str) -> None:
    booked = book(house)
    with pytest.raises(Invalid) as caught:
        end(house, booked, day)
    assert caught.value.field == "last_day"


def test_ending_an_open_series_in_years_is_refused(house) -> None:
    booked = book(house, Repeat("week"))
    with pytest.raises(Invalid, match="twelve months"):
        end(house, booked, "2028-01-01")
