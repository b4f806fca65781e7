"""The envelope byte by byte, against a second reading of its definition with `hmac` of Python."""

import hmac
import os
import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from supervision.domain import vault
from supervision.domain.vault import envelope
from supervision.domain.vault.envelope import OnceKey, StandingKey, Type, place_of
from supervision.domain.vault.faults import Damaged, WrongKey
from tests.domain.vault_cast import ALICE, NOTE, every_damage

RAW = bytes(range(100, 132))
PREVIOUS = bytes(range(200, 232))


def expand(key: bytes, info: bytes, blocks: int) -> bytes:
    """HKDF-Expand by RFC 5869, section 2.3."""
    last, out = b"", b""
    for number in range(1, blocks + 1):
        last = hmac.digest(key, last + info + bytes([number]), "sha256")
        out += last
    return out


def test_hkdf_expand_gives_the_first_vector_of_rfc_5869():
    prk = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    info = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")
    okm = bytes.fromhex(
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    assert HKDFExpand(SHA256(), 42, info).derive(prk) == okm
    assert expand(prk, info, 2)[:42] == okm


def test_subkey_is_hkdf_expand_under_a_label():
    assert envelope.subkey(RAW, "wrap") == expand(RAW, b"SUP1 wrap", 1)


def test_header_is_laid_out_as_defined():
    blob = envelope.seal(OnceKey(RAW), Type.REVISION, place_of(NOTE, ALICE, 7, PREVIOUS, 3), b"x")
    start = struct.pack(">4sBBHI", b"SUP1", 1, 1, 1, 3)
    assert blob[:84] == start + NOTE.bytes + ALICE.bytes + struct.pack(">Q", 7) + PREVIOUS
    assert len(blob) == 128 + 1 + 16


def test_envelope_opens_by_hand():
    blob = envelope.seal(OnceKey(RAW), Type.HEAD, place_of(NOTE, ALICE), b"counted")
    header, nonce = blob[:128], blob[116:128]
    both = expand(RAW, blob[:84] + nonce, 2)
    assert both[:32] == blob[84:116]
    assert AESGCM(both[32:]).decrypt(nonce, blob[128:], header) == b"counted"


def test_standing_key_envelope_opens_by_hand():
    blob = envelope.seal(StandingKey(RAW), Type.HEAD, place_of(NOTE, ALICE), b"counted")
    header, nonce = blob[:128], blob[116:128]
    both = expand(RAW, b"SUP1 standing key", 2)
    assert hmac.digest(both[:32], blob[:84] + nonce, "sha256") == blob[84:116]
    assert AESGCM(both[32:]).decrypt(nonce, blob[128:], header) == b"counted"


@pytest.mark.parametrize("key", [OnceKey(RAW), StandingKey(RAW)])
def test_another_key_is_told_from_another_place(key):
    blob = envelope.seal(key, Type.HEAD, place_of(NOTE, ALICE), b"counted")
    assert envelope.unseal(key, Type.HEAD, place_of(NOTE, ALICE), blob) == b"counted"
    with pytest.raises(WrongKey):
        envelope.unseal(OnceKey(os.urandom(32)), Type.HEAD, place_of(NOTE, ALICE), blob)
    with pytest.raises(Damaged) as caught:
        envelope.unseal(key, Type.HEAD, place_of(NOTE, ALICE, 1), blob)
    assert caught.type is Damaged


@pytest.mark.parametrize("key", [OnceKey(RAW), StandingKey(RAW)])
def test_every_damage_to_an_envelope_is_refused(key):
    blob = envelope.seal(key, Type.HEAD, place_of(NOTE, ALICE), b"counted")
    for damaged in every_damage(blob):
        with pytest.raises(Damaged):
            envelope.unseal(key, Type.HEAD, place_of(NOTE, ALICE), damaged)


def test_two_envelopes_of_one_text_share_nothing_but_their_place():
    one, two = (
        envelope.seal(StandingKey(RAW), Type.HEAD, place_of(NOTE, ALICE), bytes(64))
        for _ in range(2)
    )
    assert one[:84] == two[:84]
    assert one[116:128] != two[116:128]
    assert one[128:] != two[128:]


def test_types_are_distinct_and_fixed():
    assert [(kind.name, kind.value) for kind in Type] == [
        ("REVISION", 1),
        ("SLOT", 2),
        ("WRAP", 3),
        ("SHARE", 4),
        ("PRIVATE", 5),
        ("CHUNK", 6),
        ("INDEX", 7),
        ("DRAFT", 8),
        ("HEAD", 9),
        ("PIN", 10),
        ("PEPPERED", 11),
        ("VERIFIER", 12),
        ("UNLOCK", 13),
        ("ADDRESS", 14),
        ("COMMENT", 15),
        ("FORMER", 16),
        ("LEDGER", 17),
        ("WITNESS", 18),
        ("TAKEN", 19),
    ]


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_size_is_refused(raw):
    with pytest.raises(Damaged):
        OnceKey(raw)
    with pytest.raises(Damaged):
        vault.Keys(raw)


def test_a_hash_of_another_size_is_refused():
    with pytest.raises(Damaged):
        place_of(NOTE, ALICE, previous=bytes(31))


def test_a_short_pepper_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        envelope.pepper_key(bytes(31), "slot")
