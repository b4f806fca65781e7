"""What others share with somebody: the list, and opening one, which leaves a line for its owner."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select

from supervision.db import run, table
from supervision.domain import vault
from supervision.domain.passages import Passage, from_bytes
from supervision.domain.vault import Handed, Keys, Readers
from supervision.errors import NotFound
from supervision.models.notes import Note, Vault
from supervision.models.people import Person
from supervision.models.sharing import KeyPin, Share, ShareOpening, ShareSeal, ShareTaken
from supervision.permissions import Actor
from supervision.services.sharing.contacts import KeyState, key_state
from supervision.services.sharing.openings import note_opening
from supervision.services.sharing.rows import own_pairs

PAGE = 30
_OPENED = (
    select(func.max(ShareOpening.number))
    .where(ShareOpening.share_id == Share.id, ShareOpening.reader_id == bindparam("actor_id"))
    .scalar_subquery()
)
_HANDED = (
    select(table(Share), Person.name, ShareSeal.sealed_key, ShareSeal.signature.label("signed"))
    .join(ShareSeal, ShareSeal.share_id == Share.id)
    .join(Note, Note.id == Share.note_id)
    .join(Person, Person.id == Share.owner_id)
    .where(
        ShareSeal.reader_id == bindparam("actor_id"),
        Note.deleted_at.is_(None),
        ~exists().where(
            ShareTaken.share_id == Share.id, ShareTaken.list_number >= Share.list_number
        ),
    )
)
_ONE = _HANDED.where(Share.id == bindparam("share_id"))
_LIST = (
    _HANDED.with_only_columns(
        Share.id, Person.name, Share.kind, Share.number, Share.changed_at, _OPENED.label("opened")
    )
    .order_by(Share.changed_at.desc(), Share.id)
    .limit(PAGE + 1)
    .offset(bindparam("skipped"))
)
_KEYS = (
    select(Vault.public, Vault.epoch, KeyPin.mac)
    .outerjoin(
        KeyPin, (KeyPin.person_id == Vault.person_id) & (KeyPin.owner_id == bindparam("actor_id"))
    )
    .where(Vault.person_id == bindparam("owner_id"))
)


@dataclass(frozen=True)
class SharedLine:
    """One line of what is shared with somebody. `is_new`: they have not opened this state of it."""

    id: UUID
    owner: str
    kind: str
    changed_at: datetime
    is_new: bool


@dataclass(frozen=True)
class SharedPage:
    """Something shared, opened. `passage` is None when it does not open.

    `owner_keys` says whether the reader knows that the owner wrote it: CHECKED when the two have
    compared their words; UNCHECKED when this server alone vouches; CHANGED, and nothing is opened,
    when the keys are not those that were compared. `others` is how many more may read it.
    """

    id: UUID
    owner_id: UUID
    owner: str
    kind: str
    number: int
    created_at: datetime
    changed_at: datetime
    others: int
    owner_keys: KeyState
    passage: Passage | None


def shared_with(actor: Actor, page: int = 1) -> tuple[list[SharedLine], bool]:
    """A page of what is shared with the actor, the latest first, and whether there is more."""
    values = {"actor_id": actor.id, "skipped": (max(1, page) - 1) * PAGE}
    rows = run(_LIST, values).all()
    lines = [
        SharedLine(row.id, row.name, row.kind, row.changed_at, (row.opened or 0) < row.number)
        for row in rows[:PAGE]
    ]
    return lines, len(rows) > PAGE


def handed_share(actor: Actor, share_id: UUID) -> Any:
    """The row of something that the actor can read now. Raises NotFound."""
    row = run(_ONE, {"actor_id": actor.id, "share_id": share_id}).one_or_none()
    if row is None:
        raise NotFound
    return row


def seen_share(actor: Actor, share_id: UUID) -> None:
    """Whether there is such a thing for the actor, locked or not. Raises NotFound."""
    handed_share(actor, share_id)


def open_share(actor: Actor, at: datetime, keys: Keys, pepper: bytes, share_id: UUID) -> SharedPage:
    """Open something for the actor, and leave a line about it for its owner. Raises NotFound."""
    row = handed_share(actor, share_id)
    state, author = _author(actor, keys, pepper, row.owner_id)
    passage = _open(actor, keys, author, row) if author is not None else None
    if passage is not None:
        note_opening(actor, at, pepper, share_id, row.number)
    return SharedPage(
        row.id,
        row.owner_id,
        row.name,
        row.kind,
        row.number,
        row.created_at,
        row.changed_at,
        max(0, len(vault.listed_ids(row.readers)) - 1),
        state,
        passage,
    )


def _author(
    actor: Actor, keys: Keys, pepper: bytes, owner_id: UUID
) -> tuple[KeyState, vault.PublicKeys | None]:
    """The owner's public keys as the actor may take them: pinned, or vouched for by this server."""
    row = run(_KEYS, {"actor_id": actor.id, "owner_id": owner_id}).one_or_none()
    if row is None:
        return KeyState.NONE, None
    state, public = key_state(actor, keys, owner_id, row.public, row.epoch, row.mac)
    if state is KeyState.UNCHECKED:
        try:
            public = vault.read_public(row.public, owner_id, pepper, row.epoch)
        except vault.Damaged:
            public = None
    return state, public


def _open(actor: Actor, keys: Keys, author: vault.PublicKeys, row: Any) -> Passage | None:
    subject = vault.a_share(row.id, row.note_id, row.owner_id, row.number)
    pairs, handed = own_pairs(actor, keys), Handed(row.sealed_key, row.signed)
    readers = Readers(row.readers, row.list_number)
    try:
        body = vault.open_shared(
            pairs.private, pairs.public, author, subject, readers, row.envelope, handed
        )
    except vault.Damaged:
        return None
    return from_bytes(body)
