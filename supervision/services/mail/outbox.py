"""The outbox: mails are queued in the transaction that causes them, and leave after its commit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from pydantic import TypeAdapter

from supervision.db import db, insert_new, run
from supervision.domain.mail import Action, Letter, OneTime, Text, blocks_of
from supervision.models.mail import MailKind, MailState, Outbox
from supervision.services.mail.kinds import WORDS
from supervision.services.mail.readers import Addressee

EVENT_LENGTH = 80
AS_JSON = TypeAdapter(Letter)


@dataclass(frozen=True)
class Mail:
    """A mail to one person; (event, recipient, sequence) makes it unique."""

    event: str
    recipient: str
    subject: str
    letter: Letter
    kind: MailKind = MailKind.ROSTERS
    person_id: UUID | None = None
    sequence: int = 0


_INSERT = insert_new(Outbox)


def queue_all(mails: Iterable[Mail], at: datetime) -> None:
    """Queue many mails by one statement; the same (event, recipient, sequence) is queued once."""
    rows = [
        {
            "event": _fitting(mail.event),
            "recipient": mail.recipient,
            "sequence": mail.sequence,
            "person_id": mail.person_id,
            "kind": mail.kind,
            "subject": mail.subject[:200],
            "body": AS_JSON.dump_json(mail.letter).decode(),
            "created_at": at,
            "due_at": at,
            "state": MailState.WAITING,
        }
        for mail in mails
    ]
    if rows:
        run(_INSERT[db.engine.dialect.name], rows)


def _fitting(event: str) -> str:
    """The event as its column takes it: a longer one by its hash, which is as unique."""
    return event if len(event) <= EVENT_LENGTH else sha256(event.encode()).hexdigest()


def queue(
    event: str,
    recipient: str,
    subject: str,
    body: str,
    at: datetime,
    person_id: UUID | None = None,
    sequence: int = 0,
    kind: MailKind = MailKind.ROSTERS,
) -> None:
    """Queue one mail of plain text, whose links become actions."""
    letter = Letter(str(get_locale() or "en"), blocks_of(body), str(_(WORDS[kind].reason)))
    queue_all([Mail(event, recipient, subject, letter, kind, person_id, sequence)], at)


def tell(
    reader: Addressee,
    event: str,
    subject: str,
    body: str,
    at: datetime,
    kind: MailKind = MailKind.ROSTERS,
    **params: object,
) -> None:
    """Queue a mail in its reader's language; `subject` and `body` are msgids with named places.

    It greets them by name. Whoever turned this kind off is spared when it would leave. A `link`
    may be a one-time link: its token is made then, too.
    """
    one_time = params.get("link")
    if isinstance(one_time, OneTime):
        params["link"] = one_time.place
    with force_locale(reader.language):
        said = _(subject, **params), _(body, **params)
        letter = letter_to(reader, said[1], kind)
    if isinstance(one_time, OneTime):
        letter = _with(letter, one_time)
    queue_all([Mail(event, reader.email, str(said[0]), letter, kind, reader.id)], at)


def _with(letter: Letter, one_time: OneTime) -> Letter:
    """The letter with a one-time link where its text has the place of one."""
    blocks = [
        replace(one_time, label=block.label)
        if isinstance(block, Action) and block.link == one_time.place
        else block
        for block in letter.blocks
    ]
    return replace(letter, blocks=blocks)


def letter_to(reader: Addressee, text: str, kind: MailKind) -> Letter:
    """Plain text as a letter that greets its reader, in the language in force."""
    hello = greeting(reader)
    blocks = [block for block in blocks_of(text) if block != hello]
    return Letter(reader.language, [hello, *blocks], str(_(WORDS[kind].reason)))


def greeting(reader: Addressee) -> Text:
    """By name; who was only invited has none yet but the first part of their address."""
    if reader.name == reader.email.partition("@")[0]:
        return Text(str(_("Hello,")))
    return Text(str(_("Hello %(name)s,", name=reader.name)))
