"""One week of the viewer's with everybody's local hours: what the page draws of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from supervision import clock
from supervision.domain import calendar
from supervision.domain.finding import Hour, Looked
from supervision.permissions import Actor
from supervision.services.finding import Member, WeekTimes
from supervision.web import typed
from supervision.web.filters import clock_time, local_date
from supervision.web.words import HOUR_TONES, hour_word

WEEK = timedelta(days=7)
BY_DAY, ALL = range(6, 22), range(24)
# A shape for each kind of hour, so that nobody has to tell them by their colour.
SHAPES = {
    Hour.GOOD: "●",
    Hour.FAIR: "◐",
    Hour.WEEKEND: "◇",
    Hour.POOR: "○",
    Hour.NIGHT: "☾",
}


@dataclass(frozen=True)
class Mark:
    """Somebody's local hour at a start; `time` with a weekday where it is not the viewer's day."""

    name: str
    initials: str
    time: str
    word: str
    tone: str
    shape: str
    free: bool


@dataclass(frozen=True)
class Cell:
    """A start; `tone` says how it is for whom it is worst, empty where not all are free.

    `book` is the address that books it, where all are free; `may_ask`: it may go into a poll.
    """

    starts_at: datetime
    marks: tuple[Mark, ...]
    tone: str
    book: str
    may_ask: bool
    picked: bool


@dataclass(frozen=True)
class Week:
    """Days with a cell for each full hour, None where there is none or it has passed.

    `picked` are starts of other weeks that were ticked before the page turned.
    """

    days: Sequence[tuple[date, Sequence[Cell | None]]]
    names: Sequence[tuple[str, str]]
    shapes: Sequence[tuple[str, str]]
    picked: Sequence[datetime]
    hours: Sequence[int]
    before: str
    after: str
    other_hours: str
    all_hours: bool


def days_of(args: MultiDict[str, str], first_day: date, actor: Actor) -> list[date]:
    """The seven days that the address names, else those around the first day looked at."""
    day = args.get("week", first_day, type=typed.day)
    if not calendar.EARLIEST + WEEK <= day <= calendar.LATEST - WEEK:
        day = first_day
    return list(calendar.week(day, actor.week_starts))


def hours_of(args: MultiDict[str, str]) -> range:
    """The full hours to show: those of the day, or all when the address asks for them."""
    return ALL if args.get("hours") == "all" else BY_DAY


def shown(
    times: WeekTimes, base: str, query: Mapping[str, Any], args: MultiDict[str, str], actor: Actor
) -> Week:
    """The week as the page draws it; `base` and `query` make the addresses of others."""
    at, all_hours = clock.now(), hours_of(args) == ALL
    picked = set(_picked(args.getlist("at")))
    first = times.days[0]

    def way(day: date, every: bool) -> str:
        values = {**query, "week": day.isoformat(), **({"hours": "all"} if every else {})}
        return f"{base}?{urlencode(values, doseq=True)}"

    columns = [
        (day, [_cell(times, row[number], at, base, picked, actor) for row in times.rows])
        for number, day in enumerate(times.days)
    ]
    here = {cell.starts_at for _day, cells in columns for cell in cells if cell}
    return Week(
        days=columns,
        names=[(_initials(one.name), one.name) for one in times.members],
        shapes=[(shape, hour_word(hour)) for hour, shape in SHAPES.items()],
        picked=sorted(picked - here),
        hours=times.hours,
        before=way(first - WEEK, all_hours)
        if first > at.astimezone(ZoneInfo(actor.zone)).date()
        else "",
        after=way(first + WEEK, all_hours),
        other_hours=way(first, not all_hours),
        all_hours=all_hours,
    )


def _picked(texts: Sequence[str]) -> list[datetime]:
    found = []
    for text in texts:
        try:
            found.append(typed.instant(text))
        except ValueError:
            continue
    return found


def _cell(
    times: WeekTimes,
    seen: Looked | None,
    at: datetime,
    base: str,
    picked: set[datetime],
    actor: Actor,
) -> Cell | None:
    if seen is None or seen.starts_at <= at:
        return None
    there = seen.starts_at.astimezone(ZoneInfo(times.zone))
    worst = max(seen.hours)
    book = base.removesuffix("/find") + f"/book?date={there:%Y-%m-%d}&starts_at={there:%H:%M}"
    return Cell(
        starts_at=seen.starts_at,
        marks=tuple(
            _mark(seen.starts_at, *one, actor)
            for one in zip(times.members, seen.hours, seen.free, strict=True)
        ),
        tone=HOUR_TONES[worst] if seen.suits else "",
        book=book if seen.suits else "",
        may_ask=seen.suits or worst < Hour.NIGHT,
        picked=seen.starts_at in picked,
    )


def _mark(starts_at: datetime, member: Member, hour: Hour, free: bool, actor: Actor) -> Mark:
    local = starts_at.astimezone(ZoneInfo(member.zone))
    elsewhere = local.date() != starts_at.astimezone(ZoneInfo(actor.zone)).date()
    day = f"{local_date(local.date()).split()[0]} " if elsewhere else ""
    return Mark(
        name=member.name,
        initials=_initials(member.name),
        time=day + clock_time(local),
        word=hour_word(hour),
        tone=HOUR_TONES[hour],
        shape=SHAPES[hour],
        free=free,
    )


def _initials(name: str) -> str:
    words = name.split()
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper() if words else "?"
