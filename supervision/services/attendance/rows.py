"""What is kept of one session's attendance, as rows: a statement each, however many came."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, exists, select

from supervision.db import run
from supervision.models.attendance import Attendance, AttendanceAnswer, AttendanceBefore
from supervision.models.meetings import MeetingAbsence
from supervision.models.people import Person
from supervision.models.rosters import Membership, Roster
from supervision.models.sessions import Claim, ClaimState, Session
from supervision.permissions import Actor

_THIS: BindParameter[UUID] = bindparam("session_id")
_SESSION = (
    select(
        Session.id,
        Session.roster_id,
        Roster.title,
        Roster.kind,
        Session.starts_at,
        Session.ends_at,
        Session.zone,
        Session.state,
        Session.late,
        Session.for_all,
        exists().where(Claim.session_id == Session.id, Claim.person_id == bindparam("actor_id")),
    )
    .join(Roster, Roster.id == Session.roster_id)
    .where(Session.id == _THIS)
)
_PEOPLE = (
    select(
        Claim.person_id,
        Person.name,
        MeetingAbsence.person_id.is_not(None).label("said_absent"),
        MeetingAbsence.said_at.label("said_absent_at"),
        Attendance.state,
        Attendance.minutes,
        Attendance.role,
        Attendance.contracted,
        Attendance.guest,
        Attendance.version,
        Attendance.marked_by_id,
        Attendance.marked_at,
        Attendance.reason,
    )
    .join(Person, Person.id == Claim.person_id)
    .outerjoin(
        Attendance,
        (Attendance.session_id == Claim.session_id) & (Attendance.person_id == Claim.person_id),
    )
    .outerjoin(
        MeetingAbsence,
        (MeetingAbsence.session_id == Claim.session_id)
        & (MeetingAbsence.person_id == Claim.person_id),
    )
    .where(Claim.session_id == _THIS, Claim.state == ClaimState.CONFIRMED)
)
_MEMBERSHIPS = (
    select(
        Membership.person_id,
        Person.name,
        Membership.role,
        Membership.contracted,
        Membership.state,
        Membership.joined_at,
        Membership.left_at,
    )
    .join(Person, Person.id == Membership.person_id)
    .where(Membership.roster_id == bindparam("roster_id"))
    .order_by(Membership.created_at, Membership.id)
)
_BEFORE = (
    select(
        AttendanceBefore.person_id,
        AttendanceBefore.version,
        AttendanceBefore.state,
        AttendanceBefore.minutes,
        AttendanceBefore.marked_by_id,
        AttendanceBefore.marked_at,
        AttendanceBefore.reason,
    )
    .where(AttendanceBefore.session_id == _THIS)
    .order_by(AttendanceBefore.version)
)
_ANSWERS = (
    select(
        AttendanceAnswer.person_id,
        AttendanceAnswer.version,
        AttendanceAnswer.agrees,
        AttendanceAnswer.words,
        AttendanceAnswer.said_at,
    )
    .where(AttendanceAnswer.session_id == _THIS)
    .order_by(AttendanceAnswer.id)
)


@dataclass(frozen=True)
class Held:
    """A session [starts_at, ends_at) in UTC, as far as attendance needs to know."""

    id: UUID
    roster_id: UUID
    title: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    state: str
    late: bool
    for_all: bool
    claimed: bool

    @property
    def length(self) -> int:
        """Its minutes as planned."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60


@dataclass(frozen=True)
class Membered:
    """One membership of somebody's, ended ones too."""

    person_id: UUID
    name: str
    role: str
    contracted: bool
    state: str
    joined_at: datetime | None
    left_at: datetime | None

    def held_at(self, instant: datetime) -> bool:
        """Whether they were in the roster then."""
        joined = self.joined_at is not None and self.joined_at <= instant
        return joined and (self.left_at is None or self.left_at > instant)


def session_row(actor: Actor, session_id: UUID) -> Held | None:
    """The session; `claimed` says whether it is, or was, the actor's."""
    row = run(_SESSION, {"session_id": session_id, "actor_id": actor.id}).one_or_none()
    return Held(*tuple(row)) if row else None


def people_of(session_id: UUID) -> list[Any]:
    """Whose session it is, each with what is marked, or nothing in those columns."""
    return list(run(_PEOPLE, {"session_id": session_id}))


def memberships_of(roster_id: UUID) -> list[Membered]:
    """All that ever were, the oldest first."""
    return [Membered(*tuple(row)) for row in run(_MEMBERSHIPS, {"roster_id": roster_id})]


def before_of(session_id: UUID) -> Iterator[Any]:
    """What stood before each correction, the oldest first."""
    return iter(run(_BEFORE, {"session_id": session_id}))


def answers_of(session_id: UUID) -> Iterator[Any]:
    """What people said to it, the oldest first."""
    return iter(run(_ANSWERS, {"session_id": session_id}))


def at_the_time(memberships: list[Membered], instant: datetime) -> dict[UUID, Membered]:
    """Each person's membership at an instant; the latest one of who was in none then."""
    found: dict[UUID, Membered] = {}
    for one in memberships:
        if one.person_id not in found or not found[one.person_id].held_at(instant):
            found[one.person_id] = one
    return found
