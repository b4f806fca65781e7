"""The mails that changes lead to, written as the worker would write them first."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy import ColumnElement, literal_column

from supervision import clock
from supervision.db import db
from supervision.domain.mail import Letter, with_tokens
from supervision.models.mail import Outbox
from supervision.services import people, sessions
from supervision.services.mail.outbox import AS_JSON

BASE = "https://s.example"
AT_LAST = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """A mail: `body` is its plain text without the end that all have; nothing once it has left."""

    event: str
    kind: str
    subject: str
    body: str
    reason: str
    sequence: int


def mails_to(email: str) -> list[Seen]:
    """What is in the outbox for somebody, oldest first; what was done so far is committed."""
    db.session.commit()
    sessions.announce_due(AT_LAST)
    people.answer_resets(clock.now(), BASE)
    mails = db.select(Outbox).where(Outbox.recipient == email)
    # What was queued at the same time comes as it was written.
    place: ColumnElement[str] = literal_column(
        "ctid" if db.engine.name == "postgresql" else "rowid"
    )
    rows = db.session.scalars(mails.order_by(Outbox.created_at, Outbox.sequence, place))
    return [seen(row) for row in rows]


def seen(row: Outbox) -> Seen:
    """A row of the outbox as its reader would see it."""
    letter = AS_JSON.validate_json(row.body) if row.body else Letter("", [])
    letter = with_tokens(letter, current_app.extensions["settings"].secret_key)
    return Seen(row.event, row.kind, row.subject, letter.plain(), letter.reason, row.sequence)
