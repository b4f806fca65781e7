"""Servers on this machine that play strangers: calendars, and the worst that a server can do."""

import gzip
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
MEGABYTE = bytes(1_000_000)


def calendar(*events: str) -> bytes:
    """A calendar of events, each given by its lines."""
    parts = "".join(f"BEGIN:VEVENT\r\n{one}\r\nEND:VEVENT\r\n" for one in events)
    return EMPTY.replace(b"END:VCAL", f"{parts}END:VCAL".encode())


def timed(start: datetime, minutes: int = 60, uid: str = "1", title: str = "A title") -> str:
    """An event of so many minutes at an instant."""
    end = start + timedelta(minutes=minutes)
    return (
        f"UID:{uid}\r\nSUMMARY:{title}\r\n"
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDTEND:{end:%Y%m%dT%H%M%SZ}"
    )


@dataclass
class Stranger:
    """A server that answers by path, and remembers what it was asked for.

    `bodies` are calendars by path; other paths are those of `Handler`. `sent` counts bytes.
    """

    port: int
    bodies: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    sent: int = 0

    @property
    def paths(self) -> list[str]:
        return [path for path, _headers in self.asked]


class Handler(BaseHTTPRequestHandler):
    """What is asked for decides what comes: `/bomb` is `give_bomb`."""

    protocol_version = "HTTP/1.1"
    stranger: Stranger

    def do_GET(self) -> None:
        me = self.stranger
        me.asked.append((self.path, dict(self.headers)))
        me.at_once += 1
        me.most_at_once = max(me.most_at_once, me.at_once)
        self.close_connection = True
        try:
            self.answer()
        except OSError:
            return
        finally:
            me.at_once -= 1

    def answer(self) -> None:
        name, _sep, rest = self.path.strip("/").partition("/")
        if self.path in self.stranger.bodies:
            self.give(self.stranger.bodies[self.path], Content_Type="text/calendar")
        else:
            getattr(self, f"give_{name}")(*[rest] * bool(rest))

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.put(body)

    def put(self, body: bytes) -> None:
        self.wfile.write(body)
        self.stranger.sent += len(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    # -- what is well meant --

    def give_status(self, status: str) -> None:
        self.give(b"no", int(status))

    def give_tagged(self) -> None:
        same = self.headers["If-None-Match"] == '"1"'
        self.give(b"" if same else EMPTY, 304 if same else 200, ETag='"1"')

    def give_dated(self) -> None:
        day = "Mon, 23 Nov 2026 09:00:00 GMT"
        same = self.headers["If-Modified-Since"] == day
        self.give(b"" if same else EMPTY, 304 if same else 200, Last_Modified=day)

    def give_zipped(self) -> None:
        self.give(gzip.compress(EMPTY), Content_Encoding="gzip")

    def give_to(self, place: str) -> None:
        self.give(b"", 302, Location=bytes.fromhex(place).decode())

    def give_again(self) -> None:
        self.give(b"", 302, Location="/again")

    # -- what is not --

    def give_html(self) -> None:
        self.give(b"<!doctype html><title>Sign in</title>", Content_Type="text/html; charset=utf-8")

    def give_markup(self) -> None:
        self.give(b"\n <html>", Content_Type="text/calendar")

    def give_broken(self) -> None:
        self.give(EMPTY.replace(b"END:VCALENDAR", b"BEGIN:VEVENT"))

    def give_cut(self) -> None:
        self.give(EMPTY, Content_Length="5000")

    def give_cutzip(self) -> None:
        self.give(gzip.compress(EMPTY)[:-8], Content_Encoding="gzip")

    def give_noise(self) -> None:
        self.put(b"\x00\xff" * 5000 + b"\r\n")

    def give_headers(self) -> None:
        self.put(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000_000):
            self.put(f"X-{number}: more\r\n".encode())

    def give_header(self) -> None:
        self.put(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _part in range(1000):
            self.put(b"x" * 100_000)

    def give_continued(self) -> None:
        while True:
            self.put(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.01)

    def give_slowheaders(self) -> None:
        self.put(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self.drip()

    def give_slow(self) -> None:
        self.give(b"")
        self.drip()

    def drip(self) -> None:
        while True:
            self.put(b"B")
            time.sleep(0.2)

    def give_silent(self) -> None:
        time.sleep(30)

    def give_bomb(self) -> None:
        self.give(gzip.compress(bytes(100_000_000)), Content_Encoding="gzip")

    def give_declared(self) -> None:
        self.give(b"", Content_Length="1000000000")
        self.give_gigabyte()

    def give_undeclared(self) -> None:
        self.give(b"")
        self.give_gigabyte()

    def give_gigabyte(self) -> None:
        for _part in range(1000):
            self.put(MEGABYTE)


class Server6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


@contextmanager
def serving(
    context: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> Iterator[Stranger]:
    """A stranger at work, over TLS when there is a context."""
    kind = Server6 if ":" in address else ThreadingHTTPServer
    handler = type("Stranger", (Handler,), {})
    server = kind((address, 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    server.handle_error = lambda *_about: None  # type: ignore[method-assign] # a refused handshake
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    handler.stranger = stranger = Stranger(server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield stranger
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(folder: Path, *names: str) -> Path:
    """A file with a key and a certificate for names and numbers, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=400))
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "stranger.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


Lookup = Callable[..., Sequence[Any]]


def lookup(names: Mapping[str, Sequence[str] | Iterator[str]]) -> Lookup:
    """A resolver that knows these names, by list or one answer after the other, and numbers."""
    real = socket.getaddrinfo

    def look(host: Any, port: Any, *args: Any, **how: Any) -> Sequence[Any]:
        known = names.get(str(host))
        if known is None:
            how["flags"] = socket.AI_NUMERICHOST
            return real(host, port, *args[:3], **how)
        if how.get("flags"):
            raise socket.gaierror(socket.EAI_NONAME, "a name, no number")
        found = known if isinstance(known, Sequence) else [next(known)]
        return [one for ip in found for one in real(ip, port, type=socket.SOCK_STREAM)]

    return look
