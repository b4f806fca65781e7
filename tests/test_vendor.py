"""The files of others are the ones that were published: their README names each one's hash."""

import hashlib
import re
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[1] / "supervision" / "static" / "vendor"
ROW = re.compile(r"^\| `([^`]+)` .*\| `([0-9a-f]{64})` \|$", re.MULTILINE)
NAMED = dict(ROW.findall((VENDOR / "README.md").read_text()))


def test_vendor_readme_names_every_file_and_no_other() -> None:
    assert sorted(NAMED) == sorted(
        path.name for path in VENDOR.iterdir() if path.name != "README.md"
    )


@pytest.mark.parametrize("name", sorted(NAMED))
def test_vendor_file_has_its_published_hash(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == NAMED[name]


def test_vendor_styles_fetch_nothing() -> None:
    for path in VENDOR.glob("*.css"):
        assert re.findall(r"url\((?!\"data:)[^)]*\)", path.read_text()) == []
