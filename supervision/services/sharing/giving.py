"""Sharing something of a note, and taking it back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.passages import LONGEST, Passage, ShareKind, text_of
from supervision.domain.vault import Keys, PublicKeys
from supervision.errors import N_, Conflict, Invalid, NotFound
from supervision.models.mail import MailKind
from supervision.models.sharing import Share
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.heads import lock_vault
from supervision.services.sharing.contacts import (
    Choice,
    circles_of,
    known_people,
    people_of,
)
from supervision.services.sharing.ledgers import entry_of, given, keep_ledger, ledger_of
from supervision.services.sharing.rows import (
    own_note,
    own_pairs,
    own_passage,
    owned,
    readers_of,
    say_taken,
    seal_to,
    subject_of,
    take_back,
)

OTHERWISE = N_("This form was sent before with other words. Open it again to go on.")
GIVEN = (
    N_("%(name)s shared something with you"),
    N_(
        "%(name)s shared something from a reflection with you.\n\n"
        "Open your notes to read it:\n%(link)s\n"
    ),
)


@dataclass(frozen=True)
class Gift:
    """What is shared: its own new id, of which note, in which way, and what its readers see."""

    id: UUID
    note_id: UUID
    kind: ShareKind
    passage: Passage


def share(
    actor: Actor, at: datetime, keys: Keys, gift: Gift, choice: Choice, base_url: str
) -> None:
    """Seal something to everybody who can be given it now; who joins a roster later is not among
    them.

    The same under the same id is done once: the form came twice. Raises NotFound for another's
    note, Invalid for a text or a choice that cannot be taken, Conflict for something else under an
    id that was used, or when the actor's own keys do not open.
    """
    own_note(actor, gift.note_id)
    check_gift(gift, choice)
    mine = lock_vault(actor.id)
    if db.session.get(Share, gift.id) is not None:
        _check_same(owned(actor, gift.id), keys, gift, choice)
        return
    pairs, ledger = own_pairs(actor, keys), ledger_of(mine, keys)
    row = Share(
        id=gift.id,
        owner_id=actor.id,
        note_id=gift.note_id,
        kind=gift.kind,
        number=1,
        epoch=pairs.public.epoch,
        readers=vault.listed(reader.id for reader in choice.readers),
        list_number=1,
        created_at=at,
        changed_at=at,
    )
    row.signature = vault.sign_list(pairs.private, subject_of(row), readers_of(row))
    publics = [reader.public for reader in choice.readers if reader.public is not None]
    seal_to(row, keys, pairs, gift.passage, publics)
    keep_ledger(mine, keys, ledger | {row.id: entry_of(row, None)})
    record(Act.SHARE_GIVE, at, actor.id, row.id, readers=len(publics))
    tell(actor, row, at, base_url)


def _check_same(row: Share, keys: Keys, gift: Gift, choice: Choice) -> None:
    """Raises Conflict when a form comes again with something else."""
    there = (row.note_id, row.kind, row.readers, own_passage(row, keys))
    readers = vault.listed(reader.id for reader in choice.readers)
    if there != (gift.note_id, gift.kind, readers, gift.passage):
        raise Conflict(OTHERWISE)


def check_gift(gift: Gift, choice: Choice) -> None:
    """Raises Invalid for a text or a choice that cannot be taken."""
    text = text_of(gift.passage)
    if not text:
        raise Invalid("text", N_("There is nothing to share yet. Choose a paragraph, or write."))
    if gift.kind == ShareKind.PASSAGE and len(text) > LONGEST:
        raise Invalid("text", N_("Keep this to %(max)s characters."), max=LONGEST)
    if not choice.readers:
        raise Invalid("people", N_("Choose with whom."))


def tell(actor: Actor, row: Share, at: datetime, base_url: str) -> None:
    """Tell each reader that something was shared; neither what nor of which note."""
    link = f"{base_url}/shared/{row.id}"
    for reader in mail.readers(vault.listed_ids(row.readers)):
        event = f"share:{row.id}"
        mail.tell(reader, event, *GIVEN, at, kind=MailKind.SHARING, name=actor.name, link=link)


def revoke(
    actor: Actor, at: datetime, pepper: bytes, share_id: UUID, keys: Keys | None = None
) -> None:
    """Take a share back from everybody, for good: its seals and its text go, now.

    Needs no key: without `keys` the owner's head counts it out at the next unlock, and until then
    the server's word stands for it. Raises NotFound.
    """
    mine = lock_vault(actor.id)
    take_back(owned(actor, share_id), pepper)
    record(Act.SHARE_REVOKE, at, actor.id, share_id)
    if keys is None:
        return
    try:
        ledger = ledger_of(mine, keys)
        if ledger.pop(share_id, None) is not None:
            keep_ledger(mine, keys, ledger)
    except Conflict:
        return  # it is taken back; the rest is told where it is seen


def revoke_all(actor: Actor, at: datetime, pepper: bytes) -> None:
    """Take everything back from everybody: its owner leaves. Needs no key."""
    theirs = select(Share.id).where(Share.owner_id == actor.id, Share.readers != b"")
    for share_id in list(db.session.scalars(theirs.order_by(Share.id))):
        revoke(actor, at, pepper, share_id)


def revoke_from(
    actor: Actor, at: datetime, keys: Keys, pepper: bytes, share_id: UUID, reader_id: UUID
) -> None:
    """Take a share back from one reader; for who is left it is sealed anew, under another key.

    Raises NotFound, and Conflict when what is stored is not what the owner left there.
    """
    mine = lock_vault(actor.id)
    row, pairs = owned(actor, share_id), own_pairs(actor, keys)
    ledger = ledger_of(mine, keys)
    readers = given(row, pairs.public, ledger)
    if reader_id not in readers:
        raise NotFound
    if readers == [reader_id]:
        revoke(actor, at, pepper, share_id, keys)
        return
    left, passage = [one for one in readers if one != reader_id], own_passage(row, keys)
    say_taken(row, pepper)
    row.readers, row.list_number = vault.listed(left), row.list_number + 1
    row.signature = vault.sign_list(pairs.private, subject_of(row), readers_of(row))
    seal_to(row, keys, pairs, passage, _ready(actor, keys, row, left))
    keep_ledger(mine, keys, ledger | {row.id: entry_of(row, ledger[row.id])})
    record(Act.SHARE_REVOKE, at, actor.id, share_id, reader=reader_id)


def give_again(actor: Actor, at: datetime, keys: Keys, share_id: UUID) -> None:
    """Seal a share anew to its readers: to those, too, whose new keys were compared since.

    Raises NotFound, and Conflict when what is stored is not what the owner left there.
    """
    mine = lock_vault(actor.id)
    row, pairs = owned(actor, share_id), own_pairs(actor, keys)
    ledger = ledger_of(mine, keys)
    readers = given(row, pairs.public, ledger)
    if not readers:
        raise NotFound
    seal_to(row, keys, pairs, own_passage(row, keys), _ready(actor, keys, row, readers))
    keep_ledger(mine, keys, ledger | {row.id: entry_of(row, ledger[row.id])})
    record(Act.SHARE_GIVE, at, actor.id, share_id, readers=len(readers))


def _ready(actor: Actor, keys: Keys, row: Share, readers: list[UUID]) -> list[PublicKeys]:
    """Whose keys were compared; of who follows, those that are in a roster with the actor."""
    known = known_people(actor, keys, readers)
    if row.kind == ShareKind.FOLLOW:
        circle = people_of(circles_of(actor, keys))
        known = {one: known[one] for one in known if one in circle}
    return [one.public for one in known.values() if one.public is not None]
