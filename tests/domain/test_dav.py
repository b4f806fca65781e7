"""CalDAV as bytes: requests taken apart, answers read back, and a ledger that loses no change."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import dav
from supervision.domain.dav import (
    BadRequestError,
    Changes,
    Ledger,
    Multiget,
    Query,
    Sync,
    UnsupportedError,
    Wish,
)
from supervision.domain.dav.ledger import MOST_STATES
from tests.support.dav import document, props, read, tag

ETAG = tag("d:getetag")
WISH = Wish((ETAG,))
PROP = props("d:getetag")
IDS = list("vwxyz")


def whole(inside: str) -> bytes:
    calendar = f'<c:comp-filter name="VCALENDAR">{inside}</c:comp-filter>'
    return document("c:calendar-query", f"{PROP}<c:filter>{calendar}</c:filter>")


def sync(inside: str) -> bytes:
    return document("d:sync-collection", PROP + inside)


# -- asking ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        (b"", Wish(everything=True)),
        (b" \n", Wish(everything=True)),
        (document("d:propfind", "<d:allprop/>"), Wish(everything=True)),
        (document("d:propfind", "<d:propname/>"), Wish(everything=True, names_only=True)),
        (
            document("d:propfind", props("d:getetag cs:getctag d:getetag")),
            Wish((ETAG, tag("cs:getctag"))),
        ),
        (document("d:propfind", "<d:prop><odd xmlns=''/></d:prop>"), Wish(("odd",))),
    ],
)
def test_propfind_says_which_properties_are_wanted(body: bytes, wish: Wish) -> None:
    assert dav.propfind(body) == wish


DEEP = b"<d:propfind xmlns:d='DAV:'>" + b"<d:prop>" * 20 + b"</d:prop>" * 20 + b"</d:propfind>"
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE d:propfind [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>
<d:propfind xmlns:d="DAV:"><d:prop>&b;</d:prop></d:propfind>"""
OUTSIDE = b"""<!DOCTYPE d:propfind SYSTEM "file:///etc/passwd"><d:propfind xmlns:d="DAV:"/>"""


@pytest.mark.parametrize(
    "body",
    [b"rubbish", b"<d:propfind/>", b"<a><b></a>", DEEP, LAUGHS, OUTSIDE, b"\xff\xfe", sync("")],
)
def test_propfind_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        dav.propfind(body)


def test_reports_are_taken_apart() -> None:
    hrefs = "<d:href>/a.ics</d:href><d:href> /b.ics </d:href><d:href>/a.ics</d:href>"
    assert dav.report(document("c:calendar-multiget", PROP + hrefs)) == Multiget(
        WISH, ("/a.ics", "/b.ics")
    )
    assert dav.report(sync("<d:sync-token/><d:sync-level>1</d:sync-level>")) == Sync(WISH, "", None)
    limit = "<d:limit><d:nresults>10</d:nresults></d:limit>"
    assert dav.report(sync(f"<d:sync-token>x</d:sync-token>{limit}")) == Sync(WISH, "x", 10)


MONDAY = '<c:time-range start="20261123T000000Z" end="20261124T000000Z"/>'


@pytest.mark.parametrize(
    ("inside", "query"),
    [
        ("", Query(WISH)),
        ('<c:comp-filter name="VEVENT"/>', Query(WISH)),
        (
            f'<c:comp-filter name="VEVENT">{MONDAY}</c:comp-filter>',
            Query(
                WISH,
                start=datetime(2026, 11, 23, tzinfo=UTC),
                end=datetime(2026, 11, 24, tzinfo=UTC),
            ),
        ),
        ('<c:comp-filter name="VTODO"/>', Query(WISH, events=False)),
        ('<c:comp-filter name="VTODO"><c:is-not-defined/></c:comp-filter>', Query(WISH)),
        (
            '<c:comp-filter name="VEVENT"><c:is-not-defined/></c:comp-filter>',
            Query(WISH, events=False),
        ),
    ],
)
def test_query_says_which_events_are_wanted(inside: str, query: Query) -> None:
    assert dav.report(whole(inside)) == query


@pytest.mark.parametrize(
    ("body", "condition"),
    [
        (document("d:expand-property", ""), "{DAV:}supported-report"),
        (sync("<d:sync-level>infinite</d:sync-level>"), "{DAV:}supported-report"),
        (whole('<c:prop-filter name="UID"/>'), tag("c:supported-filter")),
        (
            whole('<c:comp-filter name="VEVENT"><c:prop-filter name="UID"/></c:comp-filter>'),
            tag("c:supported-filter"),
        ),
    ],
)
def test_report_that_is_not_done_here_is_refused_by_name(body: bytes, condition: str) -> None:
    with pytest.raises(UnsupportedError) as refused:
        dav.report(body)
    assert refused.value.condition == condition


@pytest.mark.parametrize(
    "body",
    [
        document("c:calendar-query", PROP),
        whole('<c:comp-filter name="VEVENT"><c:time-range start="20261123"/></c:comp-filter>'),
        sync("<d:limit><d:nresults>many</d:nresults></d:limit>"),
        document("c:calendar-multiget", "".join(f"<d:href>{n}</d:href>" for n in range(5001))),
    ],
)
def test_report_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        dav.report(body)


@pytest.mark.parametrize(
    ("starts", "ends", "wanted"),
    [(8, 9, False), (8, 10, True), (9, 10, True), (10, 11, True), (11, 12, False), (8, 12, True)],
)
def test_query_wants_what_overlaps_its_half_open_time(starts: int, ends: int, wanted: bool) -> None:
    def at(hour: int) -> datetime:
        return datetime(2026, 11, 23, hour, tzinfo=UTC)

    assert Query(WISH, start=at(9), end=at(11)).matches(at(starts), at(ends)) is wanted


# -- answering -------------------------------------------------------------------------------


def test_answer_tells_found_and_absent_apart() -> None:
    known = {ETAG: dav.node(ETAG, text='"1"')}
    body = dav.multistatus(
        [
            dav.response("/a.ics", known, Wish((ETAG, "{urn:odd}thing"))),
            dav.response("/b.ics", known, Wish(everything=True, names_only=True)),
            dav.missing("/c.ics"),
        ],
        "https://example.org/sync/1",
    )
    found = read(body)
    assert found["/a.ics"].text("d:getetag") == '"1"'
    assert found["/a.ics"].absent == {"{urn:odd}thing"}
    assert (found["/b.ics"].text("d:getetag"), found["/b.ics"].absent) == ("", frozenset())
    assert [one.status for one in found.values()] == [200, 200, 404]
    assert ET.fromstring(body).findtext(tag("d:sync-token")) == "https://example.org/sync/1"


def test_text_comes_through_as_it_was() -> None:
    told = "BEGIN:VEVENT\r\nSUMMARY:a < b & \u201cc\u201d \U0001f33f\r\n"
    (element,) = ET.fromstring(dav.error(dav.node("x", text=told)))
    assert element.text == told


def test_what_no_document_may_hold_is_replaced() -> None:
    (element,) = ET.fromstring(dav.error(dav.node("x", text="a\x00b\x0bc\uffffd\ud800e")))
    assert element.text == "a\ufffdb\ufffdc\ufffdd\ufffde"


# -- the ledger ------------------------------------------------------------------------------

contents = st.dictionaries(st.sampled_from(IDS), st.sampled_from("abc"))


@given(st.lists(contents, min_size=1, max_size=12))
def test_program_that_follows_from_any_state_holds_the_present_one(history) -> None:
    ledger = Ledger()
    programs: list[tuple[str, dict[str, str]]] = [("", {})]
    for etags in history:
        ledger = Ledger.stored(ledger.after(etags).text())
        programs.append((ledger.state, dict(etags)))
    for state, held in programs:
        changes = ledger.since(state)
        assert changes is not None
        now = {key: etag for key, etag in held.items() if key not in changes.gone}
        assert now | changes.changed == history[-1]


@given(contents, contents)
def test_state_is_named_by_what_is_held_alone(first, second) -> None:
    straight = Ledger().after(second)
    around = Ledger().after(first).after(second)
    assert straight.state == around.state
    assert (Ledger().after(first).state == straight.state) is (first == second)


def test_changes_are_no_more_than_what_changed() -> None:
    one, two, three = IDS[:3]
    before = Ledger().after({one: "a", two: "a"})
    now = before.after({one: "b", three: "a"})
    assert now.since(before.state) == Changes({one: "b", three: "a"}, (two,))
    assert now.since(now.state) == Changes({})
    assert now.since("") == Changes({one: "b", three: "a"})
    assert now.after({one: "b", three: "a"}) is now


def test_state_of_another_history_is_unknown() -> None:
    """After a restore: what a program was given since the backup is not here."""
    backup = Ledger().after({IDS[0]: "a"})
    lost = backup.after({IDS[0]: "b"})
    assert backup.since(lost.state) is None
    assert backup.after({IDS[0]: "c"}).since(lost.state) is None


def test_old_states_are_forgotten_and_with_them_what_went() -> None:
    ledger = Ledger().after({IDS[0]: "a", IDS[1]: "a"})
    states = [ledger.state]
    for number in range(MOST_STATES):
        ledger = ledger.after({IDS[0]: str(number)})
        states.append(ledger.state)
    assert ledger.since(states[0]) is None
    assert ledger.since(states[1]) == Changes({IDS[0]: str(MOST_STATES - 1)})
    assert ledger.gone == {}
