"""Sealing one revision of a note: its text under a key of its own, that key under the vault's."""

import os
from typing import NamedTuple
from uuid import UUID

from supervision.domain.vault.envelope import (
    NO_HASH,
    OnceKey,
    Place,
    Type,
    envelope_hash,
    place_of,
    seal,
    unseal,
)
from supervision.domain.vault.faults import WrongKey
from supervision.domain.vault.keys import Keys
from supervision.domain.vault.padding import pad, unpad


class Sealed(NamedTuple):
    """Two columns of a row. `wrap` holds the key of `envelope`: delete it and the text is gone."""

    envelope: bytes
    wrap: bytes

    @property
    def hash(self) -> bytes:
        """SHA-256 of the envelope: the head's row, and `previous_hash` of the next revision."""
        return envelope_hash(self.envelope)


def seal_revision(
    keys: Keys,
    owner_id: UUID,
    note_id: UUID,
    number: int,
    previous_hash: bytes,
    body: bytes,
    epoch: int = 1,
) -> Sealed:
    """Seal the body of revision `number` (1, 2, …) of a note.

    `body` is all that is private, title, tags and exact times too. `previous_hash` is the hash of
    revision `number - 1`, NO_HASH for the first. The size of the result tells the size of the
    body only roughly (see `padding`).
    """
    data_key = os.urandom(32)
    place = place_of(note_id, owner_id, number, previous_hash, epoch)
    envelope = seal(OnceKey(data_key), Type.REVISION, place, pad(body))
    return Sealed(envelope, seal(keys.wrap, Type.WRAP, place, data_key))


def open_revision(
    keys: Keys,
    owner_id: UUID,
    note_id: UUID,
    number: int,
    previous_hash: bytes,
    sealed: Sealed,
    epoch: int = 1,
) -> bytes:
    """The body. Every argument but `sealed` is what the request expects, not what the row says.

    So: the owner is who is signed in, the note is that of the address, the previous hash is
    computed from (or checked against) revision `number - 1`. Raises Damaged when anything of it
    is otherwise, WrongKey when the wrap is another vault's.
    """
    place = place_of(note_id, owner_id, number, previous_hash, epoch)
    data_key = unwrap(keys, place, sealed.wrap)
    return unpad(unseal(OnceKey(data_key), Type.REVISION, place, sealed.envelope))


def rewrap_revision(
    keys: Keys,
    owner_id: UUID,
    note_id: UUID,
    number: int,
    previous_hash: bytes,
    wrap: bytes,
    epoch: int = 1,
) -> bytes:
    """The wrap of a revision under the present key, whichever it is under. Raises Damaged.

    The envelope stays as it is: neither head nor chain changes.
    """
    place = place_of(note_id, owner_id, number, previous_hash, epoch)
    return seal(keys.wrap, Type.WRAP, place, unwrap(keys, place, wrap))


def unwrap(keys: Keys, place: Place, wrap: bytes) -> bytes:
    """The data key, from under the present master key or, while it is replaced, the former."""
    try:
        return unseal(keys.wrap, Type.WRAP, place, wrap)
    except WrongKey:
        if keys.former is None:
            raise
        return unseal(keys.former.wrap, Type.WRAP, place, wrap)


FIRST = NO_HASH
"""`previous_hash` of a note's first revision."""
