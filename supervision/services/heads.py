"""The head of a person's vault: what it binds besides the notes, and how it moves on.

A head that moves without a note takes the root of the catalogue along, which stands on it.
"""

from uuid import UUID

from sqlalchemy import bindparam, select, update

from supervision.db import db, run, table
from supervision.domain import vault
from supervision.domain.vault import NO_HASH, Bound, Head, Keys, Part, Stand
from supervision.errors import NotFound
from supervision.models.notes import NoteIndex, SlotKind, Vault, VaultSlot

_STAND = select(Vault.head_counter, Vault.head, Vault.private, Vault.public, Vault.epoch).where(
    Vault.person_id == bindparam("person_id")
)
_IS_ROOT = (NoteIndex.owner_id == bindparam("owner"), NoteIndex.part == Part.ROOT)
_ROOT = select(NoteIndex.envelope).where(*_IS_ROOT)
_KEEP_ROOT = update(table(NoteIndex)).where(*_IS_ROOT).values(envelope=bindparam("sealed"))


def lock_vault(person_id: UUID) -> Vault:
    """A person's vault row, held so that two changes count into the head one after the other.

    Raises NotFound.
    """
    row = db.session.scalar(
        select(Vault)
        .where(Vault.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


def stand_of(person_id: UUID) -> Stand | None:
    """How a vault stands in the database now; None where there is none."""
    row = run(_STAND, {"person_id": person_id}).one_or_none()
    return Stand(*tuple(row)) if row is not None else None


def open_head(row: Vault, keys: Keys) -> Head:
    """The head as it is stored. Raises Damaged."""
    return vault.open_head(keys, row.person_id, row.head_counter, row.head)


def keep_head(row: Vault, keys: Keys, head: Head) -> None:
    """Seal a head; the catalogue is the caller's to keep."""
    row.head = vault.seal_head(keys, row.person_id, head)
    row.head_counter = head.counter
    keys.moved = True
    db.session.flush()


def rebind(row: Vault, keys: Keys, bound: Bound) -> None:
    """Say in the head what belongs to the vault now. Raises Damaged."""
    head, root = open_head(row, keys), _open_root(row, keys)
    keep_head(row, keys, head.with_bound(bound))
    if root is not None:
        place = (row.person_id, Part.ROOT, 0, row.head_counter)
        sealed = vault.seal_index(keys, *place, root, vault.envelope_hash(row.head))
        run(_KEEP_ROOT, {"owner": row.person_id, "sealed": sealed})


def _open_root(row: Vault, keys: Keys) -> bytes | None:
    """The root that stands on the present head; one that does not is not believed later either."""
    envelope = run(_ROOT, {"owner": row.person_id}).scalar_one_or_none()
    try:
        place = (row.person_id, Part.ROOT, 0, row.head_counter)
        return envelope and vault.open_index(keys, *place, envelope, vault.envelope_hash(row.head))
    except vault.Damaged:
        return None


def bind_ways(person_id: UUID, keys: Keys, **ways: bytes) -> None:
    """Ways in were changed: each is an envelope, b"" for none. Ways not named stay as they are.

    A head that does not open, or that binds nothing yet, is left: its owner is told, or the next
    unlock binds what is there.
    """
    row = lock_vault(person_id)
    try:
        bound = open_head(row, keys).bound
    except vault.Damaged:
        return
    if bound is not None:
        rebind(row, keys, bound._replace(**{kind: _hash(one) for kind, one in ways.items()}))


def ways_now(person_id: UUID) -> Bound:
    """What the ways in are in the database, for a head that has bound none before."""
    rows = db.session.scalars(select(VaultSlot).where(VaultSlot.person_id == person_id))
    present = {slot.kind: _hash(slot.envelope) for slot in rows}
    return Bound(**{kind: present.get(kind, NO_HASH) for kind in SlotKind})


def _hash(envelope: bytes) -> bytes:
    return vault.envelope_hash(envelope) if envelope else NO_HASH
