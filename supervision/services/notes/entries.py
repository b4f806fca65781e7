"""Every note as the catalogue would have it, told by the notes themselves."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import select

from supervision.db import db
from supervision.domain.reflections import Reflection
from supervision.domain.reflections.catalogue import Entry, entry_of
from supervision.domain.vault import Keys, Sealed
from supervision.models.notes import NoteRevision
from supervision.permissions import Actor
from supervision.services.notes.links import session_refs
from supervision.services.notes.rows import Shelf, opened_or_none

AT_ONCE = 200


def entries(actor: Actor, keys: Keys, present: Shelf) -> Iterator[Entry]:
    """Every note that is there, opened some at a time."""
    wanted = list(present.latest.items())
    for start in range(0, len(wanted), AT_ONCE):
        some = dict(wanted[start : start + AT_ONCE])
        opened = _open(actor, keys, present, some)
        rosters = rosters_of(actor, opened.values())
        for note_id, number in some.items():
            one, found = opened[note_id], present.hashes[note_id, number]
            roster = rosters.get(one.words.session_id) if one else None
            yield entry_of(note_id.hex, present.begun[note_id], number, found, roster, one)


def rosters_of(actor: Actor, opened: Iterable[Reflection | None]) -> dict[UUID | None, str]:
    """By session that a reflection is about: its roster's id, in hexadecimal."""
    linked = [one.words.session_id for one in opened if one and one.words.session_id]
    return {key: found.roster_id.hex for key, found in session_refs(actor, linked).items()}


def _open(
    actor: Actor, keys: Keys, present: Shelf, wanted: dict[UUID, int]
) -> dict[UUID, Reflection | None]:
    """Open one revision of each of these notes; None for what does not open."""
    rows = db.session.execute(
        select(
            NoteRevision.note_id, NoteRevision.number, NoteRevision.envelope, NoteRevision.wrap
        ).where(NoteRevision.note_id.in_(wanted), NoteRevision.number.in_(set(wanted.values())))
    )
    opened: dict[UUID, Reflection | None] = dict.fromkeys(wanted)
    for note_id, number, envelope, wrap in rows:
        if wanted[note_id] == number:
            previous = present.previous(note_id, number)
            opened[note_id] = opened_or_none(
                actor, keys, note_id, number, previous, Sealed(envelope, wrap)
            )
    return opened
