"""availability: terms, kinds of session, weekly hours, dates that differ, time off"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HOURS = "from_minute >= 0 AND from_minute < to_minute AND to_minute <= 1440"


def upgrade() -> None:
    op.create_table(
        "availability_terms",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("step_minutes", sa.Integer(), nullable=False),
        sa.Column("before_minutes", sa.Integer(), nullable=False),
        sa.Column("after_minutes", sa.Integer(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("most_a_day", sa.Integer(), nullable=True),
        sa.Column("most_a_week", sa.Integer(), nullable=True),
        sa.Column("cancel_hours", sa.Integer(), nullable=False),
        sa.Column("holiday_country", sa.String(length=2), nullable=False),
        sa.Column("holiday_region", sa.String(length=16), nullable=False),
        _check("step_minutes BETWEEN 5 AND 480", "availability_terms_step_minutes"),
        _check("before_minutes BETWEEN 0 AND 480", "availability_terms_before_minutes"),
        _check("after_minutes BETWEEN 0 AND 480", "availability_terms_after_minutes"),
        _check("notice_minutes >= 0", "availability_terms_notice_minutes"),
        _check("horizon_days BETWEEN 1 AND 366", "availability_terms_horizon_days"),
        _check("most_a_day > 0", "availability_terms_most_a_day"),
        _check("most_a_week > 0", "availability_terms_most_a_week"),
        _check("cancel_hours >= 0", "availability_terms_cancel_hours"),
        _of_person("availability_terms"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_availability_terms")),
    )
    _add(
        "session_type",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("most_weeks", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _check("minutes BETWEEN 10 AND 480", "session_type_minutes"),
        _check("most_weeks BETWEEN 1 AND 52", "session_type_most_weeks"),
    )
    _add(
        "availability_rule",
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("to_minute", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        _check("weekday BETWEEN 0 AND 6", "availability_rule_weekday"),
        _check(HOURS, "availability_rule_hours"),
        _check("from_on <= until_on", "availability_rule_dates"),
    )
    _add(
        "availability_override",
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=True),
        sa.Column("to_minute", sa.Integer(), nullable=True),
        _check(f"from_minute IS NULL OR ({HOURS})", "availability_override_hours"),
        _check("(from_minute IS NULL) = (to_minute IS NULL)", "availability_override_closed"),
    )
    _add(
        "time_off",
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        _check("first_on <= last_on", "time_off_dates"),
    )


def _check(condition: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{name}"))


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{table}_person_id"))


def _add(table: str, *rest: sa.schema.SchemaItem) -> None:
    """A table of rows with ids, that belong to persons and are found by them."""
    op.create_table(
        table,
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *rest,
        _of_person(table),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"])


def downgrade() -> None:
    """What people said of their hours is lost."""
    for table in ("time_off", "availability_override", "availability_rule", "session_type"):
        op.drop_index(op.f(f"ix_{table}_person_id"), table_name=table)
        op.drop_table(table)
    op.drop_table("availability_terms")
