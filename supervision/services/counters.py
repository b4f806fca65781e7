"""Counters on persons' rows, raised in the transaction that makes a change."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, select, update

from supervision.db import db
from supervision.models.people import Person

_THESE = Person.id.in_(bindparam("ids", expanding=True))
_LOCK = select(Person.id).where(_THESE).order_by(Person.id).with_for_update(key_share=True)
_RAISE = {
    name: update(Person)
    .where(_THESE)
    .values({name: getattr(Person, name) + 1})
    .execution_options(synchronize_session=False)
    for name in ("epoch", "feed_version")
}


def raise_counter(name: str, person_ids: Iterable[UUID]) -> None:
    """Add one to `epoch` or `feed_version` of these persons, holding their rows from now on.

    Rows are locked in ascending order, so that two writers never wait for one another in a
    circle. SQLite has one writer anyway.
    """
    ids = sorted(set(person_ids))
    if not ids:
        return
    if db.engine.dialect.name != "sqlite":
        db.session.execute(_LOCK, {"ids": ids})
    db.session.execute(_RAISE[name], {"ids": ids})
