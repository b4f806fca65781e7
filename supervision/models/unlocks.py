"""Unlocked vaults, between two requests: rows in memory-backed storage, never in the database.

One plain SQLite file in the runtime folder (tmpfs), shared by the processes of one machine. A row
holds a person's master key sealed under what only their browser's cookie and the running server
know together; it is overwritten when it is deleted, and in no backup.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)
TABLE = """
CREATE TABLE IF NOT EXISTS unlocked (
    name BLOB PRIMARY KEY, person BLOB NOT NULL, sign_in BLOB NOT NULL, sealed BLOB NOT NULL,
    since REAL NOT NULL, touched REAL NOT NULL, counter INTEGER NOT NULL
) WITHOUT ROWID
"""
# Grows when the table changes. Rows of a former version are of a former start: they open nothing.
VERSION = 2
ALIVE = "touched > :idle AND since > :oldest"


@dataclass(frozen=True)
class Unlocked:
    """One browser's unlocked vault. `name` is SHA-256 of the cookie's first half.

    `counter` is that of the vault's head when it was last moved here: no older head is believed.
    """

    name: bytes
    person_id: UUID
    sign_in_id: UUID
    sealed: bytes
    since: datetime
    touched: datetime
    counter: int = 0


class Unlocks:
    """The rows. A connection for each use, so that it is safe after a fork and between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._make()

    def _make(self) -> None:
        """An empty file for its owner alone: whoever was unlocked in a lost one is locked."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            if file.execute("PRAGMA user_version").fetchone() != (VERSION,):
                file.execute("DROP TABLE IF EXISTS unlocked")
                file.execute(f"PRAGMA user_version = {VERSION}")
            file.execute(TABLE)
            file.execute("COMMIT")
        self._path.chmod(0o600)

    @contextmanager
    def _open(self, *, reading: bool = False) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():  # somebody cleared the folder in memory
            self._make()
        with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as file:
            if not reading:
                file.execute("PRAGMA secure_delete=ON")
                file.execute("PRAGMA synchronous=OFF")
            yield file

    def add(self, row: Unlocked) -> None:
        """Keep a row; the same sign-in's former ones, and all that have run out, go."""
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            file.execute(f"DELETE FROM unlocked WHERE NOT ({ALIVE})", _limits(row.since))  # noqa: S608 - a constant
            file.execute("DELETE FROM unlocked WHERE sign_in = ?", (row.sign_in_id.bytes,))
            file.execute(
                "INSERT INTO unlocked VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row.name,
                    row.person_id.bytes,
                    row.sign_in_id.bytes,
                    row.sealed,
                    row.since.timestamp(),
                    row.touched.timestamp(),
                    row.counter,
                ),
            )
            file.execute("COMMIT")

    def find(self, name: bytes, at: datetime) -> Unlocked | None:
        """The row of that name if it is neither idle nor too old; else it is deleted."""
        with self._open(reading=True) as file:
            row = file.execute(
                f"SELECT * FROM unlocked WHERE name = :name AND {ALIVE}",  # noqa: S608 - a constant
                {"name": name, **_limits(at)},
            ).fetchone()
        if row is None:
            self.delete(name)
            return None
        name, person, sign_in, sealed, since, touched, counter = row
        whose = (UUID(bytes=person), UUID(bytes=sign_in))
        since, touched = (datetime.fromtimestamp(seconds, UTC) for seconds in (since, touched))
        return Unlocked(name, *whose, sealed, since, touched, counter)

    def touch(self, name: bytes, at: datetime) -> None:
        """Its person did something; a row that has run out stays so."""
        with self._open() as file:
            file.execute(
                f"UPDATE unlocked SET touched = :at WHERE name = :name AND {ALIVE}",  # noqa: S608 - a constant
                {"name": name, "at": at.timestamp(), **_limits(at)},
            )

    def move(self, name: bytes, counter: int) -> None:
        """The head was moved to this counter."""
        with self._open() as file:
            file.execute(
                "UPDATE unlocked SET counter = max(counter, ?) WHERE name = ?", (counter, name)
            )

    def delete(self, name: bytes) -> None:
        with self._open() as file:
            file.execute("DELETE FROM unlocked WHERE name = ?", (name,))

    def delete_sign_in(self, sign_in_id: UUID) -> None:
        """Lock one browser, whatever cookie it brings."""
        with self._open() as file:
            file.execute("DELETE FROM unlocked WHERE sign_in = ?", (sign_in_id.bytes,))

    def delete_person(self, person_id: UUID, but: UUID | None = None) -> None:
        """Lock a person's browsers, all or all but one sign-in's."""
        spared = but.bytes if but else b""
        with self._open() as file:
            file.execute(
                "DELETE FROM unlocked WHERE person = ? AND sign_in <> ?",
                (person_id.bytes, spared),
            )

    def open_in(self, person_id: UUID, at: datetime) -> set[UUID]:
        """The sign-ins in whose browser a person's vault is open."""
        with self._open(reading=True) as file:
            rows = file.execute(
                f"SELECT sign_in FROM unlocked WHERE person = :person AND {ALIVE}",  # noqa: S608 - a constant
                {"person": person_id.bytes, **_limits(at)},
            ).fetchall()
        return {UUID(bytes=sign_in) for (sign_in,) in rows}

    def has_run_out(self, at: datetime) -> bool:
        """Whether `purge` has work."""
        with self._open(reading=True) as file:
            found = file.execute(
                f"SELECT 1 FROM unlocked WHERE NOT ({ALIVE}) LIMIT 1",  # noqa: S608 - a constant
                _limits(at),
            )
            return found.fetchone() is not None

    def purge(self, at: datetime) -> int:
        """Delete what has run out; returns how many rows that were."""
        with self._open() as file:
            return file.execute(
                f"DELETE FROM unlocked WHERE NOT ({ALIVE})",  # noqa: S608 - a constant
                _limits(at),
            ).rowcount


def _limits(at: datetime) -> dict[str, float]:
    return {"idle": (at - IDLE).timestamp(), "oldest": (at - LONGEST).timestamp()}
