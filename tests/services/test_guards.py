"""What the database refuses by itself, whatever the services forgot."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from supervision.db import db
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim
from tests import factories
from tests.factories import House

NINE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def take(
    house: House, start: int, minutes: int, hard: bool = True, person_id: UUID | None = None
) -> Claim:
    """A claim of Alice's, so many minutes from nine, on a session of its own."""
    starts_at = NINE + timedelta(minutes=start)
    roster = db.session.get_one(Roster, house.group)
    session = factories.session(roster, starts_at)
    claim = Claim(
        person_id=person_id or house.alice.id,
        session_id=session.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        hard=hard,
    )
    db.session.add(claim)
    db.session.flush()
    return claim


@pytest.mark.parametrize(
    ("start", "minutes"), [(0, 60), (59, 1), (-1, 2), (20, 10), (-60, 480), (-479, 480), (30, 480)]
)
def test_claim_that_overlaps_a_hard_one_is_refused(house: House, start: int, minutes: int) -> None:
    take(house, 0, 60)
    with pytest.raises(IntegrityError):
        take(house, start, minutes)


@pytest.mark.parametrize(("start", "minutes"), [(60, 60), (-60, 60), (-480, 480), (60, 480)])
def test_claim_back_to_back_is_taken(house: House, start: int, minutes: int) -> None:
    take(house, 0, 60)
    assert take(house, start, minutes).id


def test_claim_of_another_person_or_a_soft_one_is_taken(house: House) -> None:
    take(house, 0, 60)
    take(house, 0, 60, person_id=house.bob.id)
    take(house, 0, 60, hard=False)


@pytest.mark.parametrize(
    "values",
    [
        {"starts_at": NINE + timedelta(minutes=30), "ends_at": NINE + timedelta(minutes=90)},
        {"hard": True},
    ],
)
def test_claim_that_is_changed_into_an_overlap_is_refused(
    house: House, values: dict[str, object]
) -> None:
    take(house, 0, 60)
    other = take(house, 120, 60) if "starts_at" in values else take(house, 0, 60, hard=False)
    with pytest.raises(IntegrityError):
        db.session.execute(update(Claim).where(Claim.id == other.id).values(values))


def test_claim_may_be_moved_over_its_own_former_time(house: House) -> None:
    claim = take(house, 0, 60)
    claim.starts_at, claim.ends_at = NINE + timedelta(minutes=30), NINE + timedelta(minutes=90)
    db.session.flush()
    assert take(house, 0, 30).id


@pytest.mark.parametrize("hard", [True, False])
def test_claim_of_more_than_eight_hours_is_refused(house: House, hard: bool) -> None:
    take(house, 0, 480, hard)
    with pytest.raises(IntegrityError):
        take(house, 600, 481, hard)


def test_claim_is_compared_to_the_microsecond(house: House) -> None:
    claim = take(house, 0, 60)
    claim.ends_at += timedelta(microseconds=1)
    db.session.flush()
    with pytest.raises(IntegrityError):
        take(house, 60, 30)
