"""The child's part: fetch and read one calendar within bounds, and say what came of it.

One question comes on standard input, one answer goes to standard output, both as JSON. Titles and
all other words of a calendar end with this process.
"""

import json
import os
import resource
import signal
import sys
from datetime import UTC, datetime
from typing import Any

from supervision.domain.intervals import Interval
from supervision.domain.outside import Unreadable, read_busy
from supervision.services.outside.fetching import Known, fetch
from supervision.services.processes import keep_memory_private

MEMORY = 320 * 1024 * 1024
OUTPUT = 4 * 1024 * 1024
POLITELY = 10


def main() -> None:
    """Answer within the seconds that are asked for and MEMORY, or be ended by the system."""
    question = json.load(sys.stdin)
    bound(question["seconds"])
    sys.stdout.write(json.dumps(answer(question)))


def bound(seconds: int) -> None:
    """Set the bounds; the system keeps them, and whoever waits learns of it by the exit code."""
    signal.alarm(seconds)
    _limit(resource.RLIMIT_CPU, -(-seconds // 2))
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_FSIZE, OUTPUT)
    os.nice(POLITELY)
    keep_memory_private()


def _limit(kind: int, most: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    # The signal comes at the softer limit and says which it was; at the harder there is no word.
    resource.setrlimit(kind, (most, hard))


def answer(question: dict[str, Any]) -> dict[str, object]:
    """What came of a question (`asking.Question`): busy times, None for no change, or a failure."""
    known = Known(question["etag"], question["modified"])
    try:
        got = fetch(question["address"], known, frozenset(question["allowed"]))
        busy = None if got.body is None else _busy(got.body, question)
    except Unreadable as refusal:
        return {"failure": refusal.msgid}
    return {"busy": busy, "etag": got.known.etag, "modified": got.known.modified}


def _busy(body: bytes, question: dict[str, Any]) -> list[tuple[float, float]]:
    start, end = (datetime.fromtimestamp(question[name], UTC) for name in ("start", "end"))
    found = read_busy(body, question["zone"], Interval(start, end))
    return [(one.start.timestamp(), one.end.timestamp()) for one in found]
