"""What somebody shares themselves: with whom, who has opened it when, and what they wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from supervision.db import run, table
from supervision.domain import vault
from supervision.domain.passages import Passage, ShareKind
from supervision.domain.vault import Chain, Keys, Ledger
from supervision.errors import Conflict
from supervision.models.notes import Note
from supervision.models.people import Person
from supervision.models.sharing import Share, ShareComment, ShareSeal
from supervision.permissions import Actor
from supervision.services.sharing.comments import CommentRow, comments_for_owner
from supervision.services.sharing.contacts import (
    Contact,
    KeyState,
    circles_of,
    known_people,
    people_of,
)
from supervision.services.sharing.ledgers import given, is_left_so, own_ledger
from supervision.services.sharing.openings import chain_of, end_of, start_of
from supervision.services.sharing.rows import Pairs, own_pairs, own_passage, owned

PAGE, LOGGED = 30, 100
_COMMENTS = (
    select(func.count())
    .select_from(ShareComment)
    .where(ShareComment.share_id == Share.id)
    .scalar_subquery()
)
_SHARES = (
    select(
        table(Share),
        _COMMENTS.label("comments"),
    )
    .join(Note, Note.id == Share.note_id)
    .where(Share.owner_id == bindparam("actor_id"), Note.deleted_at.is_(None))
    .order_by(Share.changed_at.desc(), Share.id)
)
_LINES = _SHARES.with_only_columns(
    Share.id,
    Share.note_id,
    Share.kind,
    Share.readers,
    Share.changed_at,
    _COMMENTS.label("comments"),
)
_OF_NOTE = _LINES.where(Share.note_id == bindparam("note_id")).limit(PAGE)
_LIST = _SHARES.limit(PAGE + 1).offset(bindparam("skipped"))
_LOCKED_LIST = _LINES.limit(PAGE + 1).offset(bindparam("skipped"))
_NAMES = select(Person.id, Person.name).where(Person.id.in_(bindparam("ids", expanding=True)))
_SEALED = select(ShareSeal.reader_id).where(ShareSeal.share_id == bindparam("share_id"))


@dataclass(frozen=True)
class OwnLine:
    """One line about something shared. Without `readers` it was taken back.

    Not `sound`: it is not as its owner left it. While locked nobody can tell.
    """

    id: UUID
    note_id: UUID
    kind: str
    readers: list[str]
    comments: int
    changed_at: datetime
    sound: bool = True


@dataclass(frozen=True)
class ReaderRow:
    """Somebody who may read. `sealed`: they can now. `in_circle`: in a roster with the owner.

    `can_be_given`: they cannot read it now, and could if it was given to them again.
    """

    id: UUID
    name: str
    keys: KeyState
    sealed: bool
    in_circle: bool
    can_be_given: bool


@dataclass(frozen=True)
class OpeningRow:
    """Somebody opened it in its `number`-th state."""

    name: str
    number: int
    opened_at: datetime


@dataclass(frozen=True)
class OwnShare:
    """A share as its owner sees it. `passage` is None when it was taken back or altered.

    Not `sound`: it is not as its owner left it. `openings` are the latest; not `chained`: some are
    missing, or were made up.
    """

    id: UUID
    note_id: UUID
    kind: str
    number: int
    created_at: datetime
    changed_at: datetime
    passage: Passage | None
    readers: list[ReaderRow]
    openings: list[OpeningRow]
    comments: list[CommentRow]
    sound: bool
    chained: bool


def shares_of_note(actor: Actor, note_id: UUID) -> list[OwnLine]:
    """What the actor shares of a note, the latest first. Needs no key."""
    return _lines(run(_OF_NOTE, {"actor_id": actor.id, "note_id": note_id}).all())


def own_shares(actor: Actor, page: int = 1, keys: Keys | None = None) -> tuple[list[OwnLine], bool]:
    """A page of what the actor shares, the latest first, and whether there is more.

    With `keys` each line is compared with the ledger.
    """
    values = {"actor_id": actor.id, "skipped": (max(1, page) - 1) * PAGE}
    rows = run(_LIST if keys else _LOCKED_LIST, values).all()
    return _lines(rows[:PAGE], own_ledger(actor.id, keys) if keys else None), len(rows) > PAGE


def _lines(rows: Sequence[Any], ledger: Ledger | None = None) -> list[OwnLine]:
    lists = [vault.listed_ids(row.readers) for row in rows]
    ids = {one for readers in lists for one in readers}
    names = {one.id: one.name for one in run(_NAMES, {"ids": list(ids)})}
    return [
        OwnLine(
            row.id,
            row.note_id,
            row.kind,
            sorted(names[one] for one in readers if one in names),
            row.comments,
            row.changed_at,
            ledger is None or is_left_so(row, ledger),
        )
        for row, readers in zip(rows, lists, strict=True)
    ]


def seen_own(actor: Actor, share_id: UUID) -> None:
    """Whether there is such a share of the actor's, locked or not. Raises NotFound."""
    owned(actor, share_id)


def own_share(actor: Actor, keys: Keys, pepper: bytes, share_id: UUID) -> OwnShare:
    """One share of the actor's with all that belongs to it. Raises NotFound, Conflict."""
    row = owned(actor, share_id)
    pairs = own_pairs(actor, keys)
    ledger = own_ledger(actor.id, keys)
    passage, sound = _passage(row, keys), _is_sound(row, pairs, ledger)
    entry = ledger.get(share_id)
    seen = entry.openings if entry else Chain()
    start = start_of(share_id, seen, LOGGED)
    chain = chain_of(share_id, start)
    openings = [OpeningRow(one.name, one.number, one.opened_at) for one in chain[-LOGGED:]]
    return OwnShare(
        row.id,
        row.note_id,
        row.kind,
        row.number,
        row.created_at,
        row.changed_at,
        passage,
        _readers(actor, keys, row),
        openings[::-1],
        comments_for_owner(actor, keys, pairs, row),
        sound,
        end_of(chain, pepper, seen, start) is not None,
    )


def _passage(row: Share, keys: Keys) -> Passage | None:
    try:
        return own_passage(row, keys)
    except Conflict:
        return None


def _is_sound(row: Share, pairs: Pairs, ledger: Ledger) -> bool:
    try:
        given(row, pairs.public, ledger)
    except Conflict:
        return False
    return True


def _readers(actor: Actor, keys: Keys, row: Share) -> list[ReaderRow]:
    sealed = set(run(_SEALED, {"share_id": row.id}).scalars())
    circle = people_of(circles_of(actor, keys))
    known = known_people(actor, keys, {*vault.listed_ids(row.readers), *sealed})
    return [_reader(one, row.kind, one.id in sealed, one.id in circle) for one in known.values()]


def _reader(one: Contact, kind: str, sealed: bool, in_circle: bool) -> ReaderRow:
    entitled = in_circle or kind != ShareKind.FOLLOW
    can_be_given = one.state is KeyState.CHECKED and entitled and not sealed
    return ReaderRow(one.id, one.name, one.state, sealed, in_circle, can_be_given)
