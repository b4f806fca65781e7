"""Reading: lists and pages of one's own reflections, opened for the length of a request."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.reflections import Reflection
from supervision.domain.reflections.catalogue import Card, Cards
from supervision.domain.vault import FIRST, Bound, Keys, Row, Sealed
from supervision.errors import NotFound
from supervision.models.notes import Note, NoteRevision, Vault
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.heads import keep_head, lock_vault, open_head, ways_now
from supervision.services.notes import catalogue
from supervision.services.notes.links import SessionRef, session_refs
from supervision.services.notes.rows import (
    Stored,
    all_of,
    day_only,
    opened_or_none,
    present,
    shelf,
)

PAGE = 20


@dataclass(frozen=True)
class NoteLine:
    """One line of the list; `reflection` is None for a note that cannot be opened, and `lost`
    says that there is no row of it at all."""

    id: UUID
    created_on: date
    reflection: Reflection | None
    session: SessionRef | None
    lost: bool = False


@dataclass(frozen=True)
class NotesPage:
    """A page of the list, the latest begun first. `sound`: nothing that is shown was altered, and
    there are as many rows as there should be.

    `months` counts the notes of each month, by its first day, the latest first; `month` is the one
    that is shown.
    """

    lines: list[NoteLine]
    page: int
    pages: int
    total: int
    sound: bool
    months: list[tuple[date, int]] = field(default_factory=list)
    month: date | None = None


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


def notes_of(actor: Actor, keys: Keys, page: int = 1, month: date | None = None) -> NotesPage:
    """A page of the actor's notes, or of those of a month. Pages out of range show the nearest."""
    found = catalogue.catalogue(actor, keys)
    days = found.cards.days
    months = Counter(day[:7] for day in days)
    only = f"{month:%Y-%m}" if month else ""
    if only not in months:  # a month without a note, or none was asked for
        only, month = "", None
    places = [place for place, day in enumerate(days) if day.startswith(only)]
    shown, page, pages = page_of(found.cards, places, page)
    lines, whole = lines_of(actor, keys, shown)
    by_month = [(_first_of(month), n) for month, n in sorted(months.items(), reverse=True)]
    return NotesPage(lines, page, pages, len(places), found.sound and whole, by_month, month)


def _first_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def page_of(cards: Cards, places: list[int], page: int) -> tuple[list[Card], int, int]:
    """A page of the cards at these places, the latest begun first; its number, and how many pages
    there are."""
    places.sort(key=cards.begun.__getitem__, reverse=True)
    pages = max(1, -(-len(places) // PAGE))
    page = min(max(1, page), pages)
    return [cards[at] for at in places[(page - 1) * PAGE : page * PAGE]], page, pages


def lines_of(actor: Actor, keys: Keys, cards: Sequence[Card]) -> tuple[list[NoteLine], bool]:
    """Cards as lines, and whether each note is the very one that was counted."""
    opened, stored = _open_counted(actor, keys, cards)
    sessions = _sessions(actor, opened.values())
    lines = []
    for card in cards:
        note_id, one = UUID(card.note), opened.get(card.note)
        day, lost = date.fromisoformat(card.day), card.note not in stored
        lines.append(NoteLine(note_id, day, one, _session_of(one, sessions), lost))
    return lines, all(opened.values())


def _sessions(actor: Actor, opened: Iterable[Reflection | None]) -> dict[UUID, SessionRef]:
    linked = [one.words.session_id for one in opened if one and one.words.session_id]
    return session_refs(actor, linked)


def _session_of(
    reflection: Reflection | None, sessions: dict[UUID, SessionRef]
) -> SessionRef | None:
    linked = reflection.words.session_id if reflection else None
    return sessions.get(linked) if linked else None


def _open_counted(
    actor: Actor, keys: Keys, cards: Sequence[Card]
) -> tuple[dict[str, Reflection | None], set[str]]:
    """The revision of each card, None where another one stands in its place; and whose rows there
    are at all. Each is chained to the one before, so that is read as well."""
    ids = [UUID(card.note) for card in cards]
    numbers = {card.number - back for card in cards for back in (0, 1)}
    rows = db.session.execute(
        select(NoteRevision.note_id, NoteRevision.number, NoteRevision.envelope, NoteRevision.wrap)
        .join(Note, Note.id == NoteRevision.note_id)
        .where(
            NoteRevision.note_id.in_(ids),
            NoteRevision.number.in_(numbers),
            Note.deleted_at.is_(None),
        )
    )
    stored = {(row[0].hex, row[1]): Sealed(row[2], row[3]) for row in rows}
    opened = {card.note: _opened_if_counted(actor, keys, card, stored) for card in cards}
    return opened, {note for note, _ in stored}


def _opened_if_counted(
    actor: Actor, keys: Keys, card: Card, stored: dict[tuple[str, int], Sealed]
) -> Reflection | None:
    sealed, before = (stored.get((card.note, card.number - back)) for back in (0, 1))
    if sealed is None or sealed.hash.hex() != card.hash:
        return None
    previous = before.hash if before else FIRST
    return opened_or_none(actor, keys, UUID(card.note), card.number, previous, sealed)


def note(actor: Actor, keys: Keys, note_id: UUID, number: int | None = None) -> NotePage:
    """One note, its latest revision or an earlier one. Raises NotFound."""
    row, stored = present(actor, note_id), all_of(note_id)
    by_number = {one.number: one.sealed for one in stored}
    if not stored or (number is not None and number not in by_number):
        raise NotFound
    chosen, latest = number or stored[-1].number, stored[-1]
    reflection = _open_one(actor, keys, note_id, chosen, by_number)
    session = _session_of(reflection, _sessions(actor, [reflection]))
    sound = _is_counted(actor, keys, row, latest)
    return NotePage(note_id, row.created_on, chosen, latest.number, reflection, session, sound)


def _open_one(
    actor: Actor, keys: Keys, note_id: UUID, number: int, stored: dict[int, Sealed]
) -> Reflection | None:
    before = stored.get(number - 1)
    previous = before.hash if before else FIRST
    return opened_or_none(actor, keys, note_id, number, previous, stored[number])


def _is_counted(actor: Actor, keys: Keys, row: Note, latest: Stored) -> bool:
    """Whether the latest revision is the one that was counted last, and no row is missing."""
    found = catalogue.standing(actor, keys)
    card = catalogue.card_of(actor, keys, row, found) if found else None
    if found is None or card is None:
        return shelf(actor, keys).sound
    same = (card.number, card.hash) == (latest.number, latest.sealed.hash.hex())
    return same and catalogue.as_many_as(actor, found.head)


def is_sound(actor: Actor, keys: Keys) -> bool:
    """Whether every revision of every note is what the head counted; a list looks at its own."""
    return shelf(actor, keys).sound


def accept_rows(actor: Actor, at: datetime, keys: Keys) -> None:
    """Count anew what is there: its owner has been told that something is missing or altered."""
    row = lock_vault(actor.id)
    hashes = shelf(actor, keys).hashes
    rows = (Row(*place, found) for place, found in hashes.items())
    counter = max(row.head_counter, keys.floor) + 1
    head = vault.head_of(keys, rows, counter, _bound(row, keys))
    keep_head(row, keys, head)
    catalogue.write_anew(actor, row, keys)
    record(Act.NOTES_COUNT_ANEW, day_only(at), actor.id, actor.id, rows=len(hashes))


def _bound(row: Vault, keys: Keys) -> Bound:
    """What the head bound; of one that does not open the ways in are those that there are, and
    nothing counts as shared."""
    try:
        return open_head(row, keys).bound or ways_now(row.person_id)
    except vault.Damaged:
        return ways_now(row.person_id)
