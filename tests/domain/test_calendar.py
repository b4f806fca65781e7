"""Days, pieces and lanes; clock changes worked out by hand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.domain import calendar
from supervision.domain.calendar import DAY, SHORTEST, STEP, Piece

LONDON = "Europe/London"
ZONES = [LONDON, "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]
MONDAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Item:
    starts_at: datetime
    ends_at: datetime


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def item(start: str, minutes: int) -> Item:
    return Item(at(start), at(start) + timedelta(minutes=minutes))


def drawn(items: list[Item], day: date, zone: str) -> list[tuple[int, int, int, int]]:
    pieces = calendar.by_day(items, [day], zone)[day]
    return [(one.top, one.minutes, one.lane, one.lanes) for one in pieces]


def test_week_begins_on_the_viewers_first_weekday():
    sunday = date(2026, 11, 29)
    assert calendar.week(sunday, 0) == [MONDAY + timedelta(days=n) for n in range(7)]
    assert calendar.week(sunday, 6)[0] == sunday
    assert calendar.week(MONDAY, 6)[0] == date(2026, 11, 22)
    assert calendar.week(MONDAY, 5)[0] == date(2026, 11, 21)


def test_month_is_six_weeks_around_it():
    days = calendar.month(MONDAY, 0)
    assert (days[0], days[-1], len(days)) == (date(2026, 10, 26), date(2026, 12, 6), 42)
    february = calendar.month(date(2027, 2, 28), 0)
    assert (february[0], february[-1]) == (date(2027, 2, 1), date(2027, 3, 14))
    assert calendar.month(MONDAY, 6)[0] == date(2026, 11, 1)


def test_agenda_is_four_weeks_from_the_day():
    days = calendar.agenda(MONDAY)
    assert (days[0], days[-1], len(days)) == (MONDAY, date(2026, 12, 20), 28)


def test_neighbours_are_a_page_away():
    assert calendar.neighbours("week", MONDAY) == (date(2026, 11, 16), date(2026, 11, 30))
    assert calendar.neighbours("agenda", MONDAY) == (date(2026, 10, 26), date(2026, 12, 21))
    assert calendar.neighbours("month", date(2026, 12, 31)) == (
        date(2026, 11, 1),
        date(2027, 1, 1),
    )


def test_neighbours_stop_at_the_ends_of_the_calendar():
    assert calendar.neighbours("month", calendar.EARLIEST)[0] == calendar.EARLIEST
    assert calendar.neighbours("week", calendar.LATEST)[1] == calendar.LATEST


def test_span_of_a_day_of_25_hours():
    found = calendar.span([date(2026, 10, 25)], LONDON)
    assert found == (at("2026-10-24T23:00"), at("2026-10-26T00:00"))


def test_span_of_a_day_of_23_hours():
    found = calendar.span([date(2026, 3, 29)], LONDON)
    assert found == (at("2026-03-29T00:00"), at("2026-03-29T23:00"))


def test_span_of_a_day_whose_midnight_is_left_out():
    """Cairo's clocks go from 00:00 to 01:00 on 24 April 2026: the day begins at 22:00 UTC."""
    found = calendar.span([date(2026, 4, 24)], "Africa/Cairo")
    assert found == (at("2026-04-23T22:00"), at("2026-04-24T21:00"))


def test_span_of_a_day_whose_midnight_comes_twice():
    """Havana's clocks go from 01:00 back to 00:00 on 1 November 2026: the first midnight counts."""
    found = calendar.span([date(2026, 11, 1)], "America/Havana")
    assert found == (at("2026-11-01T04:00"), at("2026-11-02T05:00"))


def test_pieces_stand_where_the_viewers_clock_says():
    found = drawn([item("2026-11-24T14:30", 50)], date(2026, 11, 24), "America/Toronto")
    assert found == [(9 * 60 + 30, 50, 0, 1)]


def test_session_over_midnight_is_in_two_days():
    days = [MONDAY, MONDAY + timedelta(days=1)]
    found = calendar.by_day([item("2026-11-23T23:30", 90)], days, LONDON)
    shown = [(one.top, one.minutes, one.begins) for day in days for one in found[day]]
    assert shown == [(23 * 60 + 30, 30, True), (0, 60, False)]


def test_session_that_ends_at_midnight_stays_in_its_day():
    days = [MONDAY, MONDAY + timedelta(days=1)]
    found = calendar.by_day([item("2026-11-23T23:00", 60)], days, LONDON)
    assert [(one.top, one.minutes) for one in found[days[0]]] == [(23 * 60, 60)]
    assert found[days[1]] == []


def test_session_over_the_hour_that_is_left_out_is_as_tall_as_the_clock_says():
    """00:30 to 02:30 on the wall in London on 29 March 2026 lasts one hour."""
    assert drawn([item("2026-03-29T00:30", 60)], date(2026, 3, 29), LONDON) == [(30, 120, 0, 1)]


def test_session_in_the_hour_that_comes_twice_keeps_its_length():
    """01:30 to the second 01:30 in London on 25 October 2026 lasts one hour."""
    assert drawn([item("2026-10-25T00:30", 60)], date(2026, 10, 25), LONDON) == [(90, 60, 0, 1)]


def test_hour_that_comes_twice_is_told_in_the_order_it_happens():
    """01:40 summer time comes before 01:10 winter time, though the wall says otherwise."""
    first, second = item("2026-10-25T00:40", 20), item("2026-10-25T01:10", 20)
    pieces = calendar.by_day([second, first], [date(2026, 10, 25)], LONDON)[date(2026, 10, 25)]
    assert [(one.item, one.top) for one in pieces] == [(first, 100), (second, 70)]


def test_sessions_back_to_back_share_no_lane():
    items = [item("2026-11-23T10:00", 50), item("2026-11-23T10:50", 50)]
    assert drawn(items, MONDAY, LONDON) == [(600, 50, 0, 1), (650, 50, 0, 1)]


def test_sessions_at_once_stand_beside_each_other():
    """Two at ten, a third that touches only the second, a fourth alone."""
    items = [
        item("2026-11-23T10:00", 60),
        item("2026-11-23T10:30", 90),
        item("2026-11-23T11:00", 30),
        item("2026-11-23T12:00", 30),
    ]
    assert drawn(items, MONDAY, LONDON) == [
        (600, 60, 0, 2),
        (630, 90, 1, 2),
        (660, 30, 0, 2),
        (720, 30, 0, 1),
    ]


def test_short_session_is_tall_enough_to_press_also_at_the_end_of_a_day():
    assert drawn([item("2026-11-23T09:00", 5)], MONDAY, LONDON) == [(540, SHORTEST, 0, 1)]
    assert drawn([item("2026-11-23T23:55", 5)], MONDAY, LONDON) == [(1420, SHORTEST, 0, 1)]


def test_hours_are_the_working_day_and_what_lies_outside_it():
    early, late = item("2026-11-23T06:10", 50), item("2026-11-23T20:30", 45)
    day = calendar.by_day([early, late], [MONDAY], LONDON)[MONDAY]
    assert calendar.hours(day) == (6, 22)
    assert calendar.hours([]) == (8, 18)


def _item(start: int, minutes: int) -> Item:
    begins = at("2026-10-23T00:00") + timedelta(minutes=start)
    return Item(begins, begins + timedelta(minutes=minutes))


items_of_a_while = st.lists(
    st.builds(_item, st.integers(0, 4 * 1440), st.integers(1, 480)), max_size=12
)


def covers(one: Piece[Item], other: Piece[Item]) -> bool:
    return max(one.top, other.top) < min(one.bottom, other.bottom)


@given(items_of_a_while, st.sampled_from(ZONES))
@settings(max_examples=120)
def test_pieces_never_cover_each_other(items, zone):
    for pieces in calendar.by_day(items, calendar.month(date(2026, 10, 1), 0), zone).values():
        for n, one in enumerate(pieces):
            assert 0 <= one.lane < one.lanes
            assert one.top >= 0
            assert one.bottom <= DAY
            assert one.minutes >= SHORTEST
            assert (one.top % STEP, one.minutes % STEP) == (0, 0)
            for other in pieces[n + 1 :]:
                assert one.lane != other.lane or not covers(one, other)
                assert one.lanes == other.lanes or not covers(one, other)


@given(items_of_a_while, st.sampled_from(ZONES), st.integers(0, 6))
@settings(max_examples=120)
def test_every_session_of_a_week_is_drawn_on_each_day_it_touches(items, zone, week_starts):
    days = calendar.week(date(2026, 10, 25), week_starts)
    found = calendar.by_day(items, days, zone)
    for day in days:
        start, end = calendar.span([day], zone)
        there = sorted(
            (one.starts_at, one.ends_at)
            for one in items
            if one.starts_at < end and one.ends_at > start
        )
        assert [(one.item.starts_at, one.item.ends_at) for one in found[day]] == there
        begun = [one.item.starts_at.astimezone(ZoneInfo(zone)).date() == day for one in found[day]]
        assert [one.begins for one in found[day]] == begun


@given(st.dates(calendar.EARLIEST, calendar.LATEST), st.integers(0, 6), st.sampled_from(ZONES))
@settings(max_examples=150)
def test_days_follow_each_other_without_a_gap(day, week_starts, zone):
    days = calendar.month(day, week_starts)
    assert days[0].weekday() == week_starts
    assert day in days
    assert day in calendar.week(day, week_starts)
    spans = [calendar.span([one], zone) for one in calendar.week(day, week_starts)]
    assert all(before.end == after.start for before, after in pairwise(spans))
