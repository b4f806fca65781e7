"""Handing a text on: who can read it, and all that must not open. Pins, and the eight words."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.vault import (
    Damaged,
    Handed,
    KeyChanged,
    Readers,
    Subject,
    WrongKey,
    contacts,
    pairs,
    sharing,
)
from supervision.domain.vault.wordlist import WORDS
from tests.domain.vault_cast import (
    ALICE,
    BOB,
    BODY,
    NOTE,
    OTHER_NOTE,
    PEPPER,
    drop,
    every_damage,
    member,
)

CAROL = UUID(int=0xCA401)
SHARE, OTHER_SHARE = UUID(int=3), UUID(int=4)


@dataclass(frozen=True)
class Holder:
    """Somebody with their keys open."""

    keys: vault.Keys
    public: vault.PublicKeys
    private: vault.PrivateKeys


def _holder(person: UUID, made: vault.NewVault) -> Holder:
    public = vault.read_public(made.public, person, PEPPER)
    return Holder(made.keys, public, vault.open_private(made.keys, made.private, public))


def _new_carol() -> vault.NewVault:
    bob = member(BOB)
    return vault.new_vault(CAROL, bob.stretched, bob.credential.params, bob.credential.salt, PEPPER)


# Opened here and now, so that no test that breaks the vault is held up by that.
_HOLDERS = {
    ALICE: _holder(ALICE, member(ALICE).made),
    BOB: _holder(BOB, member(BOB).made),
    CAROL: _holder(CAROL, _new_carol()),
}


def holder(person: UUID) -> Holder:
    return _HOLDERS[person]


def of_note(note: UUID = NOTE, share: UUID = SHARE, number: int = 1, author: UUID = ALICE):
    return vault.a_share(share, note, author, number)


def give(
    subject: Subject | None = None,
    *readers: UUID,
    body: bytes = BODY,
    author: UUID = ALICE,
    everybody: Readers | None = None,
) -> vault.Shared:
    """Alice shares something with Bob, or others."""
    whom = readers or (BOB,)
    who = holder(author)
    listed = a_list(whom) if everybody is None else everybody
    publics = [holder(reader).public for reader in whom]
    about = subject or of_note(author=author)
    return vault.seal_shared(who.keys, who.private, about, body, publics, listed)


def a_list(whom: Iterable[UUID], number: int = 1) -> Readers:
    return Readers(vault.listed(whom), number)


def read(
    given: vault.Shared,
    handed: Handed | None = None,
    *,
    reader: UUID = BOB,
    author: vault.PublicKeys | None = None,
    subject: Subject | None = None,
    everybody: Readers | None = None,
    envelope: bytes | None = None,
) -> bytes:
    """What somebody's request for that share reads."""
    me = holder(reader)
    return vault.open_shared(
        me.private,
        me.public,
        author or holder(ALICE).public,
        subject or of_note(),
        a_list([BOB]) if everybody is None else everybody,
        given.sealed.envelope if envelope is None else envelope,
        handed or given.handed[reader],
    )


@settings(max_examples=25)
@given(st.binary(max_size=3000))
def test_a_share_opens_for_its_reader_and_its_author(body):
    given_ = give(body=body)
    own = vault.open_own(holder(ALICE).keys, of_note(), given_.sealed)
    assert (read(given_), own) == (body, body)


def test_a_share_shows_no_text():
    given_ = give(body=b"a canary that nobody may read " * 30)
    stored = b"".join([*given_.sealed, *given_.handed[BOB]])
    assert b"a canary" not in stored


def test_each_reader_has_a_key_of_their_own():
    given_ = give(None, BOB, CAROL)
    everybody = a_list([CAROL, BOB])
    assert [read(given_, reader=one, everybody=everybody) for one in (BOB, CAROL)] == [BODY, BODY]
    with pytest.raises(Damaged):
        read(given_, given_.handed[CAROL], everybody=everybody)


def test_a_list_of_readers_has_an_order_and_each_once():
    assert vault.listed([CAROL, BOB, CAROL]) == BOB.bytes + CAROL.bytes
    assert vault.listed_ids(BOB.bytes + CAROL.bytes) == [BOB, CAROL]


# -- 18: whose keys they are ---------------------------------------------------------------


def swapped(person: UUID, pepper: bytes = PEPPER) -> bytes:
    """A whole record of the attacker's own, well signed, in somebody's name."""
    return pairs.new_pairs(holder(CAROL).keys, person, pepper).public


def test_attack_18_swapped_key_of_a_reader():
    """Who has the database and the pepper puts a key of theirs under Bob's name."""
    alice, bob = holder(ALICE), holder(BOB)
    pin = vault.pin_contact(alice.keys, ALICE, bob.public)
    real = member(BOB).made.public
    assert vault.read_pinned(alice.keys, ALICE, pin, real, BOB).record == bob.public.record
    with pytest.raises(KeyChanged):
        vault.read_pinned(alice.keys, ALICE, pin, swapped(BOB), BOB)


def test_attack_18_swapped_key_and_pin():
    """The attacker writes a pin beside it: of another vault's making, or of another person."""
    alice, carol = holder(ALICE), holder(CAROL)
    forged = vault.read_public(swapped(BOB), BOB, PEPPER)
    for pin in (
        vault.pin_contact(carol.keys, ALICE, forged),
        vault.pin_contact(alice.keys, ALICE, carol.public),
        vault.pin_contact(alice.keys, BOB, forged),
        bytes(32),
    ):
        with pytest.raises(KeyChanged):
            vault.read_pinned(alice.keys, ALICE, pin, swapped(BOB), BOB)


def test_attack_18_succeeds_without_the_pin(monkeypatch):
    monkeypatch.setattr(contacts, "pin_contact", lambda *parts: bytes(32))
    found = vault.read_pinned(holder(ALICE).keys, ALICE, bytes(32), swapped(BOB), BOB)
    assert found.record != holder(BOB).public.record


def test_a_pin_counts_for_one_epoch():
    """Bob's second pair of keys, well made, is not what was compared."""
    alice, bob = holder(ALICE), holder(BOB)
    pin = vault.pin_contact(alice.keys, ALICE, bob.public)
    second = pairs.new_pairs(bob.keys, BOB, PEPPER, epoch=2).public
    with pytest.raises(KeyChanged):
        vault.read_pinned(alice.keys, ALICE, pin, second, BOB, 2)
    with pytest.raises(Damaged):
        vault.read_pinned(alice.keys, ALICE, pin, second, BOB, 1)


def test_what_was_sealed_to_one_epoch_does_not_open_for_another():
    second = pairs.new_pairs(holder(BOB).keys, BOB, PEPPER, epoch=2)
    public = vault.read_public(second.public, BOB, PEPPER, epoch=2)
    private = vault.open_private(holder(BOB).keys, second.private, public)
    given_ = give()
    with pytest.raises(Damaged):
        vault.open_shared(
            *(private, public, holder(ALICE).public, of_note(), a_list([BOB])),
            *(given_.sealed.envelope, given_.handed[BOB]),
        )


def test_an_author_s_second_epoch_does_not_pass_for_their_first():
    alice = holder(ALICE)
    second = pairs.new_pairs(alice.keys, ALICE, PEPPER, epoch=2)
    public = vault.read_public(second.public, ALICE, PEPPER, epoch=2)
    private = vault.open_private(alice.keys, second.private, public)
    listed = a_list([BOB])
    later = vault.seal_shared(
        alice.keys, private, of_note(), BODY, [holder(BOB).public], listed, epoch=2
    )
    assert read(later, author=public) == BODY
    with pytest.raises(Damaged):
        read(later)
    with pytest.raises(Damaged):
        read(give(), author=public)


# -- 19: who wrote it ----------------------------------------------------------------------


def forged() -> tuple[vault.Shared, Handed]:
    """Carol seals words to Bob in Alice's name: HPKE alone would not tell."""
    carol = holder(CAROL)
    made = vault.seal_shared(
        carol.keys,
        carol.private,
        of_note(),
        b"never written",
        [holder(BOB).public],
        a_list([BOB]),
    )
    return made, made.handed[BOB]


def test_attack_19_wrongly_signed_share():
    made, handed = forged()
    for signature in (handed.signature, bytes(64), give().handed[BOB].signature):
        with pytest.raises(Damaged):
            read(made, Handed(handed.sealed_key, signature))


def test_attack_19_succeeds_without_the_signature(monkeypatch):
    made, _handed = forged()
    monkeypatch.setattr(sharing, "_verify", lambda *parts: None)
    assert read(made) == b"never written"


def test_attack_19_every_damage_to_a_hand_over():
    given_ = give()
    handed = given_.handed[BOB]
    for damaged in every_damage(handed.sealed_key)[::5]:
        with pytest.raises(Damaged):
            read(given_, Handed(damaged, handed.signature))
    for damaged in every_damage(handed.signature):
        with pytest.raises(Damaged):
            read(given_, Handed(handed.sealed_key, damaged))
    for damaged in every_damage(given_.sealed.envelope):
        with pytest.raises(Damaged):
            read(given_, envelope=damaged)


# -- 20: moved elsewhere -------------------------------------------------------------------

ELSEWHERE = {
    "note": of_note(note=OTHER_NOTE),
    "share": of_note(share=OTHER_SHARE),
    "author": of_note(author=CAROL),
    "kind": vault.a_comment(SHARE, NOTE, ALICE, 1),
}


@pytest.mark.parametrize("subject", ELSEWHERE.values(), ids=ELSEWHERE)
def test_attack_20_share_replayed_elsewhere(subject):
    with pytest.raises(Damaged):
        read(give(), subject=subject)


def test_attack_20_share_replayed_to_another_reader():
    given_, everybody = give(None, BOB, CAROL), a_list([BOB, CAROL])
    with pytest.raises(Damaged):
        read(given_, given_.handed[BOB], reader=CAROL, everybody=everybody)


def _without(monkeypatch: pytest.MonkeyPatch, *fields: str) -> None:
    """Nothing is signed, and what the key is sealed for says nothing of these."""
    monkeypatch.setattr(sharing, "_verify", lambda *parts: None)
    real = sharing._info

    def info(subject, place, envelope, reader):
        whole = real(subject, place, envelope, reader)
        for start, end in (INFO[field] for field in fields):
            whole = whole[:start] + bytes(end - start) + whole[end:]
        return whole

    monkeypatch.setattr(sharing, "_info", info)


# What HPKE binds the key to, after a label of nine bytes: first byte, end.
INFO = {
    "kind": (14, 15),
    "share": (21, 37),
    "author": (37, 53),
    "number": (53, 61),
    "about": (61, 93),
    "note": (93, 109),
    "reader": (109, 125),
    "record": (125, 157),
}


@pytest.mark.parametrize(
    ("fields", "dropped", "subject"),
    [
        (("note", "about"), ("previous",), of_note(note=OTHER_NOTE)),
        (("share",), ("object",), of_note(share=OTHER_SHARE)),
        (("number",), ("revision",), of_note(number=2)),
        (("author",), ("owner",), of_note(author=CAROL)),
        (("kind", "about"), ("type", "previous"), vault.a_comment(SHARE, NOTE, ALICE, 1)),
    ],
    ids=["note", "share", "number", "author", "kind"],
)
def test_attack_20_succeeds_without_its_field(monkeypatch, fields, dropped, subject):
    """Each field, left out of what is sealed, signed and authenticated, lets its replay through."""
    _without(monkeypatch, *fields)
    for field in dropped:
        drop(monkeypatch, field)
    given_ = give()
    assert read(given_, subject=subject) == BODY


def test_attack_20_one_field_left_is_enough(monkeypatch):
    """Unsigned and with the header blind to it, what HPKE binds still refuses."""
    monkeypatch.setattr(sharing, "_verify", lambda *parts: None)
    drop(monkeypatch, "previous")
    with pytest.raises(Damaged):
        read(give(), subject=of_note(note=OTHER_NOTE))


def as_another(field: str) -> bytes:
    """Bob's keys pass for those of another record, or of another reader, who is in the list."""
    bob, everybody = holder(BOB), a_list([BOB, CAROL])
    given_ = give(None, BOB, everybody=everybody)
    person, record = (CAROL, bob.public.record) if field == "reader" else (BOB, b"another")
    twin = vault.PublicKeys(person, 1, record, bob.public.hpke, bob.public.ed25519)
    arguments = (of_note(), everybody, given_.sealed.envelope, given_.handed[BOB])
    return vault.open_shared(bob.private, twin, holder(ALICE).public, *arguments)


@pytest.mark.parametrize("field", ["reader", "record"])
def test_attack_20_reader_is_bound_by_name_and_record(field):
    with pytest.raises(Damaged):
        as_another(field)


@pytest.mark.parametrize("field", ["reader", "record"])
def test_attack_20_succeeds_without_name_or_record(monkeypatch, field):
    _without(monkeypatch, field)
    assert as_another(field) == BODY


# -- 21: somebody slipped in ---------------------------------------------------------------


def test_attack_21_reader_slipped_into_a_list():
    alice = holder(ALICE)
    readers = a_list([BOB])
    signature = vault.sign_list(alice.private, of_note(), readers)
    vault.check_list(alice.public, of_note(number=7), readers, signature)
    longer = a_list([BOB, CAROL])
    carols = vault.sign_list(holder(CAROL).private, of_note(), longer)
    for forged_list, by in ((longer, signature), (longer, carols), (readers, bytes(64))):
        with pytest.raises(Damaged):
            vault.check_list(alice.public, of_note(), forged_list, by)
    for other in (of_note(share=OTHER_SHARE), of_note(note=OTHER_NOTE)):
        with pytest.raises(Damaged):
            vault.check_list(alice.public, other, readers, signature)


def test_attack_21_list_that_grew_opens_for_nobody():
    with pytest.raises(Damaged):
        read(give(), everybody=a_list([BOB, CAROL]))


def test_attack_21_succeeds_without_the_signature(monkeypatch):
    monkeypatch.setattr(sharing, "_verify", lambda *parts: None)
    longer = a_list([BOB, CAROL])
    vault.check_list(holder(ALICE).public, of_note(), longer, bytes(64))
    assert read(give(), everybody=longer) == BODY


def test_nobody_is_handed_what_the_list_does_not_name():
    with pytest.raises(Damaged):
        give(None, CAROL, everybody=a_list([BOB]))


# -- 23: another state ---------------------------------------------------------------------


def test_attack_23_third_state_opens_no_second_or_fourth():
    states = {number: give(of_note(number=number)) for number in (2, 3, 4)}
    third = states[3].handed[BOB]
    assert read(states[3], third, subject=of_note(number=3)) == BODY
    for number in (2, 4):
        for subject in (of_note(number=3), of_note(number=number)):
            with pytest.raises(Damaged):
                read(states[number], third, subject=subject)


def test_attack_23_succeeds_with_one_key_and_without_the_number(monkeypatch):
    """One key for all states, and nothing that says of which it is."""
    monkeypatch.setattr(os, "urandom", bytes)
    _without(monkeypatch, "number")
    drop(monkeypatch, "revision")
    second, third = give(of_note(number=2), body=b"second"), give(of_note(number=3))
    assert read(second, third.handed[BOB], subject=of_note(number=2)) == b"second"


# -- 36: one key, one text -----------------------------------------------------------------


def other_key() -> tuple[vault.Shared, Handed]:
    """Alice hands Carol another key to the envelope that Bob reads, and duly signs that."""
    alice, carol = holder(ALICE), holder(CAROL)
    everybody = a_list([BOB, CAROL])
    given_ = give(None, BOB, CAROL)
    place = sharing._place(of_note(), 1)
    info = sharing._info(of_note(), place, given_.sealed.envelope, carol.public)
    sealed_key = pairs.HPKE.encrypt(bytes(32), carol.public.hpke, info=info)
    words = sharing._hand_words(info, given_.sealed.envelope, sealed_key, everybody)
    return given_, Handed(sealed_key, alice.private.ed25519.sign(words))


def test_attack_36_share_made_for_two_keys():
    given_, handed = other_key()
    with pytest.raises(WrongKey, match="commitment"):
        read(given_, handed, reader=CAROL, everybody=a_list([BOB, CAROL]))


def test_attack_36_share_is_left_to_the_tag_without_the_commitment(monkeypatch):
    """And a tag can be made for two keys: `test_the_collision_is_real_for_bare_aes_gcm`."""
    drop(monkeypatch, "commitment")
    given_, handed = other_key()
    with pytest.raises(Damaged, match="tag"):
        read(given_, handed, reader=CAROL, everybody=a_list([BOB, CAROL]))


# -- the eight words -----------------------------------------------------------------------


def test_both_sides_see_the_same_eight_words():
    alice, bob = holder(ALICE).public, holder(BOB).public
    words = vault.words_of(alice, bob)
    assert words == vault.words_of(bob, alice)
    assert (len(words), set(words) <= set(WORDS)) == (8, True)


def test_words_of_other_keys_are_others():
    alice, bob = holder(ALICE).public, holder(BOB).public
    instead = vault.read_public(swapped(BOB), BOB, PEPPER)
    assert vault.words_of(alice, instead) != vault.words_of(alice, bob)


def test_words_use_all_88_bits(monkeypatch):
    """The last bits of the number choose the last word, the first bits the first."""
    number = (5 << 77) | 2047
    monkeypatch.setattr(contacts, "pbkdf2_hmac", lambda *parts: number.to_bytes(11))
    words = vault.words_of(holder(ALICE).public, holder(BOB).public)
    assert words == [WORDS[5], *[WORDS[0]] * 6, WORDS[2047]]


def test_wordlist_has_2048_short_words():
    assert (len(WORDS), len(set(WORDS)), max(map(len, WORDS))) == (2048, 2048, 9)
    assert [word for word in WORDS if not (word.isascii() and word.islower())] == []


def test_wordlist_is_in_the_order_that_was_agreed():
    assert sha256(" ".join(WORDS).encode()).hexdigest()[:16] == "54bc197ef258045e"
