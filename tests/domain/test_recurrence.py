"""Repeating wall-clock times: expected instants by hand, and by an independent calendar library."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from supervision.domain.recurrence import (
    LAST,
    Occurrence,
    Repeat,
    is_last_weekday,
    occurrences,
    resolve,
    weekday_in_month,
)
from supervision.errors import Invalid

ZONES = (
    "Europe/London",
    "America/Toronto",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/Santiago",
)
WEEKLY = Repeat("week").rrule()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Each worked by hand from the zone's published rules.
@pytest.mark.parametrize(
    ("zone", "when", "instant", "shifted"),
    [
        ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:30", True),
        ("Europe/London", "2026-10-25T01:30", "2026-10-25T00:30", True),
        ("Europe/London", "2026-10-25T02:00", "2026-10-25T02:00", False),
        ("America/Toronto", "2026-03-08T02:30", "2026-03-08T07:30", True),
        ("America/Toronto", "2026-11-01T01:30", "2026-11-01T05:30", True),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45", True),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45", True),
        ("Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30", False),
        ("Asia/Kathmandu", "2026-11-24T10:00", "2026-11-24T04:15", False),
        ("America/St_Johns", "2026-03-08T02:30", "2026-03-08T06:00", True),
        ("America/St_Johns", "2026-11-01T01:30", "2026-11-01T04:00", True),
        ("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30", True),
        ("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T02:30", True),
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T20:00", True),
        ("Pacific/Apia", "2012-01-06T10:00", "2012-01-05T20:00", False),
    ],
)
def test_resolve_around_transition(zone: str, when: str, instant: str, shifted: bool) -> None:
    assert resolve(local(when), zone) == Occurrence(local(when), utc(instant), shifted)


def test_occurrences_keep_wall_clock_over_autumn_change() -> None:
    found = occurrences(local("2026-10-20T10:00"), "Europe/London", WEEKLY, date(2026, 11, 3))
    assert found == [
        Occurrence(local("2026-10-20T10:00"), utc("2026-10-20T09:00"), False),
        Occurrence(local("2026-10-27T10:00"), utc("2026-10-27T10:00"), False),
        Occurrence(local("2026-11-03T10:00"), utc("2026-11-03T10:00"), False),
    ]


def test_occurrences_in_a_day_that_was_skipped_are_kept() -> None:
    found = occurrences(local("2011-12-23T10:00"), "Pacific/Apia", WEEKLY, date(2012, 1, 6))
    assert [one.starts_at for one in found] == [
        utc("2011-12-23T20:00"),
        utc("2011-12-30T20:00"),
        utc("2012-01-05T20:00"),
    ]
    assert [one.shifted for one in found] == [False, True, False]


def test_occurrences_after_a_date_count_from_the_first() -> None:
    rule = Repeat("week", every=2, count=4).rrule()
    found = occurrences(
        local("2026-01-05T09:00"), "UTC", rule, date(2027, 1, 1), after_date=date(2026, 1, 19)
    )
    assert [one.original_local for one in found] == [
        local("2026-02-02T09:00"),
        local("2026-02-16T09:00"),
    ]


@pytest.mark.parametrize(
    ("nth", "day", "expected"),
    [
        (2, 1, [date(2026, 1, 13), date(2026, 2, 10), date(2026, 3, 10)]),
        (LAST, 4, [date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 27)]),
    ],
)
def test_occurrences_monthly_by_weekday(nth: int, day: int, expected: list[date]) -> None:
    rule = Repeat("month", nth=nth, day=day, until=date(2026, 3, 31)).rrule()
    found = occurrences(
        datetime.combine(expected[0], time(18)), "Asia/Kathmandu", rule, date(2030, 1, 1)
    )
    assert [one.original_local.date() for one in found] == expected


def test_occurrences_until_takes_that_day_in() -> None:
    rule = Repeat("week", until=date(2026, 1, 19)).rrule()
    found = occurrences(local("2026-01-05T23:30"), "Pacific/Apia", rule, date(2030, 1, 1))
    assert [one.original_local.day for one in found] == [5, 12, 19]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime", "x\0y"])
def test_occurrences_in_unknown_zone_are_refused(zone: str) -> None:
    with pytest.raises(Invalid) as caught:
        occurrences(local("2026-01-05T09:00"), zone, WEEKLY, date(2026, 2, 1))
    assert caught.value.field == "zone"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"unit": "day"}, "repeats"),
        ({"unit": "month"}, "repeats"),
        ({"unit": "week", "every": 0}, "every"),
        ({"unit": "week", "every": 53}, "every"),
        ({"unit": "week", "count": 0}, "times"),
        ({"unit": "week", "count": 521}, "times"),
    ],
)
def test_repeat_that_makes_no_sense_is_refused(values: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        Repeat(**values)  # type: ignore[arg-type]  # wrong values are the point
    assert caught.value.field == field


def test_rrule_text() -> None:
    assert Repeat("week").rrule() == "FREQ=WEEKLY"
    assert Repeat("week", every=3, count=5).rrule() == "FREQ=WEEKLY;INTERVAL=3;COUNT=5"
    assert (
        Repeat("month", nth=LAST, day=3, until=date(2027, 1, 31)).rrule()
        == "FREQ=MONTHLY;BYDAY=-1TH;UNTIL=20270131T235959"
    )


@pytest.mark.parametrize(
    ("day", "nth", "last"),
    [
        (date(2026, 11, 3), 1, False),
        (date(2026, 11, 24), 4, True),
        (date(2026, 11, 22), 4, False),
        (date(2026, 11, 29), LAST, True),
    ],
)
def test_weekday_in_month(day: date, nth: int, last: bool) -> None:
    assert (weekday_in_month(day), is_last_weekday(day)) == (nth, last)


repeats = st.one_of(
    st.builds(Repeat, st.just("week"), st.integers(1, 6), count=st.integers(1, 20)),
    st.builds(
        Repeat,
        st.just("week"),
        st.integers(1, 6),
        until=st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    ),
    st.builds(
        Repeat,
        st.just("month"),
        st.integers(1, 3),
        nth=st.sampled_from([1, 2, 3, 4, LAST]),
        day=st.integers(0, 6),
        count=st.integers(1, 20),
    ),
    st.builds(Repeat, st.just("week"), st.integers(1, 52)),
)


@given(repeats)
def test_repeat_is_read_back_from_its_text(repeat: Repeat) -> None:
    assert Repeat.parse(repeat.rrule()) == repeat


starts = st.datetimes(local("2025-12-01"), local("2026-12-01")).map(
    lambda moment: moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
)


def expanded_by_library(start: datetime, zone: str, rrule: str, end: date) -> list[datetime]:
    text = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\n"
        f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}\nDURATION:PT5M\nRRULE:{rrule}\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    )
    calendar = Calendar.from_ical(text.replace("\n", "\r\n"))
    found = recurring_ical_events.of(calendar).between(date(2025, 11, 1), end)
    return sorted(event["DTSTART"].dt.astimezone(UTC) for event in found)


@settings(max_examples=60, deadline=None)
@given(starts, st.sampled_from(ZONES), st.integers(1, 4))
def test_occurrences_agree_with_recurring_ical_events(
    start: datetime, zone: str, every: int
) -> None:
    # A first time that falls in a gap is normalised by the library; ours is tested by hand above.
    if (
        ZoneInfo(zone)
        .fromutc(resolve(start, zone).starts_at.replace(tzinfo=ZoneInfo(zone)))
        .replace(tzinfo=None)
        != start
    ):
        start += timedelta(hours=2)
    rrule = Repeat("week", every=every, count=40).rrule()
    ours = occurrences(start, zone, rrule, date(2030, 1, 1))
    theirs = expanded_by_library(start, zone, rrule, date(2030, 1, 1))
    assert sorted(one.starts_at for one in ours) == theirs


@settings(max_examples=60)
@given(starts, st.sampled_from(ZONES))
def test_occurrences_show_the_booked_wall_clock_unless_shifted(start: datetime, zone: str) -> None:
    for one in occurrences(start, zone, WEEKLY, start.date() + timedelta(days=400)):
        shown = one.starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert one.shifted or shown == one.original_local
