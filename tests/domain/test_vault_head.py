"""The head: whatever a database's writer does to rows, it shows."""

import hashlib
import hmac
import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.vault import Bound, Damaged, Head, HeadMismatch, Row, head
from tests.domain.vault_cast import ALICE, BOB, NOTE, OTHER_NOTE, every_damage, member, seal_note

ROWS = [
    Row(NOTE, 1, hashlib.sha256(b"one").digest()),
    Row(NOTE, 2, hashlib.sha256(b"two").digest()),
    Row(OTHER_NOTE, 1, hashlib.sha256(b"other").digest()),
]


def saved(rows: list[Row]) -> Head:
    """The head after saving these one after another."""
    kept = Head()
    for row in rows:
        kept = kept.with_row(member(ALICE).keys, row)
    return kept


def check(kept: Head, rows: list[Row]) -> None:
    vault.verify_head(member(ALICE).keys, kept, rows)


def test_a_term_is_an_hmac_of_the_row():
    keys = member(ALICE).keys
    mac_key = hmac.digest(keys.umk, b"SUP1 head rows\1", "sha256")
    message = NOTE.bytes + struct.pack(">Q", 1) + hashlib.sha256(b"one").digest()
    expected = int.from_bytes(hmac.digest(mac_key, message, "sha256"))
    assert saved(ROWS[:1]) == Head(expected, 1, 1)


def test_rows_as_saved_pass_in_any_order():
    check(saved(ROWS), ROWS)
    check(saved(ROWS), ROWS[::-1])
    check(Head(), [])
    assert saved(ROWS).counter == 3


ROW = st.builds(Row, st.uuids(), st.integers(0, 2**64 - 1), st.binary(min_size=32, max_size=32))


@given(st.lists(ROW, unique=True, max_size=8), st.data())
def test_saving_and_deleting_step_by_step_is_the_same_as_counting_anew(rows, data):
    keys = member(ALICE).keys
    gone = data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    kept = saved(rows)
    for row in gone:
        kept = kept.without_row(keys, row)
    left = [row for row in rows if row not in gone]
    assert kept == vault.head_of(keys, left, counter=len(rows) + len(gone))
    check(kept, left)


def test_nothing_can_be_deleted_from_nothing():
    with pytest.raises(HeadMismatch):
        Head().without_row(member(ALICE).keys, ROWS[0])


@pytest.mark.parametrize("gone", range(3))
def test_attack_06_deleted_row(gone):
    with pytest.raises(HeadMismatch):
        check(saved(ROWS), ROWS[:gone] + ROWS[gone + 1 :])


def test_attack_06_rolled_back_row():
    """Revision 2 is replaced by the one that stood there before it was written again."""
    with pytest.raises(HeadMismatch):
        check(saved(ROWS), [ROWS[0], Row(NOTE, 2, ROWS[0].envelope_hash), ROWS[2]])


@pytest.mark.parametrize(
    "rows",
    [
        [*ROWS, ROWS[0]],
        [*ROWS, Row(NOTE, 3, ROWS[0].envelope_hash)],
        [ROWS[0], ROWS[0], ROWS[2]],
        [ROWS[0], ROWS[1], Row(NOTE, 1, ROWS[2].envelope_hash)],
        [ROWS[0], Row(NOTE, 7, ROWS[1].envelope_hash), ROWS[2]],
        [],
    ],
)
def test_attack_06_added_doubled_or_moved_row(rows):
    with pytest.raises(HeadMismatch):
        check(saved(ROWS), rows)


def test_attack_06_both_sealings_of_a_note_are_genuine_but_one_was_rolled_back():
    old, new = seal_note(body=b"before"), seal_note(body=b"after")
    kept = saved([Row(NOTE, 1, new.hash)])
    check(kept, [Row(NOTE, 1, new.hash)])
    with pytest.raises(HeadMismatch):
        check(kept, [Row(NOTE, 1, old.hash)])


@pytest.mark.parametrize(
    ("part", "rows"),
    [
        (0, [ROWS[0], ROWS[1], Row(NOTE, 1, ROWS[2].envelope_hash)]),
        (1, [ROWS[0], Row(NOTE, 7, ROWS[1].envelope_hash), ROWS[2]]),
        (2, [ROWS[0], Row(NOTE, 2, ROWS[0].envelope_hash), ROWS[2]]),
    ],
)
def test_attack_06_succeeds_without_each_part_of_the_row(monkeypatch, part, rows):
    class Blind:
        @staticmethod
        def pack(*parts: object, real: struct.Struct = head._ROW) -> bytes:
            blank = (bytes(16), 0, bytes(32))
            return real.pack(*(blank[i] if i == part else p for i, p in enumerate(parts)))

    monkeypatch.setattr(head, "_ROW", Blind)
    check(saved(ROWS), rows)
    with pytest.raises(HeadMismatch):
        check(saved(ROWS), [])


def test_attack_06_head_made_without_the_keys():
    rows = ROWS[:2]
    forged = vault.head_of(member(BOB).keys, rows, counter=3)
    with pytest.raises(HeadMismatch):
        check(forged, rows)


def test_a_head_opens_to_what_was_sealed():
    kept = saved(ROWS).with_bound(Bound(*(bytes([one]) * 32 for one in range(4))))
    sealed = vault.seal_head(member(ALICE).keys, ALICE, kept)
    assert vault.open_head(member(ALICE).keys, ALICE, 4, sealed) == kept


def test_a_head_from_before_heads_bound_anything_opens_and_says_so():
    sealed = vault.seal_head(member(ALICE).keys, ALICE, saved(ROWS))
    assert len(sealed) == 192
    assert vault.open_head(member(ALICE).keys, ALICE, 3, sealed).bound is None


def test_saves_and_deletions_keep_what_a_head_binds():
    keys, bound = member(ALICE).keys, Bound(passphrase=bytes(range(32)))
    head = Head(bound=bound).with_row(keys, ROWS[0])
    assert (head.bound, head.without_row(keys, ROWS[0]).bound) == (bound, bound)


def test_a_new_vault_has_a_head_that_binds_its_slot_alone():
    alice = member(ALICE)
    bound = Bound(passphrase=vault.envelope_hash(alice.made.slot))
    assert vault.open_head(alice.keys, ALICE, 0, alice.made.head) == Head(bound=bound)


def test_a_head_older_than_the_session_has_seen_is_refused():
    keys = vault.Keys(member(ALICE).keys.umk)
    sealed = vault.seal_head(keys, ALICE, saved(ROWS))
    keys.floor = 3
    assert vault.open_head(keys, ALICE, 3, sealed).counter == 3
    keys.floor = 4
    with pytest.raises(HeadMismatch, match="older"):
        vault.open_head(keys, ALICE, 3, sealed)


@pytest.mark.parametrize(("person", "counter"), [(ALICE, 2), (ALICE, 4), (BOB, 3)])
def test_attack_06_head_of_another_time_or_person(person: UUID, counter):
    sealed = vault.seal_head(member(ALICE).keys, ALICE, saved(ROWS))
    with pytest.raises(Damaged):
        vault.open_head(member(ALICE).keys, person, counter, sealed)


def test_attack_03_every_damage_to_a_head():
    sealed = vault.seal_head(member(ALICE).keys, ALICE, saved(ROWS))
    for damaged in every_damage(sealed):
        with pytest.raises(Damaged):
            vault.open_head(member(ALICE).keys, ALICE, 3, damaged)
