"""The catalogue: what the list, the filters and the agenda need of each note, and its folded text.

A *segment* holds some notes' cards and, apart from them, their texts in the same order. The *root*
says which segments there are. All of it is sealed (`supervision/domain/vault/index.py`).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from struct import Struct, pack, unpack_from
from typing import Any, NamedTuple

from supervision.domain.reflections.searching import fold
from supervision.domain.reflections.words import Reflection, asks_of, tags_of

MOST_NOTES = 256
MOST_BYTES = 64 * 1024
MOST_ASKS = 500
_COUNT = Struct(">I")


class Card(NamedTuple):
    """A note as the list knows it. Ids are hexadecimal; `begun` is in seconds since 1970, `day`
    the local day (ISO); `number` and `hash` name the latest revision's envelope.

    `template` is empty for a note that did not open when it was counted.
    """

    note: str
    begun: int
    day: str
    number: int
    hash: str
    template: str
    title: str
    tags: list[str]
    session: str | None
    roster: str | None


class Cards:
    """Many cards by column: ten thousand are looked through without making one of each."""

    def __init__(self, columns: Sequence[list[Any]] = ()) -> None:
        self.columns: list[list[Any]] = [list(c) for c in columns] or [[] for _ in Card._fields]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, place: int) -> Card:
        return Card(*(column[place] for column in self.columns))

    def __iter__(self) -> Iterator[Card]:
        return map(Card._make, zip(*self.columns, strict=True))

    def column(self, name: str) -> list[Any]:
        """All values of one field, in order."""
        return self.columns[Card._fields.index(name)]

    def extend(self, other: "Cards") -> None:
        for mine, theirs in zip(self.columns, other.columns, strict=True):
            mine.extend(theirs)


class Ask(NamedTuple):
    """Something to take to supervision: out of which note, to which roster (None: to any)."""

    note: str
    roster: str | None
    text: str


class Segment(NamedTuple):
    """At which count of the head a segment was sealed, how many notes and bytes of text it has."""

    counter: int
    notes: int
    size: int

    @property
    def has_room(self) -> bool:
        return self.notes < MOST_NOTES and self.size < MOST_BYTES


@dataclass(frozen=True)
class Root:
    """All segments by their number, and the agenda."""

    segments: tuple[Segment, ...] = ()
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One note for the catalogue."""

    card: Card
    text: bytes
    asks: tuple[Ask, ...]


def entry_of(
    note: str, day: date, number: int, envelope_hash: bytes, roster: str | None, one: Reflection
) -> Entry:
    """What the catalogue keeps of an opened note."""
    words = one.words
    session = words.session_id.hex if words.session_id else None
    card = Card(
        note,
        int(one.begun_at.timestamp()),
        day.isoformat(),
        number,
        envelope_hash.hex(),
        words.template,
        words.title,
        tags_of(words),
        session,
        roster,
    )
    parts = [words.title, *(value for value in words.fields.values() if isinstance(value, str))]
    text = "\n".join(fold(part) for part in parts).encode()
    return Entry(card, text, tuple(Ask(note, roster, ask) for ask in asks_of(words)))


def closed_entry(note: str, day: date, number: int, envelope_hash: bytes) -> Entry:
    """A note that does not open is listed all the same."""
    card = Card(note, 0, day.isoformat(), number, envelope_hash.hex(), "", "", [], None, None)
    return Entry(card, b"", ())


def segmented(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Entries in their order, as segments that are full but for the last."""
    found: list[list[Entry]] = []
    size = 0
    for entry in entries:
        if not found or len(found[-1]) >= MOST_NOTES or size >= MOST_BYTES:
            found.append([])
            size = 0
        found[-1].append(entry)
        size += len(entry.text)
    return found


# -- bytes ---------------------------------------------------------------------------------


def root_to_bytes(root: Root) -> bytes:
    return _json({"segments": root.segments, "asks": root.asks[:MOST_ASKS]})


def root_from_bytes(body: bytes) -> Root:
    found = json.loads(body)
    return Root(
        tuple(Segment(*one) for one in found["segments"]),
        tuple(Ask(*one) for one in found["asks"]),
    )


def cards_to_bytes(cards: Iterable[Card]) -> bytes:
    """One list a field."""
    return _json(list(zip(*cards, strict=True)) or [()] * len(Card._fields))


def cards_from_bytes(body: bytes) -> Cards:
    return Cards(json.loads(body.decode()))


def texts_to_bytes(texts: Sequence[bytes]) -> bytes:
    """How many, where each ends, then each followed by a line's end: a text never runs into the
    next. A text in `texts` has lines of its own."""
    ends, at = [], 0
    for text in texts:
        at += len(text) + 1
        ends.append(at)
    return pack(f">{len(ends) + 1}I", len(ends), *ends) + b"".join(t + b"\n" for t in texts)


def texts_from_bytes(body: bytes) -> list[bytes]:
    start, ends = text_ends(body)
    found, at = [], start
    for end in ends:
        found.append(body[at : start + end - 1])
        at = start + end
    return found


def text_ends(body: bytes) -> tuple[int, tuple[int, ...]]:
    """Where the texts begin, and where each ends from there on."""
    (count,) = _COUNT.unpack_from(body)
    return _COUNT.size * (count + 1), unpack_from(f">{count}I", body, _COUNT.size)


def _json(found: object) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
