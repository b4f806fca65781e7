"""What somebody shares of a reflection, with whom, who has opened it, and what they write back.

All text is sealed. Who shares with whom, and when, is not.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model, WithId


class KeyPin(Model):
    """`owner_id` has compared eight words with `person_id`, whose keys were of that `epoch` then.

    `mac` is made under the owner's vault: nobody else can write such a row.
    """

    __tablename__ = "key_pin"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    epoch: Mapped[int]
    mac: Mapped[bytes]
    checked_at: Mapped[datetime]


class Share(WithId, Model):
    """A text of a note's, sealed by itself, in its `number`-th state; it goes with its note.

    `readers` lists who may read it, under the owner's `signature`; who can is who has a seal.
    `list_number` grows with each change of the list; 0 is one from before lists were numbered. Once
    taken back from everybody it is empty: `readers`, `envelope` and `wrap`.
    """

    __tablename__ = "share"
    __table_args__ = (
        Index("ix_share_note_id", "note_id"),
        Index("ix_share_owner_id_changed_at", "owner_id", "changed_at"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    note_id: Mapped[UUID] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]
    epoch: Mapped[int]
    readers: Mapped[bytes]
    list_number: Mapped[int] = mapped_column(default=1, server_default="0")
    signature: Mapped[bytes]
    envelope: Mapped[bytes]
    wrap: Mapped[bytes]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ShareSeal(Model):
    """The key of a share, sealed to one reader and signed by its owner. Without it, no reading."""

    __tablename__ = "share_seal"
    __table_args__ = (Index("ix_share_seal_reader_id", "reader_id"),)

    share_id: Mapped[UUID] = mapped_column(
        ForeignKey("share.id", ondelete="CASCADE"), primary_key=True
    )
    reader_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    sealed_key: Mapped[bytes]
    signature: Mapped[bytes]


class ShareTaken(Model):
    """The server's word that a share's lists up to this number were taken back.

    It refers to no row of the share: put back whole, that must not take its word along.
    """

    __tablename__ = "share_taken"

    share_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    list_number: Mapped[int]
    mac: Mapped[bytes]


class ShareOpening(WithId, Model):
    """A reader has opened a share in its `number`-th state. Its owner alone sees this.

    `place` is its place in the chain of the share's openings (1, …); `mac` is over the one before.
    """

    __tablename__ = "share_opening"
    __table_args__ = (
        UniqueConstraint("share_id", "place", name="uq_share_opening_share_id_place"),
    )

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id", ondelete="CASCADE"))
    reader_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    opened_at: Mapped[datetime]
    place: Mapped[int]
    mac: Mapped[bytes]


class ShareComment(WithId, Model):
    """What a reader writes about a share in its `number`-th state, sealed to its owner.

    `wrap` opens it for who wrote it; `epoch` is that of their keys.
    """

    __tablename__ = "share_comment"
    __table_args__ = (Index("ix_share_comment_share_id_created_at", "share_id", "created_at"),)

    share_id: Mapped[UUID] = mapped_column(ForeignKey("share.id", ondelete="CASCADE"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    epoch: Mapped[int]
    envelope: Mapped[bytes]
    wrap: Mapped[bytes]
    sealed_key: Mapped[bytes]
    signature: Mapped[bytes]
    created_at: Mapped[datetime]
