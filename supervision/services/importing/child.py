"""Reading a calendar in a process of its own, which can be stopped and knows no secret.

However a file makes its reader toil, whoever sent it waits for SECONDS, and nobody else at all.
The child gets the file on its standard input and no environment.
"""

import json
import resource
import subprocess
import sys
from base64 import b64decode, b64encode
from dataclasses import asdict
from datetime import UTC, datetime
from os import pathsep
from typing import Any

from supervision.domain.importing.events import Found, read_events
from supervision.domain.outside import Unreadable
from supervision.errors import N_

SECONDS = 8
MEMORY = 1024 * 1024 * 1024
TOO_SLOW = N_("The calendar took too long to read, so nothing was read.")
COMMAND = (sys.executable, "-m", "supervision.services.importing.child")


def ask(body: bytes, zone: str, at: datetime) -> list[Found]:
    """`read_events` in a child. Raises Unreadable, after SECONDS at the latest."""
    question = {"body": b64encode(body).decode(), "zone": zone, "at": at.timestamp()}
    try:
        done = subprocess.run(  # noqa: S603 - our own module, the file on its input
            COMMAND,
            input=json.dumps(question).encode(),
            capture_output=True,
            timeout=SECONDS,
            env={"PYTHONPATH": pathsep.join(sys.path)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(TOO_SLOW) from None
    if done.returncode != 0:
        raise Unreadable(TOO_SLOW)
    said = json.loads(done.stdout)
    if "failure" in said:
        raise Unreadable(said["failure"])
    return [from_plain(one) for one in said["found"]]


def plain(found: Found) -> dict[str, Any]:
    """An event ready for JSON; instants as seconds of Unix time."""
    return asdict(found) | {
        "starts_at": found.starts_at.timestamp(),
        "ends_at": found.ends_at.timestamp(),
    }


def from_plain(said: dict[str, Any]) -> Found:
    times = {name: datetime.fromtimestamp(said[name], UTC) for name in ("starts_at", "ends_at")}
    return Found(**{**said, **times})


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """The child's part, ready for JSON."""
    at = datetime.fromtimestamp(question["at"], UTC)
    try:
        found = read_events(b64decode(question["body"]), question["zone"], at)
    except Unreadable as refusal:
        return {"failure": refusal.msgid}
    return {"found": [plain(one) for one in found]}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))
