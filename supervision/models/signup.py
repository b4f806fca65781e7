"""Sessions that members sign up for: who waits for a seat, and who signed off.

Who comes is said by claims, how many by the session's row.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model


class SignupWait(Model):
    """Somebody's place in a session's line, in order of `since`.

    `auto`: a seat that becomes free is taken for them. While `offered_until` is set a seat is
    kept for them, which counts as taken.
    """

    __tablename__ = "signup_wait"
    __table_args__ = (
        Index(
            "ix_signup_wait_offered_until",
            "offered_until",
            sqlite_where=text("offered_until IS NOT NULL"),
            postgresql_where=text("offered_until IS NOT NULL"),
        ),
        Index("ix_signup_wait_person_id", "person_id"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    since: Mapped[datetime]
    auto: Mapped[bool]
    offered_until: Mapped[datetime | None]


class SignupOff(Model):
    """Somebody who had a seat in a session and signed off: when, and whether that was late."""

    __tablename__ = "signup_off"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    signed_off_at: Mapped[datetime]
    late: Mapped[bool]
