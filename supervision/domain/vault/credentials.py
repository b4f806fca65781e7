"""What sign-in stores: no hash to attack offline, but one sealed under the server's pepper."""

import os
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
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
from supervision.domain.vault.faults import Damaged
from supervision.domain.vault.kdf import (
    POLICY,
    SALT_BYTES,
    KdfParams,
    Stretched,
    kdf_binding,
    stretch,
)

_SIGN_IN = UUID(bytes=b"sign-in verifier")


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """A person's sign-in row: salt (16 bytes), Argon2 costs, sealed verifier (176 bytes).

    The same salt and costs open the passphrase slot of the vault, since one run serves both.
    """

    salt: bytes
    params: KdfParams
    verifier: bytes


def _place(person_id: UUID, params: KdfParams, salt: bytes) -> Place:
    bound = kdf_binding(person_id, params, salt)
    return place_of(_SIGN_IN, person_id, previous=bound)


def new_credential(
    passphrase: str, person_id: UUID, pepper: bytes, params: KdfParams = POLICY
) -> tuple[Credential, Stretched]:
    """Make the row for a new passphrase, and what it stretches to (to make or re-seal the slot).

    Runs Argon2 once. Raises BadParams.
    """
    salt = os.urandom(SALT_BYTES)
    stretched = stretch(passphrase, person_id, salt, params)
    key = OnceKey(pepper_key(pepper, "verifier"))
    place = _place(person_id, params, salt)
    verifier = seal(key, Type.VERIFIER, place, sha256(stretched.auth).digest())
    return Credential(salt, params, verifier), stretched


def verify(credential: Credential, stretched: Stretched, person_id: UUID, pepper: bytes) -> bool:
    """Whether the stretched passphrase is this person's, in constant time.

    A damaged row, one moved here from another person, or one under another pepper is False like a
    wrong passphrase: who asks learns nothing from the difference.
    """
    key = OnceKey(pepper_key(pepper, "verifier"))
    try:
        place = _place(person_id, credential.params, credential.salt)
        expected = unseal(key, Type.VERIFIER, place, credential.verifier)
    except Damaged:
        expected = bytes(32)  # no SHA-256 output that anybody can reach
    return compare_digest(expected, sha256(stretched.auth).digest())
