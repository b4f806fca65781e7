"""series edits: where its series puts a session now, and which days it leaves out"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("due_local", sa.String(length=16), nullable=True))
    op.add_column("series", sa.Column("skips", sa.Text(), nullable=False, server_default=""))
    # Until now a moved series kept its days and changed its hour alone.
    op.execute(
        "UPDATE session SET due_local = substr(original_local, 1, 11) || "
        "(SELECT substr(starts_local, 12) FROM series WHERE series.id = session.series_id) "
        "WHERE series_id IS NOT NULL AND substr(original_local, 12) <> "
        "(SELECT substr(starts_local, 12) FROM series WHERE series.id = session.series_id)"
    )


def downgrade() -> None:
    """Sessions keep their times; where a series put them, and what it leaves out, is forgotten."""
    op.drop_column("series", "skips")
    op.drop_column("session", "due_local")
