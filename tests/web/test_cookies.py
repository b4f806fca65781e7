"""The session cookie: what is remembered of it never opens a door that time or a hand closed."""

import gc
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from supervision.web import unlocking
from supervision.web.cookies import LONGEST, REMEMBERED, CookieSessions, remember_good


@pytest.fixture
def small() -> Flask:
    app = Flask("small")
    app.config.update(SECRET_KEY="s" * 32, PERMANENT_SESSION_LIFETIME=timedelta(days=14))
    app.session_interface = CookieSessions()
    return app


def read(app: Flask, cookie: str) -> dict[str, Any]:
    with app.test_request_context(headers={"Cookie": f"session={cookie}"}) as context:
        return dict(context.session or {})


def sealed(app: Flask, **values: object) -> str:
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own kind
    return str(signer.dumps(values))


def test_cookie_is_read_again_and_again(small, clock) -> None:
    cookie = sealed(small, who="bob")
    assert [read(small, cookie) for _ in range(2)] == [{"who": "bob"}] * 2


def test_cookie_that_was_read_before_grows_too_old(small, clock) -> None:
    cookie = sealed(small, who="bob")
    clock.shift(timedelta(days=14))
    assert read(small, cookie) == {"who": "bob"}
    clock.shift(timedelta(seconds=1))
    assert read(small, cookie) == {}


def test_altered_cookie_is_refused_after_the_good_one_was_read(small, clock) -> None:
    cookie = sealed(small, who="bob")
    assert read(small, cookie) == {"who": "bob"}
    forged = sealed(small, who="dana").partition(".")[0] + "." + cookie.partition(".")[2]
    assert read(small, forged) == read(small, cookie[:-1]) == {}


def test_change_in_one_request_is_not_seen_by_the_next(small, clock) -> None:
    cookie = sealed(small, seen=["one"])
    with small.test_request_context(headers={"Cookie": f"session={cookie}"}) as context:
        assert context.session is not None
        context.session["seen"].append("two")
    assert read(small, cookie) == {"seen": ["one"]}


def test_two_applications_know_two_keys(small, clock) -> None:
    other = Flask("other")
    other.secret_key = "o" * 32
    other.session_interface = small.session_interface
    cookie = sealed(small, who="bob")
    assert (read(small, cookie), read(other, cookie)) == ({"who": "bob"}, {})


def held(act) -> int:
    """Bytes that are still held after something was done."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    act()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


@pytest.mark.parametrize("letters", [500, 4_000, 400_000])
def test_forged_cookies_are_not_kept(small, letters) -> None:
    good = sealed(small, who="bob")
    read(small, good)

    def forge(first: int = 0) -> None:
        for n in range(first, first + 60):
            forged = f"{n:03}" + "A" * letters + "." + good.partition(".")[2]
            assert read(small, forged) == {}

    forge()
    assert held(lambda: forge(60)) < 60 * letters / 3


def test_cookie_longer_than_a_browser_keeps_is_not_looked_at(small) -> None:
    long = sealed(small, **{f"word {n}": n**40 for n in range(200)})
    assert len(long) > LONGEST
    assert read(small, long) == {}


def test_good_cookies_alone_are_remembered_and_not_without_end() -> None:
    asked: list[object] = []

    def verify(value: object, _signature: object) -> bool:
        asked.append(value)
        return value != "bad"

    remembered = remember_good(verify)
    assert [remembered("bad", 1), remembered("bad", 1)] == [False, False]
    assert [remembered("good", 1), remembered("good", 1)] == [True, True]
    assert asked == ["bad", "bad", "good"]
    for n in range(REMEMBERED * 3):
        remembered(n, 1)
    assert len(remembered.__closure__[0].cell_contents) <= REMEMBERED  # type: ignore[index]  # its dict


def test_vault_cookie_of_another_length_is_not_decoded(app, monkeypatch) -> None:
    def decode(_text: str) -> bytes:
        raise AssertionError("decoded")

    monkeypatch.setattr(unlocking, "urlsafe_b64decode", decode)
    for text in ("A" * 63, "A" * 65, "A" * 500_000):
        with app.test_request_context(headers={"Cookie": f"vault={text}"}):
            assert unlocking._ticket() is None
