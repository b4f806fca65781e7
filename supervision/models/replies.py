"""Whether somebody comes to a session, as they have answered its invitation."""

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
    `link_sequence` is the last invitation whose link was used, None: none yet.
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
