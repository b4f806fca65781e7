"""Attendance: who was at a session and how long, what stood before, who agrees."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model

MINUTES = "minutes BETWEEN 15 AND 480 AND minutes % 15 = 0"
THERE_HAVE_MINUTES = "(minutes IS NOT NULL) = (state IN ('attended', 'partly'))"


class Came(StrEnum):
    """What became of a person's session."""

    ATTENDED = "attended"
    PARTLY = "partly"
    CANCELLED = "cancelled"
    LATE = "late_cancelled"
    MISSED = "missed"
    ON_LEAVE = "on_leave"


THERE = (Came.ATTENDED, Came.PARTLY)


class Attendance(Model):
    """A raw fact: what became of one person's session, as it stands. Nothing in it is computed.

    `minutes` are quarter hours, None for who was not there. `role` and `contracted` are those of
    the person's membership when the session was held; a `guest` was there unexpected. `version`
    counts the session's markings from 1 and is the one that said this.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint(MINUTES, name="minutes"),
        CheckConstraint(THERE_HAVE_MINUTES, name="there"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    minutes: Mapped[int | None]
    role: Mapped[str] = mapped_column(String(16))
    contracted: Mapped[bool]
    guest: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int]
    marked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    marked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200), default="")


class AttendanceBefore(Model):
    """What stood in an attendance before a correction, with who had said it and why."""

    __tablename__ = "attendance_before"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    minutes: Mapped[int | None]
    marked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    marked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))


class AttendanceAnswer(Model):
    """What somebody says to a session's marking of this `version`; their last answer counts.

    Among equals it is about the whole, where somebody leads about what is said of themself.
    """

    __tablename__ = "attendance_answer"
    __table_args__ = (Index("ix_attendance_answer_session_id", "session_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int]
    agrees: Mapped[bool]
    words: Mapped[str] = mapped_column(String(300), default="")
    said_at: Mapped[datetime]
