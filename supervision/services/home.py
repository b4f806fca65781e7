"""What home shows, and no row more: what comes next, what just ended, what waits for an answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, cast, exists, func, literal, null, or_, select, union_all

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
from supervision.models.signup import SignupWait
from supervision.permissions import Actor
from supervision.services.claims import LONGEST
from supervision.services.sessions.reads import ROWS, SessionRow


@dataclass(frozen=True)
class Invitation:
    """A roster that waits for the actor's answer."""

    id: UUID
    title: str
    kind: str


@dataclass(frozen=True)
class Offer:
    """A place that is kept for the actor until `until`: in a session, or in a roster.

    `starts_at` is when the session begins, None for a roster.
    """

    id: UUID
    title: str
    starts_at: datetime | None
    until: datetime


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
    """What waits for the actor: invitations by title, the offer that lapses first, endings in
    order of time."""

    invitations: list[Invitation]
    offers: list[Offer]
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
# One statement for all, since home has to be quick: rows of endings come with a last time, those
# of offers with an end.
_NO_TIME = cast(null(), UTCDateTime)
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
        _NO_TIME.label("starts_at"),
        _NO_TIME.label("until"),
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
_OF_ROSTERS = (
    select(
        Roster.id,
        Roster.title,
        Roster.kind,
        literal(0),
        _NO_TIME,
        _NO_TIME,
        Membership.offered_until,
    )
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        _MINE,
        or_(
            Membership.state == MemberState.INVITED,
            (Membership.state == MemberState.WAITING)
            & (Membership.offered_until > bindparam("at")),
        ),
        Roster.state == RosterState.ACTIVE,
    )
)
_OF_SESSIONS = (
    select(
        Session.id,
        Roster.title,
        Roster.kind,
        literal(0),
        _NO_TIME,
        Session.starts_at,
        SignupWait.offered_until,
    )
    .join(Roster, Roster.id == Session.roster_id)
    .join(SignupWait, SignupWait.session_id == Session.id)
    .where(
        SignupWait.person_id == bindparam("actor_id"),
        SignupWait.offered_until > bindparam("at"),
        Session.starts_at > bindparam("at"),
        Session.state == SessionState.PLANNED,
    )
)
_WAITING = union_all(_ENDINGS, _OF_ROSTERS, _OF_SESSIONS)
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
    """The rosters that the actor was asked into, the places that are kept for them, and the series
    they run that near their end."""
    rows = run(_WAITING, {"actor_id": actor.id, "at": at}).all()
    endings = [Ending(row.id, row.title, row.left, row.last_at) for row in rows if row.last_at]
    offers = [Offer(row.id, row.title, row.starts_at, row.until) for row in rows if row.until]
    invited = [Invitation(*tuple(row)[:3]) for row in rows if not (row.last_at or row.until)]
    return Waiting(
        sorted(invited, key=lambda one: one.title.casefold()),
        sorted(offers, key=lambda one: one.until),
        sorted(endings, key=lambda one: (one.last_at, one.title)),
    )


def has_rosters(actor: Actor) -> bool:
    """Whether the actor is in a roster, or was asked into one."""
    return bool(run(_HAS_ROSTERS, {"actor_id": actor.id}).scalar_one())
