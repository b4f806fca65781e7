"""A calendar program that takes what is mailed to it, as RFC 5546 tells programs to."""

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import recurring_ical_events
from icalendar import Calendar

from supervision.domain.intervals import Interval


def calendar_in(message: EmailMessage) -> bytes | None:
    """The calendar that a mail shows, if it has one."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            body = part.get_payload(decode=True)
            assert isinstance(body, bytes)
            return body
    return None


class Program:
    """Holds one entry for each UID, with those occurrences of it that it was told of by itself."""

    def __init__(self) -> None:
        self.methods: list[str] = []
        self._held: dict[str, dict[Any, Any]] = {}
        self._zones: list[Any] = []
        self._sequences: dict[str, int] = {}

    def take(self, body: bytes) -> None:
        """What is older than what is known, or of several UIDs, is a fault of who sent it."""
        read = Calendar.from_ical(body)
        events: list[Any] = list(read.walk("VEVENT"))
        method = str(read["method"])
        (uid,) = {str(one["uid"]) for one in events}
        (sequence,) = {int(one["sequence"]) for one in events}
        assert sequence > self._sequences.get(uid, -1)
        self._sequences[uid] = sequence
        self._zones += read.walk("VTIMEZONE")
        self.methods.append(method)
        alone = {_which(one): one for one in events}
        if None in alone:
            self._held[uid] = alone if method == "REQUEST" else {}
        else:
            assert self._held[uid]
            self._held[uid] |= alone
            assert {str(one["status"]) == "CANCELLED" for one in events} == {method == "CANCEL"}

    def spans(self, start: datetime, end: datetime) -> list[Interval]:
        """What it shows in between, expanded by a library."""
        whole = Calendar()
        for zone in {str(one["tzid"]): one for one in self._zones}.values():
            whole.add_component(zone)
        for entry in self._held.values():
            for event in entry.values():
                whole.add_component(event)
        found = [
            Interval(*(one[name].dt.astimezone(UTC) for name in ("DTSTART", "DTEND")))
            for one in recurring_ical_events.of(whole).between(start, end)
            if str(one["status"]) != "CANCELLED"
        ]
        return sorted(found)


def _which(event: Any) -> datetime | None:
    due = event.get("recurrence-id")
    return due.dt if due is not None else None
