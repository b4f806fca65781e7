"""What a browser remembers of a vault, so that an earlier copy of it put back is told.

Whoever writes the database can put back all of it, head and all, to any earlier day; what lies in a
browser they cannot. A witness says how far the head had come when it was last seen there. It is
sealed by a key from the person's key pairs: those stay when the master key is replaced, so that a
vault from before that is told as well.

`Taken` is the same for who takes a share back while locked, when no key of theirs is at hand: it is
sealed under the server's pepper until the next unlock.
"""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from hmac import digest as hmac_digest
from typing import NamedTuple
from uuid import UUID

from supervision.domain.vault.envelope import (
    OnceKey,
    Type,
    envelope_hash,
    pepper_key,
    place_of,
    seal,
    unseal,
)
from supervision.domain.vault.faults import Damaged
from supervision.domain.vault.keys import Keys, Stand
from supervision.domain.vault.pairs import witness_key

MOST_TAKEN = 50
_WITNESS = UUID(bytes=b"witness of head\0")
_TAKEN = UUID(bytes=b"taken back\0\0\0\0\0\0")
_STATE = struct.Struct(">Q32sQ")


class Witness(NamedTuple):
    """The head's counter and hash when a browser last saw it, and when that was."""

    counter: int
    head_hash: bytes
    at: datetime

    def is_of_later(self, stand: Stand) -> bool:
        """Whether the vault has been further than it stands, or elsewhere at the same count.

        A browser that was not used for a while has seen less, and says nothing.
        """
        if self.counter == stand.counter:
            return self.head_hash != envelope_hash(stand.head)
        return self.counter > stand.counter


def seal_witness(keys: Keys, person_id: UUID, stand: Stand, at: datetime) -> bytes:
    """What the browser is to remember, 192 bytes. `at` is kept to the second. Raises Damaged."""
    plain = _STATE.pack(stand.counter, envelope_hash(stand.head), int(at.timestamp()))
    place = place_of(_WITNESS, person_id)
    return seal(witness_key(keys, stand, person_id), Type.WITNESS, place, plain)


def open_witness(keys: Keys, person_id: UUID, stand: Stand, sealed: bytes) -> Witness | None:
    """What a browser brought; None for a forged one, another person's, or another vault's."""
    try:
        key = witness_key(keys, stand, person_id)
        plain = unseal(key, Type.WITNESS, place_of(_WITNESS, person_id), sealed)
    except Damaged:
        return None
    counter, head_hash, seconds = _STATE.unpack(plain)
    return Witness(counter, head_hash, datetime.fromtimestamp(seconds, UTC))


def name_of(person_id: UUID, pepper: bytes) -> str:
    """16 hexadecimal digits for a person, which tell nobody who that is."""
    key = pepper_key(pepper, "witness name")
    return hmac_digest(key, person_id.bytes, "sha256")[:8].hex()


def seal_taken(person_id: UUID, pepper: bytes, share_ids: Iterable[UUID]) -> bytes:
    """The shares that were taken back in a browser while locked, the latest MOST_TAKEN of them."""
    plain = b"".join(one.bytes for one in list(share_ids)[-MOST_TAKEN:])
    key = OnceKey(pepper_key(pepper, "taken back"))
    return seal(key, Type.TAKEN, place_of(_TAKEN, person_id), plain)


def open_taken(person_id: UUID, pepper: bytes, sealed: bytes) -> list[UUID]:
    """What a browser brought of it; nothing for a forged one or another person's."""
    try:
        key = OnceKey(pepper_key(pepper, "taken back"))
        plain = unseal(key, Type.TAKEN, place_of(_TAKEN, person_id), sealed)
    except Damaged:
        return []
    return [UUID(bytes=plain[at : at + 16]) for at in range(0, len(plain), 16)]
