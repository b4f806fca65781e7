"""Everything that the page of one session shows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import case, exists, func, select

from supervision.db import db
from supervision.domain.leave import on_leave
from supervision.domain.recurrence import Repeat
from supervision.errors import NotFound
from supervision.models.people import Person
from supervision.models.rosters import (
    LEADS,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.models.sessions import Claim, Series, Session, SessionState
from supervision.permissions import Actor, can_run_roster, can_take_part, can_take_time
from supervision.services.leave import leaves_of
from supervision.services.places import place_of
from supervision.services.sessions.reads import ROWS, SessionRow


@dataclass(frozen=True)
class Attendee:
    """Somebody whose session it is; `role` is empty for who has left the roster since."""

    person_id: UUID
    name: str
    role: str
    on_leave: bool


@dataclass(frozen=True)
class SeriesInfo:
    """The series of a session: its rule, and what of it is still to come."""

    id: UUID
    repeat: Repeat
    starts_local: str
    zone: str
    minutes: int
    coming: int
    last_at: datetime | None

    @property
    def ends_soon(self) -> bool:
        """Whether it has an end that fewer than four meetings lie before."""
        return not self.repeat.is_open and self.coming <= 3


@dataclass(frozen=True)
class SessionPage:
    """A session with its people and series, and what the viewer may do.

    `may_change_own`: by the supervisor's terms, as their supervisee. `late`: a supervisee moved
    or cancelled it with less notice than was asked for.
    """

    session: SessionRow
    minutes: int
    message: str
    people: list[Attendee]
    series: SeriesInfo | None
    may_run: bool
    may_change: bool
    ended: bool
    may_answer: bool
    may_withdraw: bool
    may_change_own: bool
    late: bool


def session_page(actor: Actor, at: datetime, session_id: UUID) -> SessionPage:
    """A session that is, or was, the actor's, or that their roster holds. Raises NotFound.

    Who takes part in the roster sees who else the session is for; who has left sees only that
    their own sessions were.
    """
    claimed = exists().where(Claim.session_id == session_id, Claim.person_id == actor.id)
    row = db.session.execute(
        ROWS.add_columns(Session.message, Session.late, Roster.state, claimed).where(
            Session.id == session_id
        ),
        {"actor_id": actor.id},
    ).one_or_none()
    place = place_of(actor, row.roster_id) if row else None
    if row is None or place is None or not (can_take_part(place) or row[-1]):
        raise NotFound
    *columns, message, late, roster_state, _claimed = tuple(row)
    session = SessionRow(*columns)
    may_run = can_run_roster(place, session.kind)
    may_take = can_take_time(place, session.kind)
    to_come = roster_state == RosterState.ACTIVE and session.starts_at > at
    planned = to_come and session.state == SessionState.PLANNED
    return SessionPage(
        session=session,
        minutes=(session.ends_at - session.starts_at).seconds // 60,
        message=message,
        people=_attendees(session, at) if can_take_part(place) else [],
        series=_series_info(session.series_id, at),
        may_run=may_run,
        may_change=may_run and planned,
        ended=session.ends_at <= at,
        may_answer=may_run and to_come and session.requested,
        may_withdraw=may_take and to_come and session.requested,
        may_change_own=may_take and planned,
        late=late,
    )


def _attendees(session: SessionRow, at: datetime) -> list[Attendee]:
    """Who is on leave is told of what is to come; who was is said by the attendance."""
    day = session.starts_at.astimezone(ZoneInfo(session.zone)).date()
    away = on_leave(leaves_of(session.roster_id), day) if session.starts_at > at else set()
    rows = db.session.execute(
        select(Person.id, Person.name, func.coalesce(Membership.role, ""))
        .join(Claim, Claim.person_id == Person.id)
        .outerjoin(
            Membership,
            (Membership.roster_id == session.roster_id)
            & (Membership.person_id == Person.id)
            & (Membership.state == MemberState.ACTIVE),
        )
        .where(Claim.session_id == session.id)
        .order_by(case((Membership.role.in_(LEADS), 0), else_=1), func.lower(Person.name))
    )
    return [Attendee(*row, on_leave=row[0] in away) for row in rows]


def _series_info(series_id: UUID | None, at: datetime) -> SeriesInfo | None:
    if series_id is None:
        return None
    row = db.session.execute(
        select(
            Series.id,
            Series.rrule,
            Series.starts_local,
            Series.zone,
            Series.minutes,
            func.count(Session.id),
            func.max(Session.starts_at),
        )
        .outerjoin(
            Session,
            (Session.series_id == Series.id)
            & (Session.starts_at > at)
            & (Session.state == SessionState.PLANNED),
        )
        .where(Series.id == series_id)
        .group_by(Series.id)
    ).one()
    return SeriesInfo(row[0], Repeat.parse(row[1]), row[2], row[3], row[4], row[5], row[6])
