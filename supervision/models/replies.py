"""Who was invited to what by mail, and whether they come, as they have answered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model


class Via(StrEnum):
    """By what somebody has answered: a link in a mail, the session's page, their calendar."""

    LINK = "link"
    PAGE = "page"
    CALENDAR = "calendar"


class SessionReply(Model):
    """Somebody was invited to a session, or has answered; `answer` is empty until they do.

    The answer is about the session as it began at `starts_at`: what has moved since is not
    answered. `sequence` is the session's at that time, `stamped_at`
    what the answer itself says about when it was given; an older one changes nothing.
    `link_sequence` is the last invitation whose link was used, None: none yet. `series_sequence`
    is the number under which it was last mailed by itself as an occurrence of its series.
    """

    __tablename__ = "session_reply"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    answer: Mapped[str] = mapped_column(String(16), default="", server_default="")
    via: Mapped[str] = mapped_column(String(16), default="", server_default="")
    starts_at: Mapped[datetime]
    sequence: Mapped[int]
    invited_at: Mapped[datetime | None]
    stamped_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    link_sequence: Mapped[int | None]
    series_sequence: Mapped[int | None]


class SeriesInvitation(Model):
    """Somebody was invited to a series by mail, as one rule.

    `sequence` is raised by each mail about it and `stamped_at` with it; `whole_sequence` is that of
    the last mail about all of it, `goes_on` whether that gave no end. `held` is a digest of what
    their calendar has, empty once it was taken out.
    """

    __tablename__ = "series_invitation"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    sequence: Mapped[int]
    whole_sequence: Mapped[int]
    stamped_at: Mapped[datetime]
    goes_on: Mapped[bool]
    held: Mapped[str] = mapped_column(String(64))
