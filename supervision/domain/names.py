"""Likely names and places in a text: looked for here, by rules that can be said in a sentence.

No list and no rule finds every name, and the page says so. What is found is shown with its reason,
so that its writer decides. Nothing is asked of anybody elsewhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from supervision.domain.given_names import GIVEN_NAMES


class Why(StrEnum):
    """The reason for which something is pointed out; the first that fits counts."""

    EMAIL = "email"
    PHONE = "phone"
    BIRTH = "birth"
    POSTCODE = "postcode"
    PLACE = "place"
    HONORIFIC = "honorific"
    GIVEN_NAME = "given_name"
    CAPITAL = "capital"


@dataclass(frozen=True)
class Hit:
    """A piece of the text that may tell who somebody is; `times` how often it is there."""

    text: str
    why: Why
    times: int


# Each of these looks at a letter a bounded number of times, whatever stands around it.
_LARGE, _SMALL, _REST = "[A-ZÀ-ÖØ-ÞŁŚŠŽĐ]", "[a-zà-öø-ÿłśšžđ]", r"[\w’'-]"
_CAPITAL = rf"{_LARGE}(?={_REST}{{0,40}}{_SMALL}){_REST}*+"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_PLACES = (
    "Avenue|Church|Clinic|College|Court|Crescent|Drive|Gardens|Hospice|Hospital|Lane|Park|Place"
    "|Prison|Road|School|Square|Street|Surgery|Terrace|University|Ward"
)
_RULES = {
    Why.EMAIL: re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+"),
    Why.BIRTH: re.compile(
        r"\b(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})"
        rf"|\d{{1,2}}(?:st|nd|rd|th)?\.? (?:of )?{_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}})\b"
        r"|\bborn (?:in|on) [\w ]{0,14}?\d{4}\b"
    ),
    Why.PHONE: re.compile(r"(?<![\w/.-])(?:\+\d|\(?0\d)[\d ()/.-]{6,16}\d(?!\w)"),
    Why.POSTCODE: re.compile(
        r"\b(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z] \d[A-Z]\d)\b"
        rf"|\b\d{{5}} {_CAPITAL}"
    ),
    Why.PLACE: re.compile(
        rf"\b(?:\d+[a-z]? )?{_CAPITAL}(?: {_CAPITAL})? (?:{_PLACES})\b"
        rf"|\b{_LARGE}{_REST}{{0,40}}(?:straße|strasse)\b"
    ),
    Why.HONORIFIC: re.compile(
        rf"\b(?:Mrs?|Ms|Miss|Mx|Dr|Prof|Professor|Rev|Sir|Dame|Father|Sister|Herr|Frau|Madame)\b\.?"
        rf" {_CAPITAL}(?: {_CAPITAL})?"
    ),
}
_WORD = re.compile(_CAPITAL)
# Where a capital says nothing: a beginning, after the end of a sentence, in a list, after a quote.
_BEGINS = re.compile(r"(?:^|\n|[.!?…:]['\"”’)]*\s)[\s>#*_“”‘’'\"(–—•-]*(?:\d+[.)]\s+)?$")
_BEFORE = 60
_WORDS = """
Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July
August September October November December Christmas Easter Ramadan Hanukkah Diwali English Zoom
Teams Gibbs Kolb Driscoll Socratic Gestalt I'm I'd I've I'll I’m I’d I’ve I’ll God Internet
"""
_HARMLESS = frozenset(_WORDS.split())


def likely_names(text: str) -> list[Hit]:
    """What may tell who somebody is, each piece once, in the order of the text."""
    taken: list[tuple[int, int, Why]] = []
    held = bytearray(len(text))
    for start, end, why in chain(_by_rule(text), _by_word(text)):
        if held.find(1, start, end) < 0:
            held[start:end] = b"\1" * (end - start)
            taken.append((start, end, why))
    found: dict[tuple[str, Why], int] = {}
    for start, end, why in sorted(taken):
        key = " ".join(text[start:end].split()), why
        found[key] = found.get(key, 0) + 1
    return [Hit(piece, why, times) for (piece, why), times in found.items()]


def _by_rule(text: str) -> Iterable[tuple[int, int, Why]]:
    for why, rule in _RULES.items():
        for match in rule.finditer(text):
            yield match.start(), match.end(), why


def _by_word(text: str) -> Iterator[tuple[int, int, Why]]:
    """Given names wherever they stand; other words with a capital where none is due."""
    for match in _WORD.finditer(text):
        word = re.sub(r"['’]s$", "", match[0])
        end = match.start() + len(word)
        if word.lower() in GIVEN_NAMES:
            yield match.start(), end, Why.GIVEN_NAME
        elif word not in _HARMLESS and not _begins(text, match.start()):
            yield match.start(), end, Why.CAPITAL


def _begins(text: str, at: int) -> bool:
    return (
        _BEGINS.search(text[max(0, at - _BEFORE) : at] if at > _BEFORE else text[:at]) is not None
    )
