"""Between two requests: the UMK under a secret that only the browser's cookie holds.

The key comes from S (in the cookie, never stored) and the boot key (in the server's memory, new at
each start), for one person and one sign-in. So the cookie alone, the row alone, the two under
another sign-in, and the two after a restart all open nothing.
"""

from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from supervision.domain.vault.envelope import OnceKey, Type, place_of, seal, unseal
from supervision.domain.vault.faults import Damaged
from supervision.domain.vault.keys import Keys, both_from_bytes, both_to_bytes

SECRET_BYTES = 32


def _session_key(s: bytes, boot_key: bytes, info: bytes) -> OnceKey:
    if len(s) != SECRET_BYTES or len(boot_key) != SECRET_BYTES:
        raise Damaged("secret size")
    return OnceKey(HKDF(SHA256(), 32, None, info).derive(s + boot_key))


def session_info(person_id: UUID, sign_in_id: UUID) -> bytes:
    """What the session key is for (HKDF's info)."""
    return b"SUP1 unlock" + person_id.bytes + sign_in_id.bytes


def wrap_for_session(
    keys: Keys, s: bytes, boot_key: bytes, person_id: UUID, sign_in_id: UUID
) -> bytes:
    """The unlock row's sealed UMK, 192 bytes; 240 with a former one beside it.

    `s` and `boot_key` are 32 random bytes each.
    Keep it in memory-backed storage only, never in the database, a log or a backup.
    """
    key = _session_key(s, boot_key, session_info(person_id, sign_in_id))
    return seal(key, Type.UNLOCK, place_of(sign_in_id, person_id), both_to_bytes(keys))


def unwrap_from_session(
    row: bytes, s: bytes, boot_key: bytes, person_id: UUID, sign_in_id: UUID
) -> Keys:
    """The keys for this request. Raises Damaged (WrongKey for a cookie or boot key that is not
    the row's); the caller treats every such case as locked."""
    key = _session_key(s, boot_key, session_info(person_id, sign_in_id))
    return both_from_bytes(unseal(key, Type.UNLOCK, place_of(sign_in_id, person_id), row))
