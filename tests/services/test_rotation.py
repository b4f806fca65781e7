"""A new master key while notes stay readable, and a crash at any point of it, on both databases."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from supervision.db import db
from supervision.domain import vault
from supervision.domain.reflections import Words
from supervision.errors import Conflict, Invalid
from supervision.models.notes import NoteIndex, NoteRevision, SlotKind, Vault, VaultSlot
from supervision.models.people import Credential
from supervision.services import integrity, notes, rotation, sign_ins
from supervision.services import vault as vaults
from supervision.services.notes import Edit
from tests import factories
from tests.support.statements import counted
from tests.support.vaults import PASSPHRASE, furnish, pepper, settings

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CODE = "0000-0000-0000-0000-0000-0000-0000-0000"


@pytest.fixture
def bob(app, clock):
    return factories.person("bob")


@pytest.fixture
def former(bob):
    return furnish(bob)


def write(bob, keys, *texts):
    """A note with a revision for each text; its id."""
    note_id = uuid4()
    for base, text in enumerate(texts):
        words = Words("free", "A day", {"reflection": text})
        notes.save_note(bob, AT, keys, Edit(note_id, uuid4(), base), words)
    db.session.commit()
    return note_id


def begin(bob, former):
    """The new keys, in force."""
    turned = rotation.prepare(bob, former, pepper())
    changed = sign_ins.change(sign_ins.Opened(bob.id, turned.keys), PASSPHRASE, settings())
    rotation.begin(bob, AT, turned, changed)
    db.session.commit()
    return turned.keys


def unlocked(bob):
    """The keys as another sign-in comes by them: from the passphrase and the database alone."""
    opened = sign_ins.check(bob.email, PASSPHRASE, settings())
    assert opened is not None
    assert opened.keys is not None
    return opened.keys


def texts(bob, keys):
    """What opens, by number of notes, and whether the head fits."""
    page = notes.notes_of(bob, keys)
    said = [line.reflection and line.reflection.words.fields["reflection"] for line in page.lines]
    return sorted(said, key=str), page.sound


def step(bob, keys):
    found = rotation.go_on(bob, AT, keys)
    db.session.commit()
    return found


def test_all_notes_open_before_during_and_after(bob, former, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 1)
    for text in ("one", "three", "two"):
        write(bob, former, "draft", text)
    keys = begin(bob, former)
    seen = [texts(bob, keys)]
    steps: list[rotation.Progress] = []
    while not (steps and steps[-1].over):
        steps.append(step(bob, keys))
        seen.append(texts(bob, keys))
    assert seen == [(["one", "three", "two"], True)] * 4
    assert [(one.done, one.total, one.over) for one in steps] == [
        (2, 6, False),
        (4, 6, False),
        (6, 6, True),
    ]
    assert list(integrity.faults()) == []


def test_former_key_opens_nothing_at_the_end(bob, former):
    write(bob, former, "one")
    keys = begin(bob, former)
    step(bob, keys)
    assert texts(bob, former) == ([None], False)
    assert vaults.is_vault_of(bob.id, former) is False
    assert db.session.scalar(select(Vault.former)) is None
    assert unlocked(bob).former is None


def test_attack_29_crash_midway_leaves_all_notes_readable(bob, former, monkeypatch):
    """Killed after some were sealed anew, and once more amid the next step."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    for text in ("five", "four", "one", "three", "two"):
        write(bob, former, text)
    keys = begin(bob, former)
    step(bob, keys)
    rotation.go_on(bob, AT, keys)
    db.session.rollback()  # what a process leaves that was killed before its commit
    found = unlocked(bob)
    assert texts(bob, found) == (["five", "four", "one", "three", "two"], True)
    assert rotation.progress(bob) == rotation.Progress(2, 5, over=False)
    assert [step(bob, found).over for _ in range(2)] == [False, True]
    after = unlocked(bob)
    assert (after.former, texts(bob, after)[1]) == (None, True)


def test_crash_midway_loses_notes_where_the_former_key_is_dropped_at_once(bob, former):
    write(bob, former, "one")
    begin(bob, former)
    db.session.execute(update(Vault).values(former=None))
    db.session.commit()
    assert texts(bob, unlocked(bob))[0] == [None]


def test_crash_before_the_first_commit_changes_nothing(bob, former):
    write(bob, former, "one")
    turned = rotation.prepare(bob, former, pepper())
    changed = sign_ins.change(sign_ins.Opened(bob.id, turned.keys), PASSPHRASE, settings())
    rotation.begin(bob, AT, turned, changed)
    db.session.rollback()
    assert (unlocked(bob).id, rotation.progress(bob)) == (former.id, None)
    assert texts(bob, unlocked(bob)) == (["one"], True)


def test_saves_meanwhile_are_under_the_new_key(bob, former):
    note_id = write(bob, former, "one")
    keys = begin(bob, former)
    words = Words("free", "A day", {"reflection": "more"})
    notes.save_note(bob, AT, keys, Edit(note_id, uuid4(), 1), words)
    write(bob, keys, "new")
    alone = vault.without_former(keys)
    assert texts(bob, alone) == (["more", "new"], True)
    assert step(bob, keys).over
    assert notes.note(bob, alone, note_id, 1).reflection is not None


def test_deleted_note_can_be_brought_back_afterwards(bob, former):
    note_id = write(bob, former, "one")
    notes.delete_note(bob, AT, former, note_id)
    db.session.commit()
    keys = begin(bob, former)
    assert step(bob, keys).over
    alone = vault.without_former(keys)
    notes.undelete_note(bob, AT, alone, note_id)
    assert texts(bob, alone) == (["one"], True)


def test_draft_that_waits_opens_under_the_new_key(bob, former):
    words = Words("free", "Late", {"reflection": "Tired."})
    notes.save_draft(bob, AT, Edit(uuid4(), uuid4(), 0), words, pepper())
    db.session.commit()
    keys = begin(bob, former)
    assert step(bob, keys).over
    [draft] = notes.drafts(bob, vault.without_former(keys), pepper())
    assert draft.reflection is not None


def test_recovery_code_is_worth_nothing_and_a_new_one_opens(bob, former):
    code = vaults.new_code(bob, AT, former)
    vaults.confirm_code(bob, AT, code)
    db.session.commit()
    keys = begin(bob, former)
    kinds = db.session.scalars(select(VaultSlot.kind)).all()
    assert kinds == [SlotKind.PASSPHRASE]
    with pytest.raises(Invalid):
        vaults.open_with_code(bob, code)
    fresh = vaults.new_code(bob, AT, keys)
    vaults.confirm_code(bob, AT, fresh)
    write(bob, keys, "one")
    assert texts(bob, vaults.open_with_code(bob, fresh).keys) == (["one"], True)


def test_what_is_kept_for_finding_is_made_anew(bob, former):
    """Nothing of it stays under the key that may be known."""
    kept = select(func.count()).select_from(NoteIndex)
    write(bob, former, "one")
    before = db.session.scalar(kept)
    keys = begin(bob, former)
    during = db.session.scalar(kept)
    write(bob, keys, "two")
    assert ((before or 0) > 0, during, db.session.scalar(kept)) == (True, 0, before)
    assert step(bob, keys).over
    assert texts(bob, vault.without_former(keys)) == (["one", "two"], True)


def test_second_one_waits_for_the_first(bob, former):
    write(bob, former, "one")
    keys = begin(bob, former)
    with pytest.raises(Conflict):
        rotation.prepare(bob, keys, pepper())
    assert step(bob, keys).over
    again = begin(bob, vault.without_former(keys))
    assert step(bob, again).over
    assert texts(bob, vault.without_former(again)) == (["one"], True)


def test_two_at_once_make_one(bob, former):
    one, other = (rotation.prepare(bob, former, pepper()) for _ in range(2))
    for turned in (one, other):
        changed = sign_ins.change(sign_ins.Opened(bob.id, turned.keys), PASSPHRASE, settings())
        if turned is other:
            with pytest.raises(Conflict):
                rotation.begin(bob, AT, turned, changed)
            db.session.rollback()
        else:
            rotation.begin(bob, AT, turned, changed)
            db.session.commit()
    assert unlocked(bob).id == one.keys.id


def test_altered_notes_are_looked_at_first(bob, former):
    write(bob, former, "one", "two")
    db.session.execute(update(NoteRevision).where(NoteRevision.number == 2).values(number=3))
    db.session.commit()
    with pytest.raises(Conflict):
        begin(bob, former)
    db.session.rollback()
    assert unlocked(bob).id == former.id


def test_what_does_not_open_holds_nothing_up(bob, former):
    write(bob, former, "one")
    lost = write(bob, former, "lost")
    db.session.execute(
        update(NoteRevision).where(NoteRevision.note_id == lost).values(wrap=bytes(200))
    )
    db.session.commit()
    keys = begin(bob, former)
    assert step(bob, keys).over
    assert texts(bob, vault.without_former(keys))[0] == [None, "one"]


def test_passphrase_is_the_same_and_stretched_anew(bob, former):
    salt = db.session.scalar(select(Credential.salt))
    begin(bob, former)
    assert db.session.scalar(select(Credential.salt)) != salt
    assert unlocked(bob).id != former.id


def test_batch_takes_as_many_statements_for_one_note_as_for_thirty(bob, former):
    counts = []
    keys = former
    for many in (1, 29):
        for _ in range(many):
            write(bob, keys, "one")
        keys = begin(bob, vault.without_former(keys))
        with counted() as seen:
            step(bob, keys)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert db.session.scalar(select(func.max(NoteRevision.turn))) == 2
