"""Reflections that somebody follows: sealed anew to them at each save."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import db
from supervision.domain.passages import ShareKind, whole
from supervision.domain.reflections import Words
from supervision.domain.vault import Keys, Ledger
from supervision.errors import Conflict
from supervision.models.notes import Vault
from supervision.models.sharing import Share
from supervision.permissions import Actor
from supervision.services.sharing.contacts import Contact, circles_of, people_of
from supervision.services.sharing.ledgers import entry_of, given, keep_ledger, ledger_of
from supervision.services.sharing.rows import Pairs, own_pairs, seal_to

_FOLLOWED = select(Share).where(
    Share.note_id == bindparam("note_id"),
    Share.owner_id == bindparam("actor_id"),
    Share.kind == ShareKind.FOLLOW,
)


def follow(actor: Actor, at: datetime, keys: Keys, note_id: UUID, words: Words) -> None:
    """A note was saved: its followers get what it says now, and not what it said.

    Followers whose keys changed, and those who are in no roster with the actor any more, get
    nothing; they stay in the list. A share that is not as its owner left it gets nothing either,
    and its page says so. A save is never held up by any of this. The caller holds the vault.
    """
    values = {"note_id": note_id, "actor_id": actor.id}
    followed = [row for row in db.session.scalars(_FOLLOWED, values) if row.readers]
    if not followed:
        return
    mine = db.session.get_one(Vault, actor.id)
    try:
        pairs, ledger = own_pairs(actor, keys), ledger_of(mine, keys)
    except Conflict:
        return
    known = people_of(circles_of(actor, keys))
    after = dict(ledger)
    for row in followed:
        if _renew(row, keys, pairs, ledger, known, words, at):
            after[row.id] = entry_of(row, ledger[row.id])
    if after != ledger:
        keep_ledger(mine, keys, after)


def _renew(
    row: Share,
    keys: Keys,
    pairs: Pairs,
    ledger: Ledger,
    known: dict[UUID, Contact],
    words: Words,
    at: datetime,
) -> bool:
    """Seal one anew; False, and nothing is sealed, when it is not as its owner left it."""
    try:
        readers = given(row, pairs.public, ledger)
    except Conflict:
        return False
    publics = [known[one].public for one in readers if one in known]
    row.number, row.changed_at = row.number + 1, at
    seal_to(row, keys, pairs, whole(words), [one for one in publics if one is not None])
    return True
