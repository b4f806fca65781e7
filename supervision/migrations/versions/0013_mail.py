"""mail: kinds and states, what each person wants, rounds, sessions by when they begin"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'waiting'")
FAILED = sa.text("state = 'failed'")
PLANNED = sa.text("state = 'planned'")
UNSENT = sa.text("sent_at IS NULL")


def upgrade() -> None:
    """Mails that were given up after eight attempts wait for an organiser's word."""
    op.add_column(
        "outbox", sa.Column("kind", sa.String(16), nullable=False, server_default="rosters")
    )
    op.add_column(
        "outbox", sa.Column("state", sa.String(16), nullable=False, server_default="waiting")
    )
    op.execute("UPDATE outbox SET state = 'sent' WHERE sent_at IS NOT NULL")
    op.execute("UPDATE outbox SET state = 'failed' WHERE sent_at IS NULL AND attempts >= 8")
    op.execute(
        "UPDATE outbox SET kind = 'account' WHERE event LIKE 'invitation:%'"
        " OR event LIKE 'reset:%' OR event LIKE 'recovery:%'"
    )
    op.drop_index("ix_outbox_due_at", table_name="outbox")
    for name, where in (("ix_outbox_waiting", WAITING), ("ix_outbox_failed", FAILED)):
        op.create_index(name, "outbox", ["due_at"], sqlite_where=where, postgresql_where=where)
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])
    op.create_index(
        "ix_session_planned",
        "session",
        ["starts_at"],
        sqlite_where=PLANNED,
        postgresql_where=PLANNED,
    )
    op.add_column("person", sa.Column("mail_refused_at", sa.DateTime(timezone=True), nullable=True))
    _choices()
    op.create_table(
        "round",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_round")),
    )


def _choices() -> None:
    op.create_table(
        "mail_stop",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_stop_person_id")),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_mail_stop")),
    )
    op.create_table(
        "mail_reminder",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_mail_reminder_minutes")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mail_reminder_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", "minutes", name=op.f("pk_mail_reminder")),
    )
    op.create_table(
        "mail_agenda",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_mail_agenda_hour")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mail_agenda_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_agenda")),
    )
    op.create_index("ix_mail_agenda_due_at", "mail_agenda", ["due_at"])


def downgrade() -> None:
    """What people chose is forgotten. Letters that wait lose their form, so they are not sent."""
    for name in ("round", "mail_agenda", "mail_reminder", "mail_stop"):
        op.drop_table(name)
    op.drop_column("person", "mail_refused_at")
    op.drop_index("ix_session_planned", table_name="session")
    for name in ("ix_outbox_created_at", "ix_outbox_failed", "ix_outbox_waiting"):
        op.drop_index(name, table_name="outbox")
    op.execute("DELETE FROM outbox WHERE state <> 'sent'")
    op.drop_column("outbox", "state")
    op.drop_column("outbox", "kind")
    op.create_index(
        "ix_outbox_due_at", "outbox", ["due_at"], sqlite_where=UNSENT, postgresql_where=UNSENT
    )
