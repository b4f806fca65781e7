"""Seats: how long one is kept for somebody who waits for it."""

from datetime import datetime, timedelta

LONGEST = timedelta(hours=48)
SHORTEST = timedelta(hours=1)


def kept_until(at: datetime, next_start: datetime | None) -> datetime:
    """Until when a seat that is offered at `at` is kept: an instant, in whole minutes.

    Two days; half of the time to the next meeting where that is less, so that the next in line
    can still come to it; never less than an hour.
    """
    lasts = LONGEST
    if next_start is not None:
        lasts = max(SHORTEST, min(LONGEST, (next_start - at) / 2))
    return (at + lasts).replace(second=0, microsecond=0)
