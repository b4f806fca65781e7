"""Sharing: with whom, what they read, following, comments, taking back, and who opened what."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event
from time import sleep
from uuid import UUID, uuid4

import pytest
from flask import current_app
from sqlalchemy import delete, func, select, update

from supervision.db import db, writing
from supervision.domain import vault
from supervision.domain.passages import ShareKind, own_words, to_bytes, whole
from supervision.domain.reflections import Words
from supervision.domain.vault import pairs
from supervision.errors import Conflict, Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.mail import Outbox
from supervision.models.notes import Note, Vault
from supervision.models.rosters import Membership, MemberState
from supervision.models.sharing import KeyPin, Share, ShareComment, ShareOpening, ShareSeal
from supervision.permissions import Actor
from supervision.services import integrity, notes, sharing
from supervision.services import vault as vaults
from supervision.services.notes import Edit
from supervision.services.sharing import Gift, KeyState, following, giving, ledgers, rows
from tests.support.sharing import (
    AT,
    BASE,
    TEXT,
    Open,
    compare,
    compare_all,
    give,
    opened,
    read,
    write,
)
from tests.support.statements import counted
from tests.support.vaults import furnish, pepper

MINUTE = timedelta(minutes=1)


@pytest.fixture
def place(app) -> Open:
    return opened()


@pytest.fixture
def compared(place: Open) -> Open:
    compare_all(place)
    return place


def count(model: type[object]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def states(place: Open, actor: Actor) -> dict[str, KeyState]:
    circles = sharing.circles_of(actor, place.of(actor))
    return {one.name.split()[0]: one.state for circle in circles for one in circle.people}


def leave(who: Actor) -> None:
    with writing():
        db.session.execute(
            update(Membership)
            .where(Membership.person_id == who.id)
            .values(state=MemberState.ENDED, left_at=AT)
        )


# -- with whom -----------------------------------------------------------------------------


def test_people_of_ones_rosters_are_there_and_nobody_else(place):
    assert states(place, place.bob) == {
        "Alice": KeyState.UNCHECKED,
        "Carol": KeyState.UNCHECKED,
    }


def test_words_are_the_same_on_both_sides(place):
    alice, bob = place.alice, place.bob
    hers = sharing.compare(alice, place.of(alice), pepper(), bob.id)
    his = sharing.compare(bob, place.of(bob), pepper(), alice.id)
    assert (hers.words, len(his.words)) == (his.words, 8)


def test_comparing_counts_for_who_compared_alone(place):
    compare(place, place.bob, place.alice)
    assert states(place, place.bob)["Alice"] is KeyState.CHECKED
    assert states(place, place.alice)["Bob"] is KeyState.UNCHECKED


@pytest.mark.parametrize("who", ["charlie", "dana"])
def test_stranger_is_nobody_to_compare_with(place, who):
    stranger = getattr(place.house, who)
    with pytest.raises(NotFound):
        sharing.compare(place.bob, place.of(place.bob), pepper(), stranger.id)
    with pytest.raises(NotFound):
        sharing.choice_of(sharing.circles_of(place.bob, place.of(place.bob)), {stranger.id}, set())


def test_keys_that_changed_while_comparing_are_not_kept(place):
    bob, alice = place.bob, place.alice
    name = sharing.compare(bob, place.of(bob), pepper(), alice.id).name
    begin_again(place, alice)
    with pytest.raises(Conflict), writing():
        sharing.keep_check(bob, AT, place.of(bob), pepper(), alice.id, name)
    assert count(KeyPin) == 0


def begin_again(place: Open, who: Actor) -> None:
    """Somebody makes a new, empty vault, with new keys."""
    with writing():
        vaults.begin_again(who, AT)
    place.keys[who.id] = furnish(who)


def test_roster_is_who_is_in_it_now_but_for_whose_words_are_not_compared(place):
    compare(place, place.bob, place.alice)
    circles = sharing.circles_of(place.bob, place.of(place.bob))
    choice = sharing.choice_of(circles, set(), {place.house.group})
    assert [one.name for one in choice.readers] == ["Alice Ashworth"]
    assert [one.name for one in choice.left_out] == ["Carol Conti"]


def test_nothing_is_sealed_before_words_are_compared(place):
    note_id = write(place)
    with pytest.raises(Invalid):
        give(place, note_id, place.alice)
    assert count(Share) == 0


# -- reading -------------------------------------------------------------------------------


def test_reader_reads_the_passage_and_others_nothing(compared):
    share_id = give(compared, write(compared), compared.alice)
    assert read(compared, compared.alice, share_id) == TEXT
    for other in (compared.carol, compared.bob):
        with pytest.raises(NotFound):
            read(compared, other, share_id)


def test_note_of_somebody_else_cannot_be_shared(compared):
    note_id = write(compared)
    alice = compared.alice
    gift = Gift(uuid4(), note_id, ShareKind.PASSAGE, own_words(TEXT))
    circles = sharing.circles_of(alice, compared.of(alice))
    choice = sharing.choice_of(circles, {compared.bob.id}, set())
    with pytest.raises(NotFound), writing():
        sharing.share(alice, AT, compared.of(alice), gift, choice, BASE)


def test_form_sent_twice_shares_once(compared):
    note_id, bob = write(compared), compared.bob
    gift = Gift(uuid4(), note_id, ShareKind.PASSAGE, own_words(TEXT))
    circles = sharing.circles_of(bob, compared.of(bob))
    choice = sharing.choice_of(circles, {compared.alice.id}, set())
    for _ in range(2):
        with writing():
            sharing.share(bob, AT, compared.of(bob), gift, choice, BASE)
    assert (count(Share), count(ShareSeal), count(Outbox)) == (1, 1, 1)


def test_form_sent_again_with_other_words_or_readers_is_refused(compared):
    note_id, bob = write(compared), compared.bob
    circles = sharing.circles_of(bob, compared.of(bob))
    alice, both = (
        sharing.choice_of(circles, {one.id for one in who}, set())
        for who in ((compared.alice,), (compared.alice, compared.carol))
    )
    gift = Gift(uuid4(), note_id, ShareKind.PASSAGE, own_words(TEXT))
    other = replace(gift, passage=own_words("Other words."))
    with writing():
        sharing.share(bob, AT, compared.of(bob), gift, alice, BASE)
    for again, whom in ((other, alice), (gift, both)):
        with pytest.raises(Conflict), writing():
            sharing.share(bob, AT, compared.of(bob), again, whom, BASE)
    assert (count(Share), count(ShareSeal)) == (1, 1)


def test_database_and_mail_hold_no_text(compared):
    text = "a most unusual sentence"
    give(compared, write(compared), compared.alice, passage=own_words(text))
    row, seal = db.session.scalars(select(Share)).one(), db.session.scalars(select(ShareSeal)).one()
    stored = row.envelope + row.wrap + row.readers + row.signature + seal.sealed_key
    mail = db.session.scalars(select(Outbox)).one()
    assert text.encode() not in stored
    assert ("unusual" in mail.subject + mail.body, mail.recipient, mail.kind) == (
        False,
        "alice@example.org",
        "sharing",
    )


def test_audit_of_a_share_holds_no_text(compared):
    share_id = give(compared, write(compared), compared.alice)
    found = db.session.execute(
        select(AuditEntry.subject_id, AuditEntry.detail).where(AuditEntry.act == "sharing.share")
    ).one()
    assert (found.subject_id, found.detail) == (share_id, {"readers": "1"})


def test_each_opening_stands_in_the_owner_s_log_once_an_hour(compared):
    share_id = give(compared, write(compared), compared.alice, compared.carol)
    for minutes in (1, 2, 60, 61):
        read(compared, compared.alice, share_id, AT + minutes * MINUTE)
    read(compared, compared.carol, share_id, AT + 62 * MINUTE)
    found = sharing.own_share(compared.bob, compared.of(compared.bob), pepper(), share_id)
    assert [(one.name, one.opened_at) for one in found.openings] == [
        ("Carol Conti", AT + 62 * MINUTE),
        ("Alice Ashworth", AT + 61 * MINUTE),
        ("Alice Ashworth", AT + MINUTE),
    ]


def test_list_says_what_is_new(compared):
    share_id = give(compared, write(compared), compared.alice)
    before, _more = sharing.shared_with(compared.alice)
    read(compared, compared.alice, share_id)
    after, _more = sharing.shared_with(compared.alice)
    assert [(one.id, one.owner, one.is_new) for one in before + after] == [
        (share_id, "Bob Brandt", True),
        (share_id, "Bob Brandt", False),
    ]


def test_owner_s_page_of_another_is_nothing(compared):
    share_id = give(compared, write(compared), compared.alice)
    for act in (
        lambda who: sharing.own_share(who, compared.of(who), pepper(), share_id),
        lambda who: sharing.revoke(who, AT, pepper(), share_id),
        lambda who: sharing.revoke_from(who, AT, compared.of(who), pepper(), share_id, who.id),
        lambda who: sharing.give_again(who, AT, compared.of(who), share_id),
        lambda who: sharing.seen_own(who, share_id),
    ):
        with pytest.raises(NotFound):
            act(compared.alice)


# -- taking back, leaving, deleting --------------------------------------------------------


def test_attack_22_revoked_reader_finds_nothing(compared):
    share_id = give(compared, write(compared), compared.alice, compared.carol)
    read(compared, compared.alice, share_id)
    with writing():
        sharing.revoke_from(
            compared.bob, AT, compared.of(compared.bob), pepper(), share_id, compared.alice.id
        )
    with pytest.raises(NotFound):
        read(compared, compared.alice, share_id)
    with pytest.raises(NotFound):
        say(compared, compared.alice, share_id, "but still")
    assert sharing.shared_with(compared.alice) == ([], False)
    assert read(compared, compared.carol, share_id) == TEXT


def test_attack_22_old_seal_put_back_opens_nothing(compared):
    """It was sealed anew for who is left: the key that Alice had is of no use any more."""
    share_id = give(compared, write(compared), compared.alice, compared.carol)
    old = db.session.get_one(ShareSeal, (share_id, compared.alice.id))
    kept = (old.sealed_key, old.signature)
    db.session.expunge(old)
    with writing():
        sharing.revoke_from(
            compared.bob, AT, compared.of(compared.bob), pepper(), share_id, compared.alice.id
        )
        db.session.add(
            ShareSeal(
                share_id=share_id,
                reader_id=compared.alice.id,
                sealed_key=kept[0],
                signature=kept[1],
            )
        )
    assert read(compared, compared.alice, share_id) is None


def test_attack_22_succeeds_where_a_seal_is_not_deleted(compared, monkeypatch):
    share_id = give(compared, write(compared), compared.alice)
    monkeypatch.setattr(giving, "take_back", lambda *parts: None)
    with writing():
        sharing.revoke(compared.bob, AT, pepper(), share_id)
    assert read(compared, compared.alice, share_id) == TEXT


def test_taken_back_from_all_keeps_the_log_for_its_owner(compared):
    share_id = give(compared, write(compared), compared.alice)
    read(compared, compared.alice, share_id)
    with writing():
        sharing.revoke(compared.bob, AT, pepper(), share_id)
    found = sharing.own_share(compared.bob, compared.of(compared.bob), pepper(), share_id)
    assert (found.readers, len(found.openings), found.sound) == ([], 1, True)
    assert count(ShareSeal) == 0


def test_reader_who_left_the_roster_keeps_the_passage_until_it_is_taken_back(compared):
    share_id = give(compared, write(compared), compared.carol)
    leave(compared.carol)
    assert read(compared, compared.carol, share_id) == TEXT
    found = sharing.own_share(compared.bob, compared.of(compared.bob), pepper(), share_id)
    assert [(one.name, one.sealed, one.in_circle) for one in found.readers] == [
        ("Carol Conti", True, False)
    ]


def test_deleted_note_is_gone_for_its_readers_and_back_with_it(compared):
    note_id = write(compared)
    share_id = give(compared, note_id, compared.alice)
    bob = compared.bob
    with writing():
        notes.delete_note(bob, AT, compared.of(bob), note_id)
    with pytest.raises(NotFound):
        read(compared, compared.alice, share_id)
    assert (sharing.shared_with(compared.alice)[0], sharing.own_shares(bob)[0]) == ([], [])
    with writing():
        notes.undelete_note(bob, AT + MINUTE, compared.of(bob), note_id)
    assert read(compared, compared.alice, share_id) == TEXT


def test_purged_note_takes_its_shares_with_it(compared):
    note_id = write(compared)
    share_id = give(compared, note_id, compared.alice)
    read(compared, compared.alice, share_id)
    say(compared, compared.alice, share_id, "words")
    with writing():
        notes.delete_note(compared.bob, AT, compared.of(compared.bob), note_id)
    with writing():
        notes.purge_deleted(AT + 11 * MINUTE)
    left = [count(one) for one in (Note, Share, ShareSeal, ShareOpening, ShareComment)]
    assert left == [0, 0, 0, 0, 0]


def test_reader_who_begins_again_reads_nothing_and_is_to_be_compared_anew(compared):
    share_id = give(compared, write(compared), compared.alice)
    begin_again(compared, compared.alice)
    with pytest.raises(NotFound):
        read(compared, compared.alice, share_id)
    assert states(compared, compared.bob)["Alice"] is KeyState.CHANGED
    with pytest.raises(Invalid):
        give(compared, write(compared), compared.alice)


def test_share_is_given_again_once_the_new_words_are_compared(compared):
    share_id = give(compared, write(compared), compared.alice)
    begin_again(compared, compared.alice)
    compare(compared, compared.bob, compared.alice)
    with writing():
        sharing.give_again(compared.bob, AT, compared.of(compared.bob), share_id)
    assert read(compared, compared.alice, share_id) == TEXT


def test_owner_who_begins_again_shares_nothing_any_more(compared):
    share_id = give(compared, write(compared), compared.alice)
    begin_again(compared, compared.bob)
    with pytest.raises(NotFound):
        read(compared, compared.alice, share_id)
    assert (count(Share), count(ShareSeal)) == (0, 0)


def test_last_reader_taken_off_is_everybody_taken_off(compared):
    share_id = give(compared, write(compared), compared.alice)
    bob, alice = compared.bob, compared.alice
    with writing():
        sharing.revoke_from(bob, AT, compared.of(bob), pepper(), share_id, alice.id)
    found = sharing.own_share(bob, compared.of(bob), pepper(), share_id)
    assert (found.readers, found.sound, count(ShareSeal)) == ([], True, 0)
    with pytest.raises(NotFound):
        sharing.revoke_from(bob, AT, compared.of(bob), pepper(), share_id, alice.id)


def test_altered_share_can_still_be_taken_back(compared):
    share_id = give(compared, write(compared), compared.alice)
    slip_in(compared, share_id, compared.carol)
    with pytest.raises(Conflict), writing():
        sharing.revoke_from(
            compared.bob, AT, compared.of(compared.bob), pepper(), share_id, compared.carol.id
        )
    with writing():
        sharing.revoke(compared.bob, AT, pepper(), share_id)
    assert count(ShareSeal) == 0


# -- following -----------------------------------------------------------------------------


def words(text: str) -> Words:
    return Words("free", "After the hour", {"reflection": text})


def save_again(place: Open, note_id: UUID, base: int, text: str, auto: bool = False) -> None:
    edit = Edit(note_id, uuid4(), base)
    with writing():
        notes.save_note(place.bob, AT + MINUTE, place.of(place.bob), edit, words(text), auto=auto)


def followed(place: Open, *readers: Actor) -> tuple[UUID, UUID]:
    note_id = write(place, "first")
    passage = whole(words("first"))
    return note_id, give(place, note_id, *readers, passage=passage, kind=ShareKind.FOLLOW)


def test_follower_reads_what_was_saved_last(compared):
    note_id, share_id = followed(compared, compared.alice)
    assert read(compared, compared.alice, share_id) == "first"
    save_again(compared, note_id, 1, "second")
    assert read(compared, compared.alice, share_id) == "second"
    assert (
        sharing.own_share(compared.bob, compared.of(compared.bob), pepper(), share_id).number == 2
    )


def test_follower_reads_nothing_of_what_is_being_typed(compared):
    note_id, share_id = followed(compared, compared.alice)
    save_again(compared, note_id, 1, "half a thou", auto=True)
    assert read(compared, compared.alice, share_id) == "first"


def test_passage_and_revision_stay_as_they_were_shared(compared):
    note_id = write(compared, "first")
    shares = [
        give(compared, note_id, compared.alice, passage=whole(words("first")), kind=kind)
        for kind in (ShareKind.PASSAGE, ShareKind.REVISION)
    ]
    save_again(compared, note_id, 1, "second")
    assert [read(compared, compared.alice, one) for one in shares] == ["first", "first"]


def test_follower_who_left_the_roster_gets_nothing_that_is_saved_later(compared):
    note_id, share_id = followed(compared, compared.alice, compared.carol)
    leave(compared.carol)
    save_again(compared, note_id, 1, "second")
    assert read(compared, compared.alice, share_id) == "second"
    with pytest.raises(NotFound):
        read(compared, compared.carol, share_id)


def test_follower_who_left_gets_it_by_no_other_way(compared):
    note_id, share_id = followed(compared, compared.alice, compared.carol)
    leave(compared.carol)
    save_again(compared, note_id, 1, "second")
    with writing():
        sharing.give_again(compared.bob, AT, compared.of(compared.bob), share_id)
    with pytest.raises(NotFound):
        read(compared, compared.carol, share_id)
    assert read(compared, compared.alice, share_id) == "second"


def test_follower_with_a_changed_key_gets_nothing_until_words_are_compared(compared):
    note_id, share_id = followed(compared, compared.alice)
    begin_again(compared, compared.alice)
    save_again(compared, note_id, 1, "second")
    with pytest.raises(NotFound):
        read(compared, compared.alice, share_id)
    compare(compared, compared.bob, compared.alice)
    save_again(compared, note_id, 2, "third")
    assert read(compared, compared.alice, share_id) == "third"


def test_follower_who_was_taken_off_gets_nothing(compared):
    note_id, share_id = followed(compared, compared.alice, compared.carol)
    with writing():
        sharing.revoke_from(
            compared.bob, AT, compared.of(compared.bob), pepper(), share_id, compared.carol.id
        )
    save_again(compared, note_id, 1, "second")
    with pytest.raises(NotFound):
        read(compared, compared.carol, share_id)
    assert read(compared, compared.alice, share_id) == "second"


def save_and_take_back(place: Open, monkeypatch: pytest.MonkeyPatch) -> int:
    """A save is about to seal to its follower when Bob takes that back; the seals that are left."""
    note_id, share_id = followed(place, place.alice)
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own
    reached, real = Event(), sharing.circles_of

    def slowly(actor, keys):
        reached.set()
        sleep(1)
        return real(actor, keys)

    def apart(act: Callable[[], None]) -> None:
        with app.app_context():
            act()

    def take_back() -> None:
        assert reached.wait(10)
        with writing():
            sharing.revoke(place.bob, AT, pepper(), share_id)

    monkeypatch.setattr(following, "circles_of", slowly)
    db.session.commit()
    with ThreadPoolExecutor() as pool:
        saving = pool.submit(apart, lambda: save_again(place, note_id, 1, "second"))
        pool.submit(apart, take_back).result()
        saving.result()
    db.session.rollback()
    return count(ShareSeal)


def test_save_gives_nothing_that_is_taken_back_at_the_same_time(compared, monkeypatch):
    assert save_and_take_back(compared, monkeypatch) == 0


@pytest.mark.engines("postgresql")
def test_save_gives_it_where_nobody_waits(compared, monkeypatch):
    monkeypatch.setattr(giving, "lock_vault", lambda who: db.session.get_one(Vault, who))
    assert save_and_take_back(compared, monkeypatch) == 1


def slip_in(place: Open, share_id: UUID, who: Actor) -> None:
    """An organiser with the database adds a reader to the list, and even a pin of their own."""
    with writing():
        row = db.session.get_one(Share, share_id)
        row.readers = vault.listed([*vault.listed_ids(row.readers), who.id])


def test_attack_21_organiser_inserts_a_reader(compared):
    note_id, share_id = followed(compared, compared.alice)
    slip_in(compared, share_id, compared.carol)
    save_again(compared, note_id, 1, "second")
    with pytest.raises(NotFound):
        read(compared, compared.carol, share_id)
    assert read(compared, compared.alice, share_id) is None
    found = sharing.own_share(compared.bob, compared.of(compared.bob), pepper(), share_id)
    assert (found.sound, [one.sealed for one in found.readers]) == (False, [True, False])
    with pytest.raises(Conflict), writing():
        sharing.give_again(compared.bob, AT, compared.of(compared.bob), share_id)


def test_attack_21_succeeds_where_the_list_is_not_checked(compared, monkeypatch):
    note_id, share_id = followed(compared, compared.alice)
    slip_in(compared, share_id, compared.carol)
    monkeypatch.setattr(vault, "check_list", lambda *parts: None)
    monkeypatch.setattr(ledgers, "is_left_so", lambda *parts: True)
    save_again(compared, note_id, 1, "second")
    assert read(compared, compared.carol, share_id) == "second"


def test_attack_18_swapped_key_gets_nothing(compared):
    """Whoever has database and pepper puts a key of theirs under Alice's name."""
    note_id, _share_id = followed(compared, compared.alice)
    swap(compared, compared.alice)
    assert states(compared, compared.bob)["Alice"] is KeyState.CHANGED
    save_again(compared, note_id, 1, "second")
    assert count(ShareSeal) == 0
    with pytest.raises(Invalid):
        give(compared, note_id, compared.alice)


def swap(place: Open, who: Actor) -> None:
    made = pairs.new_pairs(place.of(place.carol), who.id, pepper())
    with writing():
        db.session.execute(
            update(Vault).where(Vault.person_id == who.id).values(public=made.public)
        )


def test_attack_18_swapped_key_gets_all_where_nothing_is_pinned(compared, monkeypatch):
    note_id, _share_id = followed(compared, compared.alice)
    swap(compared, compared.alice)

    def unpinned(keys, owner_id, pin, public, person_id, epoch):
        return vault.read_unvouched(public, person_id, epoch)

    monkeypatch.setattr(vault, "read_pinned", unpinned)
    save_again(compared, note_id, 1, "second")
    assert count(ShareSeal) == 1


def test_attack_19_share_signed_by_another_does_not_open(compared):
    """Carol's vault seals words to Alice in Bob's name, under a row that says it is his."""
    share_id = give(compared, write(compared), compared.alice)
    forge(compared, share_id)
    assert read(compared, compared.alice, share_id) is None


def forge(place: Open, share_id: UUID) -> None:
    carol = rows.own_pairs(place.carol, place.of(place.carol))
    alice = rows.own_pairs(place.alice, place.of(place.alice))
    row = db.session.get_one(Share, share_id)
    body = to_bytes(own_words("never written"))
    made = vault.seal_shared(
        place.of(place.carol),
        carol.private,
        rows.subject_of(row),
        body,
        [alice.public],
        rows.readers_of(row),
    )
    handed = made.handed[place.alice.id]
    with writing():
        row = db.session.get_one(Share, share_id)
        row.envelope = made.sealed.envelope
        seal = db.session.get_one(ShareSeal, (share_id, place.alice.id))
        seal.sealed_key, seal.signature = handed.sealed_key, handed.signature


def test_attack_20_seal_of_another_share_does_not_open(compared):
    first = give(compared, write(compared), compared.alice)
    second = give(compared, write(compared), compared.alice, passage=own_words("another"))
    with writing():
        one, other = (db.session.get_one(Share, share_id) for share_id in (first, second))
        one.envelope = other.envelope
        mine = db.session.get_one(ShareSeal, (first, compared.alice.id))
        theirs = db.session.get_one(ShareSeal, (second, compared.alice.id))
        mine.sealed_key, mine.signature = theirs.sealed_key, theirs.signature
    assert read(compared, compared.alice, first) is None


def test_owner_s_swapped_key_opens_nothing_once_compared(compared):
    share_id = give(compared, write(compared), compared.alice)
    swap(compared, compared.bob)
    with writing():
        found = sharing.open_share(
            compared.alice, AT, compared.of(compared.alice), pepper(), share_id
        )
    assert (found.owner_keys, found.passage, count(ShareOpening)) == (KeyState.CHANGED, None, 0)


def test_reader_who_compared_nothing_is_told_so(place):
    compare(place, place.bob, place.alice)
    share_id = give(place, write(place), place.alice)
    with writing():
        found = sharing.open_share(place.alice, AT, place.of(place.alice), pepper(), share_id)
    assert (found.owner_keys, found.passage) == (KeyState.UNCHECKED, own_words(TEXT))


# -- comments ------------------------------------------------------------------------------


def say(place: Open, who: Actor, share_id: UUID, text: str, key: UUID | None = None) -> None:
    with writing():
        sharing.add_comment(who, AT, place.of(who), share_id, key or uuid4(), text, BASE)


def comments(place: Open, share_id: UUID) -> list[tuple[str, str | None]]:
    found = sharing.own_share(place.bob, place.of(place.bob), pepper(), share_id)
    return [(one.author, one.text) for one in found.comments]


def test_comment_is_read_by_the_owner_and_its_writer(compared):
    share_id = give(compared, write(compared), compared.alice, compared.carol)
    say(compared, compared.alice, share_id, "  What did you feel?\n")
    assert comments(compared, share_id) == [("Alice Ashworth", "What did you feel?")]
    mine = sharing.own_comments(compared.alice, compared.of(compared.alice), share_id)
    carols = sharing.own_comments(compared.carol, compared.of(compared.carol), share_id)
    assert ([one.text for one in mine], carols) == (["What did you feel?"], [])


def test_comment_needs_compared_words(place):
    compare(place, place.bob, place.alice)
    share_id = give(place, write(place), place.alice)
    with pytest.raises(Conflict):
        say(place, place.alice, share_id, "words")


def test_comment_sent_twice_is_one(compared):
    share_id, key = give(compared, write(compared), compared.alice), uuid4()
    for _ in range(2):
        say(compared, compared.alice, share_id, "once", key)
    with pytest.raises(Conflict):
        say(compared, compared.alice, share_id, "twice", key)
    assert count(ShareComment) == 1


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 5_001])
def test_comment_that_is_nothing_or_too_long_is_refused(compared, text):
    share_id = give(compared, write(compared), compared.alice)
    with pytest.raises(Invalid):
        say(compared, compared.alice, share_id, text)


def test_comment_moved_to_another_author_or_share_is_not_shown(compared):
    note_id = write(compared)
    first, second = (give(compared, note_id, compared.alice, compared.carol) for _ in range(2))
    say(compared, compared.alice, first, "to the first")
    with writing():
        db.session.execute(update(ShareComment).values(author_id=compared.carol.id))
    assert comments(compared, first) == [("Carol Conti", None)]
    with writing():
        db.session.execute(
            update(ShareComment).values(author_id=compared.alice.id, share_id=second)
        )
    assert comments(compared, second) == [("Alice Ashworth", None)]


def test_comment_by_a_changed_key_is_not_shown(compared):
    share_id = give(compared, write(compared), compared.alice)
    say(compared, compared.alice, share_id, "words")
    swap(compared, compared.alice)
    assert comments(compared, share_id) == [("Alice Ashworth", None)]


def test_mail_about_a_comment_holds_no_text(compared):
    share_id = give(compared, write(compared), compared.alice)
    say(compared, compared.alice, share_id, "a most unusual remark")
    found = db.session.scalars(select(Outbox).where(Outbox.recipient == "bob@example.org")).one()
    assert ("unusual" in found.subject + found.body, "Alice" in found.subject) == (False, True)


# -- growth, and what `flask check` sees ---------------------------------------------------


def test_pages_take_the_same_statements_for_one_share_and_thirty(compared):
    note_id = write(compared)
    bob, alice = compared.bob, compared.alice
    first = give(compared, note_id, alice)
    say(compared, alice, first, "one")

    def asked() -> list[int]:
        db.session.expire_all()
        found = []
        for look in (
            lambda: sharing.shared_with(alice),
            lambda: sharing.own_shares(bob),
            lambda: sharing.shares_of_note(bob, note_id),
            lambda: sharing.own_share(bob, compared.of(bob), pepper(), first),
        ):
            with counted() as statements:
                look()
            found.append(len(statements))
            db.session.rollback()
        return found

    before = asked()
    for _ in range(29):
        give(compared, note_id, alice, compared.carol)
        say(compared, alice, first, "more")
    assert asked() == before


def test_check_finds_a_moved_share(compared):
    note_id = write(compared)
    first, second = (give(compared, note_id, compared.alice) for _ in range(2))
    say(compared, compared.alice, first, "words")
    assert list(integrity.faults()) == []
    with writing():
        one, other = (db.session.get_one(Share, share_id) for share_id in (first, second))
        one.envelope, one.wrap = other.envelope, other.wrap
    assert list(integrity.faults()) == [
        f"share {first} has no sound envelope",
        f"share {first} has no sound key",
    ]


def test_share_whose_row_was_deleted_is_gone_with_all_of_it(compared):
    share_id = give(compared, write(compared), compared.alice)
    say(compared, compared.alice, share_id, "words")
    with writing():
        db.session.execute(delete(Share))
    assert (count(ShareSeal), count(ShareComment)) == (0, 0)
