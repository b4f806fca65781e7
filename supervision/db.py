"""The database object, its base class, column types, and how a transaction begins."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, MetaData, String, TypeDecorator, Uuid, event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

WRITE = "supervision_write"
BUSY_MS = 5000


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware and UTC in Python; timestamptz on PostgreSQL, UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraints get names, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    registry = registry(
        metadata=metadata,
        type_annotation_map={datetime: UTCDateTime, UUID: Uuid, str: String},
    )


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    engine_options={"hide_parameters": True},
    session_options={"autoflush": False, "expire_on_commit": False},
)

if TYPE_CHECKING:

    class Model(Base):
        """db.Model as the type checker should see it."""

        __abstract__ = True
        query: Any
else:
    Model = db.Model


class WithId:
    """A random id: it may stand in an address without telling how many there are."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    """SQLite: our own BEGIN, WAL, durable commits, real foreign keys, deleted means overwritten."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={BUSY_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Readers take a snapshot; writers queue on a file lock, then BEGIN IMMEDIATE.

    The lock is a fair queue where SQLite's busy timeout only polls; without it sixteen writers
    wait ten times longer at the 99th percentile.
    """
    if connection.dialect.name != "sqlite":
        return
    if connection.get_execution_options().get(WRITE):
        _take_lock(connection)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


def _take_lock(connection: Connection) -> None:
    path = connection.engine.url.database
    if path and path != ":memory:" and "lock" not in connection.info:
        file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        connection.info["lock"] = file
        fcntl.flock(file, fcntl.LOCK_EX)


@event.listens_for(Engine, "checkin")
def _release(_connection: Any, record: Any) -> None:
    """The connection went back after COMMIT or ROLLBACK: let the next writer in."""
    file = record.info.pop("lock", None)
    if file is not None:
        os.close(file)


def begin_write() -> None:
    """End any reading and begin the request's one writing transaction."""
    db.session.rollback()
    db.session.connection(bind_arguments={"bind": db.engine}, execution_options={WRITE: True})


@contextmanager
def writing() -> Iterator[None]:
    """A whole writing transaction: committed at its end, rolled back when something is raised."""
    begin_write()
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
