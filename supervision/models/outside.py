"""Calendars that people keep elsewhere, and when those say that their owner is busy."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class CalendarState(StrEnum):
    """NEW was never read. FAILING is tried again; PAUSED no more, until its owner asks for it."""

    NEW = "new"
    GOOD = "good"
    FAILING = "failing"
    PAUSED = "paused"


class OutsideCalendar(WithId, Model):
    """A calendar elsewhere. `address` is a secret, sealed under the pepper (`domain.vault`).

    Read when `due_at` has come, in `zone` (IANA), which its owner may have changed since; at once
    when they asked for it at `asked_at`. `etag` and `modified` are what its server gave with what
    was read at `read_at`; at `good_at` it last had an answer, changed or not, at `tried_at` it was
    last asked. `failures` in a row since `failing_since`, the last for the reason `failure`, a
    msgid.
    """

    __tablename__ = "outside_calendar"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    label: Mapped[str] = mapped_column(String(60))
    address: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(16), default=CalendarState.NEW)
    zone: Mapped[str] = mapped_column(String(64), default="")
    etag: Mapped[str] = mapped_column(String(200), default="")
    modified: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    tried_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    good_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(300), default="")


class OutsideBusy(Model):
    """[starts_at, ends_at) in which a calendar says that its owner is busy, and no word more.

    The times of one calendar do not overlap. None is longer than a day: what is longer is several,
    so that a look at some days need not begin before the day that precedes them.
    """

    __tablename__ = "outside_busy"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="order"),
        Index("ix_outside_busy_person_id_starts_at_ends_at", "person_id", "starts_at", "ends_at"),
    )

    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("outside_calendar.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
