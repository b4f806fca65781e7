"""What a reflection holds, what can be saved of it, and the bytes that are sealed.

A template is versioned: a note keeps the version it was written in, so that its words can be
bettered without touching what was written.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from supervision.domain.reflections.offered import TEMPLATES, template_of, with_kept
from supervision.domain.reflections.parts import Kind, is_key
from supervision.domain.reflections.searching import fold
from supervision.errors import N_, Invalid

LONGEST_TITLE = 200
LONGEST_LINE = 300
LONGEST_TEXT = 50_000
LONGEST_ALL = 400_000
MOST_FIELDS = 200
MOST_TAGS = 12
MOST_ASKS = 20
SCALE = range(11)
Value = str | int | bool
# A line to take along: it begins with an arrow, in a list or not. Blanks at its end are cut later:
# to look for them here would take the square of their number.
_ASK = re.compile(r"^([ \t]*(?:[-*] )?)(?:->|→)[ \t]*(\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Words:
    """What somebody wrote. `fields` holds what was filled in, by the prompts' keys."""

    template: str
    title: str
    fields: Mapping[str, Value]
    session_id: UUID | None = None

    @cached_property
    def folded(self) -> bytes:
        """The texts as they are looked for, one on a line. Slow (10 ms for a long one): kept."""
        texts = (value for value in self.fields.values() if isinstance(value, str))
        return "\n".join(fold(text) for text in (self.title, *texts)).encode()


@dataclass(frozen=True)
class Reflection:
    """One saved state: the words, when they were begun and written, by which open editor.

    `auto`: kept while typing; the same editor's next save takes its place.
    """

    words: Words
    begun_at: datetime
    written_at: datetime
    editor: UUID
    auto: bool = False
    version: int = field(default=1)


def ready(words: Words) -> Words:
    """The words, folded by now: for whoever is about to hold up all others. Raises Invalid."""
    check_size(words)
    _ = words.folded
    return words


def check(words: Words) -> None:
    """Raises Invalid for a title or text that is missing, too long, or no value of its prompt."""
    if not words.title.strip():
        raise Invalid("title", N_("Give it a title. A word is enough, and only you will see it."))
    check_loosely(words)
    if not any(isinstance(text, str) and text.strip() for text in words.fields.values()):
        raise Invalid("reflection", N_("There is nothing here yet. Write a few words first."))


def check_loosely(words: Words) -> None:
    """What an unfinished page must keep: sizes and kinds. Raises Invalid."""
    if len(words.title) > LONGEST_TITLE:
        raise Invalid("title", N_("Keep the title to %(max)s characters."), max=LONGEST_TITLE)
    if words.template not in TEMPLATES:
        raise Invalid("template", N_("Choose one of the templates."))
    check_size(words)
    whole = with_kept(TEMPLATES[words.template], words.fields)
    kinds = {prompt.key: prompt.kind for prompt in whole.prompts}
    for key, value in words.fields.items():
        known = is_key(key) and len(words.fields) <= MOST_FIELDS
        if not known or not _fits(kinds[key], value):
            raise Invalid(key, N_("This cannot be taken as it is."))


def check_size(words: Words) -> None:
    """Raises Invalid for more than one reflection takes."""
    if sum(len(value) for value in words.fields.values() if isinstance(value, str)) > LONGEST_ALL:
        raise Invalid(None, N_("This is more than one reflection takes. Go on in another one."))


def is_blank(words: Words) -> bool:
    """Whether nothing was written yet, whatever the title."""
    return not any(
        value.strip() if isinstance(value, str) else value is not None
        for value in words.fields.values()
    )


def _fits(kind: Kind, value: Value) -> bool:
    if kind is Kind.TICK:
        return value is True
    if kind is Kind.SCALE:
        return type(value) is int and value in SCALE
    if kind is Kind.DATE:
        return isinstance(value, str) and _is_date(value)
    limit = LONGEST_TEXT if kind is Kind.TEXT else LONGEST_LINE
    return isinstance(value, str) and len(value) <= limit


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# -- what is read out of a text ------------------------------------------------------------


def count_words(words: Words) -> int:
    """How many words the answers hold, the title left out."""
    return sum(len(value.split()) for value in words.fields.values() if isinstance(value, str))


def tags_of(words: Words) -> list[str]:
    """The tags, each once, as they were written; two that differ in case alone are one."""
    text = words.fields.get("tags")
    found: dict[str, str] = {}
    for part in text.split(",") if isinstance(text, str) else ():
        tag = " ".join(part.strip().lstrip("#").split())
        if tag:
            found.setdefault(tag.casefold(), tag)
    return list(found.values())[:MOST_TAGS]


def asks_of(words: Words) -> list[str]:
    """What to take to supervision: lines that begin with an arrow, and a ticked note's title."""
    found: dict[str, None] = {}
    for value in words.fields.values():
        if isinstance(value, str):
            found |= dict.fromkeys(_ask(line[1]) for line in _ASK.findall(value))
    if words.fields.get("supervision") is True:
        found[words.title] = None
    return list(found)[:MOST_ASKS]


def _ask(text: str) -> str:
    return text.rstrip(" \t")[:LONGEST_LINE]


def with_arrows(text: str) -> str:
    """The text as it is read: what is to be taken along has a real arrow."""
    return _ASK.sub(r"\1→ \2", text)


def without_ask(words: Words, ask: str) -> Words:
    """The words after something was taken up: its arrow has become a tick."""

    def settled(line: re.Match[str]) -> str:
        return f"{line[1]}✓ {line[2]}" if _ask(line[2]) == ask else line[0]

    fields = {
        key: _ASK.sub(settled, value) if isinstance(value, str) else value
        for key, value in words.fields.items()
    }
    if ask == words.title:
        fields.pop("supervision", None)
    return replace(words, fields=fields)


def both(first: Words, second: Words) -> Words:
    """Two states of one reflection put together: where texts differ, the second follows the
    first; of anything else, and of the title, the second's counts."""
    fields = {**first.fields, **second.fields}
    kinds = {p.key: p.kind for p in with_kept(template_of(second.template), fields).prompts}
    for key, value in fields.items():
        former = first.fields.get(key)
        if kinds[key] is Kind.TEXT and former not in {None, value}:
            fields[key] = f"{former}\n\n---\n\n{value}"[:LONGEST_TEXT]
    return replace(second, fields=fields)


# -- the sealed bytes ----------------------------------------------------------------------


def to_bytes(reflection: Reflection) -> bytes:
    """All that is private about one saved state, as UTF-8 JSON."""
    words = reflection.words
    return json.dumps(
        {
            "v": reflection.version,
            "template": words.template,
            "title": words.title,
            "fields": dict(words.fields),
            "session": words.session_id.hex if words.session_id else None,
            "begun": reflection.begun_at.isoformat(),
            "written": reflection.written_at.isoformat(),
            "editor": reflection.editor.hex,
            "auto": reflection.auto,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def from_bytes(body: bytes) -> Reflection:
    """The saved state again. Bytes that were sealed here are always whole."""
    found = json.loads(body)
    session = found["session"]
    words = Words(
        found["template"], found["title"], found["fields"], UUID(session) if session else None
    )
    return Reflection(
        words,
        datetime.fromisoformat(found["begun"]),
        datetime.fromisoformat(found["written"]),
        UUID(found["editor"]),
        found["auto"],
        found["v"],
    )
