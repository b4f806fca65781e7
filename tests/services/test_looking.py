"""A look at what is committed lends a pooled connection another mode: it must not keep it."""

import builtins
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import func, select

from supervision.db import db, looking, writing
from supervision.models.people import Person
from tests import factories

EVERY = [
    it for it in vars(builtins).values() if isinstance(it, type) and issubclass(it, BaseException)
]


def made(kind: type[BaseException]) -> BaseException:
    """An exception as it is raised; it takes what it wants to be told."""
    if issubclass(kind, BaseExceptionGroup):
        return kind("several", [ValueError()])
    if issubclass(kind, UnicodeTranslateError):
        return kind("a", 0, 1, "odd")
    if issubclass(kind, UnicodeDecodeError):
        return kind("ascii", b"a", 0, 1, "odd")
    if issubclass(kind, UnicodeEncodeError):
        return kind("ascii", "a", 0, 1, "odd")
    return kind()


def begin_and_give_up() -> None:
    with writing():
        factories.person("bob")
        raise RuntimeError


def rows_after_a_rollback() -> int:
    with pytest.raises(RuntimeError):
        begin_and_give_up()
    left: int = db.session.scalars(select(func.count()).select_from(Person)).one()
    db.session.rollback()
    return left


def rows_after_a_look_that_raised(error: BaseException) -> int:
    db.session.remove()
    with suppress(type(error)), looking(db.engine) as connection:
        connection.execute("SELECT 1")
        raise error
    return rows_after_a_rollback()


@pytest.mark.usefixtures("app")
def test_rollback_after_a_look_that_raised_leaves_nothing() -> None:
    left = {kind.__name__: rows_after_a_look_that_raised(made(kind)) for kind in EVERY}
    assert [name for name, rows in left.items() if rows] == []


@pytest.mark.usefixtures("app")
def test_rollback_after_a_look_that_the_driver_ended_leaves_nothing() -> None:
    db.session.remove()
    with pytest.raises(db.engine.dialect.loaded_dbapi.Error), looking(db.engine) as connection:
        connection.execute("SELECT no_such_thing")
    assert rows_after_a_rollback() == 0


@pytest.mark.usefixtures("app")
def test_rollback_after_a_look_that_nobody_ended_leaves_nothing() -> None:
    def rows() -> Generator[Any, None, None]:
        with looking(db.engine) as connection:
            yield connection.execute("SELECT 1").fetchone()

    db.session.remove()
    given = rows()
    assert tuple(next(given)) == (1,)
    given.close()
    assert rows_after_a_rollback() == 0


@pytest.mark.usefixtures("app")
def test_look_that_went_well_keeps_its_connection() -> None:
    db.session.remove()
    with looking(db.engine) as connection:
        first = connection.dbapi_connection
    with looking(db.engine) as connection:
        assert connection.dbapi_connection is first
    assert rows_after_a_rollback() == 0
