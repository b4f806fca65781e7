"""Polls: times that were proposed to a roster, and who could come to which."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class PollState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Shows(StrEnum):
    """When members see one another's answers; who leads and who asks always do."""

    ANSWERED = "answered"
    NEVER = "never"


class Word(StrEnum):
    """What somebody says to one time."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class Poll(WithId, Model):
    """A question to everybody in a roster; it takes answers while open and before `closes_at`.

    `session_id` is what was booked in the end, or the first session of the series that was.
    `reminded_at` is set once those who had not answered were reminded, or need not be.
    """

    __tablename__ = "poll"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 5 AND 480", name="minutes"),
        Index("ix_poll_roster_id_created_at", "roster_id", "created_at"),
        Index(
            "ix_poll_open",
            "roster_id",
            "closes_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"))
    minutes: Mapped[int]
    message: Mapped[str] = mapped_column(Text, default="")
    shows: Mapped[str] = mapped_column(String(16), default=Shows.ANSWERED)
    state: Mapped[str] = mapped_column(String(16), default=PollState.OPEN)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("session.id"))
    created_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class PollOption(WithId, Model):
    """One proposed start; the session would last the poll's minutes."""

    __tablename__ = "poll_option"
    __table_args__ = (UniqueConstraint("poll_id", "starts_at"),)

    poll_id: Mapped[UUID] = mapped_column(ForeignKey("poll.id"))
    starts_at: Mapped[datetime]


class PollAnswer(Model):
    """That somebody has answered a poll, last at `answered_at`, with what else they say."""

    __tablename__ = "poll_answer"

    poll_id: Mapped[UUID] = mapped_column(ForeignKey("poll.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    remark: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime]


class PollVote(Model):
    """What somebody who answered says to one of its times."""

    __tablename__ = "poll_vote"

    option_id: Mapped[UUID] = mapped_column(ForeignKey("poll_option.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    word: Mapped[str] = mapped_column(String(16))
