"""Saving: every save is a revision, sealed and chained to the one before it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import delete

from supervision.db import db
from supervision.domain import vault
from supervision.domain.reflections import (
    FREE,
    TEMPLATES,
    Reflection,
    Words,
    check,
    check_loosely,
    to_bytes,
)
from supervision.domain.reflections.catalogue import entry_of
from supervision.domain.vault import FIRST, Keys, Row
from supervision.errors import N_, Conflict, Invalid
from supervision.models.notes import Note, NoteDraft, NoteRevision, Vault
from supervision.permissions import Actor
from supervision.services import sharing
from supervision.services.audit import Act, record
from supervision.services.heads import lock_vault
from supervision.services.notes import catalogue
from supervision.services.notes.links import SessionRef, session_refs
from supervision.services.notes.rows import (
    DAMAGED,
    Stored,
    day_only,
    find,
    local_day,
    open_latest,
    recount,
    tail,
)

ELSEWHERE = N_(
    "This reflection was changed somewhere else since you opened it here. Your text is kept "
    "below: save it again to make it the latest version. The other one stays in its history."
)
DELETED = N_(
    "This reflection was deleted since you opened it here. Your text is kept below: save it again "
    "to keep it as a new one."
)


@dataclass(frozen=True)
class Edit:
    """An open editor: of which note, its own id, and the revision it began from (0: a new note)."""

    note_id: UUID
    editor: UUID
    base: int


@dataclass(frozen=True)
class Saved:
    """A revision that is stored."""

    note_id: UUID
    number: int
    at: datetime


class _Before(NamedTuple):
    """What a save meets: the latest revision as stored, what it is chained to, and opened."""

    stored: Stored
    chained_to: bytes
    reflection: Reflection


def save_note(
    actor: Actor, at: datetime, keys: Keys, edit: Edit, words: Words, *, auto: bool = False
) -> Saved:
    """Save what an editor holds; the same editor may save again and again.

    `auto` is a save while typing: the same editor's next one takes its place, so that a history
    is one of saves and not of pauses. Raises NotFound for another's note, Invalid, and Conflict
    when another editor was faster or the note is gone: the text is still the caller's to keep.
    """
    session = check_words(actor, words, loosely=auto)
    row = lock_vault(actor.id)
    note = find(actor, edit.note_id)
    if (note is None and edit.base) or (note is not None and note.deleted_at is not None):
        raise Conflict(DELETED)
    before = _before(actor, keys, edit) if note is not None else None
    reflection = _reflection(at, edit, words, before, auto)
    _forget_draft(actor, edit)
    if before is not None and _says_nothing_new(before.reflection, reflection):
        return Saved(edit.note_id, before.stored.number, before.reflection.written_at)
    if note is None:
        note = Note(id=edit.note_id, owner_id=actor.id, created_on=local_day(actor, at))
        db.session.add(note)
        db.session.flush()
    number = _store(actor, keys, row, note, edit, before, reflection, session)
    if not auto:
        record(Act.NOTE_SAVE, day_only(at), actor.id, edit.note_id)
        sharing.follow(actor, at, keys, edit.note_id, words)
    return Saved(edit.note_id, number, at)


def save_free(
    actor: Actor, keys: Keys, at: datetime, note_id: UUID, title: str, text: str
) -> Saved:
    """Save a new free page. Raises as `save_note` does."""
    edit = Edit(note_id, uuid4(), 0)
    return save_note(actor, at, keys, edit, Words(FREE.key, title, {"reflection": text}))


def check_words(actor: Actor, words: Words, *, loosely: bool = False) -> SessionRef | None:
    """The session that they are about. Raises Invalid for what cannot be saved; `loosely` lets
    unfinished pages pass."""
    (check_loosely if loosely else check)(words)
    if words.session_id is None:
        return None
    found = session_refs(actor, [words.session_id])
    if words.session_id not in found:
        raise Invalid("session", N_("Choose one of your sessions, or none."))
    return found[words.session_id]


def _before(actor: Actor, keys: Keys, edit: Edit) -> _Before:
    """The latest revision, if this editor may write after it. Raises Conflict."""
    found = tail(edit.note_id)
    try:
        reflection = open_latest(actor, keys, edit.note_id, found)
    except vault.Damaged:
        raise Conflict(DAMAGED) from None
    if found[0].number != edit.base and reflection.editor != edit.editor:
        raise Conflict(ELSEWHERE)
    return _Before(found[0], found[1].sealed.hash if len(found) > 1 else FIRST, reflection)


def _reflection(
    at: datetime, edit: Edit, words: Words, before: _Before | None, auto: bool
) -> Reflection:
    begun_at = before.reflection.begun_at if before else at
    version = TEMPLATES[words.template].version
    if before and before.reflection.words.template == words.template:
        version = before.reflection.version
    return Reflection(words, begun_at, at, edit.editor, auto, version)


def _says_nothing_new(old: Reflection, new: Reflection) -> bool:
    """A form sent twice, or a pause in typing after a save."""
    return old.words == new.words and old.editor == new.editor and (new.auto or not old.auto)


def _store(
    actor: Actor,
    keys: Keys,
    row: Vault,
    note: Note,
    edit: Edit,
    before: _Before | None,
    reflection: Reflection,
    session: SessionRef | None,
) -> int:
    """Write the revision, in the place of this editor's automatic one or after the latest."""
    number, chained_to, gone = 1, FIRST, None
    if before is not None:
        number, chained_to = before.stored.number + 1, before.stored.sealed.hash
        if before.reflection.auto and before.reflection.editor == edit.editor:
            number, chained_to = before.stored.number, before.chained_to
            gone = Row(edit.note_id, number, before.stored.sealed.hash)
    sealed = vault.seal_revision(
        keys, actor.id, edit.note_id, number, chained_to, to_bytes(reflection)
    )
    db.session.merge(
        NoteRevision(
            note_id=edit.note_id,
            number=number,
            envelope=sealed.envelope,
            wrap=sealed.wrap,
            epoch=1,
            turn=row.turn,
        )
    )
    root = catalogue.held(row, keys)
    recount(row, keys, [gone] if gone else [], [Row(edit.note_id, number, sealed.hash)])
    roster = session.roster_id.hex if session else None
    place = (note.id.hex, note.created_on, number, sealed.hash)
    over = before.stored if before else None
    catalogue.put(actor, row, keys, root, entry_of(*place, roster, reflection), over)
    return number


def _forget_draft(actor: Actor, edit: Edit) -> None:
    """What this editor left while the vault was locked is in what it saves now."""
    db.session.execute(
        delete(NoteDraft).where(NoteDraft.id == edit.editor, NoteDraft.owner_id == actor.id)
    )
