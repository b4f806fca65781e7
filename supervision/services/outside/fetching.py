"""One polite, bounded question to a server that nobody here knows."""

import socket
import ssl
import zlib
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urljoin

from supervision.domain.outside import MOST_BYTES, WEB_PAGE, Unreadable
from supervision.errors import N_
from supervision.services.outside.addresses import (
    NOT_PUBLIC,
    PORTS,
    Target,
    is_this_machine,
    resolved,
    target_of,
)

MOST_REDIRECTS = 3
MOST_ADDRESSES = 4
CONNECT_SECONDS = 4
READ_SECONDS = 10
CHUNK = 65536
MOVED = {301, 302, 303, 307, 308}
TOO_LARGE = N_("This calendar is too large. Choose a smaller one, of at most 20 MB.")
NO_ANSWER = N_("The calendar's server cannot be reached, or broke off.")
NO_TRUST = N_("The calendar's server could not prove its name, so nothing was read.")
SIGN_IN = N_("The calendar's server wants a sign-in. Use the secret address, which needs none.")
GONE = N_("There is no calendar at this address any more. It may have been changed or turned off.")
TROUBLE = N_("The calendar's server has trouble of its own, or was asked too often.")
REFUSED = N_("The calendar's server refused.")
ASTRAY = N_("This address leads on from place to place and never to a calendar.")
SENTENCES = {401: SIGN_IN, 403: SIGN_IN, 404: GONE, 410: GONE, 429: TROUBLE}


@dataclass(frozen=True)
class Known:
    """What was had of an address the last time, to be sent with the next question."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True)
class Fetched:
    """A body, or None where nothing changed; `known` is for the next time."""

    body: bytes | None
    known: Known = Known()


def fetch(address: str, known: Known, allowed: frozenset[str]) -> Fetched:
    """What an address gives now. Raises Unreadable."""
    target = target_of(address, allowed)
    for _hop in range(MOST_REDIRECTS + 1):
        try:
            found = _visit(target, known, allowed)
        except ssl.SSLCertVerificationError:
            raise Unreadable(NO_TRUST) from None
        except (OSError, HTTPException, zlib.error):
            raise Unreadable(NO_ANSWER) from None
        if isinstance(found, Fetched):
            return found
        target = _onward(target, found, allowed)
    raise Unreadable(ASTRAY)


def _visit(target: Target, known: Known, allowed: frozenset[str]) -> Fetched | str:
    """What one place gives, or where it sends us on to."""
    with (
        closing(_connected(target, allowed)) as connection,
        closing(_ask(connection, target, known)) as answer,
    ):
        onward = answer.getheader("Location") if answer.status in MOVED else None
        return onward or _taken(answer, known)


def _onward(target: Target, place: str, allowed: frozenset[str]) -> Target:
    """The next place, which is checked as the first was."""
    here = f"{target.scheme}://{_host(target)}{target.path}"
    try:
        return target_of(urljoin(here, place), allowed)
    except Unreadable as refusal:
        raise Unreadable(NOT_PUBLIC if refusal.msgid == NOT_PUBLIC else ASTRAY) from None


def _connected(target: Target, allowed: frozenset[str]) -> HTTPConnection:
    """A connection to an IP address that was checked; TLS is for the name."""
    connection = HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it would look the name up again
    connection.sock = plain = _opened(resolved(target, allowed), target.port)
    try:
        if target.host not in allowed and is_this_machine(plain):
            raise Unreadable(NOT_PUBLIC)
        plain.settimeout(READ_SECONDS)
        if target.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise
    return connection


def _opened(ips: list[str], port: int) -> socket.socket:
    """The first address that answers: of two kinds a machine may have but one. Raises OSError."""
    failure = OSError("no address")
    for ip in ips[:MOST_ADDRESSES]:
        try:
            return socket.create_connection((ip, port), CONNECT_SECONDS)
        except OSError as error:
            failure = error
    raise failure


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == PORTS[target.scheme] else f"{name}:{target.port}"


def _ask(connection: HTTPConnection, target: Target, known: Known) -> HTTPResponse:
    headers = {
        "Host": _host(target),
        "Accept": "text/calendar, */*;q=0.5",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        "User-Agent": "Supervision",
        "If-None-Match": known.etag,
        "If-Modified-Since": known.modified,
    }
    sent = {name: value for name, value in headers.items() if value}
    connection.request("GET", target.path, headers=sent)
    return connection.getresponse()


def _taken(answer: HTTPResponse, known: Known) -> Fetched:
    if answer.status == 304 and known != Known():
        return Fetched(None, known)
    if answer.status != 200:
        usual = TROUBLE if answer.status >= 500 else REFUSED
        raise Unreadable(SENTENCES.get(answer.status, usual))
    if answer.getheader("Content-Type", "").lower().startswith("text/html"):
        raise Unreadable(WEB_PAGE)
    body = _bounded(answer)
    return Fetched(body, Known(_short(answer, "ETag"), _short(answer, "Last-Modified")))


def _bounded(answer: HTTPResponse) -> bytes:
    """All of it, never more than MOST_BYTES in memory. Raises Unreadable."""
    if (answer.length or 0) > MOST_BYTES:
        raise Unreadable(TOO_LARGE)
    zipped = answer.getheader("Content-Encoding", "").lower() == "gzip"
    unzip = zlib.decompressobj(31) if zipped else None
    body, come = bytearray(), 0
    while chunk := answer.read1(CHUNK):
        come += len(chunk)
        body += unzip.decompress(chunk, MOST_BYTES + 1 - len(body)) if unzip else chunk
        if max(len(body), come) > MOST_BYTES:
            raise Unreadable(TOO_LARGE)
    if answer.length or (unzip and not unzip.eof):
        raise Unreadable(NO_ANSWER)
    return bytes(body)


def _short(answer: HTTPResponse, name: str) -> str:
    value = answer.getheader(name, "")
    return value if len(value) <= 200 and value.isascii() and value.isprintable() else ""
