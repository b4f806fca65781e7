"""Who is busy: the one query, against comparing everything with everything."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, insert, select, text

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.errors import Conflict
from supervision.models.people import Person
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim
from supervision.services import claims
from supervision.services.claims import Claimant
from tests import factories
from tests.conftest import NOW
from tests.factories import House

NINE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
STEP = 20
lengths = st.integers(1, 480 // STEP)
spans = st.tuples(st.integers(0, 60), lengths).map(
    lambda pair: Interval.lasting(NINE + timedelta(minutes=pair[0] * STEP), pair[1] * STEP)
)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(busy=st.lists(spans, max_size=6), wanted=st.lists(spans, min_size=1, max_size=4))
def test_clashes_are_all_that_overlap(
    house: House, busy: list[Interval], wanted: list[Interval]
) -> None:
    db.session.execute(delete(Claim))
    roster = db.session.get_one(Roster, house.group)
    for span in busy:
        minutes = (span.end - span.start).seconds // 60
        factories.session(roster, span.start, house.bob, house.carol, minutes=minutes)
    found = claims.clashes([Claimant(house.bob.id, True)], wanted, NOW)
    expected = sorted(
        (own.start, own.end, wish.start) for own in busy for wish in wanted if own.overlaps(wish)
    )
    assert sorted((one.starts_at, one.ends_at, one.wanted_at) for one in found) == expected


def test_clashes_of_five_hundred_times_are_one_statement(house: House, app: Flask) -> None:
    weeks = [Interval.lasting(NINE + timedelta(weeks=week), 50) for week in range(520)]
    roster = db.session.get_one(Roster, house.group)
    factories.session(roster, NINE + timedelta(weeks=300), house.bob)
    people = [Claimant(house.bob.id, True), Claimant(house.carol.id, True)]
    seen: list[str] = []

    def see(_connection, _cursor, statement, *_more) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", see)
    found = claims.clashes(people, weeks, NOW)
    event.remove(db.engine, "before_cursor_execute", see)
    assert (len(found), len(seen)) == (1, 1)


@pytest.mark.engines("sqlite")
def test_clashes_of_many_times_look_into_the_index_from_each(house: House) -> None:
    """Once statistics are known, a plan that begins at the sessions is a thousand times slower."""
    roster = db.session.get_one(Roster, house.group)
    for week in range(300):
        factories.session(roster, NINE - timedelta(weeks=week), house.bob, house.carol)
    db.session.execute(text("ANALYZE"))
    seen: list[tuple[str, tuple[object, ...]]] = []

    def see(_connection, _cursor, statement, parameters, *_more) -> None:
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", see)
    weeks = [Interval.lasting(NINE - timedelta(weeks=week), 50) for week in range(200)]
    claims.clashes([Claimant(house.bob.id, True), Claimant(house.carol.id, True)], weeks, NOW)
    event.remove(db.engine, "before_cursor_execute", see)
    ((statement, parameters),) = seen
    explained = f"EXPLAIN QUERY PLAN {statement}"
    plan = db.session.connection().exec_driver_sql(explained, parameters)
    steps = [row.detail for row in plan if row.detail.startswith(("SCAN", "SEARCH"))]
    assert [step.split(" USING")[0] for step in steps if "CONSTANT" not in step] == [
        "SCAN wanted",
        "SEARCH claim",
        "SEARCH person",
        "SEARCH session",
    ]
    assert "(person_id=? AND starts_at>? AND starts_at<?)" in steps[-3]


def test_serialise_bumps_every_epoch_once(house: House) -> None:
    claims.serialise([house.bob.id, house.alice.id, house.bob.id])
    epochs = db.session.execute(select(Person.name, Person.epoch).where(Person.epoch > 0))
    assert sorted(tuple(row) for row in epochs) == [("Alice Ashworth", 1), ("Bob Brandt", 1)]


def test_claims_made_together_lie_together(house: House) -> None:
    """Their ids are random and yet neighbours: one page of the index takes them all."""
    roster = db.session.get_one(Roster, house.group)
    made = [factories.session(roster, NINE + timedelta(days=day)) for day in range(3)]
    people = [Claimant(who.id, False) for who in (house.alice, house.bob, house.carol)]
    claims.claim([(one.id, Interval.lasting(one.starts_at, 50)) for one in made], people)
    ids = {one.int for one in db.session.scalars(select(Claim.id))}
    assert (len(ids), {one >> 4 for one in ids}) == (9, {min(ids) >> 4})


def test_guarded_turns_the_guard_s_refusal_into_a_conflict(house: House) -> None:
    roster = db.session.get_one(Roster, house.group)
    one, other = (factories.session(roster, NINE), factories.session(roster, NINE))
    span = Interval.lasting(NINE, 50)
    claims.claim([(one.id, span)], [Claimant(house.alice.id, True)])
    with pytest.raises(Conflict) as caught:
        claims.claim([(other.id, span)], [Claimant(house.alice.id, True)])
    assert caught.value.msgid == (
        "Somebody here was booked for this time a moment ago. Nothing was changed."
    )


def test_guarded_lets_other_faults_through(house: House) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key") as caught, claims.guarded():
        db.session.execute(
            insert(Claim).values(
                person_id=factories.unknown(),
                session_id=factories.unknown(),
                starts_at=NINE,
                ends_at=NINE + timedelta(minutes=5),
                hard=True,
            )
        )
    assert not isinstance(caught.value, Conflict)
