"""Why there is no slot, told to the owner, on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from supervision.db import db
from supervision.domain.slots import Refusal
from supervision.errors import NotFound
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim
from supervision.services import availability
from supervision.services.availability import (
    Away,
    Busy,
    Offer,
    OwnTerms,
    WeekHours,
    Whole,
)
from tests import factories
from tests.factories import House
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # a Monday; London is on UTC
MONDAY = AT.date()
TUESDAY = date(2026, 12, 1)
DAY = timedelta(days=1)
TERMS = OwnTerms(
    "Europe/London",
    step_minutes=60,
    after_minutes=15,
    horizon_days=30,
    most_a_day=2,
    holiday_country="GB",
    holiday_region="SCT",
)
WHOLE = Whole(
    TERMS,
    [WeekHours((0, 1), (9 * 60, 13 * 60))],
    [],
    [Away(date(2026, 12, 7), date(2026, 12, 11), "Lake")],
    [Offer("Individual", 50)],
)


@pytest.fixture
def house(app: Flask) -> House:
    made = factories.house()
    availability.save_availability(made.alice, AT, WHOLE)
    return made


def session(house: House, local: str, *, hard: bool = True, **values: Any) -> datetime:
    """A session of Alice's roster with Bob, with her claim."""
    starts_at = datetime.fromisoformat(local).replace(tzinfo=UTC)
    roster = db.session.get_one(Roster, house.individual)
    made = factories.session(roster, starts_at, house.alice, **values)
    claim = db.session.scalars(db.select(Claim).where(Claim.session_id == made.id)).one()
    claim.hard = hard
    db.session.flush()
    return starts_at


def told(house: House, first: date, last: date | None = None) -> list[list[tuple[Any, ...]]]:
    """(first start, last start, refusal, titles, name) of each run, day by day."""
    kind = availability.session_types_of(house.alice.id)[0]
    why = availability.explain(house.alice, AT, kind.id, first, last or first)
    return [
        [
            (
                f"{run.first_at:%H:%M}",
                f"{run.last_at:%H:%M}",
                run.refusal,
                [one.title for one in run.busy],
                run.named,
            )
            for run in day.runs
        ]
        for day in why.days
    ]


def test_starts_with_one_reason_are_one_run(house) -> None:
    assert told(house, MONDAY, MONDAY + 2 * DAY) == [
        [
            ("09:00", "09:00", Refusal.PAST, [], ""),
            ("10:00", "12:00", Refusal.NOTICE, [], ""),
        ],
        [
            ("09:00", "09:00", Refusal.NOTICE, [], ""),
            ("10:00", "12:00", None, [], ""),
        ],
        [],
    ]


def test_clash_names_the_roster_and_knows_of_free_minutes(house) -> None:
    begins = session(house, "2026-12-01 10:00")
    # 09:00 to 09:50 needs 15 minutes after it, up to 10:05; 11:00 finds 10:50 and 15 minutes.
    taken = ("09:00", "11:00", Refusal.CLASH, ["Bob with Alice"], "")
    assert told(house, TUESDAY) == [[taken, ("12:00", "12:00", None, [], "")]]
    kind = availability.session_types_of(house.alice.id)[0]
    (one, _free) = availability.explain(house.alice, AT, kind.id, TUESDAY, TUESDAY).days[0].runs
    assert one.busy == (Busy(begins, begins + timedelta(minutes=50), "Bob with Alice"),)


def test_every_clash_named_is_one_that_refuses(house) -> None:
    session(house, "2026-12-01 09:00", hard=False)
    session(house, "2026-12-01 11:00", state="cancelled", hard=False)
    runs = told(house, TUESDAY)[0]
    assert runs == [
        ("09:00", "09:00", Refusal.CLASH, ["Bob with Alice"], ""),
        ("10:00", "12:00", None, [], ""),
    ]


def test_full_day_time_off_holiday_and_horizon_are_told(house) -> None:
    session(house, "2026-11-30 06:00")
    session(house, "2026-11-30 20:00")
    days = [MONDAY + 7 * DAY, date(2026, 12, 7), date(2026, 12, 29)]
    assert [told(house, day) for day in days] == [
        # Saint Andrew's Day is a holiday in Scotland alone, and stronger than a full day.
        [[("09:00", "12:00", Refusal.HOLIDAY, [], "Saint Andrew's Day")]],
        [[("09:00", "12:00", Refusal.TIME_OFF, [], "Lake")]],
        [[("09:00", "12:00", Refusal.HORIZON, [], "")]],
    ]
    session(house, "2026-12-01 06:00")
    session(house, "2026-12-01 20:00")
    assert told(house, date(2026, 12, 1)) == [[("09:00", "12:00", Refusal.DAY_FULL, [], "")]]


def test_kind_of_somebody_else_is_not_found(house) -> None:
    kind = availability.session_types_of(house.alice.id)[0]
    with pytest.raises(NotFound):
        availability.explain(house.bob, AT, kind.id, MONDAY, MONDAY)


def test_thirty_days_ask_as_much_as_one(house) -> None:
    kind = availability.session_types_of(house.alice.id)[0]
    seen = []
    for days in (0, 30):
        with counted() as statements:
            availability.explain(house.alice, AT, kind.id, MONDAY, MONDAY + days * DAY)
        seen.append(len(statements))
    assert seen[0] == seen[1]
