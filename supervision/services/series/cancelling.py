"""Cancel what of a series is still to come, wholly or from a session on."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Repeat
from supervision.errors import NotFound
from supervision.models.sessions import Series, Session, SessionState
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.places import Held
from supervision.services.series.parts import changeable, coming, due_of, tell
from supervision.services.sessions.one import changeable_session
from supervision.services.sessions.plan import checked_message, concerned, people_of, touch
from supervision.services.sessions.seats import end_lines


def cancel_series(
    actor: Actor, at: datetime, series_id: UUID, message: str = "", base_url: str = ""
) -> int:
    """Cancel all coming sessions of a series, moved ones too; returns how many.

    Raises NotFound, NotAllowed, Invalid (the message). Cancelling twice changes nothing.
    """
    message = checked_message(message)
    roster, series = changeable(actor, series_id)
    if series.state == SessionState.CANCELLED:
        return 0
    series.state = SessionState.CANCELLED
    return cancel_rows(actor, at, roster, series, coming(series_id, at), message, base_url)


def cancel_following(
    actor: Actor, at: datetime, session_id: UUID, message: str = "", base_url: str = ""
) -> int:
    """Cancel a session and all that its series has after it, and end the series before it.

    Returns how many sessions. Raises as `cancel_session`; NotFound when it has no series.
    """
    message = checked_message(message)
    roster, session = changeable_session(actor, at, session_id)
    if session.series_id is None:
        raise NotFound
    series = db.session.get_one(Series, session.series_id, populate_existing=True)
    here = due_of(session)
    until = here.date() - timedelta(days=1)
    if until < datetime.fromisoformat(series.starts_local).date():
        return cancel_series(actor, at, series.id, message, base_url)
    repeat = replace(Repeat.parse(series.rrule), until=until, count=None)
    series.rrule, series.rolled_until = repeat.rrule(), until
    return cancel_rows(actor, at, roster, series, coming(series.id, at, here), message, base_url)


def cancel_rows(
    actor: Actor,
    at: datetime,
    roster: Held,
    series: Series,
    sessions: list[Session],
    message: str,
    base_url: str,
) -> int:
    """Cancel these sessions of a series and tell it once; returns how many."""
    members = people_of(roster, sessions)
    told = concerned(members, sessions)
    claims.serialise(member.person_id for member in members)
    for session in sessions:
        session.state, session.message = SessionState.CANCELLED, message
        touch(session, at)
    series.sequence += 1
    db.session.flush()
    claims.release(session.id for session in sessions)
    end_lines(sessions)
    record(Act.SERIES_CANCEL, at, actor.id, series.id, roster=roster.id, sessions=len(sessions))
    placed = [(one.id, Interval(one.starts_at, one.ends_at)) for one in sessions]
    if placed:
        tell(actor, at, roster, told, series, "cancelled", placed, message, (), base_url)
    return len(sessions)
