"""What is stored about somebody besides their reflections, read for them to take away."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.engine import CursorResult, Row

from supervision.db import run
from supervision.domain import ical
from supervision.domain.csv_files import csv_file
from supervision.domain.export import File, as_json
from supervision.models.attendance import Attendance
from supervision.models.availability import (
    AvailabilityOverride,
    AvailabilityRule,
    AvailabilityTerms,
    SessionType,
    TimeOff,
)
from supervision.models.feeds import FeedSubscription
from supervision.models.leave import Leave
from supervision.models.people import Person
from supervision.models.rosters import Membership, Roster
from supervision.models.sessions import PUBLISHED, Claim, Session, SessionState
from supervision.permissions import Actor

_ME: BindParameter[UUID] = bindparam("actor_id")
_PROFILE = select(
    Person.name,
    Person.email,
    Person.role,
    Person.zone,
    Person.language,
    Person.clock,
    Person.week_starts,
    Person.created_at,
).where(Person.id == _ME)
_ROSTERS = (
    select(
        Roster.id,
        Roster.title,
        Roster.kind,
        Roster.zone,
        Roster.minutes,
        Roster.address,
        Membership.role,
        Membership.state,
        Membership.contracted,
        Membership.joined_at,
        Membership.left_at,
    )
    .join(Membership, Membership.roster_id == Roster.id)
    .where(Membership.person_id == _ME)
    .order_by(Membership.created_at, Roster.id)
)
_SESSIONS = (
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
        Session.created_at,
        Session.published_at,
        Session.sequence,
    )
    .join(Claim, Claim.session_id == Session.id)
    .join(Roster, Roster.id == Session.roster_id)
    .where(Claim.person_id == _ME, Session.state.in_(PUBLISHED))
    .order_by(Session.starts_at, Session.id)
)
_ATTENDANCE = (
    select(
        Attendance.session_id,
        Roster.title,
        Session.starts_at,
        Session.ends_at,
        Attendance.state,
        Attendance.minutes,
        Attendance.role,
        Attendance.contracted,
        Person.name.label("marked_by"),
        Attendance.marked_at,
        Attendance.reason,
    )
    .join(Session, Session.id == Attendance.session_id)
    .join(Roster, Roster.id == Session.roster_id)
    .join(Person, Person.id == Attendance.marked_by_id)
    .where(Attendance.person_id == _ME)
    .order_by(Session.starts_at, Session.id)
)
_LEAVE = (
    select(Leave.first_on, Leave.last_on, Leave.kind, Roster.title, Leave.withdrawn_at)
    .outerjoin(Roster, Roster.id == Leave.roster_id)
    .where(Leave.person_id == _ME)
    .order_by(Leave.first_on, Leave.id)
)
_FEEDS = (
    select(
        FeedSubscription.label,
        FeedSubscription.client,
        FeedSubscription.scope,
        Roster.title,
        FeedSubscription.privacy,
        FeedSubscription.created_at,
        FeedSubscription.fetched_at,
        FeedSubscription.off_at,
    )
    .outerjoin(Roster, Roster.id == FeedSubscription.roster_id)
    .where(FeedSubscription.person_id == _ME)
    .order_by(FeedSubscription.created_at, FeedSubscription.id)
)
_AVAILABILITY = {
    name: select(
        *(column for column in model.__table__.c if column.name not in {"id", "person_id"})
    )
    .where(model.__table__.c.person_id == _ME)
    .order_by(*order)
    for name, model, order in (
        ("terms", AvailabilityTerms, ()),
        ("kinds", SessionType, (SessionType.position, SessionType.name)),
        ("hours", AvailabilityRule, (AvailabilityRule.weekday, AvailabilityRule.from_minute)),
        ("dates", AvailabilityOverride, (AvailabilityOverride.held_on,)),
        ("time_off", TimeOff, (TimeOff.first_on,)),
    )
}


def own_files(actor: Actor) -> Iterator[File]:
    """Profile, rosters, sessions, attendance, leave and feeds, the five also as tables, and
    availability if something was said of it; in a fixed number of statements.

    Minutes of availability count from midnight; weekday 0 is Monday.
    """
    values = {"actor_id": actor.id}
    yield File("profile.json", as_json(dict(run(_PROFILE, values).mappings().one())))
    for name, query in (
        ("rosters", _ROSTERS),
        ("attendance", _ATTENDANCE),
        ("leave", _LEAVE),
        ("feeds", _FEEDS),
    ):
        yield from _tables(name, run(query, values))
    said = {
        name: [dict(row) for row in run(query, values).mappings()]
        for name, query in _AVAILABILITY.items()
    }
    if any(said.values()):
        yield File("availability.json", as_json(said))
    yield from _tables("sessions", run(_SESSIONS, values))
    sessions = run(_SESSIONS, values).all()
    if sessions:
        yield File("sessions.ics", _calendar(actor, sessions))


def _tables(name: str, found: CursorResult[Any]) -> Iterator[File]:
    columns, rows = list(found.keys()), found.all()
    told = [dict(zip(columns, row, strict=True)) for row in map(tuple, rows)]
    yield File(f"{name}.json", as_json(told))
    yield File(f"{name}.csv", csv_file(columns, map(tuple, rows)))


def _calendar(actor: Actor, sessions: Sequence[Row[*tuple[Any, ...]]]) -> bytes:
    """All sessions by title and time; where they met is in the table of rosters."""
    events = [ical.event(_occurrence(row)) for row in sessions]
    return ical.calendar("Supervision", actor.zone, events)


def _occurrence(row: Row[*tuple[Any, ...]]) -> ical.Occurrence:
    return ical.Occurrence(
        id=row.id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        created_at=row.created_at,
        stamped_at=row.published_at,
        sequence=row.sequence,
        cancelled=row.state == SessionState.CANCELLED,
        summary=row.title,
    )
