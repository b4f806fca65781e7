"""Answers as XML: multistatus (RFC 4918 section 13) and errors (section 16)."""

import re
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from supervision.domain.dav.asking import Wish
from supervision.domain.dav.names import dav

FOUND, ABSENT = "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"
# What no XML 1.0 document may hold, however it is written.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def node(tag: str, *children: Element, text: str = "", **attributes: str) -> Element:
    """An element with what is in it."""
    made = Element(tag, attributes)
    made.extend(children)
    made.text = _NO_XML.sub("\ufffd", text) or None
    return made


def response(href: str, known: Mapping[str, Element], wish: Wish) -> Element:
    """What is known of one resource, and which of the wanted properties it does not have."""
    made = node(dav("response"), node(dav("href"), text=href))
    names = tuple(known) if wish.everything else wish.names
    values = [known[name] for name in names if name in known]
    if wish.names_only:
        values = [Element(one.tag) for one in values]
    absent = [Element(name) for name in names if name not in known]
    if values or not absent:
        made.append(_propstat(values, FOUND))
    if absent:
        made.append(_propstat(absent, ABSENT))
    return made


def missing(href: str) -> Element:
    """A resource that is not there, or not any more."""
    status = node(dav("status"), text=ABSENT)
    return node(dav("response"), node(dav("href"), text=href), status)


def multistatus(responses: Iterable[Element], token: str = "") -> bytes:
    """The whole answer, with the token of a sync-collection where there is one."""
    root = node(dav("multistatus"), *responses)
    if token:
        SubElement(root, dav("sync-token")).text = token
    return _written(root)


def error(condition: Element) -> bytes:
    """The body of a refusal that says which condition was not met."""
    return _written(node(dav("error"), condition))


def _propstat(properties: Iterable[Element], status: str) -> Element:
    return node(dav("propstat"), node(dav("prop"), *properties), node(dav("status"), text=status))


def _written(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    # As it is, a reader would turn a calendar's line ends into others (XML 1.0 section 2.11).
    return written.replace(b"\r", b"&#13;")
