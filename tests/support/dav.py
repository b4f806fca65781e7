"""A calendar program's side of CalDAV: asks as programs do, and reads answers as they do."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from werkzeug.test import TestResponse

from tests.support.client import Client

SPACES = {
    "d": "DAV:",
    "c": "urn:ietf:params:xml:ns:caldav",
    "cs": "http://calendarserver.org/ns/",
    "a": "http://apple.com/ns/ical/",
    "me": "http://me.com/_namespace/",
}
_DECLARED = " ".join(f'xmlns:{short}="{space}"' for short, space in SPACES.items())


def tag(name: str) -> str:
    """`c:calendar-data` as ElementTree writes it."""
    short, _colon, local = name.partition(":")
    return f"{{{SPACES[short]}}}{local}"


def document(root: str, inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><{root} {_DECLARED}>{inside}</{root}>'.encode()


def props(names: str) -> str:
    """`d:getetag c:calendar-data` as a prop element."""
    return f"<d:prop>{''.join(f'<{name}/>' for name in names.split())}</d:prop>"


@dataclass(frozen=True)
class Found:
    """What an answer says of one address: its own status, or properties with theirs."""

    status: int
    values: dict[str, ET.Element]
    absent: frozenset[str]

    def text(self, name: str) -> str:
        return self.values[tag(name)].text or ""

    def href(self, name: str) -> str:
        return self.values[tag(name)].findtext(tag("d:href")) or ""

    def inside(self, name: str) -> list[str]:
        """The names of the elements in a property."""
        return [one.tag.partition("}")[2] for one in self.values[tag(name)]]


def read(body: bytes) -> dict[str, Found]:
    """A multistatus by address."""
    root = ET.fromstring(body)
    assert root.tag == tag("d:multistatus")
    found: dict[str, Found] = {}
    for response in root.iter(tag("d:response")):
        href = response.findtext(tag("d:href")) or ""
        assert href not in found, f"{href} is told of twice"
        found[href] = _found(response)
    return found


def _found(response: ET.Element) -> Found:
    values: dict[str, ET.Element] = {}
    absent: set[str] = set()
    for part in response.iter(tag("d:propstat")):
        inside = list(part.find(tag("d:prop")) or ())
        if _status(part) == 200:
            values |= {one.tag: one for one in inside}
        else:
            absent |= {one.tag for one in inside}
    own = response.findtext(tag("d:status"))
    return Found(_status(response) if own else 200, values, frozenset(absent))


def _status(part: ET.Element) -> int:
    return int((part.findtext(tag("d:status")) or "").split()[1])


def token_in(body: bytes) -> str:
    """The token that a sync-collection gave."""
    return ET.fromstring(body).findtext(tag("d:sync-token")) or ""


def condition_in(response: TestResponse) -> tuple[int, str]:
    """The status of a refusal, and which condition was not met."""
    (one,) = ET.fromstring(response.data)
    return response.status_code, one.tag.partition("}")[2]


class Program:
    """A calendar program with an account, over a test client."""

    def __init__(self, client: Client, email: str, password: str) -> None:
        self._client = client
        given = b64encode(f"{email}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {given}", "User-Agent": "DAVx5/4.5"}

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        every: dict[str, Any] = self._headers | {"Content-Type": "application/xml"} | named
        return self._client.open(path, method=method, data=body, headers=every)

    def propfind(self, path: str, names: str, depth: int = 0) -> dict[str, Found]:
        body = document("d:propfind", props(names))
        response = self.ask("PROPFIND", path, body, Depth=str(depth))
        assert response.status_code == 207, response.status
        return read(response.data)

    def report(self, path: str, body: bytes) -> TestResponse:
        return self.ask("REPORT", path, body, Depth="1")

    def sync(self, path: str, token: str = "", names: str = "d:getetag") -> TestResponse:
        inside = f"<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>{props(names)}"
        return self.report(path, document("d:sync-collection", inside))

    def multiget(self, path: str, *hrefs: str) -> dict[str, Found]:
        listed = "".join(f"<d:href>{href}</d:href>" for href in hrefs)
        inside = props("d:getetag c:calendar-data") + listed
        response = self.report(path, document("c:calendar-multiget", inside))
        assert response.status_code == 207, response.status
        return read(response.data)

    def query(self, path: str, inside: str, names: str = "d:getetag") -> TestResponse:
        """A calendar-query; `inside` is what stands in the filter of VCALENDAR."""
        whole = f'<c:comp-filter name="VCALENDAR">{inside}</c:comp-filter>'
        return self.report(
            path, document("c:calendar-query", f"{props(names)}<c:filter>{whole}</c:filter>")
        )
