"""Slots against brute force, and the cases worked out by hand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.intervals import Interval
from supervision.domain.slots import Openness, Refusal, Taken, Terms, Weekly, look, refusal, slots

LONDON, TORONTO, SYDNEY = "Europe/London", "America/Toronto", "Australia/Sydney"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOW = datetime(2026, 10, 19, 9, tzinfo=UTC)


# Opening hours by rules, date and zone: the same for every minute that is asked.
PIECES: dict[tuple[int, date, str], list[Interval]] = {}


# -- brute force: every minute is asked every question ------------------------------------------


def opened(openness: Openness, day: date, zone: str) -> list[tuple[int, int]]:
    """Opening hours of one local date, merged minute by minute."""
    if day in openness.overrides:
        hours = openness.overrides[day] if zone == openness.zone else ()
    else:
        hours = tuple(r.hours for r in openness.weekly if r.zone == zone and r.holds(day))
    minutes = [any(a <= minute < b for a, b in hours) for minute in range(1440)]
    found, begun = [], None
    for minute, is_open in enumerate([*minutes, False]):
        if is_open and begun is None:
            begun = minute
        if not is_open and begun is not None:
            found.append((begun, minute))
            begun = None
    return found


def instant(day: date, minute: int, zone: str) -> datetime:
    local = datetime.combine(day, time()) + minute * MINUTE
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def pieces(openness: Openness, around: datetime) -> list[Interval]:
    zones = {openness.zone, *(rule.zone for rule in openness.weekly)}
    return [
        piece
        for n in range(-2, 3)
        for zone in sorted(zones)
        for piece in piece_of(openness, around.date() + n * DAY, zone)
    ]


def piece_of(openness: Openness, day: date, zone: str) -> list[Interval]:
    key = (id(openness), day, zone)
    if key not in PIECES:
        PIECES[key] = [
            Interval(instant(day, a, zone), instant(day, b, zone))
            for a, b in opened(openness, day, zone)
        ]
    return PIECES[key]


def is_free(openness: Openness, terms: Terms, taken: Taken, start: datetime) -> bool:
    """Whether a start can be had, by asking each minute of the session and its surroundings."""
    parts = pieces(openness, start)
    step = terms.step * MINUTE
    if not any(one.start <= start < one.end and not (start - one.start) % step for one in parts):
        return False
    end = start + terms.minutes * MINUTE
    inside = [start + n * MINUTE for n in range(terms.minutes)]
    here = ZoneInfo(openness.zone)
    local = start.astimezone(here).date()
    off = [
        first <= minute.astimezone(here).date() <= last
        for minute in inside
        for first, last in [*openness.away, *((day, day) for day in openness.holidays)]
    ]
    around = [start + n * MINUTE for n in range(-terms.before, terms.minutes + terms.after)]
    kept = [
        Interval(one.start - terms.before * MINUTE, one.end + terms.after * MINUTE)
        for one in taken.sessions
    ]
    begun = [one.start.astimezone(here).date() for one in taken.sessions]
    monday = local - DAY * local.weekday()
    return (
        start > NOW
        and start >= NOW + terms.notice
        and start <= NOW + DAY * terms.horizon
        and all(any(one.start <= minute < one.end for one in parts) for minute in inside)
        and not any(off)
        and not any(
            one.start <= minute < one.end for one in [*kept, *taken.other] for minute in around
        )
        and (terms.most_a_day is None or begun.count(local) < terms.most_a_day)
        and (
            terms.most_a_week is None
            or sum(monday <= day < monday + 7 * DAY for day in begun) < terms.most_a_week
        )
        and end > start
    )


# Quarter hours keep brute force's minutes few enough, and make touching ends likely.
quarter = st.integers(0, 96).map(lambda n: n * 15)
hours = st.tuples(quarter, quarter).filter(lambda pair: pair[0] < pair[1])
zones = st.sampled_from([LONDON, TORONTO, SYDNEY])
days = st.integers(-1, 12).map(lambda n: NOW.date() + n * DAY)
ranges = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
rules = st.builds(
    Weekly,
    weekday=st.integers(0, 6),
    hours=hours,
    zone=zones,
    from_on=st.none() | days,
    until_on=st.none() | days,
)
opennesses = st.builds(
    Openness,
    zone=zones,
    weekly=st.lists(rules, min_size=1, max_size=5).map(tuple),
    overrides=st.dictionaries(days, st.lists(hours, max_size=2).map(tuple), max_size=2),
    away=st.lists(ranges, max_size=1).map(tuple),
    holidays=st.frozensets(days, max_size=1),
)
terms_ = st.builds(
    Terms,
    minutes=st.sampled_from([15, 50, 75]),
    step=st.sampled_from([15, 30, 60]),
    before=st.sampled_from([0, 5, 20]),
    after=st.sampled_from([0, 10]),
    notice=st.sampled_from([timedelta(), timedelta(hours=30)]),
    horizon=st.sampled_from([4, 90]),
    most_a_day=st.none() | st.integers(1, 2),
    most_a_week=st.none() | st.integers(1, 4),
)
busy = st.builds(
    lambda quarters, length: Interval.lasting(NOW + quarters * 15 * MINUTE, length),
    st.integers(-96, 1000),
    st.sampled_from([15, 50, 600]),
)
takens = st.builds(Taken, st.lists(busy, max_size=6), st.lists(busy, max_size=3))


@given(opennesses, terms_, takens, st.integers(-24, 190))
def test_slots_equal_brute_force(openness: Openness, terms: Terms, taken: Taken, hour: int) -> None:
    """Over a day somewhere in these weeks; London and Sydney change their clocks in them."""
    PIECES.clear()
    start = NOW + timedelta(hours=hour)
    within = Interval(start, start + timedelta(hours=8))
    found = slots(openness, terms, taken, NOW, within)
    minutes = (start + n * MINUTE for n in range(8 * 60))
    assert found == [
        minute
        for minute in minutes
        if minute.minute % 15 == 0 and is_free(openness, terms, taken, minute)
    ]


@given(opennesses, terms_, takens)
def test_start_is_listed_exactly_when_it_is_not_refused(
    openness: Openness, terms: Terms, taken: Taken
) -> None:
    """What is shown over three weeks is what a commit that looks at one second says."""
    within = Interval(NOW - DAY, NOW + 14 * DAY)
    for start in look(openness, terms, taken, NOW, within)[::7]:
        assert refusal(openness, terms, taken, NOW, start.starts_at) == start.refusal
        aside = start.starts_at + 7 * MINUTE
        assert refusal(openness, terms, taken, NOW, aside) is Refusal.OUTSIDE


# -- by hand ------------------------------------------------------------------------------------

OPEN = Openness(LONDON, (Weekly(0, (540, 660), LONDON),))
MONDAY = datetime(2026, 10, 26, 9, tzinfo=UTC)
FIFTY = Terms(50, 30)
NOTHING = Taken()


def at(hour: int, minute: int = 0, day: int = 26) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC)


def shown(openness: Openness = OPEN, terms: Terms = FIFTY, taken: Taken = NOTHING) -> list[str]:
    within = Interval(at(0), at(23))
    return [f"{start:%H:%M}" for start in slots(openness, terms, taken, NOW, within)]


def test_slots_fill_an_opening_and_no_more() -> None:
    assert shown() == ["09:00", "09:30", "10:00"]
    assert shown(terms=Terms(60, 60)) == ["09:00", "10:00"]
    assert shown(terms=Terms(121, 30)) == []


def test_sessions_keep_minutes_free_around_them() -> None:
    taken = Taken([Interval(at(9), at(9, 50))])
    assert shown(taken=taken) == ["10:00"]
    assert shown(terms=Terms(50, 30, before=5, after=5), taken=taken) == ["10:00"]
    assert shown(terms=Terms(50, 30, before=5, after=6), taken=taken) == []


def test_other_busy_times_are_not_widened_twice() -> None:
    taken = Taken(other=[Interval(at(9), at(9, 50))])
    assert shown(terms=Terms(50, 30, before=10, after=30), taken=taken) == ["10:00"]
    assert shown(terms=Terms(50, 30, before=11), taken=taken) == []


def test_clocks_go_back_and_london_still_opens_at_nine() -> None:
    found = slots(OPEN, Terms(120), Taken(), NOW - 8 * DAY, Interval(at(0, day=18), at(23)))
    assert [f"{start:%d %H:%M}" for start in found] == ["19 08:00", "26 09:00"]


def test_hours_around_a_gap_are_as_long_as_they_last() -> None:
    """From one to three on the night when London's clocks go forward is a single hour."""
    openness = Openness(LONDON, (Weekly(6, (60, 180), LONDON),))
    night = datetime(2027, 3, 28, tzinfo=UTC)
    found = slots(openness, Terms(30), Taken(), NOW, Interval(night, night + DAY * 0.5))
    assert found == []
    terms = Terms(30, horizon=400)
    found = slots(openness, terms, Taken(), NOW, Interval(night, night + DAY * 0.5))
    assert [f"{start:%H:%M}" for start in found] == ["01:00", "01:30"]


OFF = Openness(LONDON, OPEN.weekly, away=((MONDAY.date(), MONDAY.date()),))
HOLIDAY = Openness(LONDON, OPEN.weekly, holidays=frozenset([MONDAY.date()]))
CLOSED = Openness(LONDON, OPEN.weekly, overrides={MONDAY.date(): ()})
ONE = Taken([Interval(at(14), at(15))])


@pytest.mark.parametrize(
    ("openness", "terms", "taken", "start", "why"),
    [
        (OPEN, FIFTY, Taken(), at(9), None),
        (OPEN, FIFTY, Taken(), at(9, 30, day=19), Refusal.OUTSIDE),
        (OPEN, FIFTY, Taken(), at(8, day=19), Refusal.PAST),
        (OPEN, Terms(50, notice=timedelta(days=8)), Taken(), at(9), Refusal.NOTICE),
        (OPEN, Terms(50, horizon=6), Taken(), at(9), Refusal.HORIZON),
        (OFF, FIFTY, Taken(), at(9), Refusal.TIME_OFF),
        (HOLIDAY, FIFTY, Taken(), at(9), Refusal.HOLIDAY),
        (CLOSED, FIFTY, Taken(), at(9), Refusal.OUTSIDE),
        (OPEN, FIFTY, Taken(), at(10, 30), Refusal.OUTSIDE),
        (OPEN, FIFTY, Taken(), at(9, 1), Refusal.OUTSIDE),
        (OPEN, FIFTY, Taken([Interval(at(9, 49), at(10))]), at(9), Refusal.CLASH),
        (OPEN, FIFTY, Taken([Interval(at(9, 50), at(10))]), at(9), None),
        (OPEN, Terms(50, most_a_day=1), ONE, at(9), Refusal.DAY_FULL),
        (OPEN, Terms(50, most_a_week=1), ONE, at(9), Refusal.WEEK_FULL),
        (OPEN, Terms(50, most_a_day=2, most_a_week=2), ONE, at(9), None),
    ],
)
def test_refusal_names_the_reason(
    openness: Openness, terms: Terms, taken: Taken, start: datetime, why: Refusal | None
) -> None:
    assert refusal(openness, terms, taken, NOW, start) == why
