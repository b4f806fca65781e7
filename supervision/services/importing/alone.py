"""The child's program: one calendar in, its events out, within bounds that the system keeps.

The package stands here as a bare folder, so that reading a file does not begin with importing the
whole application.
"""

import json
import resource
import sys
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

CPU_SECONDS = 3
MEMORY = 512 * 1024 * 1024


def main() -> None:
    """Answer the question on standard input; both are JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    package = ModuleType("supervision")
    package.__path__ = [str(Path(__file__).parents[2])]
    sys.modules["supervision"] = package
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """The events of a file, or why there are none."""
    # Not before the package stands alone.
    from supervision.domain.importing.events import read_events  # noqa: PLC0415
    from supervision.domain.outside import Unreadable  # noqa: PLC0415

    at = datetime.fromtimestamp(question["at"], UTC)
    try:
        found = read_events(b64decode(question["body"]), question["zone"], at)
    except Unreadable as refusal:
        return {"failure": refusal.msgid}
    return {"found": [one.plain() for one in found]}


if __name__ == "__main__":
    main()
