"""The unlocked vault between two requests: a cookie here, a row in memory there.

The cookie holds a name for the row and a secret; the row holds the master key sealed under that
secret and the server's boot key. One without the other, or both under another sign-in or after a
restart, is a locked vault. Nothing of it enters Flask's session.
"""

import binascii
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from flask import Flask, current_app, flash, g, request, session
from flask_babel import gettext as _
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from supervision import clock
from supervision.config import Settings
from supervision.db import end_reading
from supervision.domain import vault
from supervision.domain.vault import Keys
from supervision.errors import Locked
from supervision.models.unlocks import Unlocked, Unlocks
from supervision.permissions import Actor
from supervision.services import heads
from supervision.services import unlocking as service
from supervision.services import vault as vaults
from supervision.web import runtime, witnessing
from supervision.web.auth import viewer
from supervision.web.settings import pepper, settings

NAME_BYTES, SECRET_BYTES = 16, 32
TICKET_LETTERS = (NAME_BYTES + SECRET_BYTES) * 4 // 3
CLOSED = "notes_closed"  # in the session
TOUCH_EVERY = timedelta(seconds=15)
View = TypeVar("View", bound=Callable[..., Any])


class Ticket(NamedTuple):
    """What the cookie holds: the row's name before hashing, and the secret S."""

    sid: bytes
    secret: bytes

    @property
    def name(self) -> bytes:
        return sha256(self.sid).digest()


def passive(view: View) -> View:
    """Mark a view that pages call by themselves: it keeps no vault open."""
    view.passive = True  # type: ignore[attr-defined]  # a mark, read below
    return view


def cookie_name(secure: bool) -> str:
    return "__Host-vault" if secure else "vault"


def unlock(
    response: Response, person_id: UUID, sign_in_id: UUID, keys: Keys, *, accepted: bool = False
) -> None:
    """Keep the vault open for this browser: a row in memory, a cookie that ends with it.

    The browser remembers how the vault stands; `accepted`: even if it has been further before.
    """
    ticket, at = Ticket(os.urandom(NAME_BYTES), os.urandom(SECRET_BYTES)), clock.now()
    boot_key = settings().boot_key
    sealed = vault.wrap_for_session(keys, ticket.secret, boot_key, person_id, sign_in_id)
    stand = heads.stand_of(person_id)
    counter = stand.counter if stand is not None else 0
    _unlocks().add(Unlocked(ticket.name, person_id, sign_in_id, sealed, at, at, counter))
    response.set_cookie(
        cookie_name(settings().secure),
        urlsafe_b64encode(ticket.sid + ticket.secret).decode(),
        secure=settings().secure,
        httponly=True,
        samesite="Strict",
        path="/",
    )
    if stand is not None:
        witnessing.remember(response, person_id, keys, stand, accepted=accepted)
    witnessing.forget_taken(response, person_id)
    witnessing.let_go()
    session.pop(CLOSED, None)
    if accepted:
        flash(_(service.ACCEPTED))
    keys.moved, g.vault_keys = False, keys


def settle(actor: Actor, keys: Keys) -> None:
    """What an unlock counts in, within its transaction; says what was put back."""
    taken = witnessing.taken_here(actor.id)
    found = service.settle(actor, clock.now(), keys, pepper(), taken)
    if found.refused_at is not None:
        flash(_(service.REFUSED_ONCE), "warning")
    if found.put_back:
        flash(_(service.PUT_BACK), "warning")


def opens_nothing() -> None:
    """The passphrase that somebody signed in with did not open their vault."""
    session[CLOSED] = True


def is_closed() -> bool:
    """Whether the viewer's notes wait for the recovery code; asked of the database only where the
    passphrase of this sign-in opened nothing."""
    return CLOSED in session and vaults.is_closed(viewer().id)


def lock(response: Response) -> None:
    """Close the vault for this browser, and have it forget what it keeps of our pages."""
    ticket = _ticket()
    if ticket is not None:
        _unlocks().delete(ticket.name)
    if current_user.is_authenticated:
        _unlocks().delete_sign_in(viewer().sign_in_id)
    response.delete_cookie(
        cookie_name(settings().secure),
        secure=settings().secure,
        httponly=True,
        samesite="Strict",
        path="/",
    )
    response.headers["Clear-Site-Data"] = '"cache"'
    g.vault_keys = None


def leave(response: Response) -> None:
    """Close the vault for this browser, and forget who was signed in."""
    lock(response)
    logout_user()
    session.clear()


def lock_others(person_id: UUID, but: UUID | None) -> None:
    """Close a person's vault in every browser but that of the sign-in `but`."""
    _unlocks().delete_person(person_id, but)


def lock_there(sign_in_id: UUID) -> None:
    """Close the vault in the browser of one sign-in."""
    _unlocks().delete_sign_in(sign_in_id)


def open_in(person_id: UUID) -> set[UUID]:
    """The sign-ins in whose browser a person's vault is open now."""
    return _unlocks().open_in(person_id, clock.now())


def lock_everywhere(person_id: UUID) -> None:
    """Close a person's vault in every browser."""
    _unlocks().delete_person(person_id)


def opened() -> Keys | None:
    """The viewer's keys while their vault is open, found once a request."""
    if "vault_keys" not in g:
        g.vault_keys = _open()
    found: Keys | None = g.vault_keys
    return found


def keys() -> Keys:
    """The viewer's keys. Raises Locked."""
    found = opened()
    if found is None:
        raise Locked
    return found


def _open() -> Keys | None:
    ticket = _ticket()
    if ticket is None or not current_user.is_authenticated:
        return None
    row = _unlocks().find(ticket.name, clock.now())
    if row is None:
        return None
    actor = viewer()
    try:
        keys = vault.unwrap_from_session(
            row.sealed, ticket.secret, settings().boot_key, actor.id, actor.sign_in_id
        )
    except vault.Damaged:
        return None
    keys.floor = row.counter
    return keys


def _ticket() -> Ticket | None:
    text = request.cookies.get(cookie_name(settings().secure), "")
    if len(text) != TICKET_LETTERS:
        return None
    try:
        both = urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        return None
    if len(both) != NAME_BYTES + SECRET_BYTES:
        return None
    return Ticket(both[:NAME_BYTES], both[NAME_BYTES:])


class _Lazily:
    """`vault_unlocked` in templates: looked up only by pages that ask."""

    def __bool__(self) -> bool:
        return opened() is not None


def _touch(response: Response) -> Response:
    """A request that a person made keeps their vault open for another while."""
    if cookie_name(settings().secure) not in request.cookies:
        return response
    view = current_app.view_functions.get(request.endpoint or "")
    signed_in = getattr(g.get("_login_user"), "is_authenticated", False)
    if not signed_in or view is None or hasattr(view, "passive"):
        return response
    ticket = _ticket()
    if ticket is None:
        return response
    seen: dict[bytes, float] = current_app.extensions["unlocks_seen"]
    at = clock.now()
    if abs(at.timestamp() - seen.get(ticket.name, 0)) >= TOUCH_EVERY.total_seconds():
        if len(seen) > 10_000:
            seen.clear()
        seen[ticket.name] = at.timestamp()
        _unlocks().touch(ticket.name, at)
    return response


def head_moved(keys: Keys) -> None:
    """Keys that were not those of the open vault have moved its head: it is to be followed too."""
    g.moved_keys = keys


def _follow(response: Response) -> Response:
    """The head was moved: this browser and this session know it from now on."""
    keys = g.get("moved_keys") or g.get("vault_keys")
    if keys is None or not keys.moved or response.status_code >= 400:
        return response
    stand = heads.stand_of(viewer().id)
    end_reading()
    if stand is not None:
        witnessing.remember(response, viewer().id, keys, stand)
        ticket = _ticket()
        if ticket is not None:
            _unlocks().move(ticket.name, stand.counter)
    return response


def _unlocks() -> Unlocks:
    found: Unlocks = current_app.extensions["unlocks"]
    return found


def init(app: Flask, settings: Settings) -> None:
    """Open the storage, and let templates and requests know of it."""
    app.extensions["unlocks"] = Unlocks(runtime.folder(settings) / "unlocks.sqlite")
    app.extensions["unlocks_seen"] = {}
    app.context_processor(lambda: {"vault_unlocked": _Lazily()})
    app.after_request(_touch)
    app.after_request(_follow)
