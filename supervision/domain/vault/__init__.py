"""The vault: how reflections stay private. Pure functions from bytes to bytes.

    passphrase ─ stretch ─┬ auth → Credential (sign-in)
                          └ kek  → slot → Keys ─┬ wrap → one key per revision → text
    recovery code ──────────────→ slot → Keys   ├ priv → key pairs → drafts
    cookie and boot key ────────→ row  → Keys   └ head → which rows there must be

Every failure is `Damaged` or a kind of it (`WrongKey`, `BadParams`, `HeadMismatch`); only a
mistyped recovery code is `BadCode`. No function logs, stores, or reads a clock.
"""

from supervision.domain.vault.addresses import open_address, seal_address
from supervision.domain.vault.archives import ArchiveKey, archive_key, seal_archive
from supervision.domain.vault.credentials import Credential, new_credential, verify
from supervision.domain.vault.drafts import open_draft, seal_draft
from supervision.domain.vault.envelope import NO_HASH, envelope_hash
from supervision.domain.vault.faults import BadCode, BadParams, Damaged, HeadMismatch, WrongKey
from supervision.domain.vault.founding import NewVault, new_vault
from supervision.domain.vault.head import Head, Row, head_of, open_head, seal_head, verify_head
from supervision.domain.vault.kdf import (
    CEILING,
    FLOOR,
    POLICY,
    KdfParams,
    Stretched,
    below_policy,
    check_params,
    stretch,
    stretch_nobody,
    stronger,
)
from supervision.domain.vault.keys import Keys
from supervision.domain.vault.pairs import (
    PrivateKeys,
    PublicKeys,
    open_private,
    read_public,
)
from supervision.domain.vault.recovery import (
    new_recovery_code,
    normalise_code,
    open_recovery_slot,
    recovery_slot,
)
from supervision.domain.vault.revisions import (
    FIRST,
    Sealed,
    open_revision,
    rewrap_revision,
    seal_revision,
)
from supervision.domain.vault.rotation import Turned, turn, with_former, without_former
from supervision.domain.vault.slots import open_slot, reseal_slot
from supervision.domain.vault.unlocked import unwrap_from_session, wrap_for_session

__all__ = [
    "CEILING",
    "FIRST",
    "FLOOR",
    "NO_HASH",
    "POLICY",
    "ArchiveKey",
    "BadCode",
    "BadParams",
    "Credential",
    "Damaged",
    "Head",
    "HeadMismatch",
    "KdfParams",
    "Keys",
    "NewVault",
    "PrivateKeys",
    "PublicKeys",
    "Row",
    "Sealed",
    "Stretched",
    "Turned",
    "WrongKey",
    "archive_key",
    "below_policy",
    "check_params",
    "envelope_hash",
    "head_of",
    "new_credential",
    "new_recovery_code",
    "new_vault",
    "normalise_code",
    "open_address",
    "open_draft",
    "open_head",
    "open_private",
    "open_recovery_slot",
    "open_revision",
    "open_slot",
    "read_public",
    "recovery_slot",
    "reseal_slot",
    "rewrap_revision",
    "seal_address",
    "seal_archive",
    "seal_draft",
    "seal_head",
    "seal_revision",
    "stretch",
    "stretch_nobody",
    "stronger",
    "turn",
    "unwrap_from_session",
    "verify",
    "verify_head",
    "with_former",
    "without_former",
    "wrap_for_session",
]
