"""Days that a series leaves out."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.skips import MOST, NOTHING, LeftOut
from supervision.errors import Invalid

EVE, FOURTH = date(2026, 12, 24), date(2027, 1, 4)


def test_both_ends_are_left_out() -> None:
    found = NOTHING.and_days(EVE, FOURTH)
    days = [EVE - timedelta(days=1), EVE, FOURTH, FOURTH + timedelta(days=1)]
    assert [day in found for day in days] == [False, True, True, False]


def test_text_is_that_of_iso_intervals() -> None:
    found = NOTHING.and_days(EVE, FOURTH).and_each([date(2026, 12, 1), EVE])
    assert found.text() == "2026-12-01/2026-12-01 2026-12-24/2027-01-04"


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(Invalid) as caught:
        NOTHING.and_days(FOURTH, EVE)
    assert caught.value.field == "skip_last"


def test_more_than_a_series_can_keep_is_refused() -> None:
    full = NOTHING.and_each(EVE + timedelta(days=2 * number) for number in range(MOST))
    with pytest.raises(Invalid) as caught:
        full.and_days(EVE - timedelta(days=9), EVE - timedelta(days=9))
    assert caught.value.field == "skip_first"


days = st.dates(date(2026, 1, 1), date(2027, 1, 1))
pairs = st.lists(st.tuples(days, days).map(lambda pair: tuple(sorted(pair))), max_size=9)


@given(pairs, days)
def test_a_day_is_left_out_when_one_of_the_spans_holds_it(spans, day) -> None:
    found = NOTHING
    for first, last in spans:
        found = found.and_days(first, last)
    assert (day in found) == any(first <= day <= last for first, last in spans)
    assert LeftOut.parse(found.text()) == found
