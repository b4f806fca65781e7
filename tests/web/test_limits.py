"""Throttling, on a small application: counters that workers share, windows, addresses."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as ThreadEvent
from threading import Semaphore

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from limits import parse
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from supervision import clock as clock_module
from supervision.web import limits
from supervision.web.limits import SharedStorage, Throttle
from tests.conftest import NOW
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


# -- what a throttle keeps -----------------------------------------------------------------


def rows(folder: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(folder / "limits.sqlite")) as file:
        return file.execute("SELECT name, tries FROM counter").fetchall()


def test_guesses_from_an_address_that_was_refused_leave_no_rows(knock, tmp_path, clock) -> None:
    for n in range(8):
        knock(account=f"guess {n}")
    kept = sorted(rows(tmp_path))
    assert [knock(account=f"guess {n}") for n in range(8, 400)] == [False] * 392
    assert sorted(rows(tmp_path)) == kept
    assert len(kept) == 17


def test_tries_under_way_that_ended_leave_no_rows(limited, tmp_path, clock) -> None:
    with limited.test_request_context(environ_base={"REMOTE_ADDR": HERE}):
        with limits.trying(THROTTLE, "alice"):
            assert len(rows(tmp_path)) == 4
        assert len(rows(tmp_path)) == 3


def test_windows_that_ended_are_found_by_an_index(knock, tmp_path) -> None:
    knock()
    with closing(sqlite3.connect(tmp_path / "limits.sqlite")) as file:
        plan = file.execute("EXPLAIN QUERY PLAN DELETE FROM counter WHERE ends_at <= 1").fetchall()
    assert [step[3] for step in plan] == [
        "SEARCH counter USING COVERING INDEX counter_ends_at (ends_at<?)"
    ]


def test_full_file_stays_as_small_and_whoever_is_refused_stays_refused(
    knock, tmp_path, clock, monkeypatch
) -> None:
    monkeypatch.setattr(limits, "MOST_PAGES", 8)
    for _ in range(4):
        knock()
    for n in range(300):
        assert knock(account=f"guess {n}", address=f"198.51.{n // 200}.{n % 200}") is True
    assert (tmp_path / "limits.sqlite").stat().st_size <= 8 * limits.PAGE_BYTES
    assert len(rows(tmp_path)) < 300
    assert knock() is False


KNOCKS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([HERE, ELSEWHERE]), st.integers(0, 30)),
    max_size=60,
)


@given(KNOCKS)
@hypothesis_settings(max_examples=40)
def test_any_tries_are_let_through_as_three_windows_counted_by_hand_allow(tries) -> None:
    """Beside a plain count of each window; and what is kept is bounded by what was let through."""
    with TemporaryDirectory() as folder, time_machine.travel(NOW, tick=False) as at:
        app = Flask("limited")
        app.extensions["settings"] = settings_for(Path(folder) / "instance", "sqlite:///:memory:")
        storage = SharedStorage(lambda: Path(folder))
        app.extensions["limits"] = FixedWindowRateLimiter(storage)
        open_: dict[tuple[str, ...], tuple[int, float]] = {}
        for account, address, seconds in tries:
            at.shift(timedelta(seconds=seconds))
            now = at_now()
            open_ = {key: window for key, window in open_.items() if window[1] > now}
            windows = [("by", address), ("here", account, address), ("account", account)]
            most = dict(zip(windows, (8, 3, 5), strict=True))
            expected = all(open_.get(key, (0, 0.0))[0] < most[key] for key in windows)
            with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
                assert let_through(account) == expected
            counted = windows if expected else refused_after(windows, most, open_)
            for key in counted:
                count, ends_at = open_.get(key, (0, now + 60))
                open_[key] = (count + 1, ends_at)
            assert len(rows(Path(folder))) == len(open_)


def at_now() -> float:
    return clock_module.now().timestamp()


def let_through(account: str) -> bool:
    try:
        limits.spend(THROTTLE, account)
    except TooManyRequests:
        return False
    return True


def refused_after(windows, most, open_) -> list[tuple[str, ...]]:
    """What a refused try counts: nothing when the address is refused, else up to what refuses."""
    by_address, here, account = windows
    full = [key for key in windows if open_.get(key, (0, 0.0))[0] >= most[key]]
    if by_address in full:
        return []
    return [here] if here in full else [here, account]


# -- what waits is counted before it waits --------------------------------------------------


def test_tries_in_one_process_leave_room_for_pages(limited, clock) -> None:
    """Made-up accounts from as many addresses: the first few run or wait, the rest never wait."""
    ends = at_once(limited, [(f"guess {n}", f"192.0.2.{n}") for n in range(24)])
    assert sorted(ends) == ["ran"] * limits.AT_ONCE_HERE + ["refused for 1 s"] * 21


def test_address_leaves_a_place_of_each_process_to_others(limited, clock) -> None:
    tries = [(f"guess {n}", HERE) for n in range(24)]
    with holding(limited, tries) as ends:
        assert sorted(ends) == ["ran"] * limits.AT_ONCE_FROM_ADDRESS + ["refused for 1 s"] * 22
        assert at_once(limited, [("alice", ELSEWHERE)]) == ["ran"]


def test_account_has_no_more_tries_under_way_after_a_while(limited, clock) -> None:
    """A try that began when another was halfway counts for as long as that one did."""
    with limited.test_request_context(environ_base={"REMOTE_ADDR": HERE}), ExitStack() as stack:
        stack.enter_context(limits._under_way(THROTTLE, "alice"))
        clock.shift(timedelta(seconds=limits.LONGEST_TRY - 1))
        stack.enter_context(limits._under_way(THROTTLE, "alice"))
        clock.shift(timedelta(seconds=2))
        third = stack.enter_context(ExitStack())
        third.enter_context(limits._under_way(THROTTLE, "alice"))
        with pytest.raises(limits.Busy), limits._under_way(THROTTLE, "alice"):
            pass


def test_try_that_ended_late_gives_back_nobody_elses_place(limited, tmp_path, clock) -> None:
    storage = SharedStorage(lambda: tmp_path)
    late = storage.take("place", 10)
    assert late is not None
    clock.shift(timedelta(seconds=11))
    assert storage.take("place", 10) is not None
    storage.give_back("place", late)
    assert storage.take("place", 10) is None


def test_try_that_could_not_be_counted_takes_nothing_from_others(
    limited, monkeypatch, clock
) -> None:
    with (
        limited.test_request_context(environ_base={"REMOTE_ADDR": HERE}),
        limits._under_way(THROTTLE, "alice"),
        limits._under_way(THROTTLE, "alice"),
    ):
        with monkeypatch.context() as broken:
            broken.setattr(SharedStorage, "_write", unwritten)
            with pytest.raises(sqlite3.OperationalError), limits._under_way(THROTTLE, "alice"):
                pass
        with pytest.raises(limits.Busy), limits._under_way(THROTTLE, "alice"):
            pass


def unwritten(*_args: object) -> None:
    raise sqlite3.OperationalError("database is locked")


def test_full_file_forgets_no_try_that_is_under_way(
    limited, knock, tmp_path, clock, monkeypatch
) -> None:
    monkeypatch.setattr(limits, "MOST_PAGES", 8)
    storage = SharedStorage(lambda: tmp_path)
    storage.take("place", 1000)
    for n in range(300):
        knock(account=f"guess {n}", address=f"198.51.{n // 200}.{n % 200}")
    assert storage.take("place", 1000) is None


def test_two_people_at_the_same_moment_are_both_let_in(limited, clock) -> None:
    assert at_once(limited, [("alice", HERE), ("bob", HERE)]) == ["ran", "ran"]


def test_places_are_given_back(limited, clock) -> None:
    for n in range(3):
        whole = [(f"{n} {m}", f"192.0.2.{m}") for m in range(limits.AT_ONCE_HERE)]
        assert at_once(limited, whole) == ["ran"] * limits.AT_ONCE_HERE


def at_once(app: Flask, tries: list[tuple[str, str]]) -> list[str]:
    """What becomes of tries that are all under way before the first of them ends."""
    with holding(app, tries) as ends:
        return ends


@contextmanager
def holding(app: Flask, tries: list[tuple[str, str]]) -> Iterator[list[str]]:
    """What becomes of them, while those that run go on."""
    ends: list[str] = []
    begun, go = Semaphore(0), ThreadEvent()

    def one(account: str, address: str) -> None:
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            try:
                with limits.trying(THROTTLE, account):
                    ends.append("ran")
                    begun.release()
                    go.wait()
            except TooManyRequests as refusal:
                ends.append(f"refused for {refusal.retry_after} s")
                begun.release()

    with ThreadPoolExecutor(len(tries)) as pool:
        under_way = [pool.submit(one, *each) for each in tries]
        try:
            for _ in tries:
                begun.acquire()
            yield ends
        finally:
            go.set()
        for each in under_way:
            each.result()


def test_work_within_a_place_takes_no_second_one(limited, clock) -> None:
    with (
        limited.test_request_context(environ_base={"REMOTE_ADDR": HERE}),
        limits.stretching(),
        limits.trying(THROTTLE, "alice"),
    ):
        assert limits._places.taken == {HERE: 1}
    assert limits._places.taken == {}
