"""What home shows, and no row more: what comes next, what just ended, what waits for an answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, bindparam, exists, null, or_, select, union_all

from supervision.db import run
from supervision.models.rosters import CURRENT, Membership, MemberState, Roster, RosterState
from supervision.models.sessions import Claim, Session, SessionState
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
    kind: str
    starts_at: datetime | None
    until: datetime


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
_OF_ROSTERS = (
    select(
        Roster.id,
        Roster.title,
        Roster.kind,
        null().label("starts_at"),
        Membership.offered_until.label("until"),
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
    select(Session.id, Roster.title, Roster.kind, Session.starts_at, SignupWait.offered_until)
    .join(Roster, Roster.id == Session.roster_id)
    .join(SignupWait, SignupWait.session_id == Session.id)
    .where(
        SignupWait.person_id == bindparam("actor_id"),
        SignupWait.offered_until > bindparam("at"),
        Session.starts_at > bindparam("at"),
        Session.state == SessionState.PLANNED,
    )
)
# Both by one statement, the sessions first: they say what types the columns have.
_TO_ANSWER: CompoundSelect[Any] = union_all(_OF_SESSIONS, _OF_ROSTERS)
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


def to_answer(actor: Actor, at: datetime) -> tuple[list[Invitation], list[Offer]]:
    """The rosters that the actor was asked into, by title, and the places that are kept for them.

    The offer that lapses first comes first.
    """
    rows = [tuple(row) for row in run(_TO_ANSWER, {"actor_id": actor.id, "at": at})]
    invitations = [Invitation(*row[:3]) for row in rows if row[-1] is None]
    offers = [Offer(*row) for row in rows if row[-1] is not None]
    return (
        sorted(invitations, key=lambda one: one.title.lower()),
        sorted(offers, key=lambda one: one.until),
    )


def has_rosters(actor: Actor) -> bool:
    """Whether the actor is in a roster, or was asked into one."""
    return bool(run(_HAS_ROSTERS, {"actor_id": actor.id}).scalar_one())
