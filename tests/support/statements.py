"""Which SQL statements run, so that a list can prove that it asks no more for thirty rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from supervision.db import db


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collects the statements that the application's engine runs; BEGIN and the like are none."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
