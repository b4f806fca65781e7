"""calendar links know for which client they are, and which version they were given"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CANCELLED = sa.text("state = 'cancelled'")


def upgrade() -> None:
    for column in (
        sa.Column("client", sa.String(16), nullable=False, server_default="other"),
        sa.Column("given_version", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("feed_subscription", column)
    op.add_column(
        "person",
        sa.Column("shares_receipts", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.create_index(
        "ix_session_cancelled",
        "session",
        ["starts_at"],
        sqlite_where=CANCELLED,
        postgresql_where=CANCELLED,
    )


def downgrade() -> None:
    op.drop_index("ix_session_cancelled", table_name="session")
    op.drop_column("person", "shares_receipts")
    for name in ("given_at", "given_version", "client"):
        op.drop_column("feed_subscription", name)
