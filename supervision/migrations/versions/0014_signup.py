"""signing up for sessions: seats on each, its line, who signed off"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SEATS = "taken >= 0 AND taken <= coalesce(capacity, 0)"
OFFERED = sa.text("offered_until IS NOT NULL")
SEATED = sa.text("capacity IS NOT NULL")


def upgrade() -> None:
    """Nothing changes by itself: everybody is expected at every session, as before."""
    # By hand: a check that comes with its column spares SQLite from making the table anew, which
    # would take the claims and notes with it.
    _add("roster", "session_capacity INTEGER", "session_capacity BETWEEN 1 AND 100")
    _add("roster", "signup_hours INTEGER DEFAULT 24 NOT NULL", "signup_hours BETWEEN 0 AND 336")
    op.add_column(
        "roster", sa.Column("signup_told", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    for name in ("series", "session"):
        _add(name, "capacity INTEGER", "capacity BETWEEN 1 AND 100")
    _add("session", "taken INTEGER DEFAULT 0 NOT NULL", SEATS, "seats")
    op.create_index(
        "ix_session_signup",
        "session",
        ["roster_id", "starts_at"],
        sqlite_where=SEATED,
        postgresql_where=SEATED,
    )
    op.create_table(
        "signup_wait",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("auto", sa.Boolean(), nullable=False),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_signup_wait_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_signup_wait_person_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_signup_wait")),
    )
    op.create_index(
        "ix_signup_wait_offered_until",
        "signup_wait",
        ["offered_until"],
        sqlite_where=OFFERED,
        postgresql_where=OFFERED,
    )
    op.create_index("ix_signup_wait_person_id", "signup_wait", ["person_id"])
    op.create_table(
        "signup_off",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("signed_off_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_signup_off_session_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_signup_off_person_id")),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_signup_off")),
    )


def _add(table: str, column: str, check: str, name: str = "") -> None:
    constraint = f"ck_{table}_{name or column.partition(' ')[0]}"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} CONSTRAINT {constraint} CHECK ({check})")


def downgrade() -> None:
    """Lines and sign-offs are lost; who signed up stays claimed, who did not is not expected."""
    op.drop_table("signup_off")
    op.drop_table("signup_wait")
    op.drop_index("ix_session_signup", table_name="session")
    # The check goes with the column that it came with.
    op.drop_column("session", "taken")
    for name in ("session", "series"):
        op.drop_column(name, "capacity")
    for name in ("signup_told", "signup_hours", "session_capacity"):
        op.drop_column("roster", name)
