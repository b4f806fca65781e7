"""Making a vault: all that is stored for it, in one step."""

from dataclasses import dataclass
from uuid import UUID

from supervision.domain.vault.envelope import envelope_hash
from supervision.domain.vault.head import Bound, Head, seal_head
from supervision.domain.vault.kdf import KdfParams, Stretched
from supervision.domain.vault.keys import Keys, new_keys
from supervision.domain.vault.pairs import new_pairs
from supervision.domain.vault.slots import make_slot


@dataclass(frozen=True, slots=True, repr=False)
class NewVault:
    """A new vault's row. `keys` is for this request only; all else is stored as it is.

    slot 336 bytes, public 1,371, private 272, head 320 (at counter 0), umk_id 16.
    """

    keys: Keys
    slot: bytes
    public: bytes
    private: bytes
    head: bytes
    umk_id: bytes


def new_vault(
    person_id: UUID, stretched: Stretched, params: KdfParams, salt: bytes, pepper: bytes
) -> NewVault:
    """Make the vault of a person who just signed in; `params` and `salt` are the credential's.

    It has no recovery slot yet: show a new code, and store `recovery_slot` when it was typed back.
    """
    keys = new_keys()
    pairs = new_pairs(keys, person_id, pepper)
    slot = make_slot(keys, person_id, stretched, params, salt, pepper)
    return NewVault(
        keys=keys,
        slot=slot,
        public=pairs.public,
        private=pairs.private,
        head=seal_head(keys, person_id, Head(bound=Bound(passphrase=envelope_hash(slot)))),
        umk_id=keys.id,
    )
