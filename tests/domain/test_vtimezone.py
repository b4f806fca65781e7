"""Zones as they stand in a mail, beside what the zone database itself says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from supervision.domain.vtimezone import changes, timezone
from tests.support.zones import ZONES

FIRST, LAST = date(2026, 11, 2), date(2036, 11, 1)
HOUR = timedelta(hours=1)


def text(zone: str, first: date = FIRST, last: date = LAST) -> list[str]:
    return timezone(zone, first, last).to_ical(sorted=False).decode().split("\r\n")[:-1]


def test_zone_with_a_yearly_rule_is_two_rules() -> None:
    assert text("Europe/London") == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/London",
        "BEGIN:DAYLIGHT",
        "DTSTART:20260329T010000",
        "TZOFFSETFROM:+0000",
        "TZOFFSETTO:+0100",
        "TZNAME:BST",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20251026T020000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0000",
        "TZNAME:GMT",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


@pytest.mark.parametrize(
    ("zone", "rules"),
    [
        ("America/Toronto", ["BYDAY=2SU;BYMONTH=3", "BYDAY=1SU;BYMONTH=11"]),
        ("Australia/Sydney", ["BYDAY=1SU;BYMONTH=10", "BYDAY=1SU;BYMONTH=4"]),
        (
            "Asia/Jerusalem",
            ["BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29;BYMONTH=3", "BYDAY=-1SU;BYMONTH=10"],
        ),
        ("Asia/Kathmandu", []),
    ],
)
def test_rule_is_the_zones_own(zone: str, rules: list[str]) -> None:
    assert [line.partition("YEARLY;")[2] for line in text(zone) if "RRULE" in line] == rules


def test_zone_without_a_rule_has_each_change_written_out() -> None:
    """Morocco goes back for Ramadan, which a year of the sun does not know."""
    starts = [line for line in text("Africa/Casablanca", last=FIRST) if "DTSTART" in line]
    assert starts == [
        "DTSTART:19700101T000000",
        "DTSTART:20260215T030000",
        "DTSTART:20260322T020000",
    ]
    assert not [line for line in text("Africa/Casablanca") if "RRULE" in line]


def test_zone_without_changes_is_one_offset() -> None:
    assert text("Asia/Kathmandu")[2:6] == [
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0545",
        "TZOFFSETTO:+0545",
    ]


@pytest.mark.parametrize("zone", ZONES)
def test_each_change_is_where_the_zone_has_it(zone: str) -> None:
    known, at = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC)
    found = []
    while at.date() < date(2027, 4, 15):
        before, after = (one.astimezone(known).utcoffset() for one in (at, at + HOUR / 2))
        if before != after and before is not None:
            found.append((at + HOUR / 2 + before).replace(tzinfo=None))
        at += HOUR / 2
    assert [one.local for one in changes(zone, date(2026, 1, 1), date(2027, 4, 15))] == found
