"""A new master key for a vault, when the former one may be known.

`begin` puts it in force; `go_on` seals the keys of some reflections anew, until none is left under
the former key and that is dropped. Each is a transaction of its own, and whatever happens in
between, all notes open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, bindparam, delete, func, select, update

from supervision.db import db, run, table
from supervision.domain import vault
from supervision.domain.vault import FIRST, Bound, Keys, Row, Turned
from supervision.errors import N_, Conflict
from supervision.models.mail import MailKind
from supervision.models.notes import Note, NoteIndex, NoteRevision, SlotKind, Vault, VaultSlot
from supervision.permissions import Actor
from supervision.services import mail, people, sharing
from supervision.services import vault as vaults
from supervision.services.audit import Act, record
from supervision.services.heads import keep_head, lock_vault
from supervision.services.notes.rows import shelf
from supervision.services.sign_ins import Changed

BATCH = 200
ALTERED = N_("Your notes are not as you left them. Look at their list first: it says what to do.")
UNDER_WAY = N_("Your key is being replaced already. Go on with that one.")
_OWN = (Note.owner_id == bindparam("actor_id"), Note.id == NoteRevision.note_id)
_LEFT = select(func.count()).select_from(NoteRevision).join(Note, _OWN[1]).where(_OWN[0])
_BEHIND = NoteRevision.turn < bindparam("turn")
_SOME = (
    select(Note.id)
    .join(NoteRevision, _OWN[1])
    .where(_OWN[0], _BEHIND)
    .group_by(Note.id)
    .order_by(Note.id)
    .limit(bindparam("most"))
)
_THEIRS = (
    select(
        NoteRevision.note_id,
        NoteRevision.number,
        NoteRevision.envelope,
        NoteRevision.wrap,
        NoteRevision.turn,
    )
    .where(NoteRevision.note_id.in_(bindparam("ids", expanding=True)))
    .order_by(NoteRevision.note_id, NoteRevision.number)
)
_REWRAP = (
    update(table(NoteRevision))
    .where(
        NoteRevision.note_id == bindparam("its_note"),
        NoteRevision.number == bindparam("its_number"),
    )
    .values(wrap=bindparam("new_wrap"), turn=bindparam("new_turn"))
)


@dataclass(frozen=True)
class Progress:
    """How many saved states are under the new key, of how many; `over`: none is left."""

    done: int
    total: int
    over: bool


def progress(actor: Actor) -> Progress | None:
    """How far a replacement is; None while none is under way."""
    row = db.session.get(Vault, actor.id)
    if row is None or row.former is None:
        return None
    values = {"actor_id": actor.id, "turn": row.turn}
    total, left = _count(_LEFT, values), _count(_LEFT.where(_BEHIND), values)
    return Progress(total - left, total, over=False)


def _count(query: Select[int], values: dict[str, Any]) -> int:
    return int(run(query, values).scalar_one())


def prepare(actor: Actor, keys: Keys, pepper: bytes) -> Turned:
    """A new master key, not yet in force. Raises Conflict."""
    row = db.session.get(Vault, actor.id)
    if row is None:
        raise Conflict(ALTERED)
    if row.former is not None:
        raise Conflict(UNDER_WAY)
    try:
        public = vault.read_public(row.public, actor.id, pepper)
        return vault.turn(keys, actor.id, row.private, public)
    except vault.Damaged:
        raise Conflict(ALTERED) from None
    finally:
        db.session.rollback()


def begin(actor: Actor, at: datetime, turned: Turned, changed: Changed) -> None:
    """Put a new master key in force: from now on the former one only opens what is left under it.

    `changed` is the same passphrase stretched anew, with a slot for the new key. The recovery code
    is worth nothing from now on. Raises Conflict when the notes are not what their head counts.
    """
    former = turned.keys.former
    assert former is not None
    assert changed.slot is not None
    row = lock_vault(actor.id)
    if row.former is not None or not compare_digest(row.umk_id, former.id):
        raise Conflict(UNDER_WAY)
    found = shelf(actor, former)
    if not found.sound:
        raise Conflict(ALTERED)
    rows = (Row(*place, hashed) for place, hashed in found.hashes.items())
    shared = sharing.ledger_of(row, former)
    counted = vault.head_of(turned.keys, rows, row.head_counter + 1, Bound())
    keep_head(row, turned.keys, counted)
    sharing.keep_ledger(row, turned.keys, shared)
    _forget_catalogue(actor)
    row.private, row.former, row.umk_id = turned.private, turned.former, turned.keys.id
    row.turn += 1
    changed.credential.changed_at = at
    people.set_credential(actor.id, changed.credential)
    vaults.replace_slot(actor.id, turned.keys, changed.slot, changed.credential, at)
    codes = VaultSlot.kind.in_((SlotKind.RECOVERY, SlotKind.PENDING))
    db.session.execute(delete(VaultSlot).where(VaultSlot.person_id == actor.id, codes))
    sharing.turn_keys(actor, turned.keys)
    record(Act.VAULT_ROTATE, at, actor.id, actor.id, turn=row.turn)
    _tell(actor, at)


def _forget_catalogue(actor: Actor) -> None:
    """What is kept for finding is under the former key; the next save writes it anew."""
    db.session.execute(delete(NoteIndex).where(NoteIndex.owner_id == actor.id))
    db.session.execute(update(Note).where(Note.owner_id == actor.id).values(segment=None))


def _tell(actor: Actor, at: datetime) -> None:
    mail.tell(
        actor,
        f"rotation:{uuid4()}",
        N_("The key of your notes was replaced"),
        N_(
            "The key of your notes is replaced by a new one. Your passphrase stays; your recovery "
            "code is worth nothing any more, so please make a new one.\n\nIf this was not you, "
            "change your passphrase at once and tell your organiser.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
    )


def go_on(actor: Actor, at: datetime, keys: Keys) -> Progress:
    """Seal the keys of some reflections anew; with the last of them the former key is dropped.

    What cannot be opened stays as it is. Raises NotFound for who has no vault.
    """
    row = lock_vault(actor.id)
    if row.former is None:
        return Progress(0, 0, over=True)
    values = {"actor_id": actor.id, "turn": row.turn, "most": BATCH}
    ids = [one.id for one in run(_SOME, values)]
    if ids:
        run(_REWRAP, list(_rewrapped(actor, keys, ids, row.turn)))
    total, left = _count(_LEFT, values), _count(_LEFT.where(_BEHIND), values)
    if not left:
        row.former = None
        db.session.flush()
        record(Act.VAULT_ROTATED, at, actor.id, actor.id, turn=row.turn)
    return Progress(total - left, total, over=not left)


def _rewrapped(actor: Actor, keys: Keys, ids: list[UUID], turn: int) -> Iterator[dict[str, object]]:
    """The wraps of these notes' revisions that are not yet of this turn."""
    last = (UUID(int=0), 0, FIRST)
    for note_id, number, envelope, wrap, its_turn in map(tuple, run(_THEIRS, {"ids": ids})):
        chained = last[2] if last[:2] == (note_id, number - 1) else FIRST
        last = (note_id, number, vault.envelope_hash(envelope))
        if its_turn != turn:
            fresh = _rewrap(actor, keys, note_id, number, chained, wrap)
            yield {"its_note": note_id, "its_number": number, "new_wrap": fresh, "new_turn": turn}


def _rewrap(
    actor: Actor, keys: Keys, note_id: UUID, number: int, chained: bytes, wrap: bytes
) -> bytes:
    """The wrap under the present key; as it is where it did not open before either."""
    try:
        return vault.rewrap_revision(keys, actor.id, note_id, number, chained, wrap)
    except vault.Damaged:
        return wrap
