"""Finding a time for a roster: who is free, never why somebody is not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain.finding import Found, Looked, Mate, always, find, kindest, look_over
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import LONGEST, Occurrence, resolve
from supervision.domain.slots import Openness, Taken
from supervision.errors import N_, Invalid
from supervision.models.people import Person
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.models.sessions import MAX_MINUTES
from supervision.permissions import Actor
from supervision.services import availability
from supervision.services.leave import leaves_among
from supervision.services.places import run_roster
from supervision.services.sessions.plan import LEAST_MINUTES

BEST = 10
DAY = timedelta(days=1)
MOST_WEEKS = 8


@dataclass(frozen=True)
class Member:
    """Somebody to find a time with; `told`: they have said when they are open."""

    id: UUID
    name: str
    zone: str
    told: bool = False


@dataclass(frozen=True)
class Times:
    """What suits: `members` were asked about, `best` and `all` have hours in their order.

    `everybody` are the roster's members, to choose from; `zone` is the roster's.
    """

    title: str
    zone: str
    everybody: Sequence[Member]
    members: Sequence[Member]
    best: Sequence[Found]
    all: Sequence[Found]


@dataclass(frozen=True)
class WeekTimes:
    """Starts as they are to each of `members`; None where a day's clock has no such hour.

    `rows` has for each full hour of `hours` the seven `days` of the actor's zone.
    """

    title: str
    zone: str
    members: Sequence[Member]
    days: Sequence[date]
    hours: Sequence[int]
    rows: Sequence[Sequence[Looked | None]]


_MEMBERS = (
    select(Person.id, Person.name, Person.zone)
    .join(Membership, Membership.person_id == Person.id)
    .where(Membership.roster_id == bindparam("roster_id"), Membership.state == MemberState.ACTIVE)
    .order_by(Person.name, Person.id)
)


def usual_minutes(actor: Actor, roster_id: UUID) -> int:
    """How long a roster usually meets. Raises as `times_for`."""
    roster, _place = run_roster(actor, roster_id)
    return roster.minutes


def times_for(
    actor: Actor,
    at: datetime,
    roster_id: UUID,
    minutes: int,
    first_day: date,
    weeks: int,
    chosen: Collection[UUID] = (),
) -> Times:
    """Starts within `weeks` weeks from a local day of the roster, for all members or the chosen.

    Raises NotFound, NotAllowed, Conflict (the roster has ended), Invalid.
    """
    roster, _place = run_roster(actor, roster_id)
    _check(at, minutes, first_day, weeks)
    everybody, members = _members(roster_id, chosen)
    start = datetime.combine(first_day, time(), ZoneInfo(roster.zone))
    within = Interval(start, start + timedelta(weeks=weeks))
    members, mates = _mates(roster, members, within, at)
    found = find(mates, minutes, at, within)
    return Times(roster.title, roster.zone, everybody, members, kindest(found, BEST), found)


def week_for(
    actor: Actor,
    at: datetime,
    roster_id: UUID,
    minutes: int,
    days: Sequence[date],
    hours: Sequence[int],
    chosen: Collection[UUID] = (),
) -> WeekTimes:
    """The full hours of some days on the actor's clock, for all members or the chosen.

    Raises as `times_for`.
    """
    roster, _place = run_roster(actor, roster_id)
    _check(at, minutes, max(days[0], at.date()), 1)
    due = [
        [resolve(datetime.combine(day, time(hour)), actor.zone) for day in days] for hour in hours
    ]
    starts = sorted({one.starts_at for row in due for one in row})
    within = Interval(starts[0], starts[-1] + timedelta(hours=1))
    members, mates = _mates(roster, _members(roster_id, chosen)[1], within, at)
    seen = {one.starts_at: one for one in look_over(mates, minutes, at, starts)}
    rows = [[_at(seen, one, actor.zone) for one in row] for row in due]
    return WeekTimes(roster.title, roster.zone, members, days, hours, rows)


def _at(seen: Mapping[datetime, Looked], due: Occurrence, zone: str) -> Looked | None:
    """What was seen at a local time; None where the clock jumps over it."""
    there = due.starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return seen[due.starts_at] if there == due.original_local else None


def _members(roster_id: UUID, chosen: Collection[UUID]) -> tuple[list[Member], list[Member]]:
    """A roster's members, and those of them that were chosen: all when none was."""
    everybody = [Member(*tuple(row)) for row in run(_MEMBERS, {"roster_id": roster_id})]
    return everybody, [one for one in everybody if one.id in chosen] or everybody


def _mates(
    roster: Roster, members: Sequence[Member], within: Interval, at: datetime
) -> tuple[list[Member], list[Mate]]:
    """The members with whether they have told of their hours, and what is known of each."""
    ids = [one.id for one in members]
    hours = availability.open_hours(ids, within.start.date(), within.end.date())
    taken = _with_leave(roster, availability.taken(ids, within, at=at), within)
    told = [replace(one, told=_told(hours.get(one.id))) for one in members]
    return told, [Mate(one.zone, _open(hours.get(one.id)), taken[one.id]) for one in members]


def _with_leave(roster: Roster, taken: Mapping[UUID, Taken], within: Interval) -> dict[UUID, Taken]:
    """Whoever is on leave from the roster is busy on those days of its zone."""
    found, zone = dict(taken), ZoneInfo(roster.zone)
    for leave in leaves_among(found, (within.start - DAY).date()):
        if leave.roster_id in (None, roster.id):
            days = (leave.first_on, leave.last_on + DAY)
            away = Interval(*(datetime.combine(day, time(), zone) for day in days))
            mine = found[leave.person_id]
            found[leave.person_id] = replace(mine, other=(*mine.other, away))
    return found


def _check(at: datetime, minutes: int, first_day: date, weeks: int) -> None:
    if not LEAST_MINUTES <= minutes <= MAX_MINUTES:
        raise Invalid(
            "minutes",
            N_("Choose between %(least)s and %(most)s minutes."),
            least=LEAST_MINUTES,
            most=MAX_MINUTES,
        )
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid("weeks", N_("Look at 1 to %(most)s weeks."), most=MOST_WEEKS)
    if not timedelta(-1) <= first_day - at.date() <= LONGEST:
        raise Invalid("first_day", N_("Give a date within the next ten years."))


def _told(openness: Openness | None) -> bool:
    return openness is not None and bool(openness.weekly or openness.overrides)


def _open(openness: Openness | None) -> Openness | None:
    """Who has told only of their time off is open at any other time."""
    if openness is None or _told(openness):
        return openness
    return replace(openness, weekly=always(openness.zone).weekly)
