"""The line of a session: a seat that becomes free goes to who waits longest.

It is taken for who said so beforehand, as long as they could still sign off in time, and offered
to others for a while. While somebody waits without an offer, no seat is free.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import bindparam, exists, select

from supervision.db import db, run, table, writing
from supervision.domain.seats import closes_at, kept_before
from supervision.models.sessions import Session, SessionState
from supervision.models.signup import SignupWait
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.places import Held, hold
from supervision.services.sessions.seats import free_seat, take_seat
from supervision.services.signup.letters import tell
from supervision.services.signup.parts import drop, keep, seat

_WAIT, _SESSION = table(SignupWait), table(Session)
# Those in line for seats that are free, in order; a session that has begun has none to give.
_NEXT = (
    select(
        _WAIT.c.session_id,
        _WAIT.c.person_id,
        _WAIT.c.auto,
        _SESSION.c.starts_at,
        _SESSION.c.created_at,
        (_SESSION.c.capacity - _SESSION.c.taken).label("free"),
    )
    .join(_SESSION, _SESSION.c.id == _WAIT.c.session_id)
    .where(
        _WAIT.c.session_id.in_(bindparam("ids", expanding=True)),
        _WAIT.c.offered_until.is_(None),
        _SESSION.c.taken < _SESSION.c.capacity,
        _SESSION.c.state == SessionState.PLANNED,
        _SESSION.c.starts_at > bindparam("at"),
    )
    .order_by(_SESSION.c.starts_at, _WAIT.c.session_id, _WAIT.c.since, _WAIT.c.person_id)
)


@dataclass(frozen=True)
class Step:
    """Whose a free seat is to be: at once, or when they take it before `until`."""

    session_id: UUID
    person_id: UUID
    until: datetime | None


def due(roster: Held, session_ids: Iterable[UUID], at: datetime) -> list[Step]:
    """Who gets the seats that are free in these sessions of a roster that is held."""
    rows = run(_NEXT, {"ids": list(session_ids), "at": at})
    steps = []
    for _session_id, found in groupby(rows, key=lambda row: row.session_id):
        line = list(found)
        for row in line[: line[0].free]:
            closed = at >= closes_at(row.created_at, row.starts_at, roster.signup_hours)
            until = None if row.auto and not closed else kept_before(at, row.starts_at)
            steps.append(Step(row.session_id, row.person_id, until))
    return steps


def people(steps: Iterable[Step]) -> Iterator[UUID]:
    """Whose row has to be serialised before `give`."""
    return (step.person_id for step in steps)


def give(roster: Held, steps: Sequence[Step], at: datetime, base_url: str) -> None:
    """Take the free seats for those who are due, or keep them for them, and tell both sides."""
    for step in steps:
        if not take_seat(step.session_id):
            continue
        session = db.session.get_one(Session, step.session_id)
        busy = False
        if step.until is None:
            what, act = "moved_up", Act.SIGNUP_MOVE_UP
            busy = seat(session, step.person_id, at)
        else:
            what, act = "offered", Act.SIGNUP_OFFER
            keep(step.session_id, step.person_id, step.until)
        record(act, at, None, step.session_id, person=step.person_id)
        tell(what, roster, session, step.person_id, at, base_url, step.until, busy)


def fill(roster: Held, session_ids: Iterable[UUID], at: datetime, base_url: str) -> None:
    """Give away what is free in these sessions."""
    steps = due(roster, session_ids, at)
    claims.serialise(people(steps))
    give(roster, steps, at, base_url)


_RAN_OUT = (SignupWait.offered_until <= bindparam("at"), Session.id == SignupWait.session_id)
_ROSTERS = select(Session.roster_id).where(*_RAN_OUT).distinct()
_LAPSED = (
    select(Session, SignupWait.person_id)
    .where(*_RAN_OUT, Session.roster_id == bindparam("roster_id"))
    .order_by(Session.starts_at, SignupWait.since, SignupWait.person_id)
)


_HAS_LAPSED = select(exists().where(SignupWait.offered_until <= bindparam("at")))


def has_lapsed_offers(at: datetime) -> bool:
    """Whether an offer ran out: one look into a small index."""
    return bool(run(_HAS_LAPSED, {"at": at}).scalar_one())


def lapse_offers(at: datetime, base_url: str) -> int:
    """Take back the seats whose offers ran out unanswered by `at`, and give them to the next.

    Who did not answer is in the line no longer. Each roster by a transaction of its own; done
    twice it does nothing. Returns how many offers lapsed.
    """
    found = list(db.session.scalars(_ROSTERS, {"at": at}))
    return sum(_lapse(roster_id, at, base_url) for roster_id in found)


def _lapse(roster_id: UUID, at: datetime, base_url: str) -> int:
    with writing():
        roster = hold(roster_id)
        found = db.session.execute(_LAPSED, {"at": at, "roster_id": roster_id}).all()
        for session, person_id in found:
            drop(session.id, person_id)
            free_seat(session.id)
            record(Act.SIGNUP_LAPSE, at, None, session.id, person=person_id)
            tell("lapsed", roster, session, person_id, at, base_url)
        fill(roster, {session.id for session, _person_id in found}, at, base_url)
    return len(found)
