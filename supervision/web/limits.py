"""Throttling: how often an account may be tried, and how often one address may try.

Counters are windows that open at the first try. They live in memory-backed storage that all
workers of the machine share, and are lost at a restart of the machine.
"""

import hashlib
import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial, wraps
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from flask import Flask, current_app, request
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from supervision import clock
from supervision.config import LOOPBACK, Settings
from supervision.web import runtime
from supervision.web.settings import settings as current_settings

Found = TypeVar("Found")
View = TypeVar("View", bound=Callable[..., Any])

AT_ONCE = 2
# Tries under way in one process: one is stretched, the others wait for it. No address has them all.
AT_ONCE_HERE = 3
AT_ONCE_FROM_ADDRESS = 2
_has_place = ContextVar("has_place", default=False)
# A try whose process was killed counts as under way no longer than this many seconds.
LONGEST_TRY = 30
# What a try that is under way counts as, so that no full file forgets it.
UNDER_WAY = 1_000_000
PAGE_BYTES, MOST_PAGES = 4096, 1024
TABLE = """
CREATE TABLE IF NOT EXISTS counter
(name TEXT PRIMARY KEY, tries INTEGER NOT NULL, ends_at REAL NOT NULL) WITHOUT ROWID
"""
INDEX = "CREATE INDEX IF NOT EXISTS counter_ends_at ON counter (ends_at)"
# The windows that make room: least tried first, then oldest; whoever is refused is tried most.
LEAST = """
DELETE FROM counter WHERE name IN (
    SELECT name FROM counter ORDER BY tries, ends_at LIMIT (SELECT COUNT(*) / 10 + 1 FROM counter)
)
"""


class Busy(TooManyRequests):
    """Nothing was tried too often: too many are at it in this moment."""

    def __init__(self) -> None:
        super().__init__(retry_after=1)


class Places:
    """Those of one process for who stretches a passphrase."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.taken = Counter[str]()

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """Raises Busy where all, or all that one address may have, are taken."""
        with self._lock:
            if self.taken.total() >= AT_ONCE_HERE or self.taken[address] >= AT_ONCE_FROM_ADDRESS:
                raise Busy
            self.taken[address] += 1
        try:
            yield
        finally:
            with self._lock:
                self.taken -= Counter([address])


_places = Places()


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
RESET_LINK = _throttle("reset-link", "30/hour", "60/hour", "60/hour")
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
            file.execute(f"PRAGMA page_size={PAGE_BYTES}")
            file.execute(f"PRAGMA max_page_count={MOST_PAGES}")
            file.execute(TABLE)
            file.execute(INDEX)
            yield file

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter (a negative amount gives back) and return it.

        A counter of nothing is none. Where the file is full, windows go that were hardly tried.
        """
        return self._write(partial(_add, key=key, expiry=expiry, amount=amount))

    def take(self, key: str, seconds: int) -> float | None:
        """Take a name for so long: the end of that, or None where somebody has it."""
        return self._write(partial(_take, key=key, seconds=seconds))

    def give_back(self, key: str, ends_at: float) -> None:
        """What was taken until then; nothing where it ended and somebody else has it now."""
        with self._open() as file:
            file.execute("DELETE FROM counter WHERE name = ? AND ends_at = ?", (key, ends_at))

    def _write(self, act: Callable[[sqlite3.Connection], Found]) -> Found:
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                found = act(file)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                    raise
                if not file.in_transaction:
                    file.execute("BEGIN IMMEDIATE")
                file.execute(LEAST)
                found = act(file)
            file.execute("COMMIT")
        return found

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


def _add(file: sqlite3.Connection, key: str, expiry: int, amount: int) -> int:
    now = clock.now().timestamp()
    file.execute("DELETE FROM counter WHERE ends_at <= ?", (now,))
    file.execute(
        "INSERT INTO counter VALUES (?, MAX(?, 0), ?)"
        " ON CONFLICT (name) DO UPDATE SET tries = MAX(tries + ?, 0)",
        (key, amount, now + expiry, amount),
    )
    tries = file.execute("SELECT tries FROM counter WHERE name = ?", (key,)).fetchone()[0]
    if tries == 0:
        file.execute("DELETE FROM counter WHERE name = ?", (key,))
    return int(tries)


def _take(file: sqlite3.Connection, key: str, seconds: int) -> float | None:
    now = clock.now().timestamp()
    file.execute("DELETE FROM counter WHERE ends_at <= ?", (now,))
    row = (key, UNDER_WAY, now + seconds)
    taken = file.execute("INSERT OR IGNORE INTO counter VALUES (?, ?, ?)", row).rowcount
    return now + seconds if taken else None


def init(app: Flask, settings: Settings) -> None:
    where = partial(runtime.folder, settings)
    where()
    app.extensions["limits"] = FixedWindowRateLimiter(SharedStorage(where))


def address() -> str:
    """Where the request comes from; a whole /64 of IPv6 is one place."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return place_of(request.remote_addr or "unknown", forwarded, current_settings().secure)


def place_of(seen: str, forwarded: str, secure: bool) -> str:
    """One name for an address, or for the one that our own proxy reports.

    A public installation sits behind a proxy on the same machine: then, and only then, the last
    entry of X-Forwarded-For counts, the one that this proxy wrote.
    """
    if seen in LOOPBACK and secure and forwarded:
        seen = forwarded.rpartition(",")[2].strip()
    try:
        found = ip_address(seen)
    except ValueError:
        return seen[:64]
    return str(found) if found.version == 4 else str(ip_network(f"{found}/64", strict=False))


@contextmanager
def trying(throttle: Throttle, account: str) -> Iterator[None]:
    """`spend`, while a passphrase is stretched; raises as that does.

    No more than AT_ONCE of an account at the same time: two, so that a button pressed twice is no
    offence.
    """
    _look(throttle)
    with stretching(), _under_way(throttle, account):
        spend(throttle, account)
        yield


@contextmanager
def stretching() -> Iterator[None]:
    """Around all work that stretches a passphrase. Raises TooManyRequests (429).

    Each holds a thread while it waits for its turn, so what would wait is counted before: beyond
    AT_ONCE_HERE in this process, or AT_ONCE_FROM_ADDRESS of them from one address, it is refused
    at once, and a thread of each process is left for pages (serve.THREADS). Who asks must have
    shown before that they may: an account, or an open link.
    """
    if _has_place.get():
        yield
        return
    with _places.one(address()):
        held = _has_place.set(True)
        try:
            yield
        finally:
            _has_place.reset(held)


def in_turn(view: View) -> View:
    """`stretching` around a whole view, for one that stretches more than it tries."""

    @wraps(view)
    def counted(*args: Any, **kwargs: Any) -> Any:
        with stretching():
            return view(*args, **kwargs)

    return counted  # type: ignore[return-value]  # same signature as the view's


def may_stretch() -> bool:
    """Whether this request has a place among those that stretch a passphrase."""
    return _has_place.get()


@contextmanager
def _under_way(throttle: Throttle, account: str) -> Iterator[None]:
    storage = cast(SharedStorage, _limiter().storage)
    for number in range(AT_ONCE):
        key = _key(throttle.name, "now", account, str(number))
        ends_at = storage.take(key, LONGEST_TRY)
        if ends_at is not None:
            break
    else:
        raise Busy
    try:
        yield
    finally:
        storage.give_back(key, ends_at)


def spend(throttle: Throttle, account: str = "") -> None:
    """Count one try for this account from this address. Raises TooManyRequests (429).

    Without an account, where only a token is tried, the address alone counts. An address that is
    refused leaves no trace of what it tried.
    """
    _look(throttle)
    for item, key in _counters(throttle, account):
        if not _limiter().hit(item, key):
            raise _refusal(item, key)


def _look(throttle: Throttle) -> None:
    """Count nothing. Raises TooManyRequests where the address has no try left."""
    item, key = _by_address(throttle)
    if not _limiter().test(item, key):
        raise _refusal(item, key)


def _refusal(item: RateLimitItem, key: str) -> TooManyRequests:
    ends_at = _limiter().get_window_stats(item, key).reset_time
    return TooManyRequests(retry_after=max(1, math.ceil(ends_at - clock.now().timestamp())))


def forgive(throttle: Throttle, account: str = "") -> None:
    """After a try that was right: this account starts afresh here, the others get it back."""
    for item, key in _counters(throttle, account):
        if item is throttle.here:
            _limiter().clear(item, key)
        else:
            _limiter().storage.incr(item.key_for(key), item.get_expiry(), -1)


def _counters(throttle: Throttle, account: str) -> list[tuple[RateLimitItem, str]]:
    if not account:
        return [_by_address(throttle)]
    return [
        (throttle.here, _key(throttle.name, "here", account, address())),
        (throttle.account, _key(throttle.name, "account", account)),
        _by_address(throttle),
    ]


def _by_address(throttle: Throttle) -> tuple[RateLimitItem, str]:
    return throttle.address, _key(throttle.name, "address", address())


def _key(*parts: str) -> str:
    """One short name for any account and address, however long or odd."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _limiter() -> FixedWindowRateLimiter:
    limiter: FixedWindowRateLimiter = current_app.extensions["limits"]
    return limiter
