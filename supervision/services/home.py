"""What home shows, and no row more: what comes next, what just ended, what waits for an answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, bindparam, exists, null, select, union_all

from supervision.db import run
from supervision.models.rosters import CURRENT, Membership, MemberState, Roster, RosterState
from supervision.models.sessions import Claim, Session, SessionState
from supervision.permissions import Actor
from supervision.services import attendance
from supervision.services.attendance import Waiting
from supervision.services.claims import LONGEST
from supervision.services.sessions.reads import ROWS, SessionRow


@dataclass(frozen=True)
class Invitation:
    """A roster that waits for the actor's answer."""

    id: UUID
    title: str
    kind: str


@dataclass(frozen=True)
class Waits:
    """What waits for the actor: invitations by title, attendance with the latest session first."""

    invitations: list[Invitation]
    attendance: list[Waiting]


_PLANNED = ROWS.join(Claim, Claim.session_id == Session.id).where(
    Claim.person_id == bindparam("actor_id"),
    Claim.starts_at > bindparam("earliest"),
    Session.state == SessionState.PLANNED,
)
_COMING = (
    _PLANNED.where(Claim.starts_at < bindparam("until"), Claim.ends_at > bindparam("at"))
    .order_by(Claim.starts_at, Roster.title)
    .limit(bindparam("most"))
)
_ENDED = (
    _PLANNED.where(
        Claim.starts_at < bindparam("at"),  # said for the index alone: what ended has begun
        Claim.ends_at <= bindparam("at"),
        Claim.ends_at > bindparam("since"),
    )
    .order_by(Claim.starts_at.desc(), Roster.title.desc())
    .limit(1)
)
_MINE = Membership.person_id == bindparam("actor_id")
_INVITATIONS = (
    select(Roster.id, Roster.title, Roster.kind, null(), null())
    .join(Membership, Membership.roster_id == Roster.id)
    .where(_MINE, Membership.state == MemberState.INVITED, Roster.state == RosterState.ACTIVE)
)
_WAITS: CompoundSelect[Any] = union_all(
    attendance.WAITING, _INVITATIONS
)  # one statement for both: every visit pays
_HAS_ROSTERS = select(exists().where(_MINE, Membership.state.in_(CURRENT)))


def coming(actor: Actor, at: datetime, until: datetime, most: int) -> list[SessionRow]:
    """The actor's first planned sessions that end after `at` and begin before `until`.

    The look is bounded by the longest session, so that it reads only a stretch of an index.
    """
    values = {"actor_id": actor.id, "at": at, "until": until, "most": most}
    return [SessionRow(*tuple(row)) for row in run(_COMING, values | {"earliest": at - LONGEST})]


def just_ended(actor: Actor, since: datetime, at: datetime) -> SessionRow | None:
    """The actor's planned session that began last of those that ended in (since, at]."""
    values = {"actor_id": actor.id, "since": since, "at": at, "earliest": since - LONGEST}
    row = run(_ENDED, values).one_or_none()
    return SessionRow(*tuple(row)) if row else None


def waits(actor: Actor, at: datetime) -> Waits:
    """The rosters that the actor was asked into, and sessions to mark or to confirm."""
    rows = [tuple(row) for row in run(_WAITS, attendance.bounds(actor, at))]
    invited = [Invitation(*row[:3]) for row in rows if row[3] is None]
    sessions = [Waiting(*row) for row in rows if row[3] is not None]
    return Waits(
        sorted(invited, key=lambda one: one.title.lower()),
        sorted(sessions, key=lambda one: one.starts_at, reverse=True),
    )


def has_rosters(actor: Actor) -> bool:
    """Whether the actor is in a roster, or was asked into one."""
    return bool(run(_HAS_ROSTERS, {"actor_id": actor.id}).scalar_one())
