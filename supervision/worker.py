"""The worker: huey runs each job of `services.jobs` within a second of its being due.

Its queue holds the names of jobs and nothing else, in a file of its own on this machine. What is
to be done stands in our tables, so that a name which is lost with its worker loses nothing: the
job is due as before. Several workers, here or on other machines, share the work by rows.
"""

import signal
import sys
from datetime import timedelta
from threading import Lock
from typing import Any

from flask import Flask
from structlog import get_logger

from supervision import clock
from supervision.config import Settings
from supervision.inbound import Know, Take, listening
from supervision.models.unlocks import Unlocks
from supervision.services import outside, replies
from supervision.services.jobs import JOBS, Job, Shift

# huey loads the drivers of storages that it finds: five megabytes which this queue has no use for.
_SPARED = [name for name in ("psycopg", "redis") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_SPARED))  # type: ignore[arg-type]  # None: not to be found
try:
    from huey import SqliteHuey
    from huey.consumer import Consumer, Scheduler
finally:
    for name in _SPARED:
        del sys.modules[name]

log = get_logger()
THREADS = 2
LONGEST_WAIT = 0.25
# A name that waited longer is left out: it comes again with the next second.
STALE = timedelta(seconds=2)
# bin/serve kills who takes ten.
GRACE = 8


class EachSecond(Scheduler):  # type: ignore[misc]  # huey has no types
    """Asks each second what is due, where huey would once a minute."""

    periodic_task_seconds = 1


class Worker(Consumer):  # type: ignore[misc]  # huey has no types
    """Two threads that work and one that looks, until told to stop.

    A stop waits for what is under way. huey's own answer to SIGHUP, to run the program anew,
    would start a second server where bin/serve started this one.
    """

    scheduler_class = EachSecond

    def __init__(self, huey: SqliteHuey) -> None:
        super().__init__(huey, workers=THREADS, max_delay=LONGEST_WAIT, shutdown_timeout=GRACE)
        self._stop_flag_timeout = 1

    def going_on(self) -> bool:
        return not self.stop_flag.is_set()

    def work(self) -> None:
        self.run()
        self.stop(graceful=True)

    def _set_signal_handlers(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop_flag.set())


def work(app: Flask, settings: Settings) -> None:
    """Do what is due until SIGTERM or SIGINT."""
    queue = _queue(settings)
    worker = Worker(queue)
    shift = Shift(clock.now, settings, worker.going_on)
    reader = outside.Reader(settings.pepper.encode(), settings.allowed_hosts, shift.base_url)
    for job in (*JOBS, _locking(app), _reading(reader)):
        _enlist(queue, app, job, shift)
    with listening(settings, taking(app, settings), knowing(app, settings)):
        worker.work()
    reader.stop()


def taking(app: Flask, settings: Settings) -> Take:
    """Replies to invitations are taken as they come."""

    def take(to: str, raw: bytes) -> None:
        with app.app_context():
            replies.receive(settings.secret_key, settings.inbound_mailbox, clock.now(), to, raw)

    return take


def knowing(app: Flask, settings: Settings) -> Know:
    """Whether an invitation bears a token."""
    tokens = replies.KnownTokens(settings.secret_key)

    def know(token: str) -> bool:
        with app.app_context():
            return tokens.has(token, clock.now())

    return know


def _queue(settings: Settings) -> SqliteHuey:
    """A queue that outlives nothing: no result is kept, and no write waits for the disk."""
    path = settings.instance / "jobs.sqlite"
    path.touch(mode=0o600)
    return SqliteHuey("supervision", filename=str(path), results=False, fsync=False, cache_mb=0)


def _enlist(queue: SqliteHuey, app: Flask, job: Job, shift: Shift) -> None:
    """Have a job run when it is due, once at a time in this process."""
    busy = Lock()

    def run() -> None:
        if busy.acquire(blocking=False):
            try:
                with app.app_context():
                    job.run(shift)
            finally:
                busy.release()

    due = queue.periodic_task(
        lambda _naive: not busy.locked() and _is_due(app, job),
        name=job.name,
        priority=int(job.urgent),
        expires=STALE,
    )
    due(run)


def _is_due(app: Flask, job: Job) -> bool:
    """Whether to run a job. When not even that can be told, the next second tells."""
    try:
        with app.app_context():
            return job.due(clock.now())
    except Exception as error:  # noqa: BLE001 - the thread that looks must not fall
        log.error("worker", job=job.name, error=type(error).__name__)
        return False


def _reading(reader: outside.Reader) -> Job:
    """Calendars elsewhere are read by children of this process, which it looks after."""

    def go_on(shift: Shift) -> None:
        reader.go_on(shift.now())

    return Job("outside", reader.has_work, go_on)


def _locking(app: Flask) -> Job:
    """Vaults that stayed open too long are locked: their rows, on this machine, go."""
    unlocks: Unlocks = app.extensions["unlocks"]

    def purge(shift: Shift) -> Any:
        return unlocks.purge(shift.now())

    return Job("lock", unlocks.has_run_out, purge)
