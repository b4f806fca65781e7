"""With whom somebody can share, and whether the two have compared their eight words."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import aliased

from supervision.db import db, run
from supervision.domain import vault
from supervision.domain.vault import Keys, PublicKeys
from supervision.errors import N_, Conflict, NotFound
from supervision.models.notes import Vault
from supervision.models.people import Person
from supervision.models.rosters import Membership, MemberState, Roster, RosterState
from supervision.models.sharing import KeyPin, ShareComment, ShareSeal, ShareTaken
from supervision.permissions import Actor
from supervision.services.audit import Act, record

MOVED_ON = N_("The words changed while you compared them. Please read the new ones to each other.")
STRANGE = N_("A stored key is not what this server once wrote. Tell your organiser.")
_mine = aliased(Membership)
_PEOPLE = (
    select(
        *(Person.id, Person.name, Vault.public, Vault.epoch, KeyPin.mac, KeyPin.checked_at),
        *(Roster.id.label("roster_id"), Roster.title),
    )
    .join(Membership, Membership.person_id == Person.id)
    .join(_mine, _mine.roster_id == Membership.roster_id)
    .join(Roster, Roster.id == Membership.roster_id)
    .outerjoin(Vault, Vault.person_id == Person.id)
    .outerjoin(KeyPin, (KeyPin.person_id == Person.id) & (KeyPin.owner_id == bindparam("actor_id")))
    .where(
        _mine.person_id == bindparam("actor_id"),
        Person.id != bindparam("actor_id"),
        _mine.state == MemberState.ACTIVE,
        Membership.state == MemberState.ACTIVE,
        Roster.state == RosterState.ACTIVE,
    )
    .order_by(Roster.title, Roster.id, Person.name, Person.id)
)
_KNOWN = (
    select(Person.id, Person.name, Vault.public, Vault.epoch, KeyPin.mac, KeyPin.checked_at)
    .outerjoin(Vault, Vault.person_id == Person.id)
    .outerjoin(KeyPin, (KeyPin.person_id == Person.id) & (KeyPin.owner_id == bindparam("actor_id")))
    .where(Person.id.in_(bindparam("ids", expanding=True)))
    .order_by(Person.name, Person.id)
)
_ONE = _PEOPLE.where(Person.id == bindparam("person_id")).limit(1)


class KeyState(StrEnum):
    """NONE: no vault yet. CHANGED: the keys are not those that were compared."""

    NONE = "none"
    UNCHECKED = "unchecked"
    CHANGED = "changed"
    CHECKED = "checked"


@dataclass(frozen=True)
class Contact:
    """Somebody who is in a roster with the actor now. `public` is there when CHECKED."""

    id: UUID
    name: str
    state: KeyState
    checked_at: datetime | None = None
    public: PublicKeys | None = None


@dataclass(frozen=True)
class Circle:
    """A roster of the actor's, with the others who are in it now."""

    id: UUID
    title: str
    people: list[Contact]


@dataclass(frozen=True)
class Choice:
    """Who was chosen: those that can be given something, and those whose words must come first."""

    readers: list[Contact]
    left_out: list[Contact]


@dataclass(frozen=True)
class Compared:
    """What two people read to each other. `name` stands for these very words."""

    contact: Contact
    words: list[str]
    name: str


def circles_of(actor: Actor, keys: Keys) -> list[Circle]:
    """The actor's rosters with the people in them, by title and name, in one statement."""
    found: dict[UUID, Circle] = {}
    known: dict[UUID, Contact] = {}
    for row in run(_PEOPLE, {"actor_id": actor.id}):
        if row.id not in known:
            known[row.id] = _contact(actor, keys, row)
        circle = found.setdefault(row.roster_id, Circle(row.roster_id, row.title, []))
        circle.people.append(known[row.id])
    return list(found.values())


def people_of(circles: Iterable[Circle]) -> dict[UUID, Contact]:
    """Everybody in these circles, each once."""
    return {one.id: one for circle in circles for one in circle.people}


def choice_of(
    circles: Iterable[Circle], people: Collection[UUID], rosters: Collection[UUID]
) -> Choice:
    """The people meant by these ids, singly and as whole rosters.

    Raises NotFound for somebody, or a roster, that is not the actor's.
    """
    circles = list(circles)
    known, by_roster = people_of(circles), {circle.id: circle.people for circle in circles}
    if not (set(people) <= known.keys() and set(rosters) <= by_roster.keys()):
        raise NotFound
    chosen = {person_id: known[person_id] for person_id in people}
    for roster_id in rosters:
        chosen |= {one.id: one for one in by_roster[roster_id]}
    ready = [one for one in chosen.values() if one.state is KeyState.CHECKED]
    return Choice(ready, [one for one in chosen.values() if one.state is not KeyState.CHECKED])


def known_people(actor: Actor, keys: Keys, ids: Collection[UUID]) -> dict[UUID, Contact]:
    """People by id, whether or not they are in a roster with the actor, in order of their names."""
    rows = run(_KNOWN, {"actor_id": actor.id, "ids": list(ids)})
    return {row.id: _contact(actor, keys, row) for row in rows}


def contact(actor: Actor, keys: Keys, person_id: UUID) -> Contact:
    """Somebody of the actor's rosters. Raises NotFound for everybody else."""
    return _contact(actor, keys, _row(actor, person_id))


def seen_contact(actor: Actor, person_id: UUID) -> None:
    """Whether there is such a person in a roster of the actor's. Raises NotFound."""
    _row(actor, person_id)


def compare(actor: Actor, keys: Keys, pepper: bytes, person_id: UUID) -> Compared:
    """The eight words of the actor and somebody of their rosters.

    Raises NotFound, and Conflict where there are no keys to compare.
    """
    row = _row(actor, person_id)
    own, theirs = _both(actor, keys, pepper, row)
    name = vault.record_hash(theirs).hex()
    return Compared(_contact(actor, keys, row), vault.words_of(own, theirs), name)


def keep_check(
    actor: Actor, at: datetime, keys: Keys, pepper: bytes, person_id: UUID, name: str
) -> None:
    """The words were the same: pin the keys that `name` (of `Compared`) stands for.

    Raises NotFound, and Conflict when the keys changed since the words were shown.
    """
    _own, theirs = _both(actor, keys, pepper, _row(actor, person_id))
    if vault.record_hash(theirs).hex() != name:
        raise Conflict(MOVED_ON)
    db.session.merge(
        KeyPin(
            owner_id=actor.id,
            person_id=person_id,
            epoch=theirs.epoch,
            mac=vault.pin_contact(keys, actor.id, theirs),
            checked_at=at,
        )
    )
    db.session.flush()
    record(Act.SHARE_KEY_CHECK, at, actor.id, person_id)


def _both(actor: Actor, keys: Keys, pepper: bytes, row: Any) -> tuple[PublicKeys, PublicKeys]:
    """The actor's own public keys and a contact's, as this server once wrote them."""
    mine = db.session.get(Vault, actor.id)
    if row.public is None or mine is None:
        raise Conflict(N_("%(name)s has no vault yet."), name=row.name)
    try:
        own = vault.read_public(mine.public, actor.id, pepper, mine.epoch)
        vault.open_private(keys, mine.private, own)
        return own, vault.read_public(row.public, row.id, pepper, row.epoch)
    except vault.Damaged:
        raise Conflict(STRANGE) from None


def forget_keys(person_id: UUID) -> None:
    """A vault is gone for good, and with it what was sealed to it and what it signed or pinned."""
    db.session.execute(delete(ShareSeal).where(ShareSeal.reader_id == person_id))
    db.session.execute(delete(ShareComment).where(ShareComment.author_id == person_id))
    db.session.execute(delete(KeyPin).where(KeyPin.owner_id == person_id))
    db.session.execute(delete(ShareTaken).where(ShareTaken.owner_id == person_id))


def _row(actor: Actor, person_id: UUID) -> Any:
    row = run(_ONE, {"actor_id": actor.id, "person_id": person_id}).one_or_none()
    if row is None:
        raise NotFound
    return row


def _contact(actor: Actor, keys: Keys, row: Any) -> Contact:
    state, public = key_state(actor, keys, row.id, row.public, row.epoch, row.mac)
    return Contact(row.id, row.name, state, row.checked_at, public)


def key_state(
    actor: Actor,
    keys: Keys,
    person_id: UUID,
    public: bytes | None,
    epoch: int | None,
    pin: bytes | None,
) -> tuple[KeyState, PublicKeys | None]:
    """How somebody's keys stand with the actor; the keys themselves when they were compared."""
    if public is None or epoch is None:
        return KeyState.NONE, None
    if pin is None:
        return KeyState.UNCHECKED, None
    try:
        found = vault.read_pinned(keys, actor.id, pin, public, person_id, epoch)
    except vault.Damaged:
        return KeyState.CHANGED, None
    return KeyState.CHECKED, found
