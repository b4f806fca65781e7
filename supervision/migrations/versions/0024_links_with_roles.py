"""a link carries its role and no token; resets are asked for by a row"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OPEN = "link.purpose = 'invitation' AND link.used_at IS NULL AND link.revoked_at IS NULL"


def upgrade() -> None:
    with op.batch_alter_table("link") as batch:
        batch.add_column(sa.Column("role", sa.String(16), nullable=True))
        batch.alter_column("token_hash", existing_type=sa.LargeBinary(), nullable=True)
    op.create_table(
        "reset_request",
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_request")),
    )
    op.execute("UPDATE link SET role = 'member' WHERE purpose = 'invitation'")
    # Who invited as an organiser, or from the command line, gave the role that stands on the row.
    op.execute(
        "UPDATE link SET role = (SELECT role FROM person WHERE person.id = link.person_id)"  # noqa: S608
        f" WHERE {OPEN} AND (made_by_id IS NULL OR made_by_id IN"
        " (SELECT id FROM person WHERE role = 'organiser' AND state = 'active'))"
    )
    # Who else invited was shown the link, so it proves no mailbox: they invite again, by mail.
    op.execute(
        f"UPDATE link SET revoked_at = CURRENT_TIMESTAMP WHERE {OPEN} AND made_by_id IS NOT NULL"  # noqa: S608
        " AND made_by_id NOT IN"
        " (SELECT id FROM person WHERE role = 'organiser' AND state = 'active')"
    )
    op.execute("UPDATE person SET role = 'member' WHERE state = 'invited'")


def downgrade() -> None:
    """Links without a hash do not open in the former version: their people are invited anew."""
    op.execute("DELETE FROM link WHERE token_hash IS NULL")
    for role in ("supervisor", "organiser"):
        op.execute(
            f"UPDATE person SET role = '{role}' WHERE state = 'invited' AND id IN"  # noqa: S608
            f" (SELECT person_id FROM link WHERE {OPEN} AND link.role = '{role}')"
        )
    op.drop_table("reset_request")
    with op.batch_alter_table("link") as batch:
        batch.alter_column("token_hash", existing_type=sa.LargeBinary(), nullable=False)
        batch.drop_column("role")
