"""What all tests share: both databases, applications, a client that fills in forms, a clock.

The run lives in Los Angeles, far from every zone of the cast, so that a time that leans on the
machine's own zone comes out wrong.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask, has_request_context, request
from flask_sqlalchemy.session import Session
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import scoped_session

from supervision.config import Settings
from supervision.db import db
from supervision.domain.vault import kdf
from supervision.web import limits, logs
from tests.support import databases
from tests.support.client import Client

os.environ["TZ"] = "America/Los_Angeles"
time.tzset()
hypothesis_settings.register_profile("house", deadline=None, print_blob=True)
hypothesis_settings.load_profile("house")

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of services run on both databases, others on SQLite unless they are marked."""
    if "engine_name" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("engines")
    both = "services" in metafunc.definition.path.parts
    names = marker.args if marker else databases.ENGINES if both else databases.ENGINES[:1]
    metafunc.parametrize("engine_name", names)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped did not pass."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Each test begins as most people's shells do; to load settings closes what follows."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def logs_are_written() -> None:
    """Whatever a test before asked of the log, which is one for the process."""
    logs.configure("INFO")


@pytest.fixture(scope="session", autouse=True)
def engines(worker_id: str, testrun_uid: str) -> Iterator[databases.Engines]:
    """The databases of this process, each made when the first test wants it."""
    folder = Path(tempfile.mkdtemp(prefix="supervision-test-"))
    made = databases.Engines(folder, worker_id, testrun_uid)
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.fixture
def app(engine_name: str, engines: databases.Engines) -> Iterator[Flask]:
    """The application on a migrated, empty database, its context pushed."""
    made = engines.app(engine_name)
    with made.app_context():
        yield made
        db.session.remove()
        engines.settle(engine_name)


@pytest.fixture(autouse=True)
def counted_before_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page stretches a passphrase without a place among those that may wait for their turn."""
    run = kdf._run

    def counted(*given: Any) -> bytes:
        assert not has_request_context() or limits.may_stretch(), request.endpoint
        return run(*given)

    monkeypatch.setattr(kdf, "_run", counted)


@pytest.fixture
def settings(app: Flask) -> Settings:
    found: Settings = app.extensions["settings"]
    return found


@pytest.fixture
def db_session(app: Flask) -> scoped_session[Session]:
    return db.session


@pytest.fixture
def new_client(app: Flask) -> Callable[[], Client]:
    """Makes clients: each is a browser of its own."""
    return lambda: Client(app, app.response_class, use_cookies=True)


@pytest.fixture
def client(new_client: Callable[[], Client]) -> Client:
    return new_client()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still on Monday 23 November 2026, 09:00 UTC; `clock.move_to`, `clock.shift`."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
