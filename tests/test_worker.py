"""The worker as an operator runs it: killed over its work, twice at once, and told to stop."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select, update

from supervision import clock, create_app, worker
from supervision.db import db, writing
from supervision.domain.mail import Letter, Text
from supervision.models.mail import Outbox
from supervision.services import mail
from supervision.services.jobs import Job, Shift
from supervision.services.mail import Mail
from tests.support.databases import Engines, settings_for
from tests.support.smtp import Letterbox, letterbox

ROOT = Path(__file__).parents[1]
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
MANY = 1000
PATIENCE = 600  # a quarter of a minute is the rule, on a machine that does nothing else
SHM = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
FLASK = ("-m", "flask", "--app", "supervision", "worker")
CARELESS = ("-m", "tests.support.careless_worker")


@pytest.fixture
def box() -> Iterator[Letterbox]:
    with letterbox() as made:
        yield made


class Installation:
    """A database, an instance folder, and workers in processes of their own."""

    def __init__(self, folder: Path, url: str, box: Letterbox) -> None:
        self.instance = folder / "instance"
        self.app = create_app(settings_for(self.instance, url, smtp_url=box.url))
        self.url, self.box = url, box
        self.workers: list[subprocess.Popen[bytes]] = []
        with self.app.app_context():
            upgrade()

    def queue(self, many: int) -> set[str]:
        """Mails to so many people; returns their addresses."""
        to = [f"p{number}@example.org" for number in range(many)]
        letter = Letter("en", [Text("Between us.")])
        with self.app.app_context(), writing():
            mail.queue_all((Mail("x", one, "Moved", letter) for one in to), clock.now())
        return set(to)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SUPERVISION_")}
        ours = {
            "SUPERVISION_INSTANCE": str(self.instance),
            "SUPERVISION_DATABASE_URL": self.url,
            "SUPERVISION_SMTP_URL": self.box.url,
        }
        started = subprocess.Popen(
            [sys.executable, *(arguments or FLASK)], cwd=ROOT, env=kept | ours | environment
        )
        self.workers.append(started)
        return started

    def kill(self) -> None:
        self.workers[-1].kill()
        self.workers[-1].wait()

    def left(self) -> int:
        """How many mails wait."""
        with self.app.app_context():
            waits = select(func.count()).select_from(Outbox).where(Outbox.state == "waiting")
            return db.session.scalar(waits) or 0

    def let_leases_end(self) -> None:
        """As five minutes would."""
        with self.app.app_context(), writing():
            db.session.execute(update(Outbox).values(due_at=Outbox.created_at))

    def until(self, left: int) -> None:
        """Wait until no more than so many mails wait; a worker that was killed is started again."""
        over = time.monotonic() + PATIENCE
        while self.left() > left:
            assert time.monotonic() < over, f"{self.left()} mails still wait"
            if self.workers[-1].poll() == -signal.SIGKILL:
                self.start(*self.workers[-1].args[1:])  # type: ignore[index]
            time.sleep(0.1)

    def stop(self) -> list[int]:
        """Tell the workers that run to end, as a service manager does; their exit codes."""
        running = [one for one in self.workers if one.poll() is None]
        for one in running:
            one.send_signal(signal.SIGTERM)
        return [one.wait(timeout=20) for one in running]


@contextmanager
def installed(folder: Path, url: str, box: Letterbox) -> Iterator[Installation]:
    made = Installation(folder, url, box)
    try:
        yield made
    finally:
        for one in made.workers:
            one.kill()
            one.wait()
        with made.app.app_context():
            db.engine.dispose()


@pytest.fixture
def here(tmp_path: Path, engines: Engines, box: Letterbox) -> Iterator[Installation]:
    """An installation on SQLite, in memory where there is such a folder: a kill spares it."""
    base = SHM if SHM.is_dir() else tmp_path
    with (
        TemporaryDirectory(dir=base, prefix="supervision-test-") as folder,
        installed(Path(folder), f"sqlite:///{folder}/supervision.sqlite", box) as made,
    ):
        yield made


def kill_before(there: Installation, number: int) -> None:
    """Kill the worker over a mail that the server has not taken."""
    done: list[bool] = []

    def instead(taken: int) -> str | None:
        if taken != number or done:
            return None
        done.append(True)
        there.kill()
        return "421 gone"

    there.box.before = instead


def kill_after(there: Installation, number: int) -> None:
    """Kill the worker when the server has taken a mail, before it hears of that."""
    done: list[bool] = []

    def check(taken: int) -> None:
        if taken == number and not done:
            done.append(True)
            there.kill()

    there.box.after = check


def test_thousand_mails_leave_though_the_worker_is_killed_twice(here: Installation) -> None:
    to, box = here.queue(MANY), here.box
    kill_before(here, 300)
    kill_after(here, 600)
    here.start()
    here.until(left=2)
    sent = len(box.to)
    here.let_leases_end()
    here.until(left=0)
    assert here.stop() == [0]
    twice = [one for one, times in Counter(box.to).items() if times > 1]
    assert (set(box.to), len(box.to), twice) == (to, MANY + 1, [box.to[599]])
    assert (sent, len(here.workers)) == (MANY - 1, 3)
    assert box.connections < MANY / 20


def test_mail_is_lost_by_a_worker_that_marks_before_it_sends(here: Installation) -> None:
    """The twin of the test above: the order is what keeps each mail."""
    to, box = here.queue(100), here.box
    kill_before(here, 50)
    here.start(*CARELESS)
    here.until(left=0)
    here.stop()
    assert (len(to - set(box.to)), len(box.to)) == (1, 99)


def test_two_workers_at_once_share_the_mails(
    tmp_path: Path, engines: Engines, box: Letterbox
) -> None:
    """Two machines on one PostgreSQL: each has an instance folder, and so a queue, of its own."""
    with installed(tmp_path, engines.fresh_url("postgresql", "workers"), box) as there:
        to = there.queue(400)
        for name in ("one", "two"):
            there.start(
                SUPERVISION_INSTANCE=str(tmp_path / name),
                SUPERVISION_SECRET_KEY="s" * 64,
                SUPERVISION_MAIL_FROM=f"{name}@example.org",
            )
        there.until(left=0)
        assert there.stop() == [0, 0]
    assert sorted(box.to) == sorted(to)
    senders = Counter(message["From"] for message in box.taken)
    assert set(senders) == {"one@example.org", "two@example.org"}


def test_change_is_mailed_within_seconds_and_what_is_due_is_done(here: Installation) -> None:
    here.start()
    to = here.queue(1)
    until = time.monotonic() + PATIENCE
    while not here.box.to and time.monotonic() < until:
        time.sleep(0.05)
    with here.app.app_context():
        rounds = set(db.session.scalars(select(db.metadata.tables["round"].c.name)))
    assert (set(here.box.to), rounds) == (to, {"daily", "mail_again", "remind"})


def held_by_the_queue(app: Flask, job: Job) -> list[Any]:
    """The messages that huey keeps for a job that is due."""
    queue = worker._queue(app.extensions["settings"])
    worker._enlist(queue, app, job, Shift(clock.now, app.extensions["settings"]))
    for task in queue.read_periodic(None):
        queue.enqueue(task)
    return [queue.serializer.deserialize(data) for data in queue.storage.enqueued_items()]


def test_queue_holds_names_and_nothing_else(app: Flask) -> None:
    (message,) = held_by_the_queue(app, Job("mail", lambda _at: True, print, urgent=False))
    told = {name: value for name, value in message._asdict().items() if value is not None}
    assert told.pop("expires_resolved") - datetime.now(UTC).replace(tzinfo=None) < timedelta(
        seconds=3
    )
    assert len(told.pop("id")) == 36
    assert told == {
        "name": "supervision.worker.mail",
        "retries": 0,
        "retry_delay": 0,
        "retry_backoff": 0,
        "priority": 0,
        "args": (),
        "kwargs": {},
        "expires": worker.STALE,
    }
    path = app.extensions["settings"].instance / "jobs.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600


def test_look_that_fails_is_logged_by_its_class_and_stops_nothing(
    app: Flask, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_at: datetime) -> bool:
        raise RuntimeError("about M.")

    assert worker._is_due(app, Job("mail", fail, print)) is False
    said = capfd.readouterr().err
    assert ('"error": "RuntimeError"' in said, "about M." in said) == (True, False)
