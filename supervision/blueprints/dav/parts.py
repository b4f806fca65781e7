"""What all of it shares: the blueprint, and the answers that are no multistatus."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from flask import Blueprint, Response

from supervision.domain import dav

bp = Blueprint("dav", __name__)
XML = "application/xml; charset=utf-8"


def multistatus(responses: Iterable[Element], token: str = "") -> Response:
    """207 (RFC 4918 section 13), written while it leaves; `responses` read no database."""
    return Response(dav.pieces(responses, token), 207, content_type=XML)


def refused(condition: Element) -> Response:
    """403 with the condition that was not met (RFC 4918 section 16)."""
    return Response(dav.error(condition), 403, content_type=XML)


def plain(status: int, words: str, **headers: str) -> Response:
    """A word for whoever reads the answer of a program."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(f"{words}\n", status, named, mimetype="text/plain")
