"""Turns at reading a file: one for each person, one in each process, two on the machine.

Whoever reads holds a thread while a child toils. One in a process leaves its other threads to
pages. Turns are locks on files of the runtime folder, which the system gives back however the
process ends.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import Lock
from uuid import UUID

from werkzeug.exceptions import TooManyRequests

from supervision.web import runtime
from supervision.web.settings import settings

AT_ONCE = 2
# About as long as the slowest takes, in seconds.
COME_AGAIN = 5
_in_this_process = Lock()


@contextmanager
def turn(person_id: UUID) -> Iterator[None]:
    """Read now, as this person. Raises TooManyRequests where it is not one's turn."""
    if not _in_this_process.acquire(blocking=False):
        raise TooManyRequests(retry_after=COME_AGAIN)
    try:
        file = _taken(runtime.folder(settings(), "turns"), person_id.bytes)
        if file is None:
            raise TooManyRequests(retry_after=COME_AGAIN)
        try:
            yield
        finally:
            os.close(file)
    finally:
        _in_this_process.release()


def _taken(folder: Path, who: bytes) -> int | None:
    """A locked file that says whose turn it is; None where there is none to be had.

    All look one after another, so that no two turns of one person begin at once.
    """
    looking = _opened(folder / "looking")
    try:
        flock(looking, LOCK_EX)
        free: int | None = None
        for number in range(AT_ONCE):
            file = _opened(folder / str(number))
            if free is None and _locks(file):
                free = file
                continue
            mine = not _locks(file) and os.pread(file, len(who), 0) == who
            os.close(file)
            if mine:
                if free is not None:
                    os.close(free)
                return None
        if free is not None:
            os.pwrite(free, who, 0)
        return free
    finally:
        os.close(looking)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locks(file: int) -> bool:
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True
