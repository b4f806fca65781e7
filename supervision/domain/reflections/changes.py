"""What changed between two states of a reflection, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from supervision.domain.reflections.offered import template_of, with_kept
from supervision.domain.reflections.parts import SYSTEMS
from supervision.domain.reflections.words import Value, Words

# Comparing takes time with the product of both sides: past this, lines are compared.
_MOST = 4_000_000
_WORDS, _LINES = re.compile(r"\s*\S+|\s+$"), re.compile(r"[^\n]*\n|[^\n]+$")
_LONG, _EDGE = 300, 110
_OF_SYSTEMS = tuple(f"{system}_" for system in SYSTEMS)


class Way(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


class Change(NamedTuple):
    """A stretch of text, and what became of it."""

    way: Way
    text: str


class FieldChange(NamedTuple):
    """What changed under one prompt. `label` is a msgid, empty for the title; so is `whose`, for
    the three systems alone."""

    label: str
    changes: list[Change]
    whose: str = ""


def changed_fields(old: Words, new: Words) -> list[FieldChange]:
    """The title and every answer that is not as it was, in the order of the newer template."""
    found = [FieldChange("", changes(old.title, new.title))] if old.title != new.title else []
    every = with_kept(template_of(new.template), {**new.fields, **old.fields})
    for prompt in every.prompts:
        before, after = (_told(words.fields.get(prompt.key)) for words in (old, new))
        if before != after:
            whose = prompt.hint if prompt.key.startswith(_OF_SYSTEMS) else ""
            found.append(FieldChange(prompt.label, changes(before, after), whose))
    return found


def _told(value: Value | None) -> str:
    if value is True:
        return "✓"
    return "" if value is None else str(value)


def changes(old: str, new: str) -> list[Change]:
    """From old to new: stretches that stayed, went and came; what stayed is cut short inside."""
    before, after = _parts(old, new)
    found: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Change(Way.SAME, "".join(before[a:b])))
            continue
        if a < b:
            found.append(Change(Way.GONE, "".join(before[a:b])))
        if c < d:
            found.append(Change(Way.NEW, "".join(after[c:d])))
    return list(_shortened(found))


def _parts(old: str, new: str) -> tuple[list[str], list[str]]:
    for pattern in (_WORDS, _LINES):
        before, after = pattern.findall(old), pattern.findall(new)
        if len(before) * len(after) <= _MOST:
            return before, after
    return [old], [new]


def _shortened(found: list[Change]) -> Iterator[Change]:
    for place, change in enumerate(found):
        if change.way is not Way.SAME or len(change.text) <= _LONG:
            yield change
            continue
        first = change.text[:_EDGE].rpartition(" ")[0] + " …" if place else "…"
        last = "… " + change.text[-_EDGE:].partition(" ")[2] if place < len(found) - 1 else ""
        yield Change(Way.SAME, f"{first} {last}")
