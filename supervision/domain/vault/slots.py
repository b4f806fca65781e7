"""The passphrase slot: the UMK under the passphrase's key, and that under the server's pepper.

Two layers, so that a stolen database is no use even to somebody who guesses the passphrase, and
the pepper alone is no use to whoever looks after the server.
"""

from uuid import UUID

from supervision.domain.vault.envelope import (
    OnceKey,
    Place,
    Type,
    pepper_key,
    place_of,
    seal,
    unseal,
)
from supervision.domain.vault.faults import BadParams, Damaged, WrongKey
from supervision.domain.vault.kdf import KdfParams, Stretched, kdf_binding, stronger
from supervision.domain.vault.keys import Keys, keys_from_bytes, keys_to_bytes

PASSPHRASE_SLOT = UUID(bytes=b"passphrase slot\0")


def _place(person_id: UUID, params: KdfParams, salt: bytes) -> Place:
    bound = kdf_binding(person_id, params, salt)
    return place_of(PASSPHRASE_SLOT, person_id, previous=bound)


def make_slot(
    keys: Keys,
    person_id: UUID,
    stretched: Stretched,
    params: KdfParams,
    salt: bytes,
    pepper: bytes,
) -> bytes:
    """Seal the UMK for a passphrase, 336 bytes. `params` and `salt` are the credential's."""
    place = _place(person_id, params, salt)
    inner = seal(OnceKey(stretched.kek), Type.SLOT, place, keys_to_bytes(keys))
    return seal(OnceKey(pepper_key(pepper, "slot")), Type.PEPPERED, place, inner)


def open_slot(
    slot: bytes,
    stretched: Stretched,
    person_id: UUID,
    params: KdfParams,
    salt: bytes,
    pepper: bytes,
) -> Keys:
    """Open the vault with the stretched passphrase.

    Raises WrongKey for a wrong passphrase, BadParams for costs out of bounds, and Damaged for all
    else: another person's slot, another pepper, an altered byte, edited costs or salt.
    """
    place = _place(person_id, params, salt)
    try:
        inner = unseal(OnceKey(pepper_key(pepper, "slot")), Type.PEPPERED, place, slot)
    except WrongKey:
        raise Damaged("pepper") from None
    return keys_from_bytes(unseal(OnceKey(stretched.kek), Type.SLOT, place, inner))


def reseal_slot(
    keys: Keys,
    person_id: UUID,
    stretched: Stretched,
    params: KdfParams,
    salt: bytes,
    pepper: bytes,
    *,
    previous: KdfParams,
) -> bytes:
    """The slot for a new passphrase or dearer costs; no note is touched.

    Raises BadParams when any cost is below that of the slot it replaces (`previous`): take
    `stronger(previous, policy)`.
    """
    if stronger(params, previous) != params:
        raise BadParams("lowered")
    return make_slot(keys, person_id, stretched, params, salt, pepper)
