"""Eight processes book the same five people: no overlap; and without the guards, overlaps.

Eight members sign up for the last seat: one has it; and where the seat is not counted, several.

There are two guards, each enough alone: bookings that share a person wait for each other, and the
database refuses overlapping claims. Both are taken away to show that the race is real.
"""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from supervision.config import Settings
from supervision.db import db, writing
from supervision.models import guards
from supervision.models.sessions import Claim, Session
from supervision.services import integrity
from tests import factories
from tests.support import racing

ROOT = Path(__file__).parents[2]
PROCESSES = 8
ATTEMPTS, HOURS = 400, 24
FEWER, SHORTER = 120, 8
Pairs = list[tuple[str, str]]
# No code of ours counts: any two claims of one person that share an instant.
OVERLAPS = """
    SELECT count(*) FROM claim AS a JOIN claim AS b
    ON a.person_id = b.person_id AND a.id < b.id
    AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""


@pytest.fixture
def pairs(app: Flask) -> Pairs:
    """Five people, each supervising or supervised by each other: both are busy in a session."""
    people = [factories.person(f"person{number}") for number in range(5)]
    made = [
        (str(lead.id), str(factories.roster(lead, other, kind="individual", zone="UTC").id))
        for lead, other in combinations(people, 2)
    ]
    db.session.commit()
    return made


def race(
    settings: Settings,
    pairs: Pairs,
    serialised: bool,
    attempts: int = ATTEMPTS,
    hours: int = HOURS,
    kind: str = "",
    sessions: Sequence[str] = (),
) -> Counter[str]:
    """Run it in processes of its own, which know the database by its address alone."""
    given = racing.Race(
        database_url=settings.database_url,
        instance=str(settings.instance),
        pairs=pairs,
        processes=PROCESSES,
        attempts=attempts,
        hours=hours,
        serialised=serialised,
        kind=kind,
        sessions=sessions,
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.racing"],
        input=given.as_json(),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Counter(json.loads(done.stdout))


def overlaps(settings: Settings) -> int:
    """Counted by the driver alone."""
    kind, _, rest = settings.database_url.partition("://")
    if kind == "sqlite":
        with closing(sqlite3.connect(Path(rest.removeprefix("/")))) as file:
            return int(file.execute(OVERLAPS).fetchone()[0])
    with psycopg.connect(f"postgresql://{rest}") as connection:
        found = connection.execute(OVERLAPS).fetchone()
        return int(found[0]) if found else -1


@contextmanager
def database_guard(app: Flask, kept: bool) -> Iterator[None]:
    """The seam: a database that refuses nothing, put right again afterwards."""
    name = db.engine.dialect.name
    db.session.remove()
    if kept:
        yield
        return
    _run(guards.DOWN[name])
    try:
        yield
    finally:
        with writing():
            db.session.execute(db.delete(Claim))
        _run(guards.UP[name])


def _run(statements: tuple[str, ...]) -> None:
    with writing():
        # SQLite looks for a trigger in the schema that this connection remembers: refresh it.
        db.session.connection().exec_driver_sql("SELECT count(*) FROM claim")
        for statement in statements:
            db.session.connection().exec_driver_sql(statement)


def test_race_with_both_guards_never_books_twice(
    app: Flask, settings: Settings, pairs: Pairs
) -> None:
    outcome = race(settings, pairs, serialised=True)
    assert overlaps(settings) == 0
    assert outcome["booked"] > PROCESSES
    assert outcome["booked"] + outcome["clashed"] == ATTEMPTS


@pytest.mark.parametrize("serialised", [True, False], ids=["bookings wait", "database refuses"])
def test_race_with_one_guard_never_books_twice(
    app: Flask, settings: Settings, pairs: Pairs, serialised: bool
) -> None:
    with database_guard(app, kept=not serialised):
        outcome = race(settings, pairs, serialised, FEWER, SHORTER)
        found = overlaps(settings)
    assert found == 0
    # Two inserts that wait for each other are refused as a deadlock by PostgreSQL.
    refused = outcome["refused by the database"] + outcome["DeadlockDetected"]
    assert outcome["booked"] + outcome["clashed"] + refused == FEWER
    assert (refused > 0) == (not serialised)


def test_race_without_guards_books_twice(app: Flask, settings: Settings, pairs: Pairs) -> None:
    with database_guard(app, kept=False):
        outcome = race(settings, pairs, serialised=False)
        found = overlaps(settings)
    assert found > 0
    assert outcome["booked"] + outcome["clashed"] == ATTEMPTS


# -- supervisees who want the same free times --------------------------------------------------

SLOTS = 24
SUPERVISEES = 4


@dataclass(frozen=True)
class Desk:
    """A supervisor's kind of session, and her supervisees with their rosters."""

    kind: str
    pairs: Pairs


@pytest.fixture
def desk(app: Flask) -> Desk:
    lead = factories.person("lead")
    kind = factories.bookable(lead, minutes=60)
    who = [factories.person(f"supervisee{number}") for number in range(SUPERVISEES)]
    made = [
        (str(one.id), str(factories.roster(lead, one, kind="individual", zone="UTC").id))
        for one in who
    ]
    db.session.commit()
    return Desk(str(kind), made)


def race_for_slots(settings: Settings, desk: Desk, serialised: bool) -> Counter[str]:
    return race(settings, desk.pairs, serialised, hours=SLOTS, kind=desk.kind)


def test_each_slot_is_taken_by_exactly_one_of_those_who_want_it(
    app: Flask, settings: Settings, desk: Desk
) -> None:
    outcome = race_for_slots(settings, desk, serialised=True)
    assert outcome == {"booked": SLOTS, "gone": (PROCESSES - 1) * SLOTS}
    assert overlaps(settings) == 0
    assert db.session.scalar(db.select(db.func.count(Session.id))) == SLOTS


def test_slots_are_taken_twice_without_guards(app: Flask, settings: Settings, desk: Desk) -> None:
    """Holds are kept apart by the guards too, so both are taken away from all that is done."""
    with database_guard(app, kept=False):
        outcome = race_for_slots(settings, desk, serialised=False)
        found = overlaps(settings)
    assert found > 0
    assert outcome["booked"] > SLOTS


# -- members who want the last seat of the same sessions ----------------------------------------

SEATED = 6
# Counted by the driver alone: who comes to each session, but for who leads (she claims hard).
COME = """
    SELECT s.id, s.capacity, s.taken, count(c.id) FROM session AS s
    LEFT JOIN claim AS c ON c.session_id = s.id AND NOT c.hard GROUP BY s.id, s.capacity, s.taken
"""


@dataclass(frozen=True)
class Seminar:
    """Sessions with five of six seats taken, and eight members more who all want the sixth."""

    sessions: list[str]
    members: Pairs


@pytest.fixture
def seminar(app: Flask) -> Seminar:
    lead = factories.person("lead")
    seated = [factories.person(f"seated{number}") for number in range(5)]
    wanting = [factories.person(f"wanting{number}") for number in range(PROCESSES)]
    made = factories.roster(lead, *seated, *wanting, capacity=20, session_capacity=6)
    starts = (racing.AT + timedelta(days=3 + day) for day in range(SEATED))
    held = [factories.session(made, at, *seated, capacity=6, taken=5) for at in starts]
    db.session.commit()
    return Seminar([str(one.id) for one in held], [(str(one.id), str(made.id)) for one in wanting])


def come() -> list[tuple[int, int, int]]:
    """Capacity, seats counted as taken, and those who come, of each session."""
    rows = db.session.execute(text(COME))
    return [(row[1], row[2], row[3]) for row in rows]


def race_for_seats(settings: Settings, seminar: Seminar, counted: bool) -> Counter[str]:
    db.session.remove()
    return race(settings, seminar.members, counted, sessions=seminar.sessions)


def test_last_seat_is_taken_by_exactly_one_of_many(
    app: Flask, settings: Settings, seminar: Seminar
) -> None:
    outcome = race_for_seats(settings, seminar, counted=True)
    assert outcome == {"comes": SEATED, "waits": (PROCESSES - 1) * SEATED}
    assert come() == [(6, 6, 6)] * SEATED
    assert list(integrity.faults()) == []


def test_looking_before_taking_sells_the_last_seat_twice(
    app: Flask, settings: Settings, seminar: Seminar
) -> None:
    race_for_seats(settings, seminar, counted=False)
    assert max(found for _capacity, _taken, found in come()) > 6
