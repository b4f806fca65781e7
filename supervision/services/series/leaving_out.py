"""Leave out days of a series that is booked already."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Repeat
from supervision.domain.skips import LeftOut
from supervision.models.sessions import Series
from supervision.permissions import Actor
from supervision.services.places import Held
from supervision.services.series.cancelling import cancel_rows
from supervision.services.series.parts import Change, tell
from supervision.services.series.rows import coming, series_of
from supervision.services.sessions.one import changeable_session
from supervision.services.sessions.plan import checked_message
from supervision.services.sessions.whose import whose


def leave_out(
    actor: Actor,
    at: datetime,
    session_id: UUID,
    first: date,
    last: date,
    message: str = "",
    base_url: str = "",
) -> int:
    """Cancel what the series of a session has on these local days, both inclusive; how many.

    Days count as they are in the series' zone, and sessions by when they are now, wherever they
    were due. The series keeps the days, so that it makes no session there as it rolls on. Raises
    as `cancel_session`, NotFound when it has no series, Invalid for days in the wrong order.
    """
    message = checked_message(message)
    roster, session = changeable_session(actor, at, session_id)
    series = series_of(session)
    series.skips = LeftOut.parse(series.skips).and_days(first, last).text()
    zone = ZoneInfo(series.zone)
    on_these = [
        one
        for one in coming(series.id, at)
        if first <= one.starts_at.astimezone(zone).date() <= last
    ]
    count = cancel_rows(actor, at, roster, series, on_these, message, base_url)
    if not on_these:
        _tell_left_out(actor, at, roster, series, base_url)
    return count


def _tell_left_out(actor: Actor, at: datetime, roster: Held, series: Series, base_url: str) -> None:
    """An invitation without an end says days that no session was made for yet."""
    rows = coming(series.id, at) if Repeat.parse(series.rrule).is_open else []
    owners = whose(roster, rows)
    placed = [(one.id, Interval(one.starts_at, one.ends_at)) for one in rows]
    tell(actor, at, roster, owners, series, Change("left_out", placed), base_url)
