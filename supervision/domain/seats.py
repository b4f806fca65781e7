"""Seats: how long one is kept for somebody who waits for it, and until when one signs up."""

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


def kept_before(at: datetime, starts_at: datetime) -> datetime:
    """As `kept_until`, for a seat in the session itself: never longer than until it begins."""
    return min(kept_until(at, starts_at), starts_at)


def closes_at(created_at: datetime, starts_at: datetime, hours: int) -> datetime:
    """When signing up for a session ends: so many hours before it begins.

    Half of the time that there was, where it was booked at shorter notice than twice that.
    """
    return starts_at - min(timedelta(hours=hours), max((starts_at - created_at) / 2, timedelta(0)))
