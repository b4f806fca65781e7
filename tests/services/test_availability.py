"""What is read of somebody's availability, on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.slots import Openness, Refusal, Taken, Terms, Weekly
from supervision.errors import NotFound
from supervision.models.availability import (
    AvailabilityOverride,
    AvailabilityRule,
    AvailabilityTerms,
    SessionType,
    TimeOff,
)
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim, ClaimState
from supervision.services import availability
from tests import factories
from tests.factories import House
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
MONDAY = date(2026, 11, 30)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NEXT_WEEK = Interval(
    datetime(2026, 11, 30, tzinfo=UTC),
    datetime(2026, 12, 7, tzinfo=UTC),
)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def group(house: House) -> Roster:
    return db.session.get_one(Roster, house.group)


def add(*rows: Any) -> None:
    db.session.add_all(rows)
    db.session.flush()


def rule(person_id: UUID, weekday: int, opens: int, closes: int, **values: Any) -> AvailabilityRule:
    """Open from one full hour to another."""
    usual = {"zone": "Europe/London", "from_minute": opens * 60, "to_minute": closes * 60}
    return AvailabilityRule(person_id=person_id, weekday=weekday, **usual | values)


def hard(claim_of: Any, person_id: UUID) -> None:
    """Make a person's claim of a session hard."""
    row = db.session.scalars(
        db.select(Claim).where(Claim.session_id == claim_of.id, Claim.person_id == person_id)
    ).one()
    row.hard = True
    db.session.flush()


def test_person_who_says_nothing_is_never_open_on_usual_terms(house) -> None:
    found = availability.open_hours([house.bob.id], MONDAY, MONDAY)
    assert found == {house.bob.id: Openness(zone="America/Toronto")}
    assert availability.session_types_of(house.bob.id) == []
    own = availability.own_terms([house.bob.id])[house.bob.id]
    assert own.terms(50) == Terms(50, step=30, notice=DAY, horizon=90)


def test_open_hours_are_what_each_person_said(house) -> None:
    alice, bob = house.alice.id, house.bob.id
    add(
        AvailabilityTerms(person_id=alice, zone="Europe/London", holiday_country="GB"),
        rule(alice, 0, 9, 12),
        rule(alice, 0, 13, 17, from_on=MONDAY),
        rule(bob, 4, 8, 10, zone="America/Toronto"),
        AvailabilityOverride(person_id=alice, held_on=MONDAY + DAY, from_minute=600, to_minute=660),
        AvailabilityOverride(person_id=alice, held_on=MONDAY + DAY, from_minute=720, to_minute=780),
        AvailabilityOverride(person_id=alice, held_on=MONDAY + 2 * DAY),
        TimeOff(person_id=alice, first_on=MONDAY + 3 * DAY, last_on=MONDAY + 30 * DAY, label="x"),
    )
    found = availability.open_hours([alice, bob], MONDAY, date(2026, 12, 24))
    assert sorted(found[alice].weekly, key=lambda one: one.hours) == [
        Weekly(0, (540, 720), "Europe/London"),
        Weekly(0, (780, 1020), "Europe/London", MONDAY),
    ]
    days = {day: sorted(hours) for day, hours in found[alice].overrides.items()}
    assert days == {MONDAY + DAY: [(600, 660), (720, 780)], MONDAY + 2 * DAY: []}
    assert found[alice].away == ((MONDAY + 3 * DAY, MONDAY + 30 * DAY),)
    assert found[alice].holidays == frozenset({date(2026, 12, 25), date(2026, 12, 26)})
    hours = Weekly(4, (480, 600), "America/Toronto")
    assert found[bob] == Openness(zone="America/Toronto", weekly=(hours,))


def test_taken_are_hard_claims_and_beside_them_soft_ones_of_planned_sessions(house, group) -> None:
    start = NEXT_WEEK.start + 9 * HOUR
    led = factories.session(group, start, house.alice, house.bob)
    hard(led, house.alice.id)
    factories.session(group, start + DAY, house.alice, state="cancelled")
    factories.session(group, start + 40 * DAY, house.alice)
    span = Interval(start, start + timedelta(minutes=50))
    found = availability.taken([house.alice.id, house.bob.id], NEXT_WEEK, at=AT)
    assert found == {house.alice.id: Taken((span,)), house.bob.id: Taken((), (span,))}
    ignored = availability.taken([house.alice.id], NEXT_WEEK, [led.id], at=AT)
    assert ignored == {house.alice.id: Taken()}


def test_hold_takes_time_until_it_lapses(house) -> None:
    start = NEXT_WEEK.start + 9 * HOUR
    span = Interval(start, start + timedelta(minutes=50))
    claim = Claim(
        person_id=house.alice.id,
        starts_at=span.start,
        ends_at=span.end,
        hard=True,
        state=ClaimState.HOLD,
        hold_expires_at=AT + HOUR,
        held_by_id=house.bob.id,
    )
    add(claim)

    def taken(at: datetime, *claim_ids: UUID) -> Taken:
        found = availability.taken([house.alice.id], NEXT_WEEK, at=at, ignore_claim_ids=claim_ids)
        return found[house.alice.id]

    assert taken(AT) == Taken((span,))
    assert (taken(AT + HOUR), taken(AT, claim.id)) == (Taken(), Taken())


def test_starts_say_why_each_cannot_be_had(house, group) -> None:
    kind = SessionType(person_id=house.alice.id, name="Individual", minutes=50)
    terms = AvailabilityTerms(
        person_id=house.alice.id, zone="Europe/London", step_minutes=60, most_a_day=1
    )
    add(rule(house.alice.id, 0, 9, 12), rule(house.alice.id, 1, 9, 11), kind, terms)
    led = factories.session(group, NEXT_WEEK.start + 9 * HOUR, house.alice)
    hard(led, house.alice.id)
    wanted = availability.terms(house.alice.id, kind.id)
    within = Interval(AT, NEXT_WEEK.start + 2 * DAY)
    found = availability.starts(house.alice.id, wanted, within, at=AT)
    local = [(one.starts_at.strftime("%d %H"), one.refusal) for one in found]
    assert local == [
        ("23 09", Refusal.PAST),
        ("23 10", Refusal.NOTICE),
        ("23 11", Refusal.NOTICE),
        ("24 09", None),
        ("24 10", None),
        ("30 09", Refusal.CLASH),
        ("30 10", Refusal.DAY_FULL),
        ("30 11", Refusal.DAY_FULL),
        ("01 09", None),
        ("01 10", None),
    ]


def test_week_is_counted_whole_whatever_part_is_looked_at(house, group) -> None:
    terms = Terms(50, step=60, most_a_week=1)
    add(rule(house.alice.id, 6, 9, 10))
    led = factories.session(group, NEXT_WEEK.start + 9 * HOUR, house.alice)
    hard(led, house.alice.id)
    sunday = Interval(NEXT_WEEK.end - DAY, NEXT_WEEK.end)
    found = availability.starts(house.alice.id, terms, sunday, at=AT)
    assert [one.refusal for one in found] == [Refusal.WEEK_FULL]


def test_session_type_of_somebody_else_or_ended_is_not_found(house) -> None:
    rows = [
        SessionType(person_id=house.alice.id, name="Triadic", minutes=75, position=1),
        SessionType(person_id=house.alice.id, name="Individual", minutes=50),
        SessionType(person_id=house.alice.id, name="Old", minutes=50, state="ended"),
    ]
    add(*rows)
    names = [row.name for row in availability.session_types_of(house.alice.id)]
    assert names == ["Individual", "Triadic"]
    for person_id, key in ((house.bob.id, rows[0].id), (house.alice.id, rows[2].id)):
        with pytest.raises(NotFound):
            availability.terms(person_id, key)


def test_as_many_statements_for_thirty_persons_as_for_one(house) -> None:
    people = [factories.person(f"p{number}").id for number in range(30)]
    add(*(rule(key, day, 9, 17) for key in people for day in range(5)))
    seen = []
    for ids in (people[:1], people):
        with counted() as statements:
            availability.open_hours(ids, MONDAY, MONDAY + 27 * DAY)
            availability.taken(ids, NEXT_WEEK, at=AT)
        seen.append(len(statements))
    assert seen == [6, 6]
