"""What a passphrase opens: the account, and with the same Argon2id run the vault.

The functions that stretch a passphrase write nothing, so that no transaction waits for them; the
`keep…` functions write what was made.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from supervision.config import Settings
from supervision.db import db
from supervision.domain import vault
from supervision.domain.vault import KdfParams, Keys
from supervision.errors import N_, Invalid
from supervision.models.people import Credential
from supervision.permissions import Actor
from supervision.services import people
from supervision.services import vault as vaults
from supervision.services.audit import Act, record
from supervision.services.people import Origin


@dataclass(frozen=True)
class Opened:
    """Who was recognised; `keys` is None while the vault needs its recovery code.

    `former`: the passphrase opens a slot that its owner has replaced, so it opens no vault.
    """

    person_id: UUID
    keys: Keys | None
    former: bool = False


@dataclass(frozen=True)
class Made:
    """A new account's credential and vault, not yet written."""

    opened: Opened
    credential: Credential
    new_vault: vault.NewVault


@dataclass(frozen=True)
class Changed:
    """A changed passphrase, not yet written."""

    opened: Opened
    credential: Credential
    slot: bytes | None


def policy(settings: Settings) -> KdfParams:
    """The costs for a passphrase that is set now."""
    return KdfParams(settings.kdf_memory_kib, settings.kdf_passes, 1)


def check(email: str, passphrase: str, settings: Settings) -> Opened | None:
    """Who this is, or None: for an unknown address after just as much work."""
    row = people.credential_of(email)
    db.session.rollback()
    if row is None:
        vault.stretch_nobody(passphrase, policy(settings))
        return None
    pepper = settings.pepper.encode()
    try:
        stretched = vault.stretch(passphrase, row.person_id, row.salt, _params(row))
    except vault.Damaged:
        vault.stretch_nobody(passphrase, policy(settings))
        return None
    known = vault.Credential(row.salt, _params(row), row.verifier)
    if not vault.verify(known, stretched, row.person_id, pepper):
        return None
    try:
        keys = vaults.open_with_passphrase(row.person_id, row, stretched, pepper)
    except vaults.FormerWay:
        return Opened(row.person_id, None, former=True)
    return Opened(row.person_id, keys)


def refuse(at: datetime) -> None:
    """Leave a line about a sign-in that was refused; whose it was is not said."""
    record(Act.PERSON_SIGN_IN_REFUSED, at)


def prepare(person_id: UUID, passphrase: str, settings: Settings) -> Made:
    """A credential and a vault for somebody who joins."""
    pepper = settings.pepper.encode()
    credential, stretched = vault.new_credential(passphrase, person_id, pepper, policy(settings))
    made = vault.new_vault(person_id, stretched, credential.params, credential.salt, pepper)
    return Made(Opened(person_id, made.keys), _row(person_id, credential), made)


def keep(made: Made, at: datetime) -> None:
    """Write what `prepare` made."""
    made.credential.changed_at = at
    people.set_credential(made.opened.person_id, made.credential)
    vaults.make_vault(made.opened.person_id, made.new_vault, made.credential, at)


def replace(person_id: UUID, passphrase: str, settings: Settings) -> tuple[Credential, Opened]:
    """A credential after a reset by mail: it opens the account, and not the vault."""
    pepper = settings.pepper.encode()
    credential, _stretched = vault.new_credential(passphrase, person_id, pepper, policy(settings))
    return _row(person_id, credential), Opened(person_id, None)


def change(opened: Opened, passphrase: str, settings: Settings) -> Changed:
    """A new passphrase for an account, and for its vault if the present one opened that.

    The costs are the larger of the present ones and the policy's: no change lowers them.
    """
    pepper, person_id = settings.pepper.encode(), opened.person_id
    present = _params(people.credential_for(person_id))
    costs = vault.stronger(present, policy(settings))
    db.session.rollback()
    credential, stretched = vault.new_credential(passphrase, person_id, pepper, costs)
    slot = None
    if opened.keys is not None:
        salt = credential.salt
        slot = vault.reseal_slot(
            opened.keys, person_id, stretched, costs, salt, pepper, previous=present
        )
    return Changed(opened, _row(person_id, credential), slot)


def demand_another(person_id: UUID, passphrase: str, settings: Settings) -> None:
    """Raises Invalid for the present passphrase, which would be no change."""
    row = people.credential_for(person_id)
    known = vault.Credential(row.salt, _params(row), row.verifier)
    db.session.rollback()
    stretched = vault.stretch(passphrase, person_id, known.salt, known.params)
    if vault.verify(known, stretched, person_id, settings.pepper.encode()):
        raise Invalid("passphrase", N_("This is your present passphrase. Choose another one."))


def keep_change(actor: Actor, changed: Changed, at: datetime, origin: Origin) -> None:
    """Write what `change` made; all other sign-ins end."""
    changed.credential.changed_at = at
    people.set_credential(actor.id, changed.credential)
    keys = changed.opened.keys
    if changed.slot is not None and keys is not None:
        vaults.replace_slot(actor.id, keys, changed.slot, changed.credential, at)
    people.sign_out_everywhere(actor, at, but_here=True)
    people.tell_of_change(actor.id, at, origin)
    record(Act.PERSON_CHANGE_PASSPHRASE, at, actor.id, actor.id)


def _params(row: Credential) -> KdfParams:
    return KdfParams(row.memory_kib, row.passes, row.lanes)


def _row(person_id: UUID, credential: vault.Credential) -> Credential:
    return Credential(
        person_id=person_id,
        salt=credential.salt,
        memory_kib=credential.params.memory_kib,
        passes=credential.params.passes,
        lanes=credential.params.lanes,
        verifier=credential.verifier,
    )
