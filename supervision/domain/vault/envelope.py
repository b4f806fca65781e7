"""The one sealed format: a 128-byte header, then AES-256-GCM ciphertext and tag.

    magic SUP1 (4) · version (1) · type (1) · suite (2) · key epoch (4) · object id (16)
    · owner id (16) · revision (8) · SHA-256 of the previous envelope (32)
    · key commitment (32) · nonce (12)                                   big-endian

Whoever opens says which *place* is expected; the header is rebuilt from that place and is both
compared with the one that the blob brings and used as AAD. So a blob moved to another note, owner,
revision, type or epoch does not open, whatever its own header claims.

AES-GCM does not commit to its key (one ciphertext can be made for two keys), hence the commitment:
HMAC(key, header without the commitment).
"""

import os
import struct
from enum import IntEnum
from hashlib import sha256
from hmac import compare_digest
from typing import NewType, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from supervision.domain.vault.faults import Damaged, WrongKey

MAGIC = b"SUP1"
VERSION = 1
SUITE = 1  # AES-256-GCM, HMAC-SHA-256, HKDF-SHA-256; HPKE: MLKEM768_X25519
HEADER_BYTES = 128
TAG_BYTES = 16
NO_HASH = bytes(32)
"""Stands where there is no previous envelope: the first revision, and all that has no chain."""

_START = struct.Struct(">4sBBH")
_PLACE = struct.Struct(">I16s16sQ32s")
_PLACE_END = _START.size + _PLACE.size  # 84
_NONCE_START = 116
_SHA256 = SHA256()


class Type(IntEnum):
    """What an envelope is. A type never opens as another."""

    REVISION = 1
    SLOT = 2
    WRAP = 3
    SHARE = 4
    PRIVATE = 5
    CHUNK = 6
    INDEX = 7
    DRAFT = 8
    HEAD = 9
    PIN = 10
    PEPPERED = 11
    VERIFIER = 12
    UNLOCK = 13
    ADDRESS = 14
    COMMENT = 15
    FORMER = 16
    LEDGER = 17
    WITNESS = 18
    TAKEN = 19


_STARTS = tuple(_START.pack(MAGIC, VERSION, kind, SUITE) for kind in range(max(Type) + 1))

Place = NewType("Place", bytes)
"""Epoch, object, owner, revision and previous hash, packed: made by `place_of` alone."""


class Key(Protocol):
    """A 256-bit key that can seal. Its repr never shows it."""

    def prepare(self, uncommitted: bytes) -> tuple[bytes, AESGCM]:
        """The commitment (32 bytes) to this key for a header without one, and the cipher."""


class OnceKey:
    """A key for one envelope, or for few: data keys, key-encryption keys."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != 32:
            raise Damaged("key size")
        self._raw = raw

    def prepare(self, uncommitted: bytes) -> tuple[bytes, AESGCM]:
        # One HKDF-Expand (RFC 5869): T(1) = HMAC(key, header ‖ 1) commits, T(2) encrypts.
        both = HKDFExpand(_SHA256, 64, uncommitted).derive(self._raw)
        return both[:32], AESGCM(both[32:])


class StandingKey:
    """A key for many envelopes: its cipher and its HMAC state are set up once.

    Nonces are random, so one key may seal 2**32 envelopes (NIST SP 800-38D, 8.3).
    """

    __slots__ = ("_cipher", "_commitment")

    def __init__(self, raw: bytes) -> None:
        both = HKDFExpand(_SHA256, 64, b"SUP1 standing key").derive(raw)
        self._commitment = HMAC(both[:32], _SHA256)
        self._cipher = AESGCM(both[32:])

    def prepare(self, uncommitted: bytes) -> tuple[bytes, AESGCM]:
        commitment = self._commitment.copy()
        commitment.update(uncommitted)
        return commitment.finalize(), self._cipher


def pack_start(kind: Type) -> bytes:
    """The header's first 8 bytes: magic, version, type, suite."""
    return _STARTS[kind]


def place_of(
    object_id: UUID, owner_id: UUID, revision: int = 0, previous: bytes = NO_HASH, epoch: int = 1
) -> Place:
    """Where an envelope belongs (the header's next 76 bytes): with its type, what may open it.

    `revision` is 0 and `previous` NO_HASH where they have no meaning. Slots and verifiers put the
    SHA-256 of their key-derivation header into `previous`, private keys their pin.
    """
    if len(previous) != len(NO_HASH):
        raise Damaged("hash size")
    packed = _PLACE.pack(epoch, object_id.bytes, owner_id.bytes, revision, previous)
    return Place(packed)


def pack_header(start_and_place: bytes, commitment: bytes, nonce: bytes) -> bytes:
    """All 128 bytes: the AAD, and what is compared with the header in the blob."""
    return start_and_place + commitment + nonce


def seal(key: Key, kind: Type, place: Place, plaintext: bytes) -> bytes:
    """Seal `plaintext` as one type for one place; 144 bytes longer than it."""
    expected, nonce = pack_start(kind) + place, os.urandom(12)
    commitment, cipher = key.prepare(expected + nonce)
    header = pack_header(expected, commitment, nonce)
    return header + cipher.encrypt(nonce, plaintext, header)


def unseal(key: Key, kind: Type, place: Place, blob: bytes) -> bytes:
    """The plaintext sealed as this type for exactly this place with exactly this key.

    Raises Damaged when the blob is of another type or place or was altered, WrongKey when these are
    right and the commitment is to another key (or was altered).
    """
    if len(blob) < HEADER_BYTES + TAG_BYTES:
        raise Damaged("size")
    expected, nonce = pack_start(kind) + place, blob[_NONCE_START:HEADER_BYTES]
    commitment, cipher = key.prepare(expected + nonce)
    header = pack_header(expected, commitment, nonce)
    view = memoryview(blob)
    if not compare_digest(header, view[:HEADER_BYTES]):
        same_place = compare_digest(header[:_PLACE_END], blob[:_PLACE_END])
        raise WrongKey("commitment") if same_place else Damaged("place")
    try:
        return cipher.decrypt(nonce, view[HEADER_BYTES:], header)
    except InvalidTag:
        raise Damaged("tag") from None


def envelope_hash(envelope: bytes) -> bytes:
    """SHA-256 of a whole envelope: the next revision's `previous`, and the head's row."""
    return sha256(envelope).digest()


def subkey(raw: bytes, label: str, *, size: int = 32) -> bytes:
    """HKDF-Expand (RFC 5869) of a uniformly random key under a label of this system."""
    return HKDFExpand(_SHA256, size, b"SUP1 " + label.encode("ascii")).derive(raw)


def pepper_key(pepper: bytes, label: str) -> bytes:
    """The server's secret for one use. Raises ValueError when the pepper is under 32 bytes."""
    if len(pepper) < 32:
        raise ValueError("the pepper must be 32 bytes or more")
    return subkey(pepper, "pepper " + label)
