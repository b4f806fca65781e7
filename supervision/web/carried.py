"""What a page carries from one step to the next, so that the server keeps nothing of it.

It is packed and signed: what comes back is what was sent, to this person and for this purpose. It
is no secret from whoever was sent it. Nothing too large is ever unpacked, since nothing but our own
packing is.
"""

from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from supervision.errors import N_, Invalid
from supervision.web.auth import viewer

MOST = 1_500_000


def carry(what: Any, purpose: str) -> str:
    """`what` (made of JSON's kinds) for a hidden field. Raises Invalid, beside `file`."""
    packed: str = _serializer(purpose).dumps(what)
    if len(packed) > MOST:
        raise Invalid("file", N_("This file holds too much. Split it into smaller ones."))
    return packed


def carried(text: str, purpose: str) -> Any:
    """What was carried. Raises Invalid, beside `file`, when it was not made for this."""
    try:
        return _serializer(purpose).loads(text)
    except BadData:
        raise Invalid("file", N_("Choose the file again.")) from None


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.config["SECRET_KEY"], salt=f"carried {purpose} {viewer().id}"
    )
