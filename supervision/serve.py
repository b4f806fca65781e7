"""bin/serve: check, migrate, then keep the web server and the worker running until Ctrl-C.

One small parent keeps two children: granian with its processes, and the worker that sends mail
and does what is due. They are forks, so that they share the memory of what was imported.
"""

import argparse
import gc
import http.client
import multiprocessing
import os
import resource
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from typing import Any, NoReturn

from flask import Flask
from flask.cli import ScriptInfo
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from granian.server.common import AbstractServer
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from supervision import clock, create_app, demo
from supervision.config import BOOT_KEY, LOOPBACK, Settings
from supervision.config import load as load_settings
from supervision.db import db, writing
from supervision.domain.links import link_token
from supervision.errors import BadSettings
from supervision.models.people import LinkPurpose
from supervision.services import people
from supervision.services.health import Schema, probe_writing, schema
from supervision.services.processes import end_with_parent, keep_memory_private
from supervision.web import limits, runtime
from supervision.web.front import Front

GRACE = 10
PATIENCE = 60
# One is left for pages while passphrases are tried.
THREADS = limits.AT_ONCE_HERE + 1
# About the bytes of a request's head; more is answered 431.
MOST_HEAD = 64 * 1024
# Milliseconds in which a head must have come: the first, and the next after an answer.
HEAD_PATIENCE = 8_000
# Connections of one web process; what comes beyond waits until one ends.
MOST_CONNECTIONS = 8192
# The application that was made before forking, for the children to take.
_made: list[Flask] = []
SECRETS = (BOOT_KEY, "SUPERVISION_SECRET_KEY", "SUPERVISION_PEPPER", "SUPERVISION_DATABASE_URL")


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 1 with one line when the installation cannot start."""
    options = _options(arguments)
    keep_memory_private()
    try:
        listen = _resolve(options.host)
        settings = _settings(options.host, listen, options.port)
        _check_port(listen, options.port)
        lock = _enter(settings)
        app = create_app(settings)
        with app.app_context():
            _prepare(options.demo, settings)
            db.engine.dispose()
        _made.append(app)
    except BadSettings as error:
        _say(f"Supervision cannot start. {error.msgid}")
        return 1
    gc.collect()
    gc.freeze()
    try:
        return Keeper(app, listen, options.port, options.workers).run()
    finally:
        _leave(settings, lock)


def front() -> Front:
    """What granian calls in one web process (its target)."""
    return fronted(load())


def fronted(app: Flask) -> Front:
    """An application as it is served here."""
    secure = app.config.get("SESSION_COOKIE_SECURE", False)
    return Front(app.wsgi_app, THREADS, app.config["MAX_CONTENT_LENGTH"] or 0, secure)


def load() -> Flask:
    """The application of one web process, its start-up garbage frozen.

    A fork takes the parent's, so that it starts at once and shares its memory.
    """
    end_with_parent()
    app = _made.pop() if _made else create_app()
    # What is started from here, such as who reads a calendar, needs to know none of these.
    for name in SECRETS:
        os.environ.pop(name, None)
    gc.collect()
    gc.freeze()
    return app


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/serve", description="Serve Supervision.")
    parser.add_argument("--demo", action="store_true", help="fill an empty database")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument(
        "--workers", type=_count, default=cores or 1, help="web processes (one for each core)"
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError("workers are a number from 1 to 64")
    return int(text)


def _say(line: str) -> None:
    print(line, flush=True)


# -- before serving ------------------------------------------------------------------------


def _resolve(host: str) -> str:
    """The number of a host's name; 127.0.0.1 where a name means this machine in both families."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise BadSettings(f"--host {host}: no such name on this machine or its network.") from None
    numbers = [str(where[0]) for *_family, where in found]
    return "127.0.0.1" if "127.0.0.1" in numbers else numbers[0]


def _settings(host: str, listen: str, port: int) -> Settings:
    """Settings for this start, with its own boot key, which the children inherit."""
    shown = f"[{host}]" if ":" in host else host
    os.environ.setdefault("SUPERVISION_BASE_URL", f"http://{shown}:{port}")
    os.environ[BOOT_KEY] = secrets.token_hex(32)
    settings = load_settings()
    if listen not in LOOPBACK and not settings.secure:
        raise BadSettings("SUPERVISION_BASE_URL: a public host needs https.")
    return settings


def _enter(settings: Settings) -> int:
    """Take part in the runtime folder; the last to leave removes it."""
    lock = os.open(runtime.folder(settings) / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    flock(lock, LOCK_SH)
    return lock


def _leave(settings: Settings, lock: int) -> None:
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except OSError:
        return
    shutil.rmtree(settings.runtime, ignore_errors=True)


def _prepare(with_demo: bool, settings: Settings) -> None:
    """Bring the database up to date and see to it that somebody can sign in."""
    try:
        _migrate(settings)
        if with_demo:
            _fill(settings)
        elif people.is_empty():
            _invite_first(settings)
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise BadSettings(f"The database cannot be used: {reason}.") from None
    except (OSError, SQLAlchemyError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise BadSettings(f"The database cannot be used: {reason}.") from None


def _migrate(settings: Settings) -> None:
    with Path(settings.runtime / "migrate.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        found = schema()
        db.session.rollback()
        if found is Schema.NEWER:
            raise BadSettings("The database is newer than this version of Supervision.")
        if found is not Schema.CURRENT:
            from flask_migrate import upgrade  # noqa: PLC0415 - most starts need no Alembic

            _say("Preparing the database")
            upgrade()
    probe_writing()


def _fill(settings: Settings) -> None:
    if not people.is_empty():
        _say("The database is not empty, so the demo community was not added.")
        return
    _say("Filling the database with the demo community")
    for line in demo.fill(clock.now(), settings):
        _say(line)


def _invite_first(settings: Settings) -> None:
    with writing():
        link_id = people.first_organiser_link(clock.now())
    token = link_token(settings.secret_key, LinkPurpose.INVITATION, link_id)
    _say("Nobody is here yet. The first organiser joins with this link, once, within 7 days:")
    _say(f"  {settings.base_url.rstrip('/')}/invitation/{token}")


def _check_port(host: str, port: int) -> None:
    """Refuse a port that somebody listens on; granian would share it silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise BadSettings(f"Port {port} on {host}: {error.strerror}.") from None


# -- serving -------------------------------------------------------------------------------


def web_server(target: str, host: str, port: int, workers: int) -> AbstractServer[Any]:
    """granian, as it serves here; not yet begun."""
    return Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        websockets=False,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(HEAD_PATIENCE, max_buffer_size=MOST_HEAD),
        backpressure=_connections(),
        workers=workers,
        factory=True,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE - 2,
    )


def _connections() -> int:
    """How many at once, as the files allow that the system lets a process open."""
    most = MOST_CONNECTIONS * 2
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most // 2


class Keeper:
    """The parent: starts the children, says when they serve, and takes them along at the end."""

    def __init__(self, app: Flask, host: str, port: int, workers: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._workers = workers
        self._children: dict[int, Callable[[], None]] = {}
        self._stopping = False
        self._status = 0

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, self._kill)
        self._start(self._web)
        self._start(self._work)
        self._announce()
        while self._children:
            child, status = os.wait()
            self._ended(child, status)
        if self._status == 0:
            _say("Stopped")
        return self._status

    def _start(self, job: Callable[[], None]) -> None:
        child = os.fork()
        if child == 0:
            self._become(job)
        self._children[child] = job

    def _become(self, job: Callable[[], None]) -> NoReturn:
        """In the child: a process group of its own, so that Ctrl-C reaches the parent alone."""
        status = 1
        try:
            os.setpgid(0, 0)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
                signal.signal(number, signal.SIG_DFL)
            end_with_parent()
            job()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except Exception as error:  # noqa: BLE001 - the class alone: a text could quote a person
            _say(f"A part of the server ended: {type(error).__name__}")
        finally:
            os._exit(status)

    def _web(self) -> None:
        if sys.platform == "linux":
            multiprocessing.set_start_method("fork", force=True)
        web_server("supervision.serve:front", self._host, self._port, self._workers).serve()

    def _work(self) -> None:
        info = ScriptInfo(create_app=lambda: self._app)
        self._app.cli.main(["worker"], prog_name="flask", obj=info, standalone_mode=False)

    def _announce(self) -> None:
        """Say where it serves once it really answers."""
        until = time.monotonic() + PATIENCE
        while self._children and not self._stopping and time.monotonic() < until:
            if self._answers():
                shown = f"[{self._host}]" if ":" in self._host else self._host
                _say(f"Serving on http://{shown}:{self._port} (Ctrl-C stops it)")
                return
            child, status = os.waitpid(-1, os.WNOHANG)
            if child:
                self._ended(child, status)
            time.sleep(0.02)

    def _answers(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - compared, not bound
        connection = http.client.HTTPConnection(host, self._port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _ended(self, child: int, status: int) -> None:
        """A worker that fell is started again; without the web server there is nothing to keep."""
        job = self._children.pop(child)
        if self._stopping:
            return
        if job == self._work:
            time.sleep(1)
            self._start(self._work)
            return
        _say("The web server ended by itself")
        self._status = os.waitstatus_to_exitcode(status) or 1
        self._stop()

    def _stop(self, *_signal: object) -> None:
        self._stopping = True
        signal.alarm(GRACE)
        self._signal(signal.SIGTERM)

    def _kill(self, *_signal: object) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for child in list(self._children):
            try:
                os.kill(child, number)
            except ProcessLookupError:
                continue


if __name__ == "__main__":
    # granian imports this module by its name: what is kept for it must stand in that one.
    from supervision import serve  # noqa: PLW0406 - the same file, not the same module

    sys.exit(serve.main())
