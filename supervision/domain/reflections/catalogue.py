"""The catalogue: what the list, the filters and the agenda need of each note, and its folded text.

A *segment* holds some notes' cards and, apart from them, their texts in the same order. The *root*
says which segments there are. All of it is sealed (`supervision/domain/vault/index.py`).
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from struct import Struct, pack, unpack_from
from typing import Any, NamedTuple

from supervision.domain.reflections.words import Reflection, asks_of, tags_of

MOST_NOTES = 256
MOST_BYTES = 128 * 1024
MOST_ASKS = 500
_COUNT = Struct(">I")


class Card(NamedTuple):
    """A note as the list knows it. `begun` is in seconds since 1970, `day` the local day (ISO); ids
    are hexadecimal; `number` and `hash` name the latest revision's envelope.

    `template` is empty for a note that did not open when it was counted.
    """

    begun: int
    day: str
    template: str
    tags: list[str]
    session: str | None
    roster: str | None
    note: str
    number: int
    hash: str
    title: str


_LINES = (slice(0, 2), slice(2, 6), slice(6, 10))
"""Of the fields: what every list needs, what filters need, what is needed of what is shown."""


class Cards:
    """The cards of segments in a row, by column. `begun` and `days` order and count ten thousand of
    them; the other lines of a segment are read when they are asked for."""

    def __init__(self, bodies: Iterable[bytes]) -> None:
        self.begun: list[int] = []
        self.days: list[str] = []
        self.starts: list[int] = []
        self._lines: list[list[bytes]] = []
        self._read: dict[tuple[int, int], list[list[Any]]] = {}
        for number, body in enumerate(bodies):
            self._lines.append(body.split(b"\n"))
            begun, days = self._columns(number, 0)
            self.starts.append(len(self.begun))
            self.begun += begun
            self.days += days

    def __len__(self) -> int:
        return len(self.begun)

    def __getitem__(self, place: int) -> Card:
        number = bisect_right(self.starts, place) - 1
        at = place - self.starts[number]
        columns = (c for line in range(len(_LINES)) for c in self._columns(number, line))
        return Card(*(column[at] for column in columns))

    def __iter__(self) -> Iterator[Card]:
        return (self[place] for place in range(len(self)))

    def column(self, name: str) -> list[Any]:
        """All values of one field, in order."""
        at = Card._fields.index(name)
        line = next(n for n, fields in enumerate(_LINES) if at < fields.stop)
        at -= _LINES[line].start
        every = (self._columns(number, line)[at] for number in range(len(self._lines)))
        return list(chain.from_iterable(every))

    def _columns(self, number: int, line: int) -> list[list[Any]]:
        if (number, line) not in self._read:
            self._read[number, line] = json.loads(self._lines[number][line].decode())
        return self._read[number, line]


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
    begun_on, stored = day.isoformat(), (note, number, envelope_hash.hex())
    if one is None:
        return Entry(Card(0, begun_on, "", [], None, None, *stored, ""), b"", ())
    words = one.words
    session = words.session_id.hex if words.session_id else None
    about = (words.template, tags_of(words), session, roster)
    asks = tuple(Ask(note, roster, ask) for ask in asks_of(words))
    card = Card(int(one.begun_at.timestamp()), begun_on, *about, *stored, words.title)
    return Entry(card, words.folded, asks)


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
    """Lines of lists, one a field."""
    columns = list(zip(*cards, strict=True)) or [()] * len(Card._fields)
    return b"\n".join(_json(columns[fields]) for fields in _LINES)


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
