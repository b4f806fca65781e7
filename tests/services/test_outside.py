"""Fetching from strangers, by real servers on this machine that do their worst."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from supervision.domain.outside import Unreadable
from supervision.services.outside import addresses, child, fetching

HERE = frozenset({"127.0.0.1"})
EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
ENDLESS = EMPTY.replace(
    b"END:VCAL",
    b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:00010101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n"
    b"END:VEVENT\r\nEND:VCAL",
)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            getattr(self, f"give_{self.path.strip('/')}")()
        except OSError:
            return

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def give_empty(self) -> None:
        same = self.headers["If-None-Match"] == '"1"'
        self.give(b"" if same else EMPTY, 304 if same else 200, ETag='"1"')

    def give_inward(self) -> None:
        self.give(b"", 302, Location=f"http://inner.test:{self.connection.getsockname()[1]}/empty")

    def give_round(self) -> None:
        self.give(b"", 302, Location="/round")

    def give_bomb(self) -> None:
        self.give(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")

    def give_much(self) -> None:
        self.give(b"")
        for _part in range(1000):
            self.wfile.write(bytes(1_000_000))

    def give_slow(self) -> None:
        self.give(b"")
        for _second in range(60):
            self.wfile.write(b"B")
            time.sleep(0.2)

    def give_endless(self) -> None:
        self.give(ENDLESS)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Unreadable) as refused:
        act()
    return refused.value.msgid


def fetch(port: int, path: str, etag: str = "") -> fetching.Fetched:
    return fetching.fetch(f"http://127.0.0.1:{port}/{path}", etag, "", HERE)


def ask(port: int, path: str) -> child.Answer:
    address = f"http://127.0.0.1:{port}/{path}"
    return child.ask(child.Question(address, "", "", ["127.0.0.1"], "UTC", 1.7e9, 1.73e9))


def test_unchanged_calendar_is_not_sent_again(port: int) -> None:
    assert fetch(port, "empty") == fetching.Fetched(EMPTY, '"1"')
    assert fetch(port, "empty", '"1"') == fetching.Fetched(None)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
def test_address_within_is_not_public(ip: str) -> None:
    assert not addresses.is_public(ip)


@pytest.mark.parametrize("ip", ["8.8.8.8", "2606:4700::1111"])
def test_address_of_the_internet_is_public(ip: str) -> None:
    assert addresses.is_public(ip)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ftp://a.org/",
        "file:///etc/passwd",
        "https://a.org:22/",
        "https://u@a.org/",
        "https://[/",
    ],
)
def test_what_is_no_address_is_refused(bad: str) -> None:
    assert refusal(lambda: addresses.target_of(bad, frozenset())) == addresses.NO_ADDRESS


@pytest.fixture
def inner(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to this machine, and its port is one that may be asked."""
    place = ("127.0.0.1", port)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_how: found)
    monkeypatch.setitem(addresses.PORTS, "http", port)


def test_redirect_to_a_name_of_this_machine_is_refused(port: int, inner: None) -> None:
    assert refusal(lambda: fetch(port, "inward")) == addresses.NOT_PUBLIC


def test_redirect_reaches_this_machine_without_the_check(
    port: int, inner: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda _ip: True)
    assert fetch(port, "inward").body == EMPTY


def test_redirects_in_a_circle_are_refused(port: int) -> None:
    assert refusal(lambda: fetch(port, "round")) == fetching.ASTRAY


@pytest.mark.parametrize("path", ["bomb", "much"])
def test_too_much_is_refused(port: int, path: str) -> None:
    assert refusal(lambda: fetch(port, path)) == fetching.TOO_LARGE


def test_zip_bomb_fills_memory_without_the_limit(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 100_000_000)
    assert len(fetch(port, "bomb").body or b"") == 50_000_000


def test_calendar_is_read_by_a_child(port: int) -> None:
    assert ask(port, "empty") == child.Answer([], '"1"', "")


@pytest.mark.parametrize("path", ["slow", "endless"])
def test_what_never_ends_is_left(port: int, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "SECONDS", 4)
    assert refusal(lambda: ask(port, path)) == child.TOO_SLOW
