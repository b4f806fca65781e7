"""Sessions, the series they come from, and the claims that say who is busy."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId

MAX_MINUTES = 480


class SessionState(StrEnum):
    """A cancelled session stays: feeds, notes and records go on pointing at it."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


class ClaimState(StrEnum):
    """Pending and held times are as busy as confirmed ones."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    HOLD = "hold"


class Series(WithId, Model):
    """A wall-clock rule: `starts_local` (naive ISO minutes) in `zone`, repeated by an RRULE.

    `rolled_until` is the local date up to which occurrences exist as rows; an open series is
    rolled on from there.
    """

    __tablename__ = "series"

    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"), index=True)
    zone: Mapped[str] = mapped_column(String(64))
    starts_local: Mapped[str] = mapped_column(String(16))
    minutes: Mapped[int]
    rrule: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), default=SessionState.PLANNED)
    sequence: Mapped[int] = mapped_column(default=0)
    rolled_until: Mapped[date]
    split_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("series.id"))
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class Session(WithId, Model):
    """One meeting: [starts_at, ends_at). Its id is its calendar UID for ever.

    `original_local` (naive ISO minutes) is the local time it was first due at, its key in its
    series; `shifted` says that this local time did not exist or came twice in `zone`.
    `published_at` is the calendar stamp (DTSTAMP, LAST-MODIFIED): whole seconds, strictly
    increasing with `sequence`.
    """

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("series_id", "original_local"),
        CheckConstraint("ends_at > starts_at", name="order"),
        Index("ix_session_roster_id_starts_at", "roster_id", "starts_at"),
    )

    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"))
    series_id: Mapped[UUID | None] = mapped_column(ForeignKey("series.id"))
    original_local: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    shifted: Mapped[bool] = mapped_column(default=False)
    edited: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16), default=SessionState.PLANNED)
    message: Mapped[str] = mapped_column(String(500), default="")
    sequence: Mapped[int] = mapped_column(default=0)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime]


class Claim(WithId, Model):
    """A person's busy time [starts_at, ends_at), the only truth about who is busy.

    `hard` claims never overlap for one person: the database refuses it. Soft ones (ordinary
    members of peer and group rosters) may.
    """

    __tablename__ = "claim"
    __table_args__ = (
        UniqueConstraint("session_id", "person_id"),
        CheckConstraint("ends_at > starts_at", name="order"),
        Index("ix_claim_person_id_starts_at_ends_at", "person_id", "starts_at", "ends_at"),
        Index(
            "ix_claim_hold_expires_at",
            "hold_expires_at",
            sqlite_where=text("hold_expires_at IS NOT NULL"),
            postgresql_where=text("hold_expires_at IS NOT NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    hard: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16), default=ClaimState.CONFIRMED)
    hold_expires_at: Mapped[datetime | None]
