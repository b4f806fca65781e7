"""a snapshot knows what each of its events was made from"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed_snapshot", sa.Column("keys", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("feed_snapshot", "keys")
