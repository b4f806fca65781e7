"""Key pairs, and drafts sealed while the vault is locked."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.vault import Damaged, Sealed, drafts, pairs
from tests.domain.vault_cast import (
    ALICE,
    BOB,
    BODY,
    NOTE,
    OTHER_NOTE,
    PEPPER,
    every_damage,
    member,
    open_note,
)

STOLEN_PEPPER = PEPPER  # where the attacker has it


def public_of(person: UUID) -> vault.PublicKeys:
    return vault.read_public(member(person).made.public, person, PEPPER)


def draft(base: int = 0, body: bytes = BODY) -> Sealed:
    """What an autosave of Alice's leaves behind while she is locked out."""
    return vault.seal_draft(public_of(ALICE), ALICE, NOTE, body, PEPPER, base=base)


def read(sealed: Sealed, owner=ALICE, note=NOTE, base: int = 0, epoch: int = 1) -> bytes:
    """What Alice finds after she unlocked."""
    private = vault.open_private(member(ALICE).keys, member(ALICE).made.private, public_of(ALICE))
    return vault.open_draft(private, owner, note, sealed, PEPPER, base=base, epoch=epoch)


@settings(max_examples=25)
@given(st.binary(max_size=3000), st.integers(0, 2**63))
def test_a_draft_opens_to_what_was_sealed(body, base):
    assert read(draft(base, body), base=base) == body


def test_a_draft_shows_no_text():
    sealed = draft(body=b"a canary that nobody may read " * 30)
    assert b"a canary" not in sealed.envelope + sealed.wrap


def test_attack_08_draft_in_the_revision_column():
    with pytest.raises(Damaged):
        open_note(draft(base=1))


@pytest.mark.parametrize(
    "expected", [{"owner": BOB}, {"note": OTHER_NOTE}, {"base": 1}, {"epoch": 2}]
)
def test_attack_01_draft_moved_elsewhere(expected):
    with pytest.raises(Damaged):
        read(draft(), **expected)


def test_attack_02_draft_sealed_to_somebody_else():
    with pytest.raises(Damaged):
        vault.seal_draft(public_of(BOB), ALICE, NOTE, BODY, PEPPER)
    for_bob = vault.seal_draft(public_of(BOB), BOB, NOTE, BODY, PEPPER)
    with pytest.raises(Damaged):
        read(for_bob, owner=BOB)


def test_attack_03_every_damage_to_a_draft():
    sealed = draft()
    for damaged in every_damage(sealed.envelope):
        with pytest.raises(Damaged):
            read(Sealed(damaged, sealed.wrap))
    for damaged in every_damage(sealed.wrap):
        with pytest.raises(Damaged):
            read(Sealed(sealed.envelope, damaged))


def test_attack_03_damage_behind_a_forged_mac(monkeypatch):
    """Even where the HMAC counts for nothing, HPKE and the envelope refuse."""
    sealed = draft()
    monkeypatch.setattr(drafts, "_mac", lambda *parts: sealed.wrap[-32:])
    assert read(sealed) == BODY
    for damaged in every_damage(sealed.envelope):
        with pytest.raises(Damaged):
            read(Sealed(damaged, sealed.wrap))
    for damaged in every_damage(sealed.wrap[:-32])[::7]:
        with pytest.raises(Damaged):
            read(Sealed(sealed.envelope, damaged + sealed.wrap[-32:]))


def forged_draft() -> Sealed:
    """Somebody with the database alone seals words to Alice that she never wrote."""
    return vault.seal_draft(public_of(ALICE), ALICE, NOTE, b"never written", bytes(32))


def test_a_draft_that_this_server_did_not_seal_is_refused():
    with pytest.raises(Damaged):
        read(forged_draft())


def test_a_forged_draft_opens_without_the_hmac(monkeypatch):
    monkeypatch.setattr(drafts, "_mac", lambda *parts: bytes(32))
    assert read(forged_draft()) == b"never written"


# The public record.


def test_the_record_signs_itself_and_names_its_person():
    public = public_of(ALICE)
    assert (public.person_id, public.epoch) == (ALICE, 1)
    assert public.record == member(ALICE).made.public[:-32]


def test_attack_03_every_damage_to_a_record():
    for damaged in every_damage(member(ALICE).made.public):
        with pytest.raises(Damaged):
            vault.read_public(damaged, ALICE, PEPPER)


def _vouched(record: bytes) -> bytes:
    return record + pairs._witness(record, STOLEN_PEPPER)


def test_a_record_pieced_together_is_refused_by_its_signature():
    """Bob's HPKE keys under Alice's name, by somebody who has the pepper but not her key."""
    alice, bob = (member(person).made.public[:-32] for person in (ALICE, BOB))
    with pytest.raises(Damaged):
        vault.read_public(_vouched(alice[:24] + bob[24:1240] + alice[1240:]), ALICE, PEPPER)


def test_a_record_of_another_person_or_epoch_is_refused():
    with pytest.raises(Damaged):
        vault.read_public(member(BOB).made.public, ALICE, PEPPER)
    with pytest.raises(Damaged):
        vault.read_public(member(ALICE).made.public, ALICE, PEPPER, epoch=2)


def swapped_record(pepper: bytes) -> bytes:
    """A whole record of the attacker's own, well signed, in Alice's name."""
    return pairs.new_pairs(member(BOB).keys, ALICE, pepper).public


def test_a_swapped_record_is_refused_without_the_pepper():
    with pytest.raises(Damaged):
        vault.read_public(swapped_record(bytes(32)), ALICE, PEPPER)


def test_a_swapped_record_is_accepted_when_nothing_vouches(monkeypatch):
    monkeypatch.setattr(pairs, "_witness", lambda record, pepper: bytes(32))
    assert vault.read_public(swapped_record(bytes(32)), ALICE, PEPPER).person_id == ALICE


def unlock_after_the_swap() -> vault.PrivateKeys:
    """The attacker had the pepper too: the swap is believed while locked. Then Alice unlocks."""
    swapped = vault.read_public(swapped_record(STOLEN_PEPPER), ALICE, PEPPER)
    return vault.open_private(member(ALICE).keys, member(ALICE).made.private, swapped)


def test_a_swapped_record_shows_at_the_next_unlock():
    with pytest.raises(Damaged):
        unlock_after_the_swap()


def test_a_swapped_record_does_not_show_without_the_pin(monkeypatch):
    alice = member(ALICE)
    monkeypatch.setattr(pairs, "pin_of", lambda keys, record: bytes(32))
    private = pairs.new_pairs(alice.keys, ALICE, PEPPER).private
    swapped = vault.read_public(swapped_record(STOLEN_PEPPER), ALICE, PEPPER)
    assert vault.open_private(alice.keys, private, swapped).ed25519 is not None


def test_attack_03_every_damage_to_the_private_keys():
    for damaged in every_damage(member(ALICE).made.private):
        with pytest.raises(Damaged):
            vault.open_private(member(ALICE).keys, damaged, public_of(ALICE))


def test_attack_10_private_keys_of_another():
    with pytest.raises(Damaged):
        vault.open_private(member(ALICE).keys, member(BOB).made.private, public_of(ALICE))
    with pytest.raises(Damaged):
        vault.open_private(member(BOB).keys, member(ALICE).made.private, public_of(ALICE))
