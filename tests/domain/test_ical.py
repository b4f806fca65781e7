"""Feeds as bytes: golden files, and two libraries that read them without us."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from supervision.domain import ical
from supervision.domain.ical import BadFeedError, Occurrence

GOLDEN = Path(__file__).parents[1] / "golden"
ONE = UUID("6f1d3c52-8d0f-4a5e-9c11-2b7a4e0c9d31")
TWO = UUID("0b9f2a74-1c3d-4e5f-8a6b-7c8d9e0f1a2b")
SESSION = Occurrence(
    id=ONE,
    starts_at=datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
    ends_at=datetime(2026, 11, 24, 15, 50, tzinfo=UTC),
    created_at=datetime(2026, 10, 1, 8, 30, 12, tzinfo=UTC),
    stamped_at=datetime(2026, 11, 2, 9, 15, 40, tzinfo=UTC),
    sequence=2,
    cancelled=False,
    summary="Group supervision",
    location="12 Park Row, Nottingham; second floor",
    description="Place: 12 Park Row, Nottingham; second floor\nJoin: https://meet.example.org/a,b",
    url="https://supervision.example.org/sessions/6f1d3c52-8d0f-4a5e-9c11-2b7a4e0c9d31",
    conference="https://meet.example.org/a,b",
    category="Supervision",
)
CANCELLED = replace(
    SESSION,
    id=TWO,
    starts_at=SESSION.starts_at + timedelta(days=7),
    ends_at=SESSION.ends_at + timedelta(days=7),
    sequence=1,
    cancelled=True,
    summary="Cancelled: Intervisión, Grüße aus Köln – 相談会のお知らせ 相談会のお知らせ 相談会",
    location="",
    description="",
    url="",
    conference="",
    category="",
)


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def events(body: bytes) -> list[Any]:
    return list(Calendar.from_ical(body).walk("VEVENT"))


def unfolded(fragment: bytes) -> list[str]:
    return fragment.replace(b"\r\n ", b"").decode().split("\r\n")


def test_calendar_with_a_session_and_a_cancelled_one_is_as_agreed() -> None:
    body = ical.calendar("Supervision", "Europe/London", map(ical.event, (SESSION, CANCELLED)))
    assert body == golden("feed.ics")


def test_calendar_without_sessions_is_as_agreed() -> None:
    day = ical.placeholder(date(2026, 11, 24), "No sessions scheduled")
    assert ical.calendar("Supervision", "Europe/London", [day]) == golden("feed-empty.ics")


def test_calendar_that_was_turned_off_is_as_agreed() -> None:
    stone = ical.tombstone(ONE, date(2026, 11, 24), "This calendar link was turned off")
    assert ical.calendar("Supervision", "Europe/London", [stone]) == golden("feed-off.ics")


def test_uid_has_a_host_that_nobody_owns() -> None:
    assert ical.uid(ONE) == "6f1d3c52-8d0f-4a5e-9c11-2b7a4e0c9d31@supervision.invalid"


def test_event_in_another_zone_is_written_in_utc_and_whole_seconds() -> None:
    toronto = timezone(timedelta(hours=-5))
    start = datetime(2026, 11, 24, 10, 0, 0, 999_999, toronto)
    lines = unfolded(ical.event(replace(SESSION, starts_at=start)))
    assert "DTSTART:20261124T150000Z" in lines


def test_event_at_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        ical.event(replace(SESSION, starts_at=datetime(2026, 11, 24, 10, 0)))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("given_link", "kept"),
    [
        ("https://meet.example.org/a?b=c#d", "https://meet.example.org/a?b=c#d"),
        ("  https://meet.example.org/ä ", "https://meet.example.org/%C3%A4"),
        ("https://meet.example.org/a b", ""),
        ("javascript:alert(1)", ""),
        ("https://meet.example.org/\r\nATTENDEE:mailto:x@example.org", ""),
        ("", ""),
    ],
)
def test_link_is_a_web_address_or_nothing(given_link: str, kept: str) -> None:
    assert ical.link(given_link) == kept


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two\r\nlines ", "two lines"),
        ("a\x00b\x1bc\x7fd\x85e", "a b c d e"),
        ("paragraph\u2029separator", "paragraph separator"),
        ("plain, with; marks\\", "plain, with; marks\\"),
    ],
)
def test_one_line_has_single_spaces_and_no_control_characters(text: str, cleaned: str) -> None:
    assert ical.one_line(text) == cleaned


def test_lines_keeps_lines_and_drops_control_characters() -> None:
    assert ical.lines(" a \r\n\tb\x00\u2028c\x0b\n") == "a\nb\nc"


@pytest.mark.parametrize(
    ("day", "zone", "start", "end"),
    [
        # 90 days before is in summer time (midnight at 23:00 UTC), 400 days on is not.
        (date(2026, 11, 24), "Europe/London", "2026-08-25T23:00", "2027-12-29T00:00"),
        (date(2026, 11, 24), "America/Toronto", "2026-08-26T04:00", "2027-12-29T05:00"),
        (date(2026, 11, 24), "UTC", "2026-08-26T00:00", "2027-12-29T00:00"),
    ],
)
def test_window_has_its_edges_at_local_midnight(day: date, zone: str, start: str, end: str) -> None:
    expected = tuple(datetime.fromisoformat(edge).replace(tzinfo=UTC) for edge in (start, end))
    assert ical.window(day, zone) == expected


@pytest.mark.parametrize(
    ("broken", "count"),
    [
        (lambda body: body[:-10], 2),
        (lambda body: body.removesuffix(b"END:VCALENDAR\r\n"), 2),
        (lambda body: b"<!doctype html>" + body, 2),
        (lambda body: body, 1),
        (lambda body: body, 3),
        (lambda body: body.replace(b"END:VEVENT\r\n", b"", 1), 2),
        (lambda body: body.replace(b"\r\n", b"\n"), 2),
        (lambda body: body.replace(b"\r\n ", b""), 2),
        (lambda _body: ical.calendar("Supervision", "UTC", []), 0),
    ],
)
def test_check_of_a_broken_feed_refuses_it(broken, count: int) -> None:
    body = ical.calendar("Supervision", "Europe/London", map(ical.event, (SESSION, CANCELLED)))
    ical.check(body, 2)
    with pytest.raises(BadFeedError):
        ical.check(broken(body), count)


NASTY = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from(",;\\\r\n\t\"' :\u2028\x00é日😀")),
    max_size=120,
)
DAWN = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 365 * 86_400).map(lambda seconds: DAWN + timedelta(seconds=seconds))


@st.composite
def occurrences(draw) -> Occurrence:
    start = draw(INSTANTS)
    return Occurrence(
        id=draw(st.uuids(version=4)),
        starts_at=start,
        ends_at=start + timedelta(minutes=draw(st.integers(5, 480))),
        created_at=draw(INSTANTS),
        stamped_at=draw(INSTANTS),
        sequence=draw(st.integers(0, 10_000)),
        cancelled=draw(st.booleans()),
        summary="S" + draw(NASTY),
        location=draw(NASTY),
        description=draw(NASTY),
        url="https://supervision.example.org/sessions/x",
        conference=draw(st.one_of(st.just(""), NASTY.map("https://meet.example.org/".__add__))),
        category="Supervision",
    )


@settings(max_examples=60)
@given(st.lists(occurrences(), min_size=1, max_size=8, unique_by=lambda item: item.id), NASTY)
def test_any_texts_are_read_back_by_others_as_written(made: list[Occurrence], name: str) -> None:
    body = ical.calendar(name, "Europe/London", map(ical.event, made))
    ical.check(body, len(made))
    body.decode("utf-8")
    for line in body.split(b"\r\n"):
        line.decode("utf-8")
    read = {str(event["uid"]): event for event in events(body)}
    assert read.keys() == {ical.uid(item.id) for item in made}
    for item in made:
        event = read[ical.uid(item.id)]
        assert str(event["summary"]) == ical.one_line(item.summary)
        assert str(event.get("location", "")) == ical.one_line(item.location)
        assert str(event.get("description", "")) == ical.lines(item.description)
        assert event["sequence"] == item.sequence
        assert event["dtstamp"].dt == event["last-modified"].dt == item.stamped_at
        assert str(event["status"]) == ("CANCELLED" if item.cancelled else "CONFIRMED")
        assert str(event["transp"]) == ("TRANSPARENT" if item.cancelled else "OPAQUE")


def test_typed_backslash_is_no_line_end() -> None:
    made = replace(SESSION, location=r"C:\New\n", description=r"\N")
    (event,) = events(ical.calendar("Supervision", "UTC", [ical.event(made)]))
    assert (str(event["location"]), str(event["description"])) == (r"C:\new\n", r"\n")


@settings(max_examples=40)
@given(st.lists(occurrences(), min_size=1, max_size=8, unique_by=lambda item: item.id))
def test_instants_are_what_an_independent_expander_finds(made: list[Occurrence]) -> None:
    body = ical.calendar("Supervision", "Australia/Lord_Howe", map(ical.event, made))
    found = recurring_ical_events.of(Calendar.from_ical(body)).between(
        datetime(2025, 12, 31, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC)
    )
    assert {(str(e["uid"]), e["dtstart"].dt, e["dtend"].dt) for e in found} == {
        (ical.uid(item.id), item.starts_at, item.ends_at) for item in made
    }


def test_event_tells_no_attendee_organiser_or_alarm() -> None:
    names = {line.partition(":")[0].partition(";")[0] for line in unfolded(ical.event(SESSION))}
    assert names == {
        "BEGIN", "UID", "DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "DTSTART", "DTEND",
        "SUMMARY", "STATUS", "TRANSP", "LOCATION", "DESCRIPTION", "CATEGORIES", "URL",
        "CONFERENCE", "END", "",
    }  # fmt: skip
