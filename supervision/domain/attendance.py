"""Attendance: quarter hours, and when what equals say of a meeting counts as confirmed."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

STEP = 15
SETTLES = timedelta(days=7)
FREELY = timedelta(days=30)


def most_minutes(length: int) -> int:
    """The most that can be attended of a session of `length` minutes: rounded up to a quarter."""
    return -(-length // STEP) * STEP


def whole_minutes(length: int) -> int:
    """What counts as the whole of it: the nearest quarter, so that a record does not say more.

    Fifty minutes are three quarters of an hour, fifty-five are four. One quarter at least.
    """
    return max((2 * length + STEP) // (2 * STEP), 1) * STEP


def quarters(length: int) -> tuple[int, ...]:
    """The minutes that can be chosen, the most first."""
    return tuple(range(most_minutes(length), 0, -STEP))


class Standing(StrEnum):
    """How sure it is what was said of a meeting. OPEN: somebody says that it is not right."""

    CONFIRMED = "confirmed"
    WAITS = "waits"
    OPEN = "open"


def standing(
    expected: AbstractSet[UUID],
    marker: UUID,
    answers: Mapping[UUID, bool],
    marked_at: datetime,
    at: datetime,
) -> Standing:
    """Where a group of equals stands on what `marker` said of a meeting at `marked_at`.

    Confirmed when all others who were expected agree; or seven days later, when more than half of
    those expected do, the marker counted. As long as anybody disagrees it is open, however late.
    """
    if not all(answers.values()):
        return Standing.OPEN
    agreed = expected & {marker, *answers}
    enough = 2 * len(agreed) > len(expected) and at >= marked_at + SETTLES
    return Standing.CONFIRMED if agreed == expected or enough else Standing.WAITS
