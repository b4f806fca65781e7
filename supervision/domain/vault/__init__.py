"""The vault: how reflections stay private. Pure functions from bytes to bytes.

    passphrase ─ stretch ─┬ auth → Credential (sign-in)
                          └ kek  → slot → Keys ─┬ wrap → one key per revision → text
    recovery code ──────────────→ slot → Keys   ├ priv → key pairs → drafts, shares
    cookie and boot key ────────→ row  → Keys   ├ pin  → whose public keys these are
                                                ├ head → what must be there
                                                └ index → the catalogue and its texts

Every failure is `Damaged` or a kind of it (`WrongKey`, `BadParams`, `HeadMismatch`, `KeyChanged`);
only a mistyped recovery code is `BadCode`. No function logs, stores, or reads a clock.
"""

from supervision.domain.vault.addresses import open_address, seal_address
from supervision.domain.vault.archives import ArchiveKey, archive_key, seal_archive
from supervision.domain.vault.contacts import (
    pin_contact,
    read_pinned,
    record_hash,
    words_of,
)
from supervision.domain.vault.credentials import Credential, new_credential, verify
from supervision.domain.vault.drafts import open_draft, seal_draft
from supervision.domain.vault.envelope import NO_HASH, envelope_hash
from supervision.domain.vault.faults import (
    BadCode,
    BadParams,
    Damaged,
    HeadMismatch,
    KeyChanged,
    WrongKey,
)
from supervision.domain.vault.founding import NewVault, new_vault
from supervision.domain.vault.head import (
    Bound,
    Head,
    Row,
    head_of,
    open_head,
    seal_head,
    verify_head,
)
from supervision.domain.vault.index import Part, open_index, seal_index
from supervision.domain.vault.kdf import (
    CEILING,
    FLOOR,
    LONGEST_PASSPHRASE,
    POLICY,
    KdfParams,
    Stretched,
    below_policy,
    check_params,
    check_passphrase,
    stretch,
    stretch_nobody,
    stronger,
)
from supervision.domain.vault.keys import Keys, Stand
from supervision.domain.vault.ledger import (
    Chain,
    Entry,
    Ledger,
    Opening,
    Share,
    chain_opening,
    is_taken,
    open_ledger,
    seal_ledger,
    vouch_taken,
)
from supervision.domain.vault.pairs import (
    PrivateKeys,
    PublicKeys,
    open_private,
    read_public,
    read_unvouched,
)
from supervision.domain.vault.recovery import (
    LONGEST_CODE,
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
from supervision.domain.vault.sharing import (
    Handed,
    Readers,
    Shared,
    Subject,
    a_comment,
    a_share,
    check_list,
    listed,
    listed_ids,
    open_own,
    open_shared,
    rewrap_own,
    seal_shared,
    sign_list,
)
from supervision.domain.vault.slots import open_slot, reseal_slot
from supervision.domain.vault.unlocked import unwrap_from_session, wrap_for_session
from supervision.domain.vault.witness import (
    Witness,
    name_of,
    open_taken,
    open_witness,
    seal_taken,
    seal_witness,
)

__all__ = [
    "CEILING",
    "FIRST",
    "FLOOR",
    "LONGEST_CODE",
    "LONGEST_PASSPHRASE",
    "NO_HASH",
    "POLICY",
    "ArchiveKey",
    "BadCode",
    "BadParams",
    "Bound",
    "Chain",
    "Credential",
    "Damaged",
    "Entry",
    "Handed",
    "Head",
    "HeadMismatch",
    "KdfParams",
    "KeyChanged",
    "Keys",
    "Ledger",
    "NewVault",
    "Opening",
    "Part",
    "PrivateKeys",
    "PublicKeys",
    "Readers",
    "Row",
    "Sealed",
    "Share",
    "Shared",
    "Stand",
    "Stretched",
    "Subject",
    "Turned",
    "Witness",
    "WrongKey",
    "a_comment",
    "a_share",
    "archive_key",
    "below_policy",
    "chain_opening",
    "check_list",
    "check_params",
    "check_passphrase",
    "envelope_hash",
    "head_of",
    "is_taken",
    "listed",
    "listed_ids",
    "name_of",
    "new_credential",
    "new_recovery_code",
    "new_vault",
    "normalise_code",
    "open_address",
    "open_draft",
    "open_head",
    "open_index",
    "open_ledger",
    "open_own",
    "open_private",
    "open_recovery_slot",
    "open_revision",
    "open_shared",
    "open_slot",
    "open_taken",
    "open_witness",
    "pin_contact",
    "read_pinned",
    "read_public",
    "read_unvouched",
    "record_hash",
    "recovery_slot",
    "reseal_slot",
    "rewrap_own",
    "rewrap_revision",
    "seal_address",
    "seal_archive",
    "seal_draft",
    "seal_head",
    "seal_index",
    "seal_ledger",
    "seal_revision",
    "seal_shared",
    "seal_taken",
    "seal_witness",
    "sign_list",
    "stretch",
    "stretch_nobody",
    "stronger",
    "turn",
    "unwrap_from_session",
    "verify",
    "verify_head",
    "vouch_taken",
    "with_former",
    "without_former",
    "words_of",
    "wrap_for_session",
]
