"""What is written is for the server's own user alone, whatever the umask: it decides wherever no
mode is said, and SQLite says none."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from supervision import config
from tests.support.databases import settings_for
from tests.support.server import ROOT, Server

# What a server has written, once it serves.
INSTANCE = {"jobs.sqlite", "pepper", "secret_key"} | {
    f"supervision.sqlite{suffix}" for suffix in ("", "-shm", "-wal", ".lock")
}
RUNTIME = {"limits.sqlite", "metrics", "migrate.lock", "serve.lock", "unlocks.sqlite"}
# A process that makes the application, writes a row, counts a request and leaves a mail.
WRITES = """
import os
os.umask(0)
{before}
from supervision import config, create_app
from supervision.db import db
from supervision.services.mail.posts import ToFolder
from email.message import EmailMessage
from sqlalchemy import text
settings = config.load()
app = create_app(settings)
mail = EmailMessage()
mail["Message-ID"] = "<one@example.org>"
ToFolder(settings.instance / "mail")(mail)
with app.app_context():
    db.session.execute(text("CREATE TABLE word (letters)"))
    db.session.commit()
app.test_client().get("/healthz")
"""


def named(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def open_to_others(*folders: Path) -> list[str]:
    """What another user may touch, were the folders themselves open."""
    found = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    return [
        f"{path}: {path.stat().st_mode & 0o777:o}"
        for path in found
        if path.stat().st_mode & 0o777 != (0o700 if path.is_dir() else 0o600)
    ]


def memory_of(instance: Path) -> Path:
    return settings_for(instance, f"sqlite:///{instance}/supervision.sqlite").runtime


@pytest.fixture(params=[0o000, 0o022], ids=oct)
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    os.umask(request.param)
    running = Server(tmp_path / "instance").wait()
    yield running
    running.stop()


def test_server_leaves_nothing_open(server: Server) -> None:
    assert server.get(f"/invitation/{'x' * 43}").status == 404  # a guess is counted
    instance, memory = server.instance, memory_of(server.instance)
    assert (INSTANCE - named(instance), RUNTIME - named(memory)) == (set(), set())
    assert open_to_others(instance, memory) == []


def test_backup_is_closed_whatever_the_umask(tmp_path: Path) -> None:
    kept = {name: v for name, v in os.environ.items() if not name.startswith("SUPERVISION_")}
    for command in (("db", "upgrade"), ("backup", str(tmp_path / "backup"))):
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "supervision", *command],
            cwd=ROOT,
            env=kept | {"SUPERVISION_INSTANCE": str(tmp_path / "instance")},
            capture_output=True,
            check=True,
            umask=0,
        )
    assert open_to_others(tmp_path / "instance") == []
    assert oct((tmp_path / "backup").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("before", "harmed"),
    [("", False), ("os.umask = lambda mask: 0  # the broken twin", True)],
    ids=["as it is", "umask left alone"],
)
def test_files_of_a_process_are_open_without_our_umask(
    tmp_path: Path, before: str, harmed: bool
) -> None:
    instance = tmp_path / "instance"
    kept = {name: v for name, v in os.environ.items() if not name.startswith("SUPERVISION_")}
    subprocess.run(
        [sys.executable, "-c", WRITES.format(before=before)],
        cwd=ROOT,
        env=kept | {"SUPERVISION_INSTANCE": str(instance)},
        check=True,
    )
    assert bool(open_to_others(instance, memory_of(instance))) is harmed


def test_database_of_an_older_version_elsewhere_is_closed_with_its_side_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash leaves the write-ahead log behind, with the mode that the database had."""
    file = tmp_path / "elsewhere.sqlite"

    def use() -> None:
        engine = create_engine(f"sqlite:///{file}")
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS word (letters)"))
            assert {oct(p.stat().st_mode & 0o777) for p in tmp_path.iterdir()} == wanted
        engine.dispose()

    with monkeypatch.context() as broken:
        broken.setattr(sys.modules["supervision.db"], "_close_files", lambda _connection: None)
        wanted = {"0o644"}
        use()
    wanted = {"0o600"}
    use()


def test_close_to_others_leaves_what_the_owner_may(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for mode, left in ((0o777, 0o700), (0o644, 0o600), (0o440, 0o400), (0o600, 0o600)):
        file.chmod(mode)
        config.close_to_others(file)
        assert file.stat().st_mode & 0o777 == left
