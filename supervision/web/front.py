"""Between granian (RSGI) and the WSGI application: a thread works, and waits for nobody.

A request is given a thread once all of its body is here, and keeps it while the application works
on it. What comes slowly, or is read slowly, waits on the event loop instead, counted and timed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from sys import stderr
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
# Bodies under way at once in one process: of everybody, of one address, and their bytes.
MOST = 256
MOST_OF_ONE = 64
MOST_BYTES = 32 * 1024 * 1024
TIMED_OUT, FULL = HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE
CUT_SHORT = HTTPStatus.BAD_REQUEST
WORDS = {
    CUT_SHORT: "What you sent broke off. Nothing was changed: send it again.\n",
    TIMED_OUT: "What you sent did not arrive in time. Nothing was changed: send it again.\n",
    FULL: "Too much is being sent here at once. Nothing was changed: send it again.\n",
}
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
    """A body that is not waited for, or no longer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


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


class Bodies:
    """The bodies under way in one process, on one event loop."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._waiting: Counter[str] = Counter()
        self._bytes = 0

    @asynccontextmanager
    async def read(self, exchange: Exchange, address: str) -> AsyncIterator[bytes | None]:
        """A whole body, None where it is larger than any form is. Raises Refused.

        Its bytes count until the request is answered.
        """
        if self._waiting.total() >= MOST or self._waiting[address] >= MOST_OF_ONE:
            raise Refused(FULL)
        held = bytearray()
        try:
            yield await self._whole(exchange, address, held)
        finally:
            self._bytes -= len(held)

    async def _whole(self, exchange: Exchange, address: str, held: bytearray) -> bytes | None:
        self._waiting[address] += 1
        try:
            async with asyncio.timeout(PATIENCE):
                async for part in exchange:
                    held += part
                    self._bytes += len(part)
                    if len(held) > self._largest:
                        return None
                    if self._bytes > MOST_BYTES:
                        raise Refused(FULL)
        except TimeoutError:
            raise Refused(TIMED_OUT) from None
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()  # forgets who has none
        return bytes(held)


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

    async def __call__(self, scope: "Scope", exchange: Exchange) -> None:
        environ = environ_of(scope)
        if not _has_body(environ) or _length(environ) > self._largest:
            await self._answer(environ, exchange)
            return
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
        address = place_of(environ["REMOTE_ADDR"], forwarded, self._secure)
        try:
            async with self._bodies.read(exchange, address) as body:
                if body is not None and len(body) < _length(environ):
                    raise Refused(CUT_SHORT)
                # The application says itself what is too large, by this length and unread.
                length = self._largest + 1 if body is None else len(body)
                environ["CONTENT_LENGTH"] = str(length)
                environ.pop("HTTP_TRANSFER_ENCODING", None)
                environ["wsgi.input"] = BytesIO(body or b"")
                await self._answer(environ, exchange)
        except Refused as refusal:
            self._refuse(refusal.status, environ, exchange)

    async def _answer(self, environ: "WSGIEnvironment", exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._ask, environ)
        if answer.parts is None:
            exchange.response_bytes(answer.status, answer.headers, answer.body)
            return
        stream = exchange.response_stream(answer.status, answer.headers)
        try:
            while True:
                part = await loop.run_in_executor(self._threads, next, answer.parts, None)
                if part is None:
                    break
                async with asyncio.timeout(PATIENCE):
                    await stream.send_bytes(part)
        except TimeoutError:
            log.info("an answer was not taken")
        finally:
            await loop.run_in_executor(self._threads, _close, answer.parts)

    def _ask(self, environ: "WSGIEnvironment") -> Answer:
        answer = Answer()
        try:
            found = self._app(environ, answer.begin)
            answer.take(found, environ["REQUEST_METHOD"] == "HEAD")
        except Exception as error:  # noqa: BLE001 - the class alone: a text could quote a person
            log.error("fault", error=type(error).__name__, where=where(error))
            return Answer()
        return answer

    def _refuse(self, status: HTTPStatus, environ: "WSGIEnvironment", exchange: Exchange) -> None:
        said = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
        said |= {"Connection": "close", "Retry-After": "1"} | HEADERS
        exchange.response_bytes(status, list(said.items()), WORDS[status].encode())
        method = environ["REQUEST_METHOD"]
        method = method if method in METHODS else "other"
        log.info("request", method=method, endpoint=None, route=None, status=int(status))


def _close(found: object) -> None:
    getattr(found, "close", lambda: None)()


def _length(environ: "WSGIEnvironment") -> int:
    return int(environ.get("CONTENT_LENGTH") or 0)


def _has_body(environ: "WSGIEnvironment") -> bool:
    return _length(environ) > 0 or "HTTP_TRANSFER_ENCODING" in environ


def environ_of(scope: "Scope") -> dict[str, Any]:
    """A request as PEP 3333 wants it, its body not yet in it."""
    name, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": name.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(),
        "wsgi.errors": stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for header, value in scope.headers.items():
        key = "HTTP_" + header.upper().replace("-", "_")
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if (value := environ.pop(f"HTTP_{key}", None)) is not None:
            environ[key] = value
    return environ
