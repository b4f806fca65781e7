"""Alice, Bob and their vaults for the tests, made once with the cheapest costs that are allowed."""

import struct
from dataclasses import dataclass
from uuid import UUID

import pytest

from supervision.domain import vault
from supervision.domain.vault import envelope

PEPPER = bytes(range(32))
CHEAP = vault.FLOOR
ALICE, BOB = UUID(int=0xA11CE), UUID(int=0xB0B)
NOTE, OTHER_NOTE = UUID(int=1), UUID(int=2)
PASSPHRASE = {ALICE: "soothing rhythm at dawn", BOB: "kind eyes and steady feet"}
BODY = b"The facts are recorded elsewhere."

FIELDS = {  # of the header: first byte, end
    "magic": (0, 4),
    "version": (4, 5),
    "type": (5, 6),
    "suite": (6, 8),
    "epoch": (8, 12),
    "object": (12, 28),
    "owner": (28, 44),
    "revision": (44, 52),
    "previous": (52, 84),
    "commitment": (84, 116),
    "nonce": (116, 128),
}


@dataclass(frozen=True)
class Member:
    """A person with an account and a vault, as the database has them."""

    id: UUID
    credential: vault.Credential
    stretched: vault.Stretched
    made: vault.NewVault

    @property
    def keys(self) -> vault.Keys:
        return self.made.keys

    def unlock(self, slot: bytes | None = None, pepper: bytes = PEPPER) -> vault.Keys:
        """Open the person's slot, or the bytes that somebody put there."""
        row = self.credential
        held = self.made.slot if slot is None else slot
        return vault.open_slot(held, self.stretched, self.id, row.params, row.salt, pepper)


def new_member(person_id: UUID) -> Member:
    """Somebody who just chose their passphrase."""
    credential, stretched = vault.new_credential(PASSPHRASE[person_id], person_id, PEPPER, CHEAP)
    made = vault.new_vault(person_id, stretched, credential.params, credential.salt, PEPPER)
    return Member(person_id, credential, stretched, made)


# Made here and now, so that no test that breaks the vault can leave broken ones to the others.
_MEMBERS = {person_id: new_member(person_id) for person_id in (ALICE, BOB)}


def member(person_id: UUID) -> Member:
    return _MEMBERS[person_id]


def seal_note(
    note: UUID = NOTE, number: int = 1, previous: bytes = vault.FIRST, body: bytes = BODY
) -> vault.Sealed:
    """A revision of Alice's."""
    return vault.seal_revision(member(ALICE).keys, ALICE, note, number, previous, body)


def open_note(
    sealed: vault.Sealed,
    note: UUID = NOTE,
    number: int = 1,
    previous: bytes = vault.FIRST,
    owner: UUID = ALICE,
    epoch: int = 1,
) -> bytes:
    """What Alice's request for that revision of that note reads."""
    return vault.open_revision(member(ALICE).keys, owner, note, number, previous, sealed, epoch)


def with_field(blob: bytes, field: str, value: bytes) -> bytes:
    """An envelope whose header claims something else."""
    start, end = FIELDS[field]
    assert len(value) == end - start
    return blob[:start] + value + blob[end:]


def start_of(kind: int, *, magic: bytes = b"SUP1", version: int = 1, suite: int = 1) -> bytes:
    return struct.pack(">4sBBH", magic, version, kind, suite)


def drop(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """Break the vault: leave a field out of every header, both in sealing and in opening.

    It stays 128 bytes long; the field is all zeros. What the field alone forbids, now succeeds.
    """
    start, end = FIELDS[field]

    def blank(packed: bytes, offset: int) -> bytes:
        low, high = max(start - offset, 0), min(max(end - offset, 0), len(packed))
        return packed[:low] + bytes(high - low) + packed[high:] if low < high else packed

    class Places:
        size = envelope._PLACE.size
        pack = staticmethod(lambda *values, real=envelope._PLACE: blank(real.pack(*values), 8))

    def pack_header(
        expected: bytes, commitment: bytes, nonce: bytes, real=envelope.pack_header
    ) -> bytes:
        return blank(real(expected, commitment, nonce), 0)

    monkeypatch.setattr(envelope, "_PLACE", Places)
    monkeypatch.setattr(envelope, "_STARTS", tuple(blank(s, 0) for s in envelope._STARTS))
    monkeypatch.setattr(envelope, "pack_header", pack_header)


def every_damage(blob: bytes) -> list[bytes]:
    """The blob with each byte flipped in turn, cut anywhere near its ends, and made longer."""
    flipped = [blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :] for at in range(len(blob))]
    cut = [blob[:length] for length in {0, 1, 84, 127, 128, 143, 144, len(blob) - 1}]
    return [*flipped, blob[1:], *(c for c in cut if c != blob), blob + b"\x00", blob + blob]
