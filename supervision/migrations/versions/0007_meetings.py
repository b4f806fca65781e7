"""meetings"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ASKED = sa.text("state = 'asked'")


def upgrade() -> None:
    op.create_table(
        "meeting_setting",
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("presenters", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "presenters BETWEEN 1 AND 6", name=op.f("ck_meeting_setting_presenters")
        ),
        sa.ForeignKeyConstraint(
            ["roster_id"], ["roster.id"], name=op.f("fk_meeting_setting_roster_id")
        ),
        sa.PrimaryKeyConstraint("roster_id", name=op.f("pk_meeting_setting")),
    )
    op.create_table(
        "meeting_turn",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_meeting_turn_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_meeting_turn_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_turn")),
        sa.UniqueConstraint(
            "session_id", "person_id", name=op.f("uq_meeting_turn_session_id_person_id")
        ),
    )
    op.create_table(
        "meeting_absence",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_meeting_absence_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_meeting_absence_person_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_meeting_absence")),
    )
    op.create_table(
        "meeting_swap",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("asker_id", sa.Uuid(), nullable=False),
        sa.Column("asked_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_meeting_swap_session_id")
        ),
        sa.ForeignKeyConstraint(["asker_id"], ["person.id"], name=op.f("fk_meeting_swap_asker_id")),
        sa.ForeignKeyConstraint(["asked_id"], ["person.id"], name=op.f("fk_meeting_swap_asked_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_swap")),
    )
    op.create_index(
        "uq_meeting_swap_asked",
        "meeting_swap",
        ["session_id", "asker_id"],
        unique=True,
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    )
    op.create_index("ix_meeting_swap_asked_id_state", "meeting_swap", ["asked_id", "state"])
    op.create_table(
        "meeting",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("step_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extra_seconds", sa.Integer(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("step >= 0", name=op.f("ck_meeting_step")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_meeting_session_id")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_meeting")),
    )


def downgrade() -> None:
    """Turns, their cases and times are lost with their tables; sessions stay."""
    for name in (
        "meeting",
        "meeting_swap",
        "meeting_absence",
        "meeting_turn",
        "meeting_setting",
    ):
        op.drop_table(name)
