"""The worker itself, in a process of its own, among calendar servers that do their worst."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path

import psutil
import pytest
from flask import Flask
from sqlalchemy import select

from supervision import clock
from supervision.config import Settings
from supervision.db import db
from supervision.models.outside import CalendarState, OutsideCalendar
from supervision.permissions import Actor
from supervision.services import outside
from tests import factories
from tests.support import strangers
from tests.support.client import Client
from tests.support.strangers import Stranger, calendar, timed

ROOT = Path(__file__).parents[3]
HOSTS = frozenset({"localhost", "127.0.0.2"})
INWARDS = f"to/{b'https://127.0.0.1/'.hex()}"
PATIENCE = 120
GROWTH = 30 * 1024 * 1024

PRIVATE = (
    "This address leads into a private network, where nothing may be fetched. Whoever runs this "
    "installation can allow it."
)
LARGE = "This calendar is too large. Choose a smaller one, of at most 20 MB."
BROKEN = "What this address gives is not a calendar that can be read."
MUCH = "This calendar holds too much to be read here. Choose a smaller one."
SLOW = "The calendar took too long to read, so it was left."


@contextmanager
def at_work(settings: Settings) -> Iterator[psutil.Process]:
    """The worker on the database of the test; it is alive at the end, and ends when asked."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("SUPERVISION_")}
    environment |= {
        "SUPERVISION_INSTANCE": str(settings.instance),
        "SUPERVISION_DATABASE_URL": settings.database_url,
        "SUPERVISION_PEPPER": settings.pepper,
        "SUPERVISION_SECRET_KEY": settings.secret_key,
        "SUPERVISION_CALENDAR_HOSTS": ",".join(HOSTS),
    }
    command = [sys.executable, "-m", "flask", "--app", "supervision", "worker"]
    worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(worker.pid)
        assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0
    finally:
        worker.kill()
        worker.wait()


def own(actor: Actor, settings: Settings, stranger: Stranger, host: str, path: str) -> None:
    address = f"http://{host}:{stranger.port}/{path}"
    outside.add(actor, clock.now(), path[:60], address, settings.pepper.encode(), HOSTS)
    db.session.commit()


def wait_until_all_were_read() -> None:
    until = time.monotonic() + PATIENCE
    news = select(OutsideCalendar.id).where(OutsideCalendar.tried_at.is_(None))
    while db.session.scalars(news).all():
        assert time.monotonic() < until
        db.session.rollback()
        time.sleep(0.2)
    db.session.rollback()


def sentences(page: str) -> set[str]:
    """What the page says in lines of its own."""
    return {unescape(line.split("<")[0]) for line in page.split('<p class="meta">')[1:]}


@pytest.mark.engines("sqlite")
def test_worker_goes_on_unharmed_and_each_owner_reads_why(
    app: Flask, settings: Settings, client: Client
) -> None:
    """Redirected inwards, held on to, sent a gigabyte, a bomb and hostile files, in one go."""
    house = factories.house()
    with (
        strangers.serving() as stranger,
        strangers.serving(address="127.0.0.2") as slow,
        at_work(settings) as worker,
    ):
        event = timed(clock.now() + timedelta(days=1))
        stranger.bodies["/flood"] = calendar(
            *[f"{event}\r\nRDATE:{'20270101T090000Z,' * 5000}"] * 50
        )
        stranger.bodies["/good"] = calendar(event)
        own(house.alice, settings, stranger, "localhost", "good")
        wait_until_all_were_read()
        before = worker.memory_info().rss
        own(house.alice, settings, slow, "127.0.0.2", "slow")
        for path in (INWARDS, "undeclared", "bomb"):
            own(house.alice, settings, stranger, "localhost", path)
        for path in ("declared", "broken", "flood"):
            own(house.bob, settings, stranger, "localhost", path)
        wait_until_all_were_read()
        assert worker.memory_info().rss - before < GROWTH
        assert worker.children() == []
    good = select(OutsideCalendar.label).where(OutsideCalendar.state == CalendarState.GOOD)
    assert db.session.scalars(good).all() == ["good"]
    client.sign_in(house.alice.id)
    page = client.get("/availability").text
    assert {PRIVATE, LARGE, SLOW} <= sentences(page)
    assert "Busy hours in the coming two weeks: 1." in sentences(page)
    client.sign_in(house.bob.id)
    assert {LARGE, BROKEN, MUCH} <= sentences(client.get("/availability").text)
