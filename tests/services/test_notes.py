"""Notes: saved, read, deleted and kept behind a lock; and what must not be taken for a note."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import current_app
from sqlalchemy import delete, func, select, update

from supervision.db import db, writing
from supervision.domain import vault
from supervision.domain.reflections import Reflection, Words, to_bytes
from supervision.domain.vault import Keys, Sealed
from supervision.errors import Conflict, Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.notes import Note, NoteDraft, NoteRevision, Vault
from supervision.models.rosters import MemberState
from supervision.permissions import Actor
from supervision.services import notes
from supervision.services.notes import Edit, reading, rows, saving, waiting
from tests import factories
from tests.support.statements import counted
from tests.support.vaults import furnish, pepper

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bob(app):
    return factories.person("bob")


@pytest.fixture
def keys(bob: Actor) -> Keys:
    return furnish(bob)


def words(text: str = "I was quick again.", title: str = "After") -> Words:
    return Words("free", title, {"reflection": text})


def save(actor: Actor, keys: Keys, edit: Edit, text: str, at: datetime = AT, auto: bool = False):
    with writing():
        return notes.save_note(actor, at, keys, edit, words(text), auto=auto)


def fresh() -> Edit:
    return Edit(uuid4(), uuid4(), 0)


def text_of(actor: Actor, keys: Keys, note_id: UUID, number: int | None = None) -> object:
    found = notes.note(actor, keys, note_id, number)
    return found.reflection.words.fields["reflection"] if found.reflection else None


def count(model: type[object]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# -- saving and reading --------------------------------------------------------------------


def test_saved_note_reads_as_it_was_written(bob, keys):
    edit = fresh()
    save(bob, keys, edit, "I was quick again.")
    found = notes.note(bob, keys, edit.note_id)
    assert found.reflection is not None
    assert (found.number, found.sound, found.reflection.words) == (1, True, words())
    assert found.reflection.begun_at == AT


def test_database_sees_the_local_day_and_no_text(bob, keys):
    """Bob is in Toronto: at 03:00 UTC it is still Sunday there."""
    edit = fresh()
    save(bob, keys, edit, "a most unusual sentence", datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
    row = db.session.get_one(Note, edit.note_id)
    envelope, wrap = db.session.execute(select(NoteRevision.envelope, NoteRevision.wrap)).one()
    assert row.created_on == date(2026, 11, 22)
    assert [b"unusual" in envelope, b"unusual" in wrap] == [False, False]


def test_audit_of_a_save_knows_the_day_only(bob, keys):
    save(bob, keys, fresh(), "words", AT + 13 * MINUTE)
    found = db.session.scalars(select(AuditEntry.at).where(AuditEntry.act == "notes.save")).all()
    assert found == [datetime(2026, 11, 23, tzinfo=UTC)]


def test_second_save_is_a_second_revision(bob, keys):
    edit = fresh()
    save(bob, keys, edit, "first")
    save(bob, keys, Edit(edit.note_id, uuid4(), 1), "second", AT + MINUTE)
    assert [text_of(bob, keys, edit.note_id, n) for n in (1, 2)] == ["first", "second"]


def test_same_form_sent_twice_is_one_revision(bob, keys):
    edit = fresh()
    first = save(bob, keys, edit, "once")
    second = save(bob, keys, edit, "once", AT + MINUTE)
    assert (first, count(NoteRevision)) == (second, 1)


def test_typing_makes_one_revision_and_not_one_a_pause(bob, keys):
    edit = fresh()
    for text in ("I", "I was", "I was quick"):
        save(bob, keys, edit, text, auto=True)
    saved = save(bob, keys, edit, "I was quick again.")
    assert (saved.number, count(NoteRevision)) == (1, 1)
    assert text_of(bob, keys, edit.note_id) == "I was quick again."


def test_typing_after_a_save_keeps_the_save_in_the_history(bob, keys):
    edit = fresh()
    save(bob, keys, edit, "saved")
    save(bob, keys, edit, "saved, and more", auto=True)
    assert [text_of(bob, keys, edit.note_id, n) for n in (1, 2)] == ["saved", "saved, and more"]


def test_other_editor_was_faster_keeps_its_text(bob, keys):
    edit = fresh()
    save(bob, keys, edit, "base")
    save(bob, keys, Edit(edit.note_id, uuid4(), 1), "from the phone")
    with pytest.raises(Conflict):
        save(bob, keys, Edit(edit.note_id, uuid4(), 1), "from the laptop")
    assert text_of(bob, keys, edit.note_id) == "from the phone"


def test_faster_editor_is_overwritten_where_the_base_is_not_compared(bob, keys, monkeypatch):
    edit = fresh()
    save(bob, keys, edit, "base")
    save(bob, keys, Edit(edit.note_id, uuid4(), 1), "from the phone")
    monkeypatch.setattr(saving, "_before", _blind)
    save(bob, keys, Edit(edit.note_id, uuid4(), 1), "from the laptop")
    assert text_of(bob, keys, edit.note_id) == "from the laptop"


def _blind(actor, keys, edit):
    found = rows.tail(edit.note_id)
    reflection = rows.open_latest(actor, keys, edit.note_id, found)
    return saving._Before(found[0], found[1].sealed.hash, reflection)


@pytest.mark.parametrize(
    ("title", "fields", "field"),
    [
        (" ", {"reflection": "text"}, "title"),
        ("x" * 201, {"reflection": "text"}, "title"),
        ("After", {"reflection": "  "}, "reflection"),
        ("After", {}, "reflection"),
        ("After", {"reflection": "x" * 50_001}, "reflection"),
        ("After", {"reflection": "text", "settled": "5"}, "settled"),
    ],
)
def test_bad_words_are_refused_beside_their_field(bob, keys, title, fields, field):
    with pytest.raises(Invalid) as refusal, writing():
        notes.save_note(bob, AT, keys, fresh(), Words("free", title, fields))
    assert (refusal.value.field, count(Note)) == (field, 0)


@pytest.mark.parametrize("value", [-1, 11, 5.0, "5", True])
def test_scale_takes_whole_numbers_from_0_to_10(bob, keys, value):
    fields = {"reflection": "text", "threat_me": value}
    with pytest.raises(Invalid) as refusal, writing():
        notes.save_note(bob, AT, keys, fresh(), Words("cft", "After", fields))
    assert refusal.value.field == "threat_me"


# -- the list ------------------------------------------------------------------------------


def titles(actor: Actor, keys: Keys, page: int = 1) -> list[str]:
    lines = notes.notes_of(actor, keys, page).lines
    return [line.reflection.words.title if line.reflection else "" for line in lines]


def many(bob: Actor, keys: Keys, number: int) -> None:
    """Notes 1, 2, 3 …, two a day, each five hours after the former."""
    with writing():
        for n in range(1, number + 1):
            at = AT + timedelta(days=n // 2, hours=5 * (n % 2))
            notes.save_free(bob, keys, at, uuid4(), f"{n}", "text")


def test_list_begins_with_the_latest_even_within_a_day(bob, keys):
    """Days are 23 (n = 1), 24 (2, 3), 25 (4, 5), …; within a day the odd one is later."""
    many(bob, keys, 5)
    assert titles(bob, keys) == ["5", "4", "3", "2", "1"]


def test_list_is_paged_without_gap_or_repetition(bob, keys):
    many(bob, keys, 45)
    found = [titles(bob, keys, page) for page in (1, 2, 3)]
    assert [len(page) for page in found] == [20, 20, 5]
    assert [title for page in found for title in page] == [str(n) for n in range(45, 0, -1)]


def test_list_asks_as_little_for_thirty_notes_as_for_one(bob, keys):
    asked = []
    for number in (1, 29):
        many(bob, keys, number)
        db.session.rollback()
        with counted() as statements:
            notes.notes_of(bob, keys)
        asked.append(len(statements))
        db.session.rollback()
    assert asked == [4, 4]


def test_session_of_a_note_is_shown(bob, keys):
    alice = factories.person("alice")
    group = factories.roster(alice, bob)
    session = factories.session(group, AT - timedelta(hours=2), alice, bob)
    db.session.commit()
    linked = Words("free", "After", {"reflection": "text"}, session.id)
    with writing():
        notes.save_note(bob, AT, keys, fresh(), linked)
    shown = notes.notes_of(bob, keys).lines[0].session
    assert shown is not None
    assert (shown.title, shown.starts_at) == ("Tuesday group", AT - timedelta(hours=2))


def test_session_of_others_cannot_be_linked(bob, keys):
    alice, carol = factories.person("alice"), factories.person("carol")
    group = factories.roster(alice, carol)
    session = factories.session(group, AT, alice, carol)
    db.session.commit()
    linked = Words("free", "After", {"reflection": "text"}, session.id)
    with pytest.raises(Invalid), writing():
        notes.save_note(bob, AT, keys, fresh(), linked)
    with pytest.raises(NotFound):
        notes.session_ref(bob, session.id)


def test_session_held_after_somebody_left_cannot_be_linked(bob, keys):
    alice = factories.person("alice")
    group = factories.roster(alice)
    factories.join(group, bob, state=MemberState.ENDED)
    past = factories.session(group, AT - timedelta(days=1), alice, bob)
    later = factories.session(group, AT, alice)
    db.session.commit()
    assert notes.session_ref(bob, past.id).id == past.id
    with pytest.raises(NotFound):
        notes.session_ref(bob, later.id)


# -- others --------------------------------------------------------------------------------


def test_note_of_somebody_else_is_not_found(bob, keys):
    edit = fresh()
    save(bob, keys, edit, "mine")
    alice = factories.person("alice")
    theirs = furnish(alice)
    acts = [
        lambda: notes.note(alice, theirs, edit.note_id),
        lambda: notes.own_note(alice, edit.note_id),
        lambda: notes.save_note(alice, AT, theirs, edit, words()),
        lambda: notes.save_draft(alice, AT, edit, words(), pepper()),
        lambda: notes.delete_note(alice, AT, theirs, edit.note_id),
        lambda: notes.undelete_note(alice, AT, theirs, edit.note_id),
    ]
    for act in acts:
        with pytest.raises(NotFound), writing():
            act()
    assert text_of(bob, keys, edit.note_id) == "mine"


# -- deleting ------------------------------------------------------------------------------


def removed(bob: Actor, keys: Keys) -> UUID:
    edit = fresh()
    save(bob, keys, edit, "first")
    save(bob, keys, Edit(edit.note_id, uuid4(), 1), "second")
    with writing():
        notes.delete_note(bob, AT, keys, edit.note_id)
    return edit.note_id


def test_deleted_note_is_out_of_sight_and_the_rest_is_sound(bob, keys):
    note_id = removed(bob, keys)
    found = notes.notes_of(bob, keys)
    assert (found.total, found.sound) == (0, True)
    with pytest.raises(NotFound):
        notes.note(bob, keys, note_id)


def test_deleted_note_can_be_brought_back_for_ten_minutes(bob, keys):
    note_id = removed(bob, keys)
    waiting = notes.just_deleted(bob, AT + 9 * MINUTE, keys)
    assert [(one.id, one.until) for one in waiting] == [(note_id, AT + 10 * MINUTE)]
    with writing():
        notes.undelete_note(bob, AT + 9 * MINUTE, keys, note_id)
    found = notes.note(bob, keys, note_id)
    assert (found.latest, found.sound, text_of(bob, keys, note_id)) == (2, True, "second")


def test_deleted_note_is_gone_after_ten_minutes(bob, keys):
    note_id = removed(bob, keys)
    kept = fresh()
    save(bob, keys, kept, "kept")
    with writing():
        purged = [notes.purge_deleted(AT + n * MINUTE) for n in (9, 10, 11)]
    assert (purged, count(Note), count(NoteRevision)) == ([0, 1, 0], 1, 1)
    assert notes.notes_of(bob, keys).sound
    with pytest.raises(NotFound), writing():
        notes.undelete_note(bob, AT + 11 * MINUTE, keys, note_id)


def test_save_over_a_deleted_note_keeps_the_text_with_its_writer(bob, keys):
    note_id = removed(bob, keys)
    with pytest.raises(Conflict):
        save(bob, keys, Edit(note_id, uuid4(), 2), "typed meanwhile")
    with writing():
        notes.purge_deleted(AT + 11 * MINUTE)
    with pytest.raises(Conflict):
        save(bob, keys, Edit(note_id, uuid4(), 2), "typed meanwhile")


# -- somebody writes in the database -------------------------------------------------------


def two_revisions(bob: Actor, keys: Keys) -> UUID:
    edit = fresh()
    save(bob, keys, edit, "first")
    save(bob, keys, Edit(edit.note_id, uuid4(), 1), "second")
    return edit.note_id


def roll_back(note_id: UUID) -> None:
    """Attack 4: the latest revision is taken away, so that an old one looks like the latest."""
    db.session.execute(
        delete(NoteRevision).where(NoteRevision.note_id == note_id, NoteRevision.number == 2)
    )
    db.session.commit()


def test_old_revision_as_the_latest_shows_in_the_head(bob, keys):
    note_id = two_revisions(bob, keys)
    roll_back(note_id)
    found = notes.note(bob, keys, note_id)
    assert (found.latest, found.sound) == (1, False)


def test_old_revision_passes_where_the_head_is_not_compared(bob, keys, monkeypatch):
    note_id = two_revisions(bob, keys)
    roll_back(note_id)
    monkeypatch.setattr(reading, "_is_counted", lambda *_: True)
    found = notes.note(bob, keys, note_id)
    assert (found.sound, text_of(bob, keys, note_id)) == (True, "first")


def test_note_deleted_in_the_database_shows_in_the_head(bob, keys):
    """Attack 6."""
    note_id = two_revisions(bob, keys)
    save(bob, keys, fresh(), "another")
    db.session.execute(delete(NoteRevision).where(NoteRevision.note_id == note_id))
    db.session.execute(delete(Note).where(Note.id == note_id))
    db.session.commit()
    found = notes.notes_of(bob, keys)
    lost = {line.id for line in found.lines if line.lost}
    assert (found.total, lost, found.sound) == (2, {note_id}, False)


def test_note_marked_deleted_in_the_database_shows_in_the_head(bob, keys):
    two_revisions(bob, keys)
    db.session.execute(update(Note).values(deleted_at=AT))
    db.session.commit()
    assert not notes.notes_of(bob, keys).sound


def test_former_head_put_back_does_not_open(bob, keys):
    former = db.session.scalar(select(Vault.head))
    two_revisions(bob, keys)
    db.session.execute(update(Vault).values(head=former))
    db.session.commit()
    assert not notes.notes_of(bob, keys).sound


def test_save_under_a_damaged_head_is_refused_with_words(bob, keys):
    db.session.execute(update(Vault).values(head=bytes(192)))
    db.session.commit()
    with pytest.raises(Conflict) as refusal:
        save(bob, keys, fresh(), "text")
    assert refusal.value.msgid == rows.DAMAGED


def test_counting_anew_ends_the_warning(bob, keys):
    note_id = two_revisions(bob, keys)
    roll_back(note_id)
    with writing():
        notes.accept_rows(bob, AT, keys)
    assert notes.notes_of(bob, keys).sound
    save(bob, keys, Edit(note_id, uuid4(), 1), "on from there")
    assert (notes.note(bob, keys, note_id).sound, text_of(bob, keys, note_id)) == (
        True,
        "on from there",
    )


def test_swapped_notes_do_not_open(bob, keys):
    """Attack 1: two whole rows in each other's place."""
    one, two = fresh(), fresh()
    save(bob, keys, one, "one")
    save(bob, keys, two, "two")
    first = db.session.get_one(NoteRevision, (one.note_id, 1))
    second = db.session.get_one(NoteRevision, (two.note_id, 1))
    first.envelope, second.envelope = second.envelope, first.envelope
    first.wrap, second.wrap = second.wrap, first.wrap
    db.session.commit()
    found = notes.notes_of(bob, keys)
    assert ([line.reflection for line in found.lines], found.sound) == ([None, None], False)


def test_note_moved_to_another_owner_does_not_open(bob, keys):
    """Attack 2."""
    alice = factories.person("alice")
    theirs = furnish(alice)
    edit = fresh()
    save(bob, keys, edit, "mine")
    db.session.execute(update(Note).values(owner_id=alice.id))
    db.session.commit()
    found = notes.note(alice, theirs, edit.note_id)
    assert (found.reflection, found.sound) == (None, False)


# -- drafts --------------------------------------------------------------------------------


def leave(bob: Actor, edit: Edit, text: str, at: datetime = AT) -> None:
    with writing():
        notes.save_draft(bob, at, edit, words(text), pepper())


def test_draft_waits_and_is_kept_as_the_next_revision(bob, keys):
    edit = fresh()
    save(bob, keys, edit, "before the lock")
    later = Edit(edit.note_id, uuid4(), 1)
    leave(bob, later, "behind the lock")
    waiting = notes.drafts(bob, keys, pepper())
    assert [one.reflection.words for one in waiting if one.reflection] == [words("behind the lock")]
    with writing():
        notes.keep_draft(bob, AT, keys, pepper(), later.editor)
    assert (text_of(bob, keys, edit.note_id), count(NoteDraft)) == ("behind the lock", 0)


def test_later_draft_of_an_editor_replaces_its_earlier_one(bob, keys):
    edit = fresh()
    leave(bob, edit, "half a sen")
    leave(bob, edit, "half a sentence")
    found = notes.draft(bob, keys, pepper(), edit.editor)
    assert (count(NoteDraft), found.reflection and found.reflection.words) == (
        1,
        words("half a sentence"),
    )


def test_draft_is_not_readable_in_the_database(bob, keys):
    leave(bob, fresh(), "a most unusual sentence")
    row = db.session.scalars(select(NoteDraft)).one()
    assert [b"unusual" in row.envelope, b"unusual" in row.wrap] == [False, False]


def test_save_by_the_same_editor_ends_its_draft(bob, keys):
    edit = fresh()
    leave(bob, edit, "behind the lock")
    save(bob, keys, edit, "behind the lock, and after")
    assert count(NoteDraft) == 0


@pytest.mark.parametrize("act", ["save", "delete"])
def test_draft_of_somebody_else_stays_whatever_becomes_of_a_note(bob, keys, act):
    """Editors and notes are named by whoever makes them: two people may choose the same id."""
    alice, edit = factories.person("alice"), fresh()
    furnish(alice)
    leave(alice, edit, "hers")
    save(bob, keys, edit if act == "save" else Edit(edit.note_id, uuid4(), 0), "his")
    if act == "delete":
        with writing():
            notes.delete_note(bob, AT, keys, edit.note_id)
    assert count(NoteDraft) == 1


def test_draft_of_a_deleted_note_becomes_a_new_one(bob, keys):
    edit = fresh()
    save(bob, keys, edit, "before")
    later = Edit(edit.note_id, uuid4(), 1)
    leave(bob, later, "kept though")
    with writing():
        notes.delete_note(bob, AT, keys, edit.note_id)
        notes.save_draft(bob, AT, later, words("kept though"), pepper())
    with writing():
        saved = notes.keep_draft(bob, AT, keys, pepper(), later.editor)
    assert saved.note_id != edit.note_id
    assert text_of(bob, keys, saved.note_id) == "kept though"


def test_draft_over_a_newer_revision_waits_to_be_looked_at(bob, keys):
    edit = fresh()
    save(bob, keys, edit, "base")
    later = Edit(edit.note_id, uuid4(), 1)
    leave(bob, later, "behind the lock")
    save(bob, keys, Edit(edit.note_id, uuid4(), 1), "meanwhile")
    with pytest.raises(Conflict), writing():
        notes.keep_draft(bob, AT, keys, pepper(), later.editor)
    assert (text_of(bob, keys, edit.note_id), count(NoteDraft)) == ("meanwhile", 1)


def test_draft_of_somebody_else_is_not_found(bob, keys):
    edit = fresh()
    leave(bob, edit, "mine")
    alice = factories.person("alice")
    theirs = furnish(alice)
    for act in (
        lambda: notes.draft(alice, theirs, pepper(), edit.editor),
        lambda: notes.keep_draft(alice, AT, theirs, pepper(), edit.editor),
        lambda: notes.discard_draft(alice, edit.editor),
        lambda: notes.save_draft(alice, AT, Edit(uuid4(), edit.editor, 0), words(), pepper()),
    ):
        with pytest.raises(NotFound), writing():
            act()
    assert count(NoteDraft) == 1


def test_drafts_are_bounded(bob, keys):
    with writing():
        for _ in range(waiting.MOST):
            notes.save_draft(bob, AT, fresh(), words(), pepper())
        with pytest.raises(Conflict):
            notes.save_draft(bob, AT, fresh(), words(), pepper())


def forge_draft(bob: Actor, note_id: UUID) -> Sealed:
    """What somebody who writes the database, and holds bob's public record, can seal."""
    row = db.session.get_one(Vault, bob.id)
    public = vault.read_public(row.public, bob.id, pepper())
    body = to_bytes(Reflection(words("forged"), AT, AT, uuid4()))
    return vault.seal_draft(public, bob.id, note_id, body, b"x" * 64)


def test_forged_draft_does_not_open(bob, keys):
    note_id, draft_id = uuid4(), uuid4()
    sealed = forge_draft(bob, note_id)
    db.session.add(_draft_row(bob, draft_id, note_id, sealed))
    db.session.commit()
    assert notes.draft(bob, keys, pepper(), draft_id).reflection is None


def _draft_row(bob: Actor, draft_id: UUID, note_id: UUID, sealed: Sealed) -> NoteDraft:
    return NoteDraft(
        id=draft_id,
        owner_id=bob.id,
        note_id=note_id,
        base=0,
        envelope=sealed.envelope,
        wrap=sealed.wrap,
        created_on=AT.date(),
    )


def put_draft_as_revision(bob: Actor, keys: Keys) -> UUID:
    """Attack 8: a draft envelope in the column of revisions."""
    edit = fresh()
    leave(bob, edit, "only a draft")
    draft = db.session.get_one(NoteDraft, edit.editor)
    db.session.add(Note(id=edit.note_id, owner_id=bob.id, created_on=AT.date()))
    db.session.flush()
    db.session.add(
        NoteRevision(
            note_id=edit.note_id, number=1, envelope=draft.envelope, wrap=draft.wrap, epoch=1
        )
    )
    db.session.commit()
    return edit.note_id


def test_draft_in_the_column_of_revisions_does_not_open(bob, keys):
    note_id = put_draft_as_revision(bob, keys)
    assert notes.note(bob, keys, note_id).reflection is None


def test_draft_opens_as_a_revision_where_types_are_not_told_apart(bob, keys, monkeypatch):
    note_id = put_draft_as_revision(bob, keys)
    monkeypatch.setattr(vault, "open_revision", _open_anything(bob))
    assert text_of(bob, keys, note_id) == "only a draft"


def _open_anything(bob: Actor):
    row = db.session.get_one(Vault, bob.id)
    public = vault.read_public(row.public, bob.id, pepper())

    def act(keys, owner_id, note_id, number, previous, sealed):
        private = vault.open_private(keys, row.private, public)
        return vault.open_draft(private, owner_id, note_id, sealed, pepper())

    return act


def test_swapped_public_record_takes_no_draft(bob, keys):
    """A stranger's record in bob's row would let the stranger read what bob writes while locked."""
    charlie = factories.person("charlie")
    furnish(charlie)
    theirs = db.session.get_one(Vault, charlie.id)
    db.session.execute(update(Vault).where(Vault.person_id == bob.id).values(public=theirs.public))
    db.session.commit()
    with pytest.raises(Conflict):
        leave(bob, fresh(), "text")


# -- two at once ---------------------------------------------------------------------------


def test_saves_at_the_same_time_are_all_counted(bob, keys):
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own
    db.session.commit()

    def write(n: int) -> None:
        with app.app_context(), writing():
            notes.save_free(bob, keys, AT, uuid4(), f"{n}", "text")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(12)))
    found = notes.notes_of(bob, keys)
    assert (found.total, found.sound) == (12, True)
