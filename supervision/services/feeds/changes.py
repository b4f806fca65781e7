"""Telling feeds that what they show has changed."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import update

from supervision.db import db
from supervision.models.people import Person


def bump(person_ids: Iterable[UUID]) -> None:
    """Mark these people's feeds as out of date, in the transaction that made the change.

    Ascending by id, so that two transactions which share people cannot wait for each other.
    """
    for person_id in sorted(set(person_ids)):
        db.session.execute(
            update(Person)
            .where(Person.id == person_id)
            .values(feed_version=Person.feed_version + 1)
            .execution_options(synchronize_session=False)
        )
