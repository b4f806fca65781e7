"""Somebody with very many notes: finding a word in them, and the pages that list and find."""

import gc
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask
from sqlalchemy import delete, insert, select

from supervision import clock
from supervision.db import db, run, table, writing
from supervision.domain import vault
from supervision.domain.reflections import Reflection, Words, to_bytes
from supervision.domain.reflections.catalogue import text_ends
from supervision.domain.reflections.searching import scan, terms_of
from supervision.domain.vault import Keys, Part, Row
from supervision.models.notes import Note, NoteIndex, NoteRevision
from supervision.permissions import Actor
from supervision.services import heads, notes
from supervision.services.notes import Sought, catalogue
from tests import factories
from tests.support.client import Client
from tests.support.vaults import enter, furnish

SYLLABLES = (
    "ba",
    "co",
    "di",
    "fu",
    "ge",
    "ho",
    "ji",
    "ka",
    "lo",
    "mu",
    "ne",
    "pi",
    "ro",
    "su",
    "ti",
    "ve",
)
NEEDLE = "heron umbrella"


@dataclass
class Writer:
    """Somebody whose vault is open, in the application's own process."""

    app: Flask
    actor: Actor
    keys: Keys
    client: Client

    def find(self) -> None:
        """One rare phrase in all notes, as the page asks for it."""
        with self.app.app_context():
            found = notes.find_notes(self.actor, self.keys, Sought(NEEDLE))
            assert found.total == 1
            db.session.remove()

    def scanning(self) -> Callable[[], None]:
        """Opening the sealed texts, as they are read, and looking for the phrase."""
        with self.app.app_context():
            found = catalogue.standing(self.actor, self.keys)
            assert found is not None
            values = {"owner_id": self.actor.id, "part": Part.TEXT}
            sealed = [row.envelope for row in run(catalogue.SEGMENTS, values)]
            db.session.remove()
        terms = [term.encode() for term in terms_of(NEEDLE)]

        def act() -> None:
            for number, segment in enumerate(found.root.segments):
                place = (Part.TEXT, number, segment.counter)
                body = vault.open_index(self.keys, self.actor.id, *place, sealed[number])
                scan(body, text_ends, terms)

        return act

    def page(self, path: str) -> Callable[[], None]:
        def ask() -> None:
            assert self.client.get(path).status_code == 200

        return ask

    def find_page(self) -> None:
        assert self.client.send("/notes/find", {"query": NEEDLE}).status_code == 200


def writer(app: Flask) -> Writer:
    """Somebody new, with a vault and no note; what is loaded is frozen, as the server does it."""
    gc.collect()
    gc.freeze()
    with app.app_context():
        actor = factories.person(f"writer-{uuid4().hex[:8]}")
        keys = furnish(actor)
        client = enter(Client(app, app.response_class, use_cookies=True), actor)
        return Writer(app, actor, keys, client)


def fill(who: Writer, many: int) -> None:
    """So many notes of 2 KB, one every four hours; one of them holds the needle."""
    chance = random.Random(many)
    with who.app.app_context(), writing():
        row = heads.lock_vault(who.actor.id)
        mine = select(Note.id).where(Note.owner_id == who.actor.id)
        db.session.execute(delete(NoteRevision).where(NoteRevision.note_id.in_(mine)))
        db.session.execute(delete(Note).where(Note.owner_id == who.actor.id))
        counted = [_add(who, chance, n, many) for n in range(many)]
        head = vault.head_of(
            who.keys, counted, row.head_counter + 1, heads.open_head(row, who.keys).bound
        )
        heads.keep_head(row, who.keys, head)
        catalogue.write_anew(who.actor, row, who.keys)


def _add(who: Writer, chance: random.Random, n: int, many: int) -> Row:
    note_id, at = uuid4(), clock.now() - timedelta(hours=4 * (many - n))
    words = [_word(chance) for _ in range(330)] + [NEEDLE] * (n == many // 2)
    fields = {"reflection": " ".join(words), "tags": chance.choice(["calm", "shame", "pace"])}
    one = Reflection(Words("free", f"Day {n}", fields), at, at, uuid4())
    sealed = vault.seal_revision(who.keys, who.actor.id, note_id, 1, vault.FIRST, to_bytes(one))
    _insert(who.actor.id, note_id, at.date(), sealed)
    return Row(note_id, 1, sealed.hash)


def _insert(owner_id: UUID, note_id: UUID, day: object, sealed: vault.Sealed) -> None:
    run(insert(table(Note)), {"id": note_id, "owner_id": owner_id, "created_on": day})
    values = {"note_id": note_id, "number": 1, "epoch": 1}
    run(insert(table(NoteRevision)), values | sealed._asdict())


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(SYLLABLES, k=chance.randint(2, 3)))


def one_piece(who: Writer) -> Callable[[], object]:
    """Decrypting as many bytes as the person's texts are sealed in, at once."""
    with who.app.app_context():
        sizes = db.session.scalars(
            select(NoteIndex.envelope).where(
                NoteIndex.owner_id == who.actor.id, NoteIndex.part == Part.TEXT
            )
        )
        total = sum(map(len, sizes))
        db.session.remove()
    cipher, nonce = AESGCM(AESGCM.generate_key(256)), os.urandom(12)
    sealed = cipher.encrypt(nonce, bytes(total), None)
    return lambda: cipher.decrypt(nonce, sealed, None)
