"""What is done once in a while: whichever worker comes first does it, the others find it done."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from supervision.db import db, insert_new, run, table
from supervision.models.rounds import Round

_ROUND = table(Round)
_THIS = _ROUND.c.name == bindparam("round")
_NEW = insert_new(Round)
_DUE_AT = select(_ROUND.c.due_at).where(_THIS)
_DONE = (
    select(_ROUND.c.done_until)
    .where(_THIS, _ROUND.c.due_at <= bindparam("at"))
    .with_for_update(skip_locked=True)
)
_CHANGE = update(_ROUND).where(_THIS)


def is_due(name: str, at: datetime) -> bool:
    """Whether this round is to be made; one that was never made is."""
    due_at = run(_DUE_AT, {"round": name}).scalar()
    return due_at is None or due_at <= at


def take(name: str, at: datetime, every: timedelta) -> datetime | None:
    """Take a round that is due, in the running transaction; the next is due `every` later.

    Returns up to when it was made before, `at` for the first; None when it is not due, or
    somebody else is at it. Should this transaction be undone, the round is due as before.
    """
    run(_NEW[db.engine.dialect.name], {"name": name, "due_at": at, "done_until": at})
    row = run(_DONE, {"round": name, "at": at}).one_or_none()
    if row is None:
        return None
    run(_CHANGE, {"round": name, "due_at": at + every, "done_until": at})
    done: datetime = row.done_until
    return done


def put_off(name: str, until: datetime) -> None:
    """The next round is due at another time."""
    run(_CHANGE, {"round": name, "due_at": until})
