"""What one's own reflections show over the weeks: how often one wrote, and the three systems.

Nothing is judged and nothing is kept: lines are drawn from what was written, while it is open.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from supervision.domain.reflections.words import SCALE, Value

WEEKS, FEWEST = 26, 12
WEEK = timedelta(days=7)
SYSTEMS = ("threat", "drive", "soothing")
WHOSE = ("me", "client", "room")
Fields = Mapping[str, Value]


class Told(NamedTuple):
    """What is drawn of a reflection: when it was begun, as it is stored, and its answers."""

    begun: str
    fields: Fields


def told(body: bytes) -> Told:
    """Of a reflection's bytes only what is drawn: a thousand are read for one page."""
    found = json.loads(body)
    return Told(found["begun"], found["fields"])


@dataclass(frozen=True)
class Week:
    """Seven days from `first_on`: reflections that began, and those that name a practice."""

    first_on: date
    written: int
    practised: int


@dataclass(frozen=True)
class Point:
    """The three systems on a day, 0 to 10 each, None where nothing was said of one."""

    on: date
    threat: int | None
    drive: int | None
    soothing: int | None

    def of(self, system: str) -> int | None:
        return {"threat": self.threat, "drive": self.drive, "soothing": self.soothing}[system]


@dataclass(frozen=True)
class Spot:
    """Where a value stands in a drawing: `across` from 0 to 1, its value from 0 to 10."""

    across: float
    value: int


def weeks(pages: Iterable[tuple[date, Fields]], today: date, week_starts: int) -> list[Week]:
    """The last WEEKS weeks, the present one last; `week_starts` is 0 for Monday to 6."""
    this = today - timedelta(days=(today.weekday() - week_starts) % 7)
    written, practised = [0] * WEEKS, [0] * WEEKS
    for day, fields in pages:
        ago = (this + WEEK - timedelta(days=1) - day).days // 7
        if 0 <= ago < WEEKS:
            written[-1 - ago] += 1
            practised[-1 - ago] += bool(str(fields.get("practice", "")).strip())
    return [
        Week(this - (WEEKS - 1 - nth) * WEEK, *both)
        for nth, both in enumerate(zip(written, practised, strict=True))
    ]


def since_begun(found: Sequence[Week]) -> list[Week]:
    """The weeks from the first in which something was written, FEWEST at least."""
    first = next((nth for nth, week in enumerate(found) if week.written), len(found))
    return list(found[min(first, len(found) - FEWEST) :])


def points(pages: Iterable[tuple[date, Fields]], whose: str, since: date) -> list[Point]:
    """Each reflection from a day on in which a system was given a number, the earliest first."""
    keys = [f"{system}_{whose}" for system in SYSTEMS]
    found = [
        Point(day, *(_scale(fields.get(key)) for key in keys))
        for day, fields in pages
        if day >= since and not fields.keys().isdisjoint(keys)
    ]
    return sorted((one for one in found if _says_something(one)), key=lambda one: one.on)


def _scale(value: Value | None) -> int | None:
    return value if type(value) is int and value in SCALE else None


def _says_something(one: Point) -> bool:
    return any(one.of(system) is not None for system in SYSTEMS)


def line(found: Sequence[Point], system: str, since: date, until: date) -> list[list[Spot]]:
    """A system's spots between two days, broken wherever nothing was said of it."""
    length = max((until - since).days, 1)
    runs: list[list[Spot]] = [[]]
    for one in found:
        value = one.of(system)
        if value is None:
            runs.append([])
        else:
            runs[-1].append(Spot((one.on - since).days / length, value))
    return [run for run in runs if run]
