"""Drafts: what an autosave does when it meets a locked vault.

The text is sealed to the writer's own public key, which needs no unlocked vault, and waits until
the writer opens it. HPKE tells nothing of who sealed (RFC 9180, 9.1): anybody with the public
record could. So a draft carries an HMAC under the server's pepper, and one that was slipped into
the database is refused.
"""

import os
from hmac import compare_digest
from hmac import digest as hmac_digest
from uuid import UUID

from cryptography.exceptions import InvalidTag

from supervision.domain.vault.envelope import (
    HEADER_BYTES,
    OnceKey,
    Place,
    Type,
    pack_start,
    pepper_key,
    place_of,
    seal,
    unseal,
)
from supervision.domain.vault.faults import Damaged
from supervision.domain.vault.padding import pad, unpad
from supervision.domain.vault.pairs import HPKE, PrivateKeys, PublicKeys
from supervision.domain.vault.revisions import Sealed

_MAC = 32


def seal_draft(
    public: PublicKeys,
    owner_id: UUID,
    note_id: UUID,
    body: bytes,
    pepper: bytes,
    *,
    base: int = 0,
) -> Sealed:
    """Seal a body to its writer while the vault is locked (about 0.1 ms).

    `public` comes from `read_public` for the owner. `base` is the revision that the text was
    written over, 0 for a new note: the opener must give the same. Raises Damaged when the keys
    are not the owner's.
    """
    if public.person_id != owner_id:
        raise Damaged("owner")
    data_key = os.urandom(32)
    place = place_of(note_id, owner_id, base, epoch=public.epoch)
    envelope = seal(OnceKey(data_key), Type.DRAFT, place, pad(body))
    sealed_key = HPKE.encrypt(data_key, public.hpke, info=_info(place, envelope))
    return Sealed(envelope, sealed_key + _mac(envelope, sealed_key, pepper))


def open_draft(
    private: PrivateKeys,
    owner_id: UUID,
    note_id: UUID,
    sealed: Sealed,
    pepper: bytes,
    *,
    base: int = 0,
    epoch: int = 1,
) -> bytes:
    """The body of a draft, after the unlock. `private` comes from `open_private`.

    Raises Damaged unless this server sealed it to this owner for this note over this revision.
    """
    sealed_key, mac = sealed.wrap[:-_MAC], sealed.wrap[-_MAC:]
    if not compare_digest(mac, _mac(sealed.envelope, sealed_key, pepper)):
        raise Damaged("draft")
    place = place_of(note_id, owner_id, base, epoch=epoch)
    try:
        info = _info(place, sealed.envelope)
        data_key = HPKE.decrypt(sealed_key, private.hpke, info=info)
    except (InvalidTag, ValueError):
        raise Damaged("draft") from None
    return unpad(unseal(OnceKey(data_key), Type.DRAFT, place, sealed.envelope))


def _info(place: Place, envelope: bytes) -> bytes:
    """Binds the sealed key to the expected type and place, and to this commitment and nonce."""
    expected = pack_start(Type.DRAFT) + place
    return b"SUP1 draft" + expected + envelope[len(expected) : HEADER_BYTES]


def _mac(envelope: bytes, sealed_key: bytes, pepper: bytes) -> bytes:
    # The length keeps the two parts apart.
    message = len(envelope).to_bytes(8) + envelope + sealed_key
    return hmac_digest(pepper_key(pepper, "draft"), message, "sha256")
