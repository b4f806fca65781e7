"""Throttling: how often an account may be tried, and how often one address may try.

Counters are windows that open at the first try. They live in memory-backed storage that all
workers of the machine share, and are lost at a restart of the machine.
"""

import hashlib
import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path

from flask import Flask, current_app, request
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from supervision import clock
from supervision.config import LOOPBACK, Settings
from supervision.web import runtime
from supervision.web.settings import settings as current_settings

AT_ONCE = 2
# A try whose process was killed counts as under way no longer than this many seconds.
LONGEST_TRY = 10
TABLE = """
CREATE TABLE IF NOT EXISTS counter
(name TEXT PRIMARY KEY, tries INTEGER NOT NULL, ends_at REAL NOT NULL) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Throttle:
    """How many tries: for an account from one address, for an account at all, from one address."""

    name: str
    here: RateLimitItem
    account: RateLimitItem
    address: RateLimitItem


def _throttle(name: str, here: str, account: str, address: str) -> Throttle:
    return Throttle(name, parse(here), parse(account), parse(address))


# A stranger who fails on purpose locks an account for their own address long before they lock it
# for its owner, who sits elsewhere.
SIGN_IN = _throttle("sign-in", "10/15 minutes", "50/15 minutes", "100/15 minutes")
UNLOCK = _throttle("unlock", "10/15 minutes", "30/15 minutes", "100/15 minutes")
# Wrong ones alone are counted: 256 random bits are not guessed, and nobody is to be locked out.
ACCOUNT = _throttle("account", "10/15 minutes", "50/15 minutes", "100/15 minutes")
RECOVERY = _throttle("recovery", "5/15 minutes", "20/hour", "30/hour")
RESET = _throttle("reset", "3/hour", "6/hour", "30/hour")
INVITATION = _throttle("invitation", "30/hour", "60/hour", "60/hour")
# Asked while somebody types.
STRENGTH = _throttle("strength", "600/15 minutes", "600/15 minutes", "600/15 minutes")
CALENDAR = _throttle("calendar", "20/hour", "20/hour", "100/hour")
INVITE = _throttle("invite", "40/hour", "40/hour", "200/hour")
# An import may invite hundreds at once.
IMPORT_MAKE = _throttle("import-make", "10/hour", "10/hour", "40/hour")
IMPORT = _throttle("import", "30/15 minutes", "30/15 minutes", "120/15 minutes")


class SharedStorage(Storage):
    """Counters in one SQLite file. A connection for each use: rare, and safe after a fork.

    `where` makes the file's folder anew if it is gone: some systems clear /dev/shm of a person's
    files when that person logs out.
    """

    STORAGE_SCHEME = ["supervision"]  # noqa: RUF012 - as its base declares it

    def __init__(self, where: Callable[[], Path]) -> None:
        super().__init__()
        self._where = where

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        path = self._where() / "limits.sqlite"
        with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous=OFF")
            file.execute(TABLE)
            yield file

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter (a negative amount gives back) and return it."""
        now = clock.now().timestamp()
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            file.execute("DELETE FROM counter WHERE ends_at <= ?", (now,))
            file.execute(
                "INSERT INTO counter VALUES (?, MAX(?, 0), ?)"
                " ON CONFLICT (name) DO UPDATE SET tries = MAX(tries + ?, 0)",
                (key, amount, now + expiry, amount),
            )
            tries = file.execute("SELECT tries FROM counter WHERE name = ?", (key,)).fetchone()[0]
            file.execute("COMMIT")
        return int(tries)

    def get(self, key: str) -> int:
        row = self._row(key)
        return row[0] if row else 0

    def get_expiry(self, key: str) -> float:
        """The end of a counter's window, in seconds since 1970."""
        row = self._row(key)
        return row[1] if row else clock.now().timestamp()

    def _row(self, key: str) -> tuple[int, float] | None:
        now = clock.now().timestamp()
        with self._open() as file:
            row: tuple[int, float] | None = file.execute(
                "SELECT tries, ends_at FROM counter WHERE name = ? AND ends_at > ?", (key, now)
            ).fetchone()
        return row

    def check(self) -> bool:
        with self._open() as file:
            return file.execute("SELECT 1").fetchone() is not None

    def reset(self) -> int:
        with self._open() as file:
            return file.execute("DELETE FROM counter").rowcount

    def clear(self, key: str) -> None:
        with self._open() as file:
            file.execute("DELETE FROM counter WHERE name = ?", (key,))


def init(app: Flask, settings: Settings) -> None:
    where = partial(runtime.folder, settings)
    where()
    app.extensions["limits"] = FixedWindowRateLimiter(SharedStorage(where))


def address() -> str:
    """Where the request comes from; a whole /64 of IPv6 is one place.

    A public installation sits behind a proxy on the same machine: then, and only then, the last
    entry of X-Forwarded-For counts, the one that this proxy wrote.
    """
    seen = request.remote_addr or "unknown"
    forwarded = request.headers.get("X-Forwarded-For", "")
    if seen in LOOPBACK and current_settings().secure and forwarded:
        seen = forwarded.rpartition(",")[2].strip()
    try:
        found = ip_address(seen)
    except ValueError:
        return seen[:64]
    return str(found) if found.version == 4 else str(ip_network(f"{found}/64", strict=False))


@contextmanager
def trying(throttle: Throttle, account: str) -> Iterator[None]:
    """`spend`, and no more than AT_ONCE tries of an account at the same time; raises as that does.

    Each holds one of few threads while a passphrase is stretched: whoever sends dozens at once is
    refused at once, and others' pages go on: a worker has a thread more (serve.THREADS). Two, so
    that a button pressed twice is no offence.
    """
    key, storage = _key(throttle.name, "now", account), _limiter().storage
    try:
        if storage.incr(key, LONGEST_TRY) > AT_ONCE:
            raise TooManyRequests(retry_after=1)
        spend(throttle, account)
        yield
    finally:
        storage.incr(key, LONGEST_TRY, -1)


def spend(throttle: Throttle, account: str = "") -> None:
    """Count one try for this account from this address. Raises TooManyRequests (429).

    Without an account, where only a token is tried, the address alone counts.
    """
    for item, key in _counters(throttle, account):
        if not _limiter().hit(item, key):
            ends_at = _limiter().get_window_stats(item, key).reset_time
            raise TooManyRequests(retry_after=math.ceil(ends_at - clock.now().timestamp()))


def forgive(throttle: Throttle, account: str = "") -> None:
    """After a try that was right: this account starts afresh here, the others get it back."""
    for item, key in _counters(throttle, account):
        if item is throttle.here:
            _limiter().clear(item, key)
        else:
            _limiter().storage.incr(item.key_for(key), item.get_expiry(), -1)


def _counters(throttle: Throttle, account: str) -> list[tuple[RateLimitItem, str]]:
    place = address()
    by_address = (throttle.address, _key(throttle.name, "address", place))
    if not account:
        return [by_address]
    return [
        (throttle.here, _key(throttle.name, "here", account, place)),
        (throttle.account, _key(throttle.name, "account", account)),
        by_address,
    ]


def _key(*parts: str) -> str:
    """One short name for any account and address, however long or odd."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _limiter() -> FixedWindowRateLimiter:
    limiter: FixedWindowRateLimiter = current_app.extensions["limits"]
    return limiter
