"""What a browser remembers of its people's vaults: outside of the database, one cookie each.

Nobody can tell from its name or value whose it is. It outlives lock, sign-out and restart, and only
grows, unless its owner was told and went on.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import request, session
from werkzeug.wrappers import Response

from supervision import clock
from supervision.domain import vault
from supervision.domain.vault import Keys, Stand, Witness
from supervision.services import heads
from supervision.web.settings import pepper, settings

LASTS = timedelta(days=400)  # as long as browsers keep a cookie at most
WITNESS, TAKEN = "witness", "taken"
TOLD = "older_notes"  # in the session: the doubt that its owner has not answered


@dataclass(frozen=True)
class Doubt:
    """A vault is not as far as this browser has seen it at `at`; None: its head does not open."""

    at: datetime | None


def doubt(person_id: UUID, keys: Keys) -> Doubt | None:
    """Why a vault should not be opened before its owner was told, if there is a reason."""
    stand = heads.stand_of(person_id)
    if stand is None:
        return None
    try:
        vault.open_head(keys, person_id, stand.counter, stand.head)
    except vault.Damaged:
        return Doubt(None)
    found = _witness(person_id, keys, stand)
    return Doubt(found.at) if found is not None and found.is_of_later(stand) else None


def hold(found: Doubt) -> None:
    """Say it on each page that asks for a way in, until the notes are open: no key is at hand
    there, and a wrong try takes nothing back."""
    session[TOLD] = found.at.isoformat() if found.at is not None else ""


def held() -> Doubt | None:
    """What `hold` was told last. It decides nothing: each way in looks again."""
    told = session.get(TOLD)
    if told is None:
        return None
    return Doubt(datetime.fromisoformat(told) if told else None)


def let_go() -> None:
    """The notes are open: there is nothing left to say."""
    session.pop(TOLD, None)


def remember(
    response: Response, person_id: UUID, keys: Keys, stand: Stand, *, accepted: bool = False
) -> None:
    """Have the browser remember how the vault stands; nothing earlier than what it knows, unless
    its owner has accepted that."""
    before = _witness(person_id, keys, stand)
    if before is not None and before.is_of_later(stand) and not accepted:
        return
    try:
        sealed = vault.seal_witness(keys, person_id, stand, clock.now())
    except vault.Damaged:  # the key pairs do not open; where they are used, that is told
        return
    _set(response, WITNESS, person_id, sealed)


def _witness(person_id: UUID, keys: Keys, stand: Stand) -> Witness | None:
    return vault.open_witness(keys, person_id, stand, _brought(WITNESS, person_id))


def taken_here(person_id: UUID) -> list[UUID]:
    """The shares that this browser has seen taken back since the last unlock."""
    return vault.open_taken(person_id, pepper(), _brought(TAKEN, person_id))


def remember_taken(response: Response, person_id: UUID, share_id: UUID) -> None:
    """A share was taken back while locked, so nothing under its owner's key says so yet."""
    both = [*taken_here(person_id), share_id]
    _set(response, TAKEN, person_id, vault.seal_taken(person_id, pepper(), both))


def forget_taken(response: Response, person_id: UUID) -> None:
    """The head has it now."""
    name = _name(TAKEN, person_id)
    if name in request.cookies:
        response.delete_cookie(name, secure=settings().secure, httponly=True, samesite="Strict")


def _name(kind: str, person_id: UUID) -> str:
    prefix = "__Host-" if settings().secure else ""
    return f"{prefix}{kind}-{vault.name_of(person_id, pepper())}"


def _brought(kind: str, person_id: UUID) -> bytes:
    try:
        return urlsafe_b64decode(request.cookies.get(_name(kind, person_id), ""))
    except (binascii.Error, ValueError):
        return b""


def _set(response: Response, kind: str, person_id: UUID, sealed: bytes) -> None:
    response.set_cookie(
        _name(kind, person_id),
        urlsafe_b64encode(sealed).decode(),
        max_age=LASTS,
        secure=settings().secure,
        httponly=True,
        samesite="Strict",
        path="/",
    )
