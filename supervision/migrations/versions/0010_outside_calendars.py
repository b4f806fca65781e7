"""outside calendars"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outside_calendar",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("modified", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("good_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=300), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_outside_calendar_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_calendar")),
    )
    op.create_index(op.f("ix_outside_calendar_person_id"), "outside_calendar", ["person_id"])
    op.create_index(op.f("ix_outside_calendar_due_at"), "outside_calendar", ["due_at"])
    op.create_table(
        "outside_busy",
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_outside_busy_order")),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["outside_calendar.id"], name=op.f("fk_outside_busy_calendar_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_outside_busy_person_id")
        ),
        sa.PrimaryKeyConstraint("calendar_id", "starts_at", name=op.f("pk_outside_busy")),
    )
    op.create_index(
        "ix_outside_busy_person_id_starts_at_ends_at",
        "outside_busy",
        ["person_id", "starts_at", "ends_at"],
    )


def downgrade() -> None:
    """Addresses and busy times are lost; their owners add the calendars anew."""
    op.drop_table("outside_busy")
    op.drop_table("outside_calendar")
