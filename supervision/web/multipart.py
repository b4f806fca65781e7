"""A look at a multipart body before it is taken apart (RFC 2046, section 5.1; RFC 7578).

Werkzeug bounds how many parts there are, not what stands above each, and reads that a character at
a time. Here whole delimiters are counted and the heads measured, in time that grows with the body.
"""

import re

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

# Bytes before the first delimiter, of one part's head, and of all heads together.
LONGEST_PREAMBLE = 300
LONGEST_HEAD, LONGEST_HEADS = 4_096, 65_536
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_DELIMITED = re.compile(rb"[ \t]{0,99}(?:\r\n|\n|\r)")
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")


def check(body: bytes, boundary: str, most: int) -> None:
    """Raises RequestEntityTooLarge (413) for more than `most` parts, BadRequest (400) for the rest.

    A delimiter anywhere but where one may stand is refused as well, so that nobody reads other
    parts than were measured.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest
    delimiter = b"--" + boundary.encode()
    if body.count(delimiter) > most + 1:
        raise RequestEntityTooLarge
    preamble, *parts = body.split(delimiter)
    if len(preamble) > LONGEST_PREAMBLE:
        raise BadRequest
    _measure(parts)


def _measure(parts: list[bytes]) -> None:
    heads, before = 0, b"\n"
    for part in parts:
        if not before.endswith((b"\r", b"\n")):
            raise BadRequest
        if part.startswith(b"--"):
            return  # nobody reads on
        heads += _length_of_head(part)
        if heads > LONGEST_HEADS:
            raise RequestEntityTooLarge
        before = part
    raise BadRequest


def _length_of_head(part: bytes) -> int:
    begins = _DELIMITED.match(part)
    if begins is None:
        raise BadRequest
    ends = _BLANK_LINE.search(part, begins.end(), begins.end() + LONGEST_HEAD)
    if ends is None:
        raise BadRequest
    return ends.start() - begins.end()
