"""Vaults: the ways in, and the recovery code. Rows only; passphrases are stretched before.

No key ever comes from the database's word alone: whatever opens is compared with the name of the
master key that the vault was made with.
"""

from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.vault import KdfParams, Keys, NewVault, Stretched
from supervision.models.notes import SlotKind, Vault, VaultSlot
from supervision.models.people import Credential
from supervision.services.audit import Act, record


def make_vault(person_id: UUID, new_vault: NewVault, credential: Credential, at: datetime) -> None:
    """Write a new vault and its passphrase slot. There is one vault a person, so twice fails."""
    db.session.add(
        Vault(
            person_id=person_id,
            public=new_vault.public,
            private=new_vault.private,
            head=new_vault.head,
            head_counter=0,
            umk_id=new_vault.umk_id,
            created_at=at,
        )
    )
    db.session.add(_slot(person_id, SlotKind.PASSPHRASE, new_vault.slot, at, credential))
    db.session.flush()
    record(Act.VAULT_MAKE, at, person_id, person_id)


def open_with_passphrase(
    person_id: UUID, credential: Credential, stretched: Stretched, pepper: bytes
) -> Keys | None:
    """The keys, or None: no vault, closed since a reset by mail, or a slot that was altered.

    The three are one answer on purpose: whoever tries learns nothing from the difference.
    """
    slot = db.session.get(VaultSlot, (person_id, SlotKind.PASSPHRASE))
    if slot is None or not _fits(slot, credential):
        return None
    params = KdfParams(credential.memory_kib, credential.passes, credential.lanes)
    try:
        keys = vault.open_slot(slot.envelope, stretched, person_id, params, credential.salt, pepper)
    except vault.Damaged:
        return None
    return keys if is_vault_of(person_id, keys) else None


def is_vault_of(person_id: UUID, keys: Keys) -> bool:
    """Whether these keys are those that the person's vault was made with."""
    found = db.session.scalar(select(Vault.umk_id).where(Vault.person_id == person_id))
    return found is not None and compare_digest(found, keys.id)


def replace_slot(person_id: UUID, slot: bytes, credential: Credential, at: datetime) -> None:
    """Write a passphrase slot in the place of the former one; no note is touched."""
    db.session.merge(_slot(person_id, SlotKind.PASSPHRASE, slot, at, credential))
    db.session.flush()


def _slot(
    person_id: UUID, kind: SlotKind, envelope: bytes, at: datetime, credential: Credential | None
) -> VaultSlot:
    return VaultSlot(
        person_id=person_id,
        kind=kind,
        salt=credential.salt if credential else None,
        memory_kib=credential.memory_kib if credential else None,
        passes=credential.passes if credential else None,
        lanes=credential.lanes if credential else None,
        envelope=envelope,
        created_at=at,
        confirmed_at=None,
    )


def _fits(slot: VaultSlot, credential: Credential) -> bool:
    """Whether a slot was sealed for this credential: a reset by mail makes a new one."""
    mine = (slot.salt, slot.memory_kib, slot.passes, slot.lanes)
    return mine == (credential.salt, credential.memory_kib, credential.passes, credential.lanes)
