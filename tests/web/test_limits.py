"""Throttling, on a small application: counters that workers share, windows, addresses."""

from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from flask import Flask
from limits import parse
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from supervision.web import limits
from supervision.web.limits import SharedStorage, Throttle
from tests.support.databases import settings_for

THROTTLE = Throttle("knock", parse("3/minute"), parse("5/minute"), parse("8/minute"))
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def limited(tmp_path: Path) -> Flask:
    app = Flask("limited")
    app.extensions["settings"] = settings_for(tmp_path / "instance", "sqlite:///:memory:")
    app.extensions["limits"] = FixedWindowRateLimiter(SharedStorage(lambda: tmp_path))
    return app


@pytest.fixture
def knock(limited: Flask) -> Callable[..., bool]:
    """Whether a try is let through."""

    def act(account: str = "alice", address: str = HERE) -> bool:
        with limited.test_request_context(environ_base={"REMOTE_ADDR": address}):
            try:
                limits.spend(THROTTLE, account)
            except TooManyRequests:
                return False
        return True

    return act


def test_account_from_one_address_is_refused_after_its_tries(knock, clock) -> None:
    assert [knock() for _ in range(4)] == [True, True, True, False]


def test_other_account_from_the_same_address_goes_on(knock, clock) -> None:
    for _ in range(4):
        knock()
    assert knock(account="bob") is True


def test_account_is_refused_everywhere_after_more_tries(knock, clock) -> None:
    tries = [knock(address=f"192.0.2.{n}") for n in range(6)]
    assert tries == [True] * 5 + [False]


def test_address_is_refused_after_many_accounts(knock, clock) -> None:
    tries = [knock(account=f"person {n}") for n in range(9)]
    assert tries == [True] * 8 + [False]


def test_without_an_account_only_the_address_counts(knock, clock) -> None:
    tries = [knock(account="") for _ in range(9)]
    assert tries == [True] * 8 + [False]
    assert knock(account="", address=ELSEWHERE) is True


def test_window_ends_a_minute_after_the_first_try(knock, clock) -> None:
    for _ in range(4):
        knock()
    clock.shift(timedelta(seconds=59))
    assert knock() is False
    clock.shift(timedelta(seconds=2))
    assert knock() is True


def test_refusal_says_when_to_come_back(limited, clock) -> None:
    with limited.test_request_context(environ_base={"REMOTE_ADDR": HERE}):
        for _ in range(3):
            limits.spend(THROTTLE, "alice")
        clock.shift(timedelta(seconds=20))
        with pytest.raises(TooManyRequests) as refusal:
            limits.spend(THROTTLE, "alice")
    assert refusal.value.retry_after == 40


def test_forgive_gives_the_tries_back(limited, knock, clock) -> None:
    for _ in range(3):
        knock()
    with limited.test_request_context(environ_base={"REMOTE_ADDR": HERE}):
        limits.forgive(THROTTLE, "alice")
    assert [knock() for _ in range(4)] == [True, True, True, False]


def test_forgive_never_gives_more_than_was_spent(limited, knock, clock) -> None:
    with limited.test_request_context(environ_base={"REMOTE_ADDR": HERE}):
        for _ in range(20):
            limits.forgive(THROTTLE, "alice")
    assert [knock(address=f"192.0.2.{n}") for n in range(6)] == [True] * 5 + [False]


def _incr(folder: Path) -> None:
    storage = SharedStorage(lambda: folder)
    for _ in range(50):
        storage.incr("key", 60)


def test_processes_count_together(tmp_path) -> None:
    processes = [get_context("spawn").Process(target=_incr, args=(tmp_path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert SharedStorage(lambda: tmp_path).get("key") == 100


def test_throttling_goes_on_after_its_file_was_taken_away(limited, knock, tmp_path) -> None:
    assert knock() is True
    (tmp_path / "limits.sqlite").unlink()
    assert [knock() for _ in range(4)] == [True, True, True, False]


def test_file_holds_no_account_and_no_address(knock, tmp_path) -> None:
    knock(account="alice@example.org")
    held = (tmp_path / "limits.sqlite").read_bytes()
    assert len(held) > 0
    assert [word for word in (b"alice", HERE.encode()) if word in held] == []


@pytest.mark.parametrize(
    ("seen", "forwarded", "base_url", "expected"),
    [
        ("192.0.2.1", None, "https://example.org", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", None, "https://example.org", "2001:db8:1:2::/64"),
        ("127.0.0.1", "198.51.100.9, 203.0.113.7", "https://example.org", "203.0.113.7"),
        ("192.0.2.1", "203.0.113.7", "https://example.org", "192.0.2.1"),
        ("127.0.0.1", "203.0.113.7", "http://127.0.0.1:8000", "127.0.0.1"),
        ("127.0.0.1", "not an address", "https://example.org", "not an address"),
    ],
)
def test_address_is_what_only_our_own_proxy_can_change(
    tmp_path, seen, forwarded, base_url, expected
) -> None:
    app = Flask("addresses")
    app.extensions["settings"] = settings_for(
        tmp_path / "instance", "sqlite:///:memory:", base_url=base_url
    )
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": seen}):
        assert limits.address() == expected
