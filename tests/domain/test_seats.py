"""How long a seat is kept for who waits for it."""

from datetime import UTC, datetime, timedelta

import pytest

from supervision.domain.seats import kept_until

AT = datetime(2026, 11, 23, 9, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("next_start", "until"),
    [
        (None, datetime(2026, 11, 25, 9, 0, tzinfo=UTC)),
        (AT + timedelta(days=30), datetime(2026, 11, 25, 9, 0, tzinfo=UTC)),
        (AT + timedelta(hours=96), datetime(2026, 11, 25, 9, 0, tzinfo=UTC)),
        (AT + timedelta(hours=24), datetime(2026, 11, 23, 21, 0, tzinfo=UTC)),
        (AT + timedelta(hours=2), datetime(2026, 11, 23, 10, 0, tzinfo=UTC)),
        (AT + timedelta(minutes=5), datetime(2026, 11, 23, 10, 0, tzinfo=UTC)),
    ],
    ids=["no meeting", "far", "four days", "a day", "two hours", "at once"],
)
def test_seat_is_kept_two_days_or_half_the_time_to_the_meeting(
    next_start: datetime | None, until: datetime
) -> None:
    assert kept_until(AT, next_start) == until
