"""Sessions as rows for calendars, lists and home: one statement each, never an entity."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.base import Executable

from supervision.db import run
from supervision.models.rosters import LEADS, MemberRole, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session, SessionState
from supervision.models.signup import SignupWait
from supervision.permissions import Actor
from supervision.services.claims import LONGEST

PAGE = 20


class Standing(StrEnum):
    """How somebody stands to a session: EXPECTED as everybody is, or where members sign up as who
    leads; else by what they did."""

    EXPECTED = ""
    COMES = "comes"
    OFFERED = "offered"
    WAITS = "waits"
    OUT = "out"


@dataclass(frozen=True)
class SessionRow:
    """A session as one of its people sees it: [starts_at, ends_at) in UTC, `zone` its own zone.

    `role` is the viewer's in the roster, empty for who has left it; such a viewer, and whoever
    looks at a cancelled session, is shown no place. What is not `for_all` is for some members.
    `standing` is a Standing; of `capacity` seats `taken` are taken or kept where members sign up,
    else it is None.
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
    capacity: int | None
    taken: int
    standing: str

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


_OWN = aliased(Claim)
_IS_MINE = exists().where(_OWN.session_id == Session.id, _OWN.person_id == bindparam("actor_id"))


def _said(text: str) -> ColumnElement[str]:
    """A constant in the statement itself: one value less to send with each."""
    return literal_column(f"'{text}'")


_IN_LINE = (
    select(
        case(
            (SignupWait.offered_until.is_not(None), _said(Standing.OFFERED)),
            else_=_said(Standing.WAITS),
        )
    )
    .where(SignupWait.session_id == Session.id, SignupWait.person_id == bindparam("actor_id"))
    .scalar_subquery()
)
# In this order: what is everybody's is not looked at further.
_STANDING = case(
    (
        or_(Session.capacity.is_(None), *(Membership.role == _said(role) for role in LEADS)),
        _said(Standing.EXPECTED),
    ),
    (_IS_MINE, _said(Standing.COMES)),
    else_=func.coalesce(_IN_LINE, _said(Standing.OUT)),
)
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
        Session.capacity,
        Session.taken,
        _STANDING,
    )
    .join(Roster, Roster.id == Session.roster_id)
    .outerjoin(
        Membership,
        (Membership.roster_id == Session.roster_id)
        & (Membership.person_id == bindparam("actor_id"))
        & (Membership.state == MemberState.ACTIVE),
    )
)
_MINE = ROWS.join(Claim, Claim.session_id == Session.id).where(
    Claim.person_id == bindparam("actor_id"),
    Claim.starts_at < bindparam("end"),
    Claim.starts_at > bindparam("earliest"),
    Claim.ends_at > bindparam("start"),
    Session.state != SessionState.DECLINED,
)
# What may be signed up for; that it has a capacity lets an index of its own serve. Who leads has
# a claim on every session of the roster, and may lead hundreds: they are left out at once.
_OPEN = ROWS.where(
    *(Membership.role != _said(role) for role in LEADS),
    Session.capacity.is_not(None),
    Session.state == SessionState.PLANNED,
    Session.starts_at > bindparam("at"),
    Session.starts_at > bindparam("earliest"),
    Session.starts_at < bindparam("end"),
    Session.ends_at > bindparam("start"),
    ~_IS_MINE,
)
_BETWEEN = _MINE.order_by(Claim.starts_at, Roster.title)
_BETWEEN_AND_OPEN = union_all(_MINE, _OPEN).order_by("starts_at", "title")
# Who runs a roster sees all its sessions, who takes part those that are for all and their own,
# who has left those that were theirs, others none.
_RUNS = Membership.role.in_(LEADS) | (Membership.role == MemberRole.PEER)
_OF_ROSTER = ROWS.where(
    Session.roster_id == bindparam("roster_id"),
    Session.state != SessionState.DECLINED,
    (Membership.id.is_not(None) & (Session.for_all | _RUNS)) | _IS_MINE,
).limit(PAGE)
_COMING = (
    _OF_ROSTER.where(Session.starts_at > bindparam("at"))
    .order_by(Session.starts_at)
    .offset(bindparam("coming_from"))
    .subquery()
)
_PAST = (
    _OF_ROSTER.where(Session.starts_at <= bindparam("at"))
    .order_by(Session.starts_at.desc())
    .offset(bindparam("past_from"))
    .subquery()
)
_COMING_AND_PAST = union_all(select(_COMING), select(_PAST))


def _read(query: Executable, **values: object) -> list[SessionRow]:
    return [SessionRow(*tuple(row)) for row in run(query, values)]


def sessions_between(
    actor: Actor, start: datetime, end: datetime, open_from: datetime | None = None
) -> list[SessionRow]:
    """The actor's sessions that share an instant with [start, end), by start; cancelled ones too.

    With `open_from` also those that begin later than that and that they did not sign up for. The
    look is bounded by the longest session, so that it reads only a stretch of an index.
    """
    values = {"actor_id": actor.id, "start": start, "end": end, "earliest": start - LONGEST}
    if open_from is None:
        return _read(_BETWEEN, **values)
    return _read(_BETWEEN_AND_OPEN, **values, at=open_from)


def next_start(roster_id: ColumnElement[UUID] | Any) -> ScalarSelect[Any]:
    """For a list of rosters: when :actor_id meets there next after :at, as a subquery on its id."""
    return (
        select(func.min(Session.starts_at))
        .where(
            Session.roster_id == roster_id,
            Session.starts_at > bindparam("at"),
            Session.state == SessionState.PLANNED,
            Session.for_all | _IS_MINE,
        )
        .scalar_subquery()
    )


def of_roster(
    actor: Actor, roster_id: UUID, at: datetime, coming_page: int = 1, past_page: int = 1
) -> tuple[list[SessionRow], list[SessionRow]]:
    """A page of what a roster has still to come, soonest first, and one of what has begun, latest
    first; nothing for a stranger. One statement."""
    rows = _read(
        _COMING_AND_PAST,
        actor_id=actor.id,
        roster_id=roster_id,
        at=at,
        coming_from=_skip(coming_page),
        past_from=_skip(past_page),
    )
    in_order = sorted(rows, key=lambda row: row.starts_at)
    coming = [row for row in in_order if row.starts_at > at]
    return coming, [row for row in reversed(in_order) if row.starts_at <= at]


def coming_of_roster(
    actor: Actor, roster_id: UUID, at: datetime, page: int = 1
) -> list[SessionRow]:
    """The first of what `of_roster` gives."""
    return of_roster(actor, roster_id, at, coming_page=page)[0]


def past_of_roster(actor: Actor, roster_id: UUID, at: datetime, page: int = 1) -> list[SessionRow]:
    """The second of what `of_roster` gives."""
    return of_roster(actor, roster_id, at, past_page=page)[1]


def _skip(page: int) -> int:
    return PAGE * (max(page, 1) - 1)
