"""the head binds what is shared and the ways in; what is taken back has a word, openings a chain"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

IN_ORDER = """
UPDATE share_opening SET place = (
    SELECT count(*) FROM share_opening AS other
    WHERE other.share_id = share_opening.share_id
    AND (other.opened_at < share_opening.opened_at
         OR (other.opened_at = share_opening.opened_at AND other.id <= share_opening.id))
)
"""


def upgrade() -> None:
    op.add_column("vault", sa.Column("shares", sa.LargeBinary(), nullable=True))
    op.add_column("vault", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "share", sa.Column("list_number", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "share_taken",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_share_taken_owner_id")),
        sa.PrimaryKeyConstraint("share_id", name=op.f("pk_share_taken")),
    )
    op.create_index("ix_share_taken_owner_id", "share_taken", ["owner_id"])
    op.add_column("share_opening", sa.Column("place", sa.Integer(), nullable=True))
    op.add_column("share_opening", sa.Column("mac", sa.LargeBinary(), nullable=True))
    op.execute(IN_ORDER)
    op.execute(sa.text("UPDATE share_opening SET mac = :none").bindparams(none=b""))
    op.drop_index("ix_share_opening_share_id_opened_at", table_name="share_opening")
    with op.batch_alter_table("share_opening") as opening:
        opening.alter_column("place", existing_type=sa.Integer(), nullable=False)
        opening.alter_column("mac", existing_type=sa.LargeBinary(), nullable=False)
        opening.create_unique_constraint("uq_share_opening_share_id_place", ["share_id", "place"])


def downgrade() -> None:
    """Raises CommandError once a vault was unlocked: the former version reads no such head."""
    held = sa.text("SELECT count(*) FROM vault WHERE shares IS NOT NULL")
    if op.get_bind().execute(held).scalar():
        raise CommandError("Notes were unlocked since the upgrade. Restore the backup before it.")
    with op.batch_alter_table("share_opening") as opening:
        opening.drop_constraint("uq_share_opening_share_id_place", type_="unique")
        opening.drop_column("mac")
        opening.drop_column("place")
    op.create_index(
        "ix_share_opening_share_id_opened_at", "share_opening", ["share_id", "opened_at"]
    )
    op.drop_index("ix_share_taken_owner_id", table_name="share_taken")
    op.drop_table("share_taken")
    op.drop_column("share", "list_number")
    op.drop_column("vault", "refused_at")
    op.drop_column("vault", "shares")
