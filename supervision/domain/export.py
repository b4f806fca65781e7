"""Files of an export: a zip that is made as it is read, and reflections as Markdown."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

LONGEST_NAME = 60


class File(NamedTuple):
    """One file of an archive: its path with slashes, and all its bytes."""

    path: str
    body: bytes


class _Sink(io.RawIOBase):
    """Takes what a zip writes, until it is taken away. It cannot go back, so no zip tries to."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # what ZipFile gives
        self._held += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


def zipped(files: Iterable[File], at: datetime) -> Iterator[bytes]:
    """A zip of these files, piece by piece: no more than one file is held at a time."""
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:
        for file in files:
            entry = ZipInfo(file.path, at.timetuple()[:6])
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, file.body)
            yield sink.take()
    yield sink.take()


def name_of(day: date, title: str, key: UUID) -> str:
    """A file's name that sorts by day and can be read: 2026-11-23-slowing-down-1f0e9a3c."""
    letters = "".join(char if char.isalnum() else " " for char in title.casefold())
    words = "-".join(letters.split())[:LONGEST_NAME].strip("-")
    return "-".join(part for part in (day.isoformat(), words, key.hex[:8]) if part)


def markdown(title: str, facts: Mapping[str, str], texts: Iterable[tuple[str, str]]) -> bytes:
    """A page: its title, a list of facts, and texts, each under its heading if it has one."""
    parts = [f"# {' '.join(title.split())}"]
    if facts:
        parts.append("\n".join(f"- {name}: {value}" for name, value in facts.items()))
    for heading, text in texts:
        parts += [f"## {heading}", text] if heading else [text]
    return ("\n\n".join(parts) + "\n").encode()


def as_json(value: object) -> bytes:
    """Readable JSON; instants are ISO 8601 with their offset, ids are text."""
    return (json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n").encode()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
