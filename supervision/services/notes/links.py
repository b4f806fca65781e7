"""The sessions that a reflection may be about: those of rosters the writer is or was in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select

from supervision.db import db
from supervision.errors import NotFound
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.models.sessions import PUBLISHED, Claim, Session, SessionState
from supervision.permissions import Actor

BACK, AHEAD, OFFERED = timedelta(weeks=8), timedelta(days=1), 20
SEEN = (MemberState.ACTIVE, MemberState.ENDED)


@dataclass(frozen=True)
class SessionRef:
    """What a note says of its session: [starts_at, ends_at) in UTC."""

    id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    roster_id: UUID


def linkable_sessions(actor: Actor, at: datetime) -> list[SessionRef]:
    """The actor's own sessions of the last eight weeks, the latest first, in one statement."""
    mine = select(Claim.session_id).where(
        Claim.person_id == actor.id, Claim.starts_at > at - BACK, Claim.starts_at < at + AHEAD
    )
    return _read(Session.id.in_(mine), Session.state == SessionState.PLANNED, limit=OFFERED)


def session_ref(actor: Actor, session_id: UUID) -> SessionRef:
    """One session. Raises NotFound for one that the actor may not see."""
    found = session_refs(actor, [session_id])
    if session_id not in found:
        raise NotFound
    return found[session_id]


def session_refs(actor: Actor, ids: Iterable[UUID]) -> dict[UUID, SessionRef]:
    """Those of these sessions that the actor may see, in one statement."""
    inside = select(Membership.roster_id).where(
        Membership.person_id == actor.id, Membership.state == MemberState.ACTIVE
    )
    theirs = exists().where(Claim.session_id == Session.id, Claim.person_id == actor.id)
    wanted = set(ids)
    seen = theirs | (Session.for_all & Session.roster_id.in_(inside))
    rows = _read(Session.id.in_(wanted), seen) if wanted else []
    return {row.id: row for row in rows}


def _read(*where: ColumnElement[bool], limit: int | None = None) -> list[SessionRef]:
    rows = db.session.execute(
        select(Session.id, Roster.title, Session.starts_at, Session.ends_at, Session.roster_id)
        .join(Roster, Roster.id == Session.roster_id)
        .where(Session.state.in_(PUBLISHED), *where)
        .order_by(Session.starts_at.desc())
        .limit(limit)
    )
    return [SessionRef(*row) for row in rows]
