"""who was invited to a series as one rule"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series_invitation",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("whole_sequence", sa.Integer(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("goes_on", sa.Boolean(), nullable=False),
        sa.Column("held", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name="fk_series_invitation_series_id"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_series_invitation_person_id"
        ),
        sa.PrimaryKeyConstraint("series_id", "person_id", name="pk_series_invitation"),
    )
    op.add_column("session_reply", sa.Column("series_sequence", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("session_reply", "series_sequence")
    op.drop_table("series_invitation")
