"""Calendar feeds as bytes (RFC 5545, RFC 7986): one VEVENT for each session, in UTC.

No RRULE, EXDATE, RECURRENCE-ID or VTIMEZONE: an event whose instants are written out in UTC is
the one form that every calendar client reads alike. Lines end with CRLF and are folded at 75
octets, never inside a character.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCategory, vDuration, vText, vUri

# A UID must stay the same for ever, so its host is no installation's host, which may move: it is
# a name that RFC 2606 promises nobody will ever own. The UUID before it makes it unique.
UID_HOST = "supervision.invalid"
PRODUCT = "-//Supervision//Supervision 1//EN"
COLOUR = "teal"
REFRESH = timedelta(hours=1)

PAST = timedelta(days=90)
COMING = timedelta(days=400)
CANCELLED_KEPT = timedelta(days=30)

_RESOURCE = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODUCT}\r\nCALSCALE:GREGORIAN\r\n".encode()
_END = b"END:VCALENDAR\r\n"
_FOLD = 75
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_LINK = re.compile(r"https?://[^\s\"<>\\^`{|}]+")
# What may stand in a URI as it is; everything else becomes %XX (RFC 3986).
_URI = "%:/?#[]@!$&'()*+,;=-._~"


@dataclass(frozen=True)
class Occurrence:
    """One session as a calendar shows it: [starts_at, ends_at), all instants aware.

    `stamped_at` is when it was last published, `sequence` how often it changed since; `busy`
    says whether it takes the reader's time. Texts are in the reader's language; empty ones are
    left out.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    stamped_at: datetime
    sequence: int
    cancelled: bool
    summary: str
    busy: bool = True
    location: str = ""
    description: str = ""
    url: str = ""
    conference: str = ""
    category: str = ""


class BadFeedError(ValueError):
    """Bytes that must not be published: cut short, or with another number of events."""


def uid(key: UUID) -> str:
    """The identity of a session in every feed and mail, for ever (RFC 7986 section 5.3)."""
    return f"{key}@{UID_HOST}"


def window(day: date, zone: str) -> tuple[datetime, datetime]:
    """What a feed shows on a local day: [start, end), the edges at midnight in the zone, as UTC."""
    start, end = (
        datetime.combine(edge, time(), ZoneInfo(zone)).astimezone(UTC)
        for edge in (day - PAST, day + COMING)
    )
    return start, end


def event(occurrence: Occurrence) -> bytes:
    """One VEVENT (RFC 5545 section 3.6.1), folded, from BEGIN to END."""
    return bytes(vevent(occurrence).to_ical(sorted=False))


def vevent(occurrence: Occurrence) -> Event:
    """What `event` writes, for somebody who has to add to it."""
    made = Event()
    made.add("uid", uid(occurrence.id))
    made.add("dtstamp", _utc(occurrence.stamped_at))
    made.add("last-modified", _utc(occurrence.stamped_at))
    made.add("created", _utc(occurrence.created_at))
    made.add("sequence", occurrence.sequence)
    made.add("dtstart", _utc(occurrence.starts_at))
    made.add("dtend", _utc(occurrence.ends_at))
    made.add("summary", vText(one_line(occurrence.summary)))
    made.add("status", "CANCELLED" if occurrence.cancelled else "CONFIRMED")
    free = occurrence.cancelled or not occurrence.busy
    made.add("transp", "TRANSPARENT" if free else "OPAQUE")
    _add_words(made, occurrence)
    return made


def _add_words(made: Event, occurrence: Occurrence) -> None:
    location, description = one_line(occurrence.location), lines(occurrence.description)
    if location:
        made.add("location", vText(location))
    if description:
        made.add("description", vText(description))
    if occurrence.category:
        made.add("categories", vCategory([one_line(occurrence.category)]))
    if occurrence.url:
        made.add("url", vUri(occurrence.url))
    conference = link(occurrence.conference)
    if conference:
        params = {"VALUE": "URI", "FEATURE": "VIDEO"}
        made.add("conference", vUri(conference, params=params))


def placeholder(day: date, summary: str) -> bytes:
    """A whole day on which nothing is planned: a feed without any event breaks clients."""
    return _whole_day(f"nothing-planned@{UID_HOST}", day, summary)


def tombstone(key: UUID, day: date, summary: str) -> bytes:
    """What stands in a feed that was turned off: it clears what the client held before."""
    return _whole_day(f"turned-off-{key}@{UID_HOST}", day, summary)


def _whole_day(identity: str, day: date, summary: str) -> bytes:
    """A transparent VEVENT over a local day; its stamp and sequence grow with the day."""
    stamp = datetime.combine(day, time(), UTC)
    made = Event()
    made.add("uid", identity)
    made.add("dtstamp", stamp)
    made.add("last-modified", stamp)
    made.add("created", stamp)
    made.add("sequence", day.toordinal())
    made.add("dtstart", day)
    made.add("dtend", day + timedelta(days=1))
    made.add("summary", vText(one_line(summary)))
    made.add("status", "CONFIRMED")
    made.add("transp", "TRANSPARENT")
    return bytes(made.to_ical(sorted=False))


def calendar(name: str, zone: str, fragments: Iterable[bytes]) -> bytes:
    """A whole VCALENDAR of ready events. `zone` (IANA) is what clients show it in, no more."""
    name = one_line(name)
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", PRODUCT)
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("name", vText(name))
    made.add("x-wr-calname", vText(name))
    made.add("x-wr-timezone", vText(zone))
    made.add("refresh-interval", vDuration(REFRESH, params={"VALUE": "DURATION"}))
    made.add("x-published-ttl", vDuration(REFRESH))
    made.add("color", vText(COLOUR))
    head = made.to_ical(sorted=False).removesuffix(_END)
    return b"".join((head, *fragments, _END))


def resource(fragment: bytes) -> bytes:
    """A ready event as a file of a calendar (RFC 4791 section 4.1): alone, and without METHOD."""
    return _RESOURCE + fragment + _END


def check(body: bytes, events: int, fresh: Iterable[bytes] | None = None) -> None:
    """Refuse a feed that does not end whole, count right, or has lines that no client may get.

    Lines are looked at in the head and in `fresh` events where others were checked before. Raises
    BadFeedError.
    """
    if not body.startswith(b"BEGIN:VCALENDAR\r\n") or not body.endswith(b"\r\n" + _END):
        raise BadFeedError("a feed is not whole")
    begun, ended = body.count(b"\r\nBEGIN:VEVENT\r\n"), body.count(b"\r\nEND:VEVENT\r\n")
    if not begun == ended == events or events < 1:
        raise BadFeedError(f"a feed of {events} events begins {begun} and ends {ended}")
    head = body[: body.index(b"BEGIN:VEVENT")]
    for part in [body] if fresh is None else [head, *fresh]:
        if max(map(len, part.split(b"\r\n"))) > _FOLD or part.count(b"\n") != part.count(b"\r\n"):
            raise BadFeedError("a feed has a line that is too long or ends wrongly")


def one_line(text: str) -> str:
    """Text with single spaces for any white space and without control characters."""
    return " ".join(_CONTROLS.sub(" ", _no_escape(text)).split())


def lines(text: str) -> str:
    """Text of several lines, none of them with space around, without control characters."""
    rows = _CONTROLS.sub(" ", _LINE_ENDS.sub("\n", _no_escape(text))).split("\n")
    return "\n".join(row.strip() for row in rows).strip()


def _no_escape(text: str) -> str:
    r"""A typed `\N` is RFC 5545's other line end: icalendar would write it as one."""
    return text.replace("\\N", "\\n")


def link(text: str) -> str:
    """A web address that may stand in a URI property, or nothing."""
    text = text.strip()
    return quote(text, safe=_URI) if _LINK.fullmatch(text) else ""


def _utc(instant: datetime) -> datetime:
    """Whole seconds in UTC: iCalendar knows no fraction. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(UTC).replace(microsecond=0)
