"""announcements, and indexes by which a roster's people and a person's place are found at once"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
    )
    op.create_index("ix_membership_roster_id_person_id", "membership", ["roster_id", "person_id"])
    op.drop_index("ix_membership_person_id_state", table_name="membership")
    op.create_index(
        "ix_membership_person_id_roster_id_state", "membership", ["person_id", "roster_id", "state"]
    )


def downgrade() -> None:
    """Changes that nobody has been told of yet are forgotten with their table."""
    op.drop_index("ix_membership_person_id_roster_id_state", table_name="membership")
    op.create_index("ix_membership_person_id_state", "membership", ["person_id", "state"])
    op.drop_index("ix_membership_roster_id_person_id", table_name="membership")
    op.drop_table("announcement")
