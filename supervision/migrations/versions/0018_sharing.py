"""passages that are shared: pins of keys, shares, who was handed them, openings, comments"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}"))


def _share(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_share_id")
    return sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "key_pin",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        _person("key_pin", "owner_id"),
        _person("key_pin", "person_id"),
        sa.PrimaryKeyConstraint("owner_id", "person_id", name=op.f("pk_key_pin")),
    )
    op.create_table(
        "share",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("readers", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("wrap", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _person("share", "owner_id"),
        sa.ForeignKeyConstraint(
            ["note_id"], ["note.id"], name=op.f("fk_share_note_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
    )
    op.create_index("ix_share_note_id", "share", ["note_id"])
    op.create_index("ix_share_owner_id_changed_at", "share", ["owner_id", "changed_at"])
    op.create_table(
        "share_seal",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        _share("share_seal"),
        _person("share_seal", "reader_id"),
        sa.PrimaryKeyConstraint("share_id", "reader_id", name=op.f("pk_share_seal")),
    )
    op.create_index("ix_share_seal_reader_id", "share_seal", ["reader_id"])
    _around_a_share()


def _around_a_share() -> None:
    op.create_table(
        "share_opening",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _share("share_opening"),
        _person("share_opening", "reader_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_opening")),
    )
    op.create_index(
        "ix_share_opening_share_id_opened_at", "share_opening", ["share_id", "opened_at"]
    )
    op.create_table(
        "share_comment",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("wrap", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _share("share_comment"),
        _person("share_comment", "author_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_comment")),
    )
    op.create_index(
        "ix_share_comment_share_id_created_at", "share_comment", ["share_id", "created_at"]
    )


def downgrade() -> None:
    """What was shared is lost with its tables; the reflections it came from stay."""
    for name in ("share_comment", "share_opening", "share_seal", "share", "key_pin"):
        op.drop_table(name)
