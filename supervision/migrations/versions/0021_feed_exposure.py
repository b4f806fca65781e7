"""calendar links know which programs fetch them, and whether one came over plain http"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INSTANTS = ("watched_from", "stranger_at", "plain_at", "put_away_at")


def upgrade() -> None:
    for name, length in (("families", 400), ("stranger", 40)):
        column = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("feed_subscription", column)
    for name in INSTANTS:
        column = sa.Column(name, sa.DateTime(timezone=True), nullable=True)
        op.add_column("feed_subscription", column)


def downgrade() -> None:
    for name in ("families", "stranger", *INSTANTS):
        op.drop_column("feed_subscription", name)
