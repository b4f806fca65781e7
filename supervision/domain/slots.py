"""When somebody can be booked: rules, less what takes their time, as starts on a grid.

One function, `look`, both shows slots and decides whether one may be taken. It says of every
start on the grid why it cannot be had. Inside, instants are whole seconds since 1970.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import chain, repeat
from zoneinfo import ZoneInfo

from supervision.domain.intervals import Interval
from supervision.domain.localdays import DAY, MINUTE, LocalDay, begin, local_days, seconds

NEVER = 1 << 62
Hours = tuple[int, int]
Span = tuple[int, int]


class Refusal(StrEnum):
    """Why a start cannot be had, in the order in which reasons are given."""

    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    TIME_OFF = "time_off"
    HOLIDAY = "holiday"
    OUTSIDE = "outside"
    CLASH = "clash"
    DAY_FULL = "day_full"
    WEEK_FULL = "week_full"


@dataclass(frozen=True)
class Weekly:
    """Open every `weekday` (0 is Monday) during `hours`, local minutes [from, to) since midnight.

    In `zone`, on local dates from `from_on` to `until_on`, both inclusive where given.
    """

    weekday: int
    hours: Hours
    zone: str
    from_on: date | None = None
    until_on: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the rule is in force on a local date of its zone."""
        return (
            day.weekday() == self.weekday
            and (self.from_on is None or day >= self.from_on)
            and (self.until_on is None or day <= self.until_on)
        )


@dataclass(frozen=True)
class Openness:
    """All that a person says about when they can be booked.

    `zone` is the IANA zone of `overrides` (hours that replace a date's; none: closed), of `away`
    (first and last day, both inclusive), of `holidays`, and of the days and weeks that are counted.
    """

    zone: str
    weekly: tuple[Weekly, ...] = ()
    overrides: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    away: tuple[tuple[date, date], ...] = ()
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Terms:
    """How a kind of session is booked: `minutes` long, every `step` minutes from an opening on.

    `before` and `after` are minutes that each session keeps free around itself. At least `notice`
    ahead, at most `horizon` days. Weeks begin on Monday.
    """

    minutes: int
    step: int = 30
    before: int = 0
    after: int = 0
    notice: timedelta = timedelta()
    horizon: int = 90
    most_a_day: int | None = None
    most_a_week: int | None = None


@dataclass(frozen=True)
class Taken:
    """What takes a person's time: `sessions` have minutes free around them and are counted."""

    sessions: Sequence[Interval] = ()
    other: Sequence[Interval] = ()


@dataclass(frozen=True)
class Start:
    """An instant on the grid, and why it cannot be had; None: it can."""

    starts_at: datetime
    refusal: Refusal | None = None


def look(
    openness: Openness, terms: Terms, taken: Taken, now: datetime, within: Interval
) -> list[Start]:
    """Every start on the grid in [within.start, within.end), in order.

    The answer for a start does not depend on how wide `within` is.
    """
    grid, reasons = _judged(openness, terms, taken, now, within)
    return [
        Start(datetime.fromtimestamp(start, UTC), why)
        for start, why in zip(grid, reasons, strict=True)
    ]


def slots(
    openness: Openness, terms: Terms, taken: Taken, now: datetime, within: Interval
) -> list[datetime]:
    """The starts that can be had."""
    grid, reasons = _judged(openness, terms, taken, now, within)
    free = [start for start, why in zip(grid, reasons, strict=True) if why is None]
    return list(map(datetime.fromtimestamp, free, repeat(UTC)))


def refusal(
    openness: Openness, terms: Terms, taken: Taken, now: datetime, starts_at: datetime
) -> Refusal | None:
    """Why a start cannot be had. One that is not on the grid is outside."""
    second = Interval(starts_at, starts_at + timedelta(seconds=1))
    found = look(openness, terms, taken, now, second)
    return found[0].refusal if found else Refusal.OUTSIDE


def blocked(
    openness: Openness, terms: Terms, taken: Taken, now: datetime, within: Interval
) -> list[Span]:
    """The spans of seconds in which no session can start, whatever the grid; they may overlap."""
    days = _Days(openness.zone, within)
    refused = _refused(openness, terms, taken, now, days, list(_openings(openness, days)))
    return [span for spans in refused.values() for span in spans]


def _judged(
    openness: Openness, terms: Terms, taken: Taken, now: datetime, within: Interval
) -> tuple[list[int], list[Refusal | None]]:
    """The grid, and for each start why it cannot be had: each reason painted over the weaker ones.

    O(days × rules + busy log busy + starts).
    """
    days = _Days(openness.zone, within)
    openings = list(_openings(openness, days))
    since, until = seconds(within.start), seconds(within.end)
    step = terms.step * MINUTE
    # Openings come in order, a zone's after another's: to sort them is to merge those runs.
    every = list(dict.fromkeys(sorted(chain.from_iterable(range(*o, step) for o in openings))))
    grid = every[bisect_left(every, since) : bisect_left(every, until)]
    reasons: list[Refusal | None] = [None] * len(grid)
    refused = _refused(openness, terms, taken, now, days, openings)
    for why in reversed(Refusal):
        for start, end in refused[why]:
            place = bisect_left(grid, start)
            while place < len(grid) and grid[place] < end:
                reasons[place] = why
                place += 1
    return grid, reasons


def _refused(
    openness: Openness,
    terms: Terms,
    taken: Taken,
    now: datetime,
    days: "_Days",
    openings: list[Span],
) -> dict[Refusal, list[Span]]:
    """By reason, the spans in which no session can start."""
    length, before, after = (
        minutes * MINUTE for minutes in (terms.minutes, terms.before, terms.after)
    )
    present, soonest = seconds(now), seconds(now + terms.notice)
    latest = seconds(now + DAY * terms.horizon)
    a_day, a_week = _full(terms, openness.zone, taken.sessions)
    return {
        Refusal.PAST: [(0, present + 1)],
        Refusal.NOTICE: [(0, soonest)],
        Refusal.HORIZON: [(latest + 1, NEVER)],
        Refusal.TIME_OFF: _touching(days.spans(openness.away), length),
        Refusal.HOLIDAY: _touching(days.spans((day, day) for day in openness.holidays), length),
        Refusal.OUTSIDE: _leaving(_merged(openings), length),
        Refusal.CLASH: _touching(_busy(terms, taken), length + after, before),
        Refusal.DAY_FULL: days.spans((day, day) for day in a_day),
        Refusal.WEEK_FULL: days.spans((monday, monday + 6 * DAY) for monday in a_week),
    }


def _full(
    terms: Terms, zone: str, sessions: Iterable[Interval]
) -> tuple[Iterable[date], Iterable[date]]:
    """The local dates, and the Mondays of the weeks, on which no more sessions may begin."""
    if terms.most_a_day is None and terms.most_a_week is None:
        return (), ()
    where = ZoneInfo(zone)
    a_day = Counter(span.start.astimezone(where).date() for span in sessions)
    a_week: Counter[date] = Counter()
    for day, count in a_day.items():
        a_week[day - DAY * day.weekday()] += count
    return _at_least(a_day, terms.most_a_day), _at_least(a_week, terms.most_a_week)


def _at_least(counted: Counter[date], most: int | None) -> list[date]:
    return [day for day, count in counted.items() if most is not None and count >= most]


def _touching(spans: Iterable[Span], length: int, before: int = 0) -> list[Span]:
    """Where something that begins `before` its start and lasts `length` from it would touch one."""
    return [(start - length + 1, end + before) for start, end in spans]


def _leaving(openings: list[Span], length: int) -> list[Span]:
    """Where something of this length would not lie in one of the disjoint openings."""
    ends = [0, *(end - length + 1 for _start, end in openings)]
    return list(zip(ends, [*(start for start, _end in openings), NEVER], strict=True))


def _openings(openness: Openness, days: "_Days") -> Iterator[Span]:
    """Each date's opening hours, those that touch on one date as one, so that they share a grid."""
    if openness.overrides:
        for day in days.of(openness.zone):
            yield from _placed(day, openness.overrides.get(day.day, ()))
    for zone in {rule.zone for rule in openness.weekly}:
        rules = [
            [rule for rule in openness.weekly if rule.zone == zone and rule.weekday == weekday]
            for weekday in range(7)
        ]
        for day in days.of(zone):
            hours = [rule.hours for rule in rules[day.day.weekday()] if rule.holds(day.day)]
            if hours and day.day not in openness.overrides:
                yield from _placed(day, hours)


def _placed(day: LocalDay, hours: Iterable[Hours]) -> Iterator[Span]:
    """A local date's hours as instants."""
    for opens, closes in _merged(hours):
        start, end = day.second(opens), day.second(closes)
        if start < end:
            yield start, end


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same time as disjoint spans in order; those that touch become one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


class _Days:
    """The local dates of a zone around an interval, two more on either side: zones lie apart."""

    def __init__(self, zone: str, within: Interval) -> None:
        self._zone = ZoneInfo(zone)
        self._first = within.start.astimezone(self._zone).date() - 2 * DAY
        self._last = within.end.astimezone(self._zone).date() + 2 * DAY

    def of(self, zone: str) -> Iterator[LocalDay]:
        """The same dates on the clock of a zone."""
        return local_days(ZoneInfo(zone), self._first, self._last)

    def spans(self, ranges: Iterable[tuple[date, date]]) -> list[Span]:
        """Ranges of dates, both ends inclusive, as instants: those that reach into these days."""
        return [
            (
                begin(self._zone, max(first, self._first)),
                begin(self._zone, min(last, self._last) + DAY),
            )
            for first, last in ranges
            if first <= self._last and last >= self._first
        ]


def _busy(terms: Terms, taken: Taken) -> Iterator[Span]:
    """What is taken; sessions with the free minutes that they keep around themselves."""
    before, after = terms.before * MINUTE, terms.after * MINUTE
    for start, end in taken.sessions:
        yield seconds(start) - before, seconds(end) + after
    for start, end in taken.other:
        yield seconds(start), seconds(end)
