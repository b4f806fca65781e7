"""The folder in memory that the processes of one installation share on one machine."""

import os
import stat
from pathlib import Path

from supervision.config import Settings
from supervision.errors import BadSettings


def folder(settings: Settings, name: str = "") -> Path:
    """The runtime folder, or one inside it, made with mode 0700.

    Raises BadSettings when somebody else made it first: /dev/shm is open to all users.
    """
    root = settings.runtime
    try:
        root.mkdir(mode=0o700, exist_ok=True)
        found = root.lstat()
    except OSError as error:
        raise BadSettings(f"{root}: cannot be made ({error.strerror})") from None
    mine = found.st_uid == os.geteuid() and not found.st_mode & 0o077
    if not (stat.S_ISDIR(found.st_mode) and mine):
        raise BadSettings(f"{root}: belongs to somebody else; remove it")
    inner = root / name
    inner.mkdir(mode=0o700, exist_ok=True)
    return inner
