"""When reminders and agendas are due, over days that have 23 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from supervision.domain.intervals import Interval
from supervision.domain.reminders import DAY, HOUR, agenda_day, is_news, next_agenda, window

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def test_windows_of_two_runs_meet_without_gap_or_overlap() -> None:
    first, second = window(AT - MINUTE, AT, HOUR), window(AT, AT + MINUTE, HOUR)
    assert first == Interval(AT + 59 * MINUTE, AT + 60 * MINUTE)
    assert second.start == first.end


def test_late_run_reminds_of_what_has_not_begun() -> None:
    """Away for two hours: of those an hour ahead, the first half has begun by now."""
    assert window(AT - 120 * MINUTE, AT, HOUR) == Interval(AT + SECOND, AT + 60 * MINUTE)
    assert window(AT - 120 * MINUTE, AT, DAY) == Interval(
        AT + timedelta(hours=22), AT + timedelta(hours=24)
    )


@pytest.mark.parametrize(("ahead", "news"), [(61, True), (60, True), (59, False)])
def test_what_was_arranged_after_its_reminder_needs_none(ahead: int, news: bool) -> None:
    assert is_news(AT + ahead * MINUTE, AT, HOUR) is news


def agendas(hour: int, zone: str, after: str, many: int) -> list[str]:
    """The next instants in UTC."""
    at, found = datetime.fromisoformat(after).replace(tzinfo=UTC), []
    for _ in range(many):
        at = next_agenda(hour, zone, at)
        found.append(f"{at.astimezone(UTC):%m-%d %H:%M}")
    return found


def test_agenda_comes_once_a_local_day_over_both_changes_of_clocks() -> None:
    assert agendas(7, "Europe/London", "2026-10-24T00:00", 3) == [
        "10-24 06:00",
        "10-25 07:00",
        "10-26 07:00",
    ]
    assert agendas(7, "Europe/London", "2027-03-27T00:00", 3) == [
        "03-27 07:00",
        "03-28 06:00",
        "03-29 06:00",
    ]


def test_agenda_at_an_hour_that_is_skipped_or_comes_twice() -> None:
    """In London 01:00 does not exist on 28 March 2027, and is there twice on 25 October 2026."""
    assert agendas(1, "Europe/London", "2027-03-27T12:00", 2) == ["03-28 01:00", "03-29 00:00"]
    assert agendas(1, "Europe/London", "2026-10-24T12:00", 2) == ["10-25 00:00", "10-26 01:00"]


def test_agenda_is_never_due_at_the_instant_itself() -> None:
    seven = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert next_agenda(7, "UTC", seven) == seven + timedelta(days=1)
    assert next_agenda(7, "UTC", seven - SECOND) == seven


@pytest.mark.parametrize(
    ("hour", "day"), [(0, date(2026, 11, 24)), (11, date(2026, 11, 24)), (12, date(2026, 11, 25))]
)
def test_agenda_from_noon_on_is_for_the_next_day(hour: int, day: date) -> None:
    """In Auckland, where it is the 24th already."""
    due = datetime(2026, 11, 24, hour, tzinfo=ZoneInfo("Pacific/Auckland"))
    assert agenda_day(due.astimezone(UTC), hour, "Pacific/Auckland") == day
