"""The one look-up that answers nearly every calendar client, on the database's own driver.

Through SQLAlchemy's connection the same statement costs six times as much. What is not plainly
good is left to `read_feed`.
"""

from collections import OrderedDict
from contextlib import closing
from datetime import datetime
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Dialect, Engine, Select, bindparam, select
from sqlalchemy.types import TypeEngine

from supervision.db import looking
from supervision.models.feeds import FeedSnapshot, FeedSubscription
from supervision.models.people import Person
from supervision.services.feeds.fetches import RECEIPT_EVERY
from supervision.services.feeds.reading import Feed, Held
from supervision.services.feeds.subscriptions import token_hash

MOST_BYTES = 8 * 1024 * 1024

_STATE = (
    select(FeedSnapshot.day, FeedSnapshot.etag, FeedSnapshot.modified_at, Person.zone)
    .join(FeedSubscription, FeedSubscription.id == FeedSnapshot.subscription_id)
    .join(Person, Person.id == FeedSubscription.person_id)
    .where(
        FeedSubscription.token_hash == bindparam("hash"),
        FeedSubscription.off_at.is_(None),
        FeedSubscription.fetched_at > bindparam("due"),
        FeedSnapshot.version == Person.feed_version,
        FeedSubscription.given_version == FeedSnapshot.version,
    )
)
_BODY = {
    zipped: select(column)
    .join(FeedSubscription, FeedSubscription.id == FeedSnapshot.subscription_id)
    .where(
        FeedSubscription.token_hash == bindparam("hash"),
        FeedSnapshot.etag == bindparam("etag"),
    )
    for zipped, column in ((False, FeedSnapshot.body), (True, FeedSnapshot.gzipped))
}


class Statement:
    """A select as a driver takes it, with what turns values into the driver's and back."""

    def __init__(self, query: Select[*tuple[Any, ...]], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect)
        self.text, self._order = str(compiled), compiled.positiontup
        self._into = {
            name: _as_is(parameter.type.bind_processor(dialect))
            for name, parameter in compiled.binds.items()
        }
        self._out = [
            _as_is(_result_processor(column.type, dialect)) for column in query.selected_columns
        ]

    def one(self, connection: Any, **values: object) -> list[Any] | None:
        """The only row, as Python's values; None where there is none."""
        found = {name: self._into[name](value) for name, value in values.items()}
        given = found if self._order is None else [found[name] for name in self._order]
        with closing(connection.cursor()) as cursor:
            row = cursor.execute(self.text, given).fetchone()
        if row is None:
            return None
        return [read(value) for read, value in zip(self._out, row, strict=True)]


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> Any:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _as_is(processor: Any) -> Any:
    return processor or (lambda value: value)


class Glance:
    """Looks at snapshots, and remembers the bytes last given: they are named by their hash."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._state = Statement(_STATE, engine.dialect)
        self._body = {zipped: Statement(query, engine.dialect) for zipped, query in _BODY.items()}
        self._held = Bodies(MOST_BYTES)

    def __call__(self, token: str, at: datetime, held: Held, zipped: bool) -> Feed | None:
        """200 or 304 for a token whose snapshot is good when nothing is to be written, else None.

        A database in trouble is None too.
        """
        try:
            with looking(self._engine) as connection:
                return self._look(connection, token, at, held, zipped)
        except self._engine.dialect.loaded_dbapi.Error:
            return None

    def _look(
        self, connection: Any, token: str, at: datetime, held: Held, zipped: bool
    ) -> Feed | None:
        hashed = token_hash(token)
        row = self._state.one(connection, hash=hashed, due=at - RECEIPT_EVERY)
        if row is None:
            return None
        day, etag, modified_at, zone = row
        if day != at.astimezone(ZoneInfo(zone)).date():
            return None
        if held.covers(etag, modified_at):
            return Feed(304, b"", etag, modified_at)
        key = (hashed, etag, zipped)
        body = self._held.get(key)
        if body is None:
            found = self._body[zipped].one(connection, hash=hashed, etag=etag)
            if found is None or not found[0]:
                return None
            body = self._held.keep(key, bytes(found[0]))
        return Feed(200, body, etag, modified_at)


class Bodies:
    """The bytes that were asked for last, no more than so many together."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[object, ...]) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: tuple[object, ...], body: bytes) -> bytes:
        """Keep a body, and let go of those that were not asked for longest."""
        with self._lock:
            self._size += len(body) - len(self._kept.pop(key, b""))
            self._kept[key] = body
            while self._size > self._most:
                _key, gone = self._kept.popitem(last=False)
                self._size -= len(gone)
        return body
