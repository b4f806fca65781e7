"""Rules that repeat a wall-clock time, and the instants that come out of them.

A rule is expanded as local times first and gets its zone afterwards, so a meeting at ten stays at
ten when clocks change (RFC 5545 §3.3.5 and §3.8.5.3).
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

from supervision.errors import N_, Invalid

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST = -1
MOST_EVERY = 52
MOST_TIMES = 520
LONGEST = timedelta(days=3653)
_UNIT = {"WEEKLY": "week", "MONTHLY": "month"}
_FREQ = {unit: freq for freq, unit in _UNIT.items()}
_BYDAY = re.compile(r"([1-4]|-1)([A-Z]{2})")


@dataclass(frozen=True)
class Repeat:
    """How a series repeats.

    Every `every` weeks or months (`unit` is "week" or "month"); months on the `nth` (1 to 4, or
    LAST) weekday `day` (0 is Monday). Until a local date (inclusive), a number of times, or open.
    """

    unit: str
    every: int = 1
    nth: int | None = None
    day: int | None = None
    until: date | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        """Raises Invalid for a rule that makes no sense or never ends soon enough."""
        if self.unit not in _FREQ or (self.unit == "month") != (self.nth is not None):
            raise Invalid("repeats", N_("Choose how the session repeats."))
        if not 1 <= self.every <= MOST_EVERY:
            raise Invalid("every", N_("Repeat every 1 to %(most)s weeks."), most=MOST_EVERY)
        if self.count is not None and not 1 <= self.count <= MOST_TIMES:
            raise Invalid(
                "times", N_("Give a number of times from 1 to %(most)s."), most=MOST_TIMES
            )

    @property
    def is_open(self) -> bool:
        """Whether it goes on until somebody ends it."""
        return self.until is None and self.count is None

    def rrule(self) -> str:
        """The rule as RFC 5545 text for a floating local start; UNTIL is floating too."""
        parts = [f"FREQ={_FREQ[self.unit]}"]
        if self.every > 1:
            parts.append(f"INTERVAL={self.every}")
        if self.nth is not None and self.day is not None:
            parts.append(f"BYDAY={self.nth}{DAYS[self.day]}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}T235959")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        return ";".join(parts)

    def on(self, day: date) -> "Repeat":
        """The same rule met on another day: a month's follows that day's weekday and place."""
        if self.unit == "week":
            return self
        last = self.nth == LAST and is_last_weekday(day)
        return replace(self, nth=LAST if last else weekday_in_month(day), day=day.weekday())

    @classmethod
    def parse(cls, text: str) -> "Repeat":
        """The rule that `rrule` wrote."""
        parts = dict(part.split("=", 1) for part in text.split(";"))
        byday = _BYDAY.fullmatch(parts.get("BYDAY", ""))
        until, count = parts.get("UNTIL"), parts.get("COUNT")
        return cls(
            unit=_UNIT[parts["FREQ"]],
            every=int(parts.get("INTERVAL", 1)),
            nth=int(byday[1]) if byday else None,
            day=DAYS.index(byday[2]) if byday else None,
            until=date.fromisoformat(until[:8]) if until else None,
            count=int(count) if count else None,
        )


@dataclass(frozen=True)
class Occurrence:
    """One meeting of a series: the local time it is due at, and the instant that this is.

    `original_local` is naive. `shifted`: that local time does not exist on that day (the instant
    is the one that the offset before the gap gives) or comes twice (the first is taken).
    """

    original_local: datetime
    starts_at: datetime
    shifted: bool


def weekday_in_month(day: date) -> int:
    """Which of its weekday a date is in its month: 1 to 4, and LAST for a fifth."""
    nth = (day.day - 1) // 7 + 1
    return nth if nth < 5 else LAST


def is_last_weekday(day: date) -> bool:
    """Whether no such weekday follows in its month."""
    return (day + timedelta(days=7)).month != day.month


def known_zone(name: str) -> ZoneInfo:
    """The zone with an IANA name. Raises Invalid."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("zone", N_("This time zone is unknown.")) from None


def resolve(local: datetime, zone: str) -> Occurrence:
    """A naive local time in an IANA zone as an instant (RFC 5545 §3.3.5). Raises Invalid."""
    first = local.replace(tzinfo=known_zone(zone), fold=0)
    shifted = first.utcoffset() != first.replace(fold=1).utcoffset()
    try:
        return Occurrence(local, first.astimezone(UTC), shifted)
    except OverflowError:
        raise Invalid("date", N_("Give a date within the next ten years.")) from None


def occurrences(
    starts_local: datetime,
    zone: str,
    rrule: str,
    until_date: date,
    after_date: date | None = None,
) -> list[Occurrence]:
    """The occurrences due on local dates in (after_date, until_date], in order of local time.

    `starts_local` is naive, `zone` an IANA name. Raises Invalid for an unknown zone.
    """
    known_zone(zone)
    due = due_locals(starts_local, rrule, until_date)
    return [
        resolve(local, zone) for local in due if after_date is None or local.date() > after_date
    ]


def due_locals(starts_local: datetime, rrule: str, until_date: date) -> list[datetime]:
    """The naive local times of a rule up to a local date, inclusive."""
    until = datetime.combine(until_date, time.max)
    return list(takewhile(lambda local: local <= until, rrulestr(rrule, dtstart=starts_local)))


def first_occurrences(
    starts_local: datetime, zone: str, repeat: Repeat, many: int
) -> list[Occurrence]:
    """The first so many occurrences of a rule, whatever its end is. Raises Invalid."""
    rule = rrulestr(replace(repeat, until=None, count=None).rrule(), dtstart=starts_local)
    return [resolve(local, zone) for local in islice(rule, many)]


def first_after_move(repeat: Repeat, first: date, before: date, after: date) -> date:
    """Where `first` goes when a later occurrence of its rule is moved from `before` to `after`.

    `repeat` is the rule met on `after`. By as many days in weeks; in months to the same weekday
    and place, as many months away.
    """
    if repeat.unit == "week":
        return first + (after - before)
    away = relativedelta(months=12 * (after.year - before.year) + after.month - before.month)
    month = datetime.combine(first.replace(day=1) + away, time())
    rule = rrulestr(replace(repeat, every=1, until=None, count=1).rrule(), dtstart=month)
    return next(iter(rule)).date()
