"""One client without an account who does all that could stop the server, and what others feel."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, repeat
from secrets import token_urlsafe
from threading import Event, Thread
from urllib.parse import urlencode

from bench.load import Ask, drive
from bench.measure import percentile
from bench.servers import Running
from bench.stage import Stage

PAGE = "/calendar"
CALM = 100
# Times that each kind comes before memory is looked at, so that what is loaded once is there.
WARM = 3
# Clients of each kind at once, and the seconds after which memory has to be back.
AT_ONCE = 3
SETTLING = 10
MARKS = "a" + "\N{COMBINING GRAVE ACCENT}\N{COMBINING GRAVE ACCENT BELOW}" * 20_000
# Bytes of a form that is nearly as large as any may be.
LARGE = 2_000_000
LEET = "4@8({[</369!1|0$5+7%2" * 3


@dataclass(frozen=True)
class Storm:
    """Milliseconds of a signed-in person's page at rest and amid it; of another's /healthz; MB."""

    calm: float
    middle: float
    worst: float
    failed: int
    health: float
    before: float
    after: float
    sent: int


class Client:
    """A person who asks for one page again and again, and how long each took."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._port, self._path, self._headers = port, path, headers
        self.seconds: list[float] = []
        self.failed = 0

    def ask(self, over: Event) -> None:
        while not over.is_set():
            started = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            try:
                connection.request("GET", self._path, headers=self._headers)
                response = connection.getresponse()
                response.read()
                self.failed += response.status != http.HTTPStatus.OK
            except (OSError, http.client.HTTPException):
                self.failed += 1
            connection.close()
            self.seconds.append(time.perf_counter() - started)
            time.sleep(0.02)


def storm(stage: Stage) -> Storm:
    """`stage.seconds` of it, bounded: each kind has AT_ONCE clients that wait for their answers."""
    server, over = stage.server("sqlite"), Event()
    headers = {"Cookie": stage.cookie("sqlite", alone=True)}
    asks = repeat(Ask(PAGE, headers=headers))
    drive(server.port, asks, CALM // 2)
    calm = percentile(drive(server.port, asks, CALM), 0.5)
    sent = count()
    dangers = kinds(stage, server.port)
    for kind in dangers * WARM:
        kind(next(sent))
    before = megabytes(server)
    reader, other = Client(server.port, PAGE, headers), Client(server.port, "/healthz", {})
    threads = [Thread(target=one.ask, args=(over,)) for one in (reader, other)]
    for kind in dangers:
        threads += [Thread(target=_again, args=(kind, over, sent)) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    time.sleep(stage.seconds)
    over.set()
    for thread in threads:
        thread.join()
    time.sleep(SETTLING)
    return Storm(
        calm * 1000,
        percentile(reader.seconds, 0.5) * 1000,
        max(reader.seconds) * 1000,
        reader.failed + other.failed,
        max(other.seconds) * 1000,
        before,
        megabytes(server),
        next(sent),
    )


def _again(kind: Callable[[int], None], over: Event, sent: Iterator[int]) -> None:
    while not over.is_set():
        with suppress(OSError, http.client.HTTPException):
            kind(next(sent))
        time.sleep(0.01)


def megabytes(server: Running) -> float:
    """The memory of all processes, what they share counted once (PSS)."""
    found = sum(process.memory_full_info().pss for process in server.processes())
    return float(found) / 1024 / 1024


def kinds(stage: Stage, port: int) -> list[Callable[[int], None]]:
    """What such a client can send, each as a function of a number."""
    cookie, token = stage.anonymous_cookie("sqlite"), stage.csrf_token("sqlite")
    invitation = stage.invitation_token("sqlite")

    def post(path: str, **form: str) -> None:
        body = urlencode(form | {"csrf_token": token})
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        _ask(port, "POST", path, body, headers)

    def marks(n: int) -> None:
        post("/sign-in", email=f"marks{n}@example.org", passphrase=MARKS)

    def guess(n: int) -> None:
        post("/sign-in", email=f"guess{n}@example.org", passphrase="a guess of somebody's")

    def leet(n: int) -> None:
        typed = LEET[n % 9 :]
        post("/passphrase/strength", passphrase=typed, name="x" * 100, token=invitation)

    def forged(n: int) -> None:
        _ask(port, "GET", "/sign-in", None, {"Cookie": f"session={n}." + "A" * 60_000})

    def unknown(n: int) -> None:
        place = ("/invitation/{}", "/reset/{}", "/feeds/{}.ics")[n % 3]
        _ask(port, "GET", place.format(token_urlsafe(32)), None, {})

    def stalled(_n: int) -> None:
        _stall(port, 1000, b"email=nobody")

    def hoarded(_n: int) -> None:
        _stall(port, LARGE, b"email=" + b"n" * (LARGE - 7))

    return [marks, guess, leet, forged, unknown, stalled, hoarded]


def _ask(port: int, method: str, path: str, body: str | None, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers)
    connection.getresponse().read()
    connection.close()


def _stall(port: int, length: int, begun: bytes, clients: int = 8) -> None:
    """Forms that come in part, until the server gives them up or half a minute passed."""
    head = f"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    found = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(clients)]
    for client in found:
        with suppress(OSError):
            client.sendall(head.encode() + begun)
    for client in found:
        with suppress(OSError):
            client.recv(4096)
        client.close()
