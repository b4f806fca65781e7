"""What a process of ours asks of the system for itself."""

import ctypes
import resource
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


def keep_memory_private() -> None:
    """No core dump of this process and its forks, and on Linux no look by others of its user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _ask(PR_SET_DUMPABLE, 0)


def end_with_parent() -> None:
    """On Linux: end when the parent is killed, so that no half of the server is left behind."""
    _ask(PR_SET_PDEATHSIG, signal.SIGTERM)


def _ask(what: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(what, value)
