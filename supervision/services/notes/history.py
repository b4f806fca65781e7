"""The history of a reflection: its versions, and going back to one of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from supervision.domain.reflections import Reflection
from supervision.domain.vault import FIRST, Keys
from supervision.errors import N_, Conflict, NotFound
from supervision.permissions import Actor
from supervision.services.notes.rows import all_of, opened_or_none, present
from supervision.services.notes.saving import Edit, Saved, save_note

CLOSED = N_("This version cannot be opened, so nothing was changed.")


@dataclass(frozen=True)
class Version:
    """One saved state; `reflection` is None when it cannot be opened."""

    number: int
    reflection: Reflection | None


def versions(actor: Actor, keys: Keys, note_id: UUID) -> list[Version]:
    """Every saved state of a note, the first first. Raises NotFound."""
    present(actor, note_id)
    found, previous = [], FIRST
    for number, sealed in all_of(note_id):
        one = opened_or_none(actor, keys, note_id, number, previous, sealed)
        found.append(Version(number, one))
        previous = sealed.hash
    return found


def restore_version(actor: Actor, at: datetime, keys: Keys, note_id: UUID, number: int) -> Saved:
    """Save an earlier state's words as the next version. Raises NotFound, Conflict, Invalid."""
    found = versions(actor, keys, note_id)
    wanted = next((one for one in found if one.number == number), None)
    if wanted is None:
        raise NotFound
    if wanted.reflection is None:
        raise Conflict(CLOSED)
    edit = Edit(note_id, uuid4(), found[-1].number)
    return save_note(actor, at, keys, edit, wanted.reflection.words)
