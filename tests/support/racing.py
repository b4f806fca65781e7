"""The race: processes that book the same people, again and again. Run as a program of its own.

Reads one JSON object from its input (see `Race`), prints how the attempts ended as another.
"""

import json
import multiprocessing
import os
import random
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

from flask import Flask
from sqlalchemy.exc import DBAPIError

from supervision import create_app
from supervision.db import begin_write, db, writing
from supervision.errors import Conflict
from supervision.models.people import Role
from supervision.permissions import Actor
from supervision.services import claims, sessions
from supervision.services.claims import Clash, Clashed
from supervision.services.sessions import Wish
from tests.support.databases import settings_for

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MIDNIGHT = datetime.fromisoformat("2026-11-24T00:00")


@dataclass(frozen=True)
class Race:
    """`pairs`: who leads which roster of two. `serialised`: whether bookings wait in the code.

    All bookings fall into the first `hours` of one day, so that most of them clash.
    """

    database_url: str
    instance: str
    pairs: Sequence[tuple[str, str]]
    processes: int
    attempts: int
    hours: int
    serialised: bool

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def main() -> None:
    race = Race(**json.load(sys.stdin))
    # Made before the fork, which a process without threads and connections may do safely.
    app = create_app(settings_for(Path(race.instance), race.database_url))
    with multiprocessing.get_context("fork").Pool(race.processes, _enter, [app, race]) as pool:
        outcomes = pool.map(_run, range(race.processes), chunksize=1)
    json.dump(sum(outcomes, Counter()), sys.stdout)


def _enter(app: Flask, race: Race) -> None:
    _here.update(app=app, race=race)


_here: dict[str, Any] = {}


def _run(seed: int) -> Counter[str]:
    """One process's share of the attempts."""
    race, dice = _here["race"], random.Random(seed)
    outcome: Counter[str] = Counter()
    with _here["app"].app_context():
        for _ in range(race.attempts // race.processes):
            outcome[_attempt(race, dice)] += 1
        db.session.remove()
    return outcome


def _attempt(race: Race, dice: random.Random) -> str:
    lead, roster_id = dice.choice(race.pairs)
    start = MIDNIGHT + timedelta(minutes=5 * dice.randrange(race.hours * 12))
    wish = Wish(start, dice.randrange(20, 65, 5))
    try:
        with writing(), _guard_in_the_code(race.serialised):
            sessions.book_session(_actor(UUID(lead)), AT, UUID(roster_id), wish)
    except Clashed:
        return "clashed"
    except Conflict:
        return "refused by the database"
    except DBAPIError as error:
        return type(error.orig).__name__
    return "booked"


def _actor(person_id: UUID) -> Actor:
    return Actor(
        id=person_id,
        email="",
        name="Somebody",
        role=Role.MEMBER,
        zone="UTC",
        zone_confirmed=True,
        language="en",
        clock="24",
        week_starts=0,
        sign_in_id=person_id,
    )


def _guard_in_the_code(kept: bool) -> AbstractContextManager[object]:
    """The seam: no waiting for each other, and a commit between looking and taking."""
    if kept:
        return nullcontext()
    return mock.patch.multiple(claims, serialise=lambda _ids: None, refuse_hard=_look_and_let_go)


_refuse_hard = claims.refuse_hard


def _look_and_let_go(found: Sequence[Clash]) -> list[Clash]:
    warnings = _refuse_hard(found)
    db.session.commit()
    begin_write()
    return warnings


if __name__ == "__main__":
    os.environ.setdefault("TZ", "America/Los_Angeles")
    main()
