"""Seats of sessions that members sign up for: counted on the session's row, one row or refused.

As with a roster's seats (ADR 22), whoever changes them holds the roster's row first.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update

from supervision.db import run, table
from supervision.models.sessions import Session
from supervision.models.signup import SignupWait

_SESSION, _WAIT = table(Session), table(SignupWait)
_THIS = _SESSION.c.id == bindparam("session_id")
_THESE = _SESSION.c.id.in_(bindparam("ids", expanding=True))
_TAKE = (
    update(_SESSION)
    .where(_THIS, _SESSION.c.taken < _SESSION.c.capacity)
    .values(taken=_SESSION.c.taken + 1)
    .returning(_SESSION.c.id)
)
_FREE = update(_SESSION).where(_THIS).values(taken=_SESSION.c.taken - 1)
_IN_LINE = _WAIT.c.session_id.in_(bindparam("ids", expanding=True))
_WAITING = select(_WAIT.c.session_id, _WAIT.c.person_id).where(_IN_LINE)
_KEPT = (
    select(func.count())
    .where(_WAIT.c.session_id == _SESSION.c.id, _WAIT.c.offered_until.is_not(None))
    .scalar_subquery()
)
_FREE_KEPT = update(_SESSION).where(_THESE).values(taken=_SESSION.c.taken - _KEPT)
_END_LINES = delete(_WAIT).where(_IN_LINE)


def take_seat(session_id: UUID) -> bool:
    """One row or refused: two who take the last seat at once cannot both have it."""
    return run(_TAKE, {"session_id": session_id}).one_or_none() is not None


def free_seat(session_id: UUID) -> None:
    """Give a seat back. Whoever waits is offered it by the signup services."""
    run(_FREE, {"session_id": session_id})


def waiting(session_ids: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """By session, who waits for a seat in it."""
    rows = list(run(_WAITING, {"ids": list(session_ids)}))
    return {
        key: frozenset(row.person_id for row in rows if row.session_id == key)
        for key in {row.session_id for row in rows}
    }


def end_lines(sessions: Iterable[Session]) -> None:
    """Nobody waits for these sessions any longer; seats that were kept are given back."""
    ids = [one.id for one in sessions if one.capacity is not None]
    if ids:
        run(_FREE_KEPT, {"ids": ids})
        run(_END_LINES, {"ids": ids})
