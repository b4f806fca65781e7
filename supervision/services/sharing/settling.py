"""What an unlock finds: what was taken back meanwhile, and what somebody has put back."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.vault import Entry, Keys
from supervision.errors import Conflict
from supervision.models.notes import Vault
from supervision.models.sharing import Share, ShareTaken
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.sharing.ledgers import entry_of, is_left_so, keep_ledger, ledger_of
from supervision.services.sharing.openings import chain_of, end_of, ends_of, vouch_anew
from supervision.services.sharing.rows import own_list, own_pairs, take_back


def adopt(actor: Actor, row: Vault, keys: Keys, pepper: bytes) -> None:
    """Take what is shared into a head that has never held it. Raises Conflict."""
    public = own_pairs(actor, keys).public
    ledger = {}
    for share in _shares(actor):
        try:
            if own_list(share, public):
                entry = entry_of(share, None)
                ledger[share.id] = entry._replace(openings=vouch_anew(share.id, pepper))
        except Conflict:
            continue  # not in the ledger: it counts as not given
    keep_ledger(row, keys, ledger)


def settle(
    actor: Actor,
    at: datetime,
    row: Vault,
    keys: Keys,
    pepper: bytes,
    taken_here: Collection[UUID] = (),
) -> bool:
    """Count in what was taken back while locked, and who has opened what; returns whether
    something was put back. What nobody gave is closed; what was altered stays so and is told.

    `taken_here` is what this browser remembers as taken back.
    """
    try:
        ledger = ledger_of(row, keys)
        found = dict(ledger)
    except Conflict:  # the ledger itself was altered: then nothing is given any more
        ledger, found = None, {}
    _drop_taken(actor, found, pepper, taken_here)
    shares = _shares(actor)
    told = ledger is None or any(not is_left_so(one, found) for one in shares)
    for one in shares:
        if one.readers and one.id not in found:
            take_back(one, pepper)
            record(Act.SHARE_PUT_BACK, at, actor.id, one.id)
    present, opened = {one.id for one in shares if one.readers}, ends_of(actor)
    after = {
        share_id: _counted_in(share_id, entry, opened, pepper)
        for share_id, entry in found.items()
        if share_id in present
    }
    if after != ledger:
        keep_ledger(row, keys, after)
    return told


def _shares(actor: Actor) -> list[Share]:
    return list(
        db.session.scalars(
            select(Share)
            .where(Share.owner_id == actor.id)
            .order_by(Share.id)
            .execution_options(populate_existing=True)
        )
    )


def _drop_taken(
    actor: Actor, found: dict[UUID, Entry], pepper: bytes, taken_here: Collection[UUID]
) -> None:
    words = db.session.scalars(select(ShareTaken).where(ShareTaken.owner_id == actor.id))
    for word in words:
        entry = found.get(word.share_id)
        said = (word.share_id, actor.id, word.list_number, word.mac)
        if entry and entry.list_number <= word.list_number and vault.is_taken(pepper, *said):
            del found[word.share_id]
    for share_id in taken_here:
        found.pop(share_id, None)


def _counted_in(share_id: UUID, entry: Entry, opened: dict[UUID, int], pepper: bytes) -> Entry:
    """The entry with what was opened since; as it is where the chain of openings is broken."""
    if opened.get(share_id, 0) <= entry.openings.place:
        return entry
    seen = entry.openings
    end = end_of(chain_of(share_id, seen.place), pepper, seen, seen.place)
    return entry._replace(openings=end) if end is not None else entry
