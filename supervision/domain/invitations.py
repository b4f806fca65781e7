"""Invitations by mail: a session as a calendar takes it out of a mail (RFC 5546, RFC 6047).

One mail speaks to one person: of one session, with the UID that it has in feeds and instants in
UTC as there; of a whole series, whose UID is its own, as one rule in its zone; or of one occurrence
of a series that they were invited to.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vDDDLists, vDDDTypes, vRecur, vText

from supervision.domain import ical
from supervision.domain.vtimezone import timezone

# 100 bits, which a local part of 64 octets has room for, and which lower case leaves whole.
_TOKEN_LENGTH = 20
_TOKEN = re.compile(rf"[a-z2-7]{{{_TOKEN_LENGTH}}}")
FILE = "invitation.ics"


@dataclass(frozen=True)
class Otherwise:
    """An occurrence that is not as its rule says: `due` is the naive local time of the rule's."""

    due: datetime
    event: ical.Occurrence


@dataclass(frozen=True)
class Repeats:
    """How an event repeats: by an RRULE in a zone, on which its first day and `last` lie.

    `left_out` are naive local times on which it does not meet.
    """

    zone: str
    rrule: str
    last: date
    left_out: list[datetime] = field(default_factory=list)
    otherwise: list[Otherwise] = field(default_factory=list)


@dataclass(frozen=True)
class Within:
    """Which occurrence of a series an event is: the one due at a naive local time in a zone.

    `sequence` is the session's own, where the event's is that of the series' invitation.
    """

    series_id: UUID
    due: datetime
    zone: str
    sequence: int


@dataclass(frozen=True)
class Invitation:
    """A session as one person is invited to it, or told that it will not be, or not for them.

    `organiser` and `attendee` are names; `person_id` is the attendee's. With `repeats` it is a
    series, whose id and first session are the event's.
    """

    event: ical.Occurrence
    organiser: str
    attendee: str
    person_id: UUID
    repeats: Repeats | None = None
    within: Within | None = None

    @property
    def method(self) -> str:
        return "CANCEL" if self.event.cancelled else "REQUEST"

    @property
    def key(self) -> UUID:
        """What it is known by in the calendar, and its replies: the session's id or the series'."""
        return self.within.series_id if self.within else self.event.id


@dataclass(frozen=True)
class Ends:
    """The two addresses of an invitation; `answers`: what is sent to the organiser's is read."""

    organiser: str
    attendee: str
    answers: bool


def reply_token(secret_key: str, session_id: UUID, person_id: UUID) -> str:
    """What proves that a reply answers an invitation: the same as long as the session lives.

    Calendars take an update only from the organiser that they know, so it is of no one version.
    """
    told = b"reply:" + session_id.bytes + person_id.bytes
    digest = hmac.digest(secret_key.encode(), told, hashlib.sha256)
    return b32encode(digest).decode().lower()[:_TOKEN_LENGTH]


def reply_address(mailbox: str, token: str) -> str:
    """The address that reads the replies to one invitation (RFC 5233): rsvp+token@host."""
    local, _at, host = mailbox.rpartition("@")
    return f"{local}+{token}@{host}"


def token_of(mailbox: str, address: str) -> str | None:
    """The token in an address of this mailbox, None for any other address."""
    local, _at, host = mailbox.lower().rpartition("@")
    given, _at, where = address.lower().rpartition("@")
    name, plus, token = given.partition("+")
    return token if plus and token and (name, where) == (local, host) else None


def has_form_of_token(text: str) -> bool:
    """Whether `reply_token` could have made it."""
    return _TOKEN.fullmatch(text) is not None


def calendar(invitation: Invitation, ends: Ends) -> bytes:
    """The VCALENDAR of a REQUEST (RFC 5546 section 3.2.2) or a CANCEL (section 3.2.5)."""
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", ical.PRODUCT)
    made.add("calscale", "GREGORIAN")
    made.add("method", invitation.method)
    if invitation.repeats:
        first = _local(invitation.event.starts_at, invitation.repeats.zone).date()
        made.add_component(timezone(invitation.repeats.zone, first, invitation.repeats.last))
    elif invitation.within:
        day = invitation.within.due.date()
        made.add_component(timezone(invitation.within.zone, day, day))
    for event in _events(invitation):
        made.add_component(_between(event, invitation, ends))
    return bytes(made.to_ical(sorted=False))


def _events(invitation: Invitation) -> Iterator[Event]:
    """One event, and beside a rule those that are not as it says."""
    event, within, repeats = invitation.event, invitation.within, invitation.repeats
    if within:
        yield _instead(replace(event, id=within.series_id), within.due, within.zone)
    elif repeats:
        yield _repeating(event, repeats)
        for one in repeats.otherwise:
            yield _instead(replace(one.event, id=event.id), one.due, repeats.zone)
    else:
        yield ical.vevent(event)


def _repeating(event: ical.Occurrence, repeats: Repeats) -> Event:
    made = ical.vevent(event)
    for name, instant in (("dtstart", event.starts_at), ("dtend", event.ends_at)):
        made[name] = _in_zone(_local(instant, repeats.zone), repeats.zone)
    made.add("rrule", vRecur.from_ical(repeats.rrule))
    if repeats.left_out:
        gone = vDDDLists(repeats.left_out)
        gone.params["TZID"] = repeats.zone
        made["exdate"] = gone
    return made


def _instead(event: ical.Occurrence, due: datetime, zone: str) -> Event:
    """In UTC, but for what names the occurrence, which is written as the rule's start is."""
    made = ical.vevent(event)
    made["recurrence-id"] = _in_zone(due, zone)
    return made


def _in_zone(local: datetime, zone: str) -> vDDDTypes:
    made = vDDDTypes(local)
    made.params["TZID"] = zone
    return made


def _local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)


def _between(made: Event, invitation: Invitation, ends: Ends) -> Event:
    """An event with who invites whom."""
    made.add("organizer", _address(ends.organiser, invitation.organiser))
    attendee = _address(ends.attendee, invitation.attendee)
    attendee.params["CUTYPE"] = vText("INDIVIDUAL")
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    if not invitation.event.cancelled:
        attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
        attendee.params["RSVP"] = vText("TRUE" if ends.answers else "FALSE")
    made.add("attendee", attendee)
    return made


def _address(address: str, name: str) -> vCalAddress:
    made = vCalAddress(f"mailto:{address}")
    # A parameter can hold no double quote (RFC 5545 section 3.1).
    made.params["CN"] = vText(ical.one_line(name).replace('"', "'"))
    return made


def enclose(message: EmailMessage, invitation: Invitation, ends: Ends) -> None:
    """Put an invitation into a mail of plain text and HTML, and say that it is the organiser's.

    It is one more way to read the mail, for calendars, and a file for programs that know no such
    thing (RFC 6047 section 2.4). The method of both is the same.
    """
    body, sender = calendar(invitation, ends), str(message["From"])
    message.replace_header(
        "From", Address(ical.one_line(invitation.organiser), addr_spec=ends.organiser)
    )
    message["Sender"] = sender
    message.add_alternative(
        body,
        maintype="text",
        subtype="calendar",
        params={"charset": "UTF-8", "method": invitation.method},
    )
    message.add_attachment(body, maintype="application", subtype="ics", filename=FILE)
