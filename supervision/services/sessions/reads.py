"""Sessions as rows for calendars, lists and home: one statement each, never an entity."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, exists, func, select

from supervision.db import db
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session, SessionState
from supervision.permissions import Actor
from supervision.services.claims import LONGEST

PAGE = 20
REMEMBERED = timedelta(days=2)


@dataclass(frozen=True)
class SessionRow:
    """A session as one of its people sees it: [starts_at, ends_at) in UTC, `zone` its own zone.

    `role` is the viewer's in the roster, empty for who has left it; such a viewer, and whoever
    looks at a cancelled session, is shown no place.
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

    @property
    def place(self) -> str:
        """Where to go: the address, else the meeting link."""
        return self.address or self.meeting_link

    @property
    def cancelled(self) -> bool:
        return self.state == SessionState.CANCELLED


def rows_for(actor: Actor) -> Select[Any]:
    """Sessions with roster and the actor's active membership, if there is one."""
    shown = Membership.id.is_not(None) & (Session.state == SessionState.PLANNED)
    return (
        select(
            Session.id,
            Session.roster_id,
            Roster.title,
            Roster.kind,
            Session.starts_at,
            Session.ends_at,
            Session.zone,
            Session.state,
            case((shown, Roster.address), else_=""),
            case((shown, Roster.meeting_link), else_=""),
            Session.shifted,
            Session.edited,
            Session.series_id,
            func.coalesce(Membership.role, ""),
        )
        .join(Roster, Roster.id == Session.roster_id)
        .outerjoin(
            Membership,
            (Membership.roster_id == Session.roster_id)
            & (Membership.person_id == actor.id)
            & (Membership.state == MemberState.ACTIVE),
        )
    )


def _mine(actor: Actor) -> Select[Any]:
    """Sessions that take, or took, the actor's time."""
    return (
        rows_for(actor)
        .join(Claim, Claim.session_id == Session.id)
        .where(Claim.person_id == actor.id)
    )


def _read(query: Select[Any]) -> list[SessionRow]:
    return [SessionRow(*tuple(row)) for row in db.session.execute(query)]


def sessions_between(actor: Actor, start: datetime, end: datetime) -> list[SessionRow]:
    """The actor's sessions that share an instant with [start, end), by start; cancelled ones too.

    The look is bounded by the longest session, so that it reads only a stretch of an index.
    """
    return _read(
        _mine(actor)
        .where(Claim.starts_at < end, Claim.starts_at > start - LONGEST, Claim.ends_at > start)
        .order_by(Claim.starts_at, Roster.title)
    )


def next_session(actor: Actor, at: datetime) -> SessionRow | None:
    """The session that the actor is in, or else the next one."""
    coming = _mine(actor).where(
        Claim.starts_at > at - LONGEST, Claim.ends_at > at, Session.state == SessionState.PLANNED
    )
    return next(iter(_read(coming.order_by(Claim.starts_at).limit(1))), None)


def last_session(actor: Actor, at: datetime) -> SessionRow | None:
    """The session that ended last, if that is no longer ago than two days."""
    past = _mine(actor).where(
        Claim.starts_at > at - REMEMBERED,
        Claim.ends_at <= at,
        Session.state == SessionState.PLANNED,
    )
    return next(iter(_read(past.order_by(Claim.starts_at.desc()).limit(1))), None)


def next_start(roster_id: ColumnElement[UUID] | Any, at: datetime) -> ScalarSelect[Any]:
    """For a list of rosters: when a roster meets next, as a subquery on its id."""
    return (
        select(func.min(Session.starts_at))
        .where(
            Session.roster_id == roster_id,
            Session.starts_at > at,
            Session.state == SessionState.PLANNED,
        )
        .scalar_subquery()
    )


def coming_of_roster(
    actor: Actor, roster_id: UUID, at: datetime, page: int = 1
) -> list[SessionRow]:
    """A page of what a roster has still to come, soonest first; nothing for a stranger."""
    query = _of_roster(actor, roster_id).where(Session.starts_at > at)
    return _page(query.order_by(Session.starts_at), page)


def past_of_roster(actor: Actor, roster_id: UUID, at: datetime, page: int = 1) -> list[SessionRow]:
    """A page of a roster's sessions that have begun, latest first; nothing for a stranger."""
    query = _of_roster(actor, roster_id).where(Session.starts_at <= at)
    return _page(query.order_by(Session.starts_at.desc()), page)


def _of_roster(actor: Actor, roster_id: UUID) -> Select[Any]:
    """Who takes part sees all sessions, who has left those that were theirs, others none."""
    was_there = exists().where(Claim.session_id == Session.id, Claim.person_id == actor.id)
    return rows_for(actor).where(
        Session.roster_id == roster_id, Membership.id.is_not(None) | was_there
    )


def _page(query: Select[Any], page: int) -> list[SessionRow]:
    return _read(query.offset(PAGE * (max(page, 1) - 1)).limit(PAGE))
