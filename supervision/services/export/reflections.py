"""A person's reflections as files: each as it stands in Markdown, and its whole history as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain import vault
from supervision.domain.export import File, as_json, markdown, name_of
from supervision.domain.reflections import TEMPLATES, Kind, Reflection, from_bytes
from supervision.domain.vault import FIRST, Keys, Sealed
from supervision.models.notes import Note, NoteRevision
from supervision.permissions import Actor
from supervision.services import notes

BATCH = 100
_NOTES = (
    select(Note.id, Note.created_on)
    .where(Note.owner_id == bindparam("actor_id"), Note.deleted_at.is_(None))
    .order_by(Note.created_on, Note.id)
)
_REVISIONS = (
    select(NoteRevision.note_id, NoteRevision.number, NoteRevision.envelope, NoteRevision.wrap)
    .where(NoteRevision.note_id.in_(bindparam("ids", expanding=True)))
    .order_by(NoteRevision.note_id, NoteRevision.number)
)
History = dict[int, Reflection | None]


def reflection_files(actor: Actor, keys: Keys, pepper: bytes) -> Iterator[File]:
    """Two files a note, then one a draft that waits; a hundred notes are opened at a time."""
    begun = [(row.id, row.created_on) for row in run(_NOTES, {"actor_id": actor.id})]
    for start in range(0, len(begun), BATCH):
        some = begun[start : start + BATCH]
        histories = _histories(actor, keys, [key for key, _day in some])
        for key, day in some:
            yield from _files(key, day, histories.get(key, {}))
    for draft in notes.drafts(actor, keys, pepper):
        if draft.reflection:
            yield _page("drafts", draft.id, draft.reflection.begun_at.date(), draft.reflection)


def _histories(actor: Actor, keys: Keys, ids: Sequence[UUID]) -> dict[UUID, History]:
    """Every revision of these notes, None for one that does not open."""
    found: dict[UUID, History] = {}
    last = (UUID(int=0), 0, FIRST)
    for note_id, number, *columns in map(tuple, run(_REVISIONS, {"ids": ids})):
        sealed = Sealed(*columns)
        chained = last[2] if last[:2] == (note_id, number - 1) else FIRST
        found.setdefault(note_id, {})[number] = _open(actor, keys, note_id, number, chained, sealed)
        last = (note_id, number, sealed.hash)
    return found


def _open(
    actor: Actor, keys: Keys, note_id: UUID, number: int, chained: bytes, sealed: Sealed
) -> Reflection | None:
    try:
        return from_bytes(vault.open_revision(keys, actor.id, note_id, number, chained, sealed))
    except vault.Damaged:
        return None


def _files(key: UUID, day: date, history: History) -> Iterator[File]:
    latest = history[max(history)] if history else None
    if latest is not None:
        yield _page("reflections", key, day, latest)
    title = latest.words.title if latest else ""
    told = {
        "id": key,
        "begun_on": day,
        "revisions": [_as_told(number, one) for number, one in history.items()],
    }
    yield File(f"reflections/{name_of(day, title, key)}.json", as_json(told))


def _as_told(number: int, one: Reflection | None) -> Mapping[str, Any]:
    if one is None:
        return {"number": number, "opens": False}
    return {
        "number": number,
        "written_at": one.written_at,
        "begun_at": one.begun_at,
        "template": one.words.template,
        "title": one.words.title,
        "session_id": one.words.session_id,
        "fields": dict(one.words.fields),
    }


def _page(folder: str, key: UUID, day: date, one: Reflection) -> File:
    """As Markdown: short answers first, then each text under its prompt."""
    facts, texts = {_("Begun"): day.isoformat()}, []
    template = TEMPLATES.get(one.words.template)
    for prompt in template.prompts if template else ():
        value = one.words.fields.get(prompt.key)
        if value in (None, ""):
            continue
        if prompt.kind is Kind.TEXT:
            heading = "" if prompt.key == "reflection" else _(prompt.label)
            texts.append((heading, str(value)))
        else:
            label = f"{_(prompt.label)}, {_(prompt.hint)}" if prompt.kind is Kind.SCALE else ""
            facts[label or _(prompt.label)] = _("yes") if value is True else str(value)
    body = markdown(one.words.title or _("Untitled"), facts, texts)
    return File(f"{folder}/{name_of(day, one.words.title, key)}.md", body)
