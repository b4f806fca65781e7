"""Days of leave."""

from datetime import date
from uuid import uuid4

from supervision.domain.leave import Away, on_leave

ANN, BEN = uuid4(), uuid4()
LEAVES = [
    Away(ANN, date(2026, 12, 1), date(2026, 12, 3)),
    Away(BEN, date(2026, 12, 3), date(2026, 12, 3)),
]


def test_first_and_last_day_are_both_of_the_leave() -> None:
    days = {day: on_leave(LEAVES, date(2026, 12, day)) for day in range(1, 5)}
    assert days == {1: {ANN}, 2: {ANN}, 3: {ANN, BEN}, 4: set()}
    assert on_leave(LEAVES, date(2026, 11, 30)) == set()
