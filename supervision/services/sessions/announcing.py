"""Writing the mails about changes: by the worker, right after the change was committed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update
from structlog import get_logger

from supervision.db import db, writing
from supervision.models.mail import Announcement
from supervision.services import mail
from supervision.services.sessions.invitations import invited, only
from supervision.services.sessions.letters import letter
from supervision.services.sessions.notices import AS_JSON, Told

log = get_logger()
MOST_WAIT = timedelta(days=1)
KEPT = timedelta(days=14)


def has_announcements(at: datetime) -> bool:
    """Whether a change has still to be told."""
    return bool(db.session.scalar(select(exists().where(Announcement.due_at <= at))))


def announce_due(at: datetime, limit: int = 50) -> None:
    """Put the mails about recent changes into the outbox, each change by a transaction of its own.

    One that fails is tried again later and holds up no other.
    """
    due = select(Announcement.id).where(Announcement.due_at <= at)
    for number in db.session.scalars(due.order_by(Announcement.id).limit(limit)).all():
        try:
            with writing():
                _announce(number)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are to be told
            failure = type(error).__name__
            log.error("announcement", error=failure)
            with writing():
                _put_off(number, at, failure)


def _announce(number: int) -> None:
    this = Announcement.id == number
    row = db.session.execute(
        select(Announcement.told, Announcement.created_at)
        .where(this)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return  # another worker has it
    told = AS_JSON.validate_json(row.told)
    mail.queue_all(_letters(told, row.created_at), row.created_at)
    db.session.execute(delete(Announcement).where(this))


def _letters(told: Told, at: datetime) -> Iterator[mail.Mail]:
    """One for each reader; about several sessions, one more for each that they were invited to."""
    meetings = invited(told, at)
    single = len(told.session_ids) == 1
    for reader in mail.readers({*told.readers, *meetings}):
        own = meetings.get(reader.id, [])
        if reader.id in told.readers or single:
            yield letter(told, reader, own[0] if single and own else None)
        if not single:
            yield from (letter(only(told, one), reader, one) for one in own)


def _put_off(number: int, at: datetime, failure: str) -> None:
    """Try again after 1, 2, 4, … minutes, and once a day in the end."""
    this = Announcement.id == number
    attempts = db.session.scalar(select(Announcement.attempts).where(this)) or 0
    wait = min(timedelta(minutes=2 ** min(attempts, 11)), MOST_WAIT)
    db.session.execute(
        update(Announcement)
        .where(this)
        .values(attempts=attempts + 1, due_at=at + wait, failure=failure[:80])
    )


def forget_announcements(at: datetime) -> None:
    """Give up changes that could not be told in two weeks: their words must not stay for ever."""
    db.session.execute(delete(Announcement).where(Announcement.created_at < at - KEPT))
