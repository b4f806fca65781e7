"""A subscriber with programs that others wrote: vdirsyncer fetches, khal lists.

Both live in an environment of their own, which bin/test makes from requirements-clients.txt.
"""

import json
import os
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

PROGRAMS = Path(__file__).parents[2] / ".venv-clients" / "bin"
FOLLOWER = Path(__file__).with_name("caldav_follower.py")
LISTED = "%Y-%m-%dT%H:%M"

SYNC = """
[general]
status_path = "{folder}/status/"

[pair feed]
a = "remote"
b = "local"
collections = null
conflict_resolution = "a wins"

[storage remote]
type = "http"
url = "{address}"

[storage local]
type = "filesystem"
path = "{folder}/calendar/"
fileext = ".ics"
"""

ACCOUNT = """
[general]
status_path = "{folder}/status/"

[pair account]
a = "remote"
b = "local"
collections = ["from a"]
conflict_resolution = "a wins"

[storage remote]
type = "caldav"
url = "{address}"
username = "{email}"
password = "{password}"
item_types = ["VEVENT"]
read_only = true

[storage local]
type = "filesystem"
path = "{folder}/calendars/"
fileext = ".ics"
"""

LIST = """
[calendars]
[[feed]]
path = {folder}/calendar/
readonly = True

[locale]
local_timezone = {zone}
default_timezone = {zone}
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%dT%H:%M
longdatetimeformat = %Y-%m-%dT%H:%M

[sqlite]
path = {folder}/khal.db
"""


class Entry(NamedTuple):
    """What the client shows: [start, end) as UTC instants, and a title."""

    start: datetime
    end: datetime
    title: str


class CalendarClient:
    """One subscription to `address`, shown in an IANA zone, kept in `folder`."""

    def __init__(self, folder: Path, address: str, zone: str) -> None:
        self._folder = folder
        self._zone = ZoneInfo(zone)
        (folder / "calendar").mkdir(parents=True)
        self._sync, self._list = folder / "vdirsyncer.conf", folder / "khal.conf"
        self._sync.write_text(SYNC.format(folder=folder, address=address))
        self._list.write_text(LIST.format(folder=folder, zone=zone))
        self._run("vdirsyncer", "--config", str(self._sync), "discover", "feed")

    def sync(self) -> None:
        """Fetch what is new. Raises CalledProcessError when the client refuses the feed."""
        self._run("vdirsyncer", "--config", str(self._sync), "sync")

    def files(self) -> int:
        """How many events the client holds."""
        return len(list((self._folder / "calendar").glob("*.ics")))

    def events(self) -> list[Event]:
        """The events that the client wrote down, by start. vdirsyncer names them anew: no UID."""
        files = (self._folder / "calendar").glob("*.ics")
        found = [event for path in files for event in Calendar.from_ical(path.read_bytes()).events]
        return sorted(found, key=lambda event: str(event.decoded("dtstart")))

    def entries(self, first: date, last: date) -> list[Entry]:
        """The timed events that begin on local days `first` to `last`, both included, by time."""
        fields = ("start-long", "end-long", "title", "all-day")
        wanted = [part for field in fields for part in ("--json", field)]
        days = (str(first), str(last))
        said = self._run("khal", "--config", str(self._list), "list", "--once", *wanted, *days)
        found = {
            Entry(self._instant(row["start-long"]), self._instant(row["end-long"]), row["title"])
            for day in said.splitlines()
            for row in json.loads(day)
            if row["all-day"] == "False"
        }
        return sorted(found)

    def _instant(self, text: str) -> datetime:
        local = datetime.strptime(text, LISTED).replace(tzinfo=self._zone)
        return local.astimezone(UTC)

    def _run(self, program: str, *arguments: str) -> str:
        return run(self._folder, program, *arguments)


class AccountClient:
    """vdirsyncer with an account, which it finds from the host alone; kept in `folder`."""

    def __init__(self, folder: Path, address: str, email: str, password: str) -> None:
        self._folder, self._sync = folder, folder / "vdirsyncer.conf"
        folder.mkdir()
        given = {"address": address, "email": email, "password": password}
        self._sync.write_text(ACCOUNT.format(folder=folder, **given))
        self._run("discover", said="y\n" * 20)

    def sync(self, calendar: str = "") -> None:
        """Fetch what is new, of one calendar or all. Raises CalledProcessError when refused."""
        self._run("sync", *([f"account/{calendar}"] if calendar else []))

    def held(self, calendar: str) -> list[Event]:
        """The events of a calendar, by start."""
        files = (self._folder / "calendars" / calendar).glob("*.ics")
        found = [event for path in files for event in Calendar.from_ical(path.read_bytes()).events]
        return sorted(found, key=lambda event: str(event.decoded("dtstart")))

    def _run(self, *command: str, said: str = "") -> None:
        run(self._folder, "vdirsyncer", "--config", str(self._sync), *command, said=said)


class Library:
    """The library caldav with an account, following by sync tokens in a process of its own."""

    def __init__(self, folder: Path, address: str, email: str, password: str) -> None:
        path = PROGRAMS / "python"
        assert path.exists(), f"{path} is missing; bin/test installs it"
        self._process = subprocess.Popen(
            [path, FOLLOWER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"HOME": str(folder), "LC_ALL": "C.UTF-8"},
            text=True,
        )
        self._say(json.dumps({"url": address, "username": email, "password": password}))

    def look(self, only: str = "look") -> dict[str, Any]:
        """By calendar, after asking what changed: its events, and whether nothing had changed.

        `only` names the one calendar to follow from here on.
        """
        self._say(only)
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the library ended"
        told: dict[str, Any] = json.loads(line)
        return told

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


def run(folder: Path, program: str, *arguments: str, said: str = "") -> str:
    """What a client printed. Raises CalledProcessError."""
    path = PROGRAMS / program
    assert path.exists(), f"{path} is missing; bin/test installs it"
    # A home of its own: the developer's own calendars are nobody's business here.
    environment = os.environ | {"HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [path, *arguments],
        env=environment,
        input=said,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout
