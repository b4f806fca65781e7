"""Quarter hours, and when what equals say of a meeting counts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from supervision.domain.attendance import (
    Standing,
    most_minutes,
    quarters,
    standing,
    whole_minutes,
)

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
ANN, BEN, CAT, DAN, EVE = (uuid4() for _ in range(5))
FIVE = {ANN, BEN, CAT, DAN, EVE}


@pytest.mark.parametrize(
    ("length", "whole", "most"),
    [
        (5, 15, 15),
        (20, 15, 30),
        (22, 15, 30),
        (23, 30, 30),
        (45, 45, 45),
        (50, 45, 60),
        (55, 60, 60),
        (90, 90, 90),
        (98, 105, 105),
        (480, 480, 480),
    ],
)
def test_whole_is_the_nearest_quarter_and_the_most_is_rounded_up(
    length: int, whole: int, most: int
) -> None:
    assert (whole_minutes(length), most_minutes(length)) == (whole, most)


def test_quarters_go_from_the_most_to_one() -> None:
    assert quarters(50) == (60, 45, 30, 15)


def stands(answers: dict[UUID, bool], after: timedelta, marker: UUID = ANN) -> Standing:
    return standing(FIVE, marker, answers, AT, AT + after)


def test_it_counts_at_once_when_all_others_agree() -> None:
    assert stands({BEN: True, CAT: True, DAN: True, EVE: True}, timedelta()) == "confirmed"
    assert stands({BEN: True, CAT: True, DAN: True}, timedelta()) == "waits"


def test_more_than_half_are_enough_after_a_week_the_marker_counted() -> None:
    assert stands({BEN: True, CAT: True}, WEEK - timedelta(seconds=1)) == "waits"
    assert stands({BEN: True, CAT: True}, WEEK) == "confirmed"
    assert stands({BEN: True}, 4 * WEEK) == "waits"


def test_half_is_not_more_than_half_and_of_two_both_are_needed() -> None:
    assert standing({ANN, BEN, CAT, DAN}, ANN, {BEN: True}, AT, AT + WEEK) == "waits"
    assert standing({ANN, BEN}, ANN, {}, AT, AT + 9 * WEEK) == "waits"
    assert standing({ANN, BEN}, ANN, {BEN: True}, AT, AT) == "confirmed"


def test_anybody_who_disagrees_leaves_it_open_however_late() -> None:
    agreed = {BEN: True, CAT: True, DAN: True}
    assert stands({**agreed, EVE: False}, 9 * WEEK) == "open"
    guest = uuid4()
    assert stands({**agreed, EVE: True, guest: False}, timedelta()) == "open"


def test_who_was_not_expected_counts_for_nothing_when_they_agree() -> None:
    guest = uuid4()
    assert stands({BEN: True, guest: True}, WEEK) == "waits"
    assert stands({BEN: True, CAT: True}, WEEK, marker=guest) == "waits"
    assert stands({ANN: True, BEN: True, CAT: True}, WEEK, marker=guest) == "confirmed"


def test_who_was_alone_needs_nobody() -> None:
    assert standing({ANN}, ANN, {}, AT, AT) == "confirmed"
