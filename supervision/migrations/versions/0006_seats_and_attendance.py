"""seats and attendance"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Who waits already keeps their turn."""
    op.add_column("membership", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "membership", sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute("UPDATE membership SET waits_since = created_at WHERE state = 'waiting'")
    op.create_index(
        "ix_membership_offered_until",
        "membership",
        ["offered_until"],
        sqlite_where=sa.text("offered_until IS NOT NULL"),
        postgresql_where=sa.text("offered_until IS NOT NULL"),
    )


def downgrade() -> None:
    """Seats that are kept for somebody who waits become free; they go on waiting."""
    op.execute(
        "UPDATE roster SET taken = taken - (SELECT count(*) FROM membership"
        " WHERE membership.roster_id = roster.id AND membership.offered_until IS NOT NULL)"
    )
    op.drop_index("ix_membership_offered_until", table_name="membership")
    op.drop_column("membership", "offered_until")
    op.drop_column("membership", "waits_since")
