"""self-booking: requests, holds without a session, who was late"""

import sqlalchemy as sa
from alembic import op

from supervision.models import guards

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HOLD = (
    "(session_id IS NULL) = (state = 'hold')"
    " AND (session_id IS NULL) = (hold_expires_at IS NOT NULL)"
    " AND (session_id IS NULL) = (held_by_id IS NOT NULL)"
)


def upgrade() -> None:
    op.add_column(
        "session", sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # By hand: SQLite can add a column that refers to another table, but not the reference alone,
    # and to make the table anew would take the claims and notes with it.
    kind = "CHAR(32)" if _is_sqlite() else "UUID"
    op.execute(
        f"ALTER TABLE session ADD COLUMN session_type_id {kind}"
        " CONSTRAINT fk_session_session_type_id REFERENCES session_type (id)"
    )
    op.create_index(
        "ix_session_requested",
        "session",
        ["starts_at"],
        sqlite_where=sa.text("state = 'requested'"),
        postgresql_where=sa.text("state = 'requested'"),
    )
    with op.batch_alter_table("claim") as batch:
        batch.alter_column("session_id", existing_type=sa.Uuid(), nullable=True)
        batch.add_column(sa.Column("held_by_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(op.f("fk_claim_held_by_id"), "person", ["held_by_id"], ["id"])
        batch.create_check_constraint(op.f("ck_claim_hold"), HOLD)
    op.create_index(
        "ix_claim_pending",
        "claim",
        ["person_id", "starts_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    _guard_again()


def downgrade() -> None:
    """Holds are let go; what was asked for or declined is kept as cancelled."""
    op.execute("DELETE FROM claim WHERE session_id IS NULL")
    op.drop_index("ix_claim_pending", table_name="claim")
    session = sa.table("session", sa.column("id", sa.Uuid()), sa.column("state", sa.String()))
    claim = sa.table(
        "claim",
        sa.column("session_id", sa.Uuid()),
        sa.column("hard", sa.Boolean()),
        sa.column("state", sa.String()),
    )
    unanswered = session.c.state.in_(("requested", "declined"))
    op.execute(
        claim.update()
        .where(claim.c.session_id.in_(sa.select(session.c.id).where(unanswered)))
        .values(hard=False, state="confirmed")
    )
    op.execute(session.update().where(unanswered).values(state="cancelled"))
    with op.batch_alter_table("claim") as batch:
        batch.drop_constraint(op.f("ck_claim_hold"), type_="check")
        batch.drop_constraint(op.f("fk_claim_held_by_id"), type_="foreignkey")
        batch.drop_column("held_by_id")
        batch.alter_column("session_id", existing_type=sa.Uuid(), nullable=False)
    _guard_again()
    op.drop_index("ix_session_requested", table_name="session")
    op.execute("ALTER TABLE session DROP COLUMN session_type_id")
    op.drop_column("session", "late")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _guard_again() -> None:
    """SQLite makes the table anew, and loses its triggers with the old one."""
    if _is_sqlite():
        for statement in guards.SQLITE_UP:
            op.execute(statement)
