"""A new master key in the place of one that may be known, while notes stay readable throughout.

The new key is in force from the first step: it seals the head, the private keys and every save.
The former one stays for the wraps that are still under it, sealed under the new one, and is
dropped when none is left. So a crash at any point leaves keys that open everything.
"""

from dataclasses import dataclass
from uuid import UUID

from supervision.domain.vault.envelope import Type, place_of, seal, unseal
from supervision.domain.vault.keys import Keys, keys_from_bytes, keys_to_bytes, new_keys
from supervision.domain.vault.pairs import PublicKeys, reseal_private

_FORMER = UUID(bytes=b"former umk\0\0\0\0\0\0")


@dataclass(frozen=True, slots=True, repr=False)
class Turned:
    """A new master key, and what is stored with it: the private keys and the former key, sealed."""

    keys: Keys
    private: bytes
    former: bytes


def turn(keys: Keys, person_id: UUID, private: bytes, public: PublicKeys) -> Turned:
    """Make a new master key. Its `keys` open what is under the former one too.

    The key pairs stay the same, so that what is sealed to them still opens. Raises Damaged when
    the private keys do not belong to the record.
    """
    fresh = new_keys()
    fresh.former = keys
    sealed = seal(fresh.priv, Type.FORMER, place_of(_FORMER, person_id), keys_to_bytes(keys))
    return Turned(fresh, reseal_private(keys, fresh, private, public), sealed)


def with_former(keys: Keys, person_id: UUID, former: bytes) -> Keys:
    """The keys of a vault whose rotation is under way. Raises Damaged."""
    both = Keys(keys.umk)
    both.former = keys_from_bytes(
        unseal(keys.priv, Type.FORMER, place_of(_FORMER, person_id), former)
    )
    return both


def without_former(keys: Keys) -> Keys:
    """The keys once all is under the new one: the former opens nothing any more."""
    return Keys(keys.umk)
