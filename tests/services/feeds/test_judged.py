"""Feeds of groups that Hypothesis makes up, each version of each judged by a strict reader."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings

from tests.services.feeds.histories import FIRST, MANY, histories, lived
from tests.services.feeds.steps import add, fetch, subscribe
from tests.support.strict import faults, later_faults, text_faults

# Each group has fifteen feeds.
GROUPS = MANY // 15 + 1


@pytest.mark.engines("sqlite")
@settings(
    max_examples=GROUPS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories)
def test_feeds_of_any_history_are_without_fault(app, history) -> None:
    for versions in lived(app, *history):
        assert faults(versions[-1]) == []
        for body in dict.fromkeys(versions[:-1]):
            assert text_faults(body) == []
        for before, after in pairwise(versions):
            assert later_faults(before, after) == []


@pytest.fixture
def body(house) -> bytes:
    add(house.group, FIRST)
    return fetch(subscribe(house.bob)[1]).body


WRONG = {
    "a long line": (b"SUMMARY:", b"SUMMARY:" + b"x" * 80),
    "a bare line feed": (b"TRANSP:OPAQUE\r\n", b"TRANSP:OPAQUE\n"),
    "an empty line": (b"TRANSP:OPAQUE\r\n", b"TRANSP:OPAQUE\r\n\r\n"),
    "a cut character": (b"SUMMARY:", "SUMMARY:ü".encode().replace(b"\xbc", b"\r\n \xbc")),
    "no stamp": (b"DTSTAMP:", b"X-STAMP:"),
    "a local start": (b"DTSTART:20261124T150000Z", b"DTSTART:20261124T150000"),
    "an end before the start": (b"DTEND:20261124T155000Z", b"DTEND:20261124T145000Z"),
    "a rule": (b"TRANSP:", b"RRULE:FREQ=DAILY;COUNT=2\r\nTRANSP:"),
    "two statuses": (b"TRANSP:", b"STATUS:CONFIRMED\r\nTRANSP:"),
    "cancelled and busy": (b"STATUS:CONFIRMED", b"STATUS:CANCELLED"),
    "a bare comma": (b"SUMMARY:Group", b"SUMMARY:Group\\, with, "),
    "a bare backslash": (b"SUMMARY:Group", b"SUMMARY:Group\\x"),
    "a control character": (b"SUMMARY:Group", b"SUMMARY:Gr\x07oup"),
    "an event without an end": (b"END:VEVENT\r\n", b""),
    "no version": (b"VERSION:2.0\r\n", b""),
}


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("name", WRONG)
def test_strict_reader_sees_each_fault(body, name) -> None:
    old, new = WRONG[name]
    assert old in body
    assert faults(body) == []
    assert faults(body.replace(old, new)) != []


@pytest.mark.engines("sqlite")
def test_strict_reader_sees_the_same_event_twice_and_a_change_that_none_would_see(body) -> None:
    start, end = body.index(b"BEGIN:VEVENT"), body.index(b"END:VCALENDAR")
    assert faults(body[:end] + body[start:]) != []
    moved = body.replace(b"DTEND:20261124T155000Z", b"DTEND:20261124T160000Z")
    assert later_faults(body, body) == []
    assert later_faults(body, moved) != []
    assert later_faults(body, moved.replace(b"SEQUENCE:0", b"SEQUENCE:1")) != []
    assert later_faults(body.replace(b"SEQUENCE:0", b"SEQUENCE:1"), body) != []
