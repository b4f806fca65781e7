"""Somebody leaves a roster: the seats that they had, or that were kept for them, go to the next."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, case, select

from supervision.db import run, table
from supervision.models.sessions import Claim, Session
from supervision.models.signup import SignupWait
from supervision.services import claims
from supervision.services.places import Held
from supervision.services.sessions.seats import free_seat
from supervision.services.signup.line import due, give, people
from supervision.services.signup.parts import drop

_SESSION, _CLAIM, _WAIT = table(Session), table(Claim), table(SignupWait)
_MINE = (
    select(
        _SESSION.c.id,
        _CLAIM.c.id.is_not(None).label("comes"),
        case((_WAIT.c.offered_until.is_not(None), 1), else_=0).label("offered"),
    )
    .select_from(
        _SESSION.outerjoin(
            _CLAIM,
            (_CLAIM.c.session_id == _SESSION.c.id) & (_CLAIM.c.person_id == bindparam("person_id")),
        ).outerjoin(
            _WAIT,
            (_WAIT.c.session_id == _SESSION.c.id) & (_WAIT.c.person_id == bindparam("person_id")),
        )
    )
    .where(
        _SESSION.c.roster_id == bindparam("roster_id"),
        _SESSION.c.starts_at > bindparam("at"),
        _SESSION.c.capacity.is_not(None),
        _CLAIM.c.id.is_not(None) | _WAIT.c.session_id.is_not(None),
    )
)


def give_up_seats(roster: Held, person_id: UUID, at: datetime, base_url: str = "") -> None:
    """Free what a member has in coming sessions, and give it to those who wait.

    For who leaves the roster, which is held, and had no part in leading it.
    """
    rows = run(_MINE, {"roster_id": roster.id, "person_id": person_id, "at": at}).all()
    freed = [row.id for row in rows if row.comes or row.offered]
    for row in rows:
        drop(row.id, person_id)
    for session_id in freed:
        free_seat(session_id)
    steps = due(roster, freed, at)
    claims.serialise([person_id, *people(steps)])
    claims.forget((row.id for row in rows), person_id)
    give(roster, steps, at, base_url)
