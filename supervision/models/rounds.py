"""What is done once in a while, by whichever worker comes first."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from supervision.db import Model


class Round(Model):
    """One kind of work: due at `due_at`, done for everything up to `done_until`."""

    __tablename__ = "round"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    due_at: Mapped[datetime]
    done_until: Mapped[datetime]
