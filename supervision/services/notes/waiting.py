"""Drafts: what a save leaves when it meets a locked vault.

Each is sealed to its writer's own public key, which needs no unlocked vault, and waits until the
writer opens their notes again. None of it ever rests in the browser.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import func, select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.reflections import (
    TEMPLATES,
    Reflection,
    Words,
    both,
    from_bytes,
    to_bytes,
)
from supervision.domain.vault import Keys, Sealed
from supervision.errors import N_, Conflict, NotFound
from supervision.models.notes import NoteDraft, Vault
from supervision.permissions import Actor
from supervision.services.notes.rows import DAMAGED, find, local_day, open_latest, tail
from supervision.services.notes.saving import Edit, Saved, check_words, save_note

MOST = 50
FULL = N_(
    "Your notes are locked and many drafts wait there already. Unlock them in another window, "
    "then save again. Your text is still on this page."
)
NO_VAULT = N_("Your notes cannot take this now. Your text is still on this page.")


class Keep(StrEnum):
    """What to keep of a draft and of the note that was changed meanwhile."""

    DRAFT = "draft"
    STORED = "stored"
    BOTH = "both"


@dataclass(frozen=True)
class Draft:
    """What waits, opened. `edit` goes on where it was left; `reflection` None: it does not open."""

    id: UUID
    edit: Edit
    reflection: Reflection | None


def save_draft(actor: Actor, at: datetime, edit: Edit, words: Words, pepper: bytes) -> Saved:
    """Seal what an editor holds to the writer's own key; replaces this editor's former draft.

    Raises NotFound for another's note, Invalid, Conflict.
    """
    check_words(actor, words, loosely=True)
    find(actor, edit.note_id)
    former = _former(actor, edit)
    version = TEMPLATES[words.template].version
    body = to_bytes(Reflection(words, at, at, edit.editor, False, version))
    row = db.session.get(Vault, actor.id)
    try:
        if row is None:
            raise Conflict(NO_VAULT)
        public = vault.read_public(row.public, actor.id, pepper)
        sealed = vault.seal_draft(public, actor.id, edit.note_id, body, pepper, base=edit.base)
    except vault.Damaged:
        raise Conflict(NO_VAULT) from None
    former.note_id, former.base = edit.note_id, edit.base
    former.envelope, former.wrap = sealed.envelope, sealed.wrap
    former.created_on = local_day(actor, at)
    db.session.add(former)
    db.session.flush()
    return Saved(edit.note_id, edit.base, at)


def _former(actor: Actor, edit: Edit) -> NoteDraft:
    """This editor's draft, new if there is none."""
    row = db.session.get(NoteDraft, edit.editor)
    if row is not None and row.owner_id != actor.id:
        raise NotFound
    if row is None:
        waiting = select(func.count()).where(NoteDraft.owner_id == actor.id)
        if (db.session.scalar(waiting) or 0) >= MOST:
            raise Conflict(FULL)
        row = NoteDraft(id=edit.editor, owner_id=actor.id)
    return row


def drafts(actor: Actor, keys: Keys, pepper: bytes) -> list[Draft]:
    """What waits for the actor, in the order of its writing, the latest first."""
    rows = list(db.session.scalars(select(NoteDraft).where(NoteDraft.owner_id == actor.id)))
    private = _private(actor, keys, pepper) if rows else None
    found = [_open(actor, row, private, pepper) for row in rows]
    return sorted(found, key=_written, reverse=True)


def _written(one: Draft) -> float:
    return one.reflection.written_at.timestamp() if one.reflection else 0.0


def draft(actor: Actor, keys: Keys, pepper: bytes, draft_id: UUID) -> Draft:
    """One draft. Raises NotFound."""
    return _open(actor, _own(actor, draft_id), _private(actor, keys, pepper), pepper)


def keep_draft(actor: Actor, at: datetime, keys: Keys, pepper: bytes, draft_id: UUID) -> Saved:
    """Save a draft as it is, as the next revision of its note.

    Raises NotFound, Invalid when it has no title or text yet, Conflict when the note was changed
    meanwhile: then it waits to be opened and looked at.
    """
    found = draft(actor, keys, pepper, draft_id)
    if found.reflection is None:
        raise NotFound
    return save_note(actor, at, keys, found.edit, found.reflection.words)


def merge_draft(
    actor: Actor, at: datetime, keys: Keys, pepper: bytes, draft_id: UUID, keep: Keep
) -> UUID:
    """Settle a draft whose note was changed meanwhile; returns the note's id.

    What was stored stays in the history. Raises NotFound, Invalid, Conflict.
    """
    waiting = draft(actor, keys, pepper, draft_id)
    found = tail(waiting.edit.note_id)
    if waiting.reflection is None or not found:
        raise NotFound
    if keep is Keep.STORED:
        discard_draft(actor, draft_id)
        return waiting.edit.note_id
    words = waiting.reflection.words
    if keep is Keep.BOTH:
        try:
            words = both(open_latest(actor, keys, waiting.edit.note_id, found).words, words)
        except vault.Damaged:
            raise Conflict(DAMAGED) from None
    edit = Edit(waiting.edit.note_id, waiting.edit.editor, found[0].number)
    return save_note(actor, at, keys, edit, words).note_id


def own_draft(actor: Actor, draft_id: UUID) -> None:
    """Whether there is such a draft of the actor's, locked or not. Raises NotFound."""
    _own(actor, draft_id)


def discard_draft(actor: Actor, draft_id: UUID) -> None:
    """Delete a draft for good. Raises NotFound."""
    db.session.delete(_own(actor, draft_id))


def _own(actor: Actor, draft_id: UUID) -> NoteDraft:
    row = db.session.get(NoteDraft, draft_id)
    if row is None or row.owner_id != actor.id:
        raise NotFound
    return row


def _private(actor: Actor, keys: Keys, pepper: bytes) -> vault.PrivateKeys | None:
    """The actor's private keys; None when the public record beside them is not theirs."""
    row = db.session.get(Vault, actor.id)
    try:
        if row is None:
            return None
        public = vault.read_public(row.public, actor.id, pepper)
        return vault.open_private(keys, row.private, public)
    except vault.Damaged:
        return None


def _open(actor: Actor, row: NoteDraft, private: vault.PrivateKeys | None, pepper: bytes) -> Draft:
    reflection = None
    if private is not None:
        sealed = Sealed(row.envelope, row.wrap)
        try:
            reflection = from_bytes(
                vault.open_draft(private, actor.id, row.note_id, sealed, pepper, base=row.base)
            )
        except vault.Damaged:
            reflection = None
    return Draft(row.id, _edit(actor, row), reflection)


def _edit(actor: Actor, row: NoteDraft) -> Edit:
    """Where the draft goes on; if its note is gone, it becomes a new one."""
    note = find(actor, row.note_id)
    gone = note is None or note.deleted_at is not None
    return Edit(uuid4(), row.id, 0) if gone and row.base else Edit(row.note_id, row.id, row.base)
