"""Cancel what of a series is still to come: wholly, from a session on, or after a day."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Repeat
from supervision.errors import N_, Invalid
from supervision.models.sessions import Series, Session, SessionState
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.places import Held
from supervision.services.series.ending import see_ending
from supervision.services.series.parts import Change, tell
from supervision.services.series.rows import changeable, coming, cut, due_of, going, series_of
from supervision.services.sessions.one import changeable_session
from supervision.services.sessions.plan import checked_message, touch
from supervision.services.sessions.seats import end_lines
from supervision.services.sessions.whose import whose


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
    series, here = series_of(session), due_of(session)
    until = here.date() - timedelta(days=1)
    if until < datetime.fromisoformat(series.starts_local).date():
        return cancel_series(actor, at, series.id, message, base_url)
    cut(series, until)
    return cancel_rows(actor, at, roster, series, coming(series.id, at, here), message, base_url)


def end_series(
    actor: Actor,
    at: datetime,
    series_id: UUID,
    last_day: date,
    message: str = "",
    base_url: str = "",
) -> int:
    """End a series with a local day of its zone: what lies after is cancelled; returns how many.

    Sessions count by when they are now, wherever they were due. Raises NotFound, NotAllowed,
    Conflict (it was cancelled), Invalid (the message, or a day on which it cannot end).
    """
    message = checked_message(message)
    roster, series = going(actor, series_id)
    zone = ZoneInfo(series.zone)
    _check_last_day(series, last_day, at.astimezone(zone).date())
    after = [
        one for one in coming(series.id, at) if one.starts_at.astimezone(zone).date() > last_day
    ]
    cut(series, last_day)
    return cancel_rows(actor, at, roster, series, after, message, base_url)


def _check_last_day(series: Series, last_day: date, today: date) -> None:
    if last_day < max(today, datetime.fromisoformat(series.starts_local).date()):
        raise Invalid(
            "last_day", N_("Give a day that is still to come, and not before the series begins.")
        )
    if last_day >= series.rolled_until:
        if Repeat.parse(series.rrule).is_open:
            raise Invalid("last_day", N_("Give a day within the coming twelve months."))
        raise Invalid("last_day", N_("The series has ended by then. To go on longer, extend it."))


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
    owners = whose(roster, sessions)
    claims.serialise(member.person_id for member in owners.members)
    for session in sessions:
        session.state, session.message = SessionState.CANCELLED, message
        touch(session, at)
    series.sequence += 1
    db.session.flush()
    claims.release(session.id for session in sessions)
    end_lines(sessions)
    see_ending(series)
    record(Act.SERIES_CANCEL, at, actor.id, series.id, roster=roster.id, sessions=len(sessions))
    placed = [(one.id, Interval(one.starts_at, one.ends_at)) for one in sessions]
    if placed:
        change = Change("cancelled", placed, message)
        tell(actor, at, roster, owners, series, change, base_url)
    return len(sessions)
