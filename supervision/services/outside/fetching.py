"""One polite, bounded question to a server that nobody here knows."""

import socket
import ssl
import zlib
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urljoin

from supervision.domain.outside import MOST_BYTES, Unreadable
from supervision.errors import N_
from supervision.services.outside.addresses import Target, resolved, target_of

MOST_REDIRECTS = 3
READ_SECONDS = 10
CHUNK = 65536
MOVED = {301, 302, 303, 307, 308}
TOO_LARGE = N_("This calendar is too large. Choose a smaller one, of at most 5 MB.")
NO_ANSWER = N_("The calendar's server cannot be reached, or broke off.")
NO_TRUST = N_("The calendar's server could not prove its name, so nothing was read.")
REFUSED = N_("The calendar's server refused. The address may have been changed or turned off.")
ASTRAY = N_("This address leads on from place to place and never to a calendar.")


@dataclass(frozen=True)
class Fetched:
    """A body, or None where nothing changed; `etag` and `modified` to be sent the next time."""

    body: bytes | None
    etag: str = ""
    modified: str = ""


def fetch(address: str, etag: str, modified: str, allowed: frozenset[str]) -> Fetched:
    """What an address gives now. Raises Unreadable."""
    for _hop in range(MOST_REDIRECTS + 1):
        target = target_of(address, allowed)
        try:
            with (
                closing(_connected(target, allowed)) as connection,
                closing(_ask(connection, target, etag, modified)) as answer,
            ):
                onward = answer.getheader("Location") if answer.status in MOVED else None
                if onward is None:
                    return _taken(answer)
        except ssl.SSLError:
            raise Unreadable(NO_TRUST) from None
        except (OSError, HTTPException, zlib.error):
            raise Unreadable(NO_ANSWER) from None
        secure = target.scheme == "https"
        address = urljoin(f"{target.scheme}://{target.host}:{target.port}{target.path}", onward)
        if secure and not address.startswith(("https:", "webcal")):
            raise Unreadable(ASTRAY)
    raise Unreadable(ASTRAY)


def _connected(target: Target, allowed: frozenset[str]) -> HTTPConnection:
    """A connection to the very IP address that was checked; TLS is for the name."""
    plain = socket.create_connection((resolved(target, allowed), target.port), READ_SECONDS)
    connection = HTTPConnection(target.host, target.port, timeout=READ_SECONDS)
    connection.auto_open = 0  # it would look the name up again
    connection.sock = plain
    if target.scheme == "https":
        try:
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(plain, server_hostname=target.host)
        except OSError:
            plain.close()
            raise
    return connection


def _ask(connection: HTTPConnection, target: Target, etag: str, modified: str) -> HTTPResponse:
    headers = {"Accept": "text/calendar", "Accept-Encoding": "gzip", "Connection": "close"}
    held = {"If-None-Match": etag, "If-Modified-Since": modified, "User-Agent": "Supervision"}
    headers |= {name: value for name, value in held.items() if value}
    connection.request("GET", target.path, headers=headers)
    return connection.getresponse()


def _taken(answer: HTTPResponse) -> Fetched:
    if answer.status == 304:
        return Fetched(None)
    if answer.status != 200:
        raise Unreadable(REFUSED)
    zipped = answer.getheader("Content-Encoding", "").lower() == "gzip"
    body = _bounded(answer, zlib.decompressobj(31) if zipped else None)
    return Fetched(body, _short(answer, "ETag"), _short(answer, "Last-Modified"))


def _bounded(answer: HTTPResponse, unzip: "zlib._Decompress | None") -> bytes:
    """All of it, never more than MOST_BYTES in memory. Raises Unreadable."""
    body, come = bytearray(), 0
    while chunk := answer.read1(CHUNK):
        come += len(chunk)
        body += unzip.decompress(chunk, MOST_BYTES + 1 - len(body)) if unzip else chunk
        if max(len(body), come) > MOST_BYTES:
            raise Unreadable(TOO_LARGE)
    return bytes(body)


def _short(answer: HTTPResponse, name: str) -> str:
    value = answer.getheader(name, "")
    return value if len(value) <= 200 and value.isascii() and value.isprintable() else ""
