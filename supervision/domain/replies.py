"""Replies to invitations, as calendars send them back by mail (RFC 5546 section 3.2.3, RFC 6047).

Everything here was written by somebody else. Only the few lines that make an answer are read, none
longer than programs write them, and nothing is expanded. What is not a plain answer of one person
about one session or series is refused by a word for the log, whatever it does to a parser.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import getaddresses
from enum import StrEnum
from typing import Any
from uuid import UUID

from icalendar import Event

from supervision.domain.content_lines import LongLineError, content_lines
from supervision.domain.ical import UID_HOST
from supervision.domain.mime import Part, TooMuchError, opened
from supervision.domain.recurrence import resolve

# A reply is a few kilobytes; a phone's may quote the whole mail that it answers.
LARGEST = 256 * 1024
LARGEST_CALENDAR = 32 * 1024
# Outlook sends a time zone along, with a component for each of its clocks.
MOST_COMPONENTS = 20
MOST_HOPS = 30
LONGEST_EMAIL = 254
CALENDARS = ("text/calendar", "application/ics")
EVENT = b"VEVENT"
# Programs send along by which rule a series repeats; what counts is the rule that we know.
RULES = frozenset((b"RRULE", b"RDATE", b"EXDATE"))
# No program gives one of them twice, or more than a name and its parameters in one.
READ = frozenset((b"UID", b"DTSTAMP", b"SEQUENCE", b"ATTENDEE", b"RECURRENCE-ID"))
NAMES = READ | RULES | {b"BEGIN", b"END", b"METHOD"}
LONGEST_LINE = 2_000
MOST_LINES = 20


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


@dataclass(frozen=True)
class _Said:
    """An event with nothing but what an answer needs; `repeats`: it gave a rule."""

    event: Any
    repeats: bool


def read(raw: bytes) -> Reply:
    """The answer in a mail whose From is the attendee, in time that grows with its size alone.

    ORGANIZER is not looked at: Outlook leaves it out. Raises RefusedReply, and nothing else.
    """
    if len(raw) > LARGEST:
        raise RefusedReply(Refusal.SIZE)
    try:
        return _read(raw)
    except RefusedReply:
        raise
    except (TooMuchError, LongLineError) as error:
        raise RefusedReply(Refusal.SIZE) from error
    except Exception as error:  # whatever strangers' bytes do to a parser
        raise RefusedReply(Refusal.UNREADABLE) from error


def _read(raw: bytes) -> Reply:
    mail = opened(raw)
    _check_sent_by_hand(mail)
    reply = _reply(_only_event(_calendar(mail)))
    if _senders(mail) != [reply.email]:
        raise RefusedReply(Refusal.SENDER)
    return reply


def _check_sent_by_hand(mail: Part) -> None:
    """Refuse what a program wrote by itself (RFC 3834), and what goes round in circles."""
    if mail.first("auto-submitted", "no").partition(";")[0].strip().lower() == "auto-replied":
        raise RefusedReply(Refusal.AUTOMATIC)
    if len(mail.headers.get("received", [])) > MOST_HOPS:
        raise RefusedReply(Refusal.LOOP)


def _senders(mail: Part) -> list[str]:
    return [address.lower() for _name, address in getaddresses(mail.headers.get("from", []))]


def _calendar(mail: Part) -> bytes:
    """The calendar in a mail: what is shown as one, else the file."""
    found: dict[str, Part] = {}
    for part in mail.leaves():
        found.setdefault(part.kind, part)
    for kind in CALENDARS:
        if kind in found:
            return found[kind].content()
    raise RefusedReply(Refusal.NO_CALENDAR)


def _only_event(body: bytes) -> _Said:
    """The event of a REPLY that has one. What is nested or long is refused before it is read."""
    if len(body) > LARGEST_CALENDAR or body.upper().count(b"BEGIN:") > MOST_COMPONENTS:
        raise RefusedReply(Refusal.SIZE)
    lines = list(_placed(body))
    method = [_value(line) for place, name, line in lines if (place, name) == ([], b"METHOD")]
    if method != [b"REPLY"]:
        raise RefusedReply(Refusal.METHOD)
    if [name for _place, name, line in lines if _value(line) == EVENT] != [b"BEGIN", b"END"]:
        raise RefusedReply(Refusal.EVENTS)
    inside = [(name, line) for place, name, line in lines if place == [EVENT]]
    kept = [line for name, line in inside if name in READ]
    if len(kept) > MOST_LINES or any(len(line) > LONGEST_LINE for line in kept):
        raise RefusedReply(Refusal.SIZE)
    alone = b"\r\n".join([b"BEGIN:VEVENT", *kept, b"END:VEVENT", b""])
    return _Said(Event.from_ical(alone), any(name in RULES for name, _line in inside))


def _placed(body: bytes) -> Iterator[tuple[list[bytes], bytes, bytes]]:
    """Each line that counts, by name, with the components within the calendar that it is in.

    Raises RefusedReply for components that do not close as they were opened.
    """
    place: list[bytes] = []
    for name, line in content_lines(body, NAMES, LARGEST_CALENDAR):
        if name == b"END" and (not place or place.pop() != _value(line)):
            break
        yield place[1:], name, line
        if name == b"BEGIN":
            place.append(_value(line))
    else:
        if not place:
            return
    raise RefusedReply(Refusal.UNREADABLE)


def _value(line: bytes) -> bytes:
    return line.partition(b":")[2].strip().upper()


def _reply(said: _Said) -> Reply:
    event = said.event
    attendee = event.get("attendee")
    if attendee is None or isinstance(attendee, list):
        raise RefusedReply(Refusal.ATTENDEES)
    stamp, sequence = event["dtstamp"].dt, int(event.get("sequence", 0))
    answer = str(attendee.params.get("partstat", "")).lower()
    email = str(attendee).strip().lower().removeprefix("mailto:")
    # The database would stumble over some signs, such as NUL, and have the mail come again.
    if not isinstance(stamp, datetime) or len(email) > LONGEST_EMAIL or not email.isprintable():
        raise RefusedReply(Refusal.UNREADABLE)
    if answer not in set(Answer):
        raise RefusedReply(Refusal.ANSWER)
    # A stamp is UTC; who leaves the Z away means it all the same.
    aware = stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return Reply(
        _key(str(event.get("uid", ""))),
        email,
        Answer(answer),
        sequence,
        aware,
        _recurrence(event),
        said.repeats,
    )


def _recurrence(event: Any) -> datetime | None:
    """When the occurrence was due that is answered. One that speaks of what follows is refused."""
    said = event.get("recurrence-id")
    if said is None:
        return None
    due = None if isinstance(said, list) else said.dt
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
