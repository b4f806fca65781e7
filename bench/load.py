"""Asking: bounded loops of requests over loopback, one connection a client, kept alive."""

import http.client
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlencode


@dataclass(frozen=True)
class Ask:
    """One request, and the status that makes it count."""

    path: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] | None = None


Asks = Callable[[], Iterator[Ask]]


class Refused(Exception):
    """An answer had another status than the one that is measured."""


def drive(port: int, asks: Iterator[Ask], count: int) -> list[float]:
    """Send `count` requests one after the other; seconds that each took. Raises Refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seconds = []
    for _ in range(count):
        ask = next(asks)
        started = time.perf_counter()
        _send(connection, ask)
        response = connection.getresponse()
        response.read()
        seconds.append(time.perf_counter() - started)
        if response.status != ask.status:
            raise Refused(f"{ask.path.partition('?')[0]} answered {response.status}")
    connection.close()
    return seconds


def _send(connection: http.client.HTTPConnection, ask: Ask) -> None:
    if ask.form is None:
        connection.request("GET", ask.path, headers=ask.headers)
        return
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", ask.path, urlencode(ask.form), ask.headers | kind)


def answer(port: int, ask: Ask) -> int:
    """The status of one answer, whatever it is, over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    _send(connection, ask)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def fetch(port: int, ask: Ask) -> tuple[bytes, dict[str, str]]:
    """One answer: its body, and its headers by their names in small letters. Raises Refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    _send(connection, ask)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != ask.status:
        raise Refused(f"{ask.path} answered {response.status}: {body[:300]!r}")
    return body, {name.lower(): value for name, value in response.getheaders()}


def drive_together(port: int, asks: list[Iterator[Ask]], count: int) -> None:
    """As many clients at once as there are iterators, `count` requests each."""
    threads = [Thread(target=drive, args=(port, one, count)) for one in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
