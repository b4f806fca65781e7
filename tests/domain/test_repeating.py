"""What is said of a series is what is kept of it: by hand, and expanded by another library."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from supervision.domain import invitations
from supervision.domain.ical import Occurrence
from supervision.domain.intervals import Interval
from supervision.domain.invitations import Ends, Invitation, Otherwise, Repeats
from supervision.domain.recurrence import LONGEST, Repeat, resolve
from supervision.domain.repeating import Meeting, Rule, Said, fitting, said
from supervision.domain.skips import NOTHING
from tests.support.zones import ZONES

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
FIRST = datetime.fromisoformat("2026-09-07T10:00")
WEEK, DAY, HOUR = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1)
HERE = ("12 Park Row", "")
LONDON = Rule(FIRST, "Europe/London", Repeat("week", count=4), 50, date(2026, 9, 28))
ENDS = Ends("rsvp@s.example", "bob@example.org", answers=True)


def meetings(rule: Rule, many: int) -> list[Meeting]:
    """The first so many of a rule, each where and when the rule says."""
    dues = rule.dues(rule.starts_local.date() + many * 40 * DAY)[:many]
    return [
        Meeting(
            UUID(int=number + 1),
            due,
            Interval.lasting(resolve(due, rule.zone).starts_at, rule.minutes),
            HERE,
        )
        for number, due in enumerate(dues)
    ]


def later(one: Meeting, by: timedelta = 2 * HOUR) -> Meeting:
    return replace(one, span=Interval(one.span.start + by, one.span.end + by))


FOUR = meetings(LONDON, 4)
NUMBERS = count()


def told(rule: Rule, kept: list[Meeting]) -> Said:
    found = said(rule, fitting(rule, kept), HERE, AT)
    assert found is not None
    return found


def test_series_as_it_was_booked_is_its_rule_alone() -> None:
    assert told(LONDON, FOUR) == Said(
        FIRST,
        FIRST + 3 * WEEK,
        FOUR[0].span,
        "FREQ=WEEKLY;UNTIL=20260928T090000Z",
        (),
        (),
        False,
    )


def test_what_is_not_kept_is_left_out_and_what_moved_or_lies_elsewhere_is_otherwise() -> None:
    moved, elsewhere = later(FOUR[2]), replace(FOUR[3], place=("", "https://meet.example"))
    found = told(LONDON, [FOUR[0], moved, elsewhere])
    assert (found.left_out, found.changed) == ((FIRST + WEEK,), (moved, elsewhere))


def test_where_something_was_elsewhere_is_no_matter_once_it_is_over() -> None:
    kept = [replace(one, place=("", "")) for one in FOUR]
    found = said(LONDON, kept, HERE, FOUR[2].span.end)
    assert found is not None
    assert found.changed == (kept[3],)


def test_series_begins_and_ends_with_what_is_kept() -> None:
    found = told(LONDON, FOUR[1:3])
    assert (found.first, found.rrule) == (FIRST + WEEK, "FREQ=WEEKLY;UNTIL=20260921T090000Z")


def test_what_the_rule_has_no_place_for_does_not_fit() -> None:
    astray = replace(FOUR[2], due=FOUR[2].due + DAY)
    assert fitting(LONDON, [FOUR[1], astray, FOUR[0]]) == FOUR[:2]


def test_rule_that_was_cut_has_a_place_still_for_what_was_moved_from_behind_its_end() -> None:
    cut = replace(LONDON, repeat=Repeat("week", until=date(2026, 9, 14)))
    moved = later(FOUR[3], -2 * WEEK - DAY)
    found = told(cut, [*FOUR[:2], moved])
    assert (found.left_out, found.changed) == ((FIRST + 2 * WEEK,), (moved,))


def test_open_series_has_no_end_and_leaves_out_what_is_known_to_fail() -> None:
    skips = NOTHING.and_days(date(2027, 9, 1), date(2027, 9, 14)).and_days(
        date(2026, 9, 14), date(2026, 9, 14)
    )
    rule = replace(
        LONDON, repeat=Repeat("week"), filled_to=date(2026, 9, 28), goes_on=True, left_out=skips
    )
    found = told(rule, [FOUR[0], FOUR[2]])
    assert (found.rrule, found.left_out) == (
        "FREQ=WEEKLY",
        tuple(
            datetime.fromisoformat(day)
            for day in (
                "2026-09-14T10:00",
                "2026-09-28T10:00",
                "2027-09-06T10:00",
                "2027-09-13T10:00",
            )
        ),
    )


def test_monthly_rule_keeps_its_place_in_the_month() -> None:
    rule = replace(LONDON, repeat=Repeat("month", nth=1, day=0))
    found = told(rule, meetings(rule, 3))
    assert found.rrule == "FREQ=MONTHLY;BYDAY=1MO;UNTIL=20261102T100000Z"


@pytest.mark.parametrize(
    ("local", "zone"),
    [
        ("2027-03-07T01:30", "Europe/London"),  # the 28th has no such time
        ("2026-10-04T01:30", "Europe/London"),  # the 25th has it twice
        ("2027-03-07T00:30", "Europe/London"),  # clocks change during it
    ],
)
@pytest.mark.parametrize("goes_on", [False, True])
def test_time_that_calendars_differ_in_is_not_said(local: str, zone: str, goes_on: bool) -> None:
    rule = replace(LONDON, starts_local=datetime.fromisoformat(local), zone=zone, goes_on=goes_on)
    kept = meetings(rule, 8)
    assert said(rule, kept, HERE, AT) is None
    early = said(rule, kept[:2], HERE, AT)
    assert (early is None) == goes_on


def test_nothing_kept_is_nothing_said() -> None:
    assert (fitting(LONDON, []), said(LONDON, [], HERE, AT)) == ([], None)


# -- as another library reads it -----------------------------------------------------------------


def occurrence(key: UUID, span: Interval) -> Occurrence:
    stamp = datetime(2026, 8, 1, tzinfo=UTC)
    return Occurrence(key, *span, stamp, stamp, 3, False, "Tuesday group")


def invitation(rule: Rule, found: Said) -> bytes:
    last = found.last.date() if not found.goes_on else found.last.date() + LONGEST
    repeats = Repeats(
        rule.zone,
        found.rrule,
        last,
        list(found.left_out),
        [Otherwise(one.due, occurrence(one.id, one.span)) for one in found.changed],
    )
    event = occurrence(UUID(int=99), found.span)
    made = Invitation(event, "Alice", "Bob", UUID(int=7), repeats)
    return invitations.calendar(made, ENDS)


def expanded(body: bytes, until: datetime) -> list[Interval]:
    read = recurring_ical_events.of(Calendar.from_ical(body)).between(AT - 90 * DAY, until)
    spans = [(one["DTSTART"].dt, one["DTEND"].dt) for one in read]
    return sorted(Interval(*(end.astimezone(UTC) for end in span)) for span in spans)


def by_its_own_clocks(body: bytes, zone: str) -> bytes:
    """As a program reads it that knows no zone but what the mail says of it.

    Under a name of its own each time, since libraries remember zones by their names.
    """
    name = f"Elsewhere-{next(NUMBERS)}".encode()
    return body.replace(f":{zone}\r\n".encode(), b":" + name + b"\r\n").replace(
        f"={zone}:".encode(), b"=" + name + b":"
    )


@pytest.mark.parametrize("zone", ZONES)
def test_thirty_zones_are_expanded_to_the_instants_that_are_kept(zone: str) -> None:
    rule = replace(LONDON, zone=zone)
    kept = meetings(rule, 110)
    kept[5], kept[40] = later(kept[5]), later(kept[40], -DAY)
    del kept[60], kept[9]
    body = invitation(rule, told(rule, kept))
    spans = sorted(one.span for one in kept)
    assert {one.start.astimezone(ZoneInfo(zone)).hour for one in spans} >= {10, 12}
    assert expanded(body, spans[-1].end + WEEK) == spans
    assert expanded(by_its_own_clocks(body, zone), spans[-1].end + WEEK) == spans


@pytest.mark.parametrize("zone", ZONES)
def test_series_without_an_end_is_true_for_years(zone: str) -> None:
    rule = replace(LONDON, zone=zone, goes_on=True)
    spans = [one.span for one in meetings(rule, 300)]
    body = invitation(rule, told(rule, meetings(rule, 4)))
    assert expanded(by_its_own_clocks(body, zone), spans[-1].end) == spans


@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(8, 20),
    unit=st.sampled_from([Repeat("week"), Repeat("week", every=2), Repeat("month", nth=1, day=0)]),
    gone=st.sets(st.integers(0, 29), max_size=12),
    moved=st.dictionaries(st.integers(0, 29), st.integers(-2000, 2000), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_whatever_was_moved_and_cancelled_is_read_as_it_is_kept(
    zone: str, hour: int, unit: Repeat, gone: set[int], moved: dict[int, int]
) -> None:
    rule = replace(LONDON, starts_local=FIRST.replace(hour=hour), zone=zone, repeat=unit)
    kept = [
        later(one, timedelta(minutes=moved.get(number, 0)))
        for number, one in enumerate(meetings(rule, 30))
        if number not in gone
    ]
    spans = sorted(one.span for one in kept)
    body = invitation(rule, told(rule, kept))
    assert expanded(by_its_own_clocks(body, zone), max(spans)[1] + 90 * DAY) == spans
