"""A supervisee moves or cancels, with the notice that the supervisor asks for, or marked late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.slots import Terms
from supervision.errors import N_, Conflict, NotAllowed
from supervision.models.sessions import Session, SessionState
from supervision.permissions import Actor
from supervision.services import claims, outside
from supervision.services.audit import Act, record
from supervision.services.booking.desk import Desk, check_free, desk
from supervision.services.places import Held, hold_to_take, roster_of
from supervision.services.sessions.endings import note_ending
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import own_warnings
from supervision.services.sessions.plan import Booked, checked_message, members_of, touch
from supervision.services.sessions.setting import own_place


@dataclass(frozen=True)
class OwnSession:
    """A coming session that its supervisee may change, and what that would mean now.

    `free_until`: up to when that is within the notice asked for. `asks`: another time has to be
    asked for, so it cannot simply be moved.
    """

    id: UUID
    desk: Desk
    starts_at: datetime
    ends_at: datetime
    free_until: datetime
    late: bool
    asks: bool

    @property
    def terms(self) -> Terms:
        """The terms for another time of the same length."""
        return self.desk.own.terms((self.ends_at - self.starts_at).seconds // 60)


def own_session(actor: Actor, at: datetime, session_id: UUID) -> OwnSession:
    """A session that the actor may move or cancel. Raises NotFound, NotAllowed, Conflict."""
    where = desk(actor, roster_of(actor, session_id))
    if not where.may_take:
        raise NotAllowed
    session = db.session.get_one(Session, session_id, populate_existing=True)
    _check_coming(session, at)
    free_until = session.starts_at - timedelta(hours=where.own.cancel_hours)
    asking = {kind.id for kind in where.types if kind.asks}
    return OwnSession(
        id=session_id,
        desk=where,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        free_until=free_until,
        late=at > free_until,
        asks=session.session_type_id in asking or not where.types,
    )


def cancel_own(
    actor: Actor,
    at: datetime,
    session_id: UUID,
    message: str = "",
    knows_late: bool = False,
    base_url: str = "",
) -> None:
    """Cancel a session with the supervisor. `knows_late`: the actor was told that it is late.

    Raises NotFound, NotAllowed, Invalid (the message), Conflict.
    """
    message = checked_message(message)
    roster, session, own = _held(actor, at, session_id, knows_late)
    members = members_of(roster)
    claims.serialise(member.person_id for member in members)
    session.state, session.message = SessionState.CANCELLED, message
    session.late = session.late or own.late
    touch(session, at)
    db.session.flush()
    claims.release([session_id])
    note_ending(session.series_id)
    record(Act.TIME_CANCEL, at, actor.id, session_id, roster=roster.id, late=own.late)
    verb = "cancelled_late" if own.late else "cancelled"
    notify(actor, at, roster, members, _notice(session, verb, message), base_url)


def move_own(
    actor: Actor,
    at: datetime,
    session_id: UUID,
    starts_at: datetime,
    message: str = "",
    knows_late: bool = False,
    base_url: str = "",
) -> Booked:
    """Move a session to another free time with the supervisor; it keeps its length and its id.

    Raises as `cancel_own`, and Gone for a time that is not free.
    """
    message = checked_message(message)
    roster, session, own = _held(actor, at, session_id, knows_late)
    if own.asks:
        raise Conflict(N_("Another time has to be asked for: cancel this one, then ask anew."))
    claims.serialise(own.desk.people)
    claims.release_holds(actor.id)
    check_free(actor, at, own.desk, own.terms, starts_at, [session_id])
    span, before = (
        Interval(starts_at, starts_at + (own.ends_at - own.starts_at)),
        Interval(own.starts_at, own.ends_at),
    )
    members = members_of(roster)
    found = claims.refuse_hard(claims.clashes(members, [span], at, [session_id]))
    warnings = outside.with_outside(actor, members, [span], found)
    session.starts_at, session.ends_at = span
    session.shifted, session.edited, session.message = False, True, message
    session.late = session.late or own.late
    touch(session, at)
    db.session.flush()
    claims.reclaim([(session_id, span)], members)
    note_ending(session.series_id)
    record(Act.TIME_MOVE, at, actor.id, session_id, roster=roster.id, late=own.late)
    verb = "moved_late" if own.late else "moved"
    busy = own_warnings(warnings)
    notice = _notice(session, verb, message, before, busy)
    notify(actor, at, roster, members, notice, base_url)
    return Booked((session_id,), session.zone, session.series_id, tuple(warnings))


def _held(
    actor: Actor, at: datetime, session_id: UUID, knows_late: bool
) -> tuple[Held, Session, OwnSession]:
    """A session that the actor may change, locked with its roster."""
    roster = hold_to_take(actor, roster_of(actor, session_id))
    own = own_session(actor, at, session_id)
    if own.late and not knows_late:
        raise Conflict(N_("It has become late for this in the meantime. Look at it again."))
    return roster, db.session.get_one(Session, session_id), own


def _check_coming(session: Session, at: datetime) -> None:
    if session.state == SessionState.CANCELLED:
        raise Conflict(N_("This session was cancelled."))
    if session.state != SessionState.PLANNED:
        raise Conflict(N_("This session was asked for and is not booked."))
    if session.starts_at <= at:
        raise Conflict(N_("This session has begun; it can no longer be changed."))


def _notice(
    session: Session,
    verb: str,
    message: str,
    before: Interval | None = None,
    warnings: Mapping[UUID, Sequence[Interval]] | None = None,
) -> Notice:
    return Notice(
        f"session:{session.id}",
        session.sequence,
        verb,
        [Interval(session.starts_at, session.ends_at)],
        f"/sessions/{session.id}",
        message,
        before,
        dict(warnings or {}),
        own_place(session),
        [session.id],
    )
