"""The outbox: mails are queued in the transaction that causes them, and leave after its commit."""

import email.policy
import smtplib
import ssl
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Insert, exists, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from supervision.db import Base, db, writing
from supervision.models.mail import Outbox

ATTEMPTS = 8
EVENT_LENGTH = 80
LEASE = timedelta(minutes=5)
Send = Callable[[EmailMessage], None]


@dataclass(frozen=True)
class Mail:
    """A mail to one person; (event, recipient, sequence) makes it unique."""

    event: str
    recipient: str
    subject: str
    body: str
    person_id: UUID | None = None
    sequence: int = 0


_TABLE = Base.metadata.tables[Outbox.__tablename__]
_INSERTS: dict[str, Insert] = {
    "sqlite": sqlite_insert(_TABLE).on_conflict_do_nothing(),
    "postgresql": postgresql_insert(_TABLE).on_conflict_do_nothing(),
}


def queue(
    event: str,
    recipient: str,
    subject: str,
    body: str,
    at: datetime,
    person_id: UUID | None = None,
    sequence: int = 0,
) -> None:
    """Queue one mail. The same (event, recipient, sequence) is queued once, however often asked."""
    queue_all([Mail(event, recipient, subject, body, person_id, sequence)], at)


def queue_all(mails: Iterable[Mail], at: datetime) -> None:
    """Queue many mails by one statement; each as `queue` does."""
    rows = [
        {
            "event": _fitting(mail.event),
            "recipient": mail.recipient,
            "sequence": mail.sequence,
            "person_id": mail.person_id,
            "subject": mail.subject[:200],
            "body": mail.body,
            "created_at": at,
            "due_at": at,
        }
        for mail in mails
    ]
    if rows:
        db.session.execute(_INSERTS[db.engine.dialect.name], rows)


def _fitting(event: str) -> str:
    """The event as its column takes it: a longer one by its hash, which is as unique."""
    return event if len(event) <= EVENT_LENGTH else sha256(event.encode()).hexdigest()


class Reader(Protocol):
    """Somebody to write to: a person's row, or an actor."""

    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str: ...
    @property
    def language(self) -> str: ...


def tell(
    reader: Reader, event: str, subject: str, body: str, at: datetime, **params: object
) -> None:
    """Queue a mail in its reader's language; `subject` and `body` are msgids with named places."""
    with force_locale(reader.language):
        queue(event, reader.email, _(subject, **params), _(body, **params), at, reader.id)


def send_due(at: datetime, sender: str, send: Send, limit: int = 50) -> int:
    """Send what is due; returns how many mails left.

    A mail is leased in one transaction, sent outside any, and marked in another: a worker that
    dies in between sends it again after the lease, never loses it.
    """
    sent = 0
    waits = exists().where(Outbox.sent_at.is_(None), Outbox.due_at <= at)
    if not db.session.scalar(select(waits)):
        return sent
    for mail in _lease(at, limit):
        try:
            send(_message(mail, sender))
        except (OSError, smtplib.SMTPException) as error:
            _mark_failed(mail, at, type(error).__name__)
        else:
            _mark_sent(mail, at)
            sent += 1
    return sent


def _lease(at: datetime, limit: int) -> list[Outbox]:
    with writing():
        due = (
            select(Outbox)
            .where(Outbox.sent_at.is_(None), Outbox.due_at <= at, Outbox.attempts < ATTEMPTS)
            .order_by(Outbox.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        mails = list(db.session.scalars(due))
        for mail in mails:
            mail.attempts += 1
            mail.due_at = at + LEASE
        db.session.flush()
    return mails


def _mark_sent(mail: Outbox, at: datetime) -> None:
    with writing():
        db.session.execute(
            update(Outbox).where(Outbox.id == mail.id).values(sent_at=at, failure="", body="")
        )


def _mark_failed(mail: Outbox, at: datetime, failure: str) -> None:
    """Try again after 1, 2, 4, … minutes."""
    with writing():
        db.session.execute(
            update(Outbox)
            .where(Outbox.id == mail.id)
            .values(failure=failure[:80], due_at=at + timedelta(minutes=2 ** (mail.attempts - 1)))
        )


def _message(mail: Outbox, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.recipient
    message["Subject"] = " ".join(mail.subject.split())
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def sender_for(smtp_url: str | None, folder: Path) -> Send:
    """How mails leave: by SMTP, or where none is set up as files in `folder`."""
    return _by_smtp(smtp_url) if smtp_url else _to_folder(folder)


def _by_smtp(smtp_url: str) -> Send:
    """smtps:// speaks TLS at once; smtp:// upgrades to it where the server offers that."""
    url = urlsplit(smtp_url)
    host, tls = url.hostname or "localhost", url.scheme == "smtps"

    def send(message: EmailMessage) -> None:
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if tls:
            server = smtplib.SMTP_SSL(host, url.port or 465, timeout=20, context=context)
        else:
            server = smtplib.SMTP(host, url.port or 25, timeout=20)
        with closing(server):
            server.ehlo()
            if not tls and server.has_extn("starttls"):
                server.starttls(context=context)
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(message)

    return send


def _to_folder(folder: Path) -> Send:
    def send(message: EmailMessage) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        path = folder / f"{name}.eml"
        path.touch(mode=0o600)
        path.write_bytes(message.as_bytes(policy=email.policy.default))

    return send


def delivered(folder: Path, limit: int = 30) -> list[EmailMessage]:
    """The mails in a folder, the latest first."""
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [
        message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=email.policy.default)
        for path in files[:limit]
    ]
