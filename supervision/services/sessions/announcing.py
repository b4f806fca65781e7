"""Writing the mails about changes: by the worker, right after the change was committed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from structlog import get_logger

from supervision.db import db, writing
from supervision.models.mail import Announcement
from supervision.services import mail
from supervision.services.sessions.invitations import QUIET, Carried, invited
from supervision.services.sessions.invited_series import invited_series
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
    """One for each reader, and one more for each thing in their calendar that it does not say."""
    carried = _carried(told, at)
    for reader in mail.readers({*told.readers, *carried}):
        own = carried.get(reader.id, [])
        main = next((one for one in own if one.is_all_of(told)), None)
        if main or (reader.id in told.readers and told.verb not in QUIET):
            yield letter(told, reader, main)
        yield from (letter(one.alone(told), reader, one) for one in own if one is not main)


def _carried(told: Told, at: datetime) -> dict[UUID, list[Carried]]:
    """By person, the series and the single sessions that their calendar is to hear of."""
    by_series = invited_series(told, at)
    found: dict[UUID, list[Carried]] = {key: [*news] for key, news in by_series.news.items()}
    for person_id, meetings in invited(told, at, by_series.heard, by_series.singly).items():
        found.setdefault(person_id, []).extend(meetings)
    return found


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
