"""attendance: who was there, what stood before, who agrees; leave"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attendance",
        *_of_session_and_person("attendance"),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("contracted", sa.Boolean(), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_said("attendance"),
        sa.CheckConstraint(
            "minutes BETWEEN 15 AND 480 AND minutes % 15 = 0",
            name=op.f("ck_attendance_minutes"),
        ),
        sa.CheckConstraint(
            "(minutes IS NOT NULL) = (state IN ('attended', 'partly'))",
            name=op.f("ck_attendance_there"),
        ),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_attendance")),
    )
    op.create_table(
        "attendance_before",
        *_of_session_and_person("attendance_before"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        *_said("attendance_before"),
        sa.PrimaryKeyConstraint(
            "session_id", "person_id", "version", name=op.f("pk_attendance_before")
        ),
    )
    op.create_table(
        "attendance_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of_session_and_person("attendance_answer"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_answer")),
    )
    op.create_index("ix_attendance_answer_session_id", "attendance_answer", ["session_id"])
    op.create_table(
        "leave_period",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("roster_id", sa.Uuid(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_leave_period_dates")),
        _refers("leave_period", "person_id", "person.id"),
        _refers("leave_period", "roster_id", "roster.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave_period")),
    )
    op.create_index("ix_leave_period_person_id", "leave_period", ["person_id"])
    op.add_column(
        "meeting_absence", sa.Column("said_at", sa.DateTime(timezone=True), nullable=True)
    )


def _of_session_and_person(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        _refers(table, "session_id", "session.id"),
        _refers(table, "person_id", "person.id"),
    )


def _said(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("marked_by_id", sa.Uuid(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        _refers(table, "marked_by_id", "person.id"),
    )


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Who was there, and who is on leave, is lost; sessions and planned absences stay."""
    op.drop_column("meeting_absence", "said_at")
    op.drop_table("leave_period")
    op.drop_table("attendance_answer")
    op.drop_table("attendance_before")
    op.drop_table("attendance")
