"""Calendars of strangers become busy times, and nothing else of them is kept."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from supervision.domain import ical
from supervision.domain.intervals import Interval
from supervision.domain.outside import (
    BROKEN,
    TOO_MANY,
    WEB_PAGE,
    Unreadable,
    pieces,
    read_busy,
    sieve,
)
from supervision.domain.outside import busy as reading
from tests.support.strangers import EMPTY, calendar

WITHIN = Interval(datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC))
TEN = "DTSTART:20260323T100000Z\r\nDTEND:20260323T110000Z"


def utc(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def hour(day: int, start: int) -> Interval:
    return Interval(utc(day, start), utc(day, start + 1))


def busy(*events: str) -> list[Interval]:
    return read_busy(calendar(*events), "America/Toronto", WITHIN)


def refusal(body: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        read_busy(body, "UTC", WITHIN)
    return refused.value.msgid


def test_weekly_event_keeps_its_local_time_when_clocks_change() -> None:
    rule = (
        "DTSTART;TZID=Europe/London:20260323T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=2"
    )
    assert busy(rule) == [hour(23, 10), hour(30, 9)]


def test_floating_time_is_the_persons_own() -> None:
    assert busy("DTSTART:20260323T100000\r\nDTEND:20260323T110000") == [hour(23, 14)]


def test_whole_day_is_the_persons_own_day() -> None:
    assert busy("DTSTART;VALUE=DATE:20260323") == [Interval(utc(23, 4), utc(24, 4))]


@pytest.mark.parametrize(
    "free",
    [
        "TRANSP:TRANSPARENT",
        "STATUS:CANCELLED",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",
    ],
)
def test_free_and_cancelled_events_take_no_time(free: str) -> None:
    assert (busy(TEN), busy(f"{TEN}\r\n{free}")) == ([hour(23, 10)], [])


@pytest.mark.parametrize("taken", ["TRANSP:OPAQUE", "STATUS:TENTATIVE", "CLASS:PRIVATE"])
def test_other_events_take_their_time(taken: str) -> None:
    assert busy(f"{TEN}\r\n{taken}") == [hour(23, 10)]


def test_overlapping_and_touching_events_are_one_busy_time() -> None:
    found = busy(
        "DTSTART:20260323T100000Z\r\nDTEND:20260323T120000Z",
        "DTSTART:20260323T110000Z\r\nDTEND:20260323T130000Z",
        "DTSTART:20260323T130000Z\r\nDTEND:20260323T140000Z",
    )
    assert found == [Interval(utc(23, 10), utc(23, 14))]


def test_long_event_is_cut_to_what_is_looked_at() -> None:
    assert busy("DTSTART:20250101T000000Z\r\nDTEND:20270101T000000Z") == [WITHIN]


def test_time_is_cut_into_pieces_of_a_day_at_most() -> None:
    long = Interval(utc(1, 10), utc(3, 12))
    found = list(pieces([long, hour(9, 9)]))
    assert found == [
        Interval(utc(1, 10), utc(2, 10)),
        Interval(utc(2, 10), utc(3, 10)),
        Interval(utc(3, 10), utc(3, 12)),
        hour(9, 9),
    ]
    assert list(pieces([Interval(utc(1, 0), utc(2, 0))])) == [Interval(utc(1, 0), utc(2, 0))]


# -- our own sessions ----------------------------------------------------------------------


def feed() -> bytes:
    """What somebody subscribes to elsewhere: a session of Supervision's."""
    session = ical.Occurrence(
        id=UUID(int=7),
        starts_at=utc(23, 10),
        ends_at=utc(23, 11),
        created_at=utc(1, 9),
        stamped_at=utc(1, 9),
        sequence=0,
        cancelled=False,
        summary="Supervision",
    )
    return ical.calendar("Supervision", "Europe/London", [ical.event(session)])


def test_sessions_of_ours_that_come_back_take_no_time() -> None:
    assert read_busy(feed(), "UTC", WITHIN) == []


def test_sessions_of_ours_that_come_back_take_time_where_nobody_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sieve, "_OURS", b"@elsewhere.invalid")
    assert read_busy(feed(), "UTC", WITHIN) == [hour(23, 10)]


# -- what is odd ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        "UID:no-start\r\nDTEND:20260323T110000Z",
        "DTSTART:soon",
        "DTSTART:2026032",
        "DTSTART:20260399T100000Z",
        f"{TEN}\r\nRRULE:FREQ=OFTEN",
        "DTSTART:00010101T000000Z\r\nDTEND:99991231T000000Z",
        "DTSTART:20260323T100000Z\r\nRRULE:FREQ=DAILY;COUNT=2;UNTIL=yesterday",
    ],
)
def test_event_that_makes_no_sense_takes_only_itself_away(odd: str) -> None:
    good = "UID:good\r\nDTSTART:20260324T100000Z\r\nDURATION:PT1H"
    assert hour(24, 10) in busy(f"UID:odd\r\n{odd}", good)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"\xff\x00",
        EMPTY[:-15],
        EMPTY[:-15] + b"BEGIN:VEVENT\r\n",
        EMPTY.replace(b"END:VCAL", b"END:VEVENT\r\nEND:VCAL"),
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        EMPTY.replace(b"VERSION", b"BEGIN:VCALENDAR\r\nVERSION"),
        b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 100_000,
    ],
)
def test_what_is_no_whole_calendar_is_refused(body: bytes) -> None:
    assert refusal(body) == BROKEN


@pytest.mark.parametrize("body", [b"<html>", b" \r\n<!DOCTYPE html><p>Sign in</p>"])
def test_web_page_is_told_from_a_calendar(body: bytes) -> None:
    assert refusal(body) == WEB_PAGE


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_calendar_is_read_as_programs_write_it(bom: bytes, end: bytes) -> None:
    body = calendar(TEN.replace("DTSTART:2026", "dtstart:\r\n 2026"))
    assert read_busy(bom + body.replace(b"\r\n", end), "UTC", WITHIN) == [hour(23, 10)]


def test_several_calendars_in_one_file_are_one() -> None:
    body = calendar(TEN) + calendar("DTSTART:20260324T100000Z\r\nDURATION:PT1H")
    assert read_busy(body, "UTC", WITHIN) == [hour(23, 10), hour(24, 10)]


def test_override_may_come_first_and_move_into_what_is_looked_at() -> None:
    moved = "UID:a\r\nRECURRENCE-ID:20260510T100000Z\r\n" + TEN
    rule = "UID:a\r\nDTSTART:20260501T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY"
    assert busy(moved, rule) == [hour(23, 10)]


# -- too much ------------------------------------------------------------------------------


def test_years_that_are_over_do_not_count_as_too_much() -> None:
    old = ["DTSTART:20200101T100000Z\r\nDTEND:20200101T110000Z"] * 6000
    ended = ["DTSTART:20200101T100000Z\r\nRRULE:FREQ=DAILY;UNTIL=20200201T000000Z"] * 6000
    assert busy(*old, *ended, TEN) == [hour(23, 10)]


def test_too_many_events_to_come_are_refused() -> None:
    assert refusal(calendar(*[TEN] * 5001)) == TOO_MANY


@pytest.mark.parametrize("name", ["EXDATE", "RRULE"])
def test_endless_line_is_refused(name: str) -> None:
    assert refusal(calendar(f"{TEN}\r\n{name}:" + "2" * 200_000)) == TOO_MANY
    assert refusal(calendar(f"{TEN}\r\n{name}:" + "2\r\n " * 200_000)) == TOO_MANY


def test_endless_words_are_no_harm() -> None:
    words = "DESCRIPTION:" + "all about it\r\n " * 400_000
    assert busy(f"{words}\r\n{TEN}\r\nATTACH:{'x' * 1_000_000}") == [hour(23, 10)]


def test_flood_of_lines_is_refused() -> None:
    line = "EXDATE:" + ",".join(["20260323T100000Z"] * 5000)
    assert refusal(calendar("\r\n".join([TEN, *[line] * 50]))) == TOO_MANY


def test_event_that_comes_too_often_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    often = "DTSTART:20260320T000000Z\r\nDURATION:PT1M\r\nRRULE:FREQ=HOURLY"
    assert len(busy(often)) == 21 * 24
    monkeypatch.setattr(reading, "MOST_OCCURRENCES", 500)
    assert refusal(calendar(often)) == TOO_MANY


# -- words ---------------------------------------------------------------------------------


def test_no_word_is_left_for_what_reads_on() -> None:
    body = calendar(
        f"UID:a\r\nSUMMARY:Operation\r\nLOCATION:Clinic\r\nDESCRIPTION:for\r\n  Bob\r\n{TEN}\r\n"
        "ATTENDEE;CN=Bob:mailto:bob@example.org\r\n"
        "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nDTSTART:20200101T000000Z\r\nEND:VALARM"
    )
    body = body.replace(b"VERSION", b"X-WR-CALNAME:Private life\r\nVERSION")
    left = sieve.sieved(body, WITHIN)
    assert left == (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Supervision//EN\r\nBEGIN:VEVENT\r\nUID:a\r\n"
        + TEN.encode()
        + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def test_piece_is_bounded_as_the_look_at_it_is() -> None:
    assert timedelta(days=1) == reading.LONGEST_PIECE
