"""Deleting: out of sight and out of the head at once, gone for good after ten minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.reflections import Reflection
from supervision.domain.reflections.catalogue import Entry, entry_of
from supervision.domain.vault import Keys, Row
from supervision.errors import NotFound
from supervision.models.notes import Note, NoteDraft, NoteRevision
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.heads import lock_vault
from supervision.services.notes import catalogue
from supervision.services.notes.entries import rosters_of
from supervision.services.notes.rows import (
    all_of,
    day_only,
    find,
    open_latest,
    present,
    recount,
    tail,
)

UNDO = timedelta(minutes=10)


@dataclass(frozen=True)
class Deleted:
    """A note that can still be brought back, until `until`."""

    id: UUID
    reflection: Reflection | None
    until: datetime


def delete_note(actor: Actor, at: datetime, keys: Keys, note_id: UUID) -> None:
    """Delete a note, all its revisions and drafts. Raises NotFound, Conflict.

    The head stops counting it now, since the job that removes its rows has no keys.
    """
    row = lock_vault(actor.id)
    note, root = present(actor, note_id), catalogue.held(row, keys)
    recount(row, keys, gone=_rows(note_id))
    note.deleted_at = at
    db.session.flush()
    catalogue.drop(actor, row, keys, root, note, next(iter(tail(note_id)), None))
    db.session.execute(
        delete(NoteDraft).where(NoteDraft.note_id == note_id, NoteDraft.owner_id == actor.id)
    )
    db.session.flush()
    record(Act.NOTE_DELETE, day_only(at), actor.id, note_id)


def undelete_note(actor: Actor, at: datetime, keys: Keys, note_id: UUID) -> None:
    """Bring a note back. Raises NotFound when the ten minutes are over."""
    row = lock_vault(actor.id)
    note = find(actor, note_id)
    if note is None or note.deleted_at is None or note.deleted_at <= at - UNDO:
        raise NotFound
    root = catalogue.held(row, keys)
    note.deleted_at = None
    recount(row, keys, come=_rows(note_id))
    catalogue.put(actor, row, keys, root, _entry(actor, keys, note))
    record(Act.NOTE_UNDELETE, day_only(at), actor.id, note_id)


def _entry(actor: Actor, keys: Keys, note: Note) -> Entry:
    """What the catalogue keeps of a note that comes back."""
    latest, one = tail(note.id)[0], _open(actor, keys, note.id)
    roster = rosters_of(actor, [one]).get(one.words.session_id) if one else None
    return entry_of(note.id.hex, note.created_on, latest.number, latest.sealed.hash, roster, one)


def _rows(note_id: UUID) -> list[Row]:
    return [Row(note_id, number, sealed.hash) for number, sealed in all_of(note_id)]


def just_deleted(actor: Actor, at: datetime, keys: Keys) -> list[Deleted]:
    """What the actor can still bring back, the latest first."""
    rows = db.session.execute(
        select(Note.id, Note.deleted_at)
        .where(Note.owner_id == actor.id, Note.deleted_at > at - UNDO)
        .order_by(Note.deleted_at.desc())
        .limit(5)
    )
    return [
        Deleted(note_id, _open(actor, keys, note_id), when + UNDO)
        for note_id, when in rows
        if when is not None
    ]


def _open(actor: Actor, keys: Keys, note_id: UUID) -> Reflection | None:
    try:
        return open_latest(actor, keys, note_id, tail(note_id))
    except vault.Damaged:
        return None


def has_deleted(at: datetime) -> bool:
    """Whether `purge_deleted` has work; asked without the writers' lock."""
    due = exists().where(Note.deleted_at.is_not(None), Note.deleted_at <= at - UNDO)
    return bool(db.session.scalar(select(due)))


def purge_deleted(at: datetime) -> int:
    """Remove for good what was deleted ten minutes ago; returns how many notes that were.

    With the wraps go the keys. SQLite overwrites the rows (secure_delete).
    """
    due = list(
        db.session.scalars(
            select(Note.id).where(Note.deleted_at.is_not(None), Note.deleted_at <= at - UNDO)
        )
    )
    if due:
        db.session.execute(delete(NoteRevision).where(NoteRevision.note_id.in_(due)))
        db.session.execute(delete(Note).where(Note.id.in_(due)))
    return len(due)
