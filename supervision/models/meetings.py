"""Meetings of peer and group rosters: their settings, who has which turn, the clock they share."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class Part(StrEnum):
    """What a turn is for."""

    FACILITATOR = "facilitator"
    PRESENTER = "presenter"


class SwapState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class MeetingSetting(Model):
    """How a roster meets: its method (a key of domain.methods) and presenters a meeting."""

    __tablename__ = "meeting_setting"
    __table_args__ = (CheckConstraint("presenters BETWEEN 1 AND 6", name="presenters"),)

    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"), primary_key=True)
    method: Mapped[str] = mapped_column(String(24))
    presenters: Mapped[int]


class MeetingTurn(WithId, Model):
    """A turn in one session that stands, whatever the rota would say; `position` counts from 0.

    A presenter's turn is an agenda item: `title` without names, `minutes` for the case (None: as
    the method has it), `seconds` that it took in the end.
    """

    __tablename__ = "meeting_turn"
    __table_args__ = (UniqueConstraint("session_id", "person_id"),)

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    part: Mapped[str] = mapped_column(String(16))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(80), default="")
    minutes: Mapped[int | None]
    seconds: Mapped[int] = mapped_column(default=0)


class MeetingAbsence(Model):
    """Somebody who said, at `said_at`, that they cannot come to a session.

    Who was there in the end is said by `attendance`.
    """

    __tablename__ = "meeting_absence"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    said_at: Mapped[datetime | None]


class MeetingSwap(WithId, Model):
    """Somebody asks another to take their turn in a session; one question at a time."""

    __tablename__ = "meeting_swap"
    __table_args__ = (
        Index(
            "uq_meeting_swap_asked",
            "session_id",
            "asker_id",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
        Index("ix_meeting_swap_asked_id_state", "asked_id", "state"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"))
    asker_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(16), default=SwapState.ASKED)
    created_at: Mapped[datetime]


class Meeting(Model):
    """A session's meeting from its first phase on.

    `step` counts from 0 into the steps that `domain.methods.steps` makes of method and turns.
    Seconds that a step has run: (`paused_at` or `ended_at` or now) - `step_at`; going on after a
    pause moves `step_at`. `version` rises with each change, so that pages know whether to look.
    """

    __tablename__ = "meeting"
    __table_args__ = (CheckConstraint("step >= 0", name="step"),)

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"), primary_key=True)
    method: Mapped[str] = mapped_column(String(24))
    started_at: Mapped[datetime]
    step: Mapped[int] = mapped_column(default=0)
    step_at: Mapped[datetime]
    extra_seconds: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=0)
