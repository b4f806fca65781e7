"""The real server in a process of its own, on a free port, with an instance folder of its own."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Message
    body: bytes


class Server:
    """`python -m supervision.serve`, its output kept in a file."""

    PROGRAM: tuple[str, ...] = ("-m", "supervision.serve")

    def __init__(self, instance: Path, *flags: str, workers: int = 2, **environment: str) -> None:
        self.instance = instance
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = instance.with_suffix(".log")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SUPERVISION_")}
        command = [sys.executable, *self.PROGRAM, "--port", str(self.port)]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [*command, "--workers", str(workers), *flags],
                cwd=ROOT,
                env=kept | {"SUPERVISION_INSTANCE": str(instance)} | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> "Server":
        """Until it says that it serves. Raises when it ends or takes too long."""
        until = time.monotonic() + PATIENCE
        while "Serving on" not in self.said():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise AssertionError(f"The server did not start:\n{self.said()}")
            time.sleep(0.05)
        return self

    def said(self) -> str:
        """What it printed and logged so far."""
        return self.output.read_text()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def stop(self) -> int:
        """Ask it to end, as Ctrl-C does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)
