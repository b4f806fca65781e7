"""Versions: listed, compared, gone back to; and a draft beside what was saved meanwhile."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from supervision.db import db, writing
from supervision.domain.reflections import Words
from supervision.domain.vault import Keys
from supervision.errors import Conflict, NotFound
from supervision.models.notes import NoteDraft, NoteRevision
from supervision.permissions import Actor
from supervision.services import notes
from supervision.services.notes import Edit, Keep
from tests import factories
from tests.support.vaults import furnish, pepper

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bob(app):
    return factories.person("bob")


@pytest.fixture
def keys(bob: Actor) -> Keys:
    return furnish(bob)


def words(text: str) -> Words:
    return Words("free", "After", {"reflection": text})


def written(bob: Actor, keys: Keys, *texts: str) -> UUID:
    """A note with a version of each text, a minute apart."""
    note_id = uuid4()
    for base, text in enumerate(texts):
        with writing():
            edit = Edit(note_id, uuid4(), base)
            notes.save_note(bob, AT + base * MINUTE, keys, edit, words(text))
    return note_id


def texts(bob: Actor, keys: Keys, note_id: UUID) -> list[object]:
    return [
        one.reflection.words.fields["reflection"] if one.reflection else None
        for one in notes.versions(bob, keys, note_id)
    ]


def test_versions_are_listed_with_their_times(bob, keys):
    note_id = written(bob, keys, "one", "two")
    found = notes.versions(bob, keys, note_id)
    assert [(v.number, v.reflection and v.reflection.written_at) for v in found] == [
        (1, AT),
        (2, AT + MINUTE),
    ]


def test_going_back_is_a_new_version_and_loses_none(bob, keys):
    note_id = written(bob, keys, "one", "two", "three")
    with writing():
        notes.restore_version(bob, AT + 9 * MINUTE, keys, note_id, 1)
    assert texts(bob, keys, note_id) == ["one", "two", "three", "one"]
    assert notes.notes_of(bob, keys).sound


def damaged(note_id: UUID, number: int) -> None:
    row = db.session.get_one(NoteRevision, (note_id, number))
    row.envelope = row.envelope[:-1] + bytes([row.envelope[-1] ^ 1])
    db.session.commit()


def test_version_that_does_not_open_is_listed_and_not_gone_back_to(bob, keys):
    """What follows it is chained to it, so that does not open either."""
    note_id = written(bob, keys, "one", "two", "three")
    damaged(note_id, 1)
    assert texts(bob, keys, note_id) == [None, None, "three"]
    with pytest.raises(Conflict), writing():
        notes.restore_version(bob, AT, keys, note_id, 1)


def test_history_of_others_or_of_no_version_is_not_found(bob, keys):
    note_id = written(bob, keys, "one")
    alice = factories.person("alice")
    theirs = furnish(alice)
    for act in (
        lambda: notes.versions(alice, theirs, note_id),
        lambda: notes.restore_version(alice, AT, theirs, note_id, 1),
        lambda: notes.take_up(alice, AT, theirs, note_id, "one"),
        lambda: notes.restore_version(bob, AT, keys, note_id, 2),
    ):
        with pytest.raises(NotFound), writing():
            act()
    assert texts(bob, keys, note_id) == ["one"]


# -- a draft beside what was saved meanwhile -------------------------------------------------


def met(bob: Actor, keys: Keys) -> tuple[UUID, UUID]:
    """A note, and a draft over its first version that waits beside its second."""
    note_id = written(bob, keys, "base")
    draft = Edit(note_id, uuid4(), 1)
    with writing():
        notes.save_draft(bob, AT, draft, words("behind the lock"), pepper())
        notes.save_note(bob, AT, keys, Edit(note_id, uuid4(), 1), words("meanwhile"))
    return note_id, draft.editor


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (Keep.DRAFT, ["base", "meanwhile", "behind the lock"]),
        (Keep.STORED, ["base", "meanwhile"]),
        (Keep.BOTH, ["base", "meanwhile", "meanwhile\n\n---\n\nbehind the lock"]),
    ],
)
def test_draft_is_settled_as_its_writer_chooses(bob, keys, keep, expected):
    note_id, draft_id = met(bob, keys)
    with writing():
        notes.merge_draft(bob, AT + MINUTE, keys, pepper(), draft_id, keep)
    left = db.session.scalar(select(func.count()).select_from(NoteDraft))
    assert (texts(bob, keys, note_id), left) == (expected, 0)


def test_draft_of_somebody_else_is_not_settled(bob, keys):
    _note_id, draft_id = met(bob, keys)
    alice = factories.person("alice")
    theirs = furnish(alice)
    for keep in Keep:
        with pytest.raises(NotFound), writing():
            notes.merge_draft(alice, AT, theirs, pepper(), draft_id, keep)
