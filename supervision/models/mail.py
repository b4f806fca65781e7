"""The outbox: mails that leave after the commit; and what has still to be put into it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class Outbox(WithId, Model):
    """One mail to one person. Its text is emptied once it has been sent: it may hold a link."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("event", "recipient", "sequence"),
        Index(
            "ix_outbox_due_at",
            "due_at",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    event: Mapped[str] = mapped_column(String(80))
    recipient: Mapped[str] = mapped_column(String(254))
    sequence: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(80), default="")


class Announcement(Model):
    """One change that everybody in a roster is to be told of, before the worker writes the mails.

    `told` is all that the mails need, as JSON. The row goes when they are in the outbox.
    """

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(primary_key=True)
    told: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(80), default="")
