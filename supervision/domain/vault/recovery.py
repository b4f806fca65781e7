"""The recovery code: 160 random bits that open the vault when the passphrase is lost.

32 characters of Crockford's base 32 and a checksum of 4, in nine groups. It has no pepper: it is
strong by itself, and must work after a server was lost and restored.
"""

import secrets
from hashlib import sha256
from unicodedata import category
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from supervision.domain.folding import normalised
from supervision.domain.vault.envelope import OnceKey, Type, place_of, seal, unseal
from supervision.domain.vault.faults import BadCode
from supervision.domain.vault.keys import Keys, keys_from_bytes, keys_to_bytes

LONGEST_CODE = 100
RECOVERY_SLOT = UUID(bytes=b"recovery slot\0\0\0")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011")
_CODE_BYTES, _CODE_CHARS, _CHECK_CHARS, _GROUP = 20, 32, 4, 4


def _encode(number: int, chars: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(chars)))


def _checksum(code: str) -> str:
    digest = sha256(b"SUP1 recovery checksum" + code.encode("ascii")).digest()
    return _encode(int.from_bytes(digest[:4]) >> 12, _CHECK_CHARS)


def _grouped(whole: str) -> str:
    return "-".join(whole[at : at + _GROUP] for at in range(0, len(whole), _GROUP))


def new_recovery_code() -> str:
    """A new code as it is shown, once: `XXXX-XXXX-…`, nine groups, the last is the checksum.

    Never store it. Make the slot from it, and let the person type it back: the slot opening with
    what was typed is the proof.
    """
    code = _encode(int.from_bytes(secrets.token_bytes(_CODE_BYTES)), _CODE_CHARS)
    return _grouped(code + _checksum(code))


def normalise_code(text: str) -> str:
    """The code as it was shown, from what a person typed.

    Case, spaces and dashes do not matter; O is read as 0, I and L as 1. Raises BadCode with the
    reason "letter" (a sign that no code has), "length", or "checksum" (a slip in typing).
    """
    if len(text) > LONGEST_CODE:
        raise BadCode("length")
    plain = normalised("NFKC", text).upper().translate(_READ_AS)
    kept = "".join(c for c in plain if not c.isspace() and category(c) != "Pd")
    if not set(kept) <= set(_ALPHABET):
        raise BadCode("letter")
    if len(kept) != _CODE_CHARS + _CHECK_CHARS:
        raise BadCode("length")
    if _checksum(kept[:_CODE_CHARS]) != kept[_CODE_CHARS:]:
        raise BadCode("checksum")
    return _grouped(kept)


def _key(code: str, person_id: UUID) -> OnceKey:
    bare = normalise_code(code).replace("-", "")[:_CODE_CHARS]
    number = 0
    for char in bare:
        number = number << 5 | _ALPHABET.index(char)
    info = b"SUP1 recovery" + person_id.bytes
    return OnceKey(HKDF(SHA256(), 32, None, info).derive(number.to_bytes(_CODE_BYTES)))


def recovery_slot(keys: Keys, code: str, person_id: UUID) -> bytes:
    """Seal the UMK for a code, 192 bytes. Replaces the slot of any earlier code. Raises BadCode."""
    place = place_of(RECOVERY_SLOT, person_id)
    return seal(_key(code, person_id), Type.SLOT, place, keys_to_bytes(keys))


def open_recovery_slot(slot: bytes, code: str, person_id: UUID) -> Keys:
    """Open the vault with the code.

    A code is good for one use: the caller makes a new code and slot at once, and replaces the
    passphrase slot. Raises BadCode for a slip in typing, WrongKey for a well-formed code that is
    not this one (or no longer), Damaged for a slot that is not this person's or was altered.
    """
    place = place_of(RECOVERY_SLOT, person_id)
    return keys_from_bytes(unseal(_key(code, person_id), Type.SLOT, place, slot))
