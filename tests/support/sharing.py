"""People with open vaults who have compared their words, and what they share."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from supervision.db import db, writing
from supervision.domain import vault
from supervision.domain.passages import Passage, ShareKind, own_words
from supervision.domain.reflections import Words
from supervision.domain.vault import Keys
from supervision.models.notes import Vault
from supervision.permissions import Actor
from supervision.services import notes, sharing
from supervision.services.notes import Edit
from supervision.services.sharing import Gift
from tests import factories
from tests.factories import House
from tests.support.vaults import furnish, pepper

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BASE = "https://s.example"
TEXT = "I hurried M. again, and saw it too late."


@dataclass(frozen=True)
class Open:
    """The house with the vaults of Alice, Bob and Carol open. Bob writes; the others read."""

    house: House
    alice: Actor
    bob: Actor
    carol: Actor
    keys: dict[UUID, Keys]

    def of(self, actor: Actor) -> Keys:
        return self.keys[actor.id]


def opened() -> Open:
    """Nobody has compared words yet."""
    house = factories.house()
    keys = {one.id: furnish(one) for one in (house.alice, house.bob, house.carol)}
    return Open(house, house.alice, house.bob, house.carol, keys)


def compare(place: Open, one: Actor, other: Actor) -> None:
    """`one` finds that the words are the same as `other`'s."""
    row = db.session.scalars(select(Vault).where(Vault.person_id == other.id)).one()
    name = vault.record_hash(vault.read_public(row.public, other.id, pepper())).hex()
    with writing():
        sharing.keep_check(one, AT, place.of(one), pepper(), other.id, name)


def compare_all(place: Open) -> None:
    """Bob with both readers, and they with him."""
    for reader in (place.alice, place.carol):
        compare(place, place.bob, reader)
        compare(place, reader, place.bob)


def write(place: Open, text: str = TEXT, edit: Edit | None = None, at: datetime = AT) -> UUID:
    """A free page of Bob's, new or saved again."""
    edit = edit or Edit(uuid4(), uuid4(), 0)
    words = Words("free", "After the hour", {"reflection": text})
    with writing():
        notes.save_note(place.bob, at, place.of(place.bob), edit, words)
    return edit.note_id


def give(
    place: Open,
    note_id: UUID,
    *readers: Actor,
    passage: Passage | None = None,
    kind: ShareKind = ShareKind.PASSAGE,
) -> UUID:
    """Bob shares a passage with people; returns the share's id."""
    bob, share_id = place.bob, uuid4()
    gift = Gift(share_id, note_id, kind, passage or own_words(TEXT))
    with writing():
        circles = sharing.circles_of(bob, place.of(bob))
        choice = sharing.choice_of(circles, {one.id for one in readers}, set())
        sharing.share(bob, AT, place.of(bob), gift, choice, BASE)
    return share_id


def read(place: Open, who: Actor, share_id: UUID, at: datetime = AT) -> str | None:
    """What a reader reads of it; None when it does not open. Raises NotFound."""
    with writing():
        found = sharing.open_share(who, at, place.of(who), pepper(), share_id)
    db.session.expire_all()
    return found.passage.blocks[0].text if found.passage else None
