"""The catalogue: what the list, the filters and the agenda need of each note, and its folded text.

A *segment* holds some notes' cards and, apart from them, their texts in the same order. The *root*
says which segments there are. All of it is sealed (`supervision/domain/vault/index.py`).
"""

import json
from bisect import bisect_right
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
_FIRST = ("begun", "day")


class Card(NamedTuple):
    """A note as the list knows it. `begun` is in seconds since 1970, `day` the local day (ISO); ids
    are hexadecimal; `number` and `hash` name the latest revision's envelope.

    `template` is empty for a note that did not open when it was counted.
    """

    begun: int
    day: str
    note: str
    number: int
    hash: str
    template: str
    title: str
    tags: list[str]
    session: str | None
    roster: str | None


class Cards:
    """The cards of segments in a row. `begun` and `days` order and count ten thousand of them; the
    rest of a card is read when it is asked for."""

    def __init__(self, bodies: Iterable[bytes]) -> None:
        self.begun: list[int] = []
        self.days: list[str] = []
        self.starts: list[int] = []
        self._rest: list[bytes] = []
        self._read: dict[int, list[list[Any]]] = {}
        for body in bodies:
            first, _, rest = body.partition(b"\n")
            begun, days = json.loads(first.decode())
            self.starts.append(len(self.begun))
            self.begun += begun
            self.days += days
            self._rest.append(rest)

    def __len__(self) -> int:
        return len(self.begun)

    def __getitem__(self, place: int) -> Card:
        number = bisect_right(self.starts, place) - 1
        at = place - self.starts[number]
        rest = (column[at] for column in self._columns(number))
        return Card(self.begun[place], self.days[place], *rest)

    def __iter__(self) -> Iterator[Card]:
        return (self[place] for place in range(len(self)))

    def column(self, name: str) -> list[Any]:
        """All values of one field of the rest, in order."""
        at = Card._fields.index(name) - len(_FIRST)
        every = (self._columns(number)[at] for number in range(len(self._rest)))
        return [value for column in every for value in column]

    def _columns(self, number: int) -> list[list[Any]]:
        if number not in self._read:
            self._read[number] = json.loads(self._rest[number].decode())
        return self._read[number]


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
    note: str,
    day: date,
    number: int,
    envelope_hash: bytes,
    roster: str | None,
    one: Reflection | None,
) -> Entry:
    """What the catalogue keeps of a note; one that does not open is listed all the same."""
    place = (day.isoformat(), note, number, envelope_hash.hex())
    if one is None:
        return Entry(Card(0, *place, "", "", [], None, None), b"", ())
    words = one.words
    session = words.session_id.hex if words.session_id else None
    parts = [words.title, *(value for value in words.fields.values() if isinstance(value, str))]
    text = "\n".join(fold(part) for part in parts).encode()
    asks = tuple(Ask(note, roster, ask) for ask in asks_of(words))
    begun, tags = int(one.begun_at.timestamp()), tags_of(words)
    card = Card(begun, *place, words.template, words.title, tags, session, roster)
    return Entry(card, text, asks)


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
    """Two lines: when they began and on which day; then the rest, one list a field."""
    columns = list(zip(*cards, strict=True)) or [()] * len(Card._fields)
    return _json(columns[: len(_FIRST)]) + b"\n" + _json(columns[len(_FIRST) :])


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
