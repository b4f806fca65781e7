"""The ledger of what somebody shares: one sealed list, whose hash stands on their head.

The database says who reads what, and whoever writes it can put back what once was so: a list of
readers, its signature, a share that was taken back. The ledger holds, of each share that is out,
the number of its list, a digest of its present state, and how far the chain of its openings was
seen. What is not in it was not given.

Openings are written by readers, so no key of the owner's is there: each carries a MAC under the
server's pepper over the one before it, and the ledger counts the last one in at each unlock.
"""

import struct
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import NamedTuple
from uuid import UUID

from supervision.domain.vault.envelope import (
    NO_HASH,
    Type,
    envelope_hash,
    pepper_key,
    place_of,
    seal,
    unseal,
)
from supervision.domain.vault.faults import Damaged
from supervision.domain.vault.keys import Keys
from supervision.domain.vault.padding import pad, unpad

_LEDGER = UUID(bytes=b"ledger of shares")
_ENTRY = struct.Struct(">16sQ32sQ32s")
_STATE = struct.Struct(">16s16sQQ32s32s32s32s")
_OPENING = struct.Struct(">16sQ16sQq")
_TAKEN = struct.Struct(">16s16sQ")


class Share(NamedTuple):
    """A share as it stands in the database."""

    id: UUID
    note_id: UUID
    kind: str
    list_number: int
    number: int
    readers: bytes
    signature: bytes
    envelope: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 of all of it: 32 bytes."""
        parts = (self.id.bytes, self.note_id.bytes, self.list_number, self.number)
        hashes = (sha256(part).digest() for part in (self.readers, self.signature, self.envelope))
        kind = sha256(self.kind.encode()).digest()
        return sha256(b"SUP1 share" + _STATE.pack(*parts, kind, *hashes)).digest()


class Chain(NamedTuple):
    """The last opening that was seen: its place in the chain (0: none) and its MAC."""

    place: int = 0
    mac: bytes = NO_HASH


class Entry(NamedTuple):
    """What the ledger says of one share."""

    list_number: int
    digest: bytes
    openings: Chain = Chain()

    def is_of(self, share: Share) -> bool:
        """Whether a share is as its owner left it."""
        return compare_digest(self.digest, share.digest)


Ledger = Mapping[UUID, Entry]


class Opening(NamedTuple):
    """Somebody opened a share in its `number`-th state; `at` is in microseconds since 1970."""

    share_id: UUID
    place: int
    reader_id: UUID
    number: int
    at: int


def seal_ledger(keys: Keys, person_id: UUID, ledger: Ledger) -> bytes:
    """The ledger as it is stored: 96 bytes for each share, padded. Its hash goes into the head."""
    plain = b"".join(
        _ENTRY.pack(share_id.bytes, one.list_number, one.digest, *one.openings)
        for share_id, one in ledger.items()
    )
    return seal(keys.index, Type.LEDGER, place_of(_LEDGER, person_id), pad(plain))


def open_ledger(keys: Keys, person_id: UUID, sealed: bytes, expected: bytes) -> dict[UUID, Entry]:
    """The ledger again; `expected` is the hash that the head says. Raises Damaged."""
    if expected == NO_HASH:
        return {}
    if not compare_digest(envelope_hash(sealed), expected):
        raise Damaged("ledger")
    plain = unpad(unseal(keys.index, Type.LEDGER, place_of(_LEDGER, person_id), sealed))
    return {
        UUID(bytes=share_id): Entry(list_number, digest, Chain(place, mac))
        for share_id, list_number, digest, place, mac in _ENTRY.iter_unpack(plain)
    }


def chain_opening(pepper: bytes, opening: Opening, before: bytes) -> bytes:
    """The MAC of an opening, 32 bytes, over the MAC of the one before it (NO_HASH: the first)."""
    key = pepper_key(pepper, "opening")
    return hmac_digest(key, b"SUP1 opening" + before + _OPENING.pack(*_ids(opening)), "sha256")


def _ids(opening: Opening) -> tuple[bytes, int, bytes, int, int]:
    share_id, place, reader_id, number, at = opening
    return share_id.bytes, place, reader_id.bytes, number, at


def vouch_taken(pepper: bytes, share_id: UUID, owner_id: UUID, list_number: int) -> bytes:
    """The server's word, 32 bytes, that lists up to this number were taken back: needs no key."""
    key = pepper_key(pepper, "taken back word")
    words = _TAKEN.pack(share_id.bytes, owner_id.bytes, list_number)
    return hmac_digest(key, b"SUP1 taken back" + words, "sha256")


def is_taken(pepper: bytes, share_id: UUID, owner_id: UUID, list_number: int, mac: bytes) -> bool:
    """Whether this server has said so."""
    return compare_digest(vouch_taken(pepper, share_id, owner_id, list_number), mac)
