"""Rows of an earlier day put back by somebody who writes the database and holds no key.

Each case keeps rows, lets life go on, puts them back, and looks at the reader and the owner. Each
defence has its twin: taken away, the harm is seen.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import ColumnElement, Table, delete, func, insert, select, update

from supervision.db import Base, db, run, table, writing
from supervision.domain import vault
from supervision.domain.passages import ShareKind
from supervision.domain.vault import Chain, Witness
from supervision.domain.vault import sharing as signing
from supervision.errors import Conflict, Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.mail import Outbox
from supervision.models.notes import Note, NoteIndex, NoteRevision, Vault, VaultSlot
from supervision.models.people import Credential
from supervision.models.sharing import (
    Share,
    ShareComment,
    ShareOpening,
    ShareSeal,
    ShareTaken,
)
from supervision.services import heads, notes, rotation, sharing, sign_ins
from supervision.services import unlocking as unlocks
from supervision.services import vault as vaults
from supervision.services.notes import Edit
from supervision.services.people import Origin
from supervision.services.sharing import ledgers
from supervision.services.sign_ins import Opened
from supervision.web import unlocking
from tests.support.client import Client
from tests.support.sharing import AT, TEXT, Open, compare_all, give, opened, read, write
from tests.support.vaults import PASSPHRASE, enter, pepper, settings, state

LATER = "another four quiet lamps"
MINUTE = timedelta(minutes=1)
VAULT = (Vault, VaultSlot, Credential, NoteIndex, Note, NoteRevision, Share, ShareSeal)
OLDER = "What is stored here is from before that."


@dataclass(frozen=True)
class Kept:
    """Rows as they were."""

    rows: dict[Table, list[dict[str, object]]]

    def put_back(self) -> None:
        """Write them as they were; what is newer stays."""
        with writing():
            for where, rows in self.rows.items():
                for row in rows:
                    same = [column == row[column.name] for column in where.primary_key]
                    if run(select(*where.primary_key).where(*same)).first() is None:
                        run(insert(where), row)
                    else:
                        run(update(where).where(*same), row)
        db.session.expire_all()

    def put_back_whole(self) -> None:
        """The whole database as it was: what is newer goes."""
        with writing():
            for where in reversed(Base.metadata.sorted_tables):
                run(delete(where))
            for where in Base.metadata.sorted_tables:
                if self.rows[where]:
                    run(insert(where), self.rows[where])
        db.session.expire_all()


def keep(*models: type[Base], only: Iterable[str] = ()) -> Kept:
    """Rows of these tables, or of all; `only` these columns and the key."""
    tables = [table(model) for model in models] or Base.metadata.sorted_tables
    rows = {one: [dict(row._mapping) for row in run(select(one))] for one in tables}
    db.session.commit()
    wanted = set(only)
    if wanted:
        rows = {
            one: [
                {k: v for k, v in row.items() if k in wanted or k in one.primary_key}
                for row in found
            ]
            for one, found in rows.items()
        }
    return Kept(rows)


@dataclass
class Story:
    """Bob writes a reflection that Alice and Carol follow; then things change."""

    place: Open
    note_id: UUID
    share_id: UUID
    number: int = 1
    reads: int = 0

    def save(self, text: str) -> None:
        """Bob goes on writing."""
        edit = Edit(self.note_id, uuid4(), self.number)
        write(self.place, text, edit, AT + self.number * MINUTE)
        self.number += 1
        db.session.expire_all()

    def take_back(self, *, locked: bool = True) -> None:
        """From everybody."""
        bob = self.place.bob
        with writing():
            keys = None if locked else self.place.of(bob)
            sharing.revoke(bob, AT, pepper(), self.share_id, keys)
        db.session.expire_all()

    def take_from_alice(self) -> None:
        bob, keys = self.place.bob, self.place.of(self.place.bob)
        with writing():
            sharing.revoke_from(bob, AT, keys, pepper(), self.share_id, self.place.alice.id)
        db.session.expire_all()

    def alice_reads(self) -> str | None:
        """None where it does not open, or where there is nothing for her."""
        try:
            self.reads += 1
            at = AT + self.reads * timedelta(hours=1)
            return read(self.place, self.place.alice, self.share_id, at)
        except NotFound:
            return None

    def settle(self, *taken_here: UUID) -> bool:
        """What Bob's next unlock tells of his shares."""
        bob, keys = self.place.bob, self.place.of(self.place.bob)
        with writing():
            found = unlocks.settle(bob, AT, keys, pepper(), taken_here)
        db.session.expire_all()
        return found.put_back

    def page(self) -> tuple[bool, bool]:
        """Whether the page of the share says that it is sound, and the list of openings too."""
        bob, keys = self.place.bob, self.place.of(self.place.bob)
        found = sharing.own_share(bob, keys, pepper(), self.share_id)
        [line] = sharing.own_shares(bob, keys=keys)[0]
        assert line.sound == found.sound
        return found.sound, found.chained


@pytest.fixture
def story(app, clock) -> Story:
    place = opened()
    compare_all(place)
    note_id = write(place, "first")
    share_id = give(place, note_id, place.alice, place.carol, kind=ShareKind.FOLLOW)
    return Story(place, note_id, share_id)


def forget(model: type[Base], *where: ColumnElement[bool]) -> None:
    """Rows are deleted in the database."""
    with writing():
        run(delete(table(model)).where(*where))


def alter(model: type[Base], *where: ColumnElement[bool], **values: object) -> None:
    """Columns are altered in the database."""
    with writing():
        run(update(table(model)).where(*where).values(**values))


def acts(act: str) -> int:
    query = select(func.count()).where(AuditEntry.act == act)
    return db.session.scalar(query) or 0


# -- what is shared ------------------------------------------------------------------------

LIST = ("readers", "list_number", "signature")


def test_former_list_put_back_gets_nothing_sealed(story):
    """The reader whom it was taken from, with a helper: what is written later stays closed."""
    kept = keep(Share, only=LIST)
    story.take_from_alice()
    kept.put_back()
    story.save("second")
    assert (story.alice_reads(), story.page()[0]) == (None, False)
    bob = story.place.bob
    with pytest.raises(Conflict), writing():
        sharing.give_again(bob, AT, story.place.of(bob), story.share_id)
    assert story.settle() is True


def test_former_list_put_back_gets_what_comes_after_where_the_head_holds_no_shares(
    story, monkeypatch
):
    monkeypatch.setattr(ledgers, "is_left_so", lambda *parts: True)
    kept = keep(Share, only=LIST)
    story.take_from_alice()
    forget(ShareTaken)
    kept.put_back()
    story.save("second")
    assert story.alice_reads() == "second"


@pytest.mark.parametrize("column", ["signature", "readers", "number", "envelope"])
def test_one_column_of_a_share_put_back_is_told(story, column):
    kept = keep(Share, only=[column])
    story.save("between")
    story.take_from_alice()
    kept.put_back()
    story.save("second")
    assert (story.alice_reads(), story.page()[0]) == (None, False)


def test_passage_that_was_made_one_to_follow_gets_nothing(story):
    """No signature is under the word that says how much is shared; the head is."""
    passage = give(story.place, story.note_id, story.place.alice)
    alter(Share, kind=ShareKind.FOLLOW)
    story.save("second")
    bob = story.place.bob
    assert read(story.place, story.place.alice, passage) == TEXT
    assert not sharing.own_share(bob, story.place.of(bob), pepper(), passage).sound


def test_passage_that_was_made_one_to_follow_gives_all_where_the_head_holds_no_shares(
    story, monkeypatch
):
    monkeypatch.setattr(ledgers, "is_left_so", lambda *parts: True)
    passage = give(story.place, story.note_id, story.place.alice)
    alter(Share, kind=ShareKind.FOLLOW)
    story.save("second")
    assert read(story.place, story.place.alice, passage) == "second"


def test_seal_put_back_opens_nothing(story):
    kept = keep(ShareSeal)
    story.take_from_alice()
    kept.put_back()
    assert story.alice_reads() is None


def test_share_put_back_whole_is_refused_while_the_word_stands_and_told(story):
    kept = keep(Share, ShareSeal)
    story.take_back()
    kept.put_back()
    assert story.alice_reads() is None
    assert story.settle() is True
    assert (acts("sharing.put_back"), story.settle()) == (1, False)
    forget(ShareTaken)
    assert story.alice_reads() is None


def test_share_put_back_whole_opens_where_no_word_stands(story):
    """What remains: before its owner unlocks, the reader reads again what they had read."""
    kept = keep(Share, ShareSeal)
    story.take_back()
    forget(ShareTaken)
    kept.put_back()
    assert story.alice_reads() == TEXT
    assert story.settle() is False


def test_share_put_back_without_its_word_is_told_where_the_browser_remembers(story):
    kept = keep(Share, ShareSeal)
    story.take_back()
    forget(ShareTaken)
    kept.put_back()
    assert story.settle(story.share_id) is True
    assert (story.alice_reads(), story.settle()) == (None, False)


@pytest.mark.parametrize("locked", [True, False])
def test_share_put_back_without_its_word_is_told_once_it_is_counted_in(story, locked):
    kept = keep(Share, ShareSeal)
    story.take_back(locked=locked)
    if locked:
        assert story.settle() is False
    forget(ShareTaken)
    kept.put_back()
    story.save("second")
    assert story.alice_reads() == TEXT
    assert (story.page()[0], story.settle(), story.alice_reads()) == (False, True, None)


def test_share_taken_from_one_and_put_back_whole_is_refused(story):
    """With a number that the word does not cover: it was not signed with that one."""
    kept = keep(Share, ShareSeal)
    story.take_from_alice()
    kept.put_back()
    assert story.alice_reads() is None
    alter(Share, list_number=7)
    assert story.alice_reads() is None


def test_share_put_back_whole_opens_where_no_number_is_signed(story, monkeypatch):
    monkeypatch.setattr(signing, "_numbered", lambda readers: b"")
    share_id = give(story.place, story.note_id, story.place.alice, story.place.carol)
    later = Story(story.place, story.note_id, share_id)
    kept = keep(Share, ShareSeal)
    later.take_from_alice()
    kept.put_back()
    alter(Share, list_number=7)
    assert later.alice_reads() == TEXT


def test_word_that_the_server_did_not_say_takes_nothing_from_the_owner(story):
    word = {"share_id": story.share_id, "owner_id": story.place.bob.id}
    run(insert(table(ShareTaken)), {**word, "list_number": 9, "mac": bytes(32)})
    db.session.commit()
    assert (story.settle(), story.page()[0]) == (False, True)


def test_ledger_put_back_closes_all(story):
    kept = keep(Vault, only=["shares"])
    story.take_from_alice()
    kept.put_back()
    assert (story.page()[0], story.settle()) == (False, True)
    assert read_or_none(story) is None


def read_or_none(story: Story) -> str | None:
    try:
        return read(story.place, story.place.carol, story.share_id)
    except NotFound:
        return None


def test_nothing_is_told_where_nothing_was_put_back(story):
    story.alice_reads()
    story.save("second")
    story.take_from_alice()
    story.save("third")
    seen = [story.settle(), story.settle()]
    assert (seen, story.page()) == ([False, False], (True, True))
    assert read_or_none(story) == "third"


# -- openings and comments -----------------------------------------------------------------


def _rewrite(story: Story) -> None:
    alter(ShareOpening, ShareOpening.place == 1, number=5)


def _of_another(story: Story) -> None:
    alter(ShareOpening, reader_id=story.place.carol.id)


def _empty(story: Story) -> None:
    forget(ShareOpening)


def _cut(story: Story) -> None:
    forget(ShareOpening, ShareOpening.place == 2)


def _from_within(story: Story) -> None:
    forget(ShareOpening, ShareOpening.place == 1)
    alter(ShareOpening, place=1)


@pytest.mark.parametrize("harm", [_rewrite, _of_another, _empty, _cut, _from_within])
def test_openings_that_were_altered_are_told(story, harm):
    story.alice_reads()
    story.alice_reads()
    story.settle()
    assert story.page() == (True, True)
    harm(story)
    assert story.page() == (True, False)
    assert (story.settle(), story.page()) == (False, (True, False))


@pytest.mark.parametrize("place", [1, 4, 7, 8])
@pytest.mark.parametrize("seen", [0, 3, 6, 8])
def test_openings_that_are_shown_or_new_are_followed_alone(story, monkeypatch, place, seen):
    """Of eight the latest three are shown: an earlier one is looked at until an unlock saw it."""
    monkeypatch.setattr("supervision.services.sharing.own.LOGGED", 3)
    for number in range(1, 9):
        story.alice_reads()
        if number == seen:
            story.settle()
    assert story.page() == (True, True)
    kept = keep(ShareOpening)
    alter(ShareOpening, ShareOpening.place == place, number=5)
    altered = story.page()
    kept.put_back()
    forget(ShareOpening, ShareOpening.place == place)
    start = min(seen, 5)
    last = place == 8 and seen < 8  # what remains: nothing knows of the last one yet
    assert (altered, story.page()) == ((True, place <= start), (True, last or place < start))


@pytest.mark.parametrize("harm", [_rewrite, _of_another, _from_within])
def test_openings_since_the_last_unlock_cannot_be_made_up(story, harm):
    story.alice_reads()
    story.alice_reads()
    harm(story)
    assert story.page() == (True, False)


@pytest.mark.parametrize("harm", [_cut, _empty])
def test_last_openings_since_the_last_unlock_can_be_cut_off(story, harm):
    """What remains: nothing outside of the rows knows of them yet."""
    story.alice_reads()
    story.alice_reads()
    harm(story)
    assert story.page() == (True, True)


@pytest.mark.parametrize("harm", [_rewrite, _of_another, _from_within])
def test_openings_that_were_altered_pass_where_no_chain_is_followed(story, harm, monkeypatch):
    story.alice_reads()
    story.alice_reads()
    harm(story)
    monkeypatch.setattr("supervision.services.sharing.own.end_of", lambda *parts: Chain())
    assert story.page() == (True, True)


def test_comment_deleted_is_not_told_and_put_back_is_only_what_was_written(story):
    """What remains: comments are signed by who wrote them, and not counted."""
    place, comment_id = story.place, uuid4()
    with writing():
        keys = place.of(place.alice)
        said = (place.alice, AT, keys, story.share_id, comment_id, "Be kind to you.", "")
        sharing.add_comment(*said)
    kept = keep(ShareComment)
    forget(ShareComment)
    assert story.page() == (True, True)
    kept.put_back()
    alter(ShareComment, author_id=place.carol.id)
    found = sharing.own_share(place.bob, place.of(place.bob), pepper(), story.share_id)
    assert [one.text for one in found.comments] == [None]


# -- ways in -------------------------------------------------------------------------------


def change(story: Story, now: str = PASSPHRASE, to: str = LATER) -> None:
    """Bob's passphrase is changed."""
    bob = story.place.bob
    opened = sign_ins.check(bob.email, now, settings())
    assert opened is not None
    changed = sign_ins.change(opened, to, settings())
    with writing():
        sign_ins.keep_change(bob, changed, AT, Origin("https://s.example"))
    db.session.expire_all()


def check(story: Story, passphrase: str) -> Opened | None:
    return sign_ins.check(story.place.bob.email, passphrase, settings())


def opens(story: Story, passphrase: str) -> tuple[bool, bool, bool]:
    """Whether it opens the account and the vault, and is a former way."""
    found = check(story, passphrase)
    return (
        found is not None,
        found is not None and found.keys is not None,
        bool(found and found.former),
    )


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ((VaultSlot,), (False, False, False)),
        ((Credential,), (True, False, False)),
        ((VaultSlot, Credential), (True, False, True)),
    ],
    ids=["slot", "credential", "both"],
)
def test_former_passphrase_put_back_opens_no_notes(story, models, expected):
    kept = keep(*models)
    change(story)
    kept.put_back()
    assert opens(story, PASSPHRASE) == expected


def test_former_passphrase_put_back_opens_notes_where_the_head_holds_no_ways(story, monkeypatch):
    kept = keep(VaultSlot, Credential)
    change(story)
    kept.put_back()
    monkeypatch.setattr(vaults, "_check_way", lambda *parts: None)
    assert opens(story, PASSPHRASE) == (True, True, False)


def test_former_passphrase_is_told_to_its_owner(story, new_client):
    kept, bob = keep(VaultSlot, Credential), story.place.bob
    change(story)
    present = keep(VaultSlot, Credential)
    kept.put_back()
    thief = enter(new_client(), bob)
    assert state(thief) == 423
    answer = thief.submit("/unlock", {"passphrase": PASSPHRASE}, button="Unlock")
    assert (answer.status_code, "A former way into your notes" in answer.text) == (422, True)
    assert (acts("vault.former_way"), state(thief)) == (2, 423)
    subjects = list(db.session.scalars(select(Outbox.subject).where(Outbox.person_id == bob.id)))
    assert subjects.count("A former way into your notes was put back") == 2
    present.put_back()
    bobs = enter(new_client(), bob, LATER)
    assert "A former way into your notes was put back" in bobs.get("/").text
    bobs.send("/lock")
    assert "put back" not in unlock(bobs, LATER).text


def unlock(client: Client, passphrase: str = PASSPHRASE, **values: str):
    """The page that comes after the form of unlocking."""
    answer = client.submit("/unlock", {"passphrase": passphrase, **values}, button="Unlock")
    return client.get("/") if answer.status_code == 303 else answer


def new_code(story: Story) -> str:
    bob, keys = story.place.bob, story.place.of(story.place.bob)
    with writing():
        code = vaults.new_code(bob, AT, keys)
        vaults.confirm_code(bob, AT, code)
    db.session.expire_all()
    return code


def use(story: Story, code: str) -> None:
    bob = story.place.bob
    used = vaults.open_with_code(bob, code)
    changed = sign_ins.change(Opened(bob.id, used.keys), PASSPHRASE, settings())
    assert changed.slot is not None
    with writing():
        vaults.keep_recovery(bob, AT, used, changed.credential, changed.slot)
    db.session.expire_all()


@pytest.mark.parametrize("spent", [use, lambda story, code: new_code(story)], ids=["used", "new"])
def test_former_recovery_code_put_back_opens_nothing(story, spent):
    code = new_code(story)
    kept = keep(VaultSlot)
    spent(story, code)
    forget(VaultSlot, VaultSlot.kind == "recovery")
    kept.put_back()
    with pytest.raises(vaults.FormerWay):
        vaults.open_with_code(story.place.bob, code)


def test_former_code_put_back_as_one_that_waits_is_not_confirmed(story):
    """Else whoever sits at an open account could make a spent code count again."""
    code = new_code(story)
    kept = keep(VaultSlot)
    use(story, code)
    kept.put_back()
    forget(VaultSlot, VaultSlot.kind == "pending")
    alter(VaultSlot, VaultSlot.kind == "recovery", kind="pending")
    with pytest.raises(Invalid) as refused, writing():
        vaults.confirm_code(story.place.bob, AT, code)
    assert type(refused.value) is vaults.FormerWay


def test_spent_code_put_back_opens_where_the_head_holds_no_ways(story, monkeypatch):
    code = new_code(story)
    kept = keep(VaultSlot)
    use(story, code)
    kept.put_back()
    monkeypatch.setattr(vaults, "_check_way", lambda *parts: None)
    assert (
        vaults.open_with_code(story.place.bob, code).keys.id == story.place.of(story.place.bob).id
    )


def test_present_ways_open_after_every_change(story):
    """No change of a way shuts out its owner: what is changed is what the head holds."""
    first = new_code(story)
    change(story)
    assert opens(story, LATER) == (True, True, False)
    second = new_code(story)
    use(story, second)
    assert opens(story, PASSPHRASE) == (True, True, False)
    with pytest.raises(Invalid):
        vaults.open_with_code(story.place.bob, first)
    third = new_code(story)
    assert vaults.open_with_code(story.place.bob, third).keys is not None


# -- the witness ---------------------------------------------------------------------------


@pytest.fixture
def bobs(story, new_client) -> Client:
    """Bob's browser, which remembers how his vault stands; locked again."""
    client = enter(new_client(), story.place.bob)
    client.send("/lock")
    return client


def _one_vault(kept: Kept) -> None:
    kept.put_back()
    with writing():
        newer = select(NoteRevision.note_id).where(NoteRevision.number > 1)
        forget(NoteRevision, NoteRevision.number > 1)
        assert not run(newer).all()


BACK: dict[str, tuple[Callable[[], Kept], Callable[[Kept], None]]] = {
    "one vault": (lambda: keep(*VAULT), _one_vault),
    "whole database": (keep, Kept.put_back_whole),
}


@pytest.mark.parametrize("what", BACK)
def test_earlier_copy_is_told_where_the_browser_remembers(story, bobs, what):
    keep_it, put_it_back = BACK[what]
    kept = keep_it()
    unlock(bobs)
    save_in(bobs, story, "second")
    bobs.send("/lock")
    put_it_back(kept)
    answer = unlock(bobs)
    assert (answer.status_code, OLDER in answer.text, state(bobs)) == (422, True, 423)
    assert OLDER not in unlock(bobs, accept="on").text
    assert (state(bobs), acts("vault.accept_older")) == (204, 1)
    bobs.send("/lock")
    assert (OLDER in unlock(bobs).text, state(bobs)) == (False, 204)


def save_in(client: Client, story: Story, text: str) -> None:
    """Bob saves on the page, as people do."""
    page = f"/notes/{story.note_id}/edit"
    answer = client.submit(page, {"title": "After", "reflection": text}, button="Save")
    assert answer.status_code == 303, answer.status
    db.session.expire_all()


@pytest.mark.parametrize("what", BACK)
def test_earlier_copy_is_not_told_where_no_browser_remembers(story, bobs, new_client, what):
    """What remains: another browser, or one whose cookies were deleted."""
    keep_it, put_it_back = BACK[what]
    kept = keep_it()
    unlock(bobs)
    save_in(bobs, story, "second")
    put_it_back(kept)
    other = enter(new_client(), story.place.bob)
    assert state(other) == 204


def test_earlier_copy_opens_where_witnesses_are_not_compared(story, bobs, monkeypatch):
    monkeypatch.setattr(Witness, "is_of_later", lambda *parts: False)
    kept = keep()
    unlock(bobs)
    save_in(bobs, story, "second")
    bobs.send("/lock")
    kept.put_back_whole()
    unlock(bobs)
    assert state(bobs) == 204


def test_earlier_copy_stays_locked_at_sign_in(story, bobs):
    kept = keep()
    unlock(bobs)
    save_in(bobs, story, "second")
    bobs.send("/sign-out")
    kept.put_back_whole()
    enter(bobs, story.place.bob)
    assert state(bobs) == 423
    assert OLDER in unlock(bobs).text


def older_copy_in(client: Client, story: Story) -> None:
    """An earlier day is put back, and its owner signs in by the browser that saw the later one."""
    kept = keep()
    unlock(client)
    save_in(client, story, "second")
    client.send("/sign-out")
    kept.put_back_whole()
    enter(client, story.place.bob)


def test_earlier_copy_is_told_at_sign_in_with_date_reason_and_whom_to_ask(story, bobs):
    dana = story.place.house.dana
    older_copy_in(bobs, story)
    page = bobs.get("/unlock").text
    assert [
        words in page
        for words in (
            "This browser last saw your notes on",
            OLDER,
            "Most often a backup was put back.",
            f"Ask {dana.name} whether that is so.",
            "Nothing is deleted by waiting.",
            'name="accept"',
        )
    ] == [True] * 6
    assert 'class="flash"' not in page


@pytest.mark.parametrize("tried", ["", "four wrong quiet lamps"])
@pytest.mark.parametrize("path", ["/unlock", "/vault/recover"])
def test_wrong_try_takes_nothing_back_of_what_is_told(story, bobs, tried, path):
    older_copy_in(bobs, story)
    page = bobs.send(path, {"passphrase": tried}).text
    assert (OLDER in page, bobs.get("/unlock").text.count(OLDER)) == (True, 1)


def test_owner_who_went_on_reads_that_once_and_is_told_no_more(story, bobs):
    older_copy_in(bobs, story)
    pages = [unlock(bobs, accept="on"), bobs.get("/notes")]
    said = "You went on with your notes as they are stored here."
    assert [said in page.text for page in pages] == [True, False]
    bobs.send("/lock")
    assert OLDER not in bobs.get("/unlock").text


def test_right_code_uses_up_no_try_while_there_is_something_to_tell(story, bobs):
    code = new_code(story)
    kept = keep()
    unlock(bobs)
    save_in(bobs, story, "second")
    bobs.send("/lock")
    kept.put_back_whole()
    both = {"code": code, "passphrase": PASSPHRASE}
    answers = [bobs.send("/vault/recover", both) for _ in range(7)]
    assert [(one.status_code, OLDER in one.text) for one in answers] == [(422, True)] * 7
    assert bobs.send("/vault/recover", both | {"accept": "on"}).status_code == 303


def test_former_code_typed_back_leaves_a_line(story, bobs):
    """The first of two that waited, put back beside nothing else."""
    bob, keys = story.place.bob, story.place.of(story.place.bob)
    with writing():
        code = vaults.new_code(bob, AT, keys)
    kept = keep(VaultSlot)
    with writing():
        vaults.new_code(bob, AT, keys)
    kept.put_back()
    answer = bobs.send("/vault/recovery-code/check", {"code": code})
    assert (answer.status_code, acts("vault.former_way")) == (422, 1)


@pytest.mark.parametrize("changed", ["passphrase", "code", "share taken back"])
def test_every_change_that_matters_is_remembered(story, bobs, changed):
    """Each moves the head on, and the browser follows."""
    unlock(bobs)
    kept = keep()
    if changed == "passphrase":
        new = {"passphrase": LATER, "again": LATER}
        bobs.submit("/profile", {"current": PASSPHRASE, **new}, button="Change passphrase")
    elif changed == "code":
        bobs.submit("/vault/recovery-code", {"passphrase": PASSPHRASE}, "Show me a new code")
    else:
        bobs.send(f"/sharing/{story.share_id}/revoke")
    bobs.send("/lock")
    kept.put_back_whole()
    assert OLDER in unlock(bobs).text


def test_share_taken_back_while_locked_and_put_back_by_a_whole_day_is_told(story, bobs):
    """No key was at hand: the browser remembers that under the server's own secret."""
    kept = keep()
    bobs.send(f"/sharing/{story.share_id}/revoke")
    kept.put_back_whole()
    assert story.alice_reads() == TEXT
    assert "Something that you share is not as you left it" in unlock(bobs).text
    assert story.alice_reads() is None
    bobs.send("/lock")
    assert "is not as you left it" not in unlock(bobs).text


def test_vault_from_before_a_new_key_is_told_and_reads_nothing_since(story, bobs):
    """Somebody has a copy of the database and a passphrase from then. The witness outlives the
    master key; what was written under the new one does not open by the former."""
    bob, kept = story.place.bob, keep(Vault, VaultSlot, Credential, NoteIndex)
    unlock(bobs)
    answer = bobs.submit("/vault/new-key", {"present": PASSPHRASE}, button="Replace my key")
    assert answer.status_code == 303
    while db.session.scalar(select(Vault.former).where(Vault.person_id == bob.id)):
        bobs.submit("/vault/new-key", {}, button="Go on")
        db.session.expire_all()
    save_in(bobs, story, "since the new key")
    bobs.send("/lock")
    kept.put_back()
    assert OLDER in unlock(bobs).text
    found = check(story, PASSPHRASE)
    assert found is not None
    assert found.keys is not None
    page = notes.notes_of(bob, found.keys)
    assert ([line.reflection for line in page.lines], page.sound) == ([None], False)


def test_former_head_put_back_while_notes_are_open_is_refused(story, bobs):
    """Head, ledger and list of the same former moment: the open session knows better."""
    unlock(bobs)
    kept = keep(Vault, NoteIndex, Share)
    bobs.send(f"/sharing/{story.share_id}/revoke", data={"reader": str(story.place.alice.id)})
    kept.put_back()
    page = f"/notes/{story.note_id}/edit"
    answer = bobs.submit(page, {"title": "After", "reflection": "second"}, button="Save")
    assert (answer.status_code, story.alice_reads()) == (409, None)
    assert "not as you left them" in bobs.get("/notes").text


def test_former_head_put_back_while_notes_are_open_passes_where_no_floor_is_kept(
    story, bobs, monkeypatch
):
    monkeypatch.setattr("supervision.models.unlocks.Unlocks.move", lambda *parts: None)
    unlock(bobs)
    kept = keep(Vault, NoteIndex, Share)
    bobs.send(f"/sharing/{story.share_id}/revoke", data={"reader": str(story.place.alice.id)})
    forget(ShareTaken)
    kept.put_back()
    save_in(bobs, story, "second")
    assert story.alice_reads() == "second"


def test_two_browsers_raise_no_false_alarm(story, bobs, new_client):
    """One that was away has seen less; both go on."""
    other = enter(new_client(), story.place.bob)
    for client, text in ((other, "second"), (bobs, "third"), (other, "fourth")):
        client.send("/lock")
        assert OLDER not in unlock(client).text
        save_in(client, story, text)


def test_two_people_share_a_browser(story, bobs):
    place = story.place
    bobs.send("/sign-out")
    enter(bobs, place.carol)
    assert state(bobs) == 204
    bobs.send("/sign-out")
    enter(bobs, place.bob)
    names = [cookie.key for cookie in cookies(bobs) if cookie.key.startswith("witness-")]
    assert (state(bobs), len(names), len(set(names))) == (204, 2, 2)
    whose = (place.bob.id.hex, place.carol.id.hex, place.bob.email)
    assert not [name for name in names for one in whose if one in name]


def cookies(client: Client):
    return list(client._cookies.values()) if client._cookies else []


@pytest.mark.parametrize("kind", ["forged", "another person's", "garbled"])
def test_witness_that_is_not_one_says_nothing(story, bobs, new_client, kind):
    [own] = [one for one in cookies(bobs) if one.key.startswith("witness-")]
    carols = enter(new_client(), story.place.carol)
    [theirs] = [one for one in cookies(carols) if one.key.startswith("witness-")]
    value = {"forged": own.value[:-8] + "AAAAAAAA", "another person's": theirs.value}
    bobs.set_cookie(own.key, value.get(kind, "no base64 at all!"))
    unlock(bobs)
    assert state(bobs) == 204


def test_witness_is_for_this_site_and_no_script_and_stays(story, bobs):
    answer = bobs.submit("/unlock", {"passphrase": PASSPHRASE}, button="Unlock")
    [header] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("witness-")]
    parts = {part.partition("=")[0] for part in header.split("; ")[1:]}
    assert parts == {"Expires", "Max-Age", "HttpOnly", "Path", "SameSite"}
    assert "Max-Age=34560000" in header
    answer = bobs.send("/lock")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert not [one for one in answer.headers.getlist("Set-Cookie") if "witness" in one]


def test_witness_is_of_this_host_alone_where_there_is_https(app, story):
    bob, keys = story.place.bob, story.place.of(story.place.bob)
    public = settings().model_copy(update={"base_url": "https://supervision.example.org"})
    app.extensions["settings"], kept = public, app.extensions["settings"]
    try:
        with app.test_request_context():
            response = app.response_class()
            unlocking.unlock(response, bob.id, bob.sign_in_id, keys)
    finally:
        app.extensions["settings"] = kept
    [header] = [one for one in response.headers.getlist("Set-Cookie") if "witness" in one]
    assert (header.startswith("__Host-witness-"), "; Secure;" in header) == (True, True)
    assert "Domain" not in header


def test_head_that_does_not_open_is_told_before_the_notes_open(story, bobs):
    alter(Vault, Vault.person_id == story.place.bob.id, head=bytes(320))
    answer = unlock(bobs)
    told = "The seal over your notes does not open" in answer.text
    assert (answer.status_code, told, state(bobs)) == (422, True, 423)
    unlock(bobs, accept="on")
    assert state(bobs) == 204


# -- one note, and what was there before ---------------------------------------------------


def test_one_note_put_back_is_told_in_the_list(story):
    bob, kept = story.place.bob, keep(NoteRevision)
    story.save("second")
    forget(NoteRevision)
    kept.put_back()
    assert not notes.notes_of(bob, story.place.of(bob)).sound


def test_shares_and_ways_from_before_heads_held_them_are_taken_over(story):
    """The first unlock after the upgrade: lists without a number, openings without a chain."""
    place, bob = story.place, story.place.bob
    keys = place.of(bob)
    share_id = before_the_upgrade(story)
    story = Story(place, story.note_id, share_id)
    assert story.alice_reads() == TEXT
    assert story.settle() is False
    assert (story.page(), story.settle()) == ((True, True), False)
    story.save("second")
    assert story.alice_reads() == "second"
    row = db.session.get_one(Vault, bob.id, populate_existing=True)
    bound = heads.open_head(row, keys).bound
    assert bound is not None
    assert bound._replace(shares=bytes(32)) == heads.ways_now(bob.id)
    kept = keep(Share, only=LIST)
    story.take_from_alice()
    kept.put_back()
    story.save("third")
    assert (story.alice_reads(), story.page()[0]) == (None, False)


def before_the_upgrade(story: Story) -> UUID:
    """A share as the version before wrote it, in a vault whose head binds nothing."""
    place, keys = story.place, story.place.of(story.place.bob)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing, "_numbered", lambda readers: b"")
        share_id = give(place, story.note_id, place.alice, place.carol, kind=ShareKind.FOLLOW)
    forget(Share, Share.id != share_id)
    alter(Share, list_number=0)
    with writing():
        row = heads.lock_vault(place.bob.id)
        head = heads.open_head(row, keys)
        heads.keep_head(row, keys, vault.Head(head.total, head.count, head.counter + 1))
        row.shares = None
    Story(place, story.note_id, share_id).alice_reads()
    alter(ShareOpening, mac=b"")
    return share_id


def test_rotation_keeps_what_is_shared(story):
    bob, keys = story.place.bob, story.place.of(story.place.bob)
    story.alice_reads()
    story.settle()
    turned = rotation.prepare(bob, keys, pepper())
    changed = sign_ins.change(Opened(bob.id, turned.keys), PASSPHRASE, settings())
    with writing():
        rotation.begin(bob, AT, turned, changed)
    story.place.keys[bob.id] = turned.keys
    db.session.expire_all()
    assert (story.page(), story.settle()) == ((True, True), False)
    story.save("second")
    assert story.alice_reads() == "second"
    assert opens(story, PASSPHRASE) == (True, True, False)
