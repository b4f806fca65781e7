"""Counters on persons' rows, raised in the transaction that makes a change."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Update, bindparam, select, update

from supervision.db import db, run, table
from supervision.models.people import Person

_PERSON = table(Person)
_THESE = _PERSON.c.id.in_(bindparam("ids", expanding=True))
# Rows are locked in ascending order, so that two writers never wait for one another in a circle.
_HELD = select(_PERSON.c.id).where(_THESE).order_by(_PERSON.c.id).with_for_update(key_share=True)


def _raise(*names: str) -> dict[str, Update]:
    """The statement for each database. SQLite has one writer anyway, and nobody to wait for."""
    raised = update(_PERSON).values({name: _PERSON.c[name] + 1 for name in names})
    held = _HELD.cte("held")
    return {
        "sqlite": raised.where(_THESE),
        # Said twice: the second keeps the planner from reading all persons.
        "postgresql": raised.where(_PERSON.c.id == held.c.id, _THESE),
    }


_FEEDS = _raise("feed_version")
_EPOCH = _raise("epoch")
_ALL = _raise("epoch", "feed_version")


def raise_feed_version(person_ids: Iterable[UUID]) -> None:
    """What these persons' feeds show has changed."""
    _run(_FEEDS, person_ids)


def raise_all(person_ids: Iterable[UUID]) -> None:
    """Hold these persons' rows until the commit, for a change of their sessions."""
    _run(_ALL, person_ids)


def raise_epoch(person_ids: Iterable[UUID]) -> None:
    """Hold these persons' rows until the commit, for what no feed shows."""
    _run(_EPOCH, person_ids)


def _run(statements: dict[str, Update], person_ids: Iterable[UUID]) -> None:
    ids = sorted(set(person_ids))
    if ids:
        run(statements[db.engine.dialect.name], {"ids": ids})
