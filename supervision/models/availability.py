"""When a person may be booked: weekly hours, dates that differ, time off, terms, session types."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId

HOURS = "from_minute >= 0 AND from_minute < to_minute AND to_minute <= 1440"


class SessionTypeState(StrEnum):
    """An ended kind can no longer be booked; what was booked goes on pointing at it."""

    OFFERED = "offered"
    ENDED = "ended"


class AvailabilityTerms(Model):
    """How a person is booked; without a row the defaults hold, in the person's own zone.

    `zone` (IANA) is that of overrides, time off and holidays, and of the days and weeks in which
    sessions are counted. `step_minutes` apart starts lie; `before_minutes` and `after_minutes`
    stay free around a session. Nobody books less than `notice_minutes` or more than
    `horizon_days` ahead; who cancels less than `cancel_hours` ahead is late. Public holidays are
    those of `holiday_country` (ISO 3166-1, empty: none), in its `holiday_region` if one is named.
    """

    __tablename__ = "availability_terms"
    __table_args__ = (
        CheckConstraint("step_minutes BETWEEN 5 AND 480", name="step_minutes"),
        CheckConstraint("before_minutes BETWEEN 0 AND 480", name="before_minutes"),
        CheckConstraint("after_minutes BETWEEN 0 AND 480", name="after_minutes"),
        CheckConstraint("notice_minutes >= 0", name="notice_minutes"),
        CheckConstraint("horizon_days BETWEEN 1 AND 366", name="horizon_days"),
        CheckConstraint("most_a_day > 0", name="most_a_day"),
        CheckConstraint("most_a_week > 0", name="most_a_week"),
        CheckConstraint("cancel_hours >= 0", name="cancel_hours"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64))
    step_minutes: Mapped[int] = mapped_column(default=30)
    before_minutes: Mapped[int] = mapped_column(default=0)
    after_minutes: Mapped[int] = mapped_column(default=0)
    notice_minutes: Mapped[int] = mapped_column(default=24 * 60)
    horizon_days: Mapped[int] = mapped_column(default=90)
    most_a_day: Mapped[int | None]
    most_a_week: Mapped[int | None]
    cancel_hours: Mapped[int] = mapped_column(default=24)
    holiday_country: Mapped[str] = mapped_column(String(2), default="")
    holiday_region: Mapped[str] = mapped_column(String(16), default="")


class SessionType(WithId, Model):
    """A kind of session that a person offers. `asks`: each booking waits until they accept it.

    `most_weeks` is how many weekly sessions may be booked at once; 1: single ones only.
    """

    __tablename__ = "session_type"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 10 AND 480", name="minutes"),
        CheckConstraint("most_weeks BETWEEN 1 AND 52", name="most_weeks"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    minutes: Mapped[int]
    asks: Mapped[bool] = mapped_column(default=False)
    most_weeks: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16), default=SessionTypeState.OFFERED)
    position: Mapped[int] = mapped_column(default=0)


class AvailabilityRule(WithId, Model):
    """Open each `weekday` (0 is Monday), local minutes [from_minute, to_minute) in `zone`.

    On local dates from `from_on` to `until_on`, both inclusive where given.
    """

    __tablename__ = "availability_rule"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint(HOURS, name="hours"),
        CheckConstraint("from_on <= until_on", name="dates"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    weekday: Mapped[int]
    from_minute: Mapped[int]
    to_minute: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]


class AvailabilityOverride(WithId, Model):
    """Hours [from_minute, to_minute) that replace a local day's, in the zone of the terms.

    Several rows make a day's hours; one without minutes closes the day.
    """

    __tablename__ = "availability_override"
    __table_args__ = (
        CheckConstraint(f"from_minute IS NULL OR ({HOURS})", name="hours"),
        CheckConstraint("(from_minute IS NULL) = (to_minute IS NULL)", name="closed"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    held_on: Mapped[date]
    from_minute: Mapped[int | None]
    to_minute: Mapped[int | None]


class TimeOff(WithId, Model):
    """Local days `first_on` to `last_on`, both inclusive. The label is for its owner alone."""

    __tablename__ = "time_off"
    __table_args__ = (CheckConstraint("first_on <= last_on", name="dates"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    first_on: Mapped[date]
    last_on: Mapped[date]
    label: Mapped[str] = mapped_column(String(100), default="")
