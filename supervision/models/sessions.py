"""Sessions, the series they come from, and the claims that say who is busy."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId

MAX_MINUTES = 480


class SessionState(StrEnum):
    """A cancelled session stays: feeds, notes and records go on pointing at it.

    REQUESTED waits for the supervisor's answer; DECLINED came to nothing: it was refused, taken
    back, or not answered in time. Neither was ever in a calendar outside.
    """

    PLANNED = "planned"
    CANCELLED = "cancelled"
    REQUESTED = "requested"
    DECLINED = "declined"


BUSY = (SessionState.PLANNED, SessionState.REQUESTED)
PUBLISHED = (SessionState.PLANNED, SessionState.CANCELLED)


class ClaimState(StrEnum):
    """Pending and held times are as busy as confirmed ones."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    HOLD = "hold"


class Warned(StrEnum):
    """Whether those who run a roster were told that a series of it nears its end."""

    NOT_YET = "not_yet"
    TOLD = "told"
    DISMISSED = "dismissed"


class Series(WithId, Model):
    """A wall-clock rule: `starts_local` (naive ISO minutes) in `zone`, repeated by an RRULE.

    `rolled_until` is the local date up to which occurrences exist as rows; an open series is
    rolled on from there. `skips` are the days that it leaves out (`domain.skips`). Without an
    `address` and `meeting_link` of its own it meets where its roster does. What is not `for_all`
    is for those who lead and the people in `series_person`. `capacity` is how many seats its new
    sessions have where members sign up, None for as many as is usual. From `warn_at` on its end is
    near; None: it has none, or another series goes on from there.
    """

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("capacity BETWEEN 1 AND 100", name="capacity"),
        Index("ix_series_roster_id_rolled_until", "roster_id", "rolled_until"),
        Index(
            "ix_series_roster_id_warn_at",
            "roster_id",
            "warn_at",
            sqlite_where=text("warn_at IS NOT NULL"),
            postgresql_where=text("warn_at IS NOT NULL"),
        ),
        Index(
            "ix_series_not_warned",
            "warn_at",
            sqlite_where=text("warned = 'not_yet'"),
            postgresql_where=text("warned = 'not_yet'"),
        ),
    )

    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"))
    zone: Mapped[str] = mapped_column(String(64))
    starts_local: Mapped[str] = mapped_column(String(16))
    minutes: Mapped[int]
    rrule: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), default=SessionState.PLANNED)
    sequence: Mapped[int] = mapped_column(default=0)
    rolled_until: Mapped[date]
    skips: Mapped[str] = mapped_column(Text, default="")
    capacity: Mapped[int | None]
    address: Mapped[str | None] = mapped_column(String(300))
    meeting_link: Mapped[str | None] = mapped_column(String(500))
    for_all: Mapped[bool] = mapped_column(default=True, server_default=true())
    warn_at: Mapped[datetime | None]
    warned: Mapped[str] = mapped_column(
        String(16), default=Warned.NOT_YET, server_default=Warned.NOT_YET
    )
    split_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("series.id"), index=True)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class SeriesPerson(Model):
    """Somebody whose series it is, where it is not for all."""

    __tablename__ = "series_person"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)


class Session(WithId, Model):
    """One meeting: [starts_at, ends_at). Its id is its calendar UID for ever.

    `original_local` (naive ISO minutes) is the local time it was first due at, its key in its
    series; `shifted` says that this local time did not exist or came twice in `zone`.
    `published_at` is the calendar stamp (DTSTAMP, LAST-MODIFIED): whole seconds, strictly
    increasing with `sequence`. `late`: a member cancelled or moved it with less notice than was
    asked for. `session_type_id` is the kind that a supervisee chose, None for what was arranged.
    `due_local` is the local time that its series gives it now, where that is no longer its key;
    what was moved singly (`edited`) meets at another. Without an `address` and `meeting_link` of
    its own it is where its roster meets. What is not `for_all` is for those with a claim alone.
    With a `capacity`, all may see it and it is for who signs up: `taken` counts seats that are
    taken or kept for who was offered one.
    """

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("series_id", "original_local"),
        CheckConstraint("ends_at > starts_at", name="order"),
        CheckConstraint("capacity BETWEEN 1 AND 100", name="capacity"),
        CheckConstraint("taken >= 0 AND taken <= coalesce(capacity, 0)", name="seats"),
        Index("ix_session_roster_id_starts_at", "roster_id", "starts_at"),
        Index(
            "ix_session_signup",
            "roster_id",
            "starts_at",
            sqlite_where=text("capacity IS NOT NULL"),
            postgresql_where=text("capacity IS NOT NULL"),
        ),
        Index(
            "ix_session_planned",
            "starts_at",
            sqlite_where=text("state = 'planned'"),
            postgresql_where=text("state = 'planned'"),
        ),
        Index(
            "ix_session_cancelled",
            "starts_at",
            sqlite_where=text("state = 'cancelled'"),
            postgresql_where=text("state = 'cancelled'"),
        ),
        Index(
            "ix_session_requested",
            "starts_at",
            sqlite_where=text("state = 'requested'"),
            postgresql_where=text("state = 'requested'"),
        ),
    )

    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"))
    series_id: Mapped[UUID | None] = mapped_column(ForeignKey("series.id"))
    original_local: Mapped[str] = mapped_column(String(16))
    due_local: Mapped[str | None] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    shifted: Mapped[bool] = mapped_column(default=False)
    edited: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16), default=SessionState.PLANNED)
    late: Mapped[bool] = mapped_column(default=False)
    session_type_id: Mapped[UUID | None] = mapped_column(ForeignKey("session_type.id"))
    capacity: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(String(500), default="")
    address: Mapped[str | None] = mapped_column(String(300))
    meeting_link: Mapped[str | None] = mapped_column(String(500))
    for_all: Mapped[bool] = mapped_column(default=True, server_default=true())
    sequence: Mapped[int] = mapped_column(default=0)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime]


class Claim(WithId, Model):
    """A person's busy time [starts_at, ends_at), the only truth about who is busy.

    `hard` claims never overlap for one person: the database refuses it. Soft ones (ordinary
    members of peer and group rosters) may. A hold keeps a time free for `held_by_id` until
    `hold_expires_at`, while they decide; it has no session yet.
    """

    __tablename__ = "claim"
    __table_args__ = (
        UniqueConstraint("session_id", "person_id"),
        CheckConstraint("ends_at > starts_at", name="order"),
        CheckConstraint(
            "(session_id IS NULL) = (state = 'hold')"
            " AND (session_id IS NULL) = (hold_expires_at IS NOT NULL)"
            " AND (session_id IS NULL) = (held_by_id IS NOT NULL)",
            name="hold",
        ),
        Index("ix_claim_person_id_starts_at_ends_at", "person_id", "starts_at", "ends_at"),
        Index(
            "ix_claim_pending",
            "person_id",
            "starts_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_claim_hold_expires_at",
            "hold_expires_at",
            sqlite_where=text("hold_expires_at IS NOT NULL"),
            postgresql_where=text("hold_expires_at IS NOT NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("session.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    hard: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16), default=ClaimState.CONFIRMED)
    hold_expires_at: Mapped[datetime | None]
    held_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
