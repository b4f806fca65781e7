"""A weekly series over two years in thirty zones, beside what an independent library expands.

Each zone's series are put where they hurt: on the local times that its clocks leave out or repeat.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from icalendar import Calendar, Event

from supervision.domain import ical
from supervision.domain.recurrence import Occurrence, Repeat, occurrences
from tests.support.zones import ZONES

FIRST, LAST = date(2026, 11, 2), date(2028, 11, 6)
WEEKLY = Repeat("week", until=LAST)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Short, for the library reckons ends on the clock: one in a repeated hour may come out first.
LENGTH = timedelta(minutes=5)


def offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    found = instant.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def odd_locals(zone: ZoneInfo) -> list[datetime]:
    """A local time within each gap and each repeated stretch of the two years."""
    found = []
    at = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    while at.date() <= LAST:
        before, after = offset(zone, at), offset(zone, at + HOUR / 2)
        if before != after:
            earliest = min(before, after)
            found.append((at + HOUR / 2 + earliest + abs(after - before) / 2).replace(tzinfo=None))
        at += HOUR / 2
    return found


def starts(zone: ZoneInfo) -> list[datetime]:
    """Ten in the morning of a Monday, and for each odd time the first such weekday and hour."""
    found = {datetime.combine(FIRST, time(10))}
    for odd in odd_locals(zone):
        first = FIRST + timedelta(days=(odd.weekday() - FIRST.weekday()) % 7)
        found.add(datetime.combine(first, odd.time()))
    return sorted(found)


def by_the_rule(local: datetime, zone: ZoneInfo) -> datetime:
    """RFC 5545 §3.3.5 word by word: the first instant that reads so, else the offset before."""
    around = local.replace(tzinfo=UTC)
    offsets = {offset(zone, around - DAY), offset(zone, around + DAY)}
    reads = [
        around - one
        for one in offsets
        if (around - one).astimezone(zone).replace(tzinfo=None) == local
    ]
    return min(reads, default=around - offset(zone, around - DAY))


@cache
def due_in(name: str) -> list[tuple[datetime, list[Occurrence]]]:
    zone = ZoneInfo(name)
    return [(start, occurrences(start, name, WEEKLY.rrule(), LAST + DAY)) for start in starts(zone)]


def as_calendar(start: datetime, zone: str) -> bytes:
    """The series as one event with its rule, and the zone described beside it."""
    event = Event()
    event.add("uid", "one")
    event.add("dtstamp", datetime(2026, 1, 1, tzinfo=UTC))
    event.add("dtstart", start.replace(tzinfo=ZoneInfo(zone)))
    event.add("duration", LENGTH)
    until = datetime.combine(LAST, datetime.max.time(), ZoneInfo(zone)).astimezone(UTC)
    event.add("rrule", {"freq": "weekly", "until": until.replace(microsecond=0)})
    calendar = Calendar()
    calendar.add("prodid", "test")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    calendar.add_missing_timezones(first_date=FIRST - 400 * DAY, last_date=LAST + 400 * DAY)
    return bytes(calendar.to_ical())


def expanded(body: bytes) -> list[datetime]:
    found = recurring_ical_events.of(Calendar.from_ical(body)).between(FIRST - DAY, LAST + 2 * DAY)
    return sorted(event["DTSTART"].dt.astimezone(UTC) for event in found)


def test_there_are_thirty_zones_and_most_change_their_clocks() -> None:
    assert (len(set(ZONES)), sum(bool(odd_locals(ZoneInfo(name))) for name in ZONES)) == (30, 20)


@pytest.mark.parametrize("name", ZONES)
def test_local_time_stays_and_odd_times_go_by_the_rule(name: str) -> None:
    zone = ZoneInfo(name)
    for start, due in due_in(name):
        assert [one.original_local for one in due] == [
            start + timedelta(weeks=week) for week in range(len(due))
        ]
        assert len(due) >= 105
        assert [one.starts_at for one in due] == [
            by_the_rule(one.original_local, zone) for one in due
        ]
        reads = [one.starts_at.astimezone(zone).replace(tzinfo=None) for one in due]
        assert all(
            one.shifted or read == one.original_local for one, read in zip(due, reads, strict=True)
        )


@pytest.mark.parametrize("name", ZONES)
def test_every_gap_and_every_repeat_is_met_by_a_series_and_marked(name: str) -> None:
    odd = odd_locals(ZoneInfo(name))
    shifted = {one.original_local for _, due in due_in(name) for one in due if one.shifted}
    assert set(odd) <= shifted


@pytest.mark.parametrize("name", ZONES)
def test_series_equal_what_another_library_expands_from_the_rule(name: str) -> None:
    for start, due in due_in(name):
        body = as_calendar(start, name)
        assert body.count(b"BEGIN:VTIMEZONE") == 1
        assert sorted(one.starts_at for one in due) == expanded(body)


@pytest.mark.parametrize("name", ZONES)
def test_series_equal_what_another_library_reads_in_our_own_feed(name: str) -> None:
    _start, due = due_in(name)[-1]
    stamp = datetime(2026, 1, 1, tzinfo=UTC)
    events = [
        ical.event(
            ical.Occurrence(
                id=UUID(int=number),
                starts_at=one.starts_at,
                ends_at=one.starts_at + LENGTH,
                created_at=stamp,
                stamped_at=stamp,
                sequence=0,
                cancelled=False,
                summary="Supervision",
                location="",
                description="",
                url="",
                conference="",
                category="",
            )
        )
        for number, one in enumerate(due)
    ]
    body = ical.calendar("Supervision", name, events)
    assert expanded(body) == sorted(one.starts_at for one in due)
