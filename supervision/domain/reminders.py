"""When somebody is reminded of a session, and when their daily agenda is due."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from supervision.domain.intervals import Interval
from supervision.domain.recurrence import resolve

HOUR, DAY = 60, 24 * 60
# How many minutes before a session somebody can be reminded, the longest first.
LEADS = (7 * DAY, 3 * DAY, 2 * DAY, DAY, 12 * HOUR, 3 * HOUR, 2 * HOUR, HOUR, 30, 15)
USUAL_LEAD = DAY
MOST = 3
NOON = 12
SECOND = timedelta(seconds=1)


def window(since: datetime, at: datetime, lead: int) -> Interval:
    """The starts whose reminder, `lead` minutes before, fell due in [since, at).

    As [start, end). Late ones are in it as well, but nothing that has begun by `at`.
    """
    ahead = timedelta(minutes=lead)
    return Interval(max(since + ahead, at + SECOND), at + ahead)


def is_news(starts_at: datetime, arranged_at: datetime, lead: int) -> bool:
    """Whether a session was arranged before its reminder was due: else all was said by that."""
    return arranged_at <= starts_at - timedelta(minutes=lead)


def next_agenda(hour: int, zone: str, after: datetime) -> datetime:
    """The first instant after another at which it is this full hour in a zone: one each local day.

    An hour that a day skips comes when the next begins, one that comes twice counts at first.
    """
    day = after.astimezone(ZoneInfo(zone)).date()
    while True:
        due = _at_hour(day, hour, zone)
        if due > after:
            return due
        day += timedelta(days=1)


def agenda_day(due_at: datetime, hour: int, zone: str) -> date:
    """The local day that an agenda tells of: before noon the same, from noon on the next."""
    day = due_at.astimezone(ZoneInfo(zone)).date()
    return day if hour < NOON else day + timedelta(days=1)


def _at_hour(day: date, hour: int, zone: str) -> datetime:
    return resolve(datetime.combine(day, time(hour)), zone).starts_at
