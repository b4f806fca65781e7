"""What a table says of rosters and their people, and what in it cannot be so."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from supervision.domain.importing.tables import SAYING, Row, Table
from supervision.errors import N_

KINDS = {
    "individual": ("individual", "one to one", "1:1", "single"),
    "peer": ("peer", "peers", "peer group"),
    "group": ("group", "supervision group"),
}
SAID = ("kind", "zone", "capacity", "minutes", "address", "meeting_link")
# Each guess compares with every zone there is.
MOST_GUESSES, LONGEST_ZONE = 10, 64
USUAL_MINUTES, USUAL_PLACES = 50, 6
_KIND = {called: kind for kind, names in KINDS.items() for called in names}
_BETWEEN = re.compile(r"[;,\n]+")
_POINTED = re.compile(r"<([^<>\s]+)>")


@dataclass(frozen=True)
class Problem:
    """What is wrong, in which row, under which column; a msgid and what fills its places."""

    row: int
    column: str
    msgid: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Named:
    """Somebody to invite, as one row names them; `role` is empty for the usual one."""

    row: int
    email: str
    role: str


@dataclass(frozen=True)
class Draft:
    """A roster as a file describes it. `rows` are the numbers of all its rows.

    `where` says in which row each value stands, for whoever finds fault with it later.
    """

    rows: tuple[int, ...]
    title: str
    kind: str
    zone: str
    capacity: int
    minutes: int
    address: str
    meeting_link: str
    people: tuple[Named, ...]
    where: dict[str, int]
    problems: tuple[Problem, ...]

    def row_of(self, column: str) -> int:
        return self.where.get(column, self.rows[0])


@dataclass(frozen=True)
class House:
    """What stands for values that a file leaves out, and which zones there are (IANA names)."""

    zone: str
    zones: Sequence[str]
    own_email: str


class _Zones:
    """The zones that there are, and what somebody may have meant by the first that are none."""

    def __init__(self, zones: Sequence[str]) -> None:
        self._zones = zones
        self._known = {zone.casefold(): zone for zone in zones}
        self._near: dict[str, str] = {}

    def named(self, plain: str) -> str:
        """The zone of this name, empty for none."""
        return self._known.get(plain, "")

    def near(self, plain: str) -> str:
        """The zone that somebody may have meant; empty for none, and after MOST_GUESSES names."""
        if plain not in self._near and len(self._near) < MOST_GUESSES:
            self._near[plain] = nearest_zone(plain, self._zones)
        return self._near.get(plain, "")


def rosters_in(table: Table) -> list[list[Row]]:
    """The rows of each roster of a table in its order: those of one title are one roster."""
    together: dict[str, list[Row]] = {}
    for row in table.rows:
        title = " ".join(row["title"].casefold().split())
        together.setdefault(title or f"\0{row.number}", []).append(row)
    return list(together.values())


def drafts_of(table: Table, house: House) -> list[Draft]:
    """What a table says of each of its rosters."""
    zones = _Zones(house.zones)
    return [_Reading(rows, house, zones).draft() for rows in rosters_in(table)]


class _Reading:
    """One roster's rows while they are read; collects what is wrong with them."""

    def __init__(self, rows: Sequence[Row], house: House, zones: _Zones) -> None:
        self._rows = rows
        self._house = house
        self._zones = zones
        self._problems: list[Problem] = []
        self._said: dict[str, str] = {}
        self._where: dict[str, int] = {}
        for column in SAID:
            self._hear(column)

    def _hear(self, column: str) -> None:
        """The first row that says something decides; a later one may only say the same."""
        for row in self._rows:
            if not row[column]:
                continue
            if column not in self._said:
                self._said[column], self._where[column] = row[column], row.number
            elif row[column].casefold() != self._said[column].casefold():
                self._note(
                    row.number,
                    column,
                    N_("Row %(first)s says something else for this roster."),
                    first=self._where[column],
                )

    def _note(self, row: int, column: str, msgid: str, **params: Any) -> None:
        self._problems.append(Problem(row, column, msgid, params))

    def draft(self) -> Draft:
        kind = self._kind()
        usual = 1 if kind == "individual" else USUAL_PLACES
        draft = Draft(
            rows=tuple(row.number for row in self._rows),
            title=" ".join(self._rows[0]["title"].split()),
            kind=kind,
            zone=self._zone(),
            capacity=self._number("capacity", usual),
            minutes=self._number("minutes", USUAL_MINUTES),
            address=self._said.get("address", ""),
            meeting_link=self._said.get("meeting_link", ""),
            people=tuple(self._people(kind)),
            where=self._where,
            problems=(),
        )
        return Draft(**{**vars(draft), "problems": tuple(self._problems)})

    def _kind(self) -> str:
        said = self._said.get("kind", "")
        kind = _KIND.get(" ".join(re.split(r"[\s_-]+", said.casefold())), "")
        if not kind:
            row = self._where.get("kind", self._rows[0].number)
            self._note(row, "kind", N_("Write individual, peer or group."))
        return kind

    def _zone(self) -> str:
        said = self._said.get("zone", "")
        if not said:
            return self._house.zone
        plain = said[:LONGEST_ZONE].casefold().replace(" ", "_")
        known = self._zones.named(plain)
        if known:
            return known
        near = self._zones.near(plain)
        if near:
            msgid = N_("There is no time zone “%(said)s”. Perhaps %(near)s?")
        else:
            msgid = N_("There is no time zone “%(said)s”. Write one such as Europe/London.")
        self._note(self._where["zone"], "zone", msgid, said=said[:64], near=near)
        return self._house.zone

    def _number(self, column: str, usual: int) -> int:
        said = self._said.get(column, "")
        if not said:
            return usual
        if not (said.isascii() and said.isdecimal() and len(said) <= 6):
            self._note(self._where[column], column, N_("Write a whole number."))
            return usual
        return int(said)

    def _people(self, kind: str) -> Iterator[Named]:
        seen: dict[str, int] = {}
        for row in self._rows:
            for email in addresses_in(row["members"].lower()):
                if email == self._house.own_email.lower():
                    msgid = N_("This is your own address. You lead each roster that you make.")
                    if kind == "peer":
                        msgid = N_("This is your own address. You are in each roster you make.")
                    self._note(row.number, "members", msgid)
                elif email in seen:
                    msgid = N_("%(email)s is in this roster already, by row %(first)s.")
                    self._note(row.number, "members", msgid, email=email[:254], first=seen[email])
                else:
                    if kind == "individual" and seen:
                        msgid = N_("An individual roster has one supervisee.")
                        self._note(row.number, "members", msgid)
                    seen[email] = row.number
                    yield Named(row.number, email, row["role"].casefold())


def addresses_in(cell: str) -> list[str]:
    """The addresses in a cell: a@x.org; b@x.org, or as mail programs write: Ana <a@x.org>."""
    parts = _BETWEEN.split(cell)
    return [email for part in parts for email in _POINTED.findall(part) or part.split()]


def example_of(zone: str) -> list[Row]:
    """A table to begin from, for SAYING: a roster of each kind, in both ways to name people."""
    link = "https://meet.example.org/peers"
    rows = (
        ("Ana and I", "individual", zone, "1", "50", "", "", "ana@example.org", "supervisee"),
        ("Thursday group", "group", zone, "6", "90", "2 Mill Lane", "", "ben@example.org", ""),
        ("Thursday group", "group", "", "", "", "", "", "cleo@example.org", "facilitator"),
        ("Peers", "peer", zone, "6", "120", "", link, "dev@example.org; eve@example.org", ""),
    )
    return [
        Row(number, dict(zip(SAYING, cells, strict=True))) for number, cells in enumerate(rows, 2)
    ]


def nearest_zone(plain: str, zones: Sequence[str]) -> str:
    """The zone that somebody may have meant, by its city too; empty for none."""
    cities = {zone.casefold().rpartition("/")[2]: zone for zone in zones}
    whole = {zone.casefold(): zone for zone in zones}
    city = plain.rpartition("/")[2]
    if city in cities:
        return cities[city]
    for said, names in ((plain, whole), (city, cities)):
        found = get_close_matches(said[:64], list(names), n=1, cutoff=0.75)
        if found:
            return names[found[0]]
    return ""
