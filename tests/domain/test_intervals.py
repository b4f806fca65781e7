"""Half-open intervals, against counting minutes one by one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.intervals import Interval

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
minutes = st.integers(min_value=0, max_value=30)


def interval(start: int, length: int) -> Interval:
    return Interval.lasting(NOON + timedelta(minutes=start), length)


def test_overlaps_back_to_back_do_not_touch() -> None:
    assert not interval(0, 60).overlaps(interval(60, 60))
    assert interval(0, 60).overlaps(interval(59, 60))


def test_lasting_counts_elapsed_minutes() -> None:
    assert interval(0, 50) == (NOON, datetime(2026, 11, 24, 12, 50, tzinfo=UTC))


@given(minutes, minutes, minutes, minutes)
def test_overlaps_when_a_minute_is_shared(a: int, length_a: int, b: int, length_b: int) -> None:
    shared = set(range(a, a + length_a)) & set(range(b, b + length_b))
    assert interval(a, length_a).overlaps(interval(b, length_b)) == bool(shared)
