"""Remembering that a client came, and which version it was given."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from supervision.db import db, writing
from supervision.models.feeds import FeedSubscription

RECEIPT_EVERY = timedelta(minutes=5)
log = get_logger()


class Known(Protocol):
    """What is known of a subscription before its client is answered."""

    @property
    def id(self) -> UUID: ...
    @property
    def fetched_at(self) -> datetime | None: ...
    @property
    def given_version(self) -> int | None: ...


def note_fetch(found: Known, version: int | None, at: datetime, agent: str) -> None:
    """Remember who asked and when, now and then, and each new version that they were given.

    Of several who ask at once one writes; a feed never fails for it.
    """
    last, given = FeedSubscription.fetched_at, FeedSubscription.given_version
    values: dict[str, object] = {"fetched_at": at, "agent": " ".join(agent.split())[:200]}
    if version is not None and (found.given_version is None or version > found.given_version):
        values |= {"given_version": version, "given_at": at}
        due = or_(given.is_(None), given < version)
    elif found.fetched_at is None or at - found.fetched_at >= RECEIPT_EVERY:
        due = or_(last.is_(None), last <= at - RECEIPT_EVERY)
    else:
        return
    this = FeedSubscription.id == found.id
    try:
        with writing():
            db.session.execute(update(FeedSubscription).where(this, due).values(values))
    except SQLAlchemyError as error:
        log.warning("fetch not noted", error=type(error).__name__)
