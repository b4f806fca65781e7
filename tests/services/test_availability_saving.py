"""Replacing what somebody says of their availability, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from supervision.db import db
from supervision.domain.slots import Weekly
from supervision.errors import Invalid
from supervision.models.audit import AuditEntry
from supervision.models.availability import AvailabilityOverride, AvailabilityRule, SessionType
from supervision.services import availability
from supervision.services.availability import (
    Away,
    DateHours,
    Offer,
    OwnTerms,
    WeekHours,
    Whole,
)
from tests import factories
from tests.factories import House

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
TODAY = AT.date()
DAY = timedelta(days=1)
MORNING = (9 * 60, 12 * 60)
AFTERNOON = (13 * 60, 17 * 60)
TERMS = OwnTerms("Europe/London", notice_minutes=48 * 60, most_a_day=4, holiday_country="GB")
WHOLE = Whole(
    TERMS,
    [WeekHours((0, 1, 3), MORNING), WeekHours((1,), AFTERNOON, TODAY, TODAY + 60 * DAY)],
    [DateHours(TODAY + DAY, (600, 660)), DateHours(TODAY + 2 * DAY)],
    [Away(TODAY + 7 * DAY, TODAY + 14 * DAY, "Lake")],
    [Offer("Individual", 50), Offer("Triadic", 75, asks=True, most_weeks=6)],
)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def without_ids(whole: Whole) -> Whole:
    return replace(whole, offers=[replace(offer, id=None) for offer in whole.offers])


def test_what_was_saved_comes_back(house) -> None:
    availability.save_availability(house.alice, AT, WHOLE)
    assert without_ids(availability.whole_of(house.alice, TODAY)) == WHOLE
    assert availability.whole_of(house.bob, TODAY) == Whole(
        OwnTerms("America/Toronto"), [], [], [], []
    )
    lines = db.session.scalars(db.select(AuditEntry).where(AuditEntry.act == "availability.save"))
    assert [(line.actor_id, line.detail) for line in lines] == [(house.alice.id, {"hours": "2"})]


def test_saving_replaces_all_and_nobody_elses(house) -> None:
    availability.save_availability(house.bob, AT, WHOLE)
    availability.save_availability(house.alice, AT, WHOLE)
    short = Whole(OwnTerms("Europe/Berlin"), [WeekHours((4,), MORNING)], [], [], [])
    availability.save_availability(house.alice, AT, short)
    assert availability.whole_of(house.alice, TODAY) == short
    assert without_ids(availability.whole_of(house.bob, TODAY)) == WHOLE
    found = availability.open_hours([house.alice.id], TODAY, TODAY)[house.alice.id]
    assert found.weekly == (Weekly(4, MORNING, "Europe/Berlin"),)


def test_session_types_keep_their_ids_and_end_when_they_are_gone(house) -> None:
    availability.save_availability(house.alice, AT, WHOLE)
    individual, triadic = availability.session_types_of(house.alice.id)
    offers = [Offer("Triadic, long", 90, id=triadic.id), Offer("Taster", 20)]
    availability.save_availability(house.alice, AT, replace(WHOLE, offers=offers))
    now = availability.session_types_of(house.alice.id)
    assert [(one.name, one.minutes, one.asks, one.most_weeks) for one in now] == [
        ("Triadic, long", 90, False, 1),
        ("Taster", 20, False, 1),
    ]
    assert now[0].id == triadic.id
    assert db.session.get_one(SessionType, individual.id).state == "ended"


def test_session_type_of_somebody_else_is_not_changed_by_its_id(house) -> None:
    availability.save_availability(house.alice, AT, WHOLE)
    hers = availability.session_types_of(house.alice.id)[0]
    stolen = replace(WHOLE, offers=[Offer("Mine now", 20, id=hers.id)])
    availability.save_availability(house.bob, AT, stolen)
    assert availability.session_types_of(house.alice.id)[0] == hers
    assert [one.name for one in availability.session_types_of(house.bob.id)] == ["Mine now"]


def test_dates_that_are_over_are_not_shown_again(house) -> None:
    whole = replace(
        WHOLE,
        dates=[DateHours(TODAY - DAY), DateHours(TODAY)],
        away=[Away(TODAY - 9 * DAY, TODAY - DAY), Away(TODAY - 9 * DAY, TODAY)],
    )
    availability.save_availability(house.alice, AT, whole)
    found = availability.whole_of(house.alice, TODAY)
    assert (found.dates, found.away) == (whole.dates[1:], whole.away[1:])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"terms": replace(TERMS, zone="Mars/Base")}, "zone"),
        ({"terms": replace(TERMS, step_minutes=1)}, "step_minutes"),
        ({"terms": replace(TERMS, horizon_days=400)}, "horizon_days"),
        ({"terms": replace(TERMS, most_a_day=0)}, "most_a_day"),
        ({"terms": replace(TERMS, holiday_country="QQ")}, "holiday_country"),
        ({"terms": replace(TERMS, holiday_region="XX")}, "holiday_region"),
        ({"week": [WeekHours((), MORNING)]}, "week-0-weekdays"),
        ({"week": [WeekHours((0,), (720, 540))]}, "week-0-until_at"),
        ({"week": [WeekHours((0,), MORNING, TODAY, TODAY - DAY)]}, "week-0-until_on"),
        (
            {"week": [WeekHours((0, 1), MORNING), WeekHours((1, 2), (700, 800))]},
            "week-1-from_at",
        ),
        ({"dates": [DateHours(TODAY, (600, 600))]}, "dates-0-until_at"),
        ({"dates": [DateHours(TODAY), DateHours(TODAY, MORNING)]}, "dates-1-held_on"),
        ({"dates": [DateHours(TODAY, MORNING), DateHours(TODAY, (540, 545))]}, "dates-1-from_at"),
        ({"away": [Away(TODAY, TODAY - DAY)]}, "away-0-last_on"),
        ({"offers": [Offer(" ", 50)]}, "offers-0-name"),
        ({"offers": [Offer("Short", 5)]}, "offers-0-minutes"),
        ({"offers": [Offer("One", 50), Offer("one ", 60)]}, "offers-1-name"),
        ({"week": [WeekHours((0,), (n, n + 1)) for n in range(61)]}, "week"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    house, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        availability.save_availability(house.alice, AT, replace(WHOLE, **wrong))
    assert refused.value.field == field
    assert db.session.scalar(db.select(db.func.count(AvailabilityRule.id))) == 0


def test_hours_that_touch_or_hold_at_other_dates_do_not_overlap(house) -> None:
    week = [
        WeekHours((0,), (540, 600)),
        WeekHours((0,), (600, 660)),
        WeekHours((1,), MORNING, None, TODAY),
        WeekHours((1,), MORNING, TODAY + DAY),
    ]
    availability.save_availability(house.alice, AT, replace(WHOLE, week=week))
    assert len(availability.whole_of(house.alice, TODAY).week) == 4


@pytest.mark.parametrize("minutes", [(600, None), (700, 600), (600, 1441)])
def test_database_refuses_hours_that_are_none(house, minutes: tuple[Any, Any]) -> None:
    opens, closes = minutes
    db.session.add(
        AvailabilityOverride(
            person_id=house.alice.id,
            held_on=date(2026, 12, 1),
            from_minute=opens,
            to_minute=closes,
        )
    )
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()
