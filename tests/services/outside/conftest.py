"""Strangers and names for the tests of calendars elsewhere."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervision.services.outside import addresses
from tests.support import strangers
from tests.support.strangers import Stranger

NAMES = {
    "calendar.test": ["127.0.0.1"],
    "other.test": ["127.0.0.1"],
    "inner.test": ["127.0.0.1"],
    "six.test": ["::1"],
    "mixed.test": ["127.0.0.1", "8.8.8.8"],
    "late.test": ["8.8.8.8", "10.0.0.1"],
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that lead to this machine, and some that lead elsewhere too; no others."""
    monkeypatch.setattr(socket, "getaddrinfo", strangers.lookup(NAMES))


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with strangers.serving() as found:
        yield found


@pytest.fixture
def victim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    """Something within that nobody may reach: at the usual port, and trusted."""
    file = strangers.certificate(tmp_path, "inner.test", "calendar.test", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    usual = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: usual(cafile=str(file)))
    with strangers.serving(context) as found:
        monkeypatch.setitem(addresses.PORTS, "https", found.port)
        found.bodies["/"] = strangers.EMPTY
        yield found
