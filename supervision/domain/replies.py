"""Replies to invitations, as calendars send them back by mail (RFC 5546 section 3.2.3, RFC 6047).

Everything here was written by somebody else. It is read within bounds, nothing is expanded, and
what is not a plain answer of one person about one session or series is refused by a word for the
log.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import getaddresses
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from icalendar import Calendar

from supervision.domain.ical import UID_HOST
from supervision.domain.recurrence import resolve

# A reply is a few kilobytes; a phone's may quote the whole mail that it answers.
LARGEST = 256 * 1024
LARGEST_CALENDAR = 32 * 1024
MOST_PARTS = 30
# Outlook sends a time zone along, with a component for each of its clocks.
MOST_COMPONENTS = 20
MOST_HOPS = 30
CALENDARS = ("text/calendar", "application/ics")
# Programs send along by which rule a series repeats; what counts is the rule that we know.
RULES = ("rrule", "rdate", "exdate")


class Answer(StrEnum):
    """What somebody says to an invitation, in the words of iCalendar (RFC 5545 section 3.2.12)."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class Refusal(StrEnum):
    """Why a mail changes nothing: a word for the log, never a word of the mail."""

    SIZE = "too large"
    UNREADABLE = "unreadable"
    AUTOMATIC = "automatic"
    LOOP = "loop"
    NO_CALENDAR = "no calendar"
    METHOD = "method"
    EVENTS = "events"
    RECURRENCE = "recurrence"
    ATTENDEES = "attendees"
    ANSWER = "answer"
    UID = "uid"
    SENDER = "sender"
    TOKEN = "token"  # noqa: S105 - no secret
    OLD = "old"
    OVER = "over"


class RefusedReply(Exception):
    """A mail that is no answer to take."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Reply:
    """One person's answer as they claim it; `stamped_at` is its DTSTAMP.

    `key` is the id of a session or of a series. It is of one occurrence with a `recurrence`: when
    that was due, an instant, or naive for a local time. `repeats`: it speaks of a series.
    """

    key: UUID
    email: str
    answer: Answer
    sequence: int
    stamped_at: datetime
    recurrence: datetime | None = None
    repeats: bool = False

    def is_of(self, due: datetime, zone: str) -> bool:
        """Whether it is of the occurrence that is due at a naive local time in a zone."""
        if self.recurrence is None or self.recurrence.tzinfo is None:
            return self.recurrence == due
        return self.recurrence == resolve(due, zone).starts_at


def read(raw: bytes) -> Reply:
    """The answer in a mail whose From is the attendee. Raises RefusedReply.

    ORGANIZER is not looked at: Outlook leaves it out.
    """
    if len(raw) > LARGEST:
        raise RefusedReply(Refusal.SIZE)
    message = _message(raw)
    reply = _reply(_only_event(_calendar(message)))
    if _senders(message) != [reply.email]:
        raise RefusedReply(Refusal.SENDER)
    return reply


def _message(raw: bytes) -> EmailMessage:
    """The mail, unless a program wrote it by itself (RFC 3834) or it goes round in circles."""
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    try:
        automatic = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
        hops = len(message.get_all("Received", []))
    except (MessageError, ValueError, IndexError, AttributeError) as error:
        raise RefusedReply(Refusal.UNREADABLE) from error
    if automatic == "auto-replied":
        raise RefusedReply(Refusal.AUTOMATIC)
    if hops > MOST_HOPS:
        raise RefusedReply(Refusal.LOOP)
    return message


def _senders(message: EmailMessage) -> list[str]:
    try:
        found = getaddresses([str(one) for one in message.get_all("From", [])])
    except (MessageError, ValueError, IndexError, AttributeError) as error:
        raise RefusedReply(Refusal.UNREADABLE) from error
    return [address.lower() for _name, address in found]


def _calendar(message: EmailMessage) -> bytes:
    """The calendar in a mail: what is shown as one, else the file."""
    found: dict[str, bytes] = {}
    for part in islice(message.walk(), MOST_PARTS):
        body = part.get_payload(decode=True)
        if part.get_content_type() in CALENDARS and isinstance(body, bytes):
            found.setdefault(part.get_content_type(), body)
    for kind in CALENDARS:
        if kind in found:
            return found[kind]
    raise RefusedReply(Refusal.NO_CALENDAR)


def _only_event(body: bytes) -> Any:
    """The event of a REPLY that has one. What is nested or long is refused before it is read."""
    if len(body) > LARGEST_CALENDAR or body.upper().count(b"BEGIN:") > MOST_COMPONENTS:
        raise RefusedReply(Refusal.SIZE)
    try:
        read = Calendar.from_ical(body)
        method = str(read.get("method", "")).upper()
        events = read.walk("VEVENT")
    except Exception as error:  # whatever strangers' bytes do to a parser
        raise RefusedReply(Refusal.UNREADABLE) from error
    if method != "REPLY":
        raise RefusedReply(Refusal.METHOD)
    if len(events) != 1:
        raise RefusedReply(Refusal.EVENTS)
    return events[0]


def _reply(event: Any) -> Reply:
    attendee = event.get("attendee")
    if attendee is None or isinstance(attendee, list):
        raise RefusedReply(Refusal.ATTENDEES)
    try:
        stamp, sequence = event["dtstamp"].dt, int(event.get("sequence", 0))
        said = str(attendee.params.get("partstat", "")).lower()
        email = str(attendee).strip().lower().removeprefix("mailto:")
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise RefusedReply(Refusal.UNREADABLE) from error
    if not isinstance(stamp, datetime):
        raise RefusedReply(Refusal.UNREADABLE)
    if said not in set(Answer):
        raise RefusedReply(Refusal.ANSWER)
    # A stamp is UTC; who leaves the Z away means it all the same.
    aware = stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return Reply(
        _key(str(event.get("uid", ""))),
        email,
        Answer(said),
        sequence,
        aware,
        _recurrence(event),
        any(name in event for name in RULES),
    )


def _recurrence(event: Any) -> datetime | None:
    """When the occurrence was due that is answered. One that speaks of what follows is refused."""
    said = event.get("recurrence-id")
    if said is None:
        return None
    due = getattr(said, "dt", None)
    if not isinstance(due, datetime) or "range" in said.params:
        raise RefusedReply(Refusal.RECURRENCE)
    return due


def _key(uid: str) -> UUID:
    key, _at, host = uid.strip().partition("@")
    try:
        found = UUID(key)
    except ValueError:
        raise RefusedReply(Refusal.UID) from None
    if host != UID_HOST or str(found) != key.lower():
        raise RefusedReply(Refusal.UID)
    return found
