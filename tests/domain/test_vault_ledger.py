"""The ledger of shares, the server's word, the chain of openings, and what a browser remembers."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from supervision.domain import vault
from supervision.domain.vault import (
    NO_HASH,
    Chain,
    Damaged,
    Entry,
    Opening,
    Readers,
    Stand,
    ledger,
)
from supervision.domain.vault import witness as witnesses
from tests.domain.vault_cast import ALICE, BOB, PEPPER, every_damage, member

SHARE, NOTE, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEDGER = {
    SHARE: Entry(3, b"d" * 32, Chain(2, b"m" * 32)),
    OTHER: Entry(1, b"e" * 32),
}


def sealed() -> bytes:
    return vault.seal_ledger(member(ALICE).keys, ALICE, LEDGER)


def stand_of(person_id: UUID, counter: int = 7, head: bytes = b"head") -> Stand:
    made = member(person_id).made
    return Stand(counter, head, made.private, made.public, 1)


# -- the ledger ----------------------------------------------------------------------------


def test_ledger_opens_to_what_was_sealed():
    keys, blob = member(ALICE).keys, sealed()
    assert len(blob) == 144 + 512
    assert vault.open_ledger(keys, ALICE, blob, vault.envelope_hash(blob)) == LEDGER


def test_vault_that_shares_nothing_has_an_empty_ledger():
    assert vault.open_ledger(member(ALICE).keys, ALICE, b"", NO_HASH) == {}


def test_former_ledger_does_not_open():
    former, present = sealed(), sealed()
    with pytest.raises(Damaged):
        vault.open_ledger(member(ALICE).keys, ALICE, former, vault.envelope_hash(present))


def test_ledger_of_another_person_or_vault_does_not_open():
    blob = sealed()
    for keys, person in ((member(ALICE).keys, BOB), (member(BOB).keys, ALICE)):
        with pytest.raises(Damaged):
            vault.open_ledger(keys, person, blob, vault.envelope_hash(blob))


def test_every_damage_to_a_ledger():
    """Also where the head was made to agree."""
    blob = sealed()
    for damaged in every_damage(blob):
        with pytest.raises(Damaged):
            vault.open_ledger(member(ALICE).keys, ALICE, damaged, vault.envelope_hash(damaged))


@pytest.mark.parametrize(
    "field",
    ["id", "note_id", "kind", "list_number", "number", "readers", "signature", "envelope"],
)
def test_ledger_tells_every_field_of_a_share_apart(field):
    one = ledger.Share(SHARE, NOTE, "follow", 1, 1, b"r" * 16, b"w", b"e")
    other: Any = {"id": OTHER, "note_id": OTHER, "kind": "passage", "list_number": 2, "number": 2}
    changed = one._replace(**{field: other.get(field, b"x" * 16)})
    assert changed.digest != one.digest
    assert not Entry(1, one.digest).is_of(changed)


# -- openings, and the server's word -------------------------------------------------------


@pytest.mark.parametrize("field", ["share_id", "place", "reader_id", "number", "at"])
def test_chain_tells_every_field_of_an_opening_apart(field):
    one = Opening(SHARE, 1, BOB, 1, 5)
    value: Any = OTHER if field in {"share_id", "reader_id"} else 9
    lines = ((one, NO_HASH), (one._replace(**{field: value}), NO_HASH), (one, b"\1" * 32))
    macs = {vault.chain_opening(PEPPER, line, before) for line, before in lines}
    assert len(macs | {vault.chain_opening(bytes(32), one, NO_HASH)}) == 4


def test_word_is_for_one_share_owner_number_and_server():
    said = (SHARE, ALICE, 3)
    mac = vault.vouch_taken(PEPPER, *said)
    tried = [
        (PEPPER, *said),
        (bytes(32), *said),
        (PEPPER, OTHER, ALICE, 3),
        (PEPPER, SHARE, BOB, 3),
        (PEPPER, SHARE, ALICE, 4),
    ]
    assert [vault.is_taken(*one, mac) for one in tried] == [True, False, False, False, False]


# -- numbers of lists ----------------------------------------------------------------------


def test_signed_list_is_good_for_its_own_number_alone():
    alice = member(ALICE)
    public = vault.read_public(alice.made.public, ALICE, PEPPER)
    private = vault.open_private(alice.keys, alice.made.private, public)
    subject, ids = vault.a_share(SHARE, NOTE, ALICE, 1), vault.listed([BOB])
    signature = vault.sign_list(private, subject, Readers(ids, 2))
    vault.check_list(public, subject, Readers(ids, 2), signature)
    for number in (0, 1, 3):
        with pytest.raises(Damaged):
            vault.check_list(public, subject, Readers(ids, number), signature)


# -- what a browser remembers --------------------------------------------------------------


def remembered(blob: bytes, person_id: UUID = ALICE, stand: Stand | None = None):
    keys = member(person_id).keys
    return vault.open_witness(keys, person_id, stand or stand_of(person_id), blob)


def test_witness_opens_to_what_was_seen():
    blob = vault.seal_witness(member(ALICE).keys, ALICE, stand_of(ALICE), AT)
    assert remembered(blob) == (7, vault.envelope_hash(b"head"), AT)


def test_witness_of_another_person_or_altered_is_none():
    blob = vault.seal_witness(member(BOB).keys, BOB, stand_of(BOB), AT)
    assert [remembered(one) for one in (blob, *every_damage(blob))] == [None] * (
        1 + len(every_damage(blob))
    )
    own = vault.seal_witness(member(ALICE).keys, ALICE, stand_of(ALICE), AT)
    assert {remembered(one) for one in every_damage(own)} == {None}


def test_witness_outlives_the_master_key():
    alice = member(ALICE)
    public = vault.read_public(alice.made.public, ALICE, PEPPER)
    turned = vault.turn(alice.keys, ALICE, alice.made.private, public)
    stand = Stand(8, b"new head", turned.private, alice.made.public, 1)
    blob = vault.seal_witness(turned.keys, ALICE, stand, AT)
    assert remembered(blob) == (8, vault.envelope_hash(b"new head"), AT)


@pytest.mark.parametrize(
    ("counter", "head", "later"),
    [(6, b"head", True), (7, b"head", False), (7, b"other", True), (8, b"other", False)],
)
def test_witness_is_of_later_only_where_a_vault_was_further_or_elsewhere(counter, head, later):
    seen = witnesses.Witness(7, vault.envelope_hash(b"head"), AT)
    assert seen.is_of_later(stand_of(ALICE, counter, head)) is later


def test_names_of_cookies_tell_people_apart_and_not_who_they_are():
    names = {vault.name_of(one, pepper) for one in (ALICE, BOB) for pepper in (PEPPER, bytes(32))}
    assert (len(names), {len(name) for name in names}) == (4, {16})


def test_what_was_taken_back_is_remembered_for_its_owner_alone():
    blob = vault.seal_taken(ALICE, PEPPER, [SHARE, OTHER])
    assert vault.open_taken(ALICE, PEPPER, blob) == [SHARE, OTHER]
    assert vault.open_taken(BOB, PEPPER, blob) == []
    assert {tuple(vault.open_taken(ALICE, PEPPER, one)) for one in every_damage(blob)} == {()}
    many = vault.seal_taken(ALICE, PEPPER, [UUID(int=n) for n in range(60)])
    assert vault.open_taken(ALICE, PEPPER, many) == [UUID(int=n) for n in range(10, 60)]
