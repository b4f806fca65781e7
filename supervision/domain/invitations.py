"""Invitations by mail: a session as a calendar takes it out of a mail (RFC 5546, RFC 6047).

One mail speaks of one session and to one person. The session has the UID that it has in feeds,
and its instants are written in UTC as there.
"""

import hashlib
import hmac
from base64 import b32encode
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vText

from supervision.domain import ical

# 100 bits, which a local part of 64 octets has room for, and which lower case leaves whole.
_TOKEN_LENGTH = 20
FILE = "invitation.ics"


@dataclass(frozen=True)
class Invitation:
    """A session as one person is invited to it, or told that it will not be, or not for them.

    `organiser` and `attendee` are names; `person_id` is the attendee's.
    """

    event: ical.Occurrence
    organiser: str
    attendee: str
    person_id: UUID

    @property
    def method(self) -> str:
        return "CANCEL" if self.event.cancelled else "REQUEST"


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


def calendar(invitation: Invitation, ends: Ends) -> bytes:
    """The VCALENDAR of a REQUEST (RFC 5546 section 3.2.2) or a CANCEL (section 3.2.5)."""
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", ical.PRODUCT)
    made.add("calscale", "GREGORIAN")
    made.add("method", invitation.method)
    made.add_component(_event(invitation, ends))
    return bytes(made.to_ical(sorted=False))


def _event(invitation: Invitation, ends: Ends) -> Event:
    made = ical.vevent(invitation.event)
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
