"""A letter as it leaves: headers, plain text and HTML that say the same, and how to stop it."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from uuid import UUID

from babel import Locale
from flask_babel import force_locale
from flask_babel import gettext as _
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from supervision.domain.invitations import Ends, Invitation, enclose, reply_address, reply_token
from supervision.domain.mail import Letter, blocks_of, with_tokens
from supervision.models.mail import OPTIONAL, MailKind
from supervision.services.mail.answers import with_answers
from supervision.services.mail.kinds import WORDS
from supervision.services.mail.outbox import AS_JSON
from supervision.services.mail.stopping import stop_token

TEMPLATES = Path(__file__).parents[2] / "templates" / "emails"


@dataclass(frozen=True)
class Letterhead:
    """What all mails of an installation have in common: `sender` is From, without a slash at its
    end `base_url` is how people reach it, `secret_key` signs links. `mailbox` is the address that
    reads replies to invitations, if one does.
    """

    sender: str
    base_url: str
    secret_key: str
    mailbox: str = ""


@dataclass(frozen=True)
class Leased:
    """A mail that is about to leave. `refused`: the last one to this person was."""

    id: UUID
    recipient: str
    person_id: UUID | None
    kind: str
    subject: str
    body: str
    created_at: datetime
    attempts: int
    refused: bool = False


@dataclass(frozen=True)
class Ending:
    """The end of a mail: why it comes, and where its reader chooses what comes."""

    reason: str
    stop: str = ""
    stop_link: str = ""
    choices_link: str = ""

    def plain(self) -> str:
        links = ((self.stop, self.stop_link), (_("Choose your mails"), self.choices_link))
        lines = [f"{words}: {link}" for words, link in links if link]
        return "\n".join(["-- ", self.reason, *lines]) + "\n"


def compose(mail: Leased, head: Letterhead) -> EmailMessage:
    """The mail as it goes to a server (RFC 5322; RFC 8058 for how to stop it by one click).

    Raises ValueError or MessageError for a recipient that is not one address.
    """
    letter = with_tokens(_letter(mail), head.secret_key)
    message = EmailMessage()
    message["From"] = head.sender
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{head.sender.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    with force_locale(letter.language):
        letter = with_answers(letter, head.base_url, head.secret_key)
        ending = _ending(mail, letter, head)
        message.set_content(f"{letter.plain()}\n{ending.plain()}")
        message.add_alternative(_html(mail.subject, letter, ending), subtype="html")
    if letter.invitation:
        enclose(message, letter.invitation, _ends(letter.invitation, mail, head))
    if ending.stop_link:
        message["List-Unsubscribe"] = f"<{ending.stop_link}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _letter(mail: Leased) -> Letter:
    """The letter in an outbox's row; a former version queued plain text."""
    if mail.body.startswith("{"):
        return AS_JSON.validate_json(mail.body)
    return Letter("en", blocks_of(mail.body), WORDS[MailKind(mail.kind)].reason)


def _ending(mail: Leased, letter: Letter, head: Letterhead) -> Ending:
    if mail.kind not in OPTIONAL or mail.person_id is None:
        return Ending(letter.reason)
    token = stop_token(head.secret_key, mail.person_id, mail.kind)
    return Ending(
        letter.reason,
        _("No more of these (%(kind)s)", kind=_(WORDS[MailKind(mail.kind)].name)),
        f"{head.base_url}/mail/stop/{token}",
        f"{head.base_url}/profile/mail",
    )


def _ends(invitation: Invitation, mail: Leased, head: Letterhead) -> Ends:
    """Who invites whom: where no mailbox reads replies, the installation's own address."""
    if not head.mailbox:
        return Ends(parseaddr(head.sender)[1], mail.recipient, answers=False)
    token = reply_token(head.secret_key, invitation.key, invitation.person_id)
    return Ends(reply_address(head.mailbox, token), mail.recipient, answers=True)


def _html(subject: str, letter: Letter, ending: Ending) -> str:
    locale = Locale.parse(letter.language)
    return _template().render(
        subject=subject,
        blocks=letter.blocks,
        ending=ending,
        lang=locale.language,
        text_direction=locale.text_direction,
        _=_,
    )


@cache
def _template() -> Template:
    """In an environment of its own: no page's context is meant for a mail."""
    rooms = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return rooms.get_template("letter.html")
