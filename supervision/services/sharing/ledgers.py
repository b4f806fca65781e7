"""The ledger of what somebody shares, as it is kept: what is not in it was not given."""

from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import db, run
from supervision.domain import vault
from supervision.domain.vault import Chain, Entry, Keys, Ledger, PublicKeys
from supervision.errors import Conflict
from supervision.models.notes import Vault
from supervision.models.sharing import Share
from supervision.services.heads import open_head, rebind
from supervision.services.sharing.rows import ALTERED, own_list

_SEALED = select(Vault.shares).where(Vault.person_id == bindparam("person_id"))


def ledger_of(row: Vault, keys: Keys) -> dict[UUID, Entry]:
    """What the head says is shared. Raises Conflict when that cannot be told."""
    try:
        bound = open_head(row, keys).bound
        if bound is None:
            raise Conflict(ALTERED)
        sealed = run(_SEALED, {"person_id": row.person_id}).scalar_one()
        return vault.open_ledger(keys, row.person_id, sealed or b"", bound.shares)
    except vault.Damaged:
        raise Conflict(ALTERED) from None


def own_ledger(person_id: UUID, keys: Keys) -> dict[UUID, Entry]:
    """The same, of a vault that nobody holds: an empty one, so that nothing is as it was left."""
    row = db.session.get(Vault, person_id)
    try:
        return ledger_of(row, keys) if row is not None else {}
    except Conflict:
        return {}


def keep_ledger(row: Vault, keys: Keys, ledger: Ledger) -> None:
    """Seal it, and have the head hold its hash. Raises Conflict when the head does not open."""
    try:
        bound = open_head(row, keys).bound
        if bound is None:
            raise Conflict(ALTERED)
        row.shares = vault.seal_ledger(keys, row.person_id, ledger)
        rebind(row, keys, bound._replace(shares=vault.envelope_hash(row.shares)))
    except vault.Damaged:
        raise Conflict(ALTERED) from None


def state_of(row: Share) -> vault.Share:
    """A share as the ledger looks at it."""
    kind, numbers = row.kind, (row.list_number, row.number)
    sealed = (row.readers, row.signature, row.envelope)
    return vault.Share(row.id, row.note_id, kind, *numbers, *sealed)


def entry_of(row: Share, before: Entry | None) -> Entry:
    """What the ledger says of a share as it is now; its openings stay counted."""
    openings = before.openings if before else Chain()
    return Entry(row.list_number, state_of(row).digest, openings)


def is_left_so(row: Share, ledger: Ledger) -> bool:
    """Whether a share is as its owner left it: given to nobody, or exactly what the ledger says."""
    entry = ledger.get(row.id)
    return not row.readers or (entry is not None and entry.is_of(state_of(row)))


def given(row: Share, public: PublicKeys, ledger: Ledger) -> list[UUID]:
    """Who may read a share that is as its owner left it. Raises Conflict for any other."""
    readers = own_list(row, public)
    if not is_left_so(row, ledger):
        raise Conflict(ALTERED)
    return readers
