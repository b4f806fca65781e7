"""Tables of rosters and calendars of sessions, however they were saved."""

import csv
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain.importing import rosters as reading
from supervision.domain.importing.events import (
    CANCELLED,
    FREE,
    HOUR_TWICE,
    LENGTH,
    NO_CALENDAR,
    NO_EVENTS,
    NO_ZONE,
    TOO_MANY,
    WHOLE_DAY,
    read_events,
)
from supervision.domain.importing.rosters import House, Problem, addresses_in, drafts_of, example_of
from supervision.domain.importing.tables import (
    COLUMNS,
    NOT_CSV,
    SAYING,
    SPREADSHEET,
    TOO_LARGE,
    Row,
    Table,
    read_table,
    written,
)
from supervision.domain.outside import Unreadable
from supervision.errors import Invalid
from tests.support.calendar_bombs import CALENDARS

ZONES = ("America/New_York", "Europe/Berlin", "Europe/London", "UTC")
HOUSE = House("Europe/London", ZONES, "alice@example.org")
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def refusal(body: bytes) -> tuple[str, dict]:
    with pytest.raises(Invalid) as caught:
        read_table(body)
    assert caught.value.field == "file"
    return caught.value.msgid, caught.value.params


TEXT = "Title,Kind,Address\r\nTuesday group,group,“Café”\r\n"
EXPECTED = {"title": "Tuesday group", "kind": "group", "address": "“Café”"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_table_in_any_encoding_of_spreadsheets(encoding: str) -> None:
    assert read_table(TEXT.encode(encoding)).rows == (Row(2, EXPECTED),)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_table_with_any_delimiter_and_line_end(delimiter: str, end: str) -> None:
    text = TEXT.replace(",", delimiter).replace("\r\n", end)
    assert read_table(text.encode()).rows == (Row(2, EXPECTED),)


def test_table_names_columns_in_many_ways() -> None:
    table = read_table(
        b"Roster Title;TYPE;Time zone;Places;Meeting-Link;E-Mail\nA;peer;UTC;4;;b@x\n"
    )
    assert table.columns == ("title", "kind", "zone", "capacity", "meeting_link", "members")


def test_table_counts_rows_as_a_spreadsheet_does() -> None:
    table = read_table(b'title,kind,address\n\n"A",peer,"1 Lane\nTown"\n,,\nB,peer,\n')
    assert [(row.number, row["address"]) for row in table.rows] == [(3, "1 Lane\nTown"), (5, "")]


def test_cell_without_a_column_is_refused_by_its_row() -> None:
    msgid = "Row %(row)s has more cells than there are columns. Put its texts into quotes."
    for head in (b"title,kind,address", b"title,kind,address,"):
        body = head + b"\nA,peer,x,\nB,peer,2 Mill Lane, Bristol\n"
        assert refusal(body) == (msgid, {"row": 3})


def test_addresses_as_mail_programs_write_them() -> None:
    cell = "Ana Ash <ana@x.org>, <ben@x.org>;cleo@x.org dev@x.org\neve@x.org;"
    names = ("ana", "ben", "cleo", "dev", "eve")
    assert addresses_in(cell) == [f"{name}@x.org" for name in names]


def test_formula_is_just_text() -> None:
    (row,) = read_table(b'title,kind\n"=HYPERLINK(""http://x"")",peer\n').rows
    assert row["title"] == '=HYPERLINK("http://x")'


@pytest.mark.parametrize(
    ("body", "msgid"),
    [
        (b"", "This file is empty."),
        (b"\n , \n", "This file is empty."),
        (b"title,kind\n\n", "This file has a first row of names, and no other row."),
        (b"\x89PNG\r\n\x1a\n", NOT_CSV),
        (b"title,kind\nA\x00,peer\n", NOT_CSV),
        (b"PK\x03\x04 and more", SPREADSHEET),
        (b"\xd0\xcf\x11\xe0", SPREADSHEET),
        (b"title,kind\n" + b"a" * 1_000_000, TOO_LARGE),
        (b'title,kind\n"' + b"a" * 200_000 + b'",peer\n', NOT_CSV),
    ],
)
def test_what_is_no_table_is_refused(body: bytes, msgid: str) -> None:
    assert refusal(body) == (msgid, {})


def test_table_of_too_many_rows_is_refused() -> None:
    body = b"title,kind\n" + b"A,peer\n" * 5001
    assert refusal(body) == ("A file can have %(most)s rows at most.", {"most": 5000})


@pytest.mark.parametrize(
    ("header", "params"),
    [
        (
            b"title,kind,fee,colour",
            {"names": "fee, colour"},
        ),
        (b"title,kind,email,members", {"names": "email, members"}),
        (b"kind,zone", {"names": "title"}),
    ],
)
def test_columns_that_cannot_be_are_named(header: bytes, params: dict) -> None:
    assert refusal(header + b"\nA,peer,x,y\n")[1] == params


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(Invalid):
        drafts_of(read_table(body), HOUSE)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=12
)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELLS)), min_size=1, max_size=6))
def test_arbitrary_cells_are_drafts_with_problems_at_most(rows: list[dict]) -> None:
    numbered = tuple(Row(number, {**row, "title": "A"}) for number, row in enumerate(rows, 2))
    drafts_of(Table(COLUMNS, numbered), HOUSE)
    kept = [
        {name: cell.strip() for name, cell in row.cells.items() if cell.strip()} for row in numbered
    ]
    assert [row.cells for row in read_table(written(COLUMNS, numbered)).rows] == kept


WIDE = {
    "100,000 columns": b"title," * 100_000 + b"kind\n1\n",
    "900,000 columns without a name": b"," * 900_000 + b"title,kind\n1\n",
    "900,000 cells": b"title,kind\n" + b"," * 900_000,
    "200,000 rows": b"title,kind\n" + b"a,b\n" * 200_000,
    "900,000 rows of nothing": b"title,kind\n" + b"\n" * 900_000,
    "a long cell": b"title,kind,members\nx,group," + b"a@b.c;" * 20_000,
    "a quote that is never closed": b'title,kind,members\nx,group,"' + b"a\n" * 400_000,
}


@pytest.mark.parametrize("name", WIDE)
def test_table_that_nobody_writes_is_refused_before_it_is_taken_apart(name: str) -> None:
    began = thread_time()
    refusal(WIDE[name])
    assert thread_time() - began < 0.5


def test_nearest_zone_is_sought_for_the_first_ten_names_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sought: list[str] = []

    def near(plain: str, _zones: object) -> str:
        sought.append(plain)
        return "UTC"

    monkeypatch.setattr(reading, "nearest_zone", near)
    rows = "".join(f"t{at},group,nowhere/{at % 600}\n" for at in range(1_200))
    found = [
        one.params["near"] for draft in drafts(f"title,kind,zone\n{rows}") for one in draft.problems
    ]
    assert (len(sought), found.count("UTC"), len(found)) == (10, 20, 1_200)


def test_written_table_is_read_by_others_too() -> None:
    body = written(SAYING, example_of("Europe/London"))
    first, *_rest = csv.DictReader(StringIO(body.decode("utf-8-sig")))
    assert (first["title"], first["members"]) == ("Ana and I", "ana@example.org")


def drafts(text: str) -> list:
    return drafts_of(read_table(text.encode()), HOUSE)


def problems(text: str) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.msgid) for draft in drafts(text) for one in draft.problems]


def test_example_makes_a_roster_of_each_kind_without_a_problem() -> None:
    made = drafts_of(read_table(written(SAYING, example_of("Europe/Berlin"))), HOUSE)
    assert [(one.title, one.kind, one.capacity, one.zone, one.problems) for one in made] == [
        ("Ana and I", "individual", 1, "Europe/Berlin", ()),
        ("Thursday group", "group", 6, "Europe/Berlin", ()),
        ("Peers", "peer", 6, "Europe/Berlin", ()),
    ]
    assert [[(who.row, who.email, who.role) for who in one.people] for one in made] == [
        [(2, "ana@example.org", "supervisee")],
        [(3, "ben@example.org", ""), (4, "cleo@example.org", "facilitator")],
        [(5, "dev@example.org", ""), (5, "eve@example.org", "")],
    ]


def test_rows_of_one_title_are_one_roster_whose_first_words_count() -> None:
    (one,) = drafts("title,kind,zone,email\nA  b,peer,,x@y.org\na B,,europe/berlin,z@y.org\n")
    assert (one.rows, one.title, one.zone, one.row_of("zone")) == (
        (2, 3),
        "A b",
        "Europe/Berlin",
        3,
    )


def test_what_is_left_out_is_the_usual() -> None:
    made = drafts("title,kind\nA,1:1\nB,Peer_Group\n")
    assert [(one.kind, one.zone, one.capacity, one.minutes) for one in made] == [
        ("individual", "Europe/London", 1, 50),
        ("peer", "Europe/London", 6, 50),
    ]


def test_rows_that_contradict_each_other_are_told() -> None:
    (one,) = drafts("title,kind,minutes\nA,peer,60\nA,peer,90\n")
    msgid = "Row %(first)s says something else for this roster."
    assert one.problems == (Problem(3, "minutes", msgid, {"first": 2}),)


@pytest.mark.parametrize(
    ("said", "near"),
    [
        ("London", "Europe/London"),
        ("Europe/Lodnon", "Europe/London"),
        ("US/New York", "America/New_York"),
        ("Berlim", "Europe/Berlin"),
        ("zzz", ""),
    ],
)
def test_unknown_zone_suggests_the_nearest(said: str, near: str) -> None:
    (one,) = drafts(f"title,kind,zone\nA,peer,{said}\n")
    ((row, column, params),) = [(p.row, p.column, p.params) for p in one.problems]
    assert (row, column, params) == (2, "zone", {"said": said, "near": near})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A,team,,", [(2, "kind", "Write individual, peer or group.")]),
        ("A,group,six,", [(2, "capacity", "Write a whole number.")]),
        ("A,group,-1,", [(2, "capacity", "Write a whole number.")]),
        (
            "A,individual,1,a@x.org;b@x.org",
            [(2, "members", "An individual roster has one supervisee.")],
        ),
        (
            "A,group,6,a@x.org; A@x.org",
            [(2, "members", "%(email)s is in this roster already, by row %(first)s.")],
        ),
        (
            "A,group,6,Alice@example.org",
            [(2, "members", "This is your own address. You lead each roster that you make.")],
        ),
    ],
)
def test_values_that_cannot_be_are_told_by_row_and_column(text: str, found: list) -> None:
    assert problems(f"title,kind,capacity,members\n{text}\n") == found


# -- calendars ------------------------------------------------------------------------------


def event(uid: str, *lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def calendar(*events: str) -> bytes:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN"
    return "\r\n".join([head, *events, "END:VCALENDAR", ""]).encode()


def read(*events: str, zone: str = "Europe/London"):
    return read_events(calendar(*events), zone, AT)


def test_single_event_keeps_its_instant_and_names_its_zone() -> None:
    start = "DTSTART;TZID=America/New_York:20261201T090000"
    (one,) = read(event("a@x", "SUMMARY:Group", start, "DURATION:PT50M"))
    assert (one.key, one.title, one.zone, one.left_out) == (
        "a@x",
        "Group",
        "America/New_York",
        "",
    )
    assert one.starts_at == datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
    assert one.ends_at == datetime(2026, 12, 1, 14, 50, tzinfo=UTC)


def test_event_is_read_to_the_minute() -> None:
    (one,) = read(event("a", "DTSTART:20261201T100030Z", "DTEND:20261201T105031Z"))
    assert one.starts_at == datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    assert one.ends_at == datetime(2026, 12, 1, 10, 50, tzinfo=UTC)


def test_local_time_is_that_of_the_roster() -> None:
    (one,) = read(event("a", "DTSTART:20260701T100000", "DURATION:PT1H"), zone="Europe/Berlin")
    assert (one.starts_at, one.zone) == (datetime(2026, 7, 1, 8, 0, tzinfo=UTC), "")


def test_repeating_event_keeps_its_wall_clock_and_the_key_of_what_was_moved() -> None:
    start = "DTSTART;TZID=Europe/London:20261015T100000"
    moved = event(
        "a@x",
        "RECURRENCE-ID;TZID=Europe/London:20261022T100000",
        "DTSTART;TZID=Europe/London:20261023T120000",
        "DURATION:PT50M",
    )
    found = read(event("a@x", start, "DURATION:PT50M", "RRULE:FREQ=WEEKLY;COUNT=3"), moved)
    assert [(one.key, one.starts_at) for one in found] == [
        ("a@x 20261015T090000Z", datetime(2026, 10, 15, 9, 0, tzinfo=UTC)),
        ("a@x 20261022T090000Z", datetime(2026, 10, 23, 11, 0, tzinfo=UTC)),
        ("a@x 20261029T100000Z", datetime(2026, 10, 29, 10, 0, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("DTSTART;VALUE=DATE:20261201",), WHOLE_DAY),
        (("DTSTART:20261201T100000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"), FREE),
        (("DTSTART:20261201T100000Z", "DURATION:PT1H", "STATUS:CANCELLED"), CANCELLED),
        (("DTSTART;TZID=Mars/Phobos:20261201T100000", "DURATION:PT1H"), NO_ZONE),
        (("DTSTART:20261201T100000Z", "DURATION:PT9H"), LENGTH),
        (("DTSTART:20261201T100000Z",), LENGTH),
        (("DTSTART:20261025T013000Z", "DURATION:PT1H"), HOUR_TWICE),
        (("DTSTART:20261025T003000Z", "DURATION:PT1H"), ""),
    ],
)
def test_event_that_is_no_session_says_why(lines: tuple[str, ...], reason: str) -> None:
    (one,) = read(event("a", *lines))
    assert one.left_out == reason


def test_events_too_long_ago_or_too_far_ahead_are_not_looked_at() -> None:
    times = ("20241121T100000Z", "20241124T100000Z", "20271227T100000Z", "20271229T100000Z")
    found = read(*[event(time, f"DTSTART:{time}", "DURATION:PT1H") for time in times])
    assert [one.key for one in found] == ["20241124T100000Z", "20271227T100000Z"]


@pytest.mark.parametrize(
    ("body", "msgid"),
    [
        (b"", NO_CALENDAR),
        (b"\x89PNG\r\n", NO_CALENDAR),
        (b"title,kind\nA,peer\n", NO_CALENDAR),
        (calendar(), NO_EVENTS),
        (calendar(event("a", "DTSTART:19990101T100000Z")), NO_EVENTS),
        (calendar("BEGIN:VTODO\r\nUID:t\r\nDTSTART:20261201T100000Z\r\nEND:VTODO"), NO_EVENTS),
        (calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * 5001), TOO_MANY),
        (
            calendar(event("a", "DTSTART:20261201T100000Z", "RRULE:FREQ=HOURLY;COUNT=600")),
            TOO_MANY,
        ),
        (b"x" * 1_000_001, TOO_LARGE),
    ],
)
def test_what_is_no_calendar_of_sessions_is_refused(body: bytes, msgid: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_events(body, "Europe/London", AT)
    assert caught.value.msgid == msgid


@given(st.binary(max_size=200), st.integers(0, 300))
def test_arbitrary_bytes_in_a_calendar_are_read_or_refused(noise: bytes, where: int) -> None:
    whole = calendar(event("a", "DTSTART:20261201T100000Z", "DURATION:PT1H"))
    with suppress(Unreadable):
        read_events(whole[:where] + noise + whole[where:], "Europe/London", AT)


@pytest.mark.parametrize(
    "name", ["each second", "each minute", "no step", "never, though each second is looked at"]
)
def test_rule_without_an_end_is_refused_before_it_is_followed(name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_events(CALENDARS[name], "Europe/London", AT)
    assert caught.value.msgid == TOO_MANY


def test_long_name_of_an_event_is_not_told_with_each_of_its_occurrences() -> None:
    lines = f"UID:{'x' * 900_000}", "DTSTART:20261201T100000Z", "RRULE:FREQ=DAILY;COUNT=300"
    body = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])
    found = read_events(body.encode(), "Europe/London", AT)
    assert (len(found), max(len(one.key) for one in found)) == (300, 1_017)
