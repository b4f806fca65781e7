"""Archives that leave the house: sealed under a passphrase of their own, in a public format.

docs/export-format.md describes it, with a short program that opens one without any of this code.
So Argon2id takes nothing here that a plain library does not offer, and the chunks are STREAM
(Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015): nonces that count, and a last one that says so,
so that no chunk can be left out, doubled, moved or cut off unnoticed.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from supervision.domain.vault.kdf import POLICY, SALT_BYTES, KdfParams, stretch_alone

MAGIC, VERSION = b"SUPX", 1
CHUNK_BYTES = 64 * 1024
_HEADER = struct.Struct(">4sBBHI16s7s32s")
_COUNT = struct.Struct(">IB")
_PREFIX_BYTES = 7


@dataclass(frozen=True, slots=True)
class ArchiveKey:
    """The key of one archive, and the header that says how to come by it again."""

    header: bytes
    raw: bytes = field(repr=False)


def archive_key(passphrase: str, params: KdfParams = POLICY) -> ArchiveKey:
    """A key for one archive; runs Argon2 once. Raises BadParams.

    The half of what Argon2 gives that is not the key stands in the header: it tells a wrong
    passphrase from a damaged file, and commits to the key.
    """
    salt, prefix = os.urandom(SALT_BYTES), os.urandom(_PREFIX_BYTES)
    both = stretch_alone(passphrase, salt, params)
    costs = (params.lanes, params.passes, params.memory_kib)
    return ArchiveKey(_HEADER.pack(MAGIC, VERSION, *costs, salt, prefix, both[32:]), both[:32])


def seal_archive(key: ArchiveKey, parts: Iterable[bytes]) -> Iterator[bytes]:
    """The header, then each 64 KiB of `parts` as ciphertext and tag, as they come."""
    yield key.header
    cipher, prefix = AESGCM(key.raw), key.header[-32 - _PREFIX_BYTES : -32]
    for number, (chunk, last) in enumerate(_chunks(parts)):
        yield cipher.encrypt(prefix + _COUNT.pack(number, last), chunk, key.header)


def _chunks(parts: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The parts cut anew, each 64 KiB and marked whether it is the last; one at least."""
    held = bytearray()
    for part in parts:
        held += part
        while len(held) > CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES]), False
            del held[:CHUNK_BYTES]
    yield bytes(held), True
