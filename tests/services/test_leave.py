"""Leave: said by oneself, for days and rosters that make sense, and withdrawn."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from supervision.db import db
from supervision.domain.leave import Away
from supervision.errors import Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.leave import Leave
from supervision.services import leave
from supervision.services.leave import LeaveWish
from tests import factories
from tests.factories import House

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 12, 1), date(2026, 12, 14)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def take(house: House, **values: Any) -> None:
    wish: dict[str, Any] = {"first_on": FIRST, "last_on": LAST, "kind": "holiday"}
    leave.add_leave(house.bob, AT, LeaveWish(**wish | values))


def test_leave_from_all_rosters_counts_in_each_and_from_one_in_that_one(house: House) -> None:
    take(house)
    take(house, roster_id=house.group, last_on=FIRST, kind="study")
    whole, one = Away(house.bob.id, FIRST, LAST), Away(house.bob.id, FIRST, FIRST)
    by_day = lambda found: sorted(found, key=lambda away: away.last_on)  # noqa: E731
    assert by_day(leave.leaves_of(house.group)) == [one, whole]
    assert leave.leaves_of(house.individual) == [whole]


def test_own_leave_covers_its_days_in_its_roster(house: House) -> None:
    take(house, roster_id=house.group)
    (own,) = leave.own_leaves(house.bob)
    day = timedelta(days=1)
    days = [FIRST - day, FIRST, LAST, LAST + day]
    assert [own.covers(house.group, one) for one in days] == [False, True, True, False]
    assert own.covers(house.individual, FIRST) is False
    assert (own.title, leave.own_leaves(house.carol)) == ("Tuesday group", [])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"last_on": FIRST - timedelta(days=1)}, "last_on"),
        ({"last_on": FIRST + timedelta(days=733)}, "last_on"),
        ({"first_on": date(2040, 1, 1), "last_on": date(2040, 1, 2)}, "first_on"),
        ({"first_on": date(2010, 1, 1), "last_on": date(2010, 1, 2)}, "first_on"),
        ({"kind": "influenza"}, "kind"),
        ({"roster_id": factories.unknown()}, "roster"),
    ],
)
def test_leave_refuses(house: House, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        take(house, **values)
    assert refused.value.field == field
    assert leave.own_leaves(house.bob) == []


def test_leave_of_somebody_elses_roster_is_refused(house: House) -> None:
    other = factories.roster(house.alice, house.carol)
    with pytest.raises(Invalid):
        take(house, roster_id=other.id)


def test_withdrawn_leave_counts_no_longer_and_stays_in_the_table(house: House) -> None:
    take(house)
    (own,) = leave.own_leaves(house.bob)
    for who in (house.alice, house.charlie):
        with pytest.raises(NotFound):
            leave.withdraw_leave(who, AT, own.id)
    leave.withdraw_leave(house.bob, AT, own.id)
    assert (leave.own_leaves(house.bob), leave.leaves_of(house.group)) == ([], [])
    assert db.session.scalar(db.select(Leave.withdrawn_at)) == AT
    with pytest.raises(NotFound):
        leave.withdraw_leave(house.bob, AT, own.id)


def test_leave_leaves_a_line_without_its_kind(house: House) -> None:
    take(house)
    lines = db.session.scalars(db.select(AuditEntry).where(AuditEntry.act == "leave.add"))
    assert [line.detail for line in lines] == [{}]
