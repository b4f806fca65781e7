"""The files of an export: names, pages, tables, and the zip they travel in."""

import io
import json
from datetime import UTC, date, datetime
from uuid import UUID
from zipfile import ZipFile

import pytest

from supervision.domain.export import File, as_json, markdown, name_of, zipped

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
KEY = UUID("1f0e9a3c-0000-4000-8000-000000000000")


def test_zip_holds_its_files_and_their_owner_alone_may_read_them() -> None:
    files = [File("about.txt", b"Hello"), File("reflections/one.md", "# Über\n".encode() * 9000)]
    whole = ZipFile(io.BytesIO(b"".join(zipped(files, AT))))
    assert [(name, whole.read(name)) for name in whole.namelist()] == files
    assert whole.testzip() is None
    assert {entry.external_attr >> 16 for entry in whole.infolist()} == {0o600}
    assert whole.infolist()[0].date_time == (2026, 11, 23, 9, 0, 0)


def test_zip_leaves_file_by_file() -> None:
    read = []

    def files():
        for number in range(3):
            read.append(number)
            yield File(f"{number}.txt", bytes(100_000))

    parts = zipped(files(), AT)
    next(parts)
    assert read == [0]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Slowing down with M.", "2026-11-23-slowing-down-with-m-1f0e9a3c"),
        ("../../etc/passwd", "2026-11-23-etc-passwd-1f0e9a3c"),
        ("", "2026-11-23-1f0e9a3c"),
        ("Ärger & Öde", "2026-11-23-ärger-öde-1f0e9a3c"),
        ("x" * 200, f"2026-11-23-{'x' * 60}-1f0e9a3c"),
    ],
)
def test_name_says_day_title_and_which(title: str, name: str) -> None:
    assert name_of(DAY, title, KEY) == name


def test_page_has_its_title_facts_and_texts() -> None:
    page = markdown("A day", {"Begun": "2026-11-23"}, [("", "It was long."), ("Next", "Rest.")])
    assert page.decode() == ("# A day\n\n- Begun: 2026-11-23\n\nIt was long.\n\n## Next\n\nRest.\n")


def test_json_tells_instants_with_their_offset() -> None:
    made = as_json({"at": AT, "on": DAY, "id": KEY, "who": "Ös"})
    assert json.loads(made) == {
        "at": "2026-11-23T09:00:00+00:00",
        "on": "2026-11-23",
        "id": str(KEY),
        "who": "Ös",
    }
    assert "Ös".encode() in made
