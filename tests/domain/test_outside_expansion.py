"""Busy times of random calendars around clock changes are those of an expansion by hand.

By hand means: local times are counted on, each gets its zone afterwards, and what is busy is a set
of five-minute slots. Nothing of the library under test takes part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from supervision.domain.intervals import Interval
from supervision.domain.outside import read_busy

WITHIN = Interval(datetime(2026, 3, 15, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
OWN = "America/Toronto"
# Days before clocks change: in March, April (Lord Howe's end), October, November.
DAYS = [
    datetime.fromisoformat(day)
    for day in (
        "2026-03-06",
        "2026-03-26",
        "2026-03-28",
        "2026-04-03",
        "2026-10-02",
        "2026-10-23",
        "2026-10-30",
    )
]
ZONES = [
    "Europe/London",
    "America/Toronto",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Africa/Casablanca",
]
OUTLOOK = {"W. Europe Standard Time": "Europe/Berlin", "Eastern Standard Time": "America/New_York"}
SLOT = timedelta(minutes=5)
DAY = timedelta(days=1)
VTIMEZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD\r\n"
    "DTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)


@dataclass(frozen=True)
class Made:
    """An event as somebody wrote it: a naive local start, in a zone ("": floating, "Z": UTC).

    `days` is its length when it has whole days, `minutes` otherwise. It comes `count` times, every
    `every` days; `out` are left out, `moved` begin so many minutes later, `free` take no time.
    """

    start: datetime
    zone: str
    minutes: int = 0
    days: int = 0
    by_duration: bool = False
    every: int = 1
    count: int = 1
    until: bool = False
    out: frozenset[int] = frozenset()
    moved: dict[int, int] = field(default_factory=dict)
    free: frozenset[int] = frozenset()

    @property
    def repeats(self) -> bool:
        return self.count > 1


def instant(local: datetime, zone: str) -> datetime:
    known = {"": OWN, "Z": "UTC"} | OUTLOOK
    return local.replace(tzinfo=ZoneInfo(known.get(zone, zone))).astimezone(UTC)


# -- by hand -------------------------------------------------------------------------------


def length(made: Made) -> timedelta | None:
    """How long each occurrence really lasts; None: until its own local end."""
    minutes = timedelta(minutes=made.minutes)
    if made.by_duration:
        return minutes
    if not made.repeats:
        return None
    return instant(made.start + minutes, made.zone) - instant(made.start, made.zone)


def spans(made: Made) -> list[tuple[datetime, datetime]]:
    found = []
    for number in range(made.count):
        if number in made.out or number in made.free:
            continue
        local = made.start + timedelta(days=made.every * number)
        if made.days:
            end = instant(local + DAY * made.days, "")
            found.append((instant(local, ""), end))
        elif number in made.moved:
            local += timedelta(minutes=made.moved[number])
            end = instant(local + timedelta(minutes=made.minutes), made.zone)
            found.append((instant(local, made.zone), end))
        else:
            start, lasts = instant(local, made.zone), length(made)
            end = instant(local + timedelta(minutes=made.minutes), made.zone)
            found.append((start, end if lasts is None else start + lasts))
    return found


def slots(intervals: Sequence[tuple[datetime, datetime]]) -> set[datetime]:
    found = set()
    for start, end in intervals:
        moment = max(start, WITHIN.start)
        while moment < min(end, WITHIN.end):
            found.add(moment)
            moment += SLOT
    return found


# -- as a file -----------------------------------------------------------------------------


def stamp(name: str, local: datetime, made: Made) -> str:
    if made.days:
        return f"{name};VALUE=DATE:{local:%Y%m%d}"
    zone = f";TZID={made.zone}" if made.zone not in {"", "Z"} else ""
    return f"{name}{zone}:{local:%Y%m%dT%H%M%S}{'Z' if made.zone == 'Z' else ''}"


def lines(made: Made, uid: int) -> list[str]:
    found = [f"UID:{uid}", stamp("DTSTART", made.start, made)]
    size = DAY * made.days if made.days else timedelta(minutes=made.minutes)
    if made.by_duration and not made.days:
        found.append(f"DURATION:PT{made.minutes}M")
    else:
        found.append(stamp("DTEND", made.start + size, made))
    if made.repeats:
        found.append(f"RRULE:FREQ=DAILY;INTERVAL={made.every};{last(made)}")
    days = (made.start + timedelta(days=made.every * number) for number in sorted(made.out))
    return found + [stamp("EXDATE", day, made) for day in days]


def last(made: Made) -> str:
    if not made.until:
        return f"COUNT={made.count}"
    local = made.start + timedelta(days=made.every * (made.count - 1))
    if made.days:
        return f"UNTIL={local:%Y%m%d}"
    if not made.zone:
        return f"UNTIL={local:%Y%m%dT%H%M%S}"
    return f"UNTIL={instant(local, made.zone):%Y%m%dT%H%M%SZ}"


def overrides(made: Made, uid: int) -> list[list[str]]:
    found = []
    for number in sorted({*made.moved, *made.free} - made.out):
        local = made.start + timedelta(days=made.every * number)
        start = local + timedelta(minutes=made.moved.get(number, 0))
        end = start + (DAY * made.days if made.days else timedelta(minutes=made.minutes))
        one = [f"UID:{uid}", stamp("RECURRENCE-ID", local, made)]
        one += [stamp("DTSTART", start, made), stamp("DTEND", end, made)]
        if number in made.free:
            one.append("TRANSP:TRANSPARENT" if number % 2 else "STATUS:CANCELLED")
        found.append(one)
    return found


def written(events: list[Made], with_zones: bool) -> bytes:
    rows = [
        ["SUMMARY:Never to be told", *one]
        for n, made in enumerate(events)
        for one in (lines(made, n), *overrides(made, n))
    ]
    parts = ["BEGIN:VEVENT\r\n" + "\r\n".join(one) + "\r\nEND:VEVENT\r\n" for one in rows]
    zones = VTIMEZONE if with_zones else ""
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    return f"{head}{''.join(parts)}{zones}END:VCALENDAR\r\n".encode()


@st.composite
def events(draw: st.DrawFn) -> Made:
    whole = draw(st.booleans())
    count = draw(st.integers(1, 6))
    numbers = st.frozensets(st.integers(1, max(1, count - 1)), max_size=2)
    some = numbers if count > 1 else st.just(frozenset())
    moved = draw(some) if not whole else frozenset()
    minute = draw(st.integers(0, 24 * 12 - 1)) * 5
    return Made(
        start=draw(st.sampled_from(DAYS)) + timedelta(minutes=0 if whole else minute),
        zone="" if whole else draw(st.sampled_from(["", "Z", *ZONES, *OUTLOOK])),
        minutes=0 if whole else draw(st.integers(1, 60)) * 5,
        days=draw(st.integers(1, 3)) if whole else 0,
        by_duration=draw(st.booleans()),
        every=draw(st.integers(1, 3)),
        count=count,
        until=draw(st.booleans()),
        out=draw(some),
        moved={number: draw(st.integers(1, 40)) * 5 for number in sorted(moved)},
        free=draw(some) - moved,
    )


def one_event(start: str, zone: str, minutes: int = 60, **more: Any) -> list[Made]:
    """One event, for the cases that are worth naming."""
    return [Made(datetime.fromisoformat(start), zone, minutes, **more)]


@settings(max_examples=150)
@given(st.lists(events(), min_size=1, max_size=4), st.booleans())
@example(one_event("2026-03-28T01:30", "Europe/London", count=3), False)
@example(one_event("2026-03-29T00:30", "Europe/London", 180), False)
@example(one_event("2026-03-29T00:30", "Europe/London", 180, by_duration=True), False)
@example(one_event("2026-03-28T00:30", "Europe/London", 180, count=3), False)
@example(one_event("2026-03-28T02:00", "W. Europe Standard Time", count=2), True)
@example(one_event("2026-10-25T00:30", "Europe/London", 120), False)
@example(one_event("2026-10-24T09:00", "W. Europe Standard Time", count=3), True)
@example(one_event("2026-03-28", "", 0, days=2, count=3, every=3), False)
def test_busy_times_are_those_of_an_expansion_by_hand(several: list[Made], zones: bool) -> None:
    found = read_busy(written(several, zones), OWN, WITHIN)
    assert slots(found) == slots([span for one in several for span in spans(one)])
    assert all(one.end < other.start for one, other in pairwise(found))
