"""The head: one sealed number per person that no row can go missing from unnoticed.

An additive multiset hash (MSet-Add-Hash; Clarke, Devadas, van Dijk, Gassend, Suh, ASIACRYPT 2003):
the sum modulo 2**256 of a keyed HMAC of every row, with the number of rows. A save adds one term
and a deletion subtracts one, so keeping it costs the same for ten notes and for ten thousand.

It says as well what else belongs to the vault as it is now: the ledger of what is shared, and the
ways in. So a list of readers or a way in that once was good is good no more.

It cannot see a rollback of the *whole* database, head and all: `counter` grows with every change,
for a witness outside of it (`witness.py`), and an unlocked session knows its `floor`.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from typing import NamedTuple
from uuid import UUID

from supervision.domain.vault.envelope import NO_HASH, Type, place_of, seal, unseal
from supervision.domain.vault.faults import HeadMismatch
from supervision.domain.vault.keys import Keys

_HEAD = UUID(bytes=b"head of the rows")
_STATE = struct.Struct(">32sQQ")
_BOUND = struct.Struct(">32s32s32s32s")
_ROW = struct.Struct(">16sQ32s")
_MODULUS = 1 << 256


class Row(NamedTuple):
    """One stored revision, as the head counts it."""

    note_id: UUID
    number: int
    envelope_hash: bytes


class Bound(NamedTuple):
    """What else the vault consists of, by the hash of each envelope; NO_HASH for none.

    `shares` is the ledger of what is shared; the others are the ways in.
    """

    shares: bytes = NO_HASH
    passphrase: bytes = NO_HASH
    recovery: bytes = NO_HASH
    pending: bytes = NO_HASH


@dataclass(frozen=True, slots=True)
class Head:
    """What the rows add up to: `total` modulo 2**256, how many they are, changes so far.

    `bound` is None in a head from before heads said it: nothing may be taken from that.
    """

    total: int = 0
    count: int = 0
    counter: int = 0
    bound: Bound | None = None

    def with_row(self, keys: Keys, row: Row) -> "Head":
        """The head after a row was saved."""
        total = (self.total + _term(keys, row)) % _MODULUS
        return Head(total, self.count + 1, self.counter + 1, self.bound)

    def without_row(self, keys: Keys, row: Row) -> "Head":
        """The head after a row was deleted for good. Raises HeadMismatch when there is none."""
        if self.count == 0:
            raise HeadMismatch("count")
        total = (self.total - _term(keys, row)) % _MODULUS
        return Head(total, self.count - 1, self.counter + 1, self.bound)

    def with_bound(self, bound: Bound) -> "Head":
        """The head after a share or a way in was changed."""
        return Head(self.total, self.count, self.counter + 1, bound)


def _term(keys: Keys, row: Row) -> int:
    mac = keys.rows.copy()
    mac.update(_ROW.pack(row.note_id.bytes, row.number, row.envelope_hash))
    return int.from_bytes(mac.finalize())


def head_of(keys: Keys, rows: Iterable[Row], counter: int = 0, bound: Bound | None = None) -> Head:
    """The head of all these rows, in any order, from the beginning."""
    total = count = 0
    for row in rows:
        total, count = total + _term(keys, row), count + 1
    return Head(total % _MODULUS, count, counter, bound)


def verify_head(keys: Keys, head: Head, rows: Iterable[Row]) -> None:
    """Raises HeadMismatch unless these are exactly the rows that the head counted.

    Take the hash of each envelope as it is stored now, not a stored hash of it.
    """
    found = head_of(keys, rows, head.counter)
    same = compare_digest(found.total.to_bytes(32), head.total.to_bytes(32))
    if not same or found.count != head.count:
        raise HeadMismatch("rows")


def seal_head(keys: Keys, person_id: UUID, head: Head) -> bytes:
    """The head as it is stored, 320 bytes; keep `head.counter` beside it, to open it by."""
    plain = _STATE.pack(head.total.to_bytes(32), head.count, head.counter)
    if head.bound is not None:
        plain += _BOUND.pack(*head.bound)
    return seal(keys.head, Type.HEAD, place_of(_HEAD, person_id, head.counter), plain)


def open_head(keys: Keys, person_id: UUID, counter: int, sealed: bytes) -> Head:
    """The head again. Raises Damaged for another person's, another counter's or an altered one,
    HeadMismatch for one that is older than what this session has seen (`keys.floor`)."""
    plain = unseal(keys.head, Type.HEAD, place_of(_HEAD, person_id, counter), sealed)
    total, count, inside = _STATE.unpack_from(plain)
    if inside < keys.floor:
        raise HeadMismatch("older")
    rest = plain[_STATE.size :]
    bound = Bound(*_BOUND.unpack(rest)) if rest else None
    return Head(int.from_bytes(total), count, inside, bound)
