"""Answers as XML: multistatus (RFC 4918 section 13) and errors (section 16)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element, tostring

from supervision.domain.dav.asking import Wish
from supervision.domain.dav.names import dav

DECLARED = b"<?xml version='1.0' encoding='utf-8'?>\n"
FOUND, ABSENT = "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"
# As many as programs ask for; where more are absent, those of the first resource stand for all.
FEW = 30
PIECE = 16 * 1024
# What no XML 1.0 document may hold, however it is written.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def node(tag: str, *children: Element, text: str = "", **attributes: str) -> Element:
    """An element with what is in it."""
    made = Element(tag, attributes)
    made.extend(children)
    made.text = _NO_XML.sub("\ufffd", text) or None
    return made


def response(
    href: str, known: Mapping[str, Element], wish: Wish, told: set[tuple[str, ...]] | None = None
) -> Element:
    """What is known of one resource, and which of the wanted properties it does not have.

    `told` are the absent names that the same answer holds already: many are not said again, so that
    an answer does not grow by what is asked times what there is.
    """
    made = node(dav("response"), node(dav("href"), text=href))
    names = tuple(known) if wish.everything else wish.names
    values = [known[name] for name in names if name in known]
    if wish.names_only:
        values = [Element(one.tag) for one in values]
    absent = tuple(name for name in names if name not in known)
    if told is not None and len(absent) > FEW:
        said, absent = absent, () if absent in told else absent
        told.add(said)
    if values or not absent:
        made.append(_propstat(values, FOUND))
    if absent:
        made.append(_propstat(map(Element, absent), ABSENT))
    return made


def missing(href: str) -> Element:
    """A resource that is not there, or not any more."""
    status = node(dav("status"), text=ABSENT)
    return node(dav("response"), node(dav("href"), text=href), status)


def multistatus(responses: Iterable[Element], token: str = "") -> bytes:
    """The whole answer, with the token of a sync-collection where there is one."""
    return b"".join(pieces(responses, token))


def pieces(responses: Iterable[Element], token: str = "") -> Iterator[bytes]:
    """The same, piece by piece: no more than one piece is held at a time."""
    held = bytearray(DECLARED + b'<d:multistatus xmlns:d="DAV:">')
    for one in responses:
        held += _element(one)
        if len(held) > PIECE:
            yield bytes(held)
            held.clear()
    if token:
        held += _element(node(dav("sync-token"), text=token))
    yield bytes(held + b"</d:multistatus>")


def error(condition: Element) -> bytes:
    """The body of a refusal that says which condition was not met."""
    return _written(node(dav("error"), condition))


def _propstat(properties: Iterable[Element], status: str) -> Element:
    return node(dav("propstat"), node(dav("prop"), *properties), node(dav("status"), text=status))


def _written(root: Element) -> bytes:
    return DECLARED + _element(root)


def _element(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8")
    # As it is, a reader would turn a calendar's line ends into others (XML 1.0 section 2.11).
    return written.replace(b"\r", b"&#13;")
