"""What of a calendar file is worth parsing: times and rules of events that may still matter.

Words are dropped here, before anything else looks at the file: titles, places, people and notes
go no further. What is left is small, however large the file was and however old the calendar is.
"""

import re
from datetime import timedelta

from supervision.domain.content_lines import Line, LongLineError, content_lines
from supervision.domain.ical import UID_HOST
from supervision.domain.intervals import Interval
from supervision.domain.outside.refusals import BROKEN, TOO_MANY, Unreadable

MOST_BYTES = 20_000_000
MOST_EVENTS = 5_000
MOST_LEFT = 4_000_000
LONGEST_LINE = 100_000
DEEPEST = 8
# Rules and exceptions reach further than the events that come of them.
MARGIN = timedelta(days=100)

CALENDAR, EVENT, ZONE = b"VCALENDAR", b"VEVENT", b"VTIMEZONE"
NAMES = frozenset(
    b"BEGIN END UID DTSTART DTEND DURATION RRULE RDATE EXDATE RECURRENCE-ID SEQUENCE TRANSP STATUS"
    b" X-MICROSOFT-CDO-BUSYSTATUS TZID TZOFFSETFROM TZOFFSETTO".split()
)
HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Supervision//EN"
NEVER = b"99999999"
_UNTIL = re.compile(rb"UNTIL=(\d{8})", re.IGNORECASE)
_OURS = b"@" + UID_HOST.encode()


def sieved(body: bytes, within: Interval) -> bytes:
    """The same calendar (RFC 5545) of nothing but times, for events that may touch `within`.

    Sessions of Supervision's own, which come back to who subscribes to them elsewhere, are left
    out. Several calendars in one file become one. Raises Unreadable.
    """
    sieve = _Sieve(within)
    try:
        for name, line in content_lines(body, NAMES, LONGEST_LINE):
            sieve.take(name, line)
    except LongLineError:
        raise Unreadable(TOO_MANY) from None
    return sieve.whole()


class _Sieve:
    """Takes line after line and keeps those of time zones and of events that may matter."""

    def __init__(self, within: Interval) -> None:
        self._first = f"{within.start - MARGIN:%Y%m%d}".encode()
        self._last = f"{within.end + MARGIN:%Y%m%d}".encode()
        self._begun = False
        self._open: list[bytes] = []
        self._part: list[Line] = []
        self._zones: list[bytes] = []
        self._events: list[bytes] = []
        self._left = 0

    def take(self, name: bytes, line: bytes) -> None:
        kind = line.partition(b":")[2].strip().upper()
        if name == b"BEGIN":
            self._begin(kind)
        if self._open[1:] == [EVENT] or self._open[1:2] == [ZONE]:
            self._part.append((name, line))
        if name == b"END":
            self._end(kind)

    def _begin(self, kind: bytes) -> None:
        if (kind == CALENDAR) == bool(self._open) or len(self._open) == DEEPEST:
            raise Unreadable(BROKEN)
        self._begun = True
        self._open.append(kind)
        if len(self._open) == 2:
            self._part = []

    def _end(self, kind: bytes) -> None:
        if not self._open or self._open.pop() != kind:
            raise Unreadable(BROKEN)
        if len(self._open) != 1 or not self._part:
            return
        if kind == ZONE:
            self._zones += self._kept()
        elif kind == EVENT and self._may_matter():
            self._events += self._kept()
        self._part = []

    def _kept(self) -> list[bytes]:
        lines = [line for _name, line in self._part]
        self._left += sum(map(len, lines))
        if self._left > MOST_LEFT:
            raise Unreadable(TOO_MANY)
        return lines

    def _may_matter(self) -> bool:
        """Whether an event, or what comes of it, may touch the days in question."""
        event = dict(self._part)
        start = _day(event.get(b"DTSTART", b""))
        if not start or event.get(b"UID", b"").strip().lower().endswith(_OURS):
            return False
        begins, ends = start, _day(event.get(b"DTEND", b""), start)
        if b"DURATION" in event or b"RDATE" in event:
            ends = NEVER
        for rule in (line for name, line in self._part if name == b"RRULE"):
            until = _UNTIL.search(rule)
            ends = max(ends, until[1] if until else NEVER)
        if b"RECURRENCE-ID" in event:
            instead = event[b"RECURRENCE-ID"]
            begins = min(begins, _day(instead))
            ends = NEVER if b"RANGE" in instead.upper() else max(ends, _day(instead))
        return begins <= self._last and ends >= self._first

    def whole(self) -> bytes:
        """Zones first, since events speak of them. Raises Unreadable for a calendar cut short."""
        if self._open or not self._begun:
            raise Unreadable(BROKEN)
        if sum(line.upper() == b"BEGIN:VEVENT" for line in self._events) > MOST_EVENTS:
            raise Unreadable(TOO_MANY)
        return b"\r\n".join([HEAD, *self._zones, *self._events, b"END:VCALENDAR", b""])


def _day(line: bytes, unknown: bytes = b"") -> bytes:
    """The date of a property's value, as eight digits."""
    day = line.rpartition(b":")[2].strip()[:8]
    return day if day.isdigit() else unknown
