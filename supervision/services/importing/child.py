"""Reading a calendar in a process of its own, which can be stopped and knows no secret.

However a file makes its reader toil, whoever sent it waits for SECONDS, and nobody else at all.
The child gets the file on its standard input and no environment.
"""

import json
import subprocess
import sys
from base64 import b64encode
from datetime import datetime
from os import pathsep
from pathlib import Path

from supervision.domain.importing.events import Found
from supervision.domain.outside import Unreadable
from supervision.errors import N_

# The child has less of work; on a machine that is busy it waits as well.
SECONDS = 5
ALONE = Path(__file__).with_name("alone.py")
TOO_SLOW = N_("The calendar took too long to read, so nothing was read.")


def ask(body: bytes, zone: str, at: datetime) -> list[Found]:
    """`read_events` in a child. Raises Unreadable, after SECONDS at the latest."""
    question = {"body": b64encode(body).decode(), "zone": zone, "at": at.timestamp()}
    try:
        # -P, -S: nothing beside the script and nothing of the system's is looked for.
        done = subprocess.run(  # noqa: S603 - our own script, the file on its input
            [sys.executable, "-P", "-S", str(ALONE)],
            input=json.dumps(question).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            env={"PYTHONPATH": pathsep.join(sys.path)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(TOO_SLOW) from None
    if done.returncode != 0:  # its bounds are kept by the system, which says no more
        raise Unreadable(TOO_SLOW)
    said = json.loads(done.stdout)
    if "failure" in said:
        raise Unreadable(said["failure"])
    return [Found.of(one) for one in said["found"]]
