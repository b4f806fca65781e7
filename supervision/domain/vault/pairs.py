"""A person's key pairs: HPKE (ML-KEM-768 with X25519) to seal to, Ed25519 to sign with.

The public halves stand in a record that anybody may read and that the server uses while the vault
is locked. Whoever can swap that record can read what is sealed to it afterwards, so it is held
three times:

* it signs itself, so a record that was pieced together or damaged is refused;
* it carries an HMAC under the server's pepper, so whoever can write the database alone cannot
  bring in a record of their own (a self-signature alone would not stop that);
* its pin, an HMAC under the vault's pin key, is bound to the private keys, so at the next unlock a
  swapped record shows, even one by somebody who holds the pepper.

What is left: whoever controls the running server, pepper and all, can swap the record and read
drafts written from then until the next unlock. The product's promise says so.
"""

import struct
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from supervision.domain.vault.envelope import (
    SUITE,
    OnceKey,
    Place,
    Type,
    pepper_key,
    place_of,
    seal,
    subkey,
    unseal,
)
from supervision.domain.vault.faults import Damaged
from supervision.domain.vault.keys import Keys, Stand

HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

_PRIVATE = UUID(bytes=b"private keys\0\0\0\0")
_RECORD = struct.Struct(">4sBHI16s1184s32s32s")
_MAGIC, _VERSION = b"SUPK", 1
_SIGNATURE, _MAC = 64, 32
RECORD_BYTES = _RECORD.size + _SIGNATURE + _MAC
_SEED = struct.Struct(">64s32s32s")


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """A person's checked public keys. `record` is what was signed, with its signature."""

    person_id: UUID
    epoch: int
    record: bytes
    hpke: MLKEM768X25519PublicKey
    ed25519: Ed25519PublicKey


@dataclass(frozen=True, slots=True, repr=False)
class PrivateKeys:
    """A person's private keys, in memory while a request needs them."""

    hpke: MLKEM768X25519PrivateKey
    ed25519: Ed25519PrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class Pairs:
    """New key pairs as they are stored: the public record, and the sealed private keys."""

    public: bytes
    private: bytes


def new_pairs(keys: Keys, person_id: UUID, pepper: bytes, epoch: int = 1) -> Pairs:
    """Make both pairs for a vault."""
    mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
    ed25519 = Ed25519PrivateKey.generate()
    unsigned = _RECORD.pack(
        *(_MAGIC, _VERSION, SUITE, epoch, person_id.bytes),
        mlkem.public_key().public_bytes_raw(),
        x25519.public_key().public_bytes_raw(),
        ed25519.public_key().public_bytes_raw(),
    )
    record = unsigned + ed25519.sign(unsigned)
    seeds = _SEED.pack(
        mlkem.private_bytes_raw(), x25519.private_bytes_raw(), ed25519.private_bytes_raw()
    )
    private = seal(keys.priv, Type.PRIVATE, _private_place(keys, person_id, record, epoch), seeds)
    return Pairs(record + _witness(record, pepper), private)


def read_public(public: bytes, person_id: UUID, pepper: bytes, epoch: int = 1) -> PublicKeys:
    """Check a public record and read it. Needs no unlocked vault.

    Raises Damaged unless it is this person's, of this epoch, signed by itself and vouched for by
    this server.
    """
    record, witness = public[:-_MAC], public[-_MAC:]
    if len(public) != RECORD_BYTES or not compare_digest(witness, _witness(record, pepper)):
        raise Damaged("record")
    return _read_record(record, person_id, epoch)


def read_unvouched(public: bytes, person_id: UUID, epoch: int = 1) -> PublicKeys:
    """Read a public record that something better than this server vouches for: a pin.

    Raises Damaged unless it is this person's, of this epoch, and signed by itself.
    """
    if len(public) != RECORD_BYTES:
        raise Damaged("record")
    return _read_record(public[:-_MAC], person_id, epoch)


def _read_record(record: bytes, person_id: UUID, epoch: int) -> PublicKeys:
    unsigned, signature = record[: _RECORD.size], record[_RECORD.size :]
    *head, mlkem, x25519, ed25519 = _RECORD.unpack(unsigned)
    if head != [_MAGIC, _VERSION, SUITE, epoch, person_id.bytes]:
        raise Damaged("record")
    verifier = Ed25519PublicKey.from_public_bytes(ed25519)
    try:
        verifier.verify(signature, unsigned)
        hpke = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(mlkem), X25519PublicKey.from_public_bytes(x25519)
        )
    except (InvalidSignature, ValueError):
        raise Damaged("record") from None
    return PublicKeys(person_id, epoch, record, hpke, verifier)


def open_private(keys: Keys, private: bytes, public: PublicKeys) -> PrivateKeys:
    """The private keys that belong to this public record.

    Do this at each unlock: it is the check that the record was not swapped while the vault was
    locked. Raises Damaged when it was, or when the envelope is not this vault's.
    """
    place = _private_place(keys, public.person_id, public.record, public.epoch)
    mlkem, x25519, ed25519 = _SEED.unpack(unseal(keys.priv, Type.PRIVATE, place, private))
    hpke = MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(mlkem), X25519PrivateKey.from_private_bytes(x25519)
    )
    return PrivateKeys(hpke, Ed25519PrivateKey.from_private_bytes(ed25519))


def reseal_private(keys: Keys, fresh: Keys, private: bytes, public: PublicKeys) -> bytes:
    """The private keys under a new master key. Raises Damaged as `open_private` does."""
    place = _private_place(keys, public.person_id, public.record, public.epoch)
    seeds = unseal(keys.priv, Type.PRIVATE, place, private)
    place = _private_place(fresh, public.person_id, public.record, public.epoch)
    return seal(fresh.priv, Type.PRIVATE, place, seeds)


def witness_key(keys: Keys, stand: Stand, person_id: UUID) -> OnceKey:
    """What a browser's witness is sealed by: from the pairs, which outlive a master key.

    Raises Damaged when the private keys are not those of the record.
    """
    record = stand.public[:-_MAC]
    place = _private_place(keys, person_id, record, stand.epoch)
    seeds = unseal(keys.priv, Type.PRIVATE, place, stand.private)
    return OnceKey(subkey(sha256(seeds).digest(), "witness"))


def pin_of(keys: Keys, record: bytes) -> bytes:
    """HMAC of a public record under the vault's pin key, 32 bytes: only its owner can make it."""
    return hmac_digest(keys.pin, b"SUP1 pin" + record, "sha256")


def _private_place(keys: Keys, person_id: UUID, record: bytes, epoch: int) -> Place:
    pin = pin_of(keys, record)
    return place_of(_PRIVATE, person_id, previous=pin, epoch=epoch)


def _witness(record: bytes, pepper: bytes) -> bytes:
    return hmac_digest(pepper_key(pepper, "record"), record, "sha256")
