"""Reading: lists and pages of one's own reflections, opened for the length of a request."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.reflections import Reflection, from_bytes
from supervision.domain.vault import Keys, Row, Sealed
from supervision.errors import NotFound
from supervision.models.notes import NoteRevision
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.notes.links import SessionRef, session_refs
from supervision.services.notes.rows import (
    Shelf,
    day_only,
    keep_head,
    lock_vault,
    present,
    shelf,
)

PAGE = 20


@dataclass(frozen=True)
class NoteLine:
    """One line of the list; `reflection` is None for a note that cannot be opened."""

    id: UUID
    created_on: date
    reflection: Reflection | None
    session: SessionRef | None


@dataclass(frozen=True)
class NotesPage:
    """A page of the list, the latest begun first. `sound`: nothing is missing or altered."""

    lines: list[NoteLine]
    page: int
    pages: int
    total: int
    sound: bool


@dataclass(frozen=True)
class NotePage:
    """One revision of a note. `reflection` is None when it cannot be opened."""

    id: UUID
    created_on: date
    number: int
    latest: int
    reflection: Reflection | None
    session: SessionRef | None
    sound: bool


def own_note(actor: Actor, note_id: UUID) -> None:
    """Whether there is such a note of the actor's, locked or not. Raises NotFound."""
    present(actor, note_id)


def notes_of(actor: Actor, keys: Keys, page: int = 1) -> NotesPage:
    """A page of the actor's notes. Pages out of range show the nearest."""
    found = shelf(actor, keys)
    days = sorted(((day, note_id) for note_id, day in found.begun.items()), reverse=True)
    pages = max(1, -(-len(days) // PAGE))
    page = min(max(1, page), pages)
    start = (page - 1) * PAGE
    shown = days[start : start + PAGE]
    # The database knows days only. Whole days are opened, to order them by the time inside.
    wanted = {day for day, _ in shown}
    around = [(day, note_id) for day, note_id in days if day in wanted]
    skipped = next((at for at, one in enumerate(days) if one[0] in wanted), 0)
    opened = _open(actor, keys, found, {note_id: found.latest[note_id] for _, note_id in around})
    around.sort(key=lambda one: (one[0], _begun(opened[one[1]])), reverse=True)
    lines = _lines(actor, around[start - skipped : start - skipped + PAGE], opened)
    return NotesPage(lines, page, pages, len(days), found.sound)


def _begun(reflection: Reflection | None) -> float:
    return reflection.begun_at.timestamp() if reflection else 0.0


def _lines(
    actor: Actor,
    shown: Iterable[tuple[date, UUID]],
    opened: dict[UUID, Reflection | None],
) -> list[NoteLine]:
    shown = list(shown)
    reflections = [opened[note_id] for _, note_id in shown]
    sessions = session_refs(
        actor, [r.words.session_id for r in reflections if r and r.words.session_id]
    )
    return [
        NoteLine(note_id, day, reflection, _session_of(reflection, sessions))
        for (day, note_id), reflection in zip(shown, reflections, strict=True)
    ]


def _session_of(
    reflection: Reflection | None, sessions: dict[UUID, SessionRef]
) -> SessionRef | None:
    linked = reflection.words.session_id if reflection else None
    return sessions.get(linked) if linked else None


def note(actor: Actor, keys: Keys, note_id: UUID, number: int | None = None) -> NotePage:
    """One note, its latest revision or an earlier one. Raises NotFound."""
    row = present(actor, note_id)
    found = shelf(actor, keys)
    latest = found.latest.get(note_id)
    if latest is None or (number is not None and (note_id, number) not in found.hashes):
        raise NotFound
    chosen = number or latest
    reflection = _open(actor, keys, found, {note_id: chosen})[note_id]
    linked = reflection.words.session_id if reflection else None
    session = _session_of(reflection, session_refs(actor, [linked] if linked else []))
    return NotePage(note_id, row.created_on, chosen, latest, reflection, session, found.sound)


def _open(
    actor: Actor, keys: Keys, found: Shelf, wanted: dict[UUID, int]
) -> dict[UUID, Reflection | None]:
    """Open one revision of each of these notes; None for what does not open."""
    rows = db.session.execute(
        select(
            NoteRevision.note_id, NoteRevision.number, NoteRevision.envelope, NoteRevision.wrap
        ).where(NoteRevision.note_id.in_(wanted), NoteRevision.number.in_(set(wanted.values())))
    )
    opened: dict[UUID, Reflection | None] = dict.fromkeys(wanted)
    for note_id, number, envelope, wrap in rows:
        if wanted[note_id] != number:
            continue
        try:
            body = vault.open_revision(
                keys,
                actor.id,
                note_id,
                number,
                found.previous(note_id, number),
                Sealed(envelope, wrap),
            )
        except vault.Damaged:
            continue
        opened[note_id] = from_bytes(body)
    return opened


def accept_rows(actor: Actor, at: datetime, keys: Keys) -> None:
    """Count anew what is there: its owner has been told that something is missing or altered."""
    row = lock_vault(actor)
    hashes = shelf(actor, keys).hashes
    head = vault.head_of(
        keys, (Row(*place, found) for place, found in hashes.items()), row.head_counter + 1
    )
    keep_head(row, keys, head)
    record(Act.NOTES_COUNT_ANEW, day_only(at), actor.id, actor.id, rows=len(hashes))
