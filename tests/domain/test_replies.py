"""Replies as three calendars send them, and all that must not be taken for one."""

import re
from datetime import UTC, datetime
from pathlib import Path
from time import thread_time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.domain import replies
from supervision.domain.replies import Answer, Refusal, RefusedReply, Reply
from tests.support.mail_bombs import LINES, MAILS

GOLDEN = Path(__file__).parents[1] / "golden" / "replies"
SESSION = UUID("6f1d3c52-8d0f-4a5e-9c11-2b7a4e0c9d31")
STAMP = datetime(2026, 11, 23, 10, 12, 31, tzinfo=UTC)


def sent_by(program: str) -> bytes:
    return (GOLDEN / f"{program}.eml").read_bytes()


GOOGLE = sent_by("google")


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("google", Answer.ACCEPTED),
        ("outlook", Answer.TENTATIVE),
        ("apple", Answer.DECLINED),
    ],
)
def test_reply_of_a_calendar_is_read(program: str, answer: Answer) -> None:
    expected = Reply(SESSION, "bob@example.org", answer, 0, STAMP)
    raw = sent_by(program)
    assert replies.read(raw) == expected
    assert replies.read(raw.replace(b"\n", b"\r\n")) == expected


def test_outlook_s_reply_names_no_organiser() -> None:
    assert b"ORGANIZER" not in sent_by("outlook")


def in_google(old: bytes, new: bytes) -> bytes:
    assert GOOGLE.count(old) >= 1
    return GOOGLE.replace(old, new)


NESTED = b"BEGIN:VEVENT\n" * 30 + b"RRULE:FREQ=SECONDLY\n"
EVENT = re.findall(rb"BEGIN:VEVENT.*?END:VEVENT\n", GOOGLE, re.DOTALL)[0]
FORGED = {
    "another sender": (in_google(b"From: Bob Brandt <bob@", b"From: <eve@"), Refusal.SENDER),
    "two senders": (
        in_google(b"From: Bob Brandt <bob@example.org>", b"From: bob@example.org, eve@example.org"),
        Refusal.SENDER,
    ),
    "no sender": (in_google(b"From: Bob Brandt <bob@example.org>\n", b""), Refusal.SENDER),
    "an address of another host": (
        in_google(b"@supervision.invalid", b"@elsewhere.example"),
        Refusal.UID,
    ),
    "no UUID": (in_google(b"UID:6f1d3c52", b"UID:zzzzzzzz"), Refusal.UID),
    "no UID": (re.sub(rb"UID:6f.*\n", b"", GOOGLE), Refusal.UID),
    "two attendees": (
        in_google(b"SEQUENCE:0\n", b"ATTENDEE;PARTSTAT=DECLINED:mailto:eve@example.org\n"),
        Refusal.ATTENDEES,
    ),
    "no attendee": (in_google(b"\nATTENDEE;", b"\nX-ATTENDEE;"), Refusal.ATTENDEES),
    "delegated": (in_google(b"PARTSTAT=ACCEPTED", b"PARTSTAT=DELEGATED"), Refusal.ANSWER),
    "no answer": (in_google(b"PARTSTAT=ACCEPTED;", b""), Refusal.ANSWER),
    "a REQUEST": (in_google(b"METHOD:REPLY", b"METHOD:REQUEST"), Refusal.METHOD),
    "a CANCEL": (in_google(b"METHOD:REPLY", b"METHOD:CANCEL"), Refusal.METHOD),
    "no method": (in_google(b"METHOD:REPLY\n", b""), Refusal.METHOD),
    "two events": (in_google(EVENT, EVENT * 2), Refusal.EVENTS),
    "no event": (in_google(EVENT, b""), Refusal.EVENTS),
    "what follows in a series": (
        in_google(b"SEQUENCE:0\n", b"RECURRENCE-ID;RANGE=THISANDFUTURE:20261124T100000Z\n"),
        Refusal.RECURRENCE,
    ),
    "a day of a series": (
        in_google(b"SEQUENCE:0\n", b"RECURRENCE-ID;VALUE=DATE:20261124\n"),
        Refusal.RECURRENCE,
    ),
    "two of a series": (
        in_google(b"SEQUENCE:0\n", b"RECURRENCE-ID:20261124T100000Z\n" * 2),
        Refusal.RECURRENCE,
    ),
    "a bomb of nested events": (in_google(b"SEQUENCE:0\n", NESTED), Refusal.SIZE),
    "a long calendar": (
        in_google(b"SEQUENCE:0\n", b"SEQUENCE:0\n" + b"X-A:b\n" * 6000),
        Refusal.SIZE,
    ),
    "ten megabytes": (GOOGLE + b"x" * 10_000_000, Refusal.SIZE),
    "a broken calendar": (in_google(b"SEQUENCE:0\n", b"SEQUENCE:none\n"), Refusal.UNREADABLE),
    "a date for a stamp": (
        in_google(b"DTSTAMP:20261123T101231Z", b"DTSTAMP;VALUE=DATE:20261123"),
        Refusal.UNREADABLE,
    ),
    "no stamp": (in_google(b"DTSTAMP:20261123T101231Z\n", b""), Refusal.UNREADABLE),
    "an absence note": (
        in_google(b"MIME-Version", b"Auto-Submitted: auto-replied\nMIME-Version"),
        Refusal.AUTOMATIC,
    ),
    "a loop": (
        in_google(b"MIME-Version", b"Received: from a by b\n" * 31 + b"MIME-Version"),
        Refusal.LOOP,
    ),
    "words alone": (b"From: bob@example.org\n\nI will come.\n", Refusal.NO_CALENDAR),
    "nothing": (b"", Refusal.NO_CALENDAR),
}


DUE = datetime.fromisoformat("2026-11-24T10:00")


@pytest.mark.parametrize(
    ("said", "is_it"),
    [
        (b"RECURRENCE-ID:20261124T100000Z", True),
        (b"RECURRENCE-ID;TZID=Europe/London:20261124T100000", True),
        (b"RECURRENCE-ID;TZID=America/Toronto:20261124T050000", True),
        (b"RECURRENCE-ID;TZID=GMT Standard Time:20261124T100000", True),
        (b"RECURRENCE-ID:20261124T100000", True),
        (b"RECURRENCE-ID:20261124T110000", False),
        (b"RECURRENCE-ID:20261124T110000Z", False),
        (b"RECURRENCE-ID;TZID=America/Toronto:20261124T100000", False),
    ],
)
def test_occurrence_is_known_however_its_time_is_written(said: bytes, is_it: bool) -> None:
    reply = replies.read(in_google(b"SEQUENCE:0\n", b"SEQUENCE:0\n" + said + b"\n"))
    assert (reply.is_of(DUE, "Europe/London"), reply.repeats) == (is_it, False)


def test_rule_that_comes_back_is_noted_and_not_expanded() -> None:
    reply = replies.read(in_google(b"SEQUENCE:0\n", b"SEQUENCE:0\nRRULE:FREQ=SECONDLY\n"))
    assert (reply.repeats, reply.recurrence) == (True, None)


@pytest.mark.parametrize("name", FORGED)
def test_mail_that_is_no_plain_answer_is_refused(name: str) -> None:
    raw, why = FORGED[name]
    with pytest.raises(RefusedReply) as refused:
        replies.read(raw)
    assert refused.value.why == why


@given(st.binary(max_size=400), st.integers(0, len(GOOGLE)))
def test_whatever_arrives_is_read_or_refused(junk: bytes, place: int) -> None:
    try:
        read = replies.read(GOOGLE[:place] + junk + GOOGLE[place:])
    except RefusedReply:
        return
    assert read.email


# -- what would make a careless reader toil ------------------------------------------------------

PLAIN = re.compile(rb"^(SEQUENCE|DTSTAMP|ATTENDEE)[:;].*\n(?: .*\n)*", re.MULTILINE)


def with_line(line: bytes) -> bytes:
    """Google's reply with this line, in the place of the one of its name."""
    name = re.split(rb"[:;]", line)[0]
    raw = PLAIN.sub(lambda had: b"" if had[1] == name else had[0], GOOGLE)
    assert raw.count(b"STATUS:CONFIRMED\n") == 1
    return raw.replace(b"STATUS:CONFIRMED\n", line + b"\n")


BOMBS = MAILS | {name: with_line(line) for name, line in LINES.items()}


def outcome(raw: bytes) -> Reply | Refusal:
    try:
        return replies.read(raw)
    except RefusedReply as refused:
        return refused.why


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_read_or_refused_within_the_time_that_a_mail_may_take(name: str) -> None:
    began = thread_time()
    said = outcome(BOMBS[name])
    assert isinstance(said, Reply | Refusal)
    assert thread_time() - began < 1


@pytest.mark.parametrize("name", MAILS)
def test_bomb_that_is_no_reply_is_refused(name: str) -> None:
    assert isinstance(outcome(MAILS[name]), Refusal)


@pytest.mark.parametrize("line", [b"RRULE:FREQ=SECONDLY", LINES["1,800 dates"]])
def test_rule_is_noted_however_long_it_is(line: bytes) -> None:
    """Google sends the days left out of a long series back with each answer."""
    said = outcome(with_line(line))
    assert isinstance(said, Reply)
    assert said.repeats


@pytest.mark.parametrize("program", ["google", "outlook", "apple"])
def test_twenty_kilobytes_of_a_server_s_headers_are_no_fault(program: str) -> None:
    """Exchange and DKIM add as much; none of it is looked at."""
    seals = b"X-MS-Exchange-AntiSpam-MessageData-0: " + b"\n ".join([b"x" * 76] * 270) + b"\n"
    raw = sent_by(program)
    assert replies.read(seals + raw) == replies.read(raw)


@given(
    st.sampled_from(["google", "outlook", "apple"]),
    st.lists(
        st.tuples(
            st.integers(0, 4_000),
            st.integers(0, 40),
            st.binary(max_size=12)
            | st.sampled_from([b"\r\n", b"\n ", b":", b";", b'"', b"=", b"\0", b"--", b"\xff"])
            | st.sampled_from([b"BEGIN:VEVENT\n", b"END:VEVENT\n", b"RECURRENCE-ID:", b"99999999"]),
        ),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=400)
def test_reply_that_was_harmed_on_the_way_is_read_or_refused(
    program: str, harm: list[tuple[int, int, bytes]]
) -> None:
    raw = sent_by(program)
    for place, length, bits in harm:
        at = place % (len(raw) + 1)
        raw = raw[:at] + bits + raw[at + length :]
    assert isinstance(outcome(raw), Reply | Refusal)
