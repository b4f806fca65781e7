"""The stored rows of notes: who owns them, what is there, and the head that counts them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.reflections import Reflection, from_bytes
from supervision.domain.vault import FIRST, Keys, Row, Sealed
from supervision.errors import N_, Conflict, NotFound
from supervision.models.notes import Note, NoteRevision, Vault
from supervision.permissions import Actor
from supervision.services.heads import keep_head, open_head

DAMAGED = N_(
    "What is stored does not fit the seal over your notes, so nothing was saved. Your text is "
    "still on this page. Your list of notes says more."
)


class Stored(NamedTuple):
    """One revision as it stands in the database."""

    number: int
    sealed: Sealed


@dataclass(frozen=True)
class Shelf:
    """What of a person's notes is there now. `sound`: exactly what their head has counted.

    The latest revision of a note is the one with the highest number that is there: no column says
    so, and the head tells if one is missing.
    """

    hashes: dict[tuple[UUID, int], bytes]
    latest: dict[UUID, int]
    begun: dict[UUID, date]
    sound: bool

    def previous(self, note_id: UUID, number: int) -> bytes:
        """The hash that revision `number` must be chained to."""
        return FIRST if number == 1 else self.hashes.get((note_id, number - 1), b"")


def local_day(actor: Actor, at: datetime) -> date:
    """The day it is for the writer."""
    return at.astimezone(ZoneInfo(actor.zone)).date()


def day_only(at: datetime) -> datetime:
    """An instant without its time: what the audit log learns of a note."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def find(actor: Actor, note_id: UUID) -> Note | None:
    """The actor's note, or None when there is no such note. Raises NotFound for another's."""
    row = db.session.get(Note, note_id)
    if row is not None and row.owner_id != actor.id:
        raise NotFound
    return row


def present(actor: Actor, note_id: UUID) -> Note:
    """The actor's note that is not deleted. Raises NotFound."""
    row = find(actor, note_id)
    if row is None or row.deleted_at is not None:
        raise NotFound
    return row


def _revisions(note_id: UUID) -> Select[int, bytes, bytes]:
    return select(NoteRevision.number, NoteRevision.envelope, NoteRevision.wrap).where(
        NoteRevision.note_id == note_id
    )


def _stored(query: Select[int, bytes, bytes]) -> list[Stored]:
    return [
        Stored(number, Sealed(envelope, wrap))
        for number, envelope, wrap in db.session.execute(query)
    ]


def tail(note_id: UUID) -> list[Stored]:
    """The last two revisions of a note, latest first: the first is chained to the second."""
    return _stored(_revisions(note_id).order_by(NoteRevision.number.desc()).limit(2))


def all_of(note_id: UUID) -> list[Stored]:
    """Every revision of a note."""
    return _stored(_revisions(note_id).order_by(NoteRevision.number))


def open_latest(actor: Actor, keys: Keys, note_id: UUID, found: list[Stored]) -> Reflection:
    """Open the first of `tail`. Raises Damaged."""
    latest = found[0]
    previous = FIRST
    if latest.number > 1:
        if len(found) < 2 or found[1].number != latest.number - 1:
            raise vault.Damaged("chain")
        previous = found[1].sealed.hash
    body = vault.open_revision(keys, actor.id, note_id, latest.number, previous, latest.sealed)
    return from_bytes(body)


def opened_or_none(
    actor: Actor, keys: Keys, note_id: UUID, number: int, previous: bytes, sealed: Sealed
) -> Reflection | None:
    """A revision, or None when it does not open in its place."""
    try:
        return from_bytes(vault.open_revision(keys, actor.id, note_id, number, previous, sealed))
    except vault.Damaged:
        return None


def shelf(actor: Actor, keys: Keys) -> Shelf:
    """Read every stored revision once and compare them with the head: dear, and thorough."""
    rows = db.session.execute(
        select(Note.id, Note.created_on, NoteRevision.number, NoteRevision.envelope)
        .join(NoteRevision, NoteRevision.note_id == Note.id)
        .where(Note.owner_id == actor.id, Note.deleted_at.is_(None))
        .order_by(NoteRevision.number)
    )
    hashes: dict[tuple[UUID, int], bytes] = {}
    latest: dict[UUID, int] = {}
    begun: dict[UUID, date] = {}
    for note_id, created_on, number, envelope in rows:
        hashes[note_id, number] = vault.envelope_hash(envelope)
        latest[note_id], begun[note_id] = number, created_on
    return Shelf(hashes, latest, begun, _is_sound(actor, keys, hashes))


def _is_sound(actor: Actor, keys: Keys, hashes: dict[tuple[UUID, int], bytes]) -> bool:
    row = db.session.get(Vault, actor.id)
    if row is None:
        return False
    try:
        head = open_head(row, keys)
        vault.verify_head(keys, head, (Row(*place, found) for place, found in hashes.items()))
    except vault.Damaged:
        return False
    return True


def recount(row: Vault, keys: Keys, gone: Iterable[Row] = (), come: Iterable[Row] = ()) -> None:
    """Count rows out of and into the head. Raises Conflict when the head cannot be opened."""
    try:
        head = open_head(row, keys)
        for one in gone:
            head = head.without_row(keys, one)
    except vault.Damaged:
        raise Conflict(DAMAGED) from None
    for one in come:
        head = head.with_row(keys, one)
    keep_head(row, keys, head)
