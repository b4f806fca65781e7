"""Follows an account with the library caldav, in the clients' environment: no module of ours here.

Reads its account as one line of JSON, then answers each further line with what it holds.
"""

import json
import sys
from typing import Any

import caldav  # type: ignore[import-not-found]  # the clients' environment has it


def held(collection: Any) -> list[list[Any]]:
    """[UID, start, sequence, summary] of each event, by start."""
    found = []
    for one in collection:
        (event,) = one.icalendar_instance.events
        start = event.decoded("dtstart").isoformat()
        found.append([str(event["uid"]), start, int(event["sequence"]), str(event["summary"])])
    return sorted(found, key=lambda row: row[1])


def main() -> None:
    account = json.loads(sys.stdin.readline())
    client = caldav.DAVClient(**account)
    calendars = client.principal().get_calendars()
    follow = {
        str(one.get_display_name()): one.get_objects_by_sync_token(
            load_objects=True, disable_fallback=True
        )
        for one in calendars
    }
    for line in sys.stdin:
        if line.strip() != "look":
            follow = {name: one for name, one in follow.items() if name == line.strip()}
        tokens = {name: one.sync_token for name, one in follow.items()}
        for one in follow.values():
            one.sync()
            assert not str(one.sync_token).startswith("fake-"), "the sync token was not taken"
        told = {
            name: {"events": held(one), "same": tokens[name] == one.sync_token}
            for name, one in follow.items()
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
