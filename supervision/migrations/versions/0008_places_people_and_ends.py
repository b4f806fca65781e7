"""a place and people of its own for a session or series, and a word before a series ends"""

from datetime import timedelta
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HAS_END = sa.text("warn_at IS NOT NULL")
NOT_WARNED = sa.text("warned = 'not_yet'")
LEFT, AHEAD = 3, timedelta(weeks=4)


def upgrade() -> None:
    for table in ("session", "series"):
        op.add_column(table, sa.Column("address", sa.String(length=300), nullable=True))
        op.add_column(table, sa.Column("meeting_link", sa.String(length=500), nullable=True))
        op.add_column(
            table, sa.Column("for_all", sa.Boolean(), nullable=False, server_default=sa.true())
        )
    op.create_table(
        "series_person",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_person_series_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_series_person_person_id")
        ),
        sa.PrimaryKeyConstraint("series_id", "person_id", name=op.f("pk_series_person")),
    )
    op.add_column("series", sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "series",
        sa.Column("warned", sa.String(length=16), nullable=False, server_default="not_yet"),
    )
    _warn_of_those_that_end()
    op.drop_index("ix_series_roster_id", table_name="series")
    op.create_index("ix_series_roster_id_rolled_until", "series", ["roster_id", "rolled_until"])
    op.create_index(
        "ix_series_roster_id_warn_at",
        "series",
        ["roster_id", "warn_at"],
        sqlite_where=HAS_END,
        postgresql_where=HAS_END,
    )
    op.create_index(
        "ix_series_not_warned",
        "series",
        ["warn_at"],
        sqlite_where=NOT_WARNED,
        postgresql_where=NOT_WARNED,
    )
    op.create_index("ix_series_split_from_id", "series", ["split_from_id"])


def _warn_of_those_that_end() -> None:
    """As `domain.endings` has it, for series that have an end and that none goes on from."""
    columns = (sa.column("id", sa.Uuid()), sa.column("warn_at", sa.DateTime(timezone=True)))
    series = sa.table("series", *columns)
    starts = sa.text(
        "SELECT series.id, session.starts_at FROM series"
        " JOIN session ON session.series_id = series.id"
        " WHERE series.state = 'planned' AND session.state = 'planned'"
        " AND (series.rrule LIKE '%UNTIL=%' OR series.rrule LIKE '%COUNT=%')"
        " AND NOT EXISTS (SELECT 1 FROM series AS later WHERE later.split_from_id = series.id)"
        " ORDER BY series.id, session.starts_at"
    ).columns(id=sa.Uuid(), starts_at=sa.DateTime(timezone=True))
    for key, rows in groupby(op.get_bind().execute(starts).all(), lambda row: row.id):
        due = [row.starts_at for row in rows]
        fourth_last = due[-1 - LEFT] if len(due) > LEFT else due[0]
        warn_at = max(due[0], min(fourth_last, due[-1] - AHEAD))
        op.execute(series.update().where(series.c.id == key).values(warn_at=warn_at))


def downgrade() -> None:
    """Places and people of their own are forgotten: sessions are everybody's, where they were."""
    op.drop_index("ix_series_split_from_id", table_name="series")
    op.drop_index("ix_series_not_warned", table_name="series")
    op.drop_index("ix_series_roster_id_warn_at", table_name="series")
    op.drop_index("ix_series_roster_id_rolled_until", table_name="series")
    op.create_index("ix_series_roster_id", "series", ["roster_id"])
    op.drop_column("series", "warned")
    op.drop_column("series", "warn_at")
    op.drop_table("series_person")
    for table in ("series", "session"):
        for column in ("for_all", "meeting_link", "address"):
            op.drop_column(table, column)
