"""Sessions as rows for calendars, lists and home: one statement each, never an entity."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, case, exists, func, select

from supervision.db import run
from supervision.models.rosters import LEADS, MemberRole, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session, SessionState
from supervision.permissions import Actor
from supervision.services.claims import LONGEST

PAGE = 20


@dataclass(frozen=True)
class SessionRow:
    """A session as one of its people sees it: [starts_at, ends_at) in UTC, `zone` its own zone.

    `role` is the viewer's in the roster, empty for who has left it; such a viewer, and whoever
    looks at a cancelled session, is shown no place. What is not `for_all` is for some members.
    """

    id: UUID
    roster_id: UUID
    title: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    state: str
    address: str
    meeting_link: str
    shifted: bool
    edited: bool
    series_id: UUID | None
    role: str
    for_all: bool

    @property
    def place(self) -> str:
        """Where to go: the address, else the meeting link."""
        return self.address or self.meeting_link

    @property
    def cancelled(self) -> bool:
        return self.state == SessionState.CANCELLED

    @property
    def requested(self) -> bool:
        """Whether it waits for the supervisor's answer."""
        return self.state == SessionState.REQUESTED

    @property
    def declined(self) -> bool:
        """Whether it was asked for and came to nothing."""
        return self.state == SessionState.DECLINED


_SHOWN = Membership.id.is_not(None) & (Session.state == SessionState.PLANNED)
# Statements are built once: putting one together costs more than running it.
# ROWS holds sessions with roster and the active membership of :actor_id, if there is one.
ROWS: Select[Any] = (
    select(
        Session.id,
        Session.roster_id,
        Roster.title,
        Roster.kind,
        Session.starts_at,
        Session.ends_at,
        Session.zone,
        Session.state,
        case((_SHOWN, func.coalesce(Session.address, Roster.address)), else_=""),
        case((_SHOWN, func.coalesce(Session.meeting_link, Roster.meeting_link)), else_=""),
        Session.shifted,
        Session.edited,
        Session.series_id,
        func.coalesce(Membership.role, ""),
        Session.for_all,
    )
    .join(Roster, Roster.id == Session.roster_id)
    .outerjoin(
        Membership,
        (Membership.roster_id == Session.roster_id)
        & (Membership.person_id == bindparam("actor_id"))
        & (Membership.state == MemberState.ACTIVE),
    )
)
_BETWEEN = (
    ROWS.join(Claim, Claim.session_id == Session.id)
    .where(
        Claim.person_id == bindparam("actor_id"),
        Claim.starts_at < bindparam("end"),
        Claim.starts_at > bindparam("earliest"),
        Claim.ends_at > bindparam("start"),
        Session.state != SessionState.DECLINED,
    )
    .order_by(Claim.starts_at, Roster.title)
)
_WAS_THERE = exists().where(
    Claim.session_id == Session.id, Claim.person_id == bindparam("actor_id")
)
# Who runs a roster sees all its sessions, who takes part those that are for all and their own,
# who has left those that were theirs, others none.
_RUNS = Membership.role.in_(LEADS) | (Membership.role == MemberRole.PEER)
_OF_ROSTER = (
    ROWS.where(
        Session.roster_id == bindparam("roster_id"),
        Session.state != SessionState.DECLINED,
        (Membership.id.is_not(None) & (Session.for_all | _RUNS)) | _WAS_THERE,
    )
    .offset(bindparam("skip"))
    .limit(PAGE)
)
_COMING = _OF_ROSTER.where(Session.starts_at > bindparam("at")).order_by(Session.starts_at)
_PAST = _OF_ROSTER.where(Session.starts_at <= bindparam("at")).order_by(Session.starts_at.desc())


def _read(query: Select[Any], **values: object) -> list[SessionRow]:
    return [SessionRow(*tuple(row)) for row in run(query, values)]


def sessions_between(actor: Actor, start: datetime, end: datetime) -> list[SessionRow]:
    """The actor's sessions that share an instant with [start, end), by start; cancelled ones too.

    The look is bounded by the longest session, so that it reads only a stretch of an index.
    """
    return _read(_BETWEEN, actor_id=actor.id, start=start, end=end, earliest=start - LONGEST)


def next_start(roster_id: ColumnElement[UUID] | Any) -> ScalarSelect[Any]:
    """For a list of rosters: when :actor_id meets there next after :at, as a subquery on its id."""
    return (
        select(func.min(Session.starts_at))
        .where(
            Session.roster_id == roster_id,
            Session.starts_at > bindparam("at"),
            Session.state == SessionState.PLANNED,
            Session.for_all | _WAS_THERE,
        )
        .scalar_subquery()
    )


def coming_of_roster(
    actor: Actor, roster_id: UUID, at: datetime, page: int = 1
) -> list[SessionRow]:
    """A page of what a roster has still to come, soonest first; nothing for a stranger."""
    return _read(_COMING, actor_id=actor.id, roster_id=roster_id, at=at, skip=_skip(page))


def past_of_roster(actor: Actor, roster_id: UUID, at: datetime, page: int = 1) -> list[SessionRow]:
    """A page of a roster's sessions that have begun, latest first; nothing for a stranger."""
    return _read(_PAST, actor_id=actor.id, roster_id=roster_id, at=at, skip=_skip(page))


def _skip(page: int) -> int:
    return PAGE * (max(page, 1) - 1)
