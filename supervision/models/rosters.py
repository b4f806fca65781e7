"""Rosters and the people in them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class Kind(StrEnum):
    """The three arrangements that a roster can be."""

    INDIVIDUAL = "individual"
    PEER = "peer"
    GROUP = "group"


class RosterState(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class MemberRole(StrEnum):
    """A person's part in one roster."""

    SUPERVISOR = "supervisor"
    FACILITATOR = "facilitator"
    SUPERVISEE = "supervisee"
    PEER = "peer"


class MemberState(StrEnum):
    """INVITED and WAITING people see the roster's front, not yet its meeting link."""

    INVITED = "invited"
    ACTIVE = "active"
    WAITING = "waiting"
    ENDED = "ended"


LEADS = (MemberRole.SUPERVISOR, MemberRole.FACILITATOR)
CURRENT = (MemberState.INVITED, MemberState.ACTIVE, MemberState.WAITING)


class Roster(WithId, Model):
    """One supervision arrangement. `taken` counts seats that are taken or kept for who was offered
    one; those who lead take none.

    Where `session_capacity` is set, members sign up for each session, which has so many seats
    unless said otherwise, until `signup_hours` before it begins; `signup_told`: those who run the
    roster are told of it by mail. Else all are expected at every session.
    """

    __tablename__ = "roster"
    __table_args__ = (
        CheckConstraint("taken >= 0 AND taken <= capacity", name="seats"),
        CheckConstraint("capacity BETWEEN 1 AND 100", name="capacity"),
        CheckConstraint("minutes BETWEEN 5 AND 480", name="minutes"),
        CheckConstraint("session_capacity BETWEEN 1 AND 100", name="session_capacity"),
        CheckConstraint("signup_hours BETWEEN 0 AND 336", name="signup_hours"),
    )

    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(64))
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[int] = mapped_column(default=50)
    address: Mapped[str] = mapped_column(String(300), default="")
    meeting_link: Mapped[str] = mapped_column(String(500), default="")
    session_capacity: Mapped[int | None]
    signup_hours: Mapped[int] = mapped_column(default=24)
    signup_told: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(16), default=RosterState.ACTIVE)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Membership(WithId, Model):
    """A person's place in a roster; a person who leaves and returns has two rows.

    Who waits does so since `waits_since`, the order of the line; while `offered_until` is set a
    seat is kept for them, which counts as taken.
    """

    __tablename__ = "membership"
    __table_args__ = (
        Index(
            "uq_membership_current",
            "roster_id",
            "person_id",
            unique=True,
            sqlite_where=text("state <> 'ended'"),
            postgresql_where=text("state <> 'ended'"),
        ),
        Index("ix_membership_person_id_roster_id_state", "person_id", "roster_id", "state"),
        Index("ix_membership_roster_id_person_id", "roster_id", "person_id"),
        Index(
            "ix_membership_offered_until",
            "offered_until",
            sqlite_where=text("offered_until IS NOT NULL"),
            postgresql_where=text("offered_until IS NOT NULL"),
        ),
    )

    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    contracted: Mapped[bool] = mapped_column(default=True)
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    waits_since: Mapped[datetime | None]
    offered_until: Mapped[datetime | None]
