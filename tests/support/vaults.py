"""Vaults for tests: people with a passphrase, an open vault and a recovery code."""

import re
from uuid import UUID

from flask import current_app

from supervision import clock
from supervision.config import Settings
from supervision.db import db, writing
from supervision.domain import vault
from supervision.domain.vault import Keys
from supervision.permissions import Actor
from supervision.services import sign_ins
from supervision.services import vault as vaults
from tests.support.client import Client

PASSPHRASE = "four quiet lamps burning"
WRONG = "four quiet lamps bruning"


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def pepper() -> bytes:
    return settings().pepper.encode()


def furnish(actor: Actor, passphrase: str = PASSPHRASE, code: str | None = "") -> Keys:
    """Give somebody a passphrase and a vault, with a recovery code unless `code` is None."""
    db.session.commit()
    made = sign_ins.prepare(actor.id, passphrase, settings())
    keys = made.new_vault.keys
    at = clock.now()
    with writing():
        sign_ins.keep(made, at)
        if code is not None:
            slot = vault.recovery_slot(keys, code or vault.new_recovery_code(), actor.id)
            vaults.keep_recovery_slot(actor.id, keys, slot, at, confirmed=True)
    return keys


def enter(client: Client, actor: Actor, passphrase: str = PASSPHRASE) -> Client:
    """Sign in as a person does: the vault opens with it."""
    response = client.submit("/sign-in", {"email": actor.email, "passphrase": passphrase})
    assert response.status_code == 303, response.status
    return client


def state(client: Client) -> int:
    """204 for an open vault, 423 for a locked one, 302 for nobody."""
    return client.get("/vault/state").status_code


def write(client: Client, title: str, text: str, page: str = "/notes/new") -> UUID:
    """Write and save a free page as a person does; returns the note's id."""
    response = client.submit(page, {"title": title, "reflection": text}, button="Save")
    assert response.status_code == 303, (response.status, response.text)
    return UUID(response.location.rpartition("/")[2])


def bare(page: str) -> str:
    """A page without what differs from one answer to the next: tokens, nonces, ids of requests."""
    for pattern in (
        r'name="(csrf_token|once|editing)" value="[^"]*"',
        r'(hx-)?nonce="[^"]*"',
        r"<code>[0-9a-f]{32}</code>",
    ):
        page = re.sub(pattern, "", page)
    return page


def all_the_same(answers: dict[str, tuple[int, str]]) -> bool:
    """Whether several answers, by name, cannot be told apart."""
    return len({(status, bare(text)) for status, text in answers.values()}) == 1
