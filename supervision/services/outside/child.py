"""A process of its own for what strangers send: it can be stopped, and knows no secret.

However long a server holds on, however a file makes its reader toil, the worker waits SECONDS and
goes on. The child gets one question on its standard input and no environment.
"""

import json
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from os import pathsep

from supervision.domain.intervals import Interval
from supervision.domain.outside import BROKEN, Unreadable, read_busy
from supervision.errors import N_
from supervision.services.outside.fetching import fetch

SECONDS = 20
MEMORY = 1024 * 1024 * 1024
TOO_SLOW = N_("The calendar took too long to read, so it was left.")


@dataclass(frozen=True)
class Question:
    """What to fetch and how to read it; instants as seconds of Unix time, `zone` IANA."""

    address: str
    etag: str
    modified: str
    allowed: list[str]
    zone: str
    start: float
    end: float


@dataclass(frozen=True)
class Answer:
    """What came of it: `busy` is None where nothing changed."""

    busy: list[Interval] | None
    etag: str
    modified: str


def ask(question: Question) -> Answer:
    """Fetch and read one calendar in a child. Raises Unreadable, after SECONDS at the latest."""
    command = [sys.executable, "-m", "supervision.services.outside.child"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, the question on its input
            command,
            input=json.dumps(asdict(question)).encode(),
            capture_output=True,
            timeout=SECONDS,
            env={"PYTHONPATH": pathsep.join(sys.path)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(TOO_SLOW) from None
    if done.returncode != 0:
        raise Unreadable(BROKEN)
    found = json.loads(done.stdout)
    if "failure" in found:
        raise Unreadable(found["failure"])
    busy = found["busy"]
    read = None if busy is None else [Interval(_at(start), _at(end)) for start, end in busy]
    return Answer(read, found["etag"], found["modified"])


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def answer(question: Question) -> dict[str, object]:
    """The child's part, ready for JSON."""
    try:
        got = fetch(question.address, question.etag, question.modified, frozenset(question.allowed))
        if got.body is None:
            return {"busy": None, "etag": question.etag, "modified": question.modified}
        within = Interval(_at(question.start), _at(question.end))
        busy = read_busy(got.body, question.zone, within)
    except Unreadable as refusal:
        return {"failure": refusal.msgid}
    pairs = [[one.start.timestamp(), one.end.timestamp()] for one in busy]
    return {"busy": pairs, "etag": got.etag, "modified": got.modified}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sys.stdout.write(json.dumps(answer(Question(**json.load(sys.stdin)))))
