"""A mail as data: said once, shown as plain text and as HTML.

All texts are in their reader's language already. A letter is a row of blocks; each says itself in
plain text, and `templates/emails/letter.html` says the same in HTML.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from supervision.domain.invitations import Invitation
from supervision.domain.links import link_token

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    block: Literal["text"] = "text"

    def plain(self) -> str:
        return self.text


@dataclass(frozen=True)
class Fact:
    """One thing that is so: where, or when. A time that stands for itself needs no label."""

    label: str
    value: str

    @property
    def link(self) -> str:
        """The value as something to follow, if it is that."""
        return self.value if _LINK.fullmatch(self.value) else ""

    def plain(self) -> str:
        return f"{self.label}: {self.value}" if self.label else self.value


@dataclass(frozen=True)
class Facts:
    """Facts that belong together; `title` is what they are about, if that must be said."""

    facts: list[Fact]
    title: str = ""
    block: Literal["facts"] = "facts"

    def plain(self) -> str:
        lines = [fact.plain() for fact in self.facts]
        return "\n".join([self.title, *lines] if self.title else lines)


@dataclass(frozen=True)
class Quote:
    """What somebody wrote, after the words that say who."""

    by: str
    text: str
    block: Literal["quote"] = "quote"

    def plain(self) -> str:
        return f"{self.by}\n{self.text}"


@dataclass(frozen=True)
class Items:
    """A list after the words that say of what."""

    title: str
    items: list[str]
    block: Literal["items"] = "items"

    def plain(self) -> str:
        return "\n".join([self.title, *(f"- {item}" for item in self.items)])


@dataclass(frozen=True)
class Action:
    """A link to follow, and what one does there; without words it opens what the mail is about."""

    link: str
    label: str = ""
    block: Literal["action"] = "action"

    def plain(self) -> str:
        return f"{self.label}:\n{self.link}" if self.label else self.link


@dataclass(frozen=True)
class OneTime:
    """A one-time link without its token, which is made when the mail leaves; `page` is where it
    leads.
    """

    page: str
    purpose: str
    link_id: UUID
    label: str = ""
    block: Literal["one-time"] = "one-time"

    @property
    def place(self) -> str:
        """What stands for it in a text."""
        return f"https://one-time.invalid/{self.link_id}"

    def plain(self) -> str:
        return Action(self.page, self.label).plain()

    def with_token(self, secret_key: str) -> Action:
        token = link_token(secret_key, self.purpose, self.link_id)
        return Action(f"{self.page}/{token}", self.label)


Block = Text | Facts | Quote | Items | Action | OneTime


@dataclass(frozen=True)
class Letter:
    """A mail but for its subject and its end. `reason` is the sentence that says why it comes.

    With an `invitation` it puts a session into its reader's calendar, or takes it out again.
    """

    language: str
    blocks: list[Block]
    reason: str = ""
    invitation: Invitation | None = None

    def plain(self) -> str:
        """The blocks as plain text."""
        return "\n\n".join(block.plain() for block in self.blocks) + "\n"


def with_tokens(letter: Letter, secret_key: str) -> Letter:
    """A letter whose one-time links open."""
    blocks: list[Block] = [
        block.with_token(secret_key) if isinstance(block, OneTime) else block
        for block in letter.blocks
    ]
    return replace(letter, blocks=blocks)


def blocks_of(text: str) -> list[Block]:
    """Plain text as blocks: paragraphs, and a link on the last line of one as an action.

    The line before such a link says what one does there, when it ends with a colon.
    """
    chunks = (chunk.strip() for chunk in text.split("\n\n"))
    return [block for chunk in chunks if chunk for block in _blocks(chunk.split("\n"))]


def _blocks(lines: list[str]) -> Iterator[Block]:
    if not _LINK.fullmatch(lines[-1]):
        yield Text("\n".join(lines))
        return
    *before, link = lines
    label = before.pop().removesuffix(":") if before and before[-1].endswith(":") else ""
    if before:
        yield Text("\n".join(before))
    yield Action(link, label)
