"""The session cookie: what is remembered of it never opens a door that time or a hand closed."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from supervision.web.cookies import CookieSessions


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
