"""Calendars of strangers become busy times, and nothing else of them is kept."""

from datetime import UTC, datetime

import pytest

from supervision.domain.intervals import Interval
from supervision.domain.outside import BROKEN, TOO_MANY, Unreadable, read_busy

WITHIN = Interval(datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC))


def calendar(*events: str) -> bytes:
    parts = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\n{one}\r\nEND:VEVENT\r\n" for n, one in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{parts}END:VCALENDAR\r\n".encode()


def utc(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def busy(*events: str) -> list[Interval]:
    return read_busy(calendar(*events), "America/Toronto", WITHIN)


def test_weekly_event_keeps_its_local_time_when_clocks_change() -> None:
    rule = (
        "DTSTART;TZID=Europe/London:20260323T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=2"
    )
    assert busy(rule) == [Interval(utc(23, 10), utc(23, 11)), Interval(utc(30, 9), utc(30, 10))]


def test_floating_time_is_the_persons_own() -> None:
    assert busy("DTSTART:20260323T100000\r\nDTEND:20260323T110000") == [
        Interval(utc(23, 14), utc(23, 15))
    ]


def test_whole_day_is_the_persons_own_day() -> None:
    assert busy("DTSTART;VALUE=DATE:20260323") == [Interval(utc(23, 4), utc(24, 4))]


@pytest.mark.parametrize("free", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED"])
def test_free_and_cancelled_events_take_no_time(free: str) -> None:
    event = "DTSTART:20260323T100000Z\r\nDTEND:20260323T110000Z"
    assert (len(busy(event)), busy(f"{event}\r\n{free}")) == (1, [])


def test_overlapping_and_touching_events_are_one_busy_time() -> None:
    found = busy(
        "DTSTART:20260323T100000Z\r\nDTEND:20260323T120000Z",
        "DTSTART:20260323T110000Z\r\nDTEND:20260323T130000Z",
        "DTSTART:20260323T130000Z\r\nDTEND:20260323T140000Z",
    )
    assert found == [Interval(utc(23, 10), utc(23, 14))]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"\xff\x00"]
)
def test_what_is_no_calendar_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_busy(body, "UTC", WITHIN)
    assert refusal.value.msgid == BROKEN


def test_too_many_events_are_refused_unread() -> None:
    with pytest.raises(Unreadable) as refusal:
        read_busy(b"BEGIN:VEVENT\r\n" * 5001, "UTC", WITHIN)
    assert refusal.value.msgid == TOO_MANY
