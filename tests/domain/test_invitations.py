"""Invitations as bytes: golden files, read by two libraries that have not written them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import vobject  # type: ignore[import-untyped]
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from supervision.domain import invitations
from supervision.domain.ical import Occurrence
from supervision.domain.invitations import Ends, Invitation, Otherwise, Repeats, Within

GOLDEN = Path(__file__).parents[1] / "golden"
KEY = "k" * 32
BOB = UUID("0b9f2a74-1c3d-4e5f-8a6b-7c8d9e0f1a2b")
EVENT = Occurrence(
    id=UUID("6f1d3c52-8d0f-4a5e-9c11-2b7a4e0c9d31"),
    starts_at=datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
    ends_at=datetime(2026, 11, 24, 15, 50, tzinfo=UTC),
    created_at=datetime(2026, 10, 1, 8, 30, 12, tzinfo=UTC),
    stamped_at=datetime(2026, 10, 1, 8, 30, 12, tzinfo=UTC),
    sequence=0,
    cancelled=False,
    summary="Grüße, Tuesday; group",
    location="12 Park Row, Nottingham",
    description="Place: 12 Park Row, Nottingham\nJoin: https://meet.example.org/a,b",
    url="https://s.example/sessions/6f1d3c52-8d0f-4a5e-9c11-2b7a4e0c9d31",
    conference="https://meet.example.org/a,b",
    category="Supervision",
)
LATER = EVENT.stamped_at + timedelta(days=2)
REQUEST = Invitation(EVENT, 'Alice "A." Ashwörth; PhD', "Bob, Brandt", BOB)
UPDATE = replace(
    REQUEST,
    event=replace(
        EVENT,
        starts_at=EVENT.starts_at + timedelta(days=1),
        ends_at=EVENT.ends_at + timedelta(days=1),
        stamped_at=LATER,
        sequence=1,
    ),
)
CANCEL = replace(
    REQUEST,
    event=replace(
        UPDATE.event,
        stamped_at=LATER + timedelta(days=1),
        sequence=2,
        cancelled=True,
        location="",
        description="",
        conference="",
    ),
)
ALL = {"request": REQUEST, "update": UPDATE, "cancel": CANCEL}
TOKEN = invitations.reply_token(KEY, EVENT.id, BOB)
# Tuesdays at three in London, over the change in March: one is left out, one is moved by an hour.
SERIES = UUID("a3c5e7f9-1b2d-4f6a-8c9e-0d1f2b3a4c5d")
THIRD = datetime.fromisoformat("2026-12-08T15:00")
MOVED = replace(
    EVENT,
    starts_at=datetime(2026, 12, 8, 16, 0, tzinfo=UTC),
    ends_at=datetime(2026, 12, 8, 16, 50, tzinfo=UTC),
    sequence=1,
)
WHOLE = Invitation(
    replace(EVENT, id=SERIES, sequence=1),
    "Alice Ashworth",
    "Bob Brandt",
    BOB,
    Repeats(
        "Europe/London",
        "FREQ=WEEKLY;UNTIL=20270420T140000Z",
        date(2027, 4, 20),
        [THIRD - timedelta(weeks=1)],
        [Otherwise(THIRD, MOVED)],
    ),
)
ONE = replace(WHOLE, event=MOVED, repeats=None, within=Within(SERIES, THIRD, "Europe/London", 4))
NOT_ONE = replace(
    ONE,
    event=replace(MOVED, sequence=2, cancelled=True, location="", description="", conference=""),
)
OF_SERIES = {"series": WHOLE, "occurrence": ONE, "occurrence-cancel": NOT_ONE}
ENDS = Ends(f"rsvp+{TOKEN}@s.example", "bob@example.org", answers=True)


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Supervision <supervision@s.example>"
    message["To"] = "bob@example.org"
    message.set_content("Words.\n")
    message.add_alternative("<p>Words.", subtype="html")
    return message


def sent(invitation: Invitation, ends: Ends = ENDS) -> EmailMessage:
    """A mail as another program reads it after it has travelled."""
    message = letter()
    invitations.enclose(message, invitation, ends)
    return message_from_bytes(
        message.as_bytes(policy=policy.SMTP), _class=EmailMessage, policy=policy.default
    )


@pytest.mark.parametrize("name", ALL | OF_SERIES)
def test_invitation_is_as_it_was(name: str) -> None:
    body = invitations.calendar((ALL | OF_SERIES)[name], ENDS)
    assert body == (GOLDEN / f"invitation-{name}.ics").read_bytes()
    assert max(map(len, body.split(b"\r\n"))) <= 75


# By name: method, status, sequence, the day it begins on, what the attendee is to say.
READ = {
    "request": ("REQUEST", "CONFIRMED", 0, 24, "NEEDS-ACTION", True),
    "update": ("REQUEST", "CONFIRMED", 1, 25, "NEEDS-ACTION", True),
    "cancel": ("CANCEL", "CANCELLED", 2, 25, None, None),
}


@pytest.mark.parametrize("name", ALL)
def test_vobject_reads_the_invitation(name: str) -> None:
    read = vobject.readOne(invitations.calendar(ALL[name], ENDS).decode())
    event, (attendee,) = read.vevent, read.vevent.attendee_list
    params = {key: values[0] for key, values in attendee.params.items()}
    assert (
        read.method.value,
        event.status.value,
        int(event.sequence.value),
        event.dtstart.value.day,
        params.get("PARTSTAT"),
        params.get("RSVP") == "TRUE" or None,
    ) == READ[name]
    assert (event.uid.value, event.dtstart.value.hour) == (f"{EVENT.id}@supervision.invalid", 15)
    assert (attendee.value, params["CN"]) == ("mailto:bob@example.org", "Bob, Brandt")
    assert event.organizer.value == f"mailto:rsvp+{TOKEN}@s.example"
    assert event.organizer.params["CN"] == ["Alice 'A.' Ashwörth; PhD"]
    assert event.summary.value == "Grüße, Tuesday; group"


@pytest.mark.parametrize("name", ALL)
def test_ical_reads_the_invitation(name: str) -> None:
    read = IcsCalendarStream.calendar_from_ics(invitations.calendar(ALL[name], ENDS).decode())
    (event,) = read.events
    (attendee,) = event.attendees
    assert (
        read.method,
        event.status.value if event.status else None,
        event.sequence,
        event.start.day,
        attendee.status,
        attendee.rsvp,
    ) == READ[name]
    assert (event.uid, event.summary) == (f"{EVENT.id}@supervision.invalid", EVENT.summary)
    assert (str(attendee.uri), attendee.common_name) == ("mailto:bob@example.org", "Bob, Brandt")
    assert event.organizer is not None
    assert str(event.organizer.uri) == f"mailto:rsvp+{TOKEN}@s.example"


# By name: method, and of each event its status, number, and the occurrence that it is.
READ_OF_SERIES: dict[str, Any] = {
    "series": ("REQUEST", [("CONFIRMED", 1, None), ("CONFIRMED", 1, THIRD)]),
    "occurrence": ("REQUEST", [("CONFIRMED", 1, THIRD)]),
    "occurrence-cancel": ("CANCEL", [("CANCELLED", 2, THIRD)]),
}


@pytest.mark.parametrize("name", OF_SERIES)
def test_vobject_reads_the_invitation_to_a_series(name: str) -> None:
    read = vobject.readOne(invitations.calendar(OF_SERIES[name], ENDS).decode())
    events = [
        (
            one.status.value,
            int(one.sequence.value),
            one.recurrence_id.value.replace(tzinfo=None)
            if "recurrence-id" in one.contents
            else None,
        )
        for one in read.vevent_list
    ]
    assert (read.method.value, events) == READ_OF_SERIES[name]
    assert {one.uid.value for one in read.vevent_list} == {f"{SERIES}@supervision.invalid"}
    assert {one.attendee.value for one in read.vevent_list} == {"mailto:bob@example.org"}


@pytest.mark.parametrize("name", OF_SERIES)
def test_ical_reads_the_invitation_to_a_series(name: str) -> None:
    read = IcsCalendarStream.calendar_from_ics(invitations.calendar(OF_SERIES[name], ENDS).decode())
    found = [
        (one.status.value if one.status else None, one.sequence, bool(one.recurrence_id))
        for one in read.events
    ]
    method, events = READ_OF_SERIES[name]
    assert (read.method, found) == (method, [(*one, due is not None) for *one, due in events])
    assert [one.tz_id for one in read.timezones] == ["Europe/London"]


def test_ical_expands_the_series_as_it_is_meant() -> None:
    body = invitations.calendar(WHOLE, ENDS).decode()
    read = IcsCalendarStream.calendar_from_ics(body)
    starts = [one.start_datetime for one in read.timeline]
    hours = [(one.month, one.day, one.hour) for one in starts]
    assert hours[:3] == [(11, 24, 15), (12, 8, 16), (12, 15, 15)]
    assert (len(hours), hours[-4:]) == (21, [(3, 30, 14), (4, 6, 14), (4, 13, 14), (4, 20, 14)])


def test_token_of_an_occurrence_is_that_of_its_series() -> None:
    assert [one.key for one in (WHOLE, ONE, REQUEST)] == [SERIES, SERIES, EVENT.id]


@pytest.mark.parametrize("name", ALL)
def test_mail_holds_text_html_calendar_and_a_file_of_the_same(name: str) -> None:
    message = sent(ALL[name])
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    *_others, calendar, file = message.walk()
    method = READ[name][0]
    assert dict(calendar["Content-Type"].params) == {"charset": "UTF-8", "method": method}
    assert file.get_filename() == "invitation.ics"
    bodies = {calendar.get_payload(decode=True), file.get_payload(decode=True)}
    assert bodies == {invitations.calendar(ALL[name], ENDS)}
    assert Calendar.from_ical(bodies.pop())["method"] == method


def test_mail_is_from_the_organiser_and_sent_by_the_installation() -> None:
    message = sent(REQUEST)
    assert message["From"].addresses[0].addr_spec == ENDS.organiser
    assert message["From"].addresses[0].display_name == 'Alice "A." Ashwörth; PhD'
    assert message["Sender"] == "Supervision <supervision@s.example>"


def test_where_nobody_reads_replies_none_is_asked_for() -> None:
    ends = Ends("supervision@s.example", "bob@example.org", answers=False)
    (event,) = Calendar.from_ical(invitations.calendar(REQUEST, ends)).walk("VEVENT")
    assert event["attendee"].params["RSVP"] == "FALSE"


def test_token_is_of_one_session_one_person_and_one_key() -> None:
    other = UUID(int=7)
    made = {
        invitations.reply_token(KEY, EVENT.id, BOB),
        invitations.reply_token(KEY, BOB, EVENT.id),
        invitations.reply_token(KEY, EVENT.id, other),
        invitations.reply_token("other", EVENT.id, BOB),
    }
    assert (len(made), {len(one) for one in made}) == (4, {20})


@pytest.mark.parametrize(
    ("address", "token"),
    [
        ("rsvp+abc@s.example", "abc"),
        ("RSVP+ABC@S.Example", "abc"),
        ("rsvp@s.example", None),
        ("rsvp+@s.example", None),
        ("other+abc@s.example", None),
        ("rsvp+abc@elsewhere.example", None),
        ("", None),
    ],
)
def test_token_is_read_from_an_address_of_the_mailbox_alone(
    address: str, token: str | None
) -> None:
    assert invitations.token_of("rsvp@s.example", address) == token
