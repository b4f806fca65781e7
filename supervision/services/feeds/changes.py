"""Telling feeds that what they show has changed."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, update

from supervision.db import db
from supervision.models.people import Person


def bump(person_ids: Iterable[UUID]) -> None:
    """Mark these people's feeds as out of date, in the transaction that made the change.

    Rows are locked in ascending order, so that two writers never wait for one another in a
    circle (SQLite has one writer anyway, and leaves the lock out).
    """
    ids = sorted(set(person_ids))
    if not ids:
        return
    db.session.execute(
        select(Person.id)
        .where(Person.id.in_(ids))
        .order_by(Person.id)
        .with_for_update(key_share=True)
    )
    db.session.execute(
        update(Person)
        .where(Person.id.in_(ids))
        .values(feed_version=Person.feed_version + 1)
        .execution_options(synchronize_session=False)
    )
