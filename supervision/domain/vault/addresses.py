"""Secret addresses that the server itself has to open while their owner is away.

Sealed under the pepper alone: a stolen database or backup does not tell them, the running server
can read them. That is less than a note has, and all that something can have which is fetched by
night.
"""

from uuid import UUID

from supervision.domain.vault.envelope import OnceKey, Type, pepper_key, place_of, seal, unseal
from supervision.domain.vault.padding import pad, unpad


def seal_address(address: str, owner_id: UUID, object_id: UUID, pepper: bytes) -> bytes:
    """Seal an address to its place; how long it is does not show."""
    key = OnceKey(pepper_key(pepper, "address"))
    return seal(key, Type.ADDRESS, place_of(object_id, owner_id), pad(address.encode()))


def open_address(sealed: bytes, owner_id: UUID, object_id: UUID, pepper: bytes) -> str:
    """The address again. Raises Damaged for another place, owner or pepper."""
    key = OnceKey(pepper_key(pepper, "address"))
    return unpad(unseal(key, Type.ADDRESS, place_of(object_id, owner_id), sealed)).decode()
