"""Starting the whole server as bin/serve does, and weighing its processes."""

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from bench.servers import LIKE_BIN_SERVE, PATIENCE, ROOT, WORKERS, free_port


def once(instance: Path) -> tuple[float, float]:
    """(seconds to the first answer, MB of memory that is not shared with others)."""
    port = free_port()
    # As an operator starts it: the second start finds its modules compiled.
    unlike = ("SUPERVISION_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(unlike)}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "supervision.serve", "--port", str(port), "--workers", str(WORKERS)],
        cwd=ROOT,
        env=kept | LIKE_BIN_SERVE | {"SUPERVISION_INSTANCE": str(instance)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - started > PATIENCE:
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        seconds = time.perf_counter() - started
        time.sleep(1)
        return seconds, _megabytes(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _megabytes(pid: int) -> float:
    """Proportional set size: a page that forks share counts once, in parts."""
    parent = psutil.Process(pid)
    found = [parent, *parent.children(recursive=True)]
    return float(sum(one.memory_full_info().pss for one in found) / 1e6)
