"""Eight people around the globe over four weeks, and their common times the slow way."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from supervision.domain.finding import Found, Mate, find
from supervision.domain.intervals import Interval
from supervision.domain.slots import Openness, Taken, Weekly

ZONES = (
    "Europe/London",
    "America/Toronto",
    "Europe/Berlin",
    "Europe/Lisbon",
    "America/St_Johns",
    "Africa/Casablanca",
    "Europe/Helsinki",
    "America/New_York",
)
NOW = datetime(2026, 10, 12, 6, tzinfo=UTC)
# Clocks change in these four weeks, on different days.
WITHIN = Interval(NOW, NOW + timedelta(weeks=4))
MINUTES, STEP, CLAIMS = 50, 30, 60
HOURS = (7 * 60, 22 * 60)


def mates() -> list[Mate]:
    """Each with sixty claims; every second has said when they are open."""
    chance = random.Random(5)
    return [
        Mate(
            zone,
            Openness(zone, tuple(Weekly(day, HOURS, zone) for day in range(6)))
            if number % 2
            else None,
            Taken([], [_claim(chance) for _ in range(CLAIMS)]),
        )
        for number, zone in enumerate(ZONES)
    ]


def _claim(chance: random.Random) -> Interval:
    return Interval.lasting(NOW + timedelta(minutes=15 * chance.randrange(28 * 96)), 50)


def found(people: list[Mate]) -> list[Found]:
    """The times that the application finds."""
    return find(people, MINUTES, NOW, WITHIN, STEP)


def brute(people: list[Mate]) -> list[datetime]:
    """The same by asking everybody about each start's every ten minutes."""
    starts = (NOW + timedelta(minutes=STEP * n) for n in range(1, 28 * 24 * 60 // STEP))
    return [start for start in starts if all(_suits(one, start) for one in people)]


def _suits(mate: Mate, start: datetime) -> bool:
    wanted = Interval.lasting(start, MINUTES)
    if any(wanted.overlaps(busy) for busy in mate.taken.other):
        return False
    where = ZoneInfo(mate.zone)
    asked = (start + timedelta(minutes=n) for n in range(0, MINUTES, 10))
    return mate.openness is None or all(_open(minute.astimezone(where)) for minute in asked)


def _open(local: datetime) -> bool:
    return local.weekday() < 6 and HOURS[0] <= local.hour * 60 + local.minute < HOURS[1]
