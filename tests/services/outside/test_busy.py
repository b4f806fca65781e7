"""Busy times from elsewhere close times to others, warn who runs a roster, and refuse nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Repeat
from supervision.domain.slots import Refusal, Taken
from supervision.models.mail import Announcement
from supervision.models.sessions import Claim
from supervision.permissions import Actor
from supervision.services import availability, booking, finding, series, sessions
from supervision.services.availability import Busy
from supervision.services.booking import Choice, Gone, SomeGone
from supervision.services.series import Further, Which
from supervision.services.sessions import Booked, Changed, Setting, Wish
from supervision.services.sessions.notices import AS_JSON
from tests import factories
from tests.factories import House
from tests.services.outside.steps import AT, DAY, HOUR, busy
from tests.support.statements import counted

TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
TEN = TUESDAY + 10 * HOUR
TEN_TO_TWELVE = Interval(TEN, TEN + 2 * HOUR)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def kind(house: House) -> UUID:
    """Alice is open from nine to five in London, for 50 minutes every half hour."""
    return factories.bookable(house.alice)


def wish(starts_at: datetime = TEN) -> Wish:
    return Wish(starts_at.replace(tzinfo=None), 50)


def warned(booked: Booked | Changed) -> list[tuple[str, datetime, datetime, bool, str]]:
    return [
        (one.name, one.starts_at, one.ends_at, one.hard, one.calendar) for one in booked.warnings
    ]


def told() -> dict[UUID, list[datetime]]:
    """Whom the mails of the last change tell that they are busy, and when."""
    newest = select(Announcement.told).order_by(Announcement.id.desc()).limit(1)
    return AS_JSON.validate_json(db.session.scalars(newest).one()).busy


# -- what is taken -------------------------------------------------------------------------


def test_times_elsewhere_are_taken_but_no_sessions(house: House) -> None:
    busy(house.alice, TEN_TO_TWELVE)
    busy(house.alice, Interval(TEN, TEN + HOUR), label="Family")
    found = availability.taken([house.alice.id, house.bob.id], TEN_TO_TWELVE, at=AT)
    assert found[house.bob.id] == Taken()
    assert found[house.alice.id].sessions == ()
    assert sorted(found[house.alice.id].other) == [Interval(TEN, TEN + HOUR), TEN_TO_TWELVE]


def test_look_is_bounded_by_a_day_and_misses_nothing(house: House) -> None:
    """A long time is several rows, of which some touch any part of it."""
    long = Interval(TEN - 20 * DAY, TEN + 20 * DAY)
    busy(house.alice, *_pieces(long))
    for days in (-22, -21, -1, 0, 19, 21):
        within = Interval(TEN + days * DAY, TEN + days * DAY + HOUR)
        found = availability.taken([house.alice.id], within, at=AT)[house.alice.id].other
        own = [one for one in found if one.overlaps(within)]
        assert bool(own) == within.overlaps(long), days
        assert len(found) <= 6, "no more than two days around"
    assert db.session.scalar(select(Claim.id)) is None


def _pieces(long: Interval) -> list[Interval]:
    days = (long.end - long.start).days
    return [Interval(long.start + n * DAY, long.start + (n + 1) * DAY) for n in range(days)]


def test_statements_are_the_same_for_one_time_and_for_thousands(house: House) -> None:
    ids, within = [house.alice.id, house.bob.id, house.carol.id], Interval(AT, AT + 28 * DAY)
    seen = []
    for number in (1, 1000):
        times = [Interval(AT + n * HOUR, AT + (n + 0.5) * HOUR) for n in range(number)]
        for who in (house.alice, house.bob, house.carol):
            busy(who, *times, label=str(number))
        with counted() as statements:
            availability.taken(ids, within, at=AT)
        seen.append(len(statements))
    assert seen == [2, 2]


# -- a supervisee books --------------------------------------------------------------------


def free(who: Actor, house: House, kind: UUID) -> list[datetime]:
    where = booking.desk(who, house.individual)
    within = Interval(TUESDAY, TUESDAY + DAY)
    return list(booking.slots(who, AT, where, where.own.terms(50), within).free)


def test_time_elsewhere_closes_slots_and_cannot_be_taken(house: House, kind: UUID) -> None:
    before = free(house.bob, house, kind)
    busy(house.alice, TEN_TO_TWELVE)
    after = free(house.bob, house, kind)
    gone = [one for one in before if one not in after]
    assert gone == [TEN - 0.5 * HOUR + n * 0.5 * HOUR for n in range(5)]
    with pytest.raises(Gone) as refused:
        booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN))
    assert refused.value.refusal == Refusal.CLASH
    assert availability.for_others(Refusal.CLASH) == "busy"
    booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN + 2 * HOUR))


def test_time_elsewhere_that_came_up_meanwhile_cannot_be_moved_to(house: House, kind: UUID) -> None:
    booked = booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN + 4 * HOUR))
    busy(house.alice, TEN_TO_TWELVE)
    (key,) = booked.session_ids
    with pytest.raises(Gone):
        booking.move_own(house.bob, AT, key, TEN, knows_late=True)
    booking.move_own(house.bob, AT, key, TEN + 3 * HOUR, knows_late=True)


def test_own_time_elsewhere_warns_the_supervisee_and_closes_nothing(
    house: House, kind: UUID
) -> None:
    before = free(house.bob, house, kind)
    busy(house.bob, TEN_TO_TWELVE)
    assert free(house.bob, house, kind) == before
    booked = booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN))
    until = TEN + timedelta(minutes=50)
    assert warned(booked) == [("Bob Brandt", TEN, until, False, "Work")]
    moved = booking.move_own(house.bob, AT, booked.session_ids[0], TEN + HOUR, knows_late=True)
    assert warned(moved) == [("Bob Brandt", TEN + HOUR, TEN + 2 * HOUR - HOUR / 6, False, "Work")]


# -- who runs a roster books ---------------------------------------------------------------


def test_booking_over_ones_own_time_elsewhere_warns_with_its_calendar(house: House) -> None:
    busy(house.alice, TEN_TO_TWELVE)
    booked = sessions.book_session(house.alice, AT, house.group, wish())
    until = TEN + timedelta(minutes=50)
    assert warned(booked) == [("Alice Ashworth", TEN, until, False, "Work")]
    assert told() == {}


def test_booking_over_somebody_elses_time_tells_busy_and_no_more(house: House) -> None:
    """Neither the calendar, nor how long they are busy beyond what was asked."""
    busy(house.bob, Interval(TEN - 3 * HOUR, TEN + 7 * HOUR), label="Clinic")
    booked = sessions.book_session(house.alice, AT, house.individual, wish())
    until = TEN + timedelta(minutes=50)
    assert warned(booked) == [("Bob Brandt", TEN, until, False, "")]
    assert "Clinic" not in repr(booked)
    assert told() == {house.bob.id: [TEN]}


def test_somebody_busy_here_and_elsewhere_is_told_of_once(house: House) -> None:
    group = db.session.get_one(factories.Roster, house.group)
    factories.session(group, TEN, house.carol)
    busy(house.carol, TEN_TO_TWELVE)
    busy(house.carol, TEN_TO_TWELVE, label="Family")
    booked = sessions.book_session(house.alice, AT, house.group, wish())
    assert [(one.name, one.session_id is None) for one in booked.warnings] == [
        ("Carol Conti", False)
    ]


def test_time_elsewhere_that_only_touches_is_no_warning(house: House) -> None:
    busy(house.alice, Interval(TEN - HOUR, TEN), Interval(TEN + HOUR, TEN + 2 * HOUR))
    wanted = Wish(TEN.replace(tzinfo=None), 60)
    assert sessions.book_session(house.alice, AT, house.group, wanted).warnings == ()


def test_moving_over_a_time_elsewhere_warns(house: House) -> None:
    booked = sessions.book_session(house.alice, AT, house.group, wish(TEN + 6 * HOUR))
    busy(house.carol, TEN_TO_TWELVE)
    moved = sessions.move_session(house.alice, AT, booked.session_ids[0], wish())
    assert [one.name for one in moved.warnings] == ["Carol Conti"]


def test_series_warns_of_each_time_elsewhere(house: House) -> None:
    weeks = [TEN + n * 7 * DAY for n in range(4)]
    busy(house.alice, *(Interval(one - HOUR, one + HOUR) for one in weeks[1:3]))
    booked = series.book_series(house.alice, AT, house.group, wish(), Repeat("week", count=4))
    assert [(one.wanted_at, one.calendar) for one in booked.warnings] == [
        (weeks[1], "Work"),
        (weeks[2], "Work"),
    ]
    moved = series.move_series(house.alice, AT, booked.session_ids[0], wish(TEN - HOUR), Which.ALL)
    assert [one.wanted_at for one in moved.warnings] == [one - HOUR for one in weeks[1:3]]


def test_person_added_over_their_time_elsewhere_is_warned_of(house: House) -> None:
    some = Setting(None, frozenset({house.bob.id}))
    booked = sessions.book_session(house.alice, AT, house.group, replace(wish(), setting=some))
    busy(house.carol, TEN_TO_TWELVE)
    both = Setting(None, frozenset({house.bob.id, house.carol.id}))
    changed = sessions.change_session(house.alice, AT, booked.session_ids[0], both)
    until = TEN + timedelta(minutes=50)
    assert warned(changed) == [("Carol Conti", TEN, until, False, "")]


def test_series_that_goes_on_over_a_time_elsewhere_warns(house: House) -> None:
    booked = series.book_series(house.alice, AT, house.group, wish(), Repeat("week", count=2))
    third = TEN + 14 * DAY
    busy(house.carol, Interval(third, third + HOUR))
    assert booked.series_id is not None
    extended = series.extend_series(house.alice, AT, booked.series_id, Further(more=2))
    assert [(one.name, one.wanted_at) for one in extended.warnings] == [("Carol Conti", third)]


def test_weekly_time_is_judged_and_warned_of_like_single_ones(house: House) -> None:
    kind = factories.bookable(house.alice, most_weeks=4)
    second, third = TEN + 7 * DAY, TEN + 14 * DAY
    busy(house.alice, Interval(third, third + HOUR))
    busy(house.bob, Interval(second, second + HOUR))
    with pytest.raises(SomeGone) as refused:
        booking.take_series(house.bob, AT, house.individual, Choice(kind, TEN), 3)
    assert [one.starts_at for one in refused.value.refused] == [third]
    booked = booking.take_series(house.bob, AT, house.individual, Choice(kind, TEN), 2)
    assert [(one.wanted_at, one.calendar) for one in booked.warnings] == [(second, "Work")]


@pytest.mark.parametrize("many", [1, 30])
def test_booking_asks_once_however_much_there_is_elsewhere(house: House, many: int) -> None:
    busy(house.alice, *(Interval(TEN + n * DAY, TEN + n * DAY + HOUR) for n in range(many)))
    with counted() as statements:
        sessions.book_session(house.alice, AT, house.group, wish())
    assert len([one for one in statements if "outside_busy" in one]) == 1
    with counted() as statements:
        series.book_series(
            house.alice, AT, house.group, wish(TEN + HOUR), Repeat("week", count=many + 1)
        )
    assert len([one for one in statements if "outside_busy" in one]) == 1


# -- finding and explaining ----------------------------------------------------------------


def test_time_is_found_where_nobody_is_busy_elsewhere(house: House) -> None:
    def starts() -> set[datetime]:
        day = date(2026, 11, 24)
        return {
            one.starts_at for one in finding.times_for(house.alice, AT, house.group, 60, day, 1).all
        }

    before = starts()
    busy(house.carol, TEN_TO_TWELVE)
    assert before - starts() == {TEN + n * 0.5 * HOUR for n in range(-1, 4)}


def test_owner_is_told_which_calendar_takes_a_slot(house: House, kind: UUID) -> None:
    busy(house.alice, TEN_TO_TWELVE)
    day = date(2026, 11, 24)
    why = availability.explain(house.alice, AT - DAY, kind, day, day)
    clash = next(run for run in why.days[0].runs if run.refusal == Refusal.CLASH)
    assert (clash.first_at, clash.last_at) == (TEN - 0.5 * HOUR, TEN + 1.5 * HOUR)
    assert clash.busy == (Busy(*TEN_TO_TWELVE, None, "Work"),)


def test_minutes_that_are_kept_free_are_not_kept_around_a_time_elsewhere(house: House) -> None:
    """As around every soft claim: only around the session itself."""
    terms = availability.OwnTerms("Europe/London", after_minutes=30, before_minutes=30)
    whole = availability.Whole(
        terms,
        [availability.WeekHours((1,), (9 * 60, 17 * 60))],
        offers=[availability.Offer("Individual", 30)],
    )
    availability.save_availability(house.alice, AT, whole)
    busy(house.alice, TEN_TO_TWELVE)
    kind = availability.session_types_of(house.alice.id)[0].id
    day = date(2026, 12, 1)
    assert day.weekday() == 1
    busy(house.alice, Interval(TEN + 7 * DAY, TEN + 7 * DAY + HOUR), label="Later")
    why = availability.explain(house.alice, AT, kind, day, day)
    (clash,) = [run for run in why.days[0].runs if run.refusal == Refusal.CLASH]
    first, last = TEN + 7 * DAY - HOUR / 2, TEN + 7 * DAY + HOUR
    assert (clash.first_at, clash.last_at) == (first, last)
    assert [one.calendar for one in clash.busy] == ["Later"]
