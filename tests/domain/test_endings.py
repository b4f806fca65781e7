"""When the end of a series is near."""

from datetime import UTC, datetime, timedelta

import pytest

from supervision.domain.endings import warns_at

FIRST = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def weekly(count: int, every: int = 1) -> list[datetime]:
    return [FIRST + timedelta(weeks=every * number) for number in range(count)]


@pytest.mark.parametrize(
    ("starts", "weeks"),
    [
        (weekly(12), 7),  # four weeks before the twelfth, which is seven weeks after the first
        (weekly(6, every=4), 8),  # the third begins: three are left, though twelve weeks remain
        (weekly(9, every=2), 10),  # the sixth begins; four weeks before the end would be later
        (weekly(5), 0),
        (weekly(4), 0),
        (weekly(2), 0),  # short from the beginning: not before it has begun
        (weekly(1), 0),
    ],
)
def test_warns_when_three_sessions_or_four_weeks_are_left(starts, weeks: int) -> None:
    assert warns_at(starts) == FIRST + timedelta(weeks=weeks)


def test_warns_of_nothing_when_nothing_is_planned() -> None:
    assert warns_at([]) is None
