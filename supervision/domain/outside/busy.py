"""From a calendar file to the times in which its owner is busy."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from warnings import catch_warnings, simplefilter

import recurring_ical_events
from icalendar import Calendar, Component

from supervision.domain.intervals import Interval
from supervision.domain.outside.refusals import BROKEN, TOO_MANY, WEB_PAGE, Unreadable
from supervision.domain.outside.sieve import sieved
from supervision.domain.recurrence import resolve

MOST_OCCURRENCES = 10_000
DAY = timedelta(days=1)
LONGEST_PIECE = DAY
GAP = timedelta(hours=3)  # longer than any by which clocks go forward
FREE = {"FREE", "WORKINGELSEWHERE"}
LENGTH = "X-LENGTH"


def read_busy(body: bytes, zone: str, within: Interval) -> list[Interval]:
    """When somebody is busy by an iCalendar file (RFC 5545): merged intervals, cut to `within`.

    Transparent and cancelled events leave them free, and so does one that makes no sense by
    itself. Floating times and whole days are local to `zone` (IANA). May take long for a hostile
    file: whoever calls sets the bounds. Raises Unreadable.
    """
    if body.lstrip()[:1] == b"<":
        raise Unreadable(WEB_PAGE)
    try:
        with catch_warnings():
            simplefilter("ignore")  # a library's remarks on a stranger's file help nobody here
            return merged(_busy(sieved(body, within), zone, within), within)
    except Unreadable:
        raise
    except MemoryError:
        raise Unreadable(TOO_MANY) from None
    except Exception as error:  # a file of a stranger's may break its reader anywhere
        raise Unreadable(BROKEN) from error


def _busy(text: bytes, zone: str, within: Interval) -> Iterator[Interval]:
    calendar = Calendar.from_ical(text)
    for event in calendar.walk("VEVENT"):
        length = _length(event, zone)
        if length is not None:
            event[LENGTH] = str(length.total_seconds())
    for one in _occurrences(calendar, within):
        event = one.as_component(keep_recurrence_attributes=False)
        if _takes_time(event):
            start, length = _instant(one.start, zone), event.get(LENGTH)
            end = start + timedelta(seconds=float(length)) if length else _instant(one.end, zone)
            yield Interval(start, end)


def _occurrences(calendar: Component, within: Interval) -> Iterator[Any]:
    query = recurring_ical_events.of(calendar, skip_bad_series=True)
    count = 0
    for series in query.series:
        with suppress(*query.suppressed_errors, OverflowError):
            # A day more on each side: a floating day begins and ends elsewhere than one of UTC.
            for one in series.between(within.start - DAY, within.end + DAY):
                count += 1
                if count > MOST_OCCURRENCES:
                    raise Unreadable(TOO_MANY)
                yield one


def _takes_time(event: Component) -> bool:
    transparent = str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    free = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() in FREE
    return not (transparent or free or str(event.get("STATUS", "")).upper() == "CANCELLED")


def _length(event: Component, zone: str) -> timedelta | None:
    """How long each occurrence really lasts, though clocks change meanwhile (section 3.8.5.3).

    None where clocks decide: whole days, and an event that has an end of its own.
    """
    start, end, duration = (event.get(name) for name in ("DTSTART", "DTEND", "DURATION"))
    try:
        if not isinstance(start.dt, datetime) or _has_periods(event):
            return None
        if duration is not None:
            return duration.dt if timedelta() <= duration.dt < DAY else None
        if end is not None and ("RRULE" in event or "RDATE" in event):
            return max(_instant(end.dt, zone) - _instant(start.dt, zone), timedelta())
    except (AttributeError, ValueError, OverflowError):
        return None  # no date at all: the event will be left out
    return None


def _has_periods(event: Component) -> bool:
    """Whether some occurrences bring a length of their own."""
    rdates = event.get("RDATE", [])
    lists = rdates if isinstance(rdates, list) else [rdates]
    return any(one.params.get("VALUE") == "PERIOD" for one in lists)


def _instant(when: date | datetime, zone: str) -> datetime:
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)  # noqa: DTZ001 - local, resolved below
    return resolve(when, zone).starts_at if when.tzinfo is None else _utc(when)


def _utc(when: datetime) -> datetime:
    """A time in a zone that the file may have made itself (section 3.3.5).

    One that does not exist, since clocks went forward, has the offset of the time before.
    """
    utc = when.astimezone(UTC)
    local = when.replace(tzinfo=None)
    if utc.astimezone(when.tzinfo).replace(tzinfo=None) == local:
        return utc
    return (local - ((when - GAP).utcoffset() or timedelta())).replace(tzinfo=UTC)


def merged(intervals: Iterable[Interval], within: Interval) -> list[Interval]:
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


def pieces(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """The same time, none of it longer than LONGEST_PIECE, so that a look at it can be bounded."""
    for start, end in intervals:
        cut = start
        while end - cut > LONGEST_PIECE:
            yield Interval(cut, cut + LONGEST_PIECE)
            cut += LONGEST_PIECE
        yield Interval(cut, end)
