"""Vaults as rows: what opens them, the recovery code, and what must not open them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from supervision.db import db, writing
from supervision.domain import vault
from supervision.domain.vault import KdfParams, Keys
from supervision.errors import Conflict, Invalid
from supervision.models.audit import AuditEntry
from supervision.models.mail import Outbox
from supervision.models.notes import Note, NoteDraft, NoteRevision, SlotKind, Vault, VaultSlot
from supervision.models.people import Credential
from supervision.permissions import Actor
from supervision.services import notes, people, sign_ins
from supervision.services import vault as vaults
from supervision.services.people import Origin
from supervision.services.sign_ins import Opened
from tests import factories
from tests.support.vaults import PASSPHRASE, WRONG, furnish, pepper, settings

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODE = vault.new_recovery_code()


@pytest.fixture
def bob(app):
    return factories.person("bob")


@pytest.fixture
def keys(bob: Actor) -> Keys:
    return furnish(bob, code=CODE)


def opened(actor: Actor, passphrase: str = PASSPHRASE) -> Opened | None:
    return sign_ins.check(actor.email, passphrase, settings())


def id_of(found: Opened | None) -> bytes | None:
    return found.keys.id if found and found.keys else None


def test_passphrase_opens_the_vault(bob, keys):
    assert id_of(opened(bob)) == keys.id


def test_wrong_passphrase_opens_nothing(bob, keys):
    assert opened(bob, WRONG) is None


def test_damaged_slot_opens_the_account_and_not_the_vault(bob, keys):
    slot = db.session.get_one(VaultSlot, (bob.id, SlotKind.PASSPHRASE))
    slot.envelope = slot.envelope[:-1] + bytes([slot.envelope[-1] ^ 1])
    db.session.commit()
    found = opened(bob)
    assert (found is not None, id_of(found)) == (True, None)


def test_slot_of_somebody_else_does_not_open(bob, keys):
    """Attack 10: another person's slot, whose passphrase the thief knows, in bob's place."""
    charlie = factories.person("charlie")
    furnish(charlie)
    theirs = db.session.get_one(VaultSlot, (charlie.id, SlotKind.PASSPHRASE))
    mine = db.session.get_one(VaultSlot, (bob.id, SlotKind.PASSPHRASE))
    mine.envelope = theirs.envelope
    db.session.commit()
    assert id_of(opened(bob)) is None


def test_vault_of_other_keys_does_not_open(bob, keys):
    """A whole foreign set of slots does not make the notes' own keys."""
    db.session.execute(update(Vault).values(umk_id=bytes(16)))
    db.session.commit()
    assert id_of(opened(bob)) is None


def test_without_its_check_a_vault_of_other_keys_opens(bob, keys, monkeypatch):
    db.session.execute(update(Vault).values(umk_id=bytes(16)))
    db.session.commit()
    monkeypatch.setattr(vaults, "is_vault_of", lambda *_: True)
    assert id_of(opened(bob)) == keys.id


def test_stolen_database_without_pepper_does_not_open(bob, keys):
    """Attack 11: every row and the right passphrase, but not the server's secret."""
    row = people.credential_for(bob.id)
    params = KdfParams(row.memory_kib, row.passes, row.lanes)
    stretched = vault.stretch(PASSPHRASE, bob.id, row.salt, params)
    guessed = vaults.open_with_passphrase(bob.id, row, stretched, b"x" * 64)
    right = vaults.open_with_passphrase(bob.id, row, stretched, pepper())
    assert (guessed, right.id if right else None) == (None, keys.id)


# -- a reset by mail -----------------------------------------------------------------------


def reset(bob: Actor, passphrase: str) -> None:
    credential, _ = sign_ins.replace(bob.id, passphrase, settings())
    credential.changed_at = AT
    with writing():
        people.set_credential(bob.id, credential)


def test_reset_by_mail_leaves_the_vault_closed(bob, keys):
    reset(bob, "other words after a mail")
    found = opened(bob, "other words after a mail")
    assert (found is not None, id_of(found)) == (True, None)
    assert vaults.ways(bob.id).closed


def test_recovery_code_opens_after_a_reset(bob, keys):
    reset(bob, "other words after a mail")
    recover(bob, CODE, "other words after a mail")
    assert id_of(opened(bob, "other words after a mail")) == keys.id


def recover(bob: Actor, code: str, passphrase: str) -> None:
    used = vaults.open_with_code(bob, code)
    changed = sign_ins.change(Opened(bob.id, used.keys), passphrase, settings())
    assert changed.slot is not None
    with writing():
        vaults.keep_recovery(bob, AT, used, changed.credential, changed.slot)


# -- the recovery code ---------------------------------------------------------------------


def test_recovery_code_is_good_once(bob, keys):
    """Attack 27: the same code again."""
    recover(bob, CODE, PASSPHRASE)
    with pytest.raises(Invalid):
        recover(bob, CODE, PASSPHRASE)


def test_recovery_code_is_good_again_where_none_is_spent(bob, keys, monkeypatch):
    monkeypatch.setattr(vaults, "_spend", lambda *_: True)
    monkeypatch.setattr(vaults, "_check_way", lambda *_: None)
    recover(bob, CODE, PASSPHRASE)
    recover(bob, CODE, PASSPHRASE)
    assert id_of(opened(bob)) == keys.id


def test_recovery_code_used_twice_at_once_is_spent_once(bob, keys):
    first, second = vaults.open_with_code(bob, CODE), vaults.open_with_code(bob, CODE)
    changed = sign_ins.change(Opened(bob.id, first.keys), PASSPHRASE, settings())
    assert changed.slot is not None
    with writing():
        vaults.keep_recovery(bob, AT, first, changed.credential, changed.slot)
    with pytest.raises(Conflict), writing():
        vaults.keep_recovery(bob, AT, second, changed.credential, changed.slot)


def test_recovery_is_mailed_and_audited(bob, keys):
    recover(bob, CODE, PASSPHRASE)
    mails = db.session.scalars(select(Outbox.recipient)).all()
    acts = db.session.scalars(select(AuditEntry.act)).all()
    assert (mails, acts.count("vault.recover")) == ([bob.email], 1)


def test_recovery_code_of_somebody_else_does_not_open(bob, keys):
    charlie = factories.person("charlie")
    other = vault.new_recovery_code()
    furnish(charlie, code=other)
    with pytest.raises(Invalid) as refusal:
        vaults.open_with_code(bob, other)
    assert (refusal.value.field, refusal.value.msgid) == ("code", vaults.NOT_THIS_CODE)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [(CODE[:-1], "length"), ("%" + CODE[1:], "letter"), (CODE[5:] + "-" + CODE[:4], "checksum")],
    ids=["length", "letter", "checksum"],
)
def test_slip_in_typing_is_named(bob, keys, typed, reason):
    with pytest.raises(Invalid) as refusal:
        vaults.open_with_code(bob, typed)
    assert refusal.value.msgid == vaults.SLIPS[reason]


def test_new_code_counts_only_when_it_was_typed_back(bob, keys):
    with writing():
        code = vaults.new_code(bob, AT, keys)
    assert vaults.open_with_code(bob, CODE).keys.id == keys.id
    with writing():
        vaults.confirm_code(bob, AT, code.lower().replace("-", " "))
    assert vaults.open_with_code(bob, code).keys.id == keys.id
    with pytest.raises(Invalid):
        vaults.open_with_code(bob, CODE)


def test_code_that_opens_other_keys_is_not_confirmed(bob, keys):
    """The slot's word is not taken: the keys must be those that the vault was made with."""
    other = vault.new_recovery_code()
    envelope = vault.recovery_slot(Keys(bytes(32)), other, bob.id)
    db.session.merge(VaultSlot(person_id=bob.id, kind="pending", envelope=envelope, created_at=AT))
    db.session.commit()
    with pytest.raises(Invalid):
        vaults.confirm_code(bob, AT, other)


def test_ready_to_write_only_with_a_code_that_was_typed_back(bob):
    keys = furnish(bob, code=None)
    ready = [_ready(bob)]
    with writing():
        code = vaults.new_code(bob, AT, keys)
    ready.append(_ready(bob))
    with writing():
        vaults.confirm_code(bob, AT, code)
    assert [*ready, _ready(bob)] == [False, False, True]


def _ready(bob: Actor) -> bool:
    at = datetime.now(UTC) + timedelta(minutes=1)
    actor = people.actor_for(bob.sign_in_id, at)
    db.session.rollback()
    return actor is not None and actor.vault_ready


# -- changing the passphrase ---------------------------------------------------------------


def change(bob: Actor, passphrase: str) -> None:
    found = opened(bob)
    assert found is not None
    changed = sign_ins.change(found, passphrase, settings())
    with writing():
        sign_ins.keep_change(bob, changed, AT, Origin("https://s.example"))


def test_changed_passphrase_opens_and_the_former_does_not(bob, keys):
    change(bob, "seven brown owls asleep")
    assert (id_of(opened(bob, "seven brown owls asleep")), opened(bob)) == (keys.id, None)


def dearer(bob: Actor) -> KdfParams:
    """Bob's passphrase stretched for more than today's policy asks."""
    costs = KdfParams(settings().kdf_memory_kib + 1024, settings().kdf_passes + 1, 1)
    stronger = settings().model_copy(
        update={"kdf_memory_kib": costs.memory_kib, "kdf_passes": costs.passes}
    )
    found = opened(bob)
    assert found is not None
    changed = sign_ins.change(found, PASSPHRASE, stronger)
    with writing():
        sign_ins.keep_change(bob, changed, AT, Origin("https://s.example"))
    return costs


def costs_of(bob: Actor) -> KdfParams:
    row = people.credential_for(bob.id)
    return KdfParams(row.memory_kib, row.passes, row.lanes)


def test_change_never_lowers_the_costs(bob, keys):
    """Attack 28: a policy that was lowered does not weaken who was stronger."""
    costs = dearer(bob)
    change(bob, "seven brown owls asleep")
    assert costs_of(bob) == costs


def test_change_lowers_the_costs_where_the_larger_is_not_taken(bob, keys, monkeypatch):
    costs = dearer(bob)
    monkeypatch.setattr(vault, "stronger", lambda _one, other: other)
    monkeypatch.setattr(vault, "reseal_slot", _unguarded(vault.reseal_slot))
    change(bob, "seven brown owls asleep")
    assert costs_of(bob).memory_kib < costs.memory_kib


def _unguarded(reseal):
    def act(keys, person_id, stretched, params, salt, pepper, *, previous):
        return reseal(keys, person_id, stretched, params, salt, pepper, previous=params)

    return act


def test_cheap_slot_is_known_as_cheap(bob, keys):
    policy = sign_ins.policy(settings())
    dearer_policy = replace(policy, passes=policy.passes + 1)
    found = [vaults.is_cheap(bob.id, one) for one in (policy, dearer_policy)]
    assert found == [False, True]


# -- beginning again -----------------------------------------------------------------------


def count(model: type[object]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_beginning_again_leaves_nothing_of_the_old_vault(bob, keys):
    charlie = factories.person("charlie")
    theirs = furnish(charlie)
    with writing():
        notes.save_free(bob, keys, AT, factories.unknown(), "Mine", "gone after this")
        notes.save_free(charlie, theirs, AT, factories.unknown(), "Theirs", "stays")
    made = sign_ins.prepare(bob.id, PASSPHRASE, settings())
    with writing():
        vaults.begin_again(bob, AT)
        sign_ins.keep(made, AT)
    assert (count(Note), count(NoteRevision), count(NoteDraft), count(Credential)) == (1, 1, 0, 2)
    assert id_of(opened(bob)) == made.new_vault.keys.id
    assert vaults.ways(bob.id) == vaults.Ways(exists=True, closed=False, code=False, waiting=False)
