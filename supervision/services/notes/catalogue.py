"""The catalogue of a person's notes as it is stored: kept by every save, read by lists and finds.

It stands on the head (`supervision/domain/vault/index.py`). Where it does not open, or is not there
yet, the notes themselves are read instead, and the next save writes it anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update

from supervision.db import db, run, table
from supervision.domain import vault
from supervision.domain.reflections.catalogue import (
    Card,
    Cards,
    Entry,
    Root,
    Segment,
    cards_to_bytes,
    root_from_bytes,
    root_to_bytes,
    segmented,
    texts_from_bytes,
    texts_to_bytes,
)
from supervision.domain.vault import Head, Keys, Part
from supervision.models.notes import Note, NoteIndex, NoteRevision, Vault
from supervision.permissions import Actor
from supervision.services.notes.entries import entries
from supervision.services.notes.rows import Stored, shelf

_OWNER = NoteIndex.owner_id == bindparam("owner_id")
_PART = (_OWNER, NoteIndex.part == bindparam("part"))
_STANDING = (
    select(Vault.head, Vault.head_counter, NoteIndex.envelope)
    .outerjoin(NoteIndex, (NoteIndex.owner_id == Vault.person_id) & (NoteIndex.part == Part.ROOT))
    .where(Vault.person_id == bindparam("owner_id"))
)
SEGMENTS = select(NoteIndex.number, NoteIndex.envelope).where(*_PART).order_by(NoteIndex.number)
_SEGMENT = select(NoteIndex.part, NoteIndex.envelope).where(
    _OWNER, NoteIndex.number == bindparam("number"), NoteIndex.part != Part.ROOT
)
_ROWS = (
    select(func.count())
    .select_from(Note)
    .join(NoteRevision, NoteRevision.note_id == Note.id)
    .where(Note.owner_id == bindparam("owner_id"), Note.deleted_at.is_(None))
)
_rows = table(NoteIndex)
_INSERT = insert(_rows)
_UPDATE = (
    update(_rows)
    .where(
        _rows.c.owner_id == bindparam("owner"),
        _rows.c.part == bindparam("its_part"),
        _rows.c.number == bindparam("its_number"),
    )
    .values(envelope=bindparam("sealed"))
)
_FORGET = delete(_rows).where(_rows.c.owner_id == bindparam("owner"))
_notes = table(Note)
_PLACE = (
    update(_notes)
    .where(_notes.c.id == bindparam("note_id"))
    .values(segment=bindparam("its_segment"))
)
_NOWHERE = update(_notes).where(_notes.c.owner_id == bindparam("owner")).values(segment=None)


class Standing(NamedTuple):
    """The head, and the root that stands on it."""

    head: Head
    root: Root


@dataclass(frozen=True)
class Catalogue:
    """Every card, and whether the rows are as many as were counted and nothing was altered that
    had to be read for it.

    `root` is None where the notes themselves were read.
    """

    cards: Cards
    sound: bool
    root: Root | None


# -- reading -------------------------------------------------------------------------------


def standing(actor: Actor, keys: Keys) -> Standing | None:
    """The root on the present head; None when it does not open, or is not there."""
    row = run(_STANDING, {"owner_id": actor.id}).one_or_none()
    if row is None or row.envelope is None:
        return None
    return _standing(actor.id, keys, row.head, row.head_counter, row.envelope)


def _standing(
    owner_id: UUID, keys: Keys, head: bytes, counter: int, envelope: bytes
) -> Standing | None:
    try:
        body = vault.open_index(
            keys, owner_id, Part.ROOT, 0, counter, envelope, vault.envelope_hash(head)
        )
        return Standing(vault.open_head(keys, owner_id, counter, head), root_from_bytes(body))
    except vault.Damaged:
        return None


def catalogue(actor: Actor, keys: Keys) -> Catalogue:
    """All cards, in no order: out of the catalogue, or out of the notes where it fails."""
    found = standing(actor, keys)
    try:
        if found is not None:
            cards = Cards(segment_bodies(actor, keys, found.root, Part.CARDS))
            return Catalogue(cards, as_many_as(actor, found.head), found.root)
    except vault.Damaged:
        pass
    present = shelf(actor, keys)
    told = cards_to_bytes(one.card for one in entries(actor, keys, present))
    return Catalogue(Cards([told]), present.sound, None)


def segment_bodies(actor: Actor, keys: Keys, root: Root, part: Part) -> Iterator[bytes]:
    """The opened segments of one kind, in order. Raises Damaged, for a missing one too."""
    values = {"owner_id": actor.id, "part": part}
    rows = {row.number: row.envelope for row in run(SEGMENTS, values).all()}
    for number, segment in enumerate(root.segments):
        envelope = rows.get(number, b"")
        yield vault.open_index(keys, actor.id, part, number, segment.counter, envelope)


def as_many_as(actor: Actor, head: Head) -> bool:
    """Whether there are as many rows as the head counted: none was deleted or put back."""
    return bool(run(_ROWS, {"owner_id": actor.id}).scalar_one() == head.count)


def card_of(actor: Actor, keys: Keys, note: Note, found: Standing) -> Card | None:
    """One note's card. None when the catalogue does not know it where it should be."""
    try:
        cards, _ = _open_segment(actor.id, keys, found.root, note.segment)
    except vault.Damaged:
        return None
    return next((card for card in cards if card.note == note.id.hex), None)


# -- keeping -------------------------------------------------------------------------------


def held(row: Vault, keys: Keys) -> Root | None:
    """The root on the head as it is, before a change moves the head on."""
    envelope = db.session.scalar(
        select(NoteIndex.envelope).where(
            NoteIndex.owner_id == row.person_id, NoteIndex.part == Part.ROOT
        )
    )
    found = envelope and _standing(row.person_id, keys, row.head, row.head_counter, envelope)
    return found.root if found else None


def put(
    actor: Actor,
    row: Vault,
    keys: Keys,
    before: Root | None,
    entry: Entry,
    over: Stored | None = None,
) -> None:
    """Write a note's new state into its segment, or into one that has room.

    `before` is what was `held`; `row` has the head after the change; `over` is the state that was
    found and written over: if another one was counted, the catalogue must not hide that.
    """
    note = db.session.get_one(Note, UUID(entry.card.note))
    try:
        if before is None:
            raise vault.Damaged("root")
        number = note.segment
        if number is None:
            number = _with_room(before)
        cards, texts = _open_segment(actor.id, keys, before, number)
        place = _place_in(cards, entry.card.note, over)
        cards[place : place + 1], texts[place : place + 1] = [entry.card], [entry.text]
    except vault.Damaged:
        write_anew(actor, row, keys)
        return
    note.segment = number
    asks = (*entry.asks, *(ask for ask in before.asks if ask.note != entry.card.note))
    _keep(row, keys, Root(before.segments, asks), number, cards, texts)


def drop(
    actor: Actor, row: Vault, keys: Keys, before: Root | None, note: Note, over: Stored | None
) -> None:
    """Take a note out; `over` is its latest state as it was found, as in `put`."""
    try:
        if before is None or note.segment is None:
            raise vault.Damaged("root")
        cards, texts = _open_segment(actor.id, keys, before, note.segment)
        place = _place_in(cards, note.id.hex, over)
        if place == len(cards):
            raise vault.Damaged("card")
    except vault.Damaged:
        write_anew(actor, row, keys)
        return
    del cards[place], texts[place]
    asks = tuple(ask for ask in before.asks if ask.note != note.id.hex)
    number, note.segment = note.segment, None
    _keep(row, keys, Root(before.segments, asks), number, cards, texts)


def _with_room(root: Root) -> int:
    last = len(root.segments) - 1
    return last if root.segments and root.segments[last].has_room else last + 1


def _open_segment(
    owner_id: UUID, keys: Keys, root: Root, number: int | None
) -> tuple[list[Card], list[bytes]]:
    """A segment's cards and texts; the next number is an empty one. Raises Damaged."""
    if number == len(root.segments):
        return [], []
    if number is None or not 0 <= number < len(root.segments):
        raise vault.Damaged("segment")
    values = {"owner_id": owner_id, "number": number}
    rows = {row.part: row.envelope for row in run(_SEGMENT, values)}
    counter = root.segments[number].counter
    cards, texts = (
        vault.open_index(keys, owner_id, part, number, counter, rows.get(part, b""))
        for part in (Part.CARDS, Part.TEXT)
    )
    return list(Cards([cards])), texts_from_bytes(texts)


def _place_in(cards: list[Card], note: str, over: Stored | None) -> int:
    """Where a note stands in the state that was found, or the end for one that is new.

    Raises Damaged when it is not there, or in another state.
    """
    found = next((at for at, card in enumerate(cards) if card.note == note), None)
    if found is None and over is None:
        return len(cards)
    if found is None or over is None:
        raise vault.Damaged("card")
    if (cards[found].number, cards[found].hash) != (over.number, over.sealed.hash.hex()):
        raise vault.Damaged("card")
    return found


def _keep(
    row: Vault, keys: Keys, root: Root, number: int, cards: list[Card], texts: list[bytes]
) -> None:
    """Seal one segment at the present count of the head, and the root on it."""
    segment = Segment(row.head_counter, len(cards), sum(map(len, texts)))
    segments = (*root.segments[:number], segment, *root.segments[number + 1 :])
    _write_segment(row, keys, number, cards, texts, new=number == len(root.segments))
    _write_root(row, keys, Root(segments, root.asks), new=False)
    db.session.flush()


def _write_segment(
    row: Vault, keys: Keys, number: int, cards: list[Card], texts: list[bytes], *, new: bool
) -> None:
    bodies = {Part.CARDS: cards_to_bytes(cards), Part.TEXT: texts_to_bytes(texts)}
    for part, body in bodies.items():
        sealed = vault.seal_index(keys, row.person_id, part, number, row.head_counter, body)
        _write(row.person_id, part, number, sealed, new=new)


def _write_root(row: Vault, keys: Keys, root: Root, *, new: bool) -> None:
    head_hash, body = vault.envelope_hash(row.head), root_to_bytes(root)
    sealed = vault.seal_index(keys, row.person_id, Part.ROOT, 0, row.head_counter, body, head_hash)
    _write(row.person_id, Part.ROOT, 0, sealed, new=new)


def _write(owner_id: UUID, part: Part, number: int, sealed: bytes, *, new: bool) -> None:
    if new:
        values: dict[str, Any] = {"owner_id": owner_id, "part": part, "number": number}
        run(_INSERT, values | {"envelope": sealed})
        return
    place = {"owner": owner_id, "its_part": part, "its_number": number}
    run(_UPDATE, place | {"sealed": sealed})


# -- anew ----------------------------------------------------------------------------------


def write_anew(actor: Actor, row: Vault, keys: Keys) -> None:
    """Write all of it from the notes themselves, if these are what the head has counted.

    If not, there is none until their owner has looked: it would speak for what nobody counted.
    """
    run(_FORGET, {"owner": actor.id})
    run(_NOWHERE, {"owner": actor.id})
    present = shelf(actor, keys)
    if not present.sound:
        return
    found = sorted(entries(actor, keys, present), key=lambda one: one.card.begun)
    segments, asks = segmented(found), tuple(ask for one in found for ask in one.asks)
    for number, segment in enumerate(segments):
        cards, texts = [one.card for one in segment], [one.text for one in segment]
        _write_segment(row, keys, number, cards, texts, new=True)
        places = [{"note_id": UUID(card.note), "its_segment": number} for card in cards]
        run(_PLACE, places)
    made = tuple(
        Segment(row.head_counter, len(one), sum(len(entry.text) for entry in one))
        for one in segments
    )
    _write_root(row, keys, Root(made, asks), new=True)
    db.session.expire_all()
