"""Finding a time: equal to asking every minute, and the cases worked out by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.finding import Found, Hour, Mate, find, kindest, look_over
from supervision.domain.intervals import Interval
from supervision.domain.slots import Openness, Taken, Weekly

LONDON, TORONTO, SYDNEY, KATHMANDU = (
    "Europe/London",
    "America/Toronto",
    "Australia/Sydney",
    "Asia/Kathmandu",
)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOW = datetime(2026, 10, 23, 9, tzinfo=UTC)  # a Friday; London's clocks go back on Sunday


def kind(zone: str, instant: datetime) -> Hour:
    """How kind one minute is, read off the local clock."""
    local = instant.astimezone(ZoneInfo(zone))
    if local.weekday() >= 5:
        table = {7: Hour.NIGHT, 9: Hour.POOR, 19: Hour.WEEKEND, 22: Hour.POOR, 24: Hour.NIGHT}
    else:
        table = {
            6: Hour.NIGHT,
            7: Hour.POOR,
            9: Hour.FAIR,
            17: Hour.GOOD,
            20: Hour.FAIR,
            22: Hour.POOR,
            24: Hour.NIGHT,
        }
    return next(hour for until, hour in table.items() if local.hour < until)


def suits(mate: Mate, instant: datetime) -> bool:
    """Whether somebody is open and free during one minute; rules without dates alone."""
    busy = [*mate.taken.sessions, *mate.taken.other]
    if any(one.start <= instant < one.end for one in busy):
        return False
    if mate.openness is None:
        return True
    for rule in mate.openness.weekly:
        local = instant.astimezone(ZoneInfo(rule.zone))
        minute = local.hour * 60 + local.minute
        if local.weekday() == rule.weekday and rule.hours[0] <= minute < rule.hours[1]:
            return True
    return False


def by_brute_force(mates: list[Mate], minutes: int, within: Interval, step: int) -> list[Found]:
    found = []
    start = within.start
    while start < within.end:
        during = [start + n * MINUTE for n in range(minutes)]
        on_grid = int(start.timestamp()) % (step * 60) == 0
        if on_grid and start > NOW and all(suits(m, one) for m in mates for one in during):
            hours = tuple(max(kind(mate.zone, one) for one in during) for mate in mates)
            found.append(Found(start, hours))
        start += MINUTE
    return found


quarter = st.integers(0, 96).map(lambda n: n * 15)
hours = st.tuples(quarter, quarter).filter(lambda pair: pair[0] < pair[1])
zones = st.sampled_from([LONDON, TORONTO, SYDNEY, KATHMANDU])
busy = st.builds(
    lambda quarters, length: Interval.lasting(NOW + quarters * 15 * MINUTE, length),
    st.integers(-20, 400),
    st.sampled_from([15, 50, 600]),
)
rules = st.builds(Weekly, weekday=st.integers(0, 6), hours=hours, zone=zones)
opennesses = st.none() | st.builds(
    Openness, zone=zones, weekly=st.lists(rules, min_size=3, max_size=8).map(tuple)
)
takens = st.builds(Taken, st.lists(busy, max_size=3), st.lists(busy, max_size=3))
mates_ = st.lists(st.builds(Mate, zones, opennesses, takens), min_size=1, max_size=3)


@given(mates_, st.sampled_from([15, 50, 120]), st.sampled_from([15, 30]), st.integers(-4, 90))
def test_times_equal_brute_force(mates: list[Mate], minutes: int, step: int, hour: int) -> None:
    start = NOW + timedelta(hours=hour, minutes=7)
    within = Interval(start, start + timedelta(hours=7))
    assert find(mates, minutes, NOW, within, step) == by_brute_force(mates, minutes, within, step)


def test_three_zones_meet_in_the_only_decent_hour() -> None:
    """Monday to Friday nine to eight in London, Toronto and Sydney never meet; two of them do."""
    week = Interval(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 7, tzinfo=UTC))
    open_hours = {
        zone: Openness(zone, tuple(Weekly(day, (540, 1200), zone) for day in range(5)))
        for zone in (LONDON, TORONTO, SYDNEY)
    }
    mates = [Mate(zone, one, Taken()) for zone, one in open_hours.items()]
    assert find(mates, 60, NOW, week) == []
    both = find(mates[:2], 60, NOW, week)
    assert [f"{one.starts_at:%a %H:%M}" for one in both][:11] == [
        *(f"Mon {hour}:{half}" for hour in range(14, 19) for half in ("00", "30")),
        "Mon 19:00",
    ]
    assert both[0].hours == (Hour.GOOD, Hour.GOOD)
    assert both[-1].hours == (Hour.FAIR, Hour.GOOD)


def test_kindest_spares_the_worst_off_before_the_sum() -> None:
    def at(hour: int, day: int = 2) -> datetime:
        return datetime(2026, 11, day, hour, tzinfo=UTC)

    night = Found(at(1), (Hour.GOOD, Hour.NIGHT))
    fair = Found(at(8), (Hour.FAIR, Hour.FAIR))
    poor = Found(at(9), (Hour.POOR, Hour.GOOD))
    later = Found(at(10), (Hour.FAIR, Hour.FAIR))
    third = Found(at(11), (Hour.FAIR, Hour.FAIR))
    other = Found(at(6, 3), (Hour.POOR, Hour.POOR))
    found = [night, fair, poor, later, third, other]
    assert kindest(found, 10) == [fair, later, other]
    assert kindest(found, 1) == [fair]
    assert kindest([], 10) == []


def test_who_has_said_nothing_may_be_asked_at_any_hour() -> None:
    within = Interval(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 2, 2, tzinfo=UTC))
    found = find([Mate(LONDON, None, Taken())], 50, NOW, within)
    assert [one.starts_at.hour * 60 + one.starts_at.minute for one in found] == [0, 30, 60, 90]
    assert {one.hours for one in found} == {(Hour.NIGHT,)}


def test_each_hour_is_looked_at_for_each() -> None:
    """A session from two to three in London, while Toronto sleeps until six."""
    busy = Interval.lasting(datetime(2026, 11, 24, 14, tzinfo=UTC), 60)
    mates = [Mate(LONDON, None, Taken((busy,))), Mate(TORONTO, None, Taken())]
    starts = [datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (10, 13, 14, 15)]
    seen = look_over(mates, 60, NOW, starts)
    assert [(one.starts_at, one.free, one.hours) for one in seen] == [
        (starts[0], (True, True), (Hour.GOOD, Hour.NIGHT)),
        (starts[1], (True, True), (Hour.GOOD, Hour.FAIR)),
        (starts[2], (False, True), (Hour.GOOD, Hour.GOOD)),
        (starts[3], (True, True), (Hour.GOOD, Hour.GOOD)),
    ]
    assert [one.suits for one in look_over(mates, 61, NOW, starts)] == [True, False, False, True]


@given(st.integers(5, 240), st.integers(0, 300), st.integers(15, 300))
def test_looking_over_agrees_with_finding(minutes, begins, lasts) -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # over London's change of clocks
    busy = Interval.lasting(start + begins * MINUTE, lasts)
    mates = [Mate(LONDON, None, Taken((busy,))), Mate(KATHMANDU, None, Taken())]
    within = Interval(start, start + timedelta(hours=12))
    starts = [start + 15 * n * MINUTE for n in range(48)]
    seen = look_over(mates, minutes, NOW, starts)
    suiting = [Found(one.starts_at, one.hours) for one in seen if one.suits]
    assert suiting == find(mates, minutes, NOW, within, step=15)
