"""The sealed parts of a person's catalogue: its root, and segments that it points to.

The root stands on the head: it opens only beside the very head that it was sealed with. It says at
which count of the head each segment was sealed, and a segment opens at that count alone. So a part
that was put back, swapped, or left behind by a later save does not open.
"""

from enum import StrEnum
from uuid import UUID

from supervision.domain.vault.envelope import NO_HASH, Place, Type, place_of, seal, unseal
from supervision.domain.vault.keys import Keys
from supervision.domain.vault.padding import pad, unpad


class Part(StrEnum):
    """ROOT is one; CARDS and TEXT are numbered from 0, and belong together by number."""

    ROOT = "root"
    CARDS = "cards"
    TEXT = "text"


def seal_index(
    keys: Keys,
    owner_id: UUID,
    part: Part,
    number: int,
    counter: int,
    body: bytes,
    head_hash: bytes = NO_HASH,
) -> bytes:
    """Seal a part. `counter` is the head's own, grown with every change; `head_hash` the hash of
    the sealed head for the root, nothing for segments."""
    place = _place(owner_id, part, number, counter, head_hash)
    return seal(keys.index, Type.INDEX, place, pad(body))


def open_index(
    keys: Keys,
    owner_id: UUID,
    part: Part,
    number: int,
    counter: int,
    sealed: bytes,
    head_hash: bytes = NO_HASH,
) -> bytes:
    """The body. Every argument but `sealed` is what the head or the root says, never the row.

    Raises Damaged when anything of it is otherwise, WrongKey for another vault's.
    """
    place = _place(owner_id, part, number, counter, head_hash)
    return unpad(unseal(keys.index, Type.INDEX, place, sealed))


def _place(owner_id: UUID, part: Part, number: int, counter: int, head_hash: bytes) -> Place:
    name = UUID(bytes=part.encode().ljust(8, b"\0") + number.to_bytes(8))
    return place_of(name, owner_id, counter, head_hash)
