"""Vaults and the sealed notes in them. Nothing here can be read without its owner's key."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class SlotKind(StrEnum):
    """The ways into a vault. PENDING: a new recovery code, shown but not yet typed back."""

    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a way in
    RECOVERY = "recovery"
    PENDING = "pending"


class Vault(Model):
    """A person's key pairs, sealed under their master key, and the head over all their notes.

    `umk_id` names the master key and tells nothing of it; `head_counter` is what the head opens by.
    `shares` is the ledger of what is shared, whose hash the head holds. `refused_at` is when a
    former way in was put back and refused, until its owner was told.
    `turn` counts how often the master key was replaced; `former` is the one before, sealed under
    the present one, while some revisions are still under it.
    """

    __tablename__ = "vault"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(default=1)
    public: Mapped[bytes]
    private: Mapped[bytes]
    head: Mapped[bytes]
    head_counter: Mapped[int] = mapped_column(default=0)
    umk_id: Mapped[bytes]
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    former: Mapped[bytes | None]
    shares: Mapped[bytes | None] = mapped_column(deferred=True)
    refused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class VaultSlot(Model):
    """The master key, wrapped for one way in. `salt` and costs are those of its passphrase."""

    __tablename__ = "vault_slot"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    salt: Mapped[bytes | None]
    memory_kib: Mapped[int | None]
    passes: Mapped[int | None]
    lanes: Mapped[int | None]
    envelope: Mapped[bytes]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class Note(WithId, Model):
    """A reflection's outside: whose it is and the local day it began. All else is sealed.

    No column says which revision is the latest: who writes the database could say an old one is.
    `segment` is where the catalogue has it, and believed only if it is found there.
    """

    __tablename__ = "note"
    __table_args__ = (
        Index("ix_note_owner_id_created_on", "owner_id", "created_on"),
        # In the order of the revisions' own index: counting them is a walk along both.
        Index(
            "ix_note_owner_id_id",
            "owner_id",
            "id",
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_on: Mapped[date]
    deleted_at: Mapped[datetime | None]
    segment: Mapped[int | None]


class NoteIndex(Model):
    """A sealed part of somebody's catalogue of notes: its root, or a segment's cards or texts."""

    __tablename__ = "note_index"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    envelope: Mapped[bytes]


class NoteRevision(Model):
    """One saved state of a note: the envelope, and its key wrapped under the owner's.

    The wrap is under the master key of the vault's `turn`, or the one before while it is behind.
    """

    __tablename__ = "note_revision"

    note_id: Mapped[UUID] = mapped_column(ForeignKey("note.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    envelope: Mapped[bytes]
    wrap: Mapped[bytes]
    epoch: Mapped[int]
    turn: Mapped[int] = mapped_column(default=0, server_default="0")


class NoteDraft(WithId, Model):
    """A save that met a locked vault, sealed to its writer's public key until the next unlock.

    `id` is that of the opened editor, so that its later saves replace its earlier ones; `base` is
    the revision that the text was written over, 0 for a new note.
    """

    __tablename__ = "note_draft"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    note_id: Mapped[UUID]
    base: Mapped[int]
    envelope: Mapped[bytes]
    wrap: Mapped[bytes]
    created_on: Mapped[date]
