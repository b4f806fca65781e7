"""What sharing keeps under its owner's master key, sealed anew when that is replaced."""

from sqlalchemy import select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.vault import Keys, Subject
from supervision.models.notes import Vault
from supervision.models.sharing import KeyPin, Share, ShareComment
from supervision.permissions import Actor
from supervision.services.sharing.rows import subject_of


def turn_keys(actor: Actor, keys: Keys) -> None:
    """Pins, shares and comments of the actor's under `keys`, which have the former ones beside
    them. What does not open stays as it is; what others were handed stays theirs.
    """
    _pins(actor, keys)
    for row in db.session.scalars(select(Share).where(Share.owner_id == actor.id)):
        row.wrap = _rewrapped(keys, subject_of(row), row.wrap, row.epoch)
    for one in db.session.scalars(select(ShareComment).where(ShareComment.author_id == actor.id)):
        subject = vault.a_comment(one.id, one.share_id, one.author_id, one.number)
        one.wrap = _rewrapped(keys, subject, one.wrap, one.epoch)
    db.session.flush()


def _pins(actor: Actor, keys: Keys) -> None:
    """Whose keys were compared is still known; a pin that does not fit goes on not fitting."""
    rows = db.session.execute(
        select(KeyPin, Vault.public)
        .join(Vault, Vault.person_id == KeyPin.person_id)
        .where(KeyPin.owner_id == actor.id)
    )
    for pin, public in rows:
        try:
            whom = (actor.id, pin.mac, public, pin.person_id, pin.epoch)
            contact = vault.read_pinned(keys.former or keys, *whom)
        except vault.Damaged:
            continue
        pin.mac = vault.pin_contact(keys, actor.id, contact)


def _rewrapped(keys: Keys, subject: Subject, wrap: bytes, epoch: int) -> bytes:
    try:
        return vault.rewrap_own(keys, subject, wrap, epoch)
    except vault.Damaged:
        return wrap
