"""Holding a roster: who may, and that nobody else gets at its row meanwhile."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from supervision.db import db
from supervision.errors import Conflict, NotAllowed, NotFound
from supervision.models.rosters import Membership, Roster, RosterState
from supervision.services import places
from supervision.services.places import Held
from tests import factories
from tests.factories import House

HOLDS: dict[str, Callable[[House], Held]] = {
    "hold": lambda house: places.hold(house.group),
    "hold_to_run": lambda house: places.hold_to_run(house.alice, house.group),
}


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def locked(model: type[Roster] | type[Membership]) -> bool:
    """Whether another connection would have to wait for one of these rows."""
    query = select(model.id).with_for_update(key_share=True, nowait=True)
    with db.engine.connect() as other:
        try:
            other.execute(query).all()
        except OperationalError:
            return True
    return False


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_held_roster_is_what_its_row_says(house: House, hold: Callable[[House], Held]) -> None:
    assert hold(house) == Held(
        id=house.group,
        title="Tuesday group",
        kind="group",
        zone="Europe/London",
        address="",
        meeting_link="https://meet.example.org/tuesday",
        state="active",
        session_capacity=None,
        signup_hours=24,
        signup_told=True,
    )


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_held_roster_is_locked_until_the_end(house: House, hold: Callable[[House], Held]) -> None:
    """SQLite has one writer, which needs no lock on a row."""
    seen = [locked(Roster)]
    hold(house)
    seen += [locked(Roster), locked(Membership)]
    db.session.rollback()
    assert [*seen, locked(Roster)] == [False, True, False, False]


def test_hold_to_run_is_for_who_leads(house: House) -> None:
    with pytest.raises(NotAllowed):
        places.hold_to_run(house.bob, house.group)
    for who, roster in ((house.charlie, house.group), (house.alice, factories.unknown())):
        with pytest.raises(NotFound):
            places.hold_to_run(who, roster)


def test_hold_to_run_refuses_what_has_ended(house: House) -> None:
    db.session.get_one(Roster, house.group).state = RosterState.ENDED
    db.session.flush()
    with pytest.raises(Conflict):
        places.hold_to_run(house.alice, house.group)
