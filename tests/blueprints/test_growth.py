"""What a page asks of the database does not grow with what was ever booked.

Counted in the steps of SQLite's own machine, which are the same on every run: a statement that
walks through all of somebody's sessions shows at once, however few rows it returns.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection, event, insert, select, text

from supervision.db import db, run, table
from supervision.models.people import Person, PersonState, Role
from supervision.models.sessions import Claim, ClaimState, Session, SessionState
from supervision.services import polls
from supervision.services.polls import Proposal
from tests import factories
from tests.factories import House
from tests.support.client import Client

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EVERY = 100
FEW, MANY = 300, 4000
OTHERS, EACH = 500, 4
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def house(app: Flask) -> Iterator[House]:
    yield factories.house()
    db.session.execute(text("DROP TABLE sqlite_stat1"))
    db.session.commit()


def crowd() -> list[UUID]:
    """People of whom each has little, where Alice has much: what a planner takes for the rule."""
    ids = [uuid4() for _ in range(OTHERS)]
    rows = [
        {
            "id": key,
            "email": f"{key}@example.org",
            "name": "Somebody",
            "role": Role.MEMBER,
            "state": PersonState.ACTIVE,
            "zone": "UTC",
            "created_at": NOW,
        }
        for key in ids
    ]
    run(insert(table(Person)), rows)
    return ids


def fill(house: House, others: list[UUID], many: int) -> None:
    """So many sessions of Alice's, half of them to come, eight hours apart: each month as full."""
    sessions, claims = [], []
    for number in range(many):
        starts_at = NOW + timedelta(hours=27 + 8 * (number - many // 2))
        row = {
            "id": uuid4(),
            "roster_id": (house.group, house.individual)[number % 2],
            "original_local": f"{starts_at:%Y-%m-%dT%H:%M}",
            "zone": "Europe/London",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=50),
            "state": SessionState.PLANNED,
            "made_by_id": house.alice.id,
            "created_at": NOW,
            "published_at": NOW,
        }
        sessions.append(row)
        some = [others[(number * EACH + one) % OTHERS] for one in range(EACH)]
        claims += [
            {
                "id": uuid4(),
                "person_id": who,
                "session_id": row["id"],
                "starts_at": starts_at,
                "ends_at": row["ends_at"],
                "hard": False,
                "state": ClaimState.CONFIRMED,
            }
            for who in (house.alice.id, *some)
        ]
    for model, rows in ((Session, sessions), (Claim, claims)):
        run(insert(table(model)), rows)
    db.session.commit()
    # As an operator's nightly maintenance does: the planner decides by what it knows of the rows.
    db.session.execute(text("ANALYZE"))
    db.session.commit()


@contextmanager
def steps() -> Iterator[Callable[[], int]]:
    """Counts the steps, in hundreds, that the database's machine takes for the application."""
    taken: list[int] = []

    def count() -> int:
        taken.append(1)
        return 0

    def listen(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(count, EVERY)

    db.session.remove()
    event.listen(db.engine, "begin", listen)
    try:
        yield lambda: len(taken)
    finally:
        event.remove(db.engine, "begin", listen)
        db.session.remove()
        db.engine.dispose()


def get(path: str) -> Callable[[Client], int]:
    return lambda client: client.get(path).status_code


def book(roster_id: UUID) -> Callable[[Client], int]:
    """Days after everything else, each another one."""
    days = itertools.count(700)

    def send(client: Client) -> int:
        day = NOW + timedelta(days=next(days))
        data = {"date": f"{day:%Y-%m-%d}", "starts_at": "04:00", "minutes": "50"}
        path = f"/rosters/{roster_id}/book"
        return client.send(path, {"repeats": "never", **data}).status_code

    return send


def poll(house: House) -> UUID:
    """A poll of Alice's about a time among those when she is busiest."""
    day = timedelta(days=1)
    made = polls.ask(house.alice, NOW, house.group, Proposal([NOW + 2 * day], 50, NOW + day))
    db.session.commit()
    return made


def asks(house: House) -> dict[str, Callable[[Client], int]]:
    return {
        "home": get("/"),
        "week": get("/calendar"),
        "agenda": get("/calendar?view=agenda"),
        "rosters": get("/rosters"),
        "roster": get(f"/rosters/{house.group}"),
        "availability": get("/availability"),
        "attendance to mark": get("/attendance/waiting"),
        "free times": get(f"/book/{house.individual}"),
        "polls": get(f"/rosters/{house.group}/polls"),
        "poll": get(f"/polls/{poll(house)}"),
        "find a time": get(f"/rosters/{house.group}/find"),
        "book": book(house.group),
    }


def costs(asked: dict[str, Callable[[Client], int]], client: Client) -> dict[str, int]:
    """The steps of each page, asked a second time."""
    found = {}
    for name, ask in asked.items():
        assert ask(client) in {200, 303}, name
        with steps() as taken:
            ask(client)
        found[name] = taken()
    return found


def test_pages_take_no_more_steps_when_more_was_ever_booked(house: House, client: Client) -> None:
    asked = asks(house)
    client.sign_in(house.alice.id)
    others = crowd()
    fill(house, others, FEW)
    few = costs(asked, client)
    fill(house, others, MANY)
    many = costs(asked, client)
    grown = {name: (few[name], many[name]) for name in few if many[name] > 2 * few[name] + 10}
    assert grown == {}


def test_steps_show_a_walk_through_everything(house: House, app: Flask) -> None:
    """The measure itself: a statement without an index takes steps by the row."""
    counts, others = [], crowd()
    for many in (FEW, MANY):
        fill(house, others, many)
        with steps() as taken:
            db.session.execute(select(Claim.id).where(Claim.state == "none")).all()
        counts.append(taken())
    assert counts[1] > 5 * counts[0]
