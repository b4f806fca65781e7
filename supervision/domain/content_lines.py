"""The lines of an iCalendar file that somebody asks for (RFC 5545 section 3.1), unparsed."""

import re
from collections.abc import Iterator
from io import BytesIO

_NAME = re.compile(rb"[A-Za-z-]+(?=[:;])")
Line = tuple[bytes, bytes]


class LongLineError(ValueError):
    """A line that is longer than any program writes one."""


def content_lines(body: bytes, names: frozenset[bytes], longest: int) -> Iterator[Line]:
    """(name in upper case, whole line unfolded) of each line whose name is asked for.

    Raises LongLineError for one of them with more than `longest` bytes.
    """
    name, parts, size = b"", list[bytes](), 0
    for raw in BytesIO(body.removeprefix(b"\xef\xbb\xbf")):
        line = raw.rstrip(b"\r\n")
        if line.startswith((b" ", b"\t")):
            if not parts:
                continue
            line = line[1:]
        else:
            if parts:
                yield name, b"".join(parts)
            found = _NAME.match(line)
            name, parts, size = found[0].upper() if found else b"", [], 0
            if name not in names:
                continue
        parts.append(line)
        size += len(line)
        if size > longest:
            raise LongLineError
    if parts:
        yield name, b"".join(parts)
