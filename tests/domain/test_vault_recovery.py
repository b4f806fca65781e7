"""The recovery code: as it is read aloud, typed, mistyped, and used twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.vault import BadCode, Damaged, WrongKey, recovery
from tests.domain.vault_cast import ALICE, BOB, every_damage, member

# Checksums: the first 20 bits of SHA-256("SUP1 recovery checksum" ‖ code), worked with sha256sum.
ZEROS = "0000-0000-0000-0000-0000-0000-0000-0000-JWDB"
COUNT = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ-25CX"


@pytest.fixture(scope="module")
def code() -> str:
    return vault.new_recovery_code()


def test_a_code_is_nine_groups_of_four():
    assert [len(group) for group in vault.new_recovery_code().split("-")] == [4] * 9


def test_codes_differ():
    assert len({vault.new_recovery_code() for _ in range(50)}) == 50


@pytest.mark.parametrize("known", [ZEROS, COUNT])
def test_a_known_code_has_its_known_checksum(known):
    assert vault.normalise_code(known) == known


@given(st.integers(0, 2**160 - 1))
def test_every_code_is_taken_as_shown_and_as_people_type_it(number):
    bare = recovery._encode(number, 32)
    shown = recovery._grouped(bare + recovery._checksum(bare))
    typed = shown.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert vault.normalise_code(shown) == shown
    assert vault.normalise_code(f"  {typed}\n") == shown
    assert vault.normalise_code(shown.replace("-", "").replace("1", "I")) == shown
    assert vault.normalise_code(shown.replace("-", "–")) == shown


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        (COUNT[:-1], "length"),
        (COUNT + "0", "length"),
        (COUNT.replace("Z", "U"), "letter"),
        (COUNT.replace("Z", "é"), "letter"),
        (COUNT.replace("Z", "*"), "letter"),
        ("1" + COUNT[1:], "checksum"),
        (COUNT.replace("45", "54"), "checksum"),
        (ZEROS[:-4] + COUNT[-4:], "checksum"),
    ],
)
def test_a_mistyped_code_says_what_is_wrong(text, reason):
    with pytest.raises(BadCode) as caught:
        vault.normalise_code(text)
    assert caught.value.reason == reason


def test_the_code_opens_the_vault_as_it_is_typed(code):
    alice = member(ALICE)
    slot = vault.recovery_slot(alice.keys, code, ALICE)
    assert len(slot) == 192
    assert vault.open_recovery_slot(slot, code.lower(), ALICE).umk == alice.keys.umk


def test_a_well_formed_code_of_another_is_a_wrong_key(code):
    slot = vault.recovery_slot(member(ALICE).keys, code, ALICE)
    with pytest.raises(WrongKey):
        vault.open_recovery_slot(slot, vault.new_recovery_code(), ALICE)


def test_attack_03_every_damage_to_a_recovery_slot(code):
    slot = vault.recovery_slot(member(ALICE).keys, code, ALICE)
    for damaged in every_damage(slot):
        with pytest.raises(Damaged):
            vault.open_recovery_slot(damaged, code, ALICE)


def test_attack_10_another_users_recovery_slot(code):
    slot = vault.recovery_slot(member(BOB).keys, code, BOB)
    with pytest.raises(Damaged):
        vault.open_recovery_slot(slot, code, ALICE)


def test_attack_10_a_recovery_slot_is_no_passphrase_slot(code):
    slot = vault.recovery_slot(member(ALICE).keys, code, ALICE)
    with pytest.raises(Damaged):
        member(ALICE).unlock(slot)


def recovered_twice(*, replaced: bool) -> vault.Keys:
    """Use a code, then the same code again, on the slot that stands there after the first use."""
    keys, first = member(ALICE).keys, vault.new_recovery_code()
    slot = vault.recovery_slot(keys, first, ALICE)
    opened = vault.open_recovery_slot(slot, first, ALICE)
    if replaced:
        slot = vault.recovery_slot(opened, vault.new_recovery_code(), ALICE)
    return vault.open_recovery_slot(slot, first, ALICE)


def test_attack_27_recovery_code_reused():
    with pytest.raises(WrongKey):
        recovered_twice(replaced=True)


def test_attack_27_succeeds_when_the_slot_is_not_replaced():
    assert recovered_twice(replaced=False).umk == member(ALICE).keys.umk
