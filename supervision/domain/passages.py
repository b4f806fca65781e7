"""What of a reflection is shared: a chosen passage, or all that was answered.

The client code, the ticks, the session and the times stay with the writer: they are for nobody
else.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from supervision.domain.reflections import TEMPLATES, Kind, Prompt, Section, Value, Words

LONGEST = 50_000
KEPT_BACK = frozenset({"client_code"})
_BETWEEN = re.compile(r"\n[ \t]*\n")


class ShareKind(StrEnum):
    """PASSAGE and REVISION stay as they were shared; FOLLOW is sealed anew at each save."""

    PASSAGE = "passage"
    REVISION = "revision"
    FOLLOW = "follow"


@dataclass(frozen=True)
class Block:
    """A piece of Markdown under what was asked; `labels` are a template's marked texts."""

    labels: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Passage:
    """What a reader sees."""

    title: str
    blocks: tuple[Block, ...]


def whole(words: Words) -> Passage:
    """All that was answered."""
    return Passage(words.title, tuple(_answers(words)))


def own_words(text: str) -> Passage:
    """A passage without a title, which may say more than its writer means to."""
    return Passage("", (Block((), text.strip()),))


def paragraphs(words: Words) -> list[Block]:
    """What can be chosen from: each paragraph of each answer."""
    return [
        Block(block.labels, part.strip())
        for block in _answers(words)
        for part in _BETWEEN.split(block.text)
        if part.strip()
    ]


def chosen_text(words: Words, chosen: set[int]) -> str:
    """The paragraphs with these places in `paragraphs`, as one text."""
    found = paragraphs(words)
    return "\n\n".join(block.text for at, block in enumerate(found) if at in chosen)


def text_of(passage: Passage) -> str:
    """All that a reader would read, to look through it."""
    return "\n\n".join([passage.title, *(block.text for block in passage.blocks)]).strip()


def _answers(words: Words) -> Iterator[Block]:
    for section in TEMPLATES[words.template].sections:
        for prompt in section.prompts:
            text = _text(prompt, words.fields.get(prompt.key))
            if text and prompt.key not in KEPT_BACK:
                yield Block(_labels(section, prompt), text)


def _labels(section: Section, prompt: Prompt) -> tuple[str, ...]:
    """A scale of the three systems says whose it is in its hint."""
    if section.key == "systems" and prompt.kind is Kind.SCALE:
        return prompt.label, prompt.hint
    return (prompt.label,)


def _text(prompt: Prompt, value: Value | None) -> str:
    if value is None or prompt.kind is Kind.TICK:
        return ""
    return f"{value}/10" if prompt.kind is Kind.SCALE else str(value).strip()


def to_bytes(passage: Passage) -> bytes:
    """What is sealed, as UTF-8 JSON."""
    blocks = [[list(block.labels), block.text] for block in passage.blocks]
    return json.dumps([passage.title, blocks], ensure_ascii=False, separators=(",", ":")).encode()


def from_bytes(body: bytes) -> Passage:
    """The passage again. Bytes that were sealed here are always whole."""
    title, blocks = json.loads(body)
    return Passage(title, tuple(Block(tuple(labels), text) for labels, text in blocks))
