"""All that was ever said of a session's attendance, in its order, as far as somebody sees it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from supervision.services.attendance.sheet import Said, Sheet, Version


@dataclass(frozen=True)
class Change:
    """What a correction made of somebody's line; `before` is None for who was added by it."""

    name: str
    before: Said | None
    after: Said


@dataclass(frozen=True)
class Event:
    """One marking (`agrees` None, its `changes` empty for the first) or one answer to it."""

    at: datetime
    by: str
    words: str
    agrees: bool | None = None
    changes: tuple[Change, ...] = ()


def history_of(sheet: Sheet) -> list[Event]:
    """Oldest first: each marking, followed by what people said to it."""
    made = _changes(sheet)
    numbers = range(1, sheet.version + 1)
    return [event for number in numbers for event in _of(sheet, number, made[number])]


def _of(sheet: Sheet, number: int, found: list[tuple[Version, Change]]) -> Iterator[Event]:
    if found:
        first, changes = found[0][0], tuple(change for _version, change in found)
        yield Event(first.at, first.by, first.reason, changes=changes if number > 1 else ())
    for answer in sheet.answers:
        if answer.version == number:
            yield Event(answer.at, answer.name, answer.words, answer.agrees)


def _changes(sheet: Sheet) -> dict[int, list[tuple[Version, Change]]]:
    """By the number of the marking; of one that touched nobody whom the viewer sees, nothing."""
    made: dict[int, list[tuple[Version, Change]]] = defaultdict(list)
    for line in sheet.lines:
        before: Said | None = None
        for version in line.versions:
            made[version.number].append((version, Change(line.name, before, version.said)))
            before = version.said
    return made
