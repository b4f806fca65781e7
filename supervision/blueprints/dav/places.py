"""The addresses: a person, their calendars, and each session in them.

    /dav/                                            where a program begins
    /dav/<person>/                                   the person ("principal")
    /dav/<person>/calendars/                         all calendars
    /dav/<person>/calendars/<name>/                  one: `all`, or a roster's id
    /dav/<person>/calendars/<name>/<session>.ics     one session

Nothing in them is a secret.
"""

from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit
from uuid import UUID

ROOT = "/dav/"


@dataclass(frozen=True)
class Place:
    """An address taken apart: as far as it goes."""

    person_id: UUID | None = None
    home: bool = False
    calendar: str = ""
    session: str = ""

    @property
    def href(self) -> str:
        """The address as it is written, without a host."""
        if self.person_id is None:
            return ROOT
        written = f"{ROOT}{self.person_id}/"
        if self.home:
            written += "calendars/"
        if self.calendar:
            written += f"{self.calendar}/"
        return f"{written}{self.session}.ics" if self.session else written

    @property
    def folder(self) -> "Place":
        """The calendar that a session is in."""
        return replace(self, session="")

    def within(self, calendar: str) -> "Place":
        """A calendar of a home."""
        return replace(self, calendar=calendar)


def home(person_id: UUID) -> Place:
    return Place(person_id, home=True)


def below(place: Place, person_id: UUID) -> list[Place]:
    """The folder in a folder; calendars are not counted here."""
    if place.person_id is None:
        return [Place(person_id)]
    return [] if place.home else [home(person_id)]


def find(path: str) -> Place | None:
    """The place of a path below the root; None for one that cannot be."""
    parts = [part for part in path.split("/") if part]
    person, folder, calendar, file = [*parts, *[""] * 4][:4]
    if len(parts) > 4 or (folder and folder != "calendars") or (file and file[-4:] != ".ics"):
        return None
    try:
        return Place(
            UUID(person) if person else None,
            bool(folder),
            calendar,
            str(UUID(file[:-4])) if file else "",
        )
    except ValueError:
        return None


def find_href(href: str) -> Place | None:
    """The place that a program names, by a path or with a host before it."""
    try:
        path = unquote(urlsplit(href).path)
    except ValueError:
        return None
    return find(path.removeprefix(ROOT)) if path.startswith(ROOT) else None
