"""Calendars that others wrote, read for one thing alone: when their owner is busy."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import recurring_ical_events
from icalendar import Calendar

from supervision.domain.intervals import Interval
from supervision.domain.recurrence import resolve
from supervision.errors import N_, SupervisionError

MOST_EVENTS = 5_000
MOST_BYTES = 5_000_000
AHEAD = timedelta(days=400)


class Unreadable(SupervisionError):
    """A calendar elsewhere gave nothing that can be used; the sentence is for its owner."""


BROKEN = N_("What this address gives is not a calendar that can be read.")
TOO_MANY = N_("This calendar has too many events. Choose a smaller one, of at most 5,000 events.")


def read_busy(body: bytes, zone: str, within: Interval) -> list[Interval]:
    """When somebody is busy by an iCalendar file (RFC 5545): merged intervals, cut to `within`.

    Transparent and cancelled events leave them free. Floating times and whole days are local to
    `zone` (IANA). May take long for a hostile file: whoever calls sets the bounds. Raises
    Unreadable.
    """
    if body.upper().count(b"BEGIN:VEVENT") > MOST_EVENTS:
        raise Unreadable(TOO_MANY)
    try:
        calendar = Calendar.from_ical(body)
        if calendar.name != "VCALENDAR":
            raise Unreadable(BROKEN)
        # A day more on each side: a floating day begins and ends elsewhere than one of UTC.
        day = timedelta(days=1)
        events = recurring_ical_events.of(calendar).between(within.start - day, within.end + day)
        found = [_interval(event, zone) for event in events if _is_busy(event)]
    except Unreadable:
        raise
    except Exception as error:  # a file of a stranger's may break its reader anywhere
        raise Unreadable(BROKEN) from error
    return merged(found, within)


def _is_busy(event: Any) -> bool:
    transparent = str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT"
    return not transparent and str(event.get("STATUS", "")).upper() != "CANCELLED"


def _interval(event: Any, zone: str) -> Interval:
    return Interval(_instant(event.start, zone), _instant(event.end, zone))


def _instant(when: date | datetime, zone: str) -> datetime:
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)  # noqa: DTZ001 - local, resolved below
    return resolve(when, zone).starts_at if when.tzinfo is None else when.astimezone(UTC)


def merged(intervals: list[Interval], within: Interval) -> list[Interval]:
    """The same time as intervals that neither overlap nor touch, in order, cut to `within`."""
    kept: list[Interval] = []
    for start, end in sorted(intervals):
        cut = Interval(max(start, within.start), min(end, within.end))
        if cut.start >= cut.end:
            continue
        if kept and cut.start <= kept[-1].end:
            kept[-1] = Interval(kept[-1].start, max(kept[-1].end, cut.end))
        else:
            kept.append(cut)
    return kept
