"""When calendars elsewhere say that people are busy: closes times to others, and only warns.

These times are no claims: nothing that was booked refuses because of them, and nothing that they
say refuses a booking by who runs a roster. No title is known here; which calendar it was is told to
its owner alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, column, select, values
from sqlalchemy.engine import CursorResult

from supervision.db import UTCDateTime, run, table
from supervision.domain.intervals import Interval
from supervision.domain.outside import LONGEST_PIECE, merged
from supervision.models.outside import OutsideBusy, OutsideCalendar
from supervision.models.people import Person
from supervision.permissions import Actor
from supervision.services.claims import Claimant, Clash

Instant = ColumnElement[datetime]
_BUSY, _CALENDAR, _PERSON = table(OutsideBusy), table(OutsideCalendar), table(Person)
_START, _END, _EARLIEST = (
    bindparam(name, type_=UTCDateTime) for name in ("start", "end", "earliest")
)


def _overlap(start: Instant, end: Instant, earliest: Instant) -> ColumnElement[bool]:
    return (
        _BUSY.c.person_id.in_(bindparam("ids", expanding=True))
        & (_BUSY.c.starts_at < end)
        & (_BUSY.c.starts_at > earliest)
        & (_BUSY.c.ends_at > start)
    )


_TIMES = select(*_BUSY.c["person_id", "starts_at", "ends_at"]).where(
    _overlap(_START, _END, _EARLIEST)
)
_OWN = (
    select(*_BUSY.c["starts_at", "ends_at", "calendar_id"], _CALENDAR.c.label)
    .join(_CALENDAR, _CALENDAR.c.id == _BUSY.c.calendar_id)
    .where(_overlap(_START, _END, _EARLIEST))
)


@dataclass(frozen=True)
class OwnBusy:
    """A person's own busy time [starts_at, ends_at), and which of their calendars says so."""

    starts_at: datetime
    ends_at: datetime
    calendar_id: UUID
    label: str


def busy_times(person_ids: Iterable[UUID], within: Interval) -> dict[UUID, list[Interval]]:
    """What touches an interval, by person; those of several calendars may overlap.

    One statement, which reads what begins within the interval or in the day before it.
    """
    found: dict[UUID, list[Interval]] = defaultdict(list)
    for row in run(_TIMES, _values(list(person_ids), within)):
        person_id, starts_at, ends_at = tuple(row)
        found[person_id].append(Interval(starts_at, ends_at))
    return found


def own_busy(person_id: UUID, within: Interval) -> list[OwnBusy]:
    """A person's own busy times in an interval and cut to it, in order, with their calendars."""
    found: dict[tuple[UUID, str], list[Interval]] = defaultdict(list)
    for row in run(_OWN, _values([person_id], within)):
        found[row.calendar_id, row.label].append(Interval(row.starts_at, row.ends_at))
    whole = (
        OwnBusy(*one, *calendar)
        for calendar, times in found.items()
        for one in merged(times, within)
    )
    return sorted(whole, key=lambda one: (one.starts_at, one.label))


def _values(ids: list[UUID], within: Interval) -> dict[str, object]:
    start, end = within
    return {"ids": ids, "start": start, "end": end, "earliest": start - LONGEST_PIECE}


# -- warnings ------------------------------------------------------------------------------


def with_outside(
    actor: Actor, members: Iterable[Claimant], wanted: Sequence[Interval], found: Iterable[Clash]
) -> list[Clash]:
    """The clashes that were found, and soft ones for calendars elsewhere, in order of time.

    Nobody is told twice of one wanted time. How long somebody is busy around it is not told, and
    the calendar's label to its owner alone, who is the actor then. Where no member has a calendar
    elsewhere nothing is asked.
    """
    known = {(clash.person_id, clash.wanted_at) for clash in found}
    more = dict[tuple[UUID, datetime], Clash]()
    for row in _overlapping(
        [one.person_id for one in members if one.elsewhere and one.comes_to_some], wanted
    ):
        key = row.person_id, row.wanted_at
        if key not in known and key not in more:
            more[key] = _clash(row, own=row.person_id == actor.id)
    return sorted(
        [*found, *more.values()], key=lambda one: (one.starts_at, one.name, one.wanted_at)
    )


def _clash(row: Any, own: bool) -> Clash:
    return Clash(
        person_id=row.person_id,
        name=row.name,
        starts_at=max(row.starts_at, row.wanted_at),
        ends_at=min(row.ends_at, row.wanted_until),
        session_id=None,
        wanted_at=row.wanted_at,
        hard=False,
        calendar=row.label if own else "",
    )


def _columns(start: Instant, end: Instant) -> list[ColumnElement[Any]]:
    name = select(_PERSON.c.name).where(_PERSON.c.id == _BUSY.c.person_id)
    label = select(_CALENDAR.c.label).where(_CALENDAR.c.id == _BUSY.c.calendar_id)
    return [
        *_BUSY.c["person_id", "starts_at", "ends_at"],
        name.scalar_subquery().label("name"),
        label.scalar_subquery().label("label"),
        start.label("wanted_at"),
        end.label("wanted_until"),
    ]


_ONCE = select(*_columns(_START, _END)).where(_overlap(_START, _END, _EARLIEST))


def _overlapping(ids: list[UUID], wanted: Sequence[Interval]) -> Iterable[Any]:
    if not ids or not wanted:
        return []
    if len(wanted) == 1:
        return run(_ONCE, _values(ids, wanted[0]))
    return [row for row in _often(ids, wanted) if row.person_id is not None]


def _often(ids: list[UUID], wanted: Sequence[Interval]) -> CursorResult[Any]:
    """As services/claims.py does it: each time looks into the index, and no planner may differ."""
    names = ("starts_at", "ends_at", "earliest")
    columns = (column(name, UTCDateTime) for name in names)
    times = [(start, end, start - LONGEST_PIECE) for start, end in wanted]
    looked = values(*columns, name="looked").data(times).cte("looked")
    start, end, earliest = (looked.c[name] for name in names)
    found = looked.outerjoin(_BUSY, _overlap(start, end, earliest))
    return run(select(*_columns(start, end)).select_from(found), {"ids": ids})
