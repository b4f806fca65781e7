"""The runtime folder: private, and never one that somebody else laid there."""

import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from supervision.errors import BadSettings
from supervision.models.unlocks import Unlocked, Unlocks
from supervision.web import runtime
from tests.support.databases import settings_for

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    found = settings_for(tmp_path / "instance", "sqlite:///:memory:")
    yield found
    shutil.rmtree(found.runtime, ignore_errors=True)


def test_folder_is_private(settings) -> None:
    made = runtime.folder(settings, "metrics")
    assert made.parent == settings.runtime
    assert [stat.S_IMODE(path.stat().st_mode) for path in (made, made.parent)] == [0o700, 0o700]


def test_folder_is_made_once(settings) -> None:
    assert runtime.folder(settings) == runtime.folder(settings)


def test_folder_open_to_others_is_refused(settings) -> None:
    settings.runtime.mkdir(mode=0o755)
    with pytest.raises(BadSettings):
        runtime.folder(settings)


def test_link_in_its_place_is_refused(settings, tmp_path) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir(mode=0o700)
    settings.runtime.symlink_to(target)
    with pytest.raises(BadSettings):
        runtime.folder(settings)
    settings.runtime.unlink()


def test_unlocks_of_a_former_version_make_way(tmp_path) -> None:
    """Whoever was unlocked before an upgrade is locked by the restart; nobody is kept out by it."""
    path = tmp_path / "unlocks.sqlite"
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE unlocked (name BLOB PRIMARY KEY, person BLOB)")
        file.execute("INSERT INTO unlocked VALUES (x'01', x'02')")
        file.commit()
    row = Unlocked(b"name", uuid4(), uuid4(), b"sealed", AT, AT, 7)
    Unlocks(path).add(row)
    assert Unlocks(path).find(b"name", AT) == row
