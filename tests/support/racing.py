"""The race: processes that book the same people, again and again. Run as a program of its own.

Reads one JSON object from its input (see `Race`), prints how the attempts ended as another.
"""

import json
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from supervision import create_app
from supervision.db import begin_write, db, writing
from supervision.errors import Conflict
from supervision.models.people import Role
from supervision.models.sessions import Claim, Session
from supervision.permissions import Actor
from supervision.services import booking, claims, sessions, signup
from supervision.services.booking import Choice, Gone
from supervision.services.claims import Clash, Clashed
from supervision.services.sessions import Wish
from supervision.services.signup import own
from tests.support.databases import settings_for

# Seconds in which others look too before what was found free is taken, where no guard forbids it.
LOOK = 0.05
# Seconds that a process waits for the others before each try.
PATIENCE = 60
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MIDNIGHT = datetime.fromisoformat("2026-11-24T00:00")


@dataclass(frozen=True)
class Race:
    """`pairs`: who leads which roster of two. `serialised`: whether bookings wait in the code.

    All bookings fall into the first `hours` of one day, so that most of them clash. With `kind`,
    an id of a kind of session, each pair is a supervisee and their roster, and all of them want
    each hour of those days in turn; a hold comes before each try. With `sessions`, ids of sessions
    that members sign up for, each pair is a member, and all of them sign up for each in turn.
    """

    database_url: str
    instance: str
    pairs: Sequence[tuple[str, str]]
    processes: int
    attempts: int
    hours: int
    serialised: bool
    kind: str = ""
    sessions: Sequence[str] = ()

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def main() -> None:
    race = Race(**json.load(sys.stdin))
    # Made before the fork, which a process without threads and connections may do safely.
    app = create_app(settings_for(Path(race.instance), race.database_url))
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(race.processes, timeout=PATIENCE)
    with fork.Pool(race.processes, _enter, [app, race, start]) as pool:
        outcomes = pool.map(_run, range(race.processes), chunksize=1)
    json.dump(sum(outcomes, Counter()), sys.stdout)


def _enter(app: Flask, race: Race, start: Barrier) -> None:
    _here.update(app=app, race=race, start=start)


_here: dict[str, Any] = {}


def _run(seed: int) -> Counter[str]:
    """One process's share of the attempts."""
    race, dice = _here["race"], random.Random(seed)
    outcome: Counter[str] = Counter()
    with _here["app"].app_context():
        if race.sessions:
            outcome += _sign_up_for_all(race, seed)
        elif race.kind:
            outcome += _take_all(race, seed)
        else:
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


def _take_all(race: Race, seed: int) -> Counter[str]:
    """One supervisee goes for every hour of the days, like all the others."""
    who, roster_id = race.pairs[seed % len(race.pairs)]
    actor, outcome = _actor(UUID(who)), Counter[str]()
    for hour in range(race.hours):
        start = MIDNIGHT.replace(tzinfo=UTC) + timedelta(days=hour // 8, hours=9 + hour % 8)
        choice = Choice(UUID(race.kind), start)
        _here["start"].wait()
        outcome[_take(race, actor, UUID(roster_id), choice)] += 1
    return outcome


def _take(race: Race, actor: Actor, roster_id: UUID, choice: Choice) -> str:
    """As a form does: hold it, and whatever comes of that, try to take it.

    Without the code's guard there is no hold, which is one as well. All begin at once.
    """
    try:
        if race.serialised:
            with suppress(Gone), writing():
                booking.hold_time(actor, AT, roster_id, choice)
        with writing(), _guard_in_the_code(race.serialised):
            booking.take_time(actor, AT, roster_id, choice)
    except (Gone, Clashed):
        return "gone"
    except Conflict:
        return "refused by the database"
    except DBAPIError as error:
        return type(error.orig).__name__
    return "booked"


def _sign_up_for_all(race: Race, seed: int) -> Counter[str]:
    """One member signs up for every session, at the same moment as all the others."""
    actor, outcome = _actor(UUID(race.pairs[seed][0])), Counter[str]()
    for session_id in race.sessions:
        _here["start"].wait()
        outcome[_sign_up(race, actor, UUID(session_id))] += 1
    return outcome


def _sign_up(race: Race, actor: Actor, session_id: UUID) -> str:
    try:
        with writing(), _seats_are_counted(race.serialised):
            return signup.sign_up(actor, AT, session_id).standing
    except DBAPIError as error:
        return type(error.orig).__name__


def _seats_are_counted(kept: bool) -> AbstractContextManager[object]:
    """The seam: a look whether a seat is free, and what follows from it in a second transaction."""
    if kept:
        return nullcontext()
    return mock.patch.object(own, "take_seat", _look_and_take)


def _look_and_take(session_id: UUID) -> bool:
    come = select(func.count(Claim.id)).where(Claim.session_id == session_id)
    seats = select(Session.capacity).where(Session.id == session_id)
    free = (db.session.scalar(come) or 0) < (db.session.scalar(seats) or 0)
    db.session.commit()
    time.sleep(LOOK)
    begin_write()
    return free


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
    return mock.patch.multiple(claims, serialise=_nobody_waits, refuse_hard=_look_and_let_go)


def _nobody_waits(_ids: object) -> None:
    return None


_refuse_hard = claims.refuse_hard


def _look_and_let_go(found: Sequence[Clash]) -> list[Clash]:
    warnings = _refuse_hard(found)
    db.session.commit()
    time.sleep(LOOK)
    begin_write()
    return warnings


if __name__ == "__main__":
    os.environ.setdefault("TZ", "America/Los_Angeles")
    main()
