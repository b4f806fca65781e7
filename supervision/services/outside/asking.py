"""A process of its own for what strangers send: it can be stopped, and knows no secret.

However long a server holds on, however a file makes its reader toil, nobody waits for it. The child
gets one question on its standard input, and no environment.
"""

import json
import signal
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from os import pathsep
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from tempfile import TemporaryFile

from supervision.domain.intervals import Interval
from supervision.domain.outside import BROKEN, TOO_MANY, Unreadable
from supervision.errors import N_

SECONDS = 20
ALONE = Path(__file__).parent / "alone.py"
PATIENCE = timedelta(seconds=SECONDS + 5)
TOO_SLOW = N_("The calendar took too long to read, so it was left.")
# How the system ends a child that goes beyond its bounds.
ENDED = {
    -signal.SIGALRM: TOO_SLOW,
    -signal.SIGXCPU: TOO_SLOW,
    -signal.SIGXFSZ: TOO_MANY,
    -signal.SIGKILL: TOO_MANY,
}


@dataclass(frozen=True)
class Question:
    """What to fetch and how to read it: `zone` is IANA, [start, end) seconds of Unix time.

    The child may take `seconds` for all of it, half of them at work.
    """

    address: str
    etag: str
    modified: str
    allowed: list[str]
    zone: str
    start: float
    end: float
    seconds: int = SECONDS


@dataclass(frozen=True)
class Answer:
    """What came of it: `busy` is None where nothing changed."""

    busy: list[Interval] | None
    etag: str
    modified: str


class Asking:
    """A child at work since `at`, on one calendar."""

    def __init__(self, question: Question, at: datetime) -> None:
        self._until = at + PATIENCE
        self._is_late = False
        self._output = TemporaryFile()  # noqa: SIM115 - closed when there is an answer
        # -P, -S: nothing beside the script and nothing of the system's is looked for.
        self._child = Popen(  # noqa: S603 - our own script, the question on its input
            [sys.executable, "-P", "-S", str(ALONE)],
            stdin=PIPE,
            stdout=self._output,
            stderr=DEVNULL,
            env={"PYTHONPATH": pathsep.join(sys.path)},
        )
        self._put(json.dumps(asdict(question)).encode())

    def _put(self, question: bytes) -> None:
        try:
            with self._child.stdin as pipe:  # type: ignore[union-attr] # asked for above
                pipe.write(question)
        except BrokenPipeError:
            return  # it is over already, which its exit code tells

    def is_over(self, at: datetime) -> bool:
        """Whether there is an answer, or no use in waiting for one any longer."""
        if self._child.poll() is None and at >= self._until:
            self._is_late = True
            self._child.kill()
        return self._is_late or self._child.returncode is not None

    def stop(self) -> None:
        """End the child, whatever it does."""
        self._child.kill()
        self._child.wait()
        self._output.close()

    def answer(self) -> Answer:
        """What the child says. Waits for it. Raises Unreadable."""
        ended = self._child.wait()
        with self._output as output:
            output.seek(0)
            said = output.read()
        if ended != 0:
            raise Unreadable(TOO_SLOW if self._is_late else ENDED.get(ended, BROKEN))
        found = json.loads(said)
        if "failure" in found:
            raise Unreadable(found["failure"])
        busy = [Interval(*map(_instant, pair)) for pair in found["busy"] or ()]
        known = found["etag"], found["modified"]
        return Answer(None if found["busy"] is None else busy, *known)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
