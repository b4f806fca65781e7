"""Everything that the page of one session shows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, case, exists, func, select, true

from supervision.db import db, run
from supervision.domain.intervals import Interval
from supervision.domain.leave import on_leave
from supervision.errors import NotFound
from supervision.models.people import Person, SessionsBy
from supervision.models.replies import SeriesInvitation, SessionReply
from supervision.models.rosters import (
    LEADS,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.models.sessions import PUBLISHED, Claim, Session, SessionState
from supervision.permissions import (
    Actor,
    can_run_roster,
    can_see_session,
    can_take_part,
    can_take_time,
)
from supervision.services.feeds import Receipt, receipts_of
from supervision.services.leave import leaves_of
from supervision.services.places import place_of
from supervision.services.sessions.reads import ROWS, SessionRow
from supervision.services.sessions.rules import SeriesInfo, series_info
from supervision.services.sessions.setting import OwnPlace


@dataclass(frozen=True)
class Attendee:
    """Somebody whose session it is; `role` is empty for who has left the roster since.

    `reply` is what they answered to its invitation, empty where that is not the viewer's to know.
    """

    person_id: UUID
    name: str
    role: str
    reply: str
    on_leave: bool


@dataclass(frozen=True)
class SessionPage:
    """A session with its people and series, and what the viewer may do.

    `may_change_own`: by the supervisor's terms, as their supervisee. `may_reflect`: it is, or was,
    the viewer's to write about. `may_extend`, `may_end`: its series. `late`: a supervisee moved or
    cancelled it with less notice than was asked for. `asked`: all times that wait for one answer.
    `may_reply`: the viewer takes invitations, or was invited or has answered before.
    `receipts`: by person, whether their calendar has it; who does not run it sees their own.
    """

    session: SessionRow
    minutes: int
    message: str
    own_place: OwnPlace | None
    people: list[Attendee]
    series: SeriesInfo | None
    may_run: bool
    may_change: bool
    ended: bool
    may_answer: bool
    may_withdraw: bool
    may_change_own: bool
    may_reflect: bool
    may_extend: bool
    may_end: bool
    late: bool
    asked: list[Interval]
    may_reply: bool
    receipts: dict[UUID, Receipt]

    def reply_of(self, person_id: UUID) -> str:
        """What somebody answered, as far as the viewer may know."""
        return next((one.reply for one in self.people if one.person_id == person_id), "")

    @property
    def replies(self) -> list[str]:
        """All answers that the viewer may know of."""
        return [one.reply for one in self.people if one.reply]


_THIS: BindParameter[UUID] = bindparam("session_id")
_ACTOR: BindParameter[UUID] = bindparam("actor_id")
_TAKES_INVITATIONS = exists().where(Person.id == _ACTOR, Person.sessions_by != SessionsBy.FEED)
_REPLIED = exists().where(SessionReply.session_id == _THIS, SessionReply.person_id == _ACTOR)
_IN_SERIES = exists().where(
    SeriesInvitation.series_id == Session.series_id, SeriesInvitation.person_id == _ACTOR
)
_PAGE = ROWS.add_columns(
    Session.message,
    Session.late,
    Session.published_at,
    Session.address.label("own_address"),
    Session.meeting_link.label("own_link"),
    Roster.state,
    _TAKES_INVITATIONS | _REPLIED | _IN_SERIES,
    exists().where(Claim.session_id == _THIS, Claim.person_id == _ACTOR),
).where(Session.id == _THIS)


def session_page(actor: Actor, at: datetime, session_id: UUID) -> SessionPage:
    """A session that is, or was, the actor's, or that their roster holds. Raises NotFound.

    Who takes part in the roster sees who else the session is for; who has left sees only that
    their own sessions were. What is for some members alone, only they and who runs it see.
    """
    row = run(_PAGE, {"actor_id": actor.id, "session_id": session_id}).one_or_none()
    place = place_of(actor, row.roster_id) if row else None
    if row is None or not can_see_session(place, row.kind, for_all=row.for_all, is_theirs=row[-1]):
        raise NotFound
    *columns, message, late, published_at, address, link, roster_state, invited, is_theirs = tuple(
        row
    )
    session = SessionRow(*columns)
    series = series_info(session.series_id, at) if session.series_id else None
    may_run = can_run_roster(place, session.kind)
    may_take = can_take_time(place, session.kind)
    to_come = roster_state == RosterState.ACTIVE and session.starts_at > at
    planned = to_come and session.state == SessionState.PLANNED
    runs_on = may_run and roster_state == RosterState.ACTIVE and series is not None
    return SessionPage(
        session=session,
        minutes=(session.ends_at - session.starts_at).seconds // 60,
        message=message,
        own_place=None if address is None else OwnPlace(address, link),
        people=_attendees(session, at, None if may_run else actor) if can_take_part(place) else [],
        series=series,
        may_run=may_run,
        may_change=may_run and planned,
        ended=session.ends_at <= at,
        may_answer=may_run and to_come and session.requested,
        may_withdraw=may_take and to_come and session.requested,
        may_change_own=may_take and planned,
        may_reflect=is_theirs or (session.for_all and session.capacity is None),
        may_extend=runs_on and series is not None and series.extensible,
        may_end=runs_on and series is not None and series.coming > 0,
        late=late,
        asked=_asked_with(session),
        may_reply=invited and is_theirs and planned,
        receipts=_receipts(actor, at, session, published_at, may_run),
    )


def _attendees(session: SessionRow, at: datetime, only: Actor | None) -> list[Attendee]:
    """Who is on leave is told of what is to come; who was is said by the attendance.

    With the answers of all, or of one alone.
    """
    day = session.starts_at.astimezone(ZoneInfo(session.zone)).date()
    away = on_leave(leaves_of(session.roster_id), day) if session.starts_at > at else set()
    rows = db.session.execute(
        select(
            Person.id,
            Person.name,
            func.coalesce(Membership.role, ""),
            func.coalesce(SessionReply.answer, ""),
        )
        .join(Claim, Claim.person_id == Person.id)
        .outerjoin(
            Membership,
            (Membership.roster_id == session.roster_id)
            & (Membership.person_id == Person.id)
            & (Membership.state == MemberState.ACTIVE),
        )
        .outerjoin(
            SessionReply,
            (SessionReply.session_id == Claim.session_id)
            & (SessionReply.person_id == Person.id)
            & (SessionReply.starts_at == session.starts_at)
            & (true() if only is None else SessionReply.person_id == only.id),
        )
        .where(Claim.session_id == session.id)
        .order_by(case((Membership.role.in_(LEADS), 0), else_=1), func.lower(Person.name))
    )
    return [Attendee(*row, on_leave=row[0] in away) for row in rows]


def _receipts(
    actor: Actor, at: datetime, session: SessionRow, published_at: datetime, may_run: bool
) -> dict[UUID, Receipt]:
    """Where members sign up, the card of seats says who comes, and no more."""
    if session.state not in PUBLISHED or session.ends_at <= at or session.capacity is not None:
        return {}
    return receipts_of(actor, session.id, published_at, may_run)


def _asked_with(session: SessionRow) -> list[Interval]:
    """The times that were asked for at once with a session that waits for its answer."""
    if session.series_id is None or not session.requested:
        return []
    rows = run(_ASKED, {"series_id": session.series_id})
    return [Interval(row.starts_at, row.ends_at) for row in rows]


_ASKED = (
    select(Session.starts_at, Session.ends_at)
    .where(Session.series_id == bindparam("series_id"), Session.state == SessionState.REQUESTED)
    .order_by(Session.starts_at)
)
