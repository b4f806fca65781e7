"""What stands in front of Flask answers as the view behind it does, and only what is at hand."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from supervision import clock as clocks
from supervision.db import db
from supervision.models.feeds import FeedSubscription
from supervision.services import feeds
from supervision.services.feeds.glance import Bodies
from supervision.web import feed_gate
from tests import factories
from tests.factories import House
from tests.support.client import Client
from tests.support.statements import counted

pytestmark = pytest.mark.engines("sqlite", "postgresql")
SAID = (
    "Content-Type",
    "ETag",
    "Cache-Control",
    "Content-Disposition",
    "X-Robots-Tag",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "Content-Encoding",
    "Set-Cookie",
)


@pytest.fixture
def house(app: Flask, clock: Any) -> House:
    return factories.house()


@pytest.fixture
def path(house: House) -> str:
    _row, token = feeds.make_subscription(house.bob, clocks.now(), "person", None, "phone", "plain")
    db.session.commit()
    return f"/feeds/{token}.ics"


def both(app: Flask, client: Client, path: str, method: str = "GET", **headers: str) -> list[Any]:
    """The answer of the gate, and that of the view alone."""
    hosts: Any = app.wsgi_app
    gate = hosts._behind
    found = [client.open(path, method=method, headers=headers)]
    hosts._behind = gate._behind
    try:
        found.append(client.open(path, method=method, headers=headers))
    finally:
        hosts._behind = gate
    return found


def gate_of(app: Flask) -> Any:
    """The feeds' gate, behind that of the hosts."""
    hosts: Any = app.wsgi_app
    return hosts._behind


def said(response: Any) -> list[str | None]:
    return [response.headers.get(name) for name in SAID]


def test_gate_answers_as_the_view_does(app: Flask, client: Client, path: str) -> None:
    first = client.get(path)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in (
        {},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "gzip;q=0"},
        {"If-None-Match": etag},
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": modified},
        {"If-Modified-Since": "rubbish"},
    ):
        ours, theirs = both(app, client, path, **headers)
        assert (ours.status_code, ours.data) == (theirs.status_code, theirs.data), headers
        assert said(ours) == said(theirs), headers
    ours, theirs = both(app, client, path, "HEAD")
    assert (ours.status_code, ours.data, said(ours)) == (200, b"", said(theirs))
    assert ours.headers["Content-Length"] == str(len(first.data))


def test_good_snapshot_never_wakes_flask(
    app: Flask, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(path)
    monkeypatch.setattr(gate_of(app), "_behind", None)
    with counted() as statements:
        assert [client.get(path).data for _ in range(3)] == [first.data] * 3
    state, body, *more = statements
    assert (state.count("etag"), body.count("body"), more) == (1, 1, [state, state])


def test_gate_leaves_a_broken_database_to_the_view(
    app: Flask, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate's own statement fails; the view's still works, and so does the next request."""
    first = client.get(path)
    gate = gate_of(app)
    with monkeypatch.context() as broken:
        broken.setattr(gate._glance._state, "text", "SELECT nothing FROM nowhere")
        assert client.get(path).data == first.data
    monkeypatch.setattr(gate, "_behind", None)
    assert client.get(path).data == first.data


def test_bytes_are_kept_by_their_hash_and_up_to_a_size() -> None:
    held = Bodies(10)
    held.keep(("a", "1"), b"12345")
    held.keep(("b", "1"), b"12345")
    assert held.get(("a", "1")) == b"12345"
    held.keep(("c", "1"), b"123")
    assert [held.get((name, "1")) for name in "abc"] == [b"12345", None, b"123"]
    assert held.get(("a", "2")) is None
    held.keep(("a", "1"), b"1234567")
    assert [held.get((name, "1")) for name in "ac"] == [b"1234567", b"123"]
    assert held.keep(("d", "1"), b"x" * 11) == b"x" * 11
    assert held.get(("d", "1")) is None


def test_change_goes_past_the_gate(
    app: Flask, house: House, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(path)
    client.get(path)
    feeds.bump([house.bob.id])
    seen: list[str] = []
    gate = gate_of(app)
    behind = gate._behind

    def view(environ: Any, start_response: Any) -> Any:
        seen.append("view")
        return behind(environ, start_response)

    monkeypatch.setattr(gate, "_behind", view)
    client.get(path)
    client.get(path)
    assert (seen, first.status_code) == (["view"], 200)


def test_client_that_was_not_given_this_version_is_noted_by_the_view(
    app: Flask, house: House, client: Client, path: str
) -> None:
    """The gate only ever answers whose receipt is written: for it, the look-up is the same one."""

    def given() -> int | None:
        return db.session.scalar(select(FeedSubscription.given_version))

    assert (client.head(path).status_code, given()) == (200, None)
    etag = client.get(path).headers["ETag"]
    first = given()
    feeds.bump([house.bob.id])
    db.session.commit()
    with counted() as later:
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert (first, given()) == (0, 1)
    with counted() as once:
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert (len(later) > 1, len(once)) == (True, 1)


@pytest.mark.parametrize("path", ["/feeds/" + "x" * 43 + ".ics", "/feeds/x.ics", "/feeds"])
def test_what_is_not_at_hand_goes_on_to_the_view(
    app: Flask, house: House, client: Client, path: str
) -> None:
    ours, theirs = both(app, client, path)
    assert (ours.status_code, ours.data) == (theirs.status_code, theirs.data)


def test_gate_leaves_a_line_without_the_token(
    app: Flask, client: Client, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    client.get(path)
    capfd.readouterr()
    client.get(path)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert f'"route": "{feed_gate.ROUTE}"' in lines[0]
    assert path.removeprefix("/feeds/").removesuffix(".ics") not in lines[0]


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "http"}, True),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https, HTTP"}, True),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "http, https"}, False),
        ({"REMOTE_ADDR": "127.0.0.1"}, False),
        ({"REMOTE_ADDR": "203.0.113.7"}, True),
        ({"REMOTE_ADDR": "203.0.113.7", "wsgi.url_scheme": "https"}, False),
        ({"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_PROTO": "http"}, False),
        ({"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": "198.51.100.2"}, False),
    ],
)
def test_plain_http_is_known_by_who_may_say_so(environ: dict[str, str], plain: bool) -> None:
    whole: Any = {"wsgi.url_scheme": "http"} | environ
    assert feed_gate.is_plain(whole, secure=True) == plain
    assert feed_gate.is_plain(whole, secure=False) is False


def test_new_program_goes_past_the_gate_once(app: Flask, client: Client, path: str) -> None:
    def asked(agent: str) -> int:
        with counted() as statements:
            client.get(path, headers={"User-Agent": agent, "Accept-Encoding": "identity"})
        return len(statements)

    asked("Thunderbird/128")
    asked("Thunderbird/128")
    known, newer = asked("Thunderbird/128"), asked("Thunderbird/140")
    new = asked("curl/8")
    asked("curl/8")
    assert (known, newer, new > known, asked("curl/9")) == (1, 1, True, 1)
