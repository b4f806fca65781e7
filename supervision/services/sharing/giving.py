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
from supervision.services.sharing.contacts import (
    Choice,
    circles_of,
    known_people,
    people_of,
)
from supervision.services.sharing.rows import (
    NOBODY,
    drop_seals,
    hold,
    own_list,
    own_note,
    own_pairs,
    own_passage,
    owned,
    seal_to,
    subject_of,
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
    hold(actor)
    if db.session.get(Share, gift.id) is not None:
        _check_same(owned(actor, gift.id), keys, gift, choice)
        return
    pairs = own_pairs(actor, keys)
    row = Share(
        id=gift.id,
        owner_id=actor.id,
        note_id=gift.note_id,
        kind=gift.kind,
        number=1,
        epoch=pairs.public.epoch,
        readers=vault.listed(reader.id for reader in choice.readers),
        created_at=at,
        changed_at=at,
    )
    row.signature = vault.sign_list(pairs.private, subject_of(row), row.readers)
    publics = [reader.public for reader in choice.readers if reader.public is not None]
    seal_to(row, keys, pairs, gift.passage, publics)
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
        raise Invalid("text", N_("Keep this to %(max)d characters."), max=LONGEST)
    if not choice.readers:
        raise Invalid("people", N_("Choose with whom."))


def tell(actor: Actor, row: Share, at: datetime, base_url: str) -> None:
    """Tell each reader that something was shared; neither what nor of which note."""
    link = f"{base_url}/shared/{row.id}"
    for reader in mail.readers(vault.listed_ids(row.readers)):
        event = f"share:{row.id}"
        mail.tell(reader, event, *GIVEN, at, kind=MailKind.SHARING, name=actor.name, link=link)


def revoke(actor: Actor, at: datetime, share_id: UUID) -> None:
    """Take a share back from everybody: its seals go, now. Needs no key. Raises NotFound."""
    hold(actor)
    row = owned(actor, share_id)
    row.readers, row.signature = NOBODY
    drop_seals(share_id)
    record(Act.SHARE_REVOKE, at, actor.id, share_id)


def revoke_all(actor: Actor, at: datetime) -> None:
    """Take everything back from everybody: its owner leaves. Needs no key."""
    theirs = select(Share.id).where(Share.owner_id == actor.id, Share.readers != b"")
    for share_id in list(db.session.scalars(theirs.order_by(Share.id))):
        revoke(actor, at, share_id)


def revoke_from(actor: Actor, at: datetime, keys: Keys, share_id: UUID, reader_id: UUID) -> None:
    """Take a share back from one reader; for who is left it is sealed anew, under another key.

    Raises NotFound, and Conflict when what is stored does not open.
    """
    hold(actor)
    row, pairs = owned(actor, share_id), own_pairs(actor, keys)
    readers = own_list(row, pairs.public)
    if reader_id not in readers:
        raise NotFound
    if readers == [reader_id]:
        revoke(actor, at, share_id)
        return
    left = [one for one in readers if one != reader_id]
    row.readers = vault.listed(left)
    row.signature = vault.sign_list(pairs.private, subject_of(row), row.readers)
    seal_to(row, keys, pairs, own_passage(row, keys), _ready(actor, keys, row, left))
    record(Act.SHARE_REVOKE, at, actor.id, share_id, reader=reader_id)


def give_again(actor: Actor, at: datetime, keys: Keys, share_id: UUID) -> None:
    """Seal a share anew to its readers: to those, too, whose new keys were compared since.

    Raises NotFound, and Conflict when what is stored does not open.
    """
    hold(actor)
    row, pairs = owned(actor, share_id), own_pairs(actor, keys)
    readers = own_list(row, pairs.public)
    seal_to(row, keys, pairs, own_passage(row, keys), _ready(actor, keys, row, readers))
    record(Act.SHARE_GIVE, at, actor.id, share_id, readers=len(readers))


def _ready(actor: Actor, keys: Keys, row: Share, readers: list[UUID]) -> list[PublicKeys]:
    """Whose keys were compared; of who follows, those that are in a roster with the actor."""
    known = known_people(actor, keys, readers)
    if row.kind == ShareKind.FOLLOW:
        circle = people_of(circles_of(actor, keys))
        known = {one: known[one] for one in known if one in circle}
    return [one.public for one in known.values() if one.public is not None]
