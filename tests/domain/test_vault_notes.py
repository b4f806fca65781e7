"""Attacks on the rows of notes by somebody who can write the database.

Each attack is a function that returns what it got, or raises. The tests run it against the vault,
where it must raise Damaged, and against a vault with one header field left out, where it must
succeed: so each test is known to be able to fail, and each field to have a purpose.
"""

from collections.abc import Callable
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from supervision.domain import vault
from supervision.domain.vault import Damaged, Sealed, WrongKey, envelope
from supervision.domain.vault.envelope import OnceKey, Type, place_of, seal, unseal
from tests.domain.vault_cast import (
    ALICE,
    BOB,
    BODY,
    FIELDS,
    NOTE,
    OTHER_NOTE,
    drop,
    every_damage,
    member,
    open_note,
    seal_note,
    start_of,
    with_field,
)


@given(st.binary(max_size=3000), st.integers(1, 2**63), st.integers(1, 2**32 - 1), st.uuids())
def test_a_revision_opens_to_what_was_sealed(body, number, epoch, note):
    keys, previous = member(ALICE).keys, bytes(range(32))
    sealed = vault.seal_revision(keys, ALICE, note, number, previous, body, epoch)
    assert vault.open_revision(keys, ALICE, note, number, previous, sealed, epoch) == body


def test_a_sealed_note_shows_no_text():
    body = b"a canary that nobody may read " * 30
    sealed = seal_note(body=body)
    assert body[:10] not in sealed.envelope + sealed.wrap


# The attacks, by the header field that forbids each.


def another_product() -> bytes:
    """Feed in an envelope of the same layout with another magic, under the right keys."""
    return _sealed_with_start(lambda kind: start_of(kind, magic=b"SUPX"))


def another_version() -> bytes:
    """Attack 7: an envelope of format version 2, read as version 1."""
    return _sealed_with_start(lambda kind: start_of(kind, version=2))


def another_suite() -> bytes:
    """Attack 7: an envelope of suite 2, read as suite 1."""
    return _sealed_with_start(lambda kind: start_of(kind, suite=2))


def _sealed_with_start(start: Callable[[int], bytes]) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        blank = envelope.pack_header(b"\xff" * 84, bytes(32), bytes(12))
        starts = tuple(_like(blank, start(kind)) for kind in range(len(envelope._STARTS)))
        patch.setattr(envelope, "_STARTS", starts)
        sealed = seal_note()
    return open_note(sealed)


def _like(pattern: bytes, start: bytes) -> bytes:
    """Leave out of a foreign start what the vault under test leaves out."""
    return bytes(byte & mask for byte, mask in zip(start, pattern, strict=False))


def draft_as_revision() -> bytes:
    """Attack 8: a draft's envelope in the revision column, its key wrapped for that place."""
    place, data_key = place_of(NOTE, ALICE, 1), bytes(range(32))
    padded = (len(BODY)).to_bytes(4) + BODY + bytes(512 - 4 - len(BODY))
    draft = seal(OnceKey(data_key), Type.DRAFT, place, padded)
    return open_note(Sealed(draft, seal(member(ALICE).keys.wrap, Type.WRAP, place, data_key)))


def another_epoch() -> bytes:
    """Attack 7: a revision of key epoch 1 where epoch 2 is expected."""
    return open_note(seal_note(), epoch=2)


def another_note() -> bytes:
    """Attack 1: body and wrap of one note in the row of another."""
    return open_note(seal_note(OTHER_NOTE), NOTE)


def another_owner() -> bytes:
    """Attack 2: the row says that it is Bob's, and Bob was given keys that open it."""
    return open_note(seal_note(), owner=BOB)


def old_as_current() -> bytes:
    """Attack 4: revision 1 in the row of revision 2, with its own previous hash beside it."""
    return open_note(seal_note(number=1), number=2)


def edited_chain() -> bytes:
    """Attack 5: revision 2 follows one that the attacker put in place of revision 1."""
    one, forged = seal_note(), seal_note(body=b"never written")
    two = seal_note(number=2, previous=one.hash)
    return open_note(two, number=2, previous=forged.hash)


def two_keys() -> tuple[bytes, bytes]:
    """Attack 36: one envelope that two keys open, each to another text (of two blocks)."""
    keys, place = (bytes([1]) * 32, bytes([2]) * 32), place_of(NOTE, ALICE)
    nonce = bytes(range(12))
    start = envelope.pack_start(Type.WRAP) + place
    expanded = [HKDFExpand(SHA256(), 64, start + nonce).derive(key) for key in keys]
    header = envelope.pack_header(start, expanded[0][:32], nonce)
    blob = header + _colliding([both[32:] for both in expanded], nonce, header)
    first, second = (unseal(OnceKey(key), Type.WRAP, place, blob) for key in keys)
    return first, second


def _colliding(keys: list[bytes], nonce: bytes, header: bytes) -> bytes:
    """Two ciphertext blocks and a tag that AES-GCM takes under both keys (NIST SP 800-38D, 7)."""
    aad = [header[at : at + 16] for at in range(0, 128, 16)]
    lengths = (128 * 8).to_bytes(8) + (32 * 8).to_bytes(8)
    free = bytes(range(16))

    def tag(key: bytes, solved: bytes) -> int:
        total, h = 0, _aes(key, bytes(16))
        for block in (*aad, free, solved, lengths):
            total = _times(total ^ int.from_bytes(block), h)
        return total ^ _aes(key, nonce + b"\0\0\0\1")

    squares = [_times(_aes(key, bytes(16)), _aes(key, bytes(16))) for key in keys]
    apart = tag(keys[0], bytes(16)) ^ tag(keys[1], bytes(16))
    solved = _times(apart, _inverse(squares[0] ^ squares[1])).to_bytes(16)
    return free + solved + tag(keys[0], solved).to_bytes(16)


def _aes(key: bytes, block: bytes) -> int:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  one raw block
    return int.from_bytes(encryptor.update(block))


def _times(x: int, y: int) -> int:
    """Multiplication in GCM's field: bit 0 is the highest, x**128 = x**7 + x**2 + x + 1."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def _inverse(x: int) -> int:
    """x**(2**128 − 2)."""
    result, power = 1 << 127, x
    for _ in range(127):
        power = _times(power, power)
        result = _times(result, power)
    return result


def test_the_collision_is_real_for_bare_aes_gcm():
    keys, nonce, header = [bytes([7]) * 32, bytes([8]) * 32], bytes(12), bytes(128)
    blob = _colliding(keys, nonce, header)
    first, second = (AESGCM(key).decrypt(nonce, blob, header) for key in keys)
    assert first != second


BY_FIELD: dict[str, Callable[[], object]] = {
    "magic": another_product,
    "version": another_version,
    "type": draft_as_revision,
    "suite": another_suite,
    "epoch": another_epoch,
    "object": another_note,
    "owner": another_owner,
    "revision": old_as_current,
    "previous": edited_chain,
    "commitment": two_keys,
}


@pytest.mark.parametrize("field", BY_FIELD)
def test_each_attack_succeeds_without_its_field(monkeypatch, field):
    drop(monkeypatch, field)
    got = BY_FIELD[field]()
    if field == "commitment":
        assert isinstance(got, tuple)
        assert got[0] != got[1]
    else:
        assert got == BODY


PAIRS = [(a, b) for a in BY_FIELD for b in FIELDS if b not in (a, "nonce")]


@pytest.mark.parametrize(("field", "other"), PAIRS)
def test_each_attack_fails_without_any_other_field(monkeypatch, field, other):
    """The attacks succeed above for the stated reason alone."""
    drop(monkeypatch, other)
    with pytest.raises(Damaged):
        BY_FIELD[field]()


def test_without_the_nonce_nothing_opens(monkeypatch):
    drop(monkeypatch, "nonce")
    with pytest.raises(Damaged):
        open_note(seal_note())


def test_attack_01_body_and_wrap_of_another_note():
    with pytest.raises(Damaged):
        another_note()


def test_attack_01_body_of_another_note():
    with pytest.raises(Damaged):
        open_note(Sealed(seal_note(OTHER_NOTE).envelope, seal_note().wrap))


def test_attack_01_wrap_of_another_note():
    with pytest.raises(Damaged):
        open_note(Sealed(seal_note().envelope, seal_note(OTHER_NOTE).wrap))


def test_attack_01_another_note_that_claims_to_be_this_one():
    moved = Sealed(*(with_field(blob, "object", NOTE.bytes) for blob in seal_note(OTHER_NOTE)))
    with pytest.raises(Damaged):
        open_note(moved)


def test_attack_01_wrap_of_another_sealing_of_the_same_revision():
    with pytest.raises(WrongKey):
        open_note(Sealed(seal_note().envelope, seal_note().wrap))


def test_attack_02_row_moved_to_another_owner():
    with pytest.raises(Damaged):
        another_owner()


@pytest.mark.parametrize("owner", [ALICE, BOB])
def test_attack_02_row_moved_to_another_owner_with_their_own_keys(owner: UUID):
    moved = Sealed(*(with_field(blob, "owner", owner.bytes) for blob in seal_note()))
    with pytest.raises(WrongKey):
        vault.open_revision(member(BOB).keys, owner, NOTE, 1, vault.FIRST, moved)


def test_attack_03_every_byte_cut_and_tail_of_a_note():
    sealed = seal_note()
    for damaged in every_damage(sealed.envelope):
        with pytest.raises(Damaged):
            open_note(Sealed(damaged, sealed.wrap))
    for damaged in every_damage(sealed.wrap):
        with pytest.raises(Damaged):
            open_note(Sealed(sealed.envelope, damaged))


@given(st.data())
def test_attack_03_any_damage_to_a_longer_note(data):
    sealed = seal_note(body=bytes(2000))
    at = data.draw(st.integers(0, len(sealed.envelope) - 1))
    flip = data.draw(st.integers(1, 255))
    blob = bytearray(sealed.envelope)
    blob[at] ^= flip
    with pytest.raises(Damaged):
        open_note(Sealed(bytes(blob), sealed.wrap))
    with pytest.raises(Damaged):
        open_note(Sealed(sealed.envelope[:at], sealed.wrap))
    with pytest.raises(Damaged):
        open_note(Sealed(sealed.envelope + data.draw(st.binary(min_size=1)), sealed.wrap))


def test_attack_04_old_revision_served_as_current():
    with pytest.raises(Damaged):
        old_as_current()


def test_attack_04_old_revision_that_claims_to_be_current():
    claimed = Sealed(*(with_field(blob, "revision", (2).to_bytes(8)) for blob in seal_note()))
    with pytest.raises(WrongKey):
        open_note(claimed, number=2)


def test_attack_05_edited_previous_hash():
    with pytest.raises(Damaged):
        edited_chain()


def test_attack_05_edited_previous_hash_in_the_header_too():
    one, forged = seal_note(), seal_note(body=b"never written")
    two = seal_note(number=2, previous=one.hash)
    edited = Sealed(*(with_field(blob, "previous", forged.hash) for blob in two))
    with pytest.raises(WrongKey):
        open_note(edited, number=2, previous=forged.hash)


@pytest.mark.parametrize("attack", [another_version, another_suite, another_epoch])
def test_attack_07_another_version_suite_or_epoch(attack):
    with pytest.raises(Damaged):
        attack()


@pytest.mark.parametrize("field", ["magic", "version", "type", "suite", "epoch"])
def test_attack_07_header_that_claims_something_else(field):
    start, end = FIELDS[field]
    sealed = seal_note()
    with pytest.raises(Damaged):
        open_note(Sealed(with_field(sealed.envelope, field, b"\2" * (end - start)), sealed.wrap))


def test_attack_07_another_product():
    with pytest.raises(Damaged):
        another_product()


def test_attack_08_draft_in_the_revision_column():
    with pytest.raises(Damaged):
        draft_as_revision()


def test_attack_36_ciphertext_made_for_two_keys():
    with pytest.raises(WrongKey):
        two_keys()
