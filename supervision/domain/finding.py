"""A time for several people in several zones: where all are free, the kindest hours first.

Every start is one place on a common grid, and each reason against it is painted over the places
that it touches; so the work grows with the people and days, not with their product by starts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cache
from itertools import pairwise
from operator import itemgetter
from zoneinfo import ZoneInfo

from supervision.domain.intervals import Interval
from supervision.domain.localdays import DAY, MINUTE, local_days, seconds
from supervision.domain.slots import Openness, Span, Taken, Terms, Weekly, blocked

A_DAY = 2
QUARTER = 15


class Hour(IntEnum):
    """How kind an hour of the local clock is to somebody; its number is what it costs."""

    GOOD = 0
    FAIR = 1
    WEEKEND = 2
    POOR = 4
    NIGHT = 9


# `Hour(cost)`, which takes its time.
HOURS = {int(hour): hour for hour in Hour}
# From which local hour on an hour is how kind.
WEEKDAY = (
    (0, Hour.NIGHT),
    (6, Hour.POOR),
    (7, Hour.FAIR),
    (9, Hour.GOOD),
    (17, Hour.FAIR),
    (20, Hour.POOR),
    (22, Hour.NIGHT),
)
WEEKEND = ((0, Hour.NIGHT), (7, Hour.POOR), (9, Hour.WEEKEND), (19, Hour.POOR), (22, Hour.NIGHT))


@dataclass(frozen=True)
class Mate:
    """Somebody who has to be there: their IANA `zone`, when they are open, and what is taken.

    Who has not said when they are open may be asked at any hour.
    """

    zone: str
    openness: Openness | None
    taken: Taken


@dataclass(frozen=True)
class Looked:
    """A start, who is free then, and how kind its worst hour is: each in the order of the mates."""

    starts_at: datetime
    free: tuple[bool, ...]
    hours: tuple[Hour, ...]

    @property
    def suits(self) -> bool:
        return all(self.free)


@dataclass(frozen=True)
class Found:
    """A start that suits all, and how kind its worst hour is to each, in the order of the mates."""

    starts_at: datetime
    hours: tuple[Hour, ...]


def find(
    mates: Sequence[Mate], minutes: int, now: datetime, within: Interval, step: int = 30
) -> list[Found]:
    """Every start in [within.start, within.end) at which all are free, by time.

    Starts are `step` minutes apart on the clock of the UTC hour; sessions last `minutes`.
    """
    grid = _Grid(within, step)
    free = bytearray(b"\x01") * grid.size
    for mate in mates:
        _block(free, mate, Terms(minutes, step), now, grid, within)
    costs = [_kindness(mate.zone, minutes, grid, within) for mate in mates]
    return [
        Found(grid.instant(place), tuple(HOURS[cost[place]] for cost in costs))
        for place, is_free in enumerate(free)
        if is_free
    ]


def look_over(
    mates: Sequence[Mate], minutes: int, now: datetime, starts: Sequence[datetime]
) -> list[Looked]:
    """Each of these starts as it is to each mate, in the order of the starts.

    They lie on quarters of an hour of the clock of the UTC hour, as every zone's full hours do.
    """
    within = Interval(min(starts), max(starts) + timedelta(minutes=QUARTER))
    grid, terms = _Grid(within, QUARTER), Terms(minutes, QUARTER)
    free = [bytearray(b"\x01") * grid.size for _mate in mates]
    for mate, places in zip(mates, free, strict=True):
        _block(places, mate, terms, now, grid, within)
    costs = [_kindness(mate.zone, minutes, grid, within) for mate in mates]
    return [
        Looked(
            start,
            tuple(bool(places[grid.place(start)]) for places in free),
            tuple(HOURS[cost[grid.place(start)]] for cost in costs),
        )
        for start in starts
    ]


def _block(
    free: bytearray, mate: Mate, terms: Terms, now: datetime, grid: "_Grid", within: Interval
) -> None:
    """Paint what stands against a mate's coming over the places of a grid."""
    for span in blocked(mate.openness or always(mate.zone), terms, mate.taken, now, within):
        grid.paint(free, span, 0)


def kindest(found: Sequence[Found], most: int) -> list[Found]:
    """The best starts: nobody's hour worse than need be, then the least in sum, then the soonest.

    At most A_DAY of one UTC day: the next half hour of a good day is no news.
    """
    ranked = sorted(found, key=lambda one: (max(one.hours), sum(one.hours), one.starts_at))
    a_day: Counter[object] = Counter()
    best = []
    for one in ranked:
        day = one.starts_at.date()
        a_day[day] += 1
        if a_day[day] <= A_DAY:
            best.append(one)
        if len(best) == most:
            break
    return best


def hour_of(zone: str, span: Interval) -> Hour:
    """How kind a session's worst minute is to somebody in a zone."""
    start, end = (seconds(instant) for instant in span)
    bands = _hours(zone, span)
    return max(hour for (first, last), hour in bands if first < end and start < last)


class _Grid:
    """The starts of an interval as places 0, 1, …"""

    def __init__(self, within: Interval, step: int) -> None:
        self._step = step * MINUTE
        self._first = -(-seconds(within.start) // self._step)
        self.size = max(0, -(-seconds(within.end) // self._step) - self._first)

    def instant(self, place: int) -> datetime:
        return datetime.fromtimestamp((self._first + place) * self._step, UTC)

    def place(self, instant: datetime) -> int:
        """The place of a start that lies on the grid."""
        return seconds(instant) // self._step - self._first

    def paint(self, over: bytearray, span: Span, value: int) -> None:
        """Write a value over the places of the starts in a span of seconds."""
        start, end = span
        first = max(0, -(-start // self._step) - self._first)
        last = min(self.size, -(-end // self._step) - self._first)
        if first < last:
            over[first:last] = bytes((value,)) * (last - first)


@cache
def always(zone: str) -> Openness:
    """Open at every hour of the local clock."""
    return Openness(zone, tuple(Weekly(day, (0, 24 * 60), zone) for day in range(7)))


def _kindness(zone: str, minutes: int, grid: _Grid, within: Interval) -> bytearray:
    """For each start what the worst hour of its session costs somebody in a zone."""
    found = bytearray(grid.size)
    length = minutes * MINUTE
    for (start, end), hour in sorted(_hours(zone, within), key=itemgetter(1)):
        grid.paint(found, (start - length + 1, end), hour)
    return found


def _hours(zone: str, within: Interval) -> Iterator[tuple[Span, Hour]]:
    """Stretches of equally kind hours on the local clock, in order, as seconds."""
    where = ZoneInfo(zone)
    first, last = (instant.astimezone(where).date() for instant in within)
    changes = [
        (day.second(clock * MINUTE), hour)
        for day in local_days(where, first - DAY, last + 2 * DAY)
        for clock, hour in (WEEKEND if day.day.weekday() >= 5 else WEEKDAY)
    ]
    for (start, hour), (end, _next) in pairwise(changes):
        yield (start, end), hour
