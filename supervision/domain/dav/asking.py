"""What a program asks, read from the body of its request. No entities, no doctype, no deep nests.

The standard library's expat is driven by hand, since its ElementTree takes a doctype without a
word, and with it entities that grow.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from supervision.domain.dav.names import cal, dav
from supervision.domain.ical import UID_HOST

MOST_DEPTH = 16
# More than any calendar holds, in one question of those programs that ask for all of it at once.
MOST_HREFS = 5000
MOST_BYTES = 512 * 1024
# No program asks for thirty.
MOST_NAMES, LONGEST_NAME = 100, 200
MOST_FILTERS = 20
MOST_ELEMENTS = MOST_HREFS + 200
MOST_ATTRIBUTES, MOST_NAMESPACES = 20, 50
NAMES_WITHIN_LIMITS = f"{{https://{UID_HOST}/dav}}properties-within-limits"
_INSTANT = "%Y%m%dT%H%M%SZ"


class BadRequestError(ValueError):
    """A body that is no XML, or not what its method asks with (400)."""


class UnsupportedError(ValueError):
    """Something that is not done here, or too much; `condition` is the element that says so (403).

    It is the RFC's where there is one, or one of our own (RFC 4918 section 16).
    """

    def __init__(self, condition: str) -> None:
        super().__init__(condition)
        self.condition = condition


@dataclass(frozen=True)
class Wish:
    """Which properties are wanted: these, or all there are, perhaps by name only."""

    names: tuple[str, ...] = ()
    everything: bool = False
    names_only: bool = False


@dataclass(frozen=True)
class Query:
    """A calendar-query: events that overlap [start, end), where those are set.

    `events` is False where it asks for what no calendar here has, such as tasks.
    """

    wish: Wish
    events: bool = True
    start: datetime | None = None
    end: datetime | None = None

    def matches(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether an event is wanted (RFC 4791 section 9.9)."""
        begun = self.end is None or starts_at < self.end
        return self.events and begun and (self.start is None or ends_at > self.start)


@dataclass(frozen=True)
class Multiget:
    """A calendar-multiget: the resources at these addresses."""

    wish: Wish
    hrefs: tuple[str, ...]


@dataclass(frozen=True)
class Sync:
    """A sync-collection: what changed since a token, empty for all; `most` is what it takes."""

    wish: Wish
    token: str
    most: int | None


Report = Query | Multiget | Sync


def propfind(body: bytes) -> Wish:
    """The properties that a PROPFIND wants; without a body all (RFC 4918 section 9.1).

    Raises BadRequestError.
    """
    if not body.strip():
        return Wish(everything=True)
    root = _read(body)
    if root.tag != dav("propfind"):
        raise BadRequestError("no propfind")
    return _wish(root)


def report(body: bytes) -> Report:
    """What a REPORT asks. Raises BadRequestError and UnsupportedError."""
    root = _read(body)
    if root.tag == cal("calendar-query"):
        return _query(root)
    if root.tag == cal("calendar-multiget"):
        return _multiget(root)
    if root.tag == dav("sync-collection"):
        return _sync(root)
    raise UnsupportedError(dav("supported-report"))


def _wish(root: Element) -> Wish:
    if root.find(dav("propname")) is not None:
        return Wish(everything=True, names_only=True)
    wanted = root.find(dav("prop"))
    if wanted is None:
        return Wish(everything=True)
    names = tuple(dict.fromkeys(one.tag for one in wanted))
    if len(names) > MOST_NAMES or any(len(name) > LONGEST_NAME for name in names):
        raise UnsupportedError(NAMES_WITHIN_LIMITS)
    return Wish(names)


def _multiget(root: Element) -> Multiget:
    hrefs = dict.fromkeys((one.text or "").strip() for one in root.findall(dav("href")))
    if len(hrefs) > MOST_HREFS:
        raise BadRequestError("too many")
    return Multiget(_wish(root), tuple(hrefs))


def _sync(root: Element) -> Sync:
    if (root.findtext(dav("sync-level")) or "1").strip() != "1":
        raise UnsupportedError(dav("supported-report"))
    most = root.findtext(f"{dav('limit')}/{dav('nresults')}")
    try:
        limit = int(most) if most is not None else None
    except ValueError:
        raise BadRequestError("no number") from None
    return Sync(_wish(root), (root.findtext(dav("sync-token")) or "").strip(), limit)


def _query(root: Element) -> Query:
    wish = _wish(root)
    whole = root.find(f"{cal('filter')}/{cal('comp-filter')}")
    if whole is None or whole.get("name") != "VCALENDAR":
        raise BadRequestError("no filter")
    if sum(1 for _one in whole.iter()) > MOST_FILTERS:
        raise UnsupportedError(cal("supported-filter"))
    events, start, end = True, None, None
    for part in whole:
        if part.tag != cal("comp-filter"):
            raise UnsupportedError(cal("supported-filter"))
        wanted, (since, until) = _component(part)
        events = events and wanted
        start, end = since or start, until or end
    return Query(wish, events, start, end)


def _component(part: Element) -> tuple[bool, tuple[datetime | None, datetime | None]]:
    """Whether an event's file passes this part of a filter, and the time that it wants."""
    span: tuple[datetime | None, datetime | None] = (None, None)
    absent = False
    for one in part:
        if one.tag == cal("time-range"):
            span = (_instant(one.get("start")), _instant(one.get("end")))
        elif one.tag == cal("is-not-defined"):
            absent = True
        else:
            raise UnsupportedError(cal("supported-filter"))
    is_event = part.get("name") == "VEVENT"
    return is_event is not absent, span if is_event else (None, None)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        raise BadRequestError("no instant in UTC") from None


def _read(body: bytes) -> Element:
    """The root of a document. Raises BadRequestError, before more is kept than anybody asks."""
    if len(body) > MOST_BYTES:
        raise BadRequestError("too large")
    builder, parser = TreeBuilder(), expat.ParserCreate(namespace_separator="}")
    depth, left, spaces = 0, MOST_ELEMENTS, set[str | None]()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, left
        depth, left = depth + 1, left - 1
        if depth > MOST_DEPTH or left < 0 or len(attributes) > MOST_ATTRIBUTES:
            raise BadRequestError("too much")
        builder.start(_name(tag), attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(tag))

    def declare(_prefix: str | None, space: str | None) -> None:
        spaces.add(space)  # Apple's programs declare the same one at each element
        if len(spaces) > MOST_NAMESPACES:
            raise BadRequestError("too many namespaces")

    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartNamespaceDeclHandler = declare
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(body, True)
    except expat.ExpatError:
        raise BadRequestError("no XML") from None
    return builder.close()


def _no_doctype(*_declared: object) -> NoReturn:
    raise BadRequestError("a doctype")


def _name(tag: str) -> str:
    return "{" + tag if "}" in tag else tag
