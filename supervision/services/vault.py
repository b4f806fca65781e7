"""Vaults: the ways in, and the recovery code. Rows only; passphrases are stretched before.

Whatever opens is compared with the name of the master key that the vault was made with, and each
way in with what the head says of it: one that was good once is good no more.
"""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID, uuid4

from sqlalchemy import delete, select

from supervision.db import db
from supervision.domain import vault
from supervision.domain.vault import KdfParams, Keys, NewVault, Stretched
from supervision.errors import N_, Conflict, Invalid
from supervision.models.mail import MailKind
from supervision.models.notes import (
    Note,
    NoteDraft,
    NoteIndex,
    NoteRevision,
    SlotKind,
    Vault,
    VaultSlot,
)
from supervision.models.people import Credential
from supervision.permissions import Actor
from supervision.services import heads, mail, people, sharing
from supervision.services.audit import Act, record

SLIPS = {
    "letter": N_("A recovery code has only digits and letters. Please look at it again."),
    "length": N_("A recovery code has nine groups of four. Please look at it again."),
    "checksum": N_("There is a slip in it somewhere. Please compare it group by group."),
}
FORMER_WAY = N_(
    "A former way into your notes was put back in the database, and this is it: a passphrase from "
    "before a change, or a recovery code that was used or replaced. Your notes stay closed. Tell "
    "your organiser at once."
)
NOT_THIS_CODE = N_("This code does not open your notes. It may be an older one.")


@dataclass(frozen=True)
class Ways:
    """How a person's vault can be opened now.

    `closed`: the passphrase was reset by mail, so only the recovery code opens. `code`: a recovery
    code was made and typed back. `waiting`: one was shown and waits to be typed back.
    """

    exists: bool
    closed: bool
    code: bool
    waiting: bool


@dataclass(frozen=True)
class ByCode:
    """What a recovery code opened, and the slot that it used up."""

    keys: Keys
    slot: bytes


class FormerWay(Invalid):
    """What opened is a way in that the owner replaced or used up."""

    def __init__(self) -> None:
        super().__init__("code", FORMER_WAY)


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

    The three are one answer on purpose: whoever tries learns nothing from the difference. Raises
    FormerWay for a slot that its owner has replaced.
    """
    slot = db.session.get(VaultSlot, (person_id, SlotKind.PASSPHRASE))
    if slot is None or not _fits(slot, credential):
        return None
    params = KdfParams(credential.memory_kib, credential.passes, credential.lanes)
    try:
        keys = vault.open_slot(slot.envelope, stretched, person_id, params, credential.salt, pepper)
    except vault.Damaged:
        return None
    return _whole(slot, keys)


def _whole(slot: VaultSlot, keys: Keys) -> Keys | None:
    """The keys with the former ones beside them, if there are any; None for another vault's.

    Raises FormerWay.
    """
    row = db.session.get(Vault, slot.person_id, populate_existing=True)
    if row is None or not is_vault_of(slot.person_id, keys):
        return None
    _check_way(row, slot, keys)
    try:
        return keys if row.former is None else vault.with_former(keys, row.person_id, row.former)
    except vault.Damaged:
        return None


def _check_way(row: Vault, slot: VaultSlot, keys: Keys) -> None:
    """A head that does not open says nothing of ways in: its owner is told of that instead."""
    try:
        bound = heads.open_head(row, keys).bound
    except vault.Damaged:
        return
    present = vault.envelope_hash(slot.envelope)
    if bound is not None and not compare_digest(getattr(bound, slot.kind), present):
        raise FormerWay


def is_vault_of(person_id: UUID, keys: Keys) -> bool:
    """Whether these keys are those that the person's vault was made with."""
    found = db.session.scalar(select(Vault.umk_id).where(Vault.person_id == person_id))
    return found is not None and compare_digest(found, keys.id)


def replace_slot(
    person_id: UUID, keys: Keys, slot: bytes, credential: Credential, at: datetime
) -> None:
    """Write a passphrase slot in the place of the former one; no note is touched."""
    db.session.merge(_slot(person_id, SlotKind.PASSPHRASE, slot, at, credential))
    db.session.flush()
    heads.bind_ways(person_id, keys, passphrase=slot)


def ways(person_id: UUID) -> Ways:
    """How a vault stands, in two statements."""
    slots = {
        slot.kind: slot
        for slot in db.session.scalars(select(VaultSlot).where(VaultSlot.person_id == person_id))
    }
    by_passphrase = slots.get(SlotKind.PASSPHRASE)
    recovery = slots.get(SlotKind.RECOVERY)
    credential = people.credential_for(person_id)
    return Ways(
        exists=by_passphrase is not None,
        closed=by_passphrase is not None and not _fits(by_passphrase, credential),
        code=recovery is not None and recovery.confirmed_at is not None,
        waiting=SlotKind.PENDING in slots,
    )


def is_closed(person_id: UUID) -> bool:
    """Whether the passphrase was reset by mail, so that only the recovery code opens the vault."""
    slot = db.session.get(VaultSlot, (person_id, SlotKind.PASSPHRASE))
    return slot is not None and not _fits(slot, people.credential_for(person_id))


# -- unlocking -----------------------------------------------------------------------------


def keep_unlock(actor: Actor, at: datetime) -> None:
    """Leave a line about an unlock."""
    record(Act.VAULT_UNLOCK, at, actor.id, actor.id)


def refuse_unlock(actor: Actor, at: datetime) -> None:
    """Leave a line about an unlock that was refused."""
    record(Act.VAULT_UNLOCK_REFUSED, at, actor.id, actor.id)


def keep_lock(actor: Actor, at: datetime) -> None:
    """Leave a line about a lock."""
    record(Act.VAULT_LOCK, at, actor.id, actor.id)


def is_cheap(person_id: UUID, policy: KdfParams) -> bool:
    """Whether the present passphrase was stretched for less than a new one would be."""
    row = people.credential_for(person_id)
    return vault.below_policy(KdfParams(row.memory_kib, row.passes, row.lanes), policy)


def keep_dearer(
    actor: Actor, keys: Keys, credential: Credential, slot: bytes, at: datetime
) -> None:
    """Write the same passphrase's credential and slot at dearer costs."""
    credential.changed_at = at
    people.set_credential(actor.id, credential)
    replace_slot(actor.id, keys, slot, credential, at)


# -- the recovery code ---------------------------------------------------------------------


def new_code(actor: Actor, at: datetime, keys: Keys) -> str:
    """A new recovery code, to be shown once. It counts from when it is typed back.

    Until then a former code goes on working, and a former one that waits is forgotten.
    """
    code = vault.new_recovery_code()
    envelope = vault.recovery_slot(keys, code, actor.id)
    db.session.merge(_slot(actor.id, SlotKind.PENDING, envelope, at))
    db.session.flush()
    heads.bind_ways(actor.id, keys, pending=envelope)
    return code


def confirm_code(actor: Actor, at: datetime, typed: str) -> Keys:
    """The code was typed back and opens the vault: now it is the recovery code. Returns what it
    opened.

    Raises Invalid, and FormerWay for a code that does not wait any more.
    """
    opened = _open_code(actor.id, SlotKind.PENDING, typed)
    _delete_slots(actor.id, SlotKind.PENDING, SlotKind.RECOVERY)
    slot = _slot(actor.id, SlotKind.RECOVERY, opened.slot, at)
    slot.confirmed_at = at
    db.session.add(slot)
    db.session.flush()
    heads.bind_ways(actor.id, opened.keys, recovery=opened.slot, pending=b"")
    record(Act.VAULT_CODE, at, actor.id, actor.id)
    return opened.keys


def keep_recovery_slot(
    person_id: UUID, keys: Keys, envelope: bytes, at: datetime, *, confirmed: bool
) -> None:
    """Write a recovery slot that was made elsewhere, in the place of any former one."""
    slot = _slot(person_id, SlotKind.RECOVERY, envelope, at)
    slot.confirmed_at = at if confirmed else None
    db.session.merge(slot)
    db.session.flush()
    heads.bind_ways(person_id, keys, recovery=envelope)


def open_with_code(actor: Actor, typed: str) -> ByCode:
    """Open the vault with its recovery code. Writes nothing. Raises Invalid, FormerWay."""
    return _open_code(actor.id, SlotKind.RECOVERY, typed)


def keep_recovery(
    actor: Actor, at: datetime, used: ByCode, credential: Credential, slot: bytes
) -> None:
    """The code was used: it is spent, the present passphrase opens again, and a mail says so.

    Raises Conflict when the code was spent meanwhile.
    """
    if not _spend(actor.id, used.slot):
        raise Conflict(NOT_THIS_CODE)
    _delete_slots(actor.id, SlotKind.PENDING)
    credential.changed_at = at
    people.set_credential(actor.id, credential)
    heads.bind_ways(actor.id, used.keys, recovery=b"", pending=b"")
    replace_slot(actor.id, used.keys, slot, credential, at)
    record(Act.VAULT_RECOVER, at, actor.id, actor.id)
    mail.tell(
        actor,
        f"recovery:{uuid4()}",
        N_("Your recovery code was used"),
        N_(
            "Your notes were opened with your recovery code. The code is spent; make a new one "
            "when you next open your notes.\n\nIf this was not you, change your passphrase at "
            "once and tell your organiser.\n"
        ),
        at,
        kind=MailKind.ACCOUNT,
    )


def begin_again(actor: Actor, at: datetime) -> None:
    """Delete a vault that nothing opens any more, and every note and share in it, for good."""
    forget(actor.id)
    record(Act.VAULT_BEGIN_AGAIN, at, actor.id, actor.id)


def forget(person_id: UUID) -> None:
    """Delete a vault, its ways in and every note and draft; with the wraps go the keys."""
    mine = select(Note.id).where(Note.owner_id == person_id)
    db.session.execute(delete(NoteRevision).where(NoteRevision.note_id.in_(mine)))
    db.session.execute(delete(NoteDraft).where(NoteDraft.owner_id == person_id))
    db.session.execute(delete(NoteIndex).where(NoteIndex.owner_id == person_id))
    db.session.execute(delete(Note).where(Note.owner_id == person_id))
    sharing.forget_keys(person_id)
    _delete_slots(person_id, *SlotKind)
    db.session.execute(delete(Vault).where(Vault.person_id == person_id))


def _open_code(person_id: UUID, kind: SlotKind, typed: str) -> ByCode:
    slot = db.session.get(VaultSlot, (person_id, kind))
    try:
        code = vault.normalise_code(typed)
    except vault.BadCode as slip:
        raise Invalid("code", SLIPS[slip.reason]) from None
    if slot is None:
        raise Invalid("code", NOT_THIS_CODE)
    try:
        keys = vault.open_recovery_slot(slot.envelope, code, person_id)
    except vault.Damaged:
        raise Invalid("code", NOT_THIS_CODE) from None
    whole = _whole(slot, keys)
    if whole is None:
        raise Invalid("code", NOT_THIS_CODE)
    return ByCode(whole, slot.envelope)


def _spend(person_id: UUID, envelope: bytes) -> bool:
    """Delete the slot that a code opened; False when it is gone already."""
    spent = db.session.execute(
        delete(VaultSlot)
        .where(
            VaultSlot.person_id == person_id,
            VaultSlot.kind == SlotKind.RECOVERY,
            VaultSlot.envelope == envelope,
        )
        .returning(VaultSlot.kind)
    ).all()
    return bool(spent)


def _delete_slots(person_id: UUID, *kinds: SlotKind) -> None:
    db.session.execute(
        delete(VaultSlot).where(VaultSlot.person_id == person_id, VaultSlot.kind.in_(kinds))
    )


def _slot(
    person_id: UUID,
    kind: SlotKind,
    envelope: bytes,
    at: datetime,
    credential: Credential | None = None,
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
