"""What home shows, and no row more: what comes next, what just ended, what waits for an answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, exists, func, literal, null, or_, select, type_coerce, union_all

from supervision.db import UTCDateTime, run
from supervision.models.rosters import (
    CURRENT,
    LEADS,
    MemberRole,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.models.sessions import Claim, Series, Session, SessionState, Warned
from supervision.permissions import Actor
from supervision.services.claims import LONGEST
from supervision.services.sessions.reads import ROWS, SessionRow


@dataclass(frozen=True)
class Invitation:
    """A roster that waits for the actor's answer; a seat in it is kept until `offered_until`."""

    id: UUID
    title: str
    kind: str
    offered_until: datetime | None


@dataclass(frozen=True)
class Ending:
    """A series near its end, of a roster that the actor runs: `left` sessions, the last at
    `last_at`, which may be over."""

    series_id: UUID
    title: str
    left: int
    last_at: datetime


@dataclass(frozen=True)
class Waiting:
    """What waits for the actor: invitations by title, endings in order of time."""

    invitations: list[Invitation]
    endings: list[Ending]


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
# One statement for both, since home has to be quick: rows of endings come with a last time.
_OF_SERIES = (Session.series_id == Series.id, Session.state == SessionState.PLANNED)
_ENDINGS = (
    select(
        Series.id,
        Roster.title,
        Roster.kind,
        select(func.count())
        .where(*_OF_SERIES, Session.starts_at > bindparam("at"))
        .scalar_subquery()
        .label("left"),
        select(func.max(Session.starts_at)).where(*_OF_SERIES).scalar_subquery().label("last_at"),
        type_coerce(null(), UTCDateTime).label("offered_until"),
    )
    .join(Roster, Roster.id == Series.roster_id)
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        _MINE,
        Membership.state == MemberState.ACTIVE,
        Membership.role.in_((*LEADS, MemberRole.PEER)),
        Roster.state == RosterState.ACTIVE,
        Series.state == SessionState.PLANNED,
        Series.warned != Warned.DISMISSED,
        Series.warn_at <= bindparam("at"),
    )
)
_INVITATIONS = (
    select(
        Roster.id,
        Roster.title,
        Roster.kind,
        literal(0),
        type_coerce(null(), UTCDateTime),
        Membership.offered_until,
    )
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        _MINE,
        or_(Membership.state == MemberState.INVITED, Membership.offered_until.is_not(None)),
        Roster.state == RosterState.ACTIVE,
    )
)
_WAITING = union_all(_ENDINGS, _INVITATIONS)
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


def waiting(actor: Actor, at: datetime) -> Waiting:
    """The rosters that the actor was asked into or is offered a seat of, and the series they run
    that near their end."""
    rows = run(_WAITING, {"actor_id": actor.id, "at": at}).all()
    invited = [
        Invitation(row.id, row.title, row.kind, row.offered_until)
        for row in rows
        if row.last_at is None
    ]
    endings = [Ending(row.id, row.title, row.left, row.last_at) for row in rows if row.last_at]
    return Waiting(
        sorted(invited, key=lambda one: one.title.casefold()),
        sorted(endings, key=lambda one: (one.last_at, one.title)),
    )


def has_rosters(actor: Actor) -> bool:
    """Whether the actor is in a roster, or was asked into one."""
    return bool(run(_HAS_ROSTERS, {"actor_id": actor.id}).scalar_one())
