"""A weekly time that a supervisee takes or asks for at once, judged like single ones."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from supervision.db import db
from supervision.domain.slots import Refusal
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.availability import AvailabilityTerms, TimeOff
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim, Series, Session, SessionState
from supervision.services import booking, integrity, rosters, sessions
from supervision.services.booking import Choice, SomeGone
from supervision.services.sessions import Booked, Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WEEK, HOUR, HALF = timedelta(weeks=1), timedelta(hours=1), timedelta(minutes=30)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def kind(house: House) -> UUID:
    """Alice is open from nine to five in London; up to eight weekly sessions at once."""
    return factories.bookable(house.alice, most_weeks=8)


@pytest.fixture
def asked(house: House) -> UUID:
    return factories.bookable(house.alice, most_weeks=8, asks=True)


def take(house: House, kind: UUID, weeks: int = 4, picks=None, **more) -> Booked:
    choice = Choice(kind, more.pop("starts_at", TEN), "Hello")
    who, roster = more.pop("who", house.bob), more.pop("roster", house.individual)
    at = more.pop("at", AT)
    return booking.take_series(who, at, roster, choice, weeks, picks or {}, **more)


def busy(house: House, starts_at: datetime) -> None:
    """Alice leads the group then."""
    local = starts_at.replace(tzinfo=None)
    sessions.book_session(house.alice, AT, house.group, Wish(local, 50))


def terms(house: House, **values: object) -> None:
    db.session.add(AvailabilityTerms(person_id=house.alice.id, zone="Europe/London", **values))
    db.session.flush()


def of_series(booked: Booked) -> list[Session]:
    query = select(Session).where(Session.series_id == booked.series_id)
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return sorted(found, key=lambda one: one.starts_at)


def series_state(booked: Booked) -> str:
    return db.session.get_one(Series, booked.series_id, populate_existing=True).state


# -- taking --------------------------------------------------------------------------------


def test_series_is_booked_for_both_as_one(house, kind) -> None:
    done = take(house, kind)
    rows = of_series(done)
    assert [row.starts_at for row in rows] == [TEN + WEEK * week for week in range(4)]
    assert {(row.state, row.session_type_id, row.message) for row in rows} == {
        ("planned", kind, "Hello")
    }
    row = db.session.get_one(Series, done.series_id)
    assert (row.rrule, row.starts_local, row.zone, row.minutes, row.made_by_id) == (
        "FREQ=WEEKLY;COUNT=4",
        "2026-11-24T10:00",
        "Europe/London",
        50,
        house.bob.id,
    )
    taken = select(Claim.person_id, Claim.hard, Claim.state)
    assert sorted(map(tuple, db.session.execute(taken))) == sorted(
        [(who.id, True, "confirmed") for who in (house.alice, house.bob)] * 4
    )
    (mail,) = mails_to("alice@example.org")
    assert mail.subject == "Booked: Bob with Alice, from Tue 24 Nov 2026, 10:00"
    assert mails_to("bob@example.org") == []


def test_series_keeps_the_roster_s_wall_clock_over_the_change(house, kind) -> None:
    terms(house, horizon_days=366)
    start = datetime(2027, 3, 16, 10, 0, tzinfo=UTC)
    rows = of_series(take(house, kind, 3, starts_at=start))
    assert [row.starts_at for row in rows] == [
        start,
        start + WEEK,
        datetime(2027, 3, 30, 9, 0, tzinfo=UTC),
    ]


def test_series_refuses_each_time_that_cannot_be_had_and_names_what_is_near(house, kind) -> None:
    busy(house, TEN + WEEK)
    third = (TEN + 2 * WEEK).date()
    db.session.add(TimeOff(person_id=house.alice.id, first_on=third, last_on=third))
    db.session.flush()
    with pytest.raises(SomeGone) as caught:
        take(house, kind)
    assert [(one.key, one.refusal, one.nearest) for one in caught.value.refused] == [
        ("2026-12-01T10:00", Refusal.CLASH, TEN + WEEK - HOUR),
        ("2026-12-08T10:00", Refusal.TIME_OFF, TEN + 2 * WEEK - timedelta(hours=18)),
    ]
    assert db.session.scalars(select(Series.id)).all() == []


def test_series_takes_other_starts_and_leaves_out(house, kind) -> None:
    busy(house, TEN + WEEK)
    busy(house, TEN + 2 * WEEK)
    picks = {"2026-12-01T10:00": TEN + WEEK + HOUR, "2026-12-08T10:00": None}
    done = take(house, kind, picks=picks)
    assert [(row.starts_at, row.original_local, row.edited) for row in of_series(done)] == [
        (TEN, "2026-11-24T10:00", False),
        (TEN + WEEK + HOUR, "2026-12-01T10:00", True),
        (TEN + 3 * WEEK, "2026-12-15T10:00", False),
    ]
    assert db.session.get_one(Series, done.series_id).skips == "2026-12-08/2026-12-08"


def test_other_start_is_judged_like_any(house, kind) -> None:
    for pick, why in ((TEN + WEEK, None), (TEN + WEEK + HALF / 2, Refusal.OUTSIDE)):
        picks = {"2026-11-24T10:00": pick}
        with pytest.raises(SomeGone) as caught:
            take(house, kind, 2, picks)
        assert [one.refusal for one in caught.value.refused] == [why or Refusal.CLASH]


def test_series_itself_counts_towards_days_and_weeks_that_are_full(house, kind) -> None:
    terms(house, most_a_week=1)
    busy(house, TEN)
    with pytest.raises(SomeGone) as caught:
        take(house, kind, 2)
    assert [(one.refusal, one.nearest) for one in caught.value.refused] == [(Refusal.CLASH, None)]


def test_two_that_cannot_be_had_are_offered_different_starts(house, kind) -> None:
    """Alice is away from the Friday before the second Tuesday to the one after the third."""
    first, last = (TEN + timedelta(days=3)).date(), (TEN + timedelta(days=17)).date()
    db.session.add(TimeOff(person_id=house.alice.id, first_on=first, last_on=last))
    db.session.flush()
    with pytest.raises(SomeGone) as caught:
        take(house, kind)
    thursday, monday = TEN + timedelta(days=2, hours=6), TEN + timedelta(days=20, hours=-1)
    assert [one.nearest for one in caught.value.refused] == [thursday, monday]


def test_time_beyond_what_can_be_booked_has_nothing_near(house, kind) -> None:
    terms(house, horizon_days=15)
    with pytest.raises(SomeGone) as caught:
        take(house, kind, 3)
    assert [(one.refusal, one.nearest) for one in caught.value.refused] == [(Refusal.HORIZON, None)]


def test_nothing_that_is_left_is_a_conflict(house, kind) -> None:
    with pytest.raises(Conflict, match="No session is left"):
        take(house, kind, 1, {"2026-11-24T10:00": None})


@pytest.mark.parametrize("weeks", [0, -1, 9])
def test_more_weeks_than_are_offered_are_refused(house, kind, weeks: int) -> None:
    with pytest.raises(Invalid) as caught:
        take(house, kind, weeks)
    assert caught.value.field == "weeks"


def test_second_of_two_equal_hours_cannot_be_repeated(house) -> None:
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    with pytest.raises(Conflict, match="twice"):
        booking.weekly("Europe/London", second, 2)
    assert booking.weekly("Europe/London", second - HOUR, 2)[1].starts_at == second + WEEK


def test_series_is_for_the_supervisee_alone(house, kind) -> None:
    for who, roster_id, error in (
        (house.alice, house.individual, NotAllowed),
        (house.bob, house.group, NotAllowed),
        (house.charlie, house.individual, NotFound),
    ):
        with pytest.raises(error):
            take(house, kind, who=who, roster=roster_id)


def test_series_of_somebody_else_at_the_same_time_is_refused(house, kind) -> None:
    take(house, kind)
    other = factories.roster(house.alice, house.carol, kind="individual", title="Carol")
    with pytest.raises(SomeGone) as caught:
        take(house, kind, who=house.carol, roster=other.id)
    assert {one.refusal for one in caught.value.refused} == {Refusal.CLASH}


def test_series_lets_go_what_was_held(house, kind) -> None:
    booking.hold_time(house.bob, AT, house.individual, Choice(kind, TEN))
    take(house, kind, 2)
    assert set(db.session.scalars(select(Claim.state))) == {"confirmed"}


def test_statements_do_not_grow_with_weeks_or_with_what_is_refused(house, kind) -> None:
    for week in range(7):
        busy(house, TEN + WEEK * week)
    asked = []
    for weeks in (2, 7):
        with counted() as seen, pytest.raises(SomeGone):
            take(house, kind, weeks)
        asked.append(len(seen))
    assert asked[0] == asked[1]


def test_single_sessions_of_it_are_moved_and_cancelled_by_the_supervisee(house, kind) -> None:
    done = take(house, kind, 5)
    near = db.session.get_one(Series, done.series_id).warn_at
    booking.move_own(house.bob, AT, done.session_ids[1], TEN + WEEK + 2 * HOUR)
    booking.cancel_own(house.bob, AT, done.session_ids[4])
    rows = of_series(done)
    assert [row.edited for row in rows] == [False, True, False, False, False]
    after = db.session.get_one(Series, done.series_id, populate_existing=True).warn_at
    assert (near, after) == (TEN, TEN)
    assert list(integrity.faults()) == []


# -- asking --------------------------------------------------------------------------------


def test_series_that_is_asked_for_waits_as_one_and_is_accepted_as_one(house, asked) -> None:
    done = take(house, asked)
    assert ({row.state for row in of_series(done)}, series_state(done)) == (
        {"requested"},
        "requested",
    )
    (waiting,) = booking.requests_for(house.alice, AT)
    assert (waiting.id, waiting.name, waiting.starts_at, waiting.count) == (
        done.session_ids[0],
        "Bob Brandt",
        TEN,
        4,
    )
    booking.accept(house.alice, AT, done.session_ids[2])
    assert ({row.state for row in of_series(done)}, series_state(done)) == ({"planned"}, "planned")
    assert set(db.session.scalars(select(Claim.state))) == {"confirmed"}
    assert booking.requests_for(house.alice, AT) == []
    told, answered = mails_to("alice@example.org"), mails_to("bob@example.org")
    assert [mail.subject for mail in told] == [
        "Asked for: Bob with Alice, from Tue 24 Nov 2026, 10:00"
    ]
    assert [mail.subject for mail in answered] == [
        "Accepted: Bob with Alice, from Tue 24 Nov 2026, 05:00"
    ]
    assert db.session.get_one(Series, done.series_id).warn_at == TEN


@pytest.mark.parametrize(
    ("act", "who", "subject"),
    [
        (booking.decline, "alice", "Not accepted"),
        (booking.withdraw, "bob", "Taken back"),
    ],
)
def test_series_that_is_asked_for_ends_as_one(house, asked, act, who, subject) -> None:
    done = take(house, asked)
    act(getattr(house, who), AT, done.session_ids[1])
    assert ({row.state for row in of_series(done)}, series_state(done)) == (
        {"declined"},
        "declined",
    )
    assert not any(db.session.scalars(select(Claim.hard)))
    other = "bob@example.org" if who == "alice" else "alice@example.org"
    assert mails_to(other)[-1].subject.startswith(f"{subject}: Bob with Alice, from ")
    with pytest.raises(Conflict):
        booking.accept(house.alice, AT, done.session_ids[0])


def test_series_that_is_not_answered_lapses_as_one(house, asked) -> None:
    done = take(house, asked)
    db.session.commit()
    assert booking.lapse_requests(TEN - 3 * HOUR) == 0
    assert booking.lapse_requests(TEN - 2 * HOUR) == 1
    assert series_state(done) == SessionState.DECLINED
    (mail,) = mails_to("bob@example.org")
    assert "4 sessions of “Bob with Alice” were asked for and not answered in time." in mail.body


def test_series_that_is_asked_for_ends_with_its_roster(house, asked) -> None:
    done = take(house, asked)
    rosters.end_roster(house.alice, AT, house.individual)
    assert series_state(done) == SessionState.DECLINED
    assert db.session.get_one(Roster, house.individual).state == "ended"


def test_requests_of_two_kinds_are_told_apart(house, asked) -> None:
    take(house, asked, 2)
    booking.take_time(house.bob, AT, house.individual, Choice(asked, TEN + HOUR))
    found = booking.requests_for(house.alice, AT)
    assert [(one.starts_at, one.count) for one in found] == [(TEN, 2), (TEN + HOUR, 1)]
