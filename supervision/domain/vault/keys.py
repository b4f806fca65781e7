"""A person's keys: everything comes from one random user master key (UMK)."""

import os
from functools import cached_property
from hmac import compare_digest
from typing import NamedTuple, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from supervision.domain.vault.envelope import StandingKey, subkey
from supervision.domain.vault.faults import Damaged

UMK_BYTES = 32
ID_BYTES = 16


class Stand(NamedTuple):
    """How a vault stands: its head with the counter, and what its witness is sealed by."""

    counter: int
    head: bytes
    private: bytes
    public: bytes
    epoch: int


class Keys:
    """An unlocked vault. Lives for one request; never stored, logged, pickled or put in a session.

    wrap   wraps the data key of each revision
    priv   seals the person's private HPKE and Ed25519 keys
    index  seals search segments
    head   seals the head; `rows` is the HMAC key that counts rows into it
    pin    HMAC key for public keys that this person has checked
    Each is made when first used (a few µs) and kept as long as this object. `former` are the keys
    before, while what they sealed is still being sealed anew (`rotation`). `floor` is the least
    counter of a head that this session may believe; `moved` says that it has moved the head itself.
    """

    def __init__(self, umk: bytes) -> None:
        if len(umk) != UMK_BYTES:
            raise Damaged("key size")
        self.umk = umk
        self.former: Keys | None = None
        self.floor = 0
        self.moved = False

    def __repr__(self) -> str:
        return "<Keys>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not stored")

    @cached_property
    def id(self) -> bytes:
        """16 bytes that name the UMK and tell nothing of it."""
        return subkey(self.umk, "id", size=ID_BYTES)

    @cached_property
    def wrap(self) -> StandingKey:
        return StandingKey(subkey(self.umk, "wrap"))

    @cached_property
    def priv(self) -> StandingKey:
        return StandingKey(subkey(self.umk, "priv"))

    @cached_property
    def index(self) -> StandingKey:
        return StandingKey(subkey(self.umk, "index"))

    @cached_property
    def head(self) -> StandingKey:
        return StandingKey(subkey(self.umk, "head"))

    @cached_property
    def rows(self) -> HMAC:
        """Copy it, never update it."""
        return HMAC(subkey(self.umk, "head rows"), SHA256())

    @cached_property
    def pin(self) -> bytes:
        return subkey(self.umk, "pin")


def new_keys() -> Keys:
    """The keys of a new vault, from the system's random source."""
    return Keys(os.urandom(UMK_BYTES))


def keys_to_bytes(keys: Keys) -> bytes:
    """UMK ‖ id(UMK), 48 bytes: what slots and unlock rows seal."""
    return keys.umk + keys.id


def both_to_bytes(keys: Keys) -> bytes:
    """As `keys_to_bytes`, with the former keys behind them if there are any: for unlock rows."""
    return keys_to_bytes(keys) + (keys_to_bytes(keys.former) if keys.former else b"")


def both_from_bytes(plain: bytes) -> Keys:
    """What `both_to_bytes` wrote. Raises Damaged."""
    own = UMK_BYTES + ID_BYTES
    keys = keys_from_bytes(plain[:own])
    if len(plain) > own:
        keys.former = keys_from_bytes(plain[own:])
    return keys


def keys_from_bytes(plain: bytes) -> Keys:
    """The keys again. Raises Damaged unless the id is that of the UMK beside it."""
    keys = Keys(plain[:UMK_BYTES])
    if not compare_digest(keys.id, plain[UMK_BYTES:]):
        raise Damaged("key id")
    return keys
