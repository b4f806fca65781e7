"""Argon2id: its costs, what it is bound to, and sign-in."""

import struct
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.vault import BadParams, Damaged, KdfParams, kdf
from tests.domain.vault_cast import ALICE, BOB, CHEAP, PASSPHRASE, PEPPER, every_damage, member

SALT = bytes(range(16))


def test_argon2id_gives_the_vector_of_rfc_9106():
    made = Argon2id(
        salt=b"\2" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        secret=b"\3" * 8,
        ad=b"\4" * 12,
    ).derive(b"\1" * 32)
    assert made.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


def test_stretch_is_one_argon2id_run_bound_to_person_costs_and_salt():
    ad = b"SUP1argon2id" + struct.pack(">III", 19456, 2, 1) + ALICE.bytes + SALT
    both = Argon2id(salt=SALT, length=64, iterations=2, lanes=1, memory_cost=19456, ad=ad).derive(
        "Å wörd".encode()
    )
    stretched = vault.stretch("Å wörd", ALICE, SALT, CHEAP)
    assert (stretched.auth, stretched.kek) == (both[:32], both[32:])


def test_the_same_passphrase_in_another_unicode_form_is_the_same():
    one = vault.stretch("caf\u00e9 \ufb01lled", ALICE, SALT, CHEAP)
    two = vault.stretch("cafe\u0301 filled", ALICE, SALT, CHEAP)
    assert (one.auth, one.kek) == (two.auth, two.kek)


def test_nothing_shows_the_secrets():
    alice = member(ALICE)
    shown = repr(alice)
    assert repr(alice.keys) == "<Keys>"
    for secret in (alice.stretched.auth, alice.stretched.kek, alice.keys.umk):
        assert repr(secret) not in shown
        assert secret.hex() not in shown


@pytest.mark.parametrize(
    "params", [vault.FLOOR, vault.POLICY, vault.CEILING, KdfParams(47104, 2, 1)]
)
def test_params_within_bounds_are_taken(params):
    kdf.check_params(params)
    assert vault.stronger(params, vault.FLOOR) == params


CHEAPER = [KdfParams(8, 1, 1), KdfParams(19455, 2, 1), KdfParams(65536, 1, 1), KdfParams(0, 0, 0)]
DEARER = [KdfParams(4 << 20, 3, 1), KdfParams((1 << 20) + 1, 3, 1), KdfParams(65536, 11, 1)]


@pytest.mark.parametrize("params", [*CHEAPER, *DEARER, KdfParams(65536, 3, 9)])
def test_attack_09_kdf_row_out_of_bounds(params):
    alice = member(ALICE)
    with pytest.raises(BadParams):
        vault.stretch(PASSPHRASE[ALICE], ALICE, alice.credential.salt, params)
    with pytest.raises(BadParams):
        vault.open_slot(
            alice.made.slot, alice.stretched, ALICE, params, alice.credential.salt, PEPPER
        )


def test_attack_09_succeeds_without_the_bounds(monkeypatch):
    monkeypatch.setattr(kdf, "check_params", lambda params: None)
    assert len(vault.stretch(PASSPHRASE[ALICE], ALICE, SALT, KdfParams(8, 1, 1)).kek) == 32


def test_attack_09_kdf_row_edited_to_the_floor():
    dear = KdfParams(20480, 2, 1)
    credential, stretched = vault.new_credential("a good passphrase", ALICE, PEPPER, dear)
    made = vault.new_vault(ALICE, stretched, dear, credential.salt, PEPPER)
    cheap = vault.stretch("a good passphrase", ALICE, credential.salt, CHEAP)
    edited = vault.Credential(credential.salt, CHEAP, credential.verifier)
    assert vault.verify(credential, stretched, ALICE, PEPPER)
    assert not vault.verify(edited, cheap, ALICE, PEPPER)
    for tried in (cheap, stretched):  # even with what the dear run gave, the AAD refuses
        with pytest.raises(Damaged):
            vault.open_slot(made.slot, tried, ALICE, CHEAP, credential.salt, PEPPER)


COSTS = st.builds(KdfParams, st.integers(19456, 1 << 20), st.integers(2, 10), st.integers(1, 8))


@given(COSTS, COSTS)
def test_stronger_is_never_below_either(one, other):
    both = vault.stronger(one, other)
    assert not vault.below_policy(both, one)
    assert not vault.below_policy(both, other)
    kdf.check_params(both)


@pytest.mark.parametrize(
    ("params", "below"),
    [
        (vault.POLICY, False),
        (vault.CEILING, False),
        (vault.FLOOR, True),
        (KdfParams(1 << 20, 2, 8), True),  # more memory does not make up for fewer passes
    ],
)
def test_below_policy_looks_at_each_cost(params, below):
    assert vault.below_policy(params) is below


def test_verify_takes_the_passphrase_and_no_other():
    alice = member(ALICE)
    salt, params = alice.credential.salt, alice.credential.params
    right = vault.stretch(PASSPHRASE[ALICE], ALICE, salt, params)
    wrong = vault.stretch("soothing rhythm at dusk", ALICE, salt, params)
    assert vault.verify(alice.credential, right, ALICE, PEPPER) is True
    assert vault.verify(alice.credential, wrong, ALICE, PEPPER) is False


def test_the_verifier_shows_nothing_without_the_pepper():
    alice = member(ALICE)
    assert alice.stretched.auth not in alice.credential.verifier
    assert vault.verify(alice.credential, alice.stretched, ALICE, bytes(32)) is False


def test_attack_10_another_users_sign_in_row():
    bob = member(BOB)
    as_alice = vault.stretch(PASSPHRASE[BOB], ALICE, bob.credential.salt, CHEAP)
    assert vault.verify(bob.credential, as_alice, ALICE, PEPPER) is False
    assert vault.verify(bob.credential, bob.stretched, ALICE, PEPPER) is False


def test_attack_26_damaged_row_is_false_like_a_wrong_passphrase():
    alice = member(ALICE)
    salt, params = alice.credential.salt, alice.credential.params
    rows = [vault.Credential(salt, params, v) for v in every_damage(alice.credential.verifier)]
    rows.append(vault.Credential(salt, KdfParams(8, 1, 1), alice.credential.verifier))
    rows.append(vault.Credential(b"short", params, alice.credential.verifier))
    assert {vault.verify(row, alice.stretched, ALICE, PEPPER) for row in rows} == {False}


def test_attack_26_nobody_costs_what_somebody_costs(monkeypatch):
    runs = []

    class Counted:
        def __init__(self, **costs: object) -> None:
            runs.append({name: costs[name] for name in ("memory_cost", "iterations", "lanes")})

        def derive(self, passphrase: bytes) -> bytes:
            return bytes(64)

    monkeypatch.setattr(kdf, "Argon2id", Counted)
    vault.stretch_nobody("anything", vault.POLICY)
    vault.new_credential("anything", UUID(int=9), PEPPER)
    assert runs == [{"memory_cost": 65536, "iterations": 3, "lanes": 1}] * 2


def test_argon2_runs_one_at_a_time(monkeypatch):
    taken = []

    class Busy:
        def __init__(self, **costs: object) -> None:
            pass

        def derive(self, passphrase: bytes) -> bytes:
            taken.append(kdf._one_at_a_time.acquire(blocking=False))
            return bytes(64)

    monkeypatch.setattr(kdf, "Argon2id", Busy)
    vault.stretch("anything", ALICE, SALT, CHEAP)
    assert taken == [False]
    assert kdf._one_at_a_time.acquire(blocking=False)
    kdf._one_at_a_time.release()
