"""Why there is no slot: to the owner, in full."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from supervision.db import run, table
from supervision.domain import holidays
from supervision.domain.intervals import Interval
from supervision.domain.slots import Refusal, Start, Terms
from supervision.models.availability import TimeOff
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim, Session
from supervision.permissions import Actor
from supervision.services import outside
from supervision.services.availability.reading import (
    TAKEN,
    OwnTerms,
    SessionTypeRow,
    near,
    own_terms,
    session_type,
    starts,
)
from supervision.services.claims import LONGEST

MOST_DAYS = 31
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Busy:
    """What takes time: [starts_at, ends_at), and the roster's title; None for a mere hold.

    `calendar` is the label of a calendar elsewhere that says so, of which nothing more is known.
    """

    starts_at: datetime
    ends_at: datetime
    title: str | None
    calendar: str = ""


@dataclass(frozen=True)
class Run:
    """Starts from `first_at` to `last_at` that share one reason; None: they can be booked.

    `busy` says with what they clash; `named` is the time off's label or the holiday's name.
    """

    first_at: datetime
    last_at: datetime
    refusal: Refusal | None
    busy: tuple[Busy, ...] = ()
    named: str = ""


@dataclass(frozen=True)
class Day:
    """A local date of the owner, and its starts in order; none: there are no hours then.

    `free` are those that can be booked.
    """

    day: date
    runs: Sequence[Run]
    free: Sequence[datetime]


@dataclass(frozen=True)
class Why:
    """What came of each start on some days, for one kind of session, under which terms."""

    kind: SessionTypeRow
    own: OwnTerms
    terms: Terms
    days: Sequence[Day] = field(default_factory=tuple)


_ROSTER, _CLAIM, _SESSION, _OFF = table(Roster), table(Claim), table(Session), table(TimeOff)
_TITLED = TAKEN.add_columns(
    select(_ROSTER.c.title)
    .where(_ROSTER.c.id == _SESSION.c.roster_id)
    .scalar_subquery()
    .label("title")
)


def explain(
    actor: Actor, at: datetime, session_type_id: UUID, first_day: date, last_day: date
) -> Why:
    """Each start of the actor's own on [first_day, last_day], both inclusive, in their zone.

    Raises NotFound for a kind of session that is not theirs.
    """
    kind = session_type(actor.id, session_type_id)
    own = own_terms([actor.id])[actor.id]
    wanted = own.terms(kind.minutes)
    zone = ZoneInfo(actor.zone)
    within = Interval(_midnight(first_day, zone), _midnight(last_day + DAY, zone))
    found = starts(actor.id, wanted, within, at=at)
    reasons = _Reasons(actor.id, at, own, wanted, within)
    days = _by_day(found, reasons, zone, first_day, last_day)
    return Why(kind, own, wanted, days)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _by_day(
    found: Iterable[Start], reasons: "_Reasons", zone: ZoneInfo, first: date, last: date
) -> list[Day]:
    days: dict[date, list[Start]] = {first + DAY * n: [] for n in range((last - first).days + 1)}
    for start in found:
        days[start.starts_at.astimezone(zone).date()].append(start)
    return [
        Day(day, list(_runs(some, reasons)), [one.starts_at for one in some if not one.refusal])
        for day, some in days.items()
    ]


def _runs(found: Iterable[Start], reasons: "_Reasons") -> Iterator[Run]:
    """Starts in a row that share refusal, clashes and name."""
    for why, some in groupby(found, reasons.of):
        same = list(some)
        yield Run(same[0].starts_at, same[-1].starts_at, *why)


class _Reasons:
    """What lies behind refusals: read once, asked for each start."""

    def __init__(
        self, person_id: UUID, at: datetime, own: OwnTerms, wanted: Terms, within: Interval
    ) -> None:
        self._zone, self._wanted = ZoneInfo(own.zone), wanted
        self._busy = _on_days(_busy(person_id, at, within))
        first, last = (moment.astimezone(self._zone).date() for moment in within)
        self._away = list(run(select(_OFF).where(_OFF.c.person_id == person_id)))
        self._holidays = holidays.named(own.holiday_country, own.holiday_region, first, last + DAY)

    def of(self, start: Start) -> tuple[Refusal | None, tuple[Busy, ...], str]:
        busy: tuple[Busy, ...] = ()
        named = ""
        if start.refusal == Refusal.CLASH:
            there = self._busy[start.starts_at.date()]
            busy = tuple(one for one, counted in there if self._clash(start, one, counted))
        elif start.refusal == Refusal.TIME_OFF:
            named = next((row.label for row in self._away if self._meets(start, row)), "")
        elif start.refusal == Refusal.HOLIDAY:
            named = next((self._holidays[day] for day in self._days(start)), "")
        return start.refusal, busy, named

    def _clash(self, start: Start, one: Busy, counted: bool) -> bool:
        """As domain.slots has it: free minutes are kept around both."""
        free = [timedelta(minutes=n) for n in (self._wanted.before, self._wanted.after)]
        before, after = free if counted else (timedelta(), timedelta())
        ends_at = start.starts_at + timedelta(minutes=self._wanted.minutes)
        wanted = Interval(start.starts_at - free[0], ends_at + free[1])
        return wanted.overlaps(Interval(one.starts_at - before, one.ends_at + after))

    def _dates(self, start: Start) -> list[date]:
        """The local dates that a session would touch."""
        last = start.starts_at + timedelta(minutes=self._wanted.minutes, microseconds=-1)
        both = (start.starts_at.astimezone(self._zone).date(), last.astimezone(self._zone).date())
        return sorted(set(both))

    def _days(self, start: Start) -> list[date]:
        return [day for day in self._dates(start) if day in self._holidays]

    def _meets(self, start: Start, row: Any) -> bool:
        return any(row.first_on <= day <= row.last_on for day in self._dates(start))


def _on_days(busy: Iterable[tuple[Busy, bool]]) -> dict[date, list[tuple[Busy, bool]]]:
    """What takes time, by each UTC date on which a start could clash with it."""
    found: dict[date, list[tuple[Busy, bool]]] = defaultdict(list)
    for one, counted in busy:
        day, last = (one.starts_at - DAY).date(), (one.ends_at + DAY).date()
        while day <= last:
            found[day].append((one, counted))
            day += DAY
    return found


def _busy(person_id: UUID, at: datetime, within: Interval) -> list[tuple[Busy, bool]]:
    """What takes the person's time around an interval, and whether it keeps minutes free."""
    start, end = within.start - 2 * DAY, within.end + 2 * DAY
    values = {"ids": [person_id], "start": start, "end": end, "at": at}
    rows = run(_TITLED, values | {"earliest": start - LONGEST})
    busy = [(Busy(row.starts_at, row.ends_at, row.title), row.hard) for row in rows]
    away = outside.own_busy(person_id, near(within))
    return busy + [(Busy(one.starts_at, one.ends_at, None, one.label), False) for one in away]
