"""notes are counted along an index"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

THERE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_note_owner_id_id",
        "note",
        ["owner_id", "id"],
        sqlite_where=THERE,
        postgresql_where=THERE,
    )


def downgrade() -> None:
    op.drop_index("ix_note_owner_id_id", table_name="note")
