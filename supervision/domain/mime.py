"""A stranger's mail taken apart (RFC 5322, RFC 2046), in time and memory that grow with its size.

The standard library's parser goes as deep as a mail is nested, and its headers take time that grows
with the square of what is in them. Here only the few headers that somebody asks for are looked at,
short as they always are, and what is nested deeper or cut into more than calendars do is refused.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from itertools import islice

# Exchange writes twenty kilobytes of them; none is looked at but those below.
MOST_HEAD = 64 * 1024
LONGEST_HEADER = 2_000
MOST_PARTS = 30
DEEPEST = 5
ASKED = frozenset(
    ("from", "auto-submitted", "received", "content-type", "content-transfer-encoding")
)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n(?=[ \t])")


class TooMuchError(ValueError):
    """A mail that is nested, cut or headed as no mail program does it."""


@dataclass(frozen=True)
class Part:
    """One part, or a whole mail: the values of the headers that are asked for, unfolded, by
    lower-case name; its body as it came.
    """

    headers: dict[str, list[str]]
    body: bytes

    def first(self, name: str, usual: str = "") -> str:
        """The first value of a header."""
        return self.headers.get(name, [usual])[0]

    @property
    def kind(self) -> str:
        """The media type without its parameters, in lower case."""
        return self._typed().get_content_type()

    def content(self) -> bytes:
        """The body without its transfer encoding. Raises binascii.Error for broken Base64."""
        encoding = self.first("content-transfer-encoding").lower()
        if encoding == "base64":
            return binascii.a2b_base64(self.body + b"==")  # what is too much of it is no fault
        return quopri.decodestring(self.body) if encoding == "quoted-printable" else self.body

    def leaves(self) -> Iterator["Part"]:
        """The parts that hold no others, in order; a mail within a mail is not opened.

        Raises TooMuchError.
        """
        waiting, seen = [(self, 0)], 0
        while waiting:
            part, depth = waiting.pop()
            if not part.kind.startswith("multipart/"):
                yield part
                continue
            pieces = part._pieces()  # noqa: SLF001 - its own kind
            seen += len(pieces)
            if depth == DEEPEST or seen > MOST_PARTS:
                raise TooMuchError
            waiting += [(opened(piece), depth + 1) for piece in reversed(pieces)]

    def _pieces(self) -> list[bytes]:
        """What stands between the boundaries (RFC 2046 section 5.1.1)."""
        boundary = self._typed().get_boundary("").encode("latin-1", "replace")
        if not boundary:
            return []
        line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?$\n?", re.MULTILINE)
        places = list(islice(line.finditer(self.body), MOST_PARTS + 2))
        ends = [one.start() for one in places[1:]] + [len(self.body)]
        return [
            self.body[one.end() : end]
            for one, end in zip(places, ends, strict=True)
            if one[1] is None
        ]

    def _typed(self) -> Message:
        typed = Message()
        typed["Content-Type"] = self.first("content-type", "text/plain")
        return typed


def opened(raw: bytes) -> Part:
    """A mail or a part of one. Raises TooMuchError."""
    if raw[:1] == b"\n" or raw[:2] == b"\r\n":
        return Part({}, raw)
    blank = _END_OF_HEAD.search(raw, 0, MOST_HEAD)
    if blank is None and len(raw) > MOST_HEAD:
        raise TooMuchError
    head, body = (raw[: blank.start()], raw[blank.end() :]) if blank else (raw, b"")
    headers: dict[str, list[str]] = {}
    for name, value in _headers(head.decode("latin-1")):
        headers.setdefault(name, []).append(value)
    return Part(headers, body)


def _headers(head: str) -> Iterator[tuple[str, str]]:
    for line in re.split(r"\r?\n(?![ \t])", head):
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or name not in ASKED:
            continue
        if len(value) > LONGEST_HEADER:
            raise TooMuchError
        yield name, _FOLD.sub("", value).strip()
