"""Whether the database is there and fits the code."""

from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from supervision.db import begin_write, db

MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Schema(StrEnum):
    """How the database's tables relate to the migrations that this code knows."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer"


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """All revisions that the code knows, and the last ones among them."""
    script = ScriptDirectory(str(MIGRATIONS))
    known = frozenset(step.revision for step in script.walk_revisions())
    return known, frozenset(script.get_heads())


def schema() -> Schema:
    """Compare the database's revision with the code's. Raises SQLAlchemyError."""
    found = frozenset(MigrationContext.configure(db.session.connection()).get_current_heads())
    known, last = _revisions()
    if not found:
        return Schema.EMPTY
    if not found <= known:
        return Schema.NEWER
    return Schema.CURRENT if found == last else Schema.BEHIND


def probe_writing() -> None:
    """Try a change and take it back. Raises SQLAlchemyError or OSError when nothing can be kept."""
    begin_write()
    try:
        db.session.execute(text("UPDATE alembic_version SET version_num = version_num"))
    finally:
        db.session.rollback()
