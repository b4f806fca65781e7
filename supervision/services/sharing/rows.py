"""The stored rows of shares, and the actor's own pairs of keys."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.passages import Passage, from_bytes, to_bytes
from supervision.domain.vault import Keys, PrivateKeys, PublicKeys, Readers, Sealed, Subject
from supervision.errors import N_, Conflict, NotFound
from supervision.models.notes import Note, Vault
from supervision.models.sharing import Share, ShareSeal, ShareTaken
from supervision.permissions import Actor

ALTERED = N_(
    "What is stored about your keys or this share is not what you left there, so nothing was done. "
    "Tell your organiser."
)

NOBODY = b"", b""
"""An empty list of readers, and the signature that it needs."""


class Pairs(NamedTuple):
    """The actor's own keys, opened."""

    public: PublicKeys
    private: PrivateKeys


def own_pairs(actor: Actor, keys: Keys) -> Pairs:
    """The actor's pairs, which only fit the record that they were made with. Raises Conflict."""
    row = db.session.get(Vault, actor.id)
    try:
        if row is None:
            raise Conflict(ALTERED)
        public = vault.read_unvouched(row.public, actor.id, row.epoch)
        return Pairs(public, vault.open_private(keys, row.private, public))
    except vault.Damaged:
        raise Conflict(ALTERED) from None


def own_note(actor: Actor, note_id: UUID) -> None:
    """Whether there is such a note of the actor's. Raises NotFound."""
    note = db.session.get(Note, note_id)
    if note is None or note.owner_id != actor.id or note.deleted_at is not None:
        raise NotFound


def owned(actor: Actor, share_id: UUID) -> Share:
    """A share of the actor's whose note is there. Raises NotFound."""
    row = db.session.scalar(
        select(Share)
        .join(Note, Note.id == Share.note_id)
        .where(Share.id == share_id, Share.owner_id == actor.id, Note.deleted_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


def subject_of(row: Share) -> Subject:
    return vault.a_share(row.id, row.note_id, row.owner_id, row.number)


def readers_of(row: Share) -> Readers:
    """The list of readers with its number, as it is stored."""
    return Readers(row.readers, row.list_number)


def own_list(row: Share, public: PublicKeys) -> list[UUID]:
    """Who may read. Raises Conflict unless that is what the owner signed; nobody needs no word."""
    if not row.readers:
        return []
    try:
        vault.check_list(public, subject_of(row), readers_of(row), row.signature)
    except vault.Damaged:
        raise Conflict(ALTERED) from None
    return vault.listed_ids(row.readers)


def own_passage(row: Share, keys: Keys) -> Passage:
    """What the actor shared. Raises Conflict when it does not open."""
    try:
        sealed = Sealed(row.envelope, row.wrap)
        return from_bytes(vault.open_own(keys, subject_of(row), sealed, row.epoch))
    except vault.Damaged:
        raise Conflict(ALTERED) from None


def seal_to(
    row: Share, keys: Keys, pairs: Pairs, passage: Passage, readers: list[PublicKeys]
) -> None:
    """Seal a share's present state anew; whoever is not among `readers` has it no more."""
    found = vault.seal_shared(
        keys,
        pairs.private,
        subject_of(row),
        to_bytes(passage),
        readers,
        readers_of(row),
        pairs.public.epoch,
    )
    row.epoch, row.envelope, row.wrap = pairs.public.epoch, *found.sealed
    db.session.add(row)
    db.session.flush()
    drop_seals(row.id)
    db.session.add_all(
        ShareSeal(share_id=row.id, reader_id=reader_id, **handed._asdict())
        for reader_id, handed in found.handed.items()
    )
    db.session.flush()


def drop_seals(share_id: UUID) -> None:
    """Nobody can read a share any more: with the seals go the keys."""
    db.session.execute(delete(ShareSeal).where(ShareSeal.share_id == share_id))
    db.session.flush()


def take_back(row: Share, pepper: bytes) -> None:
    """Empty a share for good: nobody can read it, and what of it is put back opens nothing."""
    say_taken(row, pepper)
    row.readers, row.signature = NOBODY
    row.envelope = row.wrap = b""
    drop_seals(row.id)


def say_taken(row: Share, pepper: bytes) -> None:
    """Leave the server's word that the present list is a former one from now on."""
    mac = vault.vouch_taken(pepper, row.id, row.owner_id, row.list_number)
    db.session.merge(
        ShareTaken(share_id=row.id, owner_id=row.owner_id, list_number=row.list_number, mac=mac)
    )
    db.session.flush()
