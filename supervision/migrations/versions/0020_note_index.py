"""a sealed catalogue of each person's notes, and where in it a note stands"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note_index",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_note_index_owner_id")),
        sa.PrimaryKeyConstraint("owner_id", "part", "number", name=op.f("pk_note_index")),
    )
    op.add_column("note", sa.Column("segment", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("note", "segment")
    op.drop_table("note_index")
