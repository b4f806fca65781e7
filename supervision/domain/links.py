"""The token of a one-time link: made from the link's id when it leaves, and kept nowhere."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID


def link_token(secret_key: str, purpose: str, link_id: UUID) -> str:
    """What stands in the address, 64 signs: the same each time, and nobody's to make who has the
    database alone.
    """
    told = f"link:{purpose}:".encode() + link_id.bytes
    digest = hmac.digest(secret_key.encode(), told, hashlib.sha256)
    return urlsafe_b64encode(link_id.bytes + digest).decode()


def link_of(secret_key: str, purpose: str, token: str) -> UUID | None:
    """The link that a token was made for, None for what is no token of ours."""
    try:
        link_id = UUID(bytes=urlsafe_b64decode(token)[:16])
        given = token.encode()
    except ValueError:
        return None
    true = hmac.compare_digest(given, link_token(secret_key, purpose, link_id).encode())
    return link_id if true else None
