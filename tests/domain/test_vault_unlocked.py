"""Between two requests: cookie, row, sign-in and start must all be the right ones."""

from uuid import UUID

import pytest

from supervision.domain import vault
from supervision.domain.vault import Damaged, WrongKey, envelope, unlocked
from tests.domain.vault_cast import ALICE, BOB, drop, every_damage, member

S, BOOT = bytes(range(32)), bytes(range(32, 64))
SIGN_IN, OTHER_SIGN_IN = UUID(int=51), UUID(int=52)
GUESSES = [bytes(32), bytes(range(1, 33)), S[::-1]]


def row() -> bytes:
    return vault.wrap_for_session(member(ALICE).keys, S, BOOT, ALICE, SIGN_IN)


def test_cookie_row_sign_in_and_start_together_open():
    opened = vault.unwrap_from_session(row(), S, BOOT, ALICE, SIGN_IN)
    assert opened.umk == member(ALICE).keys.umk


def test_every_unlock_makes_another_row():
    assert row() != row()


@pytest.mark.parametrize("guess", GUESSES)
def test_attack_12_row_only(guess):
    """With the row and the server's memory, but not the cookie's secret."""
    with pytest.raises(WrongKey):
        vault.unwrap_from_session(row(), guess, BOOT, ALICE, SIGN_IN)


@pytest.mark.parametrize("made_up", [b"", bytes(192), bytes(128) + S + S])
def test_attack_12_cookie_only(made_up):
    """With the cookie, but a row that is gone or made up."""
    with pytest.raises(Damaged):
        vault.unwrap_from_session(made_up, S, BOOT, ALICE, SIGN_IN)


def test_attack_12_row_holds_neither_key_nor_secret():
    kept = row()
    for secret in (member(ALICE).keys.umk, S, BOOT):
        assert secret not in kept


def test_attack_12_short_secret_is_refused():
    with pytest.raises(Damaged):
        vault.unwrap_from_session(row(), S[:31], BOOT, ALICE, SIGN_IN)
    with pytest.raises(Damaged):
        vault.wrap_for_session(member(ALICE).keys, S, b"", ALICE, SIGN_IN)


@pytest.mark.parametrize(("person", "sign_in"), [(ALICE, OTHER_SIGN_IN), (BOB, SIGN_IN)])
def test_attack_14_cookie_under_another_sign_in_or_user(person, sign_in):
    with pytest.raises(Damaged):
        vault.unwrap_from_session(row(), S, BOOT, person, sign_in)


@pytest.mark.parametrize(
    ("person", "sign_in", "field"), [(ALICE, OTHER_SIGN_IN, "object"), (BOB, SIGN_IN, "owner")]
)
def test_attack_14_succeeds_without_both_bindings(monkeypatch, person, sign_in, field):
    drop(monkeypatch, field)
    with pytest.raises(WrongKey):  # the key itself is bound, too
        vault.unwrap_from_session(row(), S, BOOT, person, sign_in)
    monkeypatch.setattr(unlocked, "session_info", lambda person, sign_in: b"SUP1 unlock")
    opened = vault.unwrap_from_session(row(), S, BOOT, person, sign_in)
    assert opened.umk == member(ALICE).keys.umk


def restored_after_restart() -> vault.Keys:
    """The row was copied, the server started again, the row was put back; the cookie lives."""
    return vault.unwrap_from_session(row(), S, bytes(range(64, 96)), ALICE, SIGN_IN)


def test_attack_15_restored_row_after_restart():
    with pytest.raises(WrongKey):
        restored_after_restart()


def test_attack_15_succeeds_without_the_boot_key(monkeypatch):
    monkeypatch.setattr(unlocked, "_session_key", lambda s, boot_key, info: envelope.OnceKey(s))
    assert restored_after_restart().umk == member(ALICE).keys.umk


def test_attack_03_every_damage_to_an_unlock_row():
    for damaged in every_damage(row()):
        with pytest.raises(Damaged):
            vault.unwrap_from_session(damaged, S, BOOT, ALICE, SIGN_IN)
