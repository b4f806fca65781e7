"""CalDAV as bytes: requests taken apart, answers read back, and a ledger that loses no change."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID
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


def made_up(count: int, spaces: int = 1) -> str:
    """A prop of names that each declare their namespace, as Apple's programs do."""
    names = (f"<x{at} xmlns='urn:{at % spaces}'/>" for at in range(count))
    return f"<d:prop>{''.join(names)}</d:prop>"


def test_hundred_names_are_asked_for_and_no_more() -> None:
    """Of those in tests/support/dav_programs.py none asks for thirty."""
    hundred = "".join(f"<d:x{at}/>" for at in range(100))
    for inside in (made_up(100), f"<d:prop>{hundred}</d:prop>"):
        assert len(dav.propfind(document("d:propfind", inside)).names) == 100
    for wide in (f"{hundred}<d:y/>", f"<d:{'y' * 200}/>"):
        with pytest.raises(UnsupportedError) as refused:
            dav.propfind(document("d:propfind", f"<d:prop>{wide}</d:prop>"))
        assert refused.value.condition == OURS


ABC = "abcdefghijklmnopqrstuvwxyz"
OURS = "{https://supervision.invalid/dav}properties-within-limits"
WIDE = {
    "names": document("d:propfind", f"<d:prop>{'<d:a/>' * 6_000}</d:prop>"),
    "namespaces": document("d:propfind", made_up(60, 60)),
    "attributes": document("d:propfind", f"<d:prop {' '.join(f'a{n}={n!r}' for n in ABC)}/>"),
    "elements beside the question": document("d:propfind", "<d:a/>" * 6_000),
    "a kilobyte times 600": document("d:propfind", f"<d:prop><!--{'x' * 600_000}--></d:prop>"),
    "depth": document("d:propfind", "<d:a>" * 40 + "</d:a>" * 40),
}


@pytest.mark.parametrize("name", WIDE)
def test_question_that_no_program_asks_is_refused_before_it_is_kept(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadRequestError):
            dav.propfind(WIDE[name])
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_report_wants_no_more_names_than_a_propfind() -> None:
    hundred = "".join(f"<d:x{at}/>" for at in range(101))
    for root in ("d:sync-collection", "c:calendar-multiget", "c:calendar-query"):
        with pytest.raises(UnsupportedError) as refused:
            dav.report(document(root, f"<d:prop>{hundred}</d:prop>"))
        assert refused.value.condition == OURS


def test_three_thousand_addresses_fit_into_one_question() -> None:
    """KDE's programs ask for all that they have at once."""
    hrefs = [f"/dav/{UUID(int=at)}/calendars/all/{UUID(int=at)}.ics" for at in range(3_000)]
    body = document(
        "c:calendar-multiget", PROP + "".join(f"<d:href>{one}</d:href>" for one in hrefs)
    )
    asked = dav.report(body)
    assert isinstance(asked, Multiget)
    assert asked.hrefs == tuple(hrefs)


@pytest.mark.parametrize(
    ("start", "end"),
    [("00010101T000000Z", "99991231T235959Z"), ("99991231T235959Z", "00010101T000000Z")],
)
def test_absurd_time_is_looked_at_as_any_other(start: str, end: str) -> None:
    span = f'<c:time-range start="{start}" end="{end}"/>'
    asked = dav.report(whole(f'<c:comp-filter name="VEVENT">{span}</c:comp-filter>'))
    assert isinstance(asked, Query)
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert asked.matches(now, now) is (start < end)


@pytest.mark.parametrize("digits", ["9" * 5_000, "1e3", "", "-"])
def test_number_of_results_that_is_none_is_refused(digits: str) -> None:
    with pytest.raises(BadRequestError):
        dav.report(sync(f"<d:limit><d:nresults>{digits}</d:nresults></d:limit>"))


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


@pytest.mark.parametrize(("count", "said"), [(30, 500), (31, 1)])
def test_many_absent_names_are_said_once(count: int, said: int) -> None:
    """What is sent grows by what is asked and by what there is, not by one times the other."""
    told: set[tuple[str, ...]] = set()
    wish = Wish((ETAG, *(f"{{urn:x}}x{at}" for at in range(count))))
    known = {ETAG: dav.node(ETAG, text='"1"')}
    body = dav.multistatus(dav.response(f"/{at}.ics", known, wish, told) for at in range(500))
    found = read(body).values()
    assert [len(one.values) for one in found] == [1] * 500
    assert sum(bool(one.absent) for one in found) == said


def test_answer_is_made_while_it_leaves() -> None:
    made = 0

    def responses() -> Iterator[ET.Element]:
        nonlocal made
        for at in range(5_000):
            made += 1
            yield dav.missing(f"/{at}.ics")

    pieces = dav.pieces(responses())
    first = next(pieces)
    assert (len(first) < 20_000, made < 300) == (True, True)
    assert len(read(first + b"".join(pieces))) == 5_000


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
