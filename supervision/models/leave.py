"""Leave from supervision: days on which somebody is expected nowhere."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class LeaveKind(StrEnum):
    """Why somebody is away, as far as anybody needs to know: never a diagnosis."""

    HOLIDAY = "holiday"
    PARENTAL = "parental"
    STUDY = "study"
    OTHER = "other"


class Leave(WithId, Model):
    """A person's leave from supervision: local days, both inclusive; of one roster or of all.

    A day is that of the session's own zone. Nobody but the person reads the kind.
    """

    __tablename__ = "leave_period"
    __table_args__ = (CheckConstraint("first_on <= last_on", name="dates"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    roster_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
