"""What readers write back: sealed to the owner of a share alone, and signed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from supervision.db import db, run, table
from supervision.domain import vault
from supervision.domain.vault import Handed, Keys, Readers, Sealed
from supervision.errors import N_, Conflict, Invalid
from supervision.models.mail import MailKind
from supervision.models.people import Person
from supervision.models.sharing import Share, ShareComment
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.audit import Act, record
from supervision.services.sharing.contacts import Contact, KeyState, known_people
from supervision.services.sharing.giving import OTHERWISE
from supervision.services.sharing.reading import handed_share
from supervision.services.sharing.rows import Pairs, own_pairs

LONGEST, MOST = 5_000, 200
GIVEN = (
    N_("%(name)s wrote about what you shared"),
    N_(
        "%(name)s wrote something about what you shared.\n\nOpen your notes to read it:\n%(link)s\n"
    ),
)
_COMMENT = table(ShareComment)
_OF_SHARE = (
    select(_COMMENT, Person.name)
    .join(Person, Person.id == ShareComment.author_id)
    .where(ShareComment.share_id == bindparam("share_id"))
    .order_by(ShareComment.created_at, ShareComment.id)
    .limit(MOST)
)
_MINE = _OF_SHARE.where(ShareComment.author_id == bindparam("actor_id"))


@dataclass(frozen=True)
class CommentRow:
    """One comment. `text` is None when it is not what its author signed, or cannot be told."""

    id: UUID
    author: str
    number: int
    created_at: datetime
    text: str | None


def add_comment(
    actor: Actor,
    at: datetime,
    keys: Keys,
    share_id: UUID,
    comment_id: UUID,
    text: str,
    base_url: str,
) -> None:
    """Write to the owner of a share that the actor can read, under an id that is new.

    The same under the same id is done once: the form came twice. Raises NotFound, Invalid, and
    Conflict when the two have not compared their words, or for other words under a used id.
    """
    row = handed_share(actor, share_id)
    _check(text, _count(actor, share_id))
    before = db.session.get(ShareComment, comment_id)
    if before is not None:
        _check_same(keys, before, share_id, text)
        return
    owner = known_people(actor, keys, [row.owner_id])[row.owner_id]
    if owner.state is not KeyState.CHECKED or owner.public is None:
        raise Conflict(N_("Compare the eight words with %(name)s first."), name=owner.name)
    pairs = own_pairs(actor, keys)
    subject = vault.a_comment(comment_id, share_id, actor.id, row.number)
    everybody = Readers(vault.listed([owner.id]), 0)
    body, epoch = text.strip().encode(), pairs.public.epoch
    found = vault.seal_shared(keys, pairs.private, subject, body, [owner.public], everybody, epoch)
    db.session.add(
        ShareComment(
            id=subject.id,
            share_id=share_id,
            author_id=actor.id,
            number=row.number,
            epoch=epoch,
            created_at=at,
            **found.sealed._asdict(),
            **found.handed[owner.id]._asdict(),
        )
    )
    db.session.flush()
    record(Act.SHARE_COMMENT, at, actor.id, share_id)
    _tell(actor, share_id, comment_id, owner.id, at, base_url)


def _check_same(keys: Keys, before: ShareComment, share_id: UUID, text: str) -> None:
    if (before.share_id, _own_text(keys, before)) != (share_id, text.strip()):
        raise Conflict(OTHERWISE)


def _check(text: str, before: int) -> None:
    if not text.strip():
        raise Invalid("text", N_("There is nothing here yet. Write a few words first."))
    if len(text) > LONGEST:
        raise Invalid("text", N_("Keep this to %(max)s characters."), max=LONGEST)
    if before >= MOST:
        raise Invalid("text", N_("There are very many comments here. Please talk instead."))


def _count(actor: Actor, share_id: UUID) -> int:
    mine = select(func.count()).where(
        ShareComment.share_id == share_id, ShareComment.author_id == actor.id
    )
    return db.session.scalar(mine) or 0


def _tell(
    actor: Actor, share_id: UUID, comment_id: UUID, owner_id: UUID, at: datetime, base_url: str
) -> None:
    link = f"{base_url}/sharing/{share_id}"
    for owner in mail.readers([owner_id]):
        event = f"share-comment:{comment_id}"
        mail.tell(owner, event, *GIVEN, at, kind=MailKind.SHARING, name=actor.name, link=link)


def own_comments(actor: Actor, keys: Keys, share_id: UUID) -> list[CommentRow]:
    """What the actor wrote about a share, the first first."""
    found = run(_MINE, {"share_id": share_id, "actor_id": actor.id})
    return [_row(one, _own_text(keys, one)) for one in found]


def _own_text(keys: Keys, row: Any) -> str | None:
    subject = vault.a_comment(row.id, row.share_id, row.author_id, row.number)
    try:
        sealed = Sealed(row.envelope, row.wrap)
        return vault.open_own(keys, subject, sealed, row.epoch).decode()
    except vault.Damaged:
        return None


def comments_for_owner(actor: Actor, keys: Keys, pairs: Pairs, share: Share) -> list[CommentRow]:
    """What readers wrote about a share of the actor's, the first first."""
    rows = run(_OF_SHARE, {"share_id": share.id}).all()
    authors = known_people(actor, keys, {row.author_id for row in rows}) if rows else {}
    return [_row(one, _text(pairs, authors[one.author_id], one)) for one in rows]


def _text(pairs: Pairs, author: Contact, row: Any) -> str | None:
    if author.public is None:
        return None
    subject = vault.a_comment(row.id, row.share_id, row.author_id, row.number)
    handed = Handed(row.sealed_key, row.signature)
    everybody = Readers(vault.listed([pairs.public.person_id]), 0)
    try:
        return vault.open_shared(
            pairs.private, pairs.public, author.public, subject, everybody, row.envelope, handed
        ).decode()
    except vault.Damaged:
        return None


def _row(row: Any, text: str | None) -> CommentRow:
    return CommentRow(row.id, row.name, row.number, row.created_at, text)
