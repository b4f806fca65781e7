"""A person with hours on every working day and 500 claims, and their slots the slow way."""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from supervision.domain.intervals import Interval
from supervision.domain.slots import Openness, Taken, Terms, Weekly, slots

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 9, 1, 6, tzinfo=UTC)
DAYS = 90
# Clocks change in these ninety days.
WITHIN = Interval(NOW, NOW + timedelta(days=DAYS))
HOURS = ((8 * 60, 12 * 60), (12 * 60 + 30, 18 * 60 + 30))
CLAIMS = 500
TERMS = Terms(minutes=50, step=30, after=10, notice=timedelta(hours=24), most_a_day=6)
OPENNESS = Openness(
    zone=ZONE.key,
    weekly=tuple(Weekly(day, hours, ZONE.key) for day in range(5) for hours in HOURS),
    away=((date(2026, 9, 14), date(2026, 9, 20)),),
    holidays=frozenset({date(2026, 10, 5)}),
)


def taken() -> Taken:
    """500 claims of half an hour somewhere in the ninety days; one in four is a session."""
    chance = random.Random(3)
    starts = sorted(
        NOW + timedelta(minutes=15 * n) for n in chance.sample(range(DAYS * 96), CLAIMS)
    )
    spans = [Interval.lasting(start, 30) for start in starts]
    return Taken(tuple(spans[::4]), tuple(one for n, one in enumerate(spans) if n % 4))


def swept(busy: Taken) -> list[datetime]:
    """The starts that the application finds."""
    return slots(OPENNESS, TERMS, busy, NOW, WITHIN)


def brute(busy: Taken) -> list[datetime]:
    """The same by trying each start on the grid against everything, one after the other."""
    free = timedelta(minutes=TERMS.after)
    dates = (NOW.date() + timedelta(days=n) for n in range(DAYS + 1))
    days = (day for day in dates if day.weekday() < 5)
    tried = (
        (day, start, closes)
        for day in days
        for opens, closes in (tuple(_local(day, minute) for minute in hours) for hours in HOURS)
        for start in _every(opens, closes)
    )
    return [
        start
        for day, start, closes in tried
        if WITHIN.start <= start < WITHIN.end
        and start >= NOW + TERMS.notice
        and start + timedelta(minutes=TERMS.minutes) <= closes
        and not any(first <= day <= last for first, last in OPENNESS.away)
        and day not in OPENNESS.holidays
        and not _clashes(Interval.lasting(start, TERMS.minutes + TERMS.after), busy, free)
        and _on(day, busy) < (TERMS.most_a_day or 0)
    ]


def _local(day: date, minute: int) -> datetime:
    return (datetime.combine(day, time(), ZONE) + timedelta(minutes=minute)).astimezone(UTC)


def _every(opens: datetime, closes: datetime) -> list[datetime]:
    step = timedelta(minutes=TERMS.step)
    return [opens + step * n for n in range((closes - opens) // step)]


def _clashes(wanted: Interval, busy: Taken, free: timedelta) -> bool:
    return any(
        wanted.overlaps(Interval(one.start, one.end + free)) for one in busy.sessions
    ) or any(wanted.overlaps(one) for one in busy.other)


def _on(day: date, busy: Taken) -> int:
    return sum(one.start.astimezone(ZONE).date() == day for one in busy.sessions)
