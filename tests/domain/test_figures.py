"""Weeks and the three systems as they are drawn."""

from datetime import date, timedelta

from supervision.domain.figures import WEEKS, Fields, Point, Spot, line, points, since_begun, weeks

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def test_week_begins_where_its_reader_says() -> None:
    pages: list[tuple[date, Fields]] = [(MONDAY, {}), (MONDAY - DAY, {})]
    by_monday = weeks(pages, MONDAY, 0)
    by_sunday = weeks(pages, MONDAY, 6)
    assert [(one.first_on, one.written) for one in by_monday[-2:]] == [
        (MONDAY - 7 * DAY, 1),
        (MONDAY, 1),
    ]
    assert (by_sunday[-1].first_on, by_sunday[-1].written) == (MONDAY - DAY, 2)


def test_half_a_year_is_shown_whole_weeks_without_writing_too() -> None:
    first = MONDAY - (WEEKS - 1) * 7 * DAY
    found = weeks([(first, {}), (first - DAY, {}), (MONDAY + 7 * DAY, {})], MONDAY, 0)
    assert (len(found), found[0].first_on, [one.written for one in found]) == (
        26,
        first,
        [1] + [0] * 25,
    )


def test_weeks_before_the_first_reflection_are_left_out_down_to_twelve() -> None:
    for ago, shown in ((0, 12), (13, 14), (25, 26)):
        found = since_begun(weeks([(MONDAY - 7 * ago * DAY, {})], MONDAY, 0))
        assert (len(found), found[-1].first_on) == (shown, MONDAY)
    assert len(since_begun(weeks([], MONDAY, 0))) == 12


def test_practice_counts_where_one_is_named() -> None:
    fields: tuple[Fields, ...] = ({"practice": "Soothing rhythm"}, {"practice": "  "}, {})
    [*_, last] = weeks([(MONDAY, one) for one in fields], MONDAY, 0)
    assert (last.written, last.practised) == (3, 1)


def test_points_are_those_that_say_something_in_order() -> None:
    pages = [
        (MONDAY, {"threat_me": 7, "drive_me": 0}),
        (MONDAY - DAY, {"soothing_me": 3}),
        (MONDAY, {"threat_client": 9}),
        (MONDAY, {}),
        (MONDAY - 9 * DAY, {"threat_me": 1}),
    ]
    assert points(pages, "me", MONDAY - 5 * DAY) == [
        Point(MONDAY - DAY, None, None, 3),
        Point(MONDAY, 7, 0, None),
    ]


def test_number_that_is_none_is_absent() -> None:
    odd: Fields = {"threat_me": "7", "drive_me": 11, "soothing_me": True}
    assert points([(MONDAY, odd)], "me", MONDAY) == []


def test_line_breaks_where_nothing_was_said() -> None:
    found = [
        Point(MONDAY, 2, None, None),
        Point(MONDAY + DAY, None, 5, None),
        Point(MONDAY + 2 * DAY, 8, None, None),
        Point(MONDAY + 4 * DAY, 10, None, None),
    ]
    assert line(found, "threat", MONDAY, MONDAY + 4 * DAY) == [
        [Spot(0.0, 2)],
        [Spot(0.5, 8), Spot(1.0, 10)],
    ]
    assert line(found, "soothing", MONDAY, MONDAY + 4 * DAY) == []


def test_line_of_a_single_day_stands_at_its_beginning() -> None:
    assert line([Point(MONDAY, 2, 2, 2)], "drive", MONDAY, MONDAY) == [[Spot(0.0, 2)]]
