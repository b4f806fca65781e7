"""Finding a time: from whom it asks, what it knows of them, and what it keeps to itself."""

from datetime import UTC, date, datetime, timedelta

import pytest

from supervision.db import db
from supervision.domain.finding import Hour
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.availability import TimeOff
from supervision.models.leave import Leave, LeaveKind
from supervision.models.rosters import Kind, RosterState
from supervision.services import finding
from tests import factories
from tests.support.statements import counted

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)


@pytest.fixture
def house(app):
    return factories.house()


def times(house, actor=None, minutes=60, weeks=1, chosen=(), day=TUESDAY, roster=None):
    who = actor or house.alice
    return finding.times_for(who, NOW, roster or house.group, minutes, day, weeks, chosen)


def test_best_times_suit_london_toronto_and_berlin(house) -> None:
    """Nine in Toronto is two in London and three in Berlin: the first hour that is good for all."""
    found = times(house)
    assert [one.name for one in found.members] == ["Alice Ashworth", "Bob Brandt", "Carol Conti"]
    assert [one.told for one in found.members] == [False, False, False]
    assert found.best[0].starts_at == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert found.best[0].hours == (Hour.GOOD, Hour.GOOD, Hour.GOOD)
    assert len(found.best) == 10
    assert len(found.all) == 7 * 48


def test_busy_people_are_spared(house) -> None:
    group = factories.roster(house.alice, house.bob, title="Another")
    start = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    factories.session(group, start, house.carol, minutes=90)
    found = times(house)
    starts = [one.starts_at for one in found.all]
    assert start - timedelta(minutes=60) in starts
    assert [start + timedelta(minutes=n) in starts for n in (-30, 0, 60, 90)] == [
        False,
        False,
        False,
        True,
    ]
    without_carol = times(house, chosen={house.alice.id, house.bob.id})
    assert start in [one.starts_at for one in without_carol.all]
    assert [one.name for one in without_carol.members] == ["Alice Ashworth", "Bob Brandt"]
    assert len(without_carol.everybody) == 3


def test_time_off_counts_for_who_said_nothing_else(house) -> None:
    db.session.add(
        TimeOff(person_id=house.alice.id, first_on=TUESDAY, last_on=TUESDAY, label="a secret")
    )
    db.session.flush()
    found = times(house)
    assert {one.starts_at.date() for one in found.all} == {date(2026, 11, 25 + n) for n in range(6)}
    assert found.members[0].told is False


def test_leave_from_this_roster_counts_by_the_days_of_its_zone(house) -> None:
    other = factories.roster(house.alice, house.bob, title="Another")
    away = {"person_id": house.bob.id, "kind": LeaveKind.HOLIDAY, "created_at": NOW}
    for roster_id, day in ((house.group, TUESDAY), (other.id, date(2026, 11, 26))):
        db.session.add(Leave(roster_id=roster_id, first_on=day, last_on=day, **away))
    db.session.flush()
    days = {one.starts_at.date() for one in times(house).all}
    assert days == {date(2026, 11, 25 + n) for n in range(6)}
    assert len(times(house, chosen={house.alice.id, house.carol.id}).all) == 7 * 48


def test_strangers_chosen_by_hand_are_not_asked(house) -> None:
    """Somebody else's free time is not to be read by writing their id into the address."""
    found = times(house, chosen={house.charlie.id})
    assert house.charlie.id not in {one.id for one in found.members}
    assert len(found.members) == 3


def test_only_who_runs_a_roster_looks_for_its_times(house) -> None:
    with pytest.raises(NotFound):
        times(house, house.charlie)
    with pytest.raises(NotFound):
        times(house, house.dana)
    with pytest.raises(NotAllowed):
        times(house, house.bob)
    peers = factories.roster(house.bob, house.carol, kind=Kind.PEER)
    assert times(house, house.carol, roster=peers.id).members != []
    peers.state = RosterState.ENDED
    with pytest.raises(Conflict):
        times(house, house.carol, roster=peers.id)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"minutes": 4}, "minutes"),
        ({"minutes": 481}, "minutes"),
        ({"weeks": 0}, "weeks"),
        ({"weeks": 9}, "weeks"),
        ({"day": date(9999, 12, 31)}, "first_day"),
        ({"day": date(1, 1, 1)}, "first_day"),
        ({"day": date(2026, 11, 21)}, "first_day"),
    ],
)
def test_senseless_wishes_are_refused(house, values, field) -> None:
    with pytest.raises(Invalid) as refused:
        times(house, **values)
    assert refused.value.field == field


def test_statements_do_not_grow_with_members(house) -> None:
    with counted() as few:
        times(house)
    big = factories.roster(house.alice, capacity=40)
    for number in range(30):
        factories.join(big, factories.person(f"member{number}"))
    with counted() as many:
        times(house, roster=big.id)
    assert len(many) == len(few)


def week(house, actor=None, hours=(9, 14), chosen=(), monday=date(2026, 11, 23), roster=None):
    days = [monday + timedelta(days=n) for n in range(7)]
    who = actor or house.alice
    return finding.week_for(who, NOW, roster or house.group, 60, days, hours, chosen)


def test_week_shows_who_is_free_at_each_hour_of_the_viewers_clock(house) -> None:
    group = factories.roster(house.alice, house.bob, title="Another")
    factories.session(group, datetime(2026, 11, 24, 14, 30, tzinfo=UTC), house.carol)
    found = week(house)
    assert [one.name for one in found.members] == ["Alice Ashworth", "Bob Brandt", "Carol Conti"]
    tuesday = [row[1] for row in found.rows]
    assert [(one.starts_at.hour, one.free, one.hours) for one in tuesday if one] == [
        (9, (True, True, True), (Hour.GOOD, Hour.NIGHT, Hour.GOOD)),
        (14, (True, True, False), (Hour.GOOD, Hour.GOOD, Hour.GOOD)),
    ]
    alone = week(house, chosen={house.alice.id, house.bob.id})
    assert [one.name for one in alone.members] == ["Alice Ashworth", "Bob Brandt"]


def test_week_has_no_hour_that_the_clock_jumps_over(house) -> None:
    """London's clocks go from one to two on Sunday 28 March 2027."""
    found = week(house, hours=(0, 1, 2), monday=date(2027, 3, 22))
    assert [row[6] is None for row in found.rows] == [False, True, False]
    assert [row[5] is None for row in found.rows] == [False, False, False]


def test_week_is_for_who_runs_the_roster(house) -> None:
    with pytest.raises(NotFound):
        week(house, house.charlie)
    with pytest.raises(NotAllowed):
        week(house, house.bob)
    with pytest.raises(Invalid):
        week(house, monday=date(2050, 1, 3))
    assert len(week(house, chosen={house.charlie.id}).members) == 3
