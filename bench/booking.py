"""Bookings: one transaction beside a bare row, and many clients who want the same time."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, Thread
from typing import NamedTuple
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import insert

from bench.dataset import this_monday
from bench.load import Ask, Refused, answer
from bench.measure import percentile
from bench.stage import Stage
from supervision import clock
from supervision.db import db, run, table, writing
from supervision.domain.recurrence import resolve
from supervision.models.audit import AuditEntry
from supervision.models.people import Person, Role
from supervision.models.rosters import Kind, MemberRole
from supervision.permissions import Actor
from supervision.services import claims, people, places, rosters, sessions
from supervision.services.rosters import RosterForm
from supervision.services.sessions import Wish
from supervision.services.sessions.one import checked_clashes
from supervision.services.sessions.plan import insert_sessions, members_of, spans

CLIENTS, SLOTS, SUPERVISORS = 16, 20, 4
EACH = 12
_ROW = insert(table(AuditEntry)).inline()


class Pair(NamedTuple):
    """A supervisor and an individual roster of theirs."""

    lead: Actor
    roster_id: UUID


def _somebody(name: str, role: str) -> Actor:
    person = Person(
        email=f"{name}-{uuid4().hex[:12]}@bench.example",
        name=name,
        role=role,
        state="active",
        zone="UTC",
        zone_confirmed=True,
        created_at=clock.now(),
    )
    db.session.add(person)
    db.session.flush()
    return people.actor_of(person)


def _pair(lead: Actor) -> Pair:
    """Somebody new in an individual roster with a supervisor."""
    form = RosterForm("Two", Kind.INDIVIDUAL, "UTC", 1, 50, "", "https://meet.example/two")
    other, at = _somebody("supervisee", Role.MEMBER), clock.now()
    roster_id = rosters.make_roster(lead, at, form)
    rosters.invite_member(lead, at, roster_id, other.email, MemberRole.SUPERVISEE, "")
    rosters.accept(other, at, roster_id)
    return Pair(lead, roster_id)


def pairs(app: Flask, leads: int, each: int) -> list[Pair]:
    """So many supervisors, with so many individual rosters each."""
    with app.app_context(), writing():
        who = [_somebody("supervisor", Role.SUPERVISOR) for _ in range(leads)]
        return [_pair(lead) for lead in who for _ in range(each)]


# -- one transaction ---------------------------------------------------------------------------


def seconds(act: Callable[[], object], times: int) -> float:
    """What `act` takes by the clock on the wall: a commit mostly waits for the disk."""
    before = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - before) / times * 1000


class Costs(NamedTuple):
    """Functions that give ms: of one bare row, of a session with its two claims, inserted as they
    are, of the same with what keeps bookings apart, and of a whole booking."""

    row: Callable[[], float]
    rows: Callable[[], float]
    check: Callable[[], float]
    whole: Callable[[], float]


def costs(app: Flask, times: int = 200) -> Costs:
    """What transactions for two people cost, each as the application's own."""
    (pair,) = pairs(app, 1, 1)
    hours = (timedelta(hours=number) for number in range(1 << 20))
    first = datetime(2030, 1, 1)  # noqa: DTZ001 - local

    def whole() -> None:
        with writing():
            wish = Wish(first + next(hours), 50)
            sessions.book_session(pair.lead, clock.now(), pair.roster_id, wish)

    def place(*, checked: bool) -> None:
        with writing():
            due = [resolve(first + next(hours), "UTC")]
            if checked:
                checked_clashes(pair.lead, members, spans(due, 50), clock.now())
            made = insert_sessions(held, due, 50, made_by_id=pair.lead.id, at=clock.now())
            claims.claim(made, members)

    def row() -> None:
        values = {"at": clock.now(), "act": "bench", "detail": {}, "request_id": ""}
        with writing():
            run(_ROW, values)

    with app.app_context(), writing():
        held = places.hold(pair.roster_id)
        members = members_of(held)
    acts = (row, partial(place, checked=False), partial(place, checked=True), whole)
    return Costs(*(partial(_within, app, act, times) for act in acts))


def _within(app: Flask, act: Callable[[], object], times: int) -> float:
    with app.app_context():
        return seconds(act, times)


# -- many at once ------------------------------------------------------------------------------


def _form(stage: Stage, engine: str, starts_local: datetime) -> dict[str, str]:
    return {
        "csrf_token": stage.csrf_token(engine),
        "once": str(uuid4()),
        "date": f"{starts_local:%Y-%m-%d}",
        "starts_at": f"{starts_local:%H:%M}",
        "minutes": "50",
        "repeats": "never",
    }


def _together(port: int, asks: list[list[Ask]]) -> tuple[list[Counter[int]], list[float]]:
    """Clients that begin at once: for each ask its answers' statuses, and all seconds."""
    begin, statuses, taken = Barrier(len(asks)), [Counter[int]() for _ in asks[0]], []

    def client(mine: list[Ask]) -> None:
        begin.wait()
        for number, ask in enumerate(mine):
            started = time.perf_counter()
            statuses[number][answer(port, ask)] += 1
            taken.append(time.perf_counter() - started)

    threads = [Thread(target=client, args=(mine,)) for mine in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, taken


def one_slot(stage: Stage, engine: str) -> int:
    """Sixteen clients want one time of Alice's, twenty times; how often exactly one had it."""
    cast, cookie, won = stage.cast(engine), stage.cookie(engine), 0
    # Saturdays at eleven at night: `book` has any other hour of a weekend.
    first = this_monday().replace(tzinfo=None) + timedelta(weeks=2, days=5, hours=23)
    for number in range(SLOTS):
        at = first + timedelta(weeks=number)
        asks = [
            [Ask(f"/rosters/{roster}/book", 0, {"Cookie": cookie}, _form(stage, engine, at))]
            for roster in cast.rosters[:CLIENTS]
        ]
        (statuses,), _taken = _together(stage.server(engine).port, asks)
        if statuses != {303: 1, 422: CLIENTS - 1}:
            raise Refused(f"{CLIENTS} clients and one slot: {dict(statuses)}")
        won += 1
    return won


def waits(stage: Stage, engine: str) -> tuple[float, float]:
    """Sixteen clients book with four supervisors: ms of the 99th percentile, and of the median."""
    made = pairs(stage.app(engine), SUPERVISORS, CLIENTS // SUPERVISORS)
    asks = [list(_own_times(stage, engine, pair, n)) for n, pair in enumerate(made)]
    _statuses, taken = _together(stage.server(engine).port, asks)
    if any(set(found) != {303} for found in _statuses):
        raise Refused(f"free times were refused: {_statuses}")
    return percentile(taken, 0.99) * 1000, percentile(taken, 0.5) * 1000


def _own_times(stage: Stage, engine: str, pair: Pair, number: int) -> Iterator[Ask]:
    """Times that nobody else asks for."""
    cookie = stage.cookie_of(engine, pair.lead.id)
    for one in range(EACH):
        at = datetime(2031, 1, 1) + timedelta(hours=number * EACH + one)  # noqa: DTZ001 - local
        form = _form(stage, engine, at)
        yield Ask(f"/rosters/{pair.roster_id}/book", 303, {"Cookie": cookie}, form)
