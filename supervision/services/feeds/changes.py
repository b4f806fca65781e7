"""Telling feeds that what they show has changed."""

from collections.abc import Iterable
from uuid import UUID

from supervision.services.counters import raise_feed_version


def bump(person_ids: Iterable[UUID]) -> None:
    """Mark these people's feeds as out of date, in the transaction that made the change."""
    raise_feed_version(person_ids)
