"""What home shows, and no row more: what comes next, what just ended, what waits for an answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CompoundSelect,
    Integer,
    bindparam,
    cast,
    exists,
    func,
    null,
    or_,
    select,
    union_all,
)

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
from supervision.services import attendance, polls
from supervision.services.attendance import Waiting
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
class Offer:
    """A place in a session that is kept for the actor until `until`."""

    session_id: UUID
    title: str
    starts_at: datetime
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
class Waits:
    """What waits for the actor: invitations by title, the offer that lapses first, endings in
    order of time, attendance with the latest session first, polls by when they close.

    `more_attendance` more sessions wait than are given.
    """

    invitations: list[Invitation]
    offers: list[Offer]
    endings: list[Ending]
    attendance: list[Waiting]
    more_attendance: int
    polls: list[polls.Waiting]


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
_OF_SERIES = (Session.series_id == Series.id, Session.state == SessionState.PLANNED)
_NO_TIME = cast(null(), UTCDateTime)
_NO_COUNT = cast(null(), Integer)
# Invitations have no time of their own; attendance has a mark, and a count of all that waits;
# endings have a count of what is left, polls a time alone.
_INVITATIONS = (
    select(
        Roster.id,
        Roster.title,
        Roster.kind,
        _NO_TIME.label("starts_at"),
        cast(null(), Boolean).label("marked"),
        _NO_COUNT.label("left"),
        Membership.offered_until,
    )
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        _MINE,
        or_(Membership.state == MemberState.INVITED, Membership.offered_until.is_not(None)),
        Roster.state == RosterState.ACTIVE,
    )
)
_ENDINGS = (
    select(
        Series.id,
        Roster.title,
        Roster.kind,
        select(func.max(Session.starts_at)).where(*_OF_SERIES).scalar_subquery(),
        cast(null(), Boolean),
        select(func.count())
        .where(*_OF_SERIES, Session.starts_at > bindparam("at"))
        .scalar_subquery(),
        _NO_TIME,
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
_OFFERS = (
    select(
        Session.id,
        Roster.title,
        Roster.kind,
        Session.starts_at,
        cast(null(), Boolean),
        _NO_COUNT,
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
_ATTENDANCE = (
    attendance.WAITING.add_columns(func.count().over(), _NO_TIME)
    .order_by(Session.starts_at.desc(), Roster.title)
    .limit(bindparam("most"))
    .subquery()
)
# One statement for all of it, since every visit pays for it.
_WAITS: CompoundSelect[Any] = union_all(
    _INVITATIONS,
    _OFFERS,
    _ENDINGS,
    select(_ATTENDANCE),
    polls.WAITING.add_columns(cast(null(), Boolean), _NO_COUNT, _NO_TIME),
)
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


def waits(actor: Actor, at: datetime, most: int = 3) -> Waits:
    """The rosters that the actor was asked into or is offered a seat of, seats of sessions that
    are offered, the series they run that near their end, `most` sessions to mark or to confirm,
    and polls to answer."""
    rows = run(_WAITS, attendance.bounds(actor, at) | {"most": most}).all()
    invited = [
        Invitation(row.id, row.title, row.kind, row.offered_until)
        for row in rows
        if row.starts_at is None
    ]
    endings = [
        Ending(row.id, row.title, row.left, row.starts_at)
        for row in rows
        if row.left is not None and row.marked is None
    ]
    offers = [
        Offer(row.id, row.title, row.starts_at, row.offered_until)
        for row in rows
        if row.starts_at is not None and row.offered_until is not None
    ]
    marks = [row for row in rows if row.marked is not None]
    sessions = [Waiting(*tuple(row)[:5]) for row in marks]
    asked = [
        polls.Waiting(row.id, row.title, row.kind, row.starts_at)
        for row in rows
        if row.starts_at is not None
        and row.left is None
        and row.marked is None
        and row.offered_until is None
    ]
    return Waits(
        sorted(invited, key=lambda one: one.title.casefold()),
        sorted(offers, key=lambda one: one.until),
        sorted(endings, key=lambda one: (one.last_at, one.title)),
        sorted(sessions, key=lambda one: one.starts_at, reverse=True),
        marks[0].left - len(marks) if marks else 0,
        sorted(asked, key=lambda one: one.closes_at),
    )


def has_rosters(actor: Actor) -> bool:
    """Whether the actor is in a roster, or was asked into one."""
    return bool(run(_HAS_ROSTERS, {"actor_id": actor.id}).scalar_one())
