"""A zone's local dates as whole seconds since 1970."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE, EVEN = 60, 24 * 60 * 60
_EPOCH, _MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC), time()


class LocalDay(NamedTuple):
    """A date on a zone's clock: the seconds [begins, ends) that it lasts."""

    day: date
    zone: ZoneInfo
    begins: int
    ends: int

    def second(self, minute: int) -> int:
        """The instant of a minute since midnight (RFC 5545 §3.3.5 where clocks change)."""
        if self.ends - self.begins == EVEN:
            # No zone has changed its clock twice within two days since 1970.
            return self.begins + minute * MINUTE
        # Arithmetic on an aware datetime is on the wall clock, as it has to be here.
        midnight = datetime.combine(self.day, _MIDNIGHT, self.zone)
        return seconds(midnight + timedelta(minutes=minute))


def local_days(zone: ZoneInfo, first: date, last: date) -> Iterator[LocalDay]:
    """The local dates from `first` to `last`, both inclusive."""
    begins = begin(zone, first)
    for number in range((last - first).days + 1):
        day = first + DAY * number
        ends = begin(zone, day + DAY)
        yield LocalDay(day, zone, begins, ends)
        begins = ends


def begin(zone: ZoneInfo, day: date) -> int:
    """The instant at which a local date begins."""
    return seconds(datetime.combine(day, _MIDNIGHT, zone))


def seconds(instant: datetime) -> int:
    """An aware instant as whole seconds since 1970."""
    since = instant - _EPOCH
    return since.days * EVEN + since.seconds
