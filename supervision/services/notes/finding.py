"""Finding: words in the sealed texts of the catalogue, and notes by what their cards say."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain import vault
from supervision.domain.reflections import Reflection
from supervision.domain.reflections.catalogue import Cards, text_ends
from supervision.domain.reflections.searching import (
    Piece,
    fold,
    marked,
    scan,
    snippet,
    terms_of,
)
from supervision.domain.vault import Keys, Part
from supervision.models.rosters import Membership, Roster
from supervision.permissions import Actor
from supervision.services.notes import catalogue
from supervision.services.notes.catalogue import Catalogue
from supervision.services.notes.entries import entries
from supervision.services.notes.links import SEEN
from supervision.services.notes.reading import NoteLine, lines_of, page_of
from supervision.services.notes.rows import shelf

SNIPPETS = 2
_ROSTERS = (
    select(Roster.id, Roster.title)
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        Membership.person_id == bindparam("actor_id"),
        Membership.state.in_(SEEN),
        Roster.id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(Roster.title)
    .distinct()
)


@dataclass(frozen=True)
class Sought:
    """What somebody looks for; what is empty does not matter. Days include both ends."""

    query: str = ""
    template: str = ""
    tag: str = ""
    roster_id: UUID | None = None
    session_id: UUID | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Hit:
    """A note that was found: its title, and where the words stand in it."""

    line: NoteLine
    title: list[Piece]
    snippets: list[list[Piece]]


@dataclass(frozen=True)
class Choices:
    """What there is to choose from, in this person's notes: templates, tags by how often, rosters
    by title."""

    templates: list[str]
    tags: list[str]
    rosters: list[tuple[UUID, str]]


@dataclass(frozen=True)
class Found:
    """A page of hits, the latest begun first. `sound` as in `NotesPage`."""

    hits: list[Hit]
    page: int
    pages: int
    total: int
    sound: bool
    choices: Choices = field(default_factory=lambda: Choices([], [], []))


def find_notes(actor: Actor, keys: Keys, sought: Sought, page: int = 1) -> Found:
    """The notes that hold every word and fit every choice.

    Words are looked for in the catalogue's sealed texts, without case and accents.
    """
    held, terms = catalogue.catalogue(actor, keys), terms_of(sought.query)
    places = _fitting(held.cards, sought)
    if terms:
        holding = _holding(actor, keys, held, terms)
        places = [place for place in places if place in holding]
    total = len(places)
    shown, page, pages = page_of(held.cards, places, page)
    lines, whole = lines_of(actor, keys, shown)
    hits = [_hit(line, terms) for line in lines]
    offered = _choices(actor, held.cards)
    return Found(hits, page, pages, total, held.sound and whole, offered)


def choices(actor: Actor, keys: Keys) -> Choices:
    """What there is to choose from before anything is sought."""
    return _choices(actor, catalogue.catalogue(actor, keys).cards)


def _fitting(cards: Cards, sought: Sought) -> list[int]:
    """The places of the cards that fit every choice."""
    tag = sought.tag.casefold()
    tests: list[tuple[str, Callable[[Any], bool]]] = []
    if sought.template:
        tests.append(("template", sought.template.__eq__))
    if tag:
        tests.append(("tags", lambda tags: any(one.casefold() == tag for one in tags)))
    for name, wanted in (("roster", sought.roster_id), ("session", sought.session_id)):
        if wanted is not None:
            tests.append((name, wanted.hex.__eq__))
    if sought.since is not None:
        tests.append(("day", sought.since.isoformat().__le__))
    if sought.until is not None:
        tests.append(("day", sought.until.isoformat().__ge__))
    places = list(range(len(cards)))
    for name, fits in tests:
        column = cards.column(name)
        places = [place for place in places if fits(column[place]) is True]
    return places


def _holding(actor: Actor, keys: Keys, held: Catalogue, terms: list[str]) -> set[int]:
    """The places of the cards whose texts hold every term."""
    needles = [term.encode() for term in terms]
    try:
        if held.root is None:
            raise vault.Damaged("root")
        bodies = catalogue.segment_bodies(actor, keys, held.root, Part.TEXT)
        return {
            start + place
            for start, body in zip(held.cards.starts, bodies, strict=True)
            for place in scan(body, text_ends, needles)
        }
    except vault.Damaged:
        found = {
            entry.card.note
            for entry in entries(actor, keys, shelf(actor, keys))
            if all(needle in entry.text for needle in needles)
        }
        return {at for at, note in enumerate(held.cards.column("note")) if note in found}


def _hit(line: NoteLine, terms: list[str]) -> Hit:
    if line.reflection is None:
        return Hit(line, [], [])
    words = line.reflection.words
    return Hit(line, marked(words.title, terms), _snippets(line.reflection, terms))


def _snippets(one: Reflection, terms: list[str]) -> list[list[Piece]]:
    """The first places in its answers where something was found."""
    texts = [value for value in one.words.fields.values() if isinstance(value, str)]
    held = (text for text in texts if any(term in fold(text) for term in terms))
    return [snippet(text, terms) for text in islice(held, SNIPPETS)]


def _choices(actor: Actor, cards: Cards) -> Choices:
    tags = Counter(chain.from_iterable(cards.column("tags")))
    as_written: dict[str, str] = {}
    for tag, _ in tags.most_common():
        as_written.setdefault(tag.casefold(), tag)
    rosters = [UUID(roster) for roster in set(cards.column("roster")) if roster]
    rows = run(_ROSTERS, {"actor_id": actor.id, "ids": rosters}) if rosters else ()
    return Choices(
        sorted(template for template in set(cards.column("template")) if template),
        list(as_written.values()),
        [(row.id, row.title) for row in rows],
    )
