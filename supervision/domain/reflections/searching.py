"""Searching: words without case and accents, in folded bytes; and where they stand in a text."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from supervision.domain.folding import without_marks

LONGEST_QUERY = 200
MOST_TERMS = 10
AROUND = 70
_TERM = re.compile(r'"([^"]*)"|(\S+)')
_SPACE = re.compile(r"\s+")
_SPACES = {at: " " for at in range(128) if chr(at).isspace()}


class Piece(NamedTuple):
    """A stretch of a text, and whether it is what was looked for."""

    text: str
    hit: bool


def fold(text: str) -> str:
    """Without case, accents and more than one space at a time; ä is a, ß is ss."""
    return _SPACE.sub(" ", without_marks(text)).strip(" ")


def terms_of(query: str) -> list[str]:
    """What must all be there: words, and phrases in quotation marks, folded, each once."""
    found = (fold(phrase or word) for phrase, word in _TERM.findall(query[:LONGEST_QUERY]))
    return list(dict.fromkeys(term for term in found if term))[:MOST_TERMS]


def scan(
    body: bytes,
    ends_of: Callable[[bytes], tuple[int, tuple[int, ...]]],
    terms: Sequence[bytes],
) -> list[int]:
    """Which texts of a segment hold every term, by their place in it.

    The longest term is looked for in all of them at once, since it is likely to be the rarest.
    """
    probe, *others = sorted(terms, key=len, reverse=True)
    hit = body.find(probe)
    if hit < 0:
        return []
    start, ends = ends_of(body)
    found: list[int] = []
    if hit < start:  # among the numbers before the texts
        hit = body.find(probe, start)
    while hit >= 0:
        place = bisect_right(ends, hit - start)
        first = start + (ends[place - 1] if place else 0)
        last = start + ends[place]
        if all(body.find(term, first, last) >= 0 for term in others):
            found.append(place)
        hit = body.find(probe, last)
    return found


def spans(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """Where the terms stand in a text as it was written, in order, without overlaps."""
    folded, origin = _with_origin(text)
    found = sorted(
        (origin[at], origin[at + len(term) - 1] + 1)
        for term in terms
        for at in _every(folded, term)
    )
    merged: list[tuple[int, int]] = []
    for begin, end in found:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _with_origin(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and which letter of the text each of its letters came from."""
    if text.isascii() and "  " not in (spaced := text.translate(_SPACES)):
        return spaced.lower(), range(len(text))  # letter by letter, as most texts are
    folded: list[str] = []
    origin: list[int] = []
    for at, letter in enumerate(text):
        plain = " " if letter.isspace() else without_marks(letter)
        if plain == " " and folded and folded[-1] == " ":
            continue
        folded += plain
        origin += [at] * len(plain)
    return "".join(folded), origin


def _every(text: str, term: str) -> list[int]:
    found, at = [], text.find(term)
    while at >= 0:
        found.append(at)
        at = text.find(term, at + len(term))
    return found


def marked(text: str, terms: Sequence[str]) -> list[Piece]:
    """The whole text in pieces."""
    return _pieces(text, spans(text, terms), 0, len(text))


def snippet(text: str, terms: Sequence[str]) -> list[Piece]:
    """The surroundings of the first hit in pieces; nothing when there is none."""
    found = spans(text, terms)
    if not found:
        return []
    begin, end = max(0, found[0][0] - AROUND), min(len(text), found[0][1] + 2 * AROUND)
    if begin:
        begin = text.find(" ", begin, found[0][0]) + 1 or begin
    if end < len(text):
        end = max(text.rfind(" ", found[0][1], end), found[0][1])
    pieces = _pieces(text, found, begin, end)
    before, after = "…" if begin else "", "…" if end < len(text) else ""
    return [Piece(before, False)] * bool(before) + pieces + [Piece(after, False)] * bool(after)


def _pieces(text: str, found: list[tuple[int, int]], begin: int, end: int) -> list[Piece]:
    pieces, at = [], begin
    for first, last in found:
        if first >= end or last <= begin:
            continue
        start, stop = max(first, begin), min(last, end)
        pieces += [Piece(text[at:start], False), Piece(text[start:stop], True)]
        at = stop
    return [piece for piece in [*pieces, Piece(text[at:end], False)] if piece.text]
