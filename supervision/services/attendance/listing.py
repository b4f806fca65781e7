"""Attendance over a year: one's own in all rosters, or everybody's in one that one runs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, func, or_, select

from supervision.db import run
from supervision.domain.attendance import Standing, standing
from supervision.domain.intervals import Interval
from supervision.errors import NotAllowed
from supervision.models.attendance import Attendance, AttendanceAnswer
from supervision.models.people import Person
from supervision.models.rosters import Kind, Roster
from supervision.models.sessions import Claim, ClaimState, Session, SessionState
from supervision.permissions import Actor, can_mark_attendance
from supervision.services.attendance.sheet import Said
from supervision.services.places import seen_roster


@dataclass(frozen=True)
class Entry:
    """A session of somebody's that is over. `said` is None while nothing is marked."""

    session_id: UUID
    roster_id: UUID
    title: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    said: Said | None
    standing: Standing


@dataclass(frozen=True)
class Present:
    """Somebody's line in a session of a roster."""

    person_id: UUID
    name: str
    said: Said


@dataclass(frozen=True)
class Meeting:
    """A session of a roster that is over, with its lines by name; none while nothing is marked."""

    session_id: UUID
    starts_at: datetime
    ends_at: datetime
    lines: list[Present]
    standing: Standing


_OVER = (
    Claim.state == ClaimState.CONFIRMED,
    Claim.ends_at <= bindparam("at"),
    or_(Session.state == SessionState.PLANNED, Attendance.state.is_not(None)),
)
_OF_CLAIM = (Attendance.session_id == Claim.session_id) & (Attendance.person_id == Claim.person_id)
_MINE = (
    select(
        Session.id,
        Session.roster_id,
        Roster.title,
        Roster.kind,
        Claim.starts_at,
        Claim.ends_at,
        Attendance.state,
        Attendance.minutes,
    )
    .join(Claim, Claim.session_id == Session.id)
    .join(Roster, Roster.id == Session.roster_id)
    .outerjoin(Attendance, _OF_CLAIM)
    .where(
        Claim.person_id == bindparam("actor_id"),
        Claim.starts_at >= bindparam("start"),
        Claim.starts_at < bindparam("end"),
        *_OVER,
    )
    .order_by(Claim.starts_at.desc(), Roster.title)
)
_OF_ROSTER = (
    select(
        Session.id,
        Session.starts_at,
        Session.ends_at,
        Claim.person_id,
        Person.name,
        Attendance.state,
        Attendance.minutes,
    )
    .join(Claim, Claim.session_id == Session.id)
    .join(Person, Person.id == Claim.person_id)
    .outerjoin(Attendance, _OF_CLAIM)
    .where(
        Session.roster_id == bindparam("roster_id"),
        Session.starts_at >= bindparam("start"),
        Session.starts_at < bindparam("end"),
        *_OVER,
    )
    .order_by(Session.starts_at.desc(), Session.id, func.lower(Person.name))
)
_THESE: BindParameter[UUID] = bindparam("ids", expanding=True)
_MARKED = select(
    Attendance.session_id,
    Attendance.person_id,
    Attendance.guest,
    Attendance.version,
    Attendance.marked_by_id,
    Attendance.marked_at,
).where(Attendance.session_id.in_(_THESE))
_ANSWERS = (
    select(
        AttendanceAnswer.session_id,
        AttendanceAnswer.person_id,
        AttendanceAnswer.version,
        AttendanceAnswer.agrees,
    )
    .where(AttendanceAnswer.session_id.in_(_THESE))
    .order_by(AttendanceAnswer.id)
)


def year_of(actor: Actor, year: int) -> Interval:
    """A calendar year where the actor lives, as instants."""
    zone = ZoneInfo(actor.zone)
    start, end = (datetime(one, 1, 1, tzinfo=zone).astimezone(UTC) for one in (year, year + 1))
    return Interval(start, end)


def own_attendance(
    actor: Actor, at: datetime, year: int, roster_id: UUID | None = None
) -> list[Entry]:
    """The actor's sessions of a year, in one roster or all, the latest first.

    Sessions that nobody has marked are among them, so that no hours are missed. Raises NotFound
    for a roster that the actor never was in.
    """
    if roster_id is not None:
        seen_roster(actor, roster_id)
    start, end = year_of(actor, year)
    values = {"actor_id": actor.id, "start": start, "end": end, "at": at}
    rows = [row for row in run(_MINE, values) if roster_id in (None, row.roster_id)]
    marked = {row.id: row.kind for row in rows if row.state}
    found = _standings(at, marked, of_led=actor.id)
    return [_entry(row, found.get(row.id, Standing.WAITS)) for row in rows]


def _entry(row: Any, stands: Standing) -> Entry:
    session_id, roster_id, title, kind, starts_at, ends_at, *_said_columns = tuple(row)
    return Entry(session_id, roster_id, title, kind, starts_at, ends_at, _said(row), stands)


def attendance_of(actor: Actor, at: datetime, roster_id: UUID, year: int) -> list[Meeting]:
    """A roster's sessions of a year with everybody's attendance, the latest first.

    For who may mark it. Raises NotFound, NotAllowed.
    """
    roster, place = seen_roster(actor, roster_id)
    if not can_mark_attendance(place, roster.kind):
        raise NotAllowed
    start, end = year_of(actor, year)
    values = {"roster_id": roster_id, "start": start, "end": end, "at": at}
    by_session: dict[UUID, list[Any]] = defaultdict(list)
    for row in run(_OF_ROSTER, values):
        by_session[row.id].append(row)
    marked = {key: roster.kind for key, rows in by_session.items() if any(r.state for r in rows)}
    found = _standings(at, marked)
    return [_meeting(rows, found.get(key, Standing.WAITS)) for key, rows in by_session.items()]


def _meeting(rows: list[Any], stands: Standing) -> Meeting:
    first = rows[0]
    return Meeting(first.id, first.starts_at, first.ends_at, _present(rows), stands)


def _present(rows: Iterable[Any]) -> list[Present]:
    said = ((row, _said(row)) for row in rows)
    return [Present(row.person_id, row.name, one) for row, one in said if one]


def _said(row: Any) -> Said | None:
    return Said(row.state, row.minutes) if row.state else None


def _standings(
    at: datetime, kinds: Mapping[UUID, str], of_led: UUID | None = None
) -> dict[UUID, Standing]:
    """How sure is what was marked of these sessions: two statements, however many they are.

    Where somebody leads, what each says of themself is for them and for who leads: `of_led` alone
    is asked there.
    """
    ids = list(kinds)
    marked: dict[UUID, list[Any]] = defaultdict(list)
    answers: dict[UUID, list[Any]] = defaultdict(list)
    for row in run(_MARKED, {"ids": ids}):
        marked[row.session_id].append(row)
    for row in run(_ANSWERS, {"ids": ids}):
        if kinds[row.session_id] == Kind.PEER or of_led in (None, row.person_id):
            answers[row.session_id].append(row)
    return {key: _stands(kinds[key], marked[key], answers[key], at) for key in ids}


def _stands(kind: str, marked: list[Any], answers: list[Any], at: datetime) -> Standing:
    if kind == Kind.PEER:
        now = max(marked, key=lambda row: row.version)
        said = {row.person_id: row.agrees for row in answers if row.version == now.version}
        expected = {row.person_id for row in marked if not row.guest}
        return standing(expected, now.marked_by_id, said, now.marked_at, at)
    versions = {row.person_id: row.version for row in marked}
    last = {row.person_id: row for row in answers}
    wrong = (not row.agrees and row.version >= versions[who] for who, row in last.items())
    return Standing.OPEN if any(wrong) else Standing.CONFIRMED
