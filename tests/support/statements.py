"""Which SQL statements run, so that a list can prove that it asks no more for thirty rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import event

from supervision.db import db
from supervision.services.feeds.glance import Statement


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collects the statements that the application runs, those that go straight to the driver too.

    BEGIN and the like are none.
    """
    seen: list[str] = []
    one = Statement.one

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    def glanced(self: Statement, connection: Any, **values: object) -> Any:
        seen.append(self.text)
        return one(self, connection, **values)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with mock.patch.object(Statement, "one", glanced):
            yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
