"""The mails that changes lead to, written as the worker would write them first."""

from datetime import UTC, datetime

from supervision.db import db
from supervision.models.mail import Outbox
from supervision.services import sessions

AT_LAST = datetime(2100, 1, 1, tzinfo=UTC)


def mails_to(email: str) -> list[Outbox]:
    """What waits in the outbox for somebody, oldest first; what was done so far is committed."""
    db.session.commit()
    sessions.announce_due(AT_LAST)
    mails = db.select(Outbox).where(Outbox.recipient == email)
    return list(db.session.scalars(mails.order_by(Outbox.created_at, Outbox.sequence)))
