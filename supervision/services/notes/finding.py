"""Finding: words in the sealed texts of the catalogue, and notes by what their cards say."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain import vault
from supervision.domain.reflections import Reflection
from supervision.domain.reflections.catalogue import Card, text_ends
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
    fitting = [card for card in held.cards if _fits(card, sought)]
    if terms:
        holding = set(_holding(actor, keys, held, terms))
        fitting = [card for card in fitting if card.note in holding]
    shown, page, pages = page_of(fitting, page)
    lines, whole = lines_of(actor, keys, shown)
    hits = [_hit(line, terms) for line in lines]
    choices = _choices(actor, held.cards)
    return Found(hits, page, pages, len(fitting), held.sound and whole, choices)


def choices(actor: Actor, keys: Keys) -> Choices:
    """What there is to choose from before anything is sought."""
    return _choices(actor, catalogue.catalogue(actor, keys).cards)


def _fits(card: Card, sought: Sought) -> bool:
    tag = sought.tag.casefold()
    return (
        (not sought.template or card.template == sought.template)
        and (not tag or any(one.casefold() == tag for one in card.tags))
        and (sought.roster_id is None or card.roster == sought.roster_id.hex)
        and (sought.session_id is None or card.session == sought.session_id.hex)
        and (sought.since is None or card.day >= sought.since.isoformat())
        and (sought.until is None or card.day <= sought.until.isoformat())
    )


def _holding(actor: Actor, keys: Keys, held: Catalogue, terms: list[str]) -> Iterator[str]:
    """The notes whose texts hold every term, by id."""
    needles = [term.encode() for term in terms]
    try:
        if held.root is None:
            raise vault.Damaged("root")
        for number, body in catalogue.segment_bodies(actor, keys, held.root, Part.TEXT):
            for place in scan(body, text_ends, needles):
                yield held.segments[number][place].note
    except vault.Damaged:
        for entry in catalogue.entries(actor, keys, shelf(actor, keys)):
            if all(needle in entry.text for needle in needles):
                yield entry.card.note


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


def _choices(actor: Actor, cards: list[Card]) -> Choices:
    tags = Counter(tag.casefold() for card in cards for tag in card.tags)
    as_written = {tag.casefold(): tag for card in cards for tag in card.tags}
    rosters = {UUID(card.roster) for card in cards if card.roster}
    rows = run(_ROSTERS, {"actor_id": actor.id, "ids": list(rosters)}) if rosters else ()
    return Choices(
        sorted({card.template for card in cards if card.template}),
        [as_written[tag] for tag, _ in tags.most_common()],
        [(row.id, row.title) for row in rows],
    )
