"""A strict reader of feeds, which has read RFC 5545 and nothing of ours: it says every fault.

Parsers forgive; calendars differ in what they forgive. What this reader lets pass, none has to.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import recurring_ical_events
from icalendar import Calendar

FOLD = 75
HEAD = {"VERSION", "PRODID", "CALSCALE", "METHOD"}
NEEDED = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS", "TRANSP"}
ONCE = NEEDED | {"CREATED", "LAST-MODIFIED", "DESCRIPTION", "LOCATION", "URL", "CATEGORIES"}
NEVER = {"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "ATTENDEE", "ORGANIZER", "DURATION"}
STAMPS = {"DTSTAMP", "CREATED", "LAST-MODIFIED"}
TEXTS = {"SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "X-WR-CALNAME"}
_LINE = re.compile(r'([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"]*"|[^";:,]*))*):(.*)', re.DOTALL)
_UTC = re.compile(r"\d{8}T\d{6}Z")
_DATE = re.compile(r"\d{8}")
_ESCAPES = re.compile(r"\\[\\;,nN]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class Line:
    """A property: its name, its parameters as they stand, its value."""

    name: str
    params: str
    value: str


Event = dict[str, list[Line]]


def faults(body: bytes) -> list[str]:
    """Everything that is wrong with a feed, and whether two libraries read what stands there."""
    found = text_faults(body)
    try:
        return [*found, *_as_libraries_read(body, _events(body))]
    except ValueError as error:
        return [*found, f"a library refuses it: {error}"]


def text_faults(body: bytes) -> list[str]:
    """What is wrong with a feed as text."""
    found = [*_bytes(body)]
    try:
        lines = [_line(one) for one in _unfolded(body)]
    except ValueError as error:
        return [*found, str(error)]
    head, events = _parted(lines, found)
    missing = HEAD - {line.name for line in head}
    found += [f"the calendar has no {name}" for name in sorted(missing)]
    if not events:
        found.append("no event")
    for event in events:
        found += _of_event(event)
    twice = Counter(_value(event, "UID") for event in events)
    found += [f"{uid} stands there {many} times" for uid, many in twice.items() if many > 1]
    for line in lines:
        found += _of_value(line)
    return found


def later_faults(before: bytes, after: bytes) -> list[str]:
    """What is wrong with a version of a feed that comes after another: calendars would miss it."""
    old, new = ({_value(one, "UID"): one for one in _events(body)} for body in (before, after))
    found = []
    for uid in old.keys() & new.keys():
        was, now = _version(old[uid]), _version(new[uid])
        if now[0] < was[0] or now[1] < was[1]:
            found.append(f"{uid} goes back from {was} to {now}")
        rises = now[0] > was[0] and now[1] > was[1]
        # Nobody misses another title of what is cancelled already.
        gone = _value(old[uid], "STATUS") == _value(new[uid], "STATUS") == "CANCELLED"
        if _told(old[uid]) != _told(new[uid]) and not rises and not gone:
            found.append(f"{uid} changed and its SEQUENCE or DTSTAMP did not rise")
    return found


def _events(body: bytes) -> list[Event]:
    return _parted([_line(one) for one in _unfolded(body)], [])[1]


def _version(event: Event) -> tuple[int, str]:
    return int(_value(event, "SEQUENCE")), _value(event, "DTSTAMP")


def _told(event: Event) -> dict[str, list[str]]:
    """What somebody would see of it."""
    return {
        name: [line.value for line in lines]
        for name, lines in event.items()
        if name in {"DTSTART", "DTEND", "STATUS", "SUMMARY", "LOCATION", "TRANSP"}
    }


def _bytes(body: bytes) -> list[str]:
    found = []
    if not body.endswith(b"\r\n"):
        found.append("does not end with a line end")
    if body.count(b"\n") != body.count(b"\r\n") or body.count(b"\r") != body.count(b"\r\n"):
        found.append("a line end is not CRLF")
    for number, line in enumerate(body.split(b"\r\n")[:-1], 1):
        if len(line) > FOLD:
            found.append(f"line {number} has {len(line)} octets")
        if not line.strip(b" \t"):
            found.append(f"line {number} is empty")
        try:
            line.decode()
        except UnicodeDecodeError:
            found.append(f"line {number} is cut inside a character")
    return found


def _unfolded(body: bytes) -> list[str]:
    return re.sub(r"\r\n[ \t]", "", body.decode(errors="replace")).split("\r\n")[:-1]


def _line(text: str) -> Line:
    match = _LINE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a property: {text!r}")
    return Line(match[1], match[2], match[3])


def _parted(lines: list[Line], found: list[str]) -> tuple[list[Line], list[Event]]:
    """The calendar's own properties, and each event's by name."""
    head: list[Line] = []
    events: list[Event] = []
    inside: list[str] = []
    for line in lines:
        if line.name == "BEGIN":
            inside.append(line.value)
            if line.value == "VEVENT":
                events.append({})
        elif line.name == "END":
            if not inside or inside.pop() != line.value:
                found.append(f"END:{line.value} ends nothing")
        elif inside == ["VCALENDAR"]:
            head.append(line)
        elif inside == ["VCALENDAR", "VEVENT"]:
            events[-1].setdefault(line.name, []).append(line)
        else:
            found.append(f"{line.name} stands in {inside}")
    if inside:
        found.append(f"{inside} has no end")
    return head, events


def _value(event: Event, name: str) -> str:
    return event[name][0].value if name in event else ""


def _of_event(event: Event) -> list[str]:
    uid = _value(event, "UID")
    found = [f"{uid} has no {name}" for name in sorted(NEEDED - event.keys())]
    found += [f"{uid} has {name}" for name in sorted(NEVER & event.keys())]
    found += [f"{uid} has {name} twice" for name in ONCE & event.keys() if len(event[name]) > 1]
    for name in STAMPS & event.keys():
        if not _UTC.fullmatch(_value(event, name)):
            found.append(f"{uid}: {name} is not UTC")
    start, end = _value(event, "DTSTART"), _value(event, "DTEND")
    kinds = [bool(_UTC.fullmatch(start)), bool(_UTC.fullmatch(end))]
    days = [bool(_DATE.fullmatch(start)), bool(_DATE.fullmatch(end))]
    if not (all(kinds) or all(days)) or "TZID" in event["DTSTART"][0].params:
        found.append(f"{uid}: {start} to {end} is not UTC, nor whole days")
    if end <= start:
        found.append(f"{uid}: ends before it begins")
    if not _value(event, "SEQUENCE").isdigit():
        found.append(f"{uid}: SEQUENCE is no number")
    if _value(event, "STATUS") not in {"CONFIRMED", "CANCELLED"}:
        found.append(f"{uid}: STATUS is {_value(event, 'STATUS')}")
    if _value(event, "STATUS") == "CANCELLED" and _value(event, "TRANSP") != "TRANSPARENT":
        found.append(f"{uid}: is cancelled and takes time")
    return found


def _of_value(line: Line) -> list[str]:
    found = []
    if _CONTROL.search(line.value):
        found.append(f"{line.name} holds a control character")
    if line.name in TEXTS:
        bare = _ESCAPES.sub("", line.value)
        found += [f"{line.name} has a bare {one!r}" for one in "\\;," if one in bare]
    return found


def _as_libraries_read(body: bytes, events: list[Event]) -> list[str]:
    """Whether two libraries see the same events, at the same instants."""
    read = Calendar.from_ical(body)
    found = [str(error) for part in read.walk() for error in part.errors]
    written = sorted(
        (_value(one, "UID"), _moment(_value(one, "DTSTART")), _moment(_value(one, "DTEND")))
        for one in events
    )
    by_one = sorted(_as_read(one) for one in read.walk("VEVENT"))
    first, last = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
    by_other = sorted(_as_read(one) for one in recurring_ical_events.of(read).between(first, last))
    if written != by_one:
        found.append("icalendar reads something else")
    if written != by_other:
        found.append("recurring-ical-events reads something else")
    return found


def _moment(text: str) -> str:
    return text.removesuffix("Z")


def _as_read(event: Any) -> tuple[str, str, str]:
    return (str(event["uid"]), _written(event["dtstart"].dt), _written(event["dtend"].dt))


def _written(moment: date) -> str:
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}"
    return f"{moment:%Y%m%d}"
