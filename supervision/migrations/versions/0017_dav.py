"""calendars of accounts"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dav_collection",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("given", sa.String(length=32), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["feed_subscription.id"],
            name=op.f("fk_dav_collection_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("subscription_id", "name", name=op.f("pk_dav_collection")),
    )


def downgrade() -> None:
    """Accounts end: nothing could tell their passwords from the addresses of links."""
    op.drop_table("dav_collection")
    op.execute("UPDATE feed_subscription SET off_at = created_at WHERE client = 'account'")
    op.execute("UPDATE feed_subscription SET client = 'other' WHERE client = 'account'")
