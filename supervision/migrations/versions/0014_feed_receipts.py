"""calendar links know for which client they are, and which version they were given"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("client", sa.String(16), nullable=False, server_default="other"),
        sa.Column("given_version", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("feed_subscription", column)


def downgrade() -> None:
    for name in ("given_at", "given_version", "client"):
        op.drop_column("feed_subscription", name)
