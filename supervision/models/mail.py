"""Mails that leave after the commit, what has still to become one, and what each person wants."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class MailKind(StrEnum):
    """What a mail is about. All but ACCOUNT can be turned off by who gets them."""

    ACCOUNT = "account"
    SESSIONS = "sessions"
    ROSTERS = "rosters"
    TURNS = "turns"
    SHARING = "sharing"
    REMINDERS = "reminders"
    AGENDA = "agenda"


OPTIONAL = tuple(kind for kind in MailKind if kind != MailKind.ACCOUNT)


class MailState(StrEnum):
    """FAILED: given up after many attempts, or the address was refused; it can be tried again.

    DROPPED: its reader wants no such mails, or an organiser gave it up.
    """

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Outbox(WithId, Model):
    """One mail to one person. `body` is a letter as JSON (`domain.mail`), or plain text.

    It is emptied once the mail was sent or dropped: it may hold a link.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("event", "recipient", "sequence"),
        Index(
            "ix_outbox_waiting",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_outbox_failed",
            "due_at",
            sqlite_where=text("state = 'failed'"),
            postgresql_where=text("state = 'failed'"),
        ),
        Index("ix_outbox_created_at", "created_at"),
    )

    event: Mapped[str] = mapped_column(String(80))
    recipient: Mapped[str] = mapped_column(String(254))
    sequence: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(16), default=MailKind.ROSTERS)
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16), default=MailState.WAITING)
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


class MailStop(Model):
    """Somebody wants no mails of a kind."""

    __tablename__ = "mail_stop"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)


class MailReminder(Model):
    """Somebody is reminded so many minutes before a session; without a row, a day before."""

    __tablename__ = "mail_reminder"
    __table_args__ = (CheckConstraint("minutes > 0", name="minutes"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    minutes: Mapped[int] = mapped_column(primary_key=True)


class MailAgenda(Model):
    """Somebody gets a daily agenda at a local `hour`; `due_at` is the next time."""

    __tablename__ = "mail_agenda"
    __table_args__ = (CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    hour: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(index=True)
