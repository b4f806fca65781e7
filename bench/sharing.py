"""Two people with open vaults, and what sharing costs at the very least."""

import os
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

from supervision.domain import vault
from supervision.domain.vault.keys import new_keys
from supervision.domain.vault.pairs import HPKE, new_pairs

PEPPER = bytes(32)
INFO = os.urandom(200)
"""As long as what a share binds its key to, or nearly."""


def _person() -> tuple[vault.Keys, vault.PublicKeys, vault.PrivateKeys]:
    keys, person_id = new_keys(), uuid4()
    pairs = new_pairs(keys, person_id, PEPPER)
    public = vault.read_public(pairs.public, person_id, PEPPER)
    return keys, public, vault.open_private(keys, pairs.private, public)


def share_and_bare(body: bytes) -> tuple[Callable[[], object], Callable[[], object]]:
    """Sealing a text to one reader; and one HPKE seal of a key with one Ed25519 signature."""
    keys, author, private = _person()
    _keys, reader, _private = _person()
    subject = vault.a_share(uuid4(), UUID(int=1), author.person_id, 1)
    everybody = vault.Readers(vault.listed([reader.person_id]), 1)

    def bare() -> bytes:
        sealed = HPKE.encrypt(os.urandom(32), reader.hpke, info=INFO)
        return sealed + private.ed25519.sign(INFO)

    ours = partial(vault.seal_shared, keys, private, subject, body, [reader], everybody)
    return ours, bare
