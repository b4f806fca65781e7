"""Alembic's environment: the application's own engine and models."""

from typing import Any, Literal

from alembic import context
from flask import current_app

from supervision.db import WRITE, UTCDateTime, db

target = db.metadata


def _render(_kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Migrations are frozen: they name SQLAlchemy's types, not ours."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UTCDateTime) else False


def run() -> None:
    """Migrate over one connection; on SQLite the writers' queue is joined."""
    with db.engine.connect().execution_options(**{WRITE: True}) as connection:
        context.configure(
            connection=connection,
            target_metadata=target,
            render_item=_render,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
