"""Which sessions wait to be marked, or to be confirmed, by somebody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from supervision.db import run
from supervision.domain.attendance import SETTLES
from supervision.models.attendance import Attendance, AttendanceAnswer
from supervision.models.rosters import LEADS, Kind, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session, SessionState
from supervision.permissions import Actor
from supervision.services.claims import LONGEST

WAITS = timedelta(days=14)


@dataclass(frozen=True)
class Waiting:
    """A session that is over and waits; `marked` by somebody else: to be confirmed by the actor."""

    session_id: UUID
    title: str
    kind: str
    starts_at: datetime
    marked: bool


_ANY = aliased(Attendance)
_ROWS = exists().where(Attendance.session_id == Session.id)
_VERSION = (
    select(func.max(_ANY.version))
    .where(_ANY.session_id == Session.id)
    .correlate(Session)
    .scalar_subquery()
)
_SAID_BY_ME = exists().where(
    Attendance.session_id == Session.id,
    Attendance.version == _VERSION,
    Attendance.marked_by_id == bindparam("actor_id"),
)
_ANSWERED = exists().where(
    AttendanceAnswer.session_id == Session.id,
    AttendanceAnswer.person_id == bindparam("actor_id"),
    AttendanceAnswer.version == _VERSION,
)
_CANCELLED_LATE = and_(Session.state == SessionState.CANCELLED, Session.late)
# Not joined: of a person with many rosters SQLite would read all of them first.
_ROLE = (
    select(Membership.role)
    .where(
        Membership.roster_id == Session.roster_id,
        Membership.person_id == Claim.person_id,
        Membership.state == MemberState.ACTIVE,
    )
    .correlate(Session, Claim)
    .scalar_subquery()
)
_TO_MARK = and_(
    ~_ROWS,
    Claim.ends_at > bindparam("since"),
    or_(Roster.kind == Kind.PEER, _ROLE.in_(LEADS)),
)
_TO_CONFIRM = and_(_ROWS, Roster.kind == Kind.PEER, ~_SAID_BY_ME, ~_ANSWERED)
# Bounded by the actor's claims of three weeks: what to mark of two, what to confirm of all.
WAITING = (
    select(Session.id, Roster.title, Roster.kind, Session.starts_at, _ROWS.label("marked"))
    .join(Claim, Claim.session_id == Session.id)
    .join(Roster, Roster.id == Session.roster_id)
    .where(
        Claim.person_id == bindparam("actor_id"),
        Claim.starts_at > bindparam("earliest"),
        Claim.starts_at < bindparam("at"),
        Claim.ends_at <= bindparam("at"),
        or_(Session.state == SessionState.PLANNED, _CANCELLED_LATE),
        _ROLE.is_not(None),
        or_(_TO_MARK, _TO_CONFIRM),
    )
)
_IN_ORDER = WAITING.order_by(Session.starts_at.desc(), Roster.title)


def bounds(actor: Actor, at: datetime) -> dict[str, object]:
    """The values that `WAITING` needs."""
    earliest = at - WAITS - SETTLES - LONGEST
    return {"actor_id": actor.id, "at": at, "since": at - WAITS, "earliest": earliest}


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """What waits for the actor, the latest first: one statement.

    For who leads, sessions of the last fourteen days that nobody has marked; for equals those of
    theirs too, and what another has marked and they have not answered.
    """
    return [Waiting(*tuple(row)) for row in run(_IN_ORDER, bounds(actor, at))]
