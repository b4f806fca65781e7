"""Which proposed time is the best: examples by hand, and the order's own rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.finding import Hour, hour_of
from supervision.domain.intervals import Interval
from supervision.domain.polls import Tally, rank

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday
GOOD = (Hour.GOOD, Hour.GOOD)


def tally(yes: int = 0, no: int = 0, missing: int = 0, **more) -> Tally:
    return replace(Tally(NINE, yes, 0, no, missing, GOOD), **more)


def test_most_yes_is_best_whoever_is_missing() -> None:
    few, many = tally(yes=2), tally(yes=3, no=1, missing=1, hours=(Hour.NIGHT, Hour.NIGHT))
    assert rank([few, many]) == [many, few]


def test_as_many_yes_are_parted_by_who_has_to_be_there() -> None:
    without_lead, without_member = tally(yes=3, no=1, missing=1), tally(yes=3, no=2)
    assert rank([without_lead, without_member]) == [without_member, without_lead]


def test_then_by_the_person_for_whom_it_is_worst() -> None:
    """Two poor hours weigh 8 together, one night 9 alone: nobody shall sit there at night."""
    night = tally(yes=1, hours=(Hour.GOOD, Hour.NIGHT))
    poor = tally(yes=1, hours=(Hour.POOR, Hour.POOR))
    one_poor = tally(yes=1, hours=(Hour.POOR, Hour.GOOD))
    assert rank([night, poor, one_poor]) == [one_poor, poor, night]


def test_then_by_time() -> None:
    soon, late = tally(yes=1), tally(yes=1, starts_at=NINE + timedelta(hours=1))
    assert rank([late, soon]) == [soon, late]


def test_what_cannot_be_is_last_whatever_was_said() -> None:
    gone, unloved = tally(yes=9, possible=False), tally(no=9, missing=9)
    assert rank([gone, unloved]) == [unloved, gone]


TALLIES = st.builds(
    Tally,
    starts_at=st.integers(0, 9).map(lambda hours: NINE + timedelta(hours=hours)),
    yes=st.integers(0, 5),
    maybe=st.integers(0, 5),
    no=st.integers(0, 5),
    missing=st.integers(0, 3),
    hours=st.tuples(st.sampled_from(Hour), st.sampled_from(Hour)),
    possible=st.booleans(),
)


@given(st.lists(TALLIES, max_size=8), st.randoms())
def test_order_does_not_lean_on_the_order_of_asking(tallies, random) -> None:
    shuffled = tallies[:]
    random.shuffle(shuffled)
    best, other = rank(tallies), rank(shuffled)
    assert sorted(map(repr, best)) == sorted(map(repr, tallies))
    assert [(one.possible, one.yes, one.missing, one.starts_at) for one in best] == [
        (one.possible, one.yes, one.missing, one.starts_at) for one in other
    ]


@given(st.lists(TALLIES, min_size=2, max_size=8))
def test_nothing_possible_stands_behind_what_has_fewer_yes(tallies) -> None:
    for before, after in pairwise(rank(tallies)):
        assert before.possible >= after.possible
        if before.possible == after.possible:
            assert before.yes >= after.yes
            if before.yes == after.yes:
                assert before.missing <= after.missing


def test_hour_is_as_kind_as_its_worst_minute() -> None:
    """Until 17:00 it is good in London; a session from 16:30 on reaches into what is fair."""
    half_past_four = Interval.lasting(NINE + timedelta(hours=7, minutes=30), 30)
    longer = Interval.lasting(half_past_four.start, 31)
    assert hour_of("Europe/London", half_past_four) == Hour.GOOD
    assert hour_of("Europe/London", longer) == Hour.FAIR
    assert hour_of("Australia/Sydney", half_past_four) == Hour.NIGHT  # half past three
    assert hour_of("America/Toronto", Interval.lasting(NINE, 60)) == Hour.NIGHT  # four
    saturday = NINE + timedelta(days=4)
    assert hour_of("Europe/London", Interval.lasting(saturday, 60)) == Hour.WEEKEND
