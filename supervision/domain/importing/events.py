"""Sessions that took place or are due elsewhere, read from an iCalendar file (RFC 5545)."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component, Event

from supervision.domain.importing.tables import MOST_BYTES, TOO_LARGE
from supervision.domain.intervals import Interval
from supervision.domain.outside import MOST_EVENTS, Unreadable
from supervision.domain.recurrence import resolve
from supervision.errors import N_

BEHIND, AHEAD = timedelta(days=731), timedelta(days=400)
MOST_FOUND = 500
LEAST, LONGEST = timedelta(minutes=5), timedelta(minutes=480)
DAY = timedelta(days=1)
TITLE = 80
# Each occurrence bears it; programs keep to 255 (RFC 7986 section 5.3).
LONGEST_UID = 1_000
# Rules that come to more than anybody meets, or to no end.
_ENDLESS = re.compile(
    rb"^RRULE\b.*(?:FREQ=(?:SECOND|MINUTE)LY|INTERVAL=0+(?:;|\s|$))", re.IGNORECASE | re.MULTILINE
)
REPEATS, LOST = "X-REPEATS", "X-LOST"

NO_CALENDAR = N_("This is not a calendar file. Choose one whose name ends in .ics.")
NO_EVENTS = N_("This calendar has no event between two years ago and thirteen months from now.")
TOO_MANY = N_("This calendar has too many events. Export a shorter time or a smaller calendar.")

WHOLE_DAY = N_("It has no time of day.")
FREE = N_("It is marked as free, not busy.")
CANCELLED = N_("It was cancelled.")
NO_ZONE = N_("Its time zone is not known.")
HOUR_TWICE = N_("Clocks change then, and this hour comes twice. Book it by hand.")
LENGTH = N_("Sessions last between 5 minutes and 8 hours.")


@dataclass(frozen=True)
class Found:
    """One event: [starts_at, ends_at) in UTC, `key` its own for ever in its calendar.

    `zone` is the IANA name of its own zone, empty for UTC and for local times, which are those of
    the roster. `left_out` says why it can be no session, empty where it can.
    """

    key: str
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str = ""
    left_out: str = ""

    @property
    def is_whole_day(self) -> bool:
        return self.left_out == WHOLE_DAY

    def plain(self) -> dict[str, Any]:
        """Ready for JSON; instants as seconds of Unix time."""
        times = {"starts_at": self.starts_at.timestamp(), "ends_at": self.ends_at.timestamp()}
        return asdict(self) | times

    @staticmethod
    def of(plain: dict[str, Any]) -> "Found":
        """What was made plain."""
        times = {
            name: datetime.fromtimestamp(plain[name], UTC) for name in ("starts_at", "ends_at")
        }
        return Found(**{**plain, **times})


def read_events(body: bytes, zone: str, at: datetime) -> list[Found]:
    """Every occurrence from two years before `at` to 400 days after, in order of time.

    Local times and whole days are those of `zone` (IANA). May take long for a hostile file: whoever
    calls sets the bounds. Raises Unreadable.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable(TOO_LARGE)
    if body.upper().count(b"BEGIN:VEVENT") > MOST_EVENTS or _ENDLESS.search(body):
        raise Unreadable(TOO_MANY)
    try:
        found = list(_found(_calendar(body), zone, Interval(at - BEHIND, at + AHEAD)))
    except Unreadable:
        raise
    except MemoryError:
        raise Unreadable(TOO_MANY) from None
    except Exception as error:  # a file of a stranger's may break its reader anywhere
        raise Unreadable(NO_CALENDAR) from error
    if not found:
        raise Unreadable(NO_EVENTS)
    return sorted(found, key=lambda one: (one.starts_at, one.ends_at, one.key))


def _calendar(body: bytes) -> Component:
    calendar = Calendar.from_ical(body)
    if calendar.name != "VCALENDAR":
        raise Unreadable(NO_CALENDAR)
    events = calendar.walk("VEVENT")
    repeating = {str(one.get("UID", "")) for one in events if _repeats(one)}
    for event in events:
        # Marks that each occurrence inherits: what comes of an event no longer tells its rule.
        if str(event.get("UID", "")) in repeating:
            event[REPEATS] = "1"
        if _lost_zone(event):
            event[LOST] = "1"
    return calendar


def _repeats(event: Component) -> bool:
    return any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID"))


def _lost_zone(event: Component) -> bool:
    """Whether it names a zone that nobody knows: then its time is no instant."""
    start = event.get("DTSTART")
    return (
        start is not None
        and "TZID" in start.params
        and isinstance(start.dt, datetime)
        and start.dt.tzinfo is None
    )


def _found(calendar: Component, zone: str, within: Interval) -> Iterator[Found]:
    count = 0
    for series in recurring_ical_events.of(calendar, skip_bad_series=True).series:
        # A day more on each side: a floating day begins and ends elsewhere than one of UTC.
        for one in series.between(within.start - DAY, within.end + DAY):
            found = _one(one.as_component(keep_recurrence_attributes=False), zone)
            if not within.start <= found.starts_at < within.end:
                continue
            count += 1
            if count > MOST_FOUND:
                raise Unreadable(TOO_MANY)
            yield found


def _one(event: Event, zone: str) -> Found:
    start, end = _instant(event.start, zone), _instant(event.end, zone)
    title = " ".join(str(event.get("SUMMARY", "")).split())
    own = getattr(getattr(event.start, "tzinfo", None), "key", "")
    return Found(
        _key(event, start, zone),
        title[:TITLE],
        start,
        end,
        "" if own in ("UTC", zone) else own,
        _why_not(event, Interval(start, end), zone),
    )


def _key(event: Component, start: datetime, zone: str) -> str:
    """Its UID; for one of many with the time that it was first due at (section 3.8.4.4)."""
    uid = str(event.get("UID", ""))[:LONGEST_UID]
    if uid and REPEATS not in event:
        return uid
    due: Any = event.get("RECURRENCE-ID")
    return f"{uid} {_instant(due.dt, zone) if due else start:%Y%m%dT%H%M%SZ}"


def _why_not(event: Event, span: Interval, zone: str) -> str:
    said = {name: str(event.get(name, "")).upper() for name in ("STATUS", "TRANSP")}
    reasons = {
        CANCELLED: said["STATUS"] == "CANCELLED",
        WHOLE_DAY: not isinstance(event.start, datetime),
        NO_ZONE: LOST in event,
        FREE: said["TRANSP"] == "TRANSPARENT",
        LENGTH: not LEAST <= span.end - span.start <= LONGEST,
        HOUR_TWICE: _comes_again(span.start, zone),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _comes_again(start: datetime, zone: str) -> bool:
    """Whether the roster's clocks showed this time an hour before: a session is known by that."""
    local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    return resolve(local, zone).starts_at != start


def _instant(when: date | datetime, zone: str) -> datetime:
    """An instant, to the minute: sessions know no seconds."""
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)  # noqa: DTZ001 - local, resolved below
    when = when.replace(second=0, microsecond=0)
    return resolve(when, zone).starts_at if when.tzinfo is None else when.astimezone(UTC)
