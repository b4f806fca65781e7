"""The audit log, repeated requests, and what is known of the installation."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model


class AuditEntry(Model):
    """Who did what to which thing, when. Never the content of a note, a token or a passphrase."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject_id_at", "subject_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    subject_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    request_id: Mapped[str] = mapped_column(String(32), default="")


class Replay(Model):
    """The outcome of a form that was sent once, for when the same form comes again."""

    __tablename__ = "replay"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    once: Mapped[UUID] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes]
    location: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(index=True)


class Installation(Model):
    """The one row about this installation; `demo` opens /dev/mail."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
