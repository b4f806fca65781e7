"""The passphrase slot, against a stolen database and against one that lies."""

import pickle

import pytest

from supervision.domain import vault
from supervision.domain.vault import BadParams, Damaged, KdfParams, WrongKey, kdf, keys, slots
from supervision.domain.vault.envelope import OnceKey, Type, unseal
from tests.domain.vault_cast import (
    ALICE,
    BOB,
    CHEAP,
    PASSPHRASE,
    PEPPER,
    Member,
    drop,
    every_damage,
    member,
    new_member,
)

DEAR = KdfParams(20480, 2, 1)


def test_the_passphrase_opens_the_vault():
    alice = member(ALICE)
    again = vault.stretch(PASSPHRASE[ALICE], ALICE, alice.credential.salt, CHEAP)
    opened = vault.open_slot(alice.made.slot, again, ALICE, CHEAP, alice.credential.salt, PEPPER)
    assert opened.umk == alice.keys.umk
    assert opened.id == alice.made.umk_id


def test_a_wrong_passphrase_is_told_from_damage():
    alice = member(ALICE)
    wrong = vault.stretch("something else entirely", ALICE, alice.credential.salt, CHEAP)
    with pytest.raises(WrongKey):
        vault.open_slot(alice.made.slot, wrong, ALICE, CHEAP, alice.credential.salt, PEPPER)


def test_two_people_share_no_key():
    alice, bob = member(ALICE).keys, member(BOB).keys
    assert alice.umk != bob.umk
    assert alice.id != bob.id
    assert alice.pin != bob.pin


def test_keys_are_not_stored_by_accident():
    with pytest.raises(TypeError):
        pickle.dumps(member(ALICE).keys)


def test_keys_with_another_id_are_refused():
    plain = keys.keys_to_bytes(member(ALICE).keys)
    assert keys.keys_from_bytes(plain).umk == member(ALICE).keys.umk
    for damaged in (plain[:-1], plain + b"\0", plain[:-1] + bytes([plain[-1] ^ 1]), plain[1:]):
        with pytest.raises(Damaged):
            keys.keys_from_bytes(damaged)


def test_attack_03_every_damage_to_a_slot():
    for damaged in every_damage(member(ALICE).made.slot):
        with pytest.raises(Damaged) as caught:
            member(ALICE).unlock(damaged)
        assert caught.type is Damaged  # never taken for a wrong passphrase


def another_users_slot(bob: Member) -> vault.Keys:
    """Bob puts his sign-in row and his slot in the place of Alice's, and signs in as her."""
    row = bob.credential
    stretched = vault.stretch(PASSPHRASE[BOB], ALICE, row.salt, row.params)
    return vault.open_slot(bob.made.slot, stretched, ALICE, row.params, row.salt, PEPPER)


def test_attack_10_another_users_slot():
    with pytest.raises(Damaged):
        another_users_slot(member(BOB))


def test_attack_10_another_users_slot_in_the_own_row():
    with pytest.raises(Damaged):
        member(ALICE).unlock(member(BOB).made.slot)


@pytest.mark.parametrize("kept", ["header", "aad"])
def test_attack_10_fails_by_either_binding(monkeypatch, kept):
    _leave_out_the_person(monkeypatch, header=kept != "header", aad=kept != "aad")
    with pytest.raises(Damaged):
        another_users_slot(new_member(BOB))


def test_attack_10_succeeds_without_the_person(monkeypatch):
    _leave_out_the_person(monkeypatch, header=True, aad=True)
    bob = new_member(BOB)
    assert another_users_slot(bob).umk == bob.keys.umk


def _leave_out_the_person(monkeypatch: pytest.MonkeyPatch, *, header: bool, aad: bool) -> None:
    real = kdf.kdf_header
    if header:
        monkeypatch.setattr(kdf, "kdf_header", lambda person, *rest: real(ALICE, *rest))
    if aad:
        drop(monkeypatch, "owner")


def test_attack_11_database_and_passphrase_without_the_pepper():
    for pepper in (bytes(32), bytes(64), bytes(range(1, 33))):
        with pytest.raises(Damaged):
            member(ALICE).unlock(pepper=pepper)


def test_attack_11_inner_slot_is_not_in_the_database():
    """Without the outer layer the passphrase alone would open: so it must be sealed, not beside."""
    alice = member(ALICE)
    with pytest.raises(Damaged):
        unseal(
            OnceKey(alice.stretched.kek),
            Type.SLOT,
            slots._place(ALICE, CHEAP, alice.credential.salt),
            alice.made.slot,
        )


def test_attack_11_succeeds_when_the_pepper_does_not_count(monkeypatch):
    monkeypatch.setattr(slots, "pepper_key", lambda pepper, label: bytes(32))
    alice = member(ALICE)
    row = (alice.stretched, CHEAP, alice.credential.salt)
    slot = slots.make_slot(alice.keys, ALICE, *row, PEPPER)
    assert alice.unlock(slot, pepper=bytes(32)).umk == alice.keys.umk


def change_to(params: KdfParams, previous: KdfParams) -> vault.Keys:
    """A change of passphrase, and the unlock with the new one."""
    alice = member(ALICE)
    row, stretched = vault.new_credential("a new and longer passphrase", ALICE, PEPPER, params)
    slot = vault.reseal_slot(
        alice.keys, ALICE, stretched, params, row.salt, PEPPER, previous=previous
    )
    assert vault.verify(row, stretched, ALICE, PEPPER)
    return vault.open_slot(slot, stretched, ALICE, params, row.salt, PEPPER)


def test_a_change_of_passphrase_keeps_the_keys():
    assert change_to(vault.stronger(CHEAP, DEAR), CHEAP).umk == member(ALICE).keys.umk


def test_the_old_passphrase_opens_nothing_after_a_change():
    alice = member(ALICE)
    row, stretched = vault.new_credential("a new and longer passphrase", ALICE, PEPPER, CHEAP)
    new = vault.reseal_slot(alice.keys, ALICE, stretched, CHEAP, row.salt, PEPPER, previous=CHEAP)
    old = vault.stretch(PASSPHRASE[ALICE], ALICE, row.salt, CHEAP)
    assert not vault.verify(row, old, ALICE, PEPPER)
    with pytest.raises(WrongKey):
        vault.open_slot(new, old, ALICE, CHEAP, row.salt, PEPPER)


def test_attack_28_change_of_passphrase_lowers_the_kdf():
    with pytest.raises(BadParams):
        change_to(CHEAP, previous=DEAR)


def test_attack_28_succeeds_without_the_comparison(monkeypatch):
    monkeypatch.setattr(slots, "stronger", lambda one, other: one)
    assert change_to(CHEAP, previous=DEAR).umk == member(ALICE).keys.umk
