"""a sign-in knows when it was last used, a person when they left, a vault its former key"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CLOSED = sa.text("state = 'closed'")


def upgrade() -> None:
    op.add_column("sign_in", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("vault", sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("vault", sa.Column("former", sa.LargeBinary(), nullable=True))
    op.add_column(
        "note_revision", sa.Column("turn", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_index(
        "ix_person_closed",
        "person",
        ["closed_at"],
        sqlite_where=CLOSED,
        postgresql_where=CLOSED,
    )


def downgrade() -> None:
    op.drop_index("ix_person_closed", table_name="person")
    op.drop_column("note_revision", "turn")
    op.drop_column("vault", "former")
    op.drop_column("vault", "turn")
    op.drop_column("person", "closed_at")
    op.drop_column("sign_in", "used_at")
