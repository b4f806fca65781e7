"""Between granian (RSGI) and the WSGI application: a thread works, and waits for nobody.

A request is given a thread once all of its body is here, and keeps it while the application works
on it. What comes slowly, or is read slowly, waits on the event loop instead, counted and timed.
"""

import asyncio
import os
import re
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from io import BytesIO
from stat import S_ISSOCK
from typing import TYPE_CHECKING, Any, Protocol

from structlog import get_logger

from supervision.web.headers import HEADERS
from supervision.web.limits import place_of
from supervision.web.logs import METHODS, where

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from granian.rsgi import Scope

# Seconds in which a body must have come, and each part of an answer must have been taken.
PATIENCE = 20
# Bodies under way or being answered at once in one process: of everybody, and of one address.
MOST = 256
MOST_OF_ONE = 64
# Bytes of the larger ones among them. A body that is no larger than SMALL needs a place alone.
SMALL = 64 * 1024
MOST_BYTES = 32 * 1024 * 1024
MOST_BYTES_OF_ONE = 4 * 1024 * 1024
# Header names as an environ can tell them apart: for it, `_` and `-` are the same.
NAME = re.compile("[A-Za-z0-9-]+")
ONCE = ("HTTP_HOST", "HTTP_CONTENT_LENGTH")


class Kind(Enum):
    """Why something is not answered by the application, with its status and words."""

    ODD = 400, "What you sent does not begin as HTTP asks for.\n"
    CUT_SHORT = 400, "What you sent broke off. Nothing was changed: send it again.\n"
    TIMED_OUT = 408, "What you sent did not arrive in time. Nothing was changed: send it again.\n"
    FAULT = 500, "Something went wrong here. What it was is in the log.\n"
    FULL = 503, "Too much is being sent here at once. Nothing was changed: send it again.\n"


log = get_logger()


class Stream(Protocol):
    """An answer that leaves in parts, as granian gives it."""

    async def send_bytes(self, data: bytes) -> None: ...


class Exchange(Protocol):
    """One request's body and the way back, as granian gives them."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...
    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Stream: ...


class Refused(Exception):
    """A head that is not read on, or a body that is not waited for, or no longer."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass
class Answer:
    """What the application answers: whole, or the rest of it as parts to ask for."""

    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    parts: Iterator[bytes] | None = None

    def begin(self, status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        """WSGI's start_response (PEP 3333). Nothing here calls the `write` that it may return."""
        self.status, self.headers = int(status[:3]), headers

    def take(self, found: Iterable[bytes], bodiless: bool) -> None:
        """Hold a body of known length; leave one that is still being made to be asked for."""
        known = isinstance(found, list) or any(
            k.lower() == "content-length" for k, _ in self.headers
        )
        if known or bodiless or self.status in {204, 304}:
            try:
                self.body = b"".join(found)
            finally:
                _close(found)
        else:
            self.parts = iter(found)


@dataclass(eq=False)
class Body:
    """One that is under way, or is here and waits for its answer."""

    address: str
    size: int = 0
    rest: asyncio.Timeout | None = None
    pushed_out: bool = False

    @property
    def large(self) -> int:
        """Its bytes if they count."""
        return self.size if self.size > SMALL else 0

    def push_out(self) -> None:
        """Wait for its rest no longer; what is here of it goes."""
        self.pushed_out = True
        if self.rest is not None and not self.rest.expired():
            self.rest.reschedule(0)


class Bodies:
    """The bodies under way in one process, on one event loop, until they are answered.

    Where there is no room, the address that holds most loses the oldest of what it has not sent
    whole; whoever comes next is refused only if that is their own address.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._here: list[Body] = []

    @asynccontextmanager
    async def read(self, exchange: Exchange, address: str) -> AsyncIterator[bytes | None]:
        """A whole body, None where it is larger than any form is. Raises Refused."""
        body = Body(address)
        self._fit(body, MOST_OF_ONE - 1, MOST - 1, lambda _one: 1)
        self._here.append(body)
        try:
            yield await self._whole(exchange, body)
        finally:
            if not body.pushed_out:
                self._here.remove(body)

    async def _whole(self, exchange: Exchange, body: Body) -> bytes | None:
        held = bytearray()
        try:
            async with asyncio.timeout(PATIENCE) as body.rest:
                async for part in exchange:
                    held += part
                    body.size = len(held)
                    if body.size > self._largest:
                        return None
                    if body.large:
                        self._fit(body, MOST_BYTES_OF_ONE, MOST_BYTES, lambda one: one.large)
        except TimeoutError:
            raise Refused(Kind.FULL if body.pushed_out else Kind.TIMED_OUT) from None
        finally:
            body.rest = None
        if body.pushed_out:
            raise Refused(Kind.FULL)
        return bytes(held)

    def _fit(self, body: Body, of_one: int, of_all: int, weigh: Callable[[Body], int]) -> None:
        """See that no more is here than may be, by what each weighs. Raises Refused (503)."""
        weights = Counter[str]()
        for one in self._here:
            weights[one.address] += weigh(one)
        if weights[body.address] > of_one:
            raise Refused(Kind.FULL)
        if weights.total() > of_all:
            self._push_out(body, weights, weigh)

    def _push_out(self, body: Body, weights: Counter[str], weigh: Callable[[Body], int]) -> None:
        coming = [one for one in self._here if one.rest is not None and weigh(one)]
        oldest = max(coming, key=lambda one: weights[one.address], default=body)
        if weights[oldest.address] <= weights[body.address]:
            raise Refused(Kind.FULL)
        self._here.remove(oldest)
        oldest.push_out()


class Front:
    """The RSGI application that granian calls."""

    def __init__(
        self, app: "WSGIApplication", threads: int, largest: int, secure: bool = False
    ) -> None:
        """`largest` is the most bytes of a body; `secure` believes the proxy on this machine."""
        self._app = app
        self._secure = secure
        self._largest = largest
        self._bodies = Bodies(largest)
        self._threads = ThreadPoolExecutor(threads, "web")

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """granian calls this before it listens, so what is listened on is met a step later."""
        loop.call_soon(time_answers)

    async def __call__(self, scope: "Scope", exchange: Exchange) -> None:
        try:
            await self._serve(scope, exchange)
        except Refused as refusal:
            self._refuse(refusal.kind, scope, exchange)
        except Exception as error:  # noqa: BLE001 - granian would print its text
            _note(error)
            self._refuse(Kind.FAULT, scope, exchange)

    async def _serve(self, scope: "Scope", exchange: Exchange) -> None:
        environ = environ_of(scope)
        if not _has_body(environ) or _length(environ) > self._largest:
            await self._answer(environ, exchange)
            return
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
        address = place_of(environ["REMOTE_ADDR"], forwarded, self._secure)
        async with self._bodies.read(exchange, address) as body:
            if body is not None and len(body) < _length(environ):
                raise Refused(Kind.CUT_SHORT)
            # The application says itself what is too large, by this length and unread.
            length = self._largest + 1 if body is None else len(body)
            environ["CONTENT_LENGTH"] = str(length)
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            environ["wsgi.input"] = BytesIO(body or b"")
            await self._answer(environ, exchange)

    async def _answer(self, environ: "WSGIEnvironment", exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._ask, environ)
        if answer.parts is None:
            exchange.response_bytes(answer.status, answer.headers, answer.body)
            return
        stream = exchange.response_stream(answer.status, answer.headers)
        try:
            await self._stream(answer.parts, stream)
        except TimeoutError:
            log.info("an answer was not taken")
            break_off(environ["REMOTE_ADDR"], environ["REMOTE_PORT"])
        except Exception as error:  # noqa: BLE001 - as in __call__, but the answer has begun
            _note(error)
            break_off(environ["REMOTE_ADDR"], environ["REMOTE_PORT"])

    async def _stream(self, parts: Iterator[bytes], stream: Stream) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (
                part := await loop.run_in_executor(self._threads, next, parts, None)
            ) is not None:
                async with asyncio.timeout(PATIENCE):
                    await stream.send_bytes(part)
        finally:
            await loop.run_in_executor(self._threads, _close, parts)

    def _ask(self, environ: "WSGIEnvironment") -> Answer:
        answer = Answer()
        found = self._app(environ, answer.begin)
        answer.take(found, environ["REQUEST_METHOD"] == "HEAD")
        return answer

    def _refuse(self, kind: Kind, scope: "Scope", exchange: Exchange) -> None:
        status, words = kind.value
        said = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
        said |= {"Connection": "close"} | HEADERS
        if kind in {Kind.TIMED_OUT, Kind.FULL, Kind.CUT_SHORT}:
            said["Retry-After"] = "1"
        exchange.response_bytes(status, list(said.items()), words.encode())
        method = scope.method if scope.method in METHODS else "other"
        log.info("request", method=method, endpoint=None, route=None, status=status)


def _note(error: Exception) -> None:
    """The class alone: a text could quote a person."""
    log.error("fault", error=type(error).__name__, where=where(error))


def time_answers() -> None:
    """On Linux: end connections whose client takes nothing of what was sent, for PATIENCE.

    Connections have it from what they came in by. It is the only deadline of an answer that is
    handed over whole.
    """
    if sys.platform == "linux":
        for one in _sockets():
            with one, suppress(OSError):
                if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PATIENCE * 1000)


def break_off(address: str, port: str) -> None:
    """End the connection with this client midway, so that nobody takes a part for the whole.

    granian ends an answer in parts as if it were complete, however it came to its end, and has no
    other way; so the connection is looked for among the files that this process has open.
    """
    for one in _sockets():
        with one, suppress(OSError):
            peer = one.getpeername()
            if isinstance(peer, tuple) and (peer[0], str(peer[1])) == (address, port):
                one.shutdown(socket.SHUT_RDWR)


def _sockets() -> Iterator[socket.socket]:
    """All that this process has open, each as a copy."""
    for number in os.listdir("/dev/fd"):
        with suppress(OSError):
            if S_ISSOCK(os.fstat(int(number)).st_mode):
                yield socket.socket(fileno=os.dup(int(number)))


def _close(found: object) -> None:
    getattr(found, "close", lambda: None)()


def _length(environ: "WSGIEnvironment") -> int:
    return int(environ.get("CONTENT_LENGTH") or 0)


def _has_body(environ: "WSGIEnvironment") -> bool:
    return _length(environ) > 0 or "HTTP_TRANSFER_ENCODING" in environ


def environ_of(scope: "Scope") -> dict[str, Any]:
    """A request as PEP 3333 wants it, its body not yet in it. Raises Refused (400)."""
    name, _, port = scope.server.rpartition(":")
    address, _, its_port = scope.client.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": name.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": address.strip("[]"),
        "REMOTE_PORT": its_port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    environ |= _headers(scope.headers.items())
    return environ


def _headers(sent: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What they are called in an environ. Raises Refused.

    A name that an environ would confuse with another is left out, as nginx does by itself: no
    proxy could take away what it does not know as its own.
    """
    found: dict[str, str] = {}
    for name, value in sent:
        key = "HTTP_" + name.upper().replace("-", "_")
        if not NAME.fullmatch(name):
            continue
        if key in found and key in ONCE:
            raise Refused(Kind.ODD)
        found[key] = f"{found[key]},{value}" if key in found else value
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if (value := found.pop(f"HTTP_{key}", "")) != "":
            found[key] = value
    if not re.fullmatch("[0-9]{0,18}", found.get("CONTENT_LENGTH", "")):
        raise Refused(Kind.ODD)
    return found
