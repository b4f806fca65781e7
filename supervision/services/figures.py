"""A person's own figures, read from their reflections for the length of a request."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain import figures, vault
from supervision.domain.figures import WEEKS, WHOSE, Fields, Point, Told, Week, told
from supervision.domain.vault import FIRST, Keys, Sealed
from supervision.models.notes import Note, NoteRevision
from supervision.permissions import Actor
from supervision.services.notes.rows import local_day

# The latest is chained to the one before it: no more than two are read of a note.
_LATEST = (
    select(NoteRevision.number)
    .where(NoteRevision.note_id == Note.id)
    .order_by(NoteRevision.number.desc())
    .limit(2)
    .correlate(Note)
)
_TAILS = (
    select(
        Note.id,
        Note.created_on,
        NoteRevision.number,
        NoteRevision.envelope,
        NoteRevision.wrap,
    )
    .join(NoteRevision, NoteRevision.note_id == Note.id)
    .where(
        Note.owner_id == bindparam("actor_id"),
        Note.deleted_at.is_(None),
        Note.created_on >= bindparam("since"),
        NoteRevision.number.in_(_LATEST),
    )
    .order_by(Note.id, NoteRevision.number)
)


@dataclass(frozen=True)
class Figures:
    """The last half year from the first reflection on: its weeks, and the systems by whose they
    are, where any were given.
    """

    since: date
    until: date
    weeks: list[Week]
    systems: dict[str, list[Point]]

    @property
    def is_empty(self) -> bool:
        return not any(week.written for week in self.weeks)


def figures_of(actor: Actor, at: datetime, keys: Keys) -> Figures:
    """What the actor's reflections of the last half year show, in one statement.

    One that does not open is left out: the list of notes says so.
    """
    today = local_day(actor, at)
    oldest = today - timedelta(weeks=WEEKS)
    pages = _pages(actor, keys, oldest)
    weeks = figures.since_begun(figures.weeks(pages, today, actor.week_starts))
    since = weeks[0].first_on
    systems = {whose: figures.points(pages, whose, since) for whose in WHOSE}
    return Figures(since, today, weeks, {who: found for who, found in systems.items() if found})


def _pages(actor: Actor, keys: Keys, since: date) -> list[tuple[date, Fields]]:
    """The day and the answers of each reflection that began since a day, as they were begun."""
    tails: dict[UUID, list[Any]] = {}
    for row in run(_TAILS, {"actor_id": actor.id, "since": since}):
        tails.setdefault(row.id, []).append(row)
    opened = ((rows[-1].created_on, _open(actor, keys, rows)) for rows in tails.values())
    found = [(day, one) for day, one in opened if one is not None]
    found.sort(key=lambda page: page[1].begun)
    return [(day, one.fields) for day, one in found]


def _open(actor: Actor, keys: Keys, rows: list[Any]) -> Told | None:
    latest = rows[-1]
    chained = vault.envelope_hash(rows[0].envelope) if latest.number > 1 else FIRST
    try:
        body = vault.open_revision(
            keys,
            actor.id,
            latest.id,
            latest.number,
            chained,
            Sealed(latest.envelope, latest.wrap),
        )
    except vault.Damaged:
        return None
    return told(body)
