"""Whose public keys these are: eight words that two people compare, and the pin that remembers it.

A server can hand out keys of its own in somebody's name. So two people read eight words to each
other, made of both their records; if the words are the same, no other key stands between them. What
was compared is pinned under the reader's own vault: whoever writes the database can swap a key, and
cannot make the pin that would go with it.
"""

from hashlib import pbkdf2_hmac, sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from uuid import UUID

from supervision.domain.vault.faults import KeyChanged
from supervision.domain.vault.keys import Keys
from supervision.domain.vault.pairs import PublicKeys, read_unvouched
from supervision.domain.vault.wordlist import WORDS

HOW_MANY, BITS = 8, 11
# Whoever stands in between must find one key for each side, such that both see the same 88 bits:
# 2**44 tries of two. Each try costs this many rounds (50 ms or more).
ROUNDS = 100_000


def words_of(one: PublicKeys, other: PublicKeys) -> list[str]:
    """The eight words of two people, the same whichever of them asks. Takes 50 ms or more."""
    records = b"".join(sorted((one.record, other.record)))
    number = int.from_bytes(pbkdf2_hmac("sha256", records, b"SUP1 words", ROUNDS, 11))
    mask = (1 << BITS) - 1
    return [WORDS[number >> BITS * place & mask] for place in reversed(range(HOW_MANY))]


def record_hash(public: PublicKeys) -> bytes:
    """SHA-256 that names a record: person, epoch and both keys."""
    return sha256(public.record).digest()


def pin_contact(keys: Keys, owner_id: UUID, contact: PublicKeys) -> bytes:
    """What the owner keeps once they have compared words: 32 bytes that only their vault makes."""
    parts = owner_id.bytes + contact.person_id.bytes + contact.epoch.to_bytes(4)
    return hmac_digest(keys.pin, b"SUP1 contact" + parts + record_hash(contact), "sha256")


def read_pinned(
    keys: Keys, owner_id: UUID, pin: bytes, public: bytes, person_id: UUID, epoch: int = 1
) -> PublicKeys:
    """Somebody's public keys, if they are those that the owner compared.

    Raises KeyChanged when they are not, or when the pin is not of the owner's making; Damaged for
    what is no record of that person's.
    """
    contact = read_unvouched(public, person_id, epoch)
    if not compare_digest(pin, pin_contact(keys, owner_id, contact)):
        raise KeyChanged("pin")
    return contact
