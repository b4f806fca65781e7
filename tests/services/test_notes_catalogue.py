"""The catalogue: kept by every change, told from the notes where it fails, and attacked."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select, update

from supervision.db import db, writing
from supervision.domain import vault
from supervision.domain.reflections import Words
from supervision.domain.reflections import catalogue as parts
from supervision.domain.vault import Keys, Part
from supervision.models.notes import Note, NoteIndex, NoteRevision
from supervision.permissions import Actor
from supervision.services import notes
from supervision.services import vault as vaults
from supervision.services.notes import Edit, Sought, catalogue, reading, rows
from supervision.services.notes.entries import entries
from tests import factories
from tests.support.statements import counted
from tests.support.vaults import furnish

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bob(app):
    return factories.person("bob")


@pytest.fixture
def keys(bob: Actor) -> Keys:
    return furnish(bob)


def save(
    bob: Actor,
    keys: Keys,
    text: str = "text",
    edit: Edit | None = None,
    at: datetime = AT,
    auto: bool = False,
    **fields: object,
) -> UUID:
    edit = edit or Edit(uuid4(), uuid4(), 0)
    words = Words("free", f"On {text}", {"reflection": text, **fields})  # type: ignore[dict-item]
    with writing():
        notes.save_note(bob, at, keys, edit, words, auto=auto)
    return edit.note_id


def again(bob: Actor, keys: Keys, note_id: UUID, text: str) -> None:
    latest = notes.note(bob, keys, note_id).latest
    save(bob, keys, text, Edit(note_id, uuid4(), latest))


def told(bob: Actor, keys: Keys) -> list[parts.Card]:
    """The cards as the notes themselves tell them."""
    found = entries(bob, keys, rows.shelf(bob, keys))
    return sorted(entry.card for entry in found)


def is_kept(bob: Actor, keys: Keys) -> bool:
    """Whether the stored catalogue opens, stands on the head and says what the notes say."""
    found = catalogue.catalogue(bob, keys)
    stored = found.root is not None and found.sound
    texts: list[bytes] = []
    if found.root is not None:
        for body in catalogue.segment_bodies(bob, keys, found.root, Part.TEXT):
            texts += parts.texts_from_bytes(body)
    same = sorted(found.cards) == told(bob, keys)
    by_notes = [e.text for e in entries(bob, keys, rows.shelf(bob, keys))]
    return stored and same and sorted(texts) == sorted(by_notes)


def titles(bob: Actor, keys: Keys) -> set[str]:
    lines = notes.notes_of(bob, keys).lines
    return {line.reflection.words.title if line.reflection else "" for line in lines}


# -- kept ----------------------------------------------------------------------------------


def test_every_change_is_kept(bob, keys, monkeypatch):
    """Sixty changes by chance, in segments of three."""
    monkeypatch.setattr(parts, "MOST_NOTES", 3)
    chance = random.Random(7)
    alive: list[UUID] = []
    dead: list[UUID] = []
    for step in range(60):
        act = chance.choice(["new", "new", "again", "delete", "undelete"])
        if act == "again" and alive:
            again(bob, keys, chance.choice(alive), f"again {step}")
        elif act == "delete" and alive:
            dead.append(alive.pop(chance.randrange(len(alive))))
            with writing():
                notes.delete_note(bob, AT, keys, dead[-1])
        elif act == "undelete" and dead:
            alive.append(dead.pop())
            with writing():
                notes.undelete_note(bob, AT, keys, alive[-1])
        else:
            alive.append(save(bob, keys, f"new {step}"))
        assert is_kept(bob, keys), (step, act)
    assert len(db.session.scalars(select(NoteIndex.number)).all()) > 8


def test_new_segment_begins_when_one_is_large(bob, keys, monkeypatch):
    monkeypatch.setattr(parts, "MOST_BYTES", 200)
    for n in range(3):
        save(bob, keys, f"{n}" * 60)
    assert sorted(str(one) for one in db.session.scalars(select(Note.segment))) == ["0", "0", "1"]
    assert is_kept(bob, keys)


def test_catalogue_shows_no_text(bob, keys):
    save(bob, keys, "a most unusual sentence", tags="remarkable")
    stored = db.session.scalars(select(NoteIndex.envelope)).all()
    assert len(stored) == 3
    assert not any(b"unusual" in one or b"remarkable" in one for one in stored)


def test_beginning_again_takes_the_catalogue_along(bob, keys):
    save(bob, keys)
    with writing():
        vaults.begin_again(bob, AT)
    assert db.session.scalar(select(func.count()).select_from(NoteIndex)) == 0


def test_notes_of_before_there_was_a_catalogue_are_listed_and_get_one(bob, keys):
    first = save(bob, keys, "older")
    db.session.execute(delete(NoteIndex))
    db.session.execute(update(Note).values(segment=None))
    db.session.commit()
    found = notes.notes_of(bob, keys)
    assert ([line.id for line in found.lines], found.sound) == ([first], True)
    assert notes.note(bob, keys, first).sound
    save(bob, keys, "newer")
    assert is_kept(bob, keys)


# -- somebody writes in the database -------------------------------------------------------


def parts_of(owner: Actor) -> dict[tuple[str, int], bytes]:
    found = db.session.scalars(select(NoteIndex).where(NoteIndex.owner_id == owner.id)).all()
    return {(row.part, row.number): row.envelope for row in found}


def put_part(owner: Actor, part: str, envelope: bytes, number: int = 0) -> None:
    db.session.execute(
        update(NoteIndex)
        .where(NoteIndex.owner_id == owner.id, NoteIndex.part == part, NoteIndex.number == number)
        .values(envelope=envelope)
    )
    db.session.commit()


@pytest.mark.parametrize("part", list(Part))
def test_former_part_put_back_is_not_believed(bob, keys, part):
    """The list is then told by the notes themselves, and the next save mends it."""
    note_id = save(bob, keys, "before")
    former = parts_of(bob)[part, 0]
    again(bob, keys, note_id, "after")
    put_part(bob, part, former)
    assert (titles(bob, keys), notes.notes_of(bob, keys).sound) == ({"On after"}, True)
    assert [h.line.id for h in notes.find_notes(bob, keys, Sought("after")).hits] == [note_id]
    again(bob, keys, note_id, "mended")
    assert is_kept(bob, keys)


def test_whole_former_catalogue_put_back_is_not_believed(bob, keys):
    note_id = save(bob, keys, "before")
    former = parts_of(bob)
    again(bob, keys, note_id, "after")
    for (part, number), envelope in former.items():
        put_part(bob, part, envelope, number)
    assert titles(bob, keys) == {"On after"}


def test_whole_former_catalogue_is_believed_where_it_stands_on_no_head(bob, keys, monkeypatch):
    """The twin: where neither the head's count nor its hash is sealed in, the old list passes."""
    seal, unseal = vault.seal_index, vault.open_index

    def careless_seal(keys, owner, part, number, _counter, body, _head=b""):
        return seal(keys, owner, part, number, 0, body)

    def careless_open(keys, owner, part, number, _counter, sealed, _head=b""):
        return unseal(keys, owner, part, number, 0, sealed)

    monkeypatch.setattr(vault, "seal_index", careless_seal)
    monkeypatch.setattr(vault, "open_index", careless_open)
    note_id = save(bob, keys, "before")
    former = parts_of(bob)
    again(bob, keys, note_id, "after")
    for (part, number), envelope in former.items():
        put_part(bob, part, envelope, number)
    assert catalogue.catalogue(bob, keys).cards[0].title == "On before"


def segments_swapped(bob: Actor, keys: Keys) -> None:
    stored = parts_of(bob)
    put_part(bob, Part.CARDS, stored[Part.CARDS, 1], 0)
    put_part(bob, Part.CARDS, stored[Part.CARDS, 0], 1)


def test_swapped_segments_are_not_believed(bob, keys, monkeypatch):
    monkeypatch.setattr(parts, "MOST_NOTES", 1)
    save(bob, keys, "one")
    save(bob, keys, "two")
    segments_swapped(bob, keys)
    found = catalogue.catalogue(bob, keys)
    assert (found.root, found.sound, len(found.cards)) == (None, True, 2)


def test_catalogue_of_somebody_else_is_not_believed(bob, keys):
    alice = factories.person("alice")
    theirs = furnish(alice)
    save(alice, theirs, "hers")
    save(bob, keys, "his")
    for (part, number), envelope in parts_of(alice).items():
        put_part(bob, part, envelope, number)
    assert titles(bob, keys) == {"On his"}


def rolled_back(bob: Actor, keys: Keys) -> UUID:
    """Attack 6: one row is put back to what it was while it was being typed."""
    edit = Edit(uuid4(), uuid4(), 0)
    save(bob, keys, "typed", edit, auto=True)
    row = db.session.get_one(NoteRevision, (edit.note_id, 1))
    former = (row.envelope, row.wrap)
    save(bob, keys, "finished", edit)
    db.session.expire_all()
    row = db.session.get_one(NoteRevision, (edit.note_id, 1))
    row.envelope, row.wrap = former
    db.session.commit()
    return edit.note_id


def test_row_that_was_rolled_back_shows_in_the_list(bob, keys):
    note_id = rolled_back(bob, keys)
    found = notes.notes_of(bob, keys)
    assert ([line.reflection for line in found.lines], found.sound) == ([None], False)
    assert (notes.note(bob, keys, note_id).sound, notes.is_sound(bob, keys)) == (False, False)


def test_row_that_was_rolled_back_passes_where_its_hash_is_not_compared(bob, keys, monkeypatch):
    rolled_back(bob, keys)

    def careless(actor, keys, card, stored):
        sealed = stored[card.note, card.number]
        return rows.opened_or_none(actor, keys, UUID(card.note), card.number, vault.FIRST, sealed)

    monkeypatch.setattr(reading, "_opened_if_counted", careless)
    found = notes.notes_of(bob, keys)
    assert (found.sound, titles(bob, keys)) == (True, {"On typed"})


def test_row_that_no_list_shows_is_found_by_checking_all(bob, keys):
    note_id = rolled_back(bob, keys)
    for n in range(20):
        save(bob, keys, f"{n}", at=AT + n * MINUTE + MINUTE)
    shown = notes.notes_of(bob, keys)
    assert (note_id in {line.id for line in shown.lines}, shown.sound) == (False, True)
    assert not notes.is_sound(bob, keys)


@pytest.mark.parametrize("act", ["save", "delete"])
def test_change_to_a_row_that_was_rolled_back_does_not_hide_that(bob, keys, act):
    note_id = rolled_back(bob, keys)
    if act == "save":
        again(bob, keys, note_id, "on from there")
    else:
        with writing():
            notes.delete_note(bob, AT, keys, note_id)
    assert (parts_of(bob), notes.notes_of(bob, keys).sound) == ({}, False)


def deleted_and_replaced(bob: Actor, keys: Keys) -> UUID:
    """A row goes, and another is put where the count wants one."""
    note_id = save(bob, keys, "gone")
    save(bob, keys, "left")
    row = db.session.get_one(NoteRevision, (note_id, 1))
    made = Note(id=uuid4(), owner_id=bob.id, created_on=AT.date())
    db.session.add(made)
    db.session.flush()
    db.session.add(
        NoteRevision(note_id=made.id, number=1, envelope=row.envelope, wrap=row.wrap, epoch=1)
    )
    db.session.execute(delete(NoteRevision).where(NoteRevision.note_id == note_id))
    db.session.execute(delete(Note).where(Note.id == note_id))
    db.session.commit()
    return note_id


def test_row_that_was_replaced_by_another_shows_as_missing(bob, keys):
    note_id = deleted_and_replaced(bob, keys)
    found = notes.notes_of(bob, keys)
    lost = [line.id for line in found.lines if line.lost]
    assert (lost, len(found.lines), found.sound) == ([note_id], 2, False)


def test_nothing_is_catalogued_over_notes_that_nobody_counted(bob, keys):
    """The next save must not make what was altered pass for what was written."""
    rolled_back(bob, keys)
    db.session.execute(delete(NoteIndex))
    db.session.commit()
    save(bob, keys, "another")
    assert (parts_of(bob), notes.notes_of(bob, keys).sound) == ({}, False)
    with writing():
        notes.accept_rows(bob, AT, keys)
    assert (is_kept(bob, keys), notes.notes_of(bob, keys).sound) == (True, True)


def test_segment_that_a_note_is_said_to_be_in_is_not_taken_on_trust(bob, keys):
    note_id = save(bob, keys, "before")
    db.session.execute(update(Note).values(segment=5))
    db.session.commit()
    assert notes.note(bob, keys, note_id).sound
    again(bob, keys, note_id, "after")
    assert (is_kept(bob, keys), db.session.scalar(select(Note.segment))) == (True, 0)


# -- finding -------------------------------------------------------------------------------


def hits(bob: Actor, keys: Keys, **sought: object) -> list[str]:
    found = notes.find_notes(bob, keys, Sought(**sought))  # type: ignore[arg-type]
    return ["".join(piece.text for piece in hit.title) for hit in found.hits]


def test_words_are_found_without_case_and_accents(bob, keys):
    save(bob, keys, "Das CAFÉ in Ålesund")
    save(bob, keys, "Somewhere else", at=AT + MINUTE)
    assert hits(bob, keys, query="alesund cafe") == ["On Das CAFÉ in Ålesund"]
    assert hits(bob, keys, query="nowhere") == []


def test_only_the_latest_version_is_found(bob, keys):
    note_id = save(bob, keys, "heron")
    again(bob, keys, note_id, "stork")
    assert (hits(bob, keys, query="heron"), hits(bob, keys, query="stork")) == ([], ["On stork"])


def test_deleted_note_is_not_found_and_found_again_when_it_is_back(bob, keys):
    note_id = save(bob, keys, "heron")
    with writing():
        notes.delete_note(bob, AT, keys, note_id)
    gone = hits(bob, keys, query="heron")
    with writing():
        notes.undelete_note(bob, AT, keys, note_id)
    assert (gone, hits(bob, keys, query="heron")) == ([], ["On heron"])


def test_every_choice_narrows_what_is_found(bob, keys):
    alice = factories.person("alice")
    group = factories.roster(alice, bob)
    session = factories.session(group, AT - timedelta(hours=2), alice, bob)
    db.session.commit()
    linked = Words("cft", "Linked", {"reflection": "heron", "tags": "Shame, calm"}, session.id)
    with writing():
        notes.save_note(bob, AT, keys, Edit(uuid4(), uuid4(), 0), linked)
    save(bob, keys, "heron", at=AT + timedelta(days=2))
    every = ["On heron", "Linked"]
    day = AT.date()
    assert {
        "all": hits(bob, keys, query="heron"),
        "template": hits(bob, keys, template="cft"),
        "tag": hits(bob, keys, tag="shame"),
        "roster": hits(bob, keys, roster_id=group.id),
        "session": hits(bob, keys, session_id=session.id),
        "since": hits(bob, keys, since=day + timedelta(days=1)),
        "until": hits(bob, keys, until=day),
        "both ends": hits(bob, keys, since=day, until=day + timedelta(days=2)),
        "none": hits(bob, keys, tag="shame", template="free"),
    } == {
        "all": every,
        "template": ["Linked"],
        "tag": ["Linked"],
        "roster": ["Linked"],
        "session": ["Linked"],
        "since": ["On heron"],
        "until": ["Linked"],
        "both ends": every,
        "none": [],
    }
    found = notes.choices(bob, keys)
    assert (found.templates, found.tags, found.rosters) == (
        ["cft", "free"],
        ["Shame", "calm"],
        [(group.id, "Tuesday group")],
    )


def test_hit_shows_where_the_words_stand(bob, keys):
    save(bob, keys, "It was a quiet room, and quiet is what I needed.")
    (hit,) = notes.find_notes(bob, keys, Sought("QUIET")).hits
    marked = [[piece.text for piece in text if piece.hit] for text in hit.snippets]
    assert marked == [["quiet", "quiet"]]


def test_finding_is_paged_without_gap_or_repetition(bob, keys):
    for n in range(25):
        save(bob, keys, f"heron {n}", at=AT + n * MINUTE)
    found = [notes.find_notes(bob, keys, Sought("heron"), page) for page in (1, 2)]
    shown = ["".join(p.text for p in hit.title) for page in found for hit in page.hits]
    assert shown == [f"On heron {n}" for n in range(24, -1, -1)]
    assert [(page.total, page.pages) for page in found] == [(25, 2), (25, 2)]


def test_finding_asks_as_little_for_thirty_notes_as_for_one(bob, keys):
    asked = []
    for number in (1, 29):
        for n in range(number):
            save(bob, keys, f"heron {n}")
        db.session.rollback()
        with counted() as statements:
            notes.find_notes(bob, keys, Sought("heron"))
        asked.append(len(statements))
        db.session.rollback()
    assert asked == [5, 5]


def test_months_count_what_began_in_them(bob, keys):
    save(bob, keys, "older", at=AT - timedelta(days=30))
    save(bob, keys, "new")
    found = notes.notes_of(bob, keys)
    assert [(f"{month:%Y-%m}", count) for month, count in found.months] == [
        ("2026-11", 1),
        ("2026-10", 1),
    ]
    october = notes.notes_of(bob, keys, month=found.months[1][0])
    assert [line.reflection.words.title for line in october.lines if line.reflection] == [
        "On older"
    ]


# -- the agenda ----------------------------------------------------------------------------


def test_marked_lines_are_gathered_and_ticked_off(bob, keys):
    note_id = save(bob, keys, "First.\n-> ask about silence\n-> bring the recording")
    save(bob, keys, "nothing to take along")
    texts = [one.text for one in notes.agenda(bob, keys)]
    assert texts == ["ask about silence", "bring the recording"]
    with writing():
        notes.take_up(bob, AT, keys, note_id, "ask about silence")
    assert [one.text for one in notes.agenda(bob, keys)] == ["bring the recording"]
    found = notes.note(bob, keys, note_id)
    assert found.reflection is not None
    assert (found.latest, found.reflection.words.fields["reflection"]) == (
        2,
        "First.\n✓ ask about silence\n-> bring the recording",
    )


def test_agenda_of_a_roster_leaves_out_what_is_about_another(bob, keys):
    alice = factories.person("alice")
    groups = [factories.roster(alice, bob, title=title) for title in ("One", "Two")]
    session = factories.session(groups[0], AT, alice, bob)
    db.session.commit()
    linked = Words("free", "T", {"reflection": "-> about one"}, session.id)
    with writing():
        notes.save_note(bob, AT, keys, Edit(uuid4(), uuid4(), 0), linked)
    save(bob, keys, "-> about any")
    by_roster = [sorted(one.text for one in notes.agenda(bob, keys, group.id)) for group in groups]
    assert by_roster == [["about any", "about one"], ["about any"]]


def test_agenda_asks_once(bob, keys):
    save(bob, keys, "-> one")
    db.session.rollback()
    with counted() as statements:
        notes.agenda(bob, keys)
    assert len(statements) == 1


def test_taking_up_what_is_on_no_agenda_changes_nothing(bob, keys):
    note_id = save(bob, keys, "-> one")
    with writing():
        notes.take_up(bob, AT, keys, note_id, "another")
    assert notes.note(bob, keys, note_id).latest == 1
