"""For whom a request is: this installation's name, or this machine; nobody else is answered.

A page elsewhere whose name is made to lead here (DNS rebinding) asks under its own name.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Request

from supervision.config import LOOPBACK, Settings
from supervision.web.headers import HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# RFC 9110, section 15.5.20.
STATUS = "421 Misdirected Request"
WORDS = b"Nothing is served here under this name.\n"
# They say one word to anybody, and load balancers ask for them by number.
OPEN_TO_ALL = frozenset({"/healthz", "/readyz"})
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{1,5}))?", re.ASCII)


class HostGate:
    """The WSGI application in front of all others."""

    def __init__(self, behind: "WSGIApplication", settings: Settings) -> None:
        self._behind = behind
        url = urlsplit(settings.base_url)
        self._name = url.hostname or ""
        self._port = url.port or (443 if settings.secure else 80)
        self._usual = url.port is None

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if self._is_ours(host) or environ.get("PATH_INFO") in OPEN_TO_ALL:
            return self._behind(environ, start_response)
        said = HEADERS | {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
        start_response(STATUS, [*said.items(), ("Content-Length", str(len(WORDS)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [WORDS]

    def _is_ours(self, host: str) -> bool:
        """The base address's name and port, or a name of this machine with any port."""
        found = _HOST.fullmatch(host.lower())
        if found is None:
            return False
        name, port = found[1].strip("[]"), found[2]
        if name in LOOPBACK:
            return True
        same_port = self._usual if port is None else int(port) == self._port
        return name.removesuffix(".") == self._name and same_port


def init(app: Flask, settings: Settings) -> None:
    app.wsgi_app = HostGate(app.wsgi_app, settings)  # type: ignore[method-assign]  # how Flask is wrapped


def asks_from_here(asked: Request) -> bool:
    """Whether this machine asks for itself: a proxy on it says for whom it asks."""
    return asked.remote_addr in LOOPBACK and not any(name in asked.headers for name in FORWARDED)
