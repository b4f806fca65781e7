"""Half-open stretches of time."""

from datetime import datetime, timedelta
from typing import NamedTuple


class Interval(NamedTuple):
    """The instants [start, end): the end is outside, so meetings back to back do not touch."""

    start: datetime
    end: datetime

    @classmethod
    def lasting(cls, start: datetime, minutes: int) -> "Interval":
        """The interval of so many elapsed minutes."""
        return cls(start, start + timedelta(minutes=minutes))

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two share an instant."""
        return max(self.start, other.start) < min(self.end, other.end)
