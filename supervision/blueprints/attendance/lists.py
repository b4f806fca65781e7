"""Attendance over a year, month by month; and what waits to be marked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.attendance.parts import bp
from supervision.errors import NotAllowed
from supervision.services import attendance, places
from supervision.services.attendance import Entry, Meeting
from supervision.web import typed
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page as show_page

FIRST, LAST = 2000, 2100


@dataclass(frozen=True)
class Total:
    """What somebody attended, or what was attended in a roster: sessions and minutes."""

    name: str
    sessions: int
    minutes: int


@dataclass(frozen=True)
class Month:
    """A month's sessions, the latest first, and what of each roster was attended."""

    first: date
    entries: list[Entry]
    totals: list[Total]

    @property
    def minutes(self) -> int:
        return sum(total.minutes for total in self.totals)


@bp.get("/attendance")
@signed_in
def mine() -> Response:
    return _own_page(None)


@bp.get("/rosters/<uuid:roster_id>/attendance")
@signed_in
def of_roster(roster_id: UUID) -> Response:
    """Everybody's, for who may mark it; one's own for the others."""
    actor, at, year = viewer(), clock.now(), _year()
    try:
        meetings = attendance.attendance_of(actor, at, roster_id, year)
    except NotAllowed:
        return _own_page(roster_id)
    roster, _place = places.seen_roster(actor, roster_id)
    return show_page(
        "attendance/roster.html",
        200,
        roster=roster,
        meetings=meetings,
        totals=_by_person(meetings),
        **_years(year),
    )


@bp.get("/attendance/waiting")
@signed_in
def waiting() -> Response:
    rows = attendance.waiting(viewer(), clock.now())
    return show_page("attendance/waiting.html", 200, rows=rows)


def _own_page(roster_id: UUID | None) -> Response:
    actor, year = viewer(), _year()
    entries = attendance.own_attendance(actor, clock.now(), year, roster_id)
    roster = places.seen_roster(actor, roster_id)[0] if roster_id else None
    return show_page(
        "attendance/mine.html",
        200,
        roster=roster,
        months=_months(entries, ZoneInfo(actor.zone)),
        totals=_by_roster(entries),
        **_years(year),
    )


def _year() -> int:
    """The year that the address names; the present one for whatever is none."""
    found = request.args.get("year", 0, type=typed.number)
    return found if FIRST <= found <= LAST else clock.today(viewer().zone).year


def _years(year: int) -> dict[str, int]:
    return {"year": year, "this_year": clock.today(viewer().zone).year}


def _months(entries: Iterable[Entry], zone: ZoneInfo) -> list[Month]:
    def month(entry: Entry) -> date:
        return entry.starts_at.astimezone(zone).date().replace(day=1)

    by_month = ((first, list(rows)) for first, rows in groupby(entries, month))
    return [Month(first, rows, _by_roster(rows)) for first, rows in by_month]


def _by_roster(entries: Iterable[Entry]) -> list[Total]:
    marked = ((one, one.said) for one in entries)
    return _totals((one.roster_id, one.title, said.minutes) for one, said in marked if said)


def _by_person(meetings: Iterable[Meeting]) -> list[Total]:
    lines = (line for meeting in meetings for line in meeting.lines)
    return _totals((line.person_id, line.name, line.said.minutes) for line in lines)


def _totals(said: Iterable[tuple[UUID, str, int | None]]) -> list[Total]:
    """By name; who attended nothing is listed with nothing."""
    names: dict[UUID, str] = {}
    sessions, minutes = Counter[UUID](), Counter[UUID]()
    for key, name, attended in said:
        names[key] = name
        sessions[key] += attended is not None
        minutes[key] += attended or 0
    found = [Total(name, sessions[key], minutes[key]) for key, name in names.items()]
    return sorted(found, key=lambda one: one.name.lower())
