"""What to take to supervision: marked lines of reflections, gathered on a private agenda."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from supervision.domain import vault
from supervision.domain.reflections import without_ask
from supervision.domain.vault import Keys
from supervision.errors import Conflict
from supervision.permissions import Actor
from supervision.services.notes import catalogue
from supervision.services.notes.rows import DAMAGED, open_latest, present, tail
from supervision.services.notes.saving import Edit, save_note


@dataclass(frozen=True)
class AgendaItem:
    """Something to take along, and the reflection that it comes from."""

    note_id: UUID
    text: str


def agenda(actor: Actor, keys: Keys, roster_id: UUID | None = None) -> list[AgendaItem]:
    """What the actor marked, the latest written first; for a roster: out of reflections about its
    sessions, or about none. One statement, whatever there is."""
    found = catalogue.standing(actor, keys)
    if found is None:
        return []
    return [
        AgendaItem(UUID(ask.note), ask.text)
        for ask in found.root.asks
        if roster_id is None or ask.roster in {None, roster_id.hex}
    ]


def take_up(actor: Actor, at: datetime, keys: Keys, note_id: UUID, text: str) -> None:
    """It was taken up: its line gets a tick, in a new version of the reflection.

    Nothing happens to what is on no agenda. Raises NotFound, Conflict.
    """
    present(actor, note_id)
    found = tail(note_id)
    try:
        one = open_latest(actor, keys, note_id, found)
    except vault.Damaged:
        raise Conflict(DAMAGED) from None
    words = without_ask(one.words, text)
    if words != one.words:
        edit = Edit(note_id, uuid4(), found[0].number)
        save_note(actor, at, keys, edit, words, auto=one.auto)
