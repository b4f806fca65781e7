"""A zone as calendars take it out of a mail (RFC 5545 section 3.6.5): its own changes of clocks.

They are read off the zone itself. Where the same rule holds for all of them it is said as two
yearly rules, which every calendar knows; where it does not, each change is written out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from supervision.domain.recurrence import DAYS, LAST, LONGEST, is_last_weekday

# Looked back so far, a change of each kind lies before what the zone is for.
BEFORE = timedelta(days=400)
# A rule counts as one when it holds for as long as a series can.
AHEAD = LONGEST
STEP = timedelta(days=1)
SECOND = timedelta(seconds=1)
WEEK = 7
EARLIEST = datetime(1970, 1, 1)  # noqa: DTZ001 - local, as a zone's own times are


@dataclass(frozen=True)
class Change:
    """A change of clocks: naive `local` is what they showed then, by the offset `before`."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str

    @property
    def forward(self) -> bool:
        return self.after > self.before


def timezone(zone: str, first: date, last: date) -> Timezone:
    """The VTIMEZONE of an IANA zone, true on all local days from `first` to `last`."""
    made = Timezone()
    made.add("tzid", zone)
    for change, rule in _observances(zone, first, last):
        made.add_component(_observance(change, rule))
    return made


def _observances(zone: str, first: date, last: date) -> Iterator[tuple[Change, dict[str, object]]]:
    end = max(last, first + AHEAD)
    found = changes(zone, first - BEFORE, end)
    forward = [one for one in found if one.forward]
    back = [one for one in found if not one.forward]
    rules = _yearly(forward, end), _yearly(back, end)
    if not found:
        yield _always(zone, first), {}
    elif rules[0] and rules[1]:
        yield forward[0], rules[0]
        yield back[0], rules[1]
    else:
        yield _until(found[0]), {}
        yield from ((one, {}) for one in found if one.local.date() <= last + STEP)


def _always(zone: str, day: date) -> Change:
    here = datetime.combine(day, time(), ZoneInfo(zone))
    offset = here.utcoffset() or timedelta()
    return Change(EARLIEST, offset, offset, here.tzname() or zone)


def _until(change: Change) -> Change:
    """What was before the first change, which may lie after what the zone is for."""
    return Change(EARLIEST, change.before, change.before, _offset_name(change.before))


def _offset_name(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _observance(change: Change, rule: dict[str, object]) -> TimezoneStandard | TimezoneDaylight:
    made = TimezoneDaylight() if change.forward else TimezoneStandard()
    made.add("dtstart", change.local)
    made.add("tzoffsetfrom", change.before)
    made.add("tzoffsetto", change.after)
    made.add("tzname", change.name)
    if rule:
        made.add("rrule", rule)
    return made


@lru_cache(maxsize=64)
def changes(zone: str, start: date, end: date) -> tuple[Change, ...]:
    """The changes of a zone's clocks from one day to another, in order."""
    known, found = ZoneInfo(zone), []
    at, last = datetime.combine(start, time(), UTC), datetime.combine(end, time(), UTC)
    while at < last:
        if _offset(at, known) != _offset(at + STEP, known):
            found.append(_change(at, known))
        at += STEP
    return tuple(found)


def _change(at: datetime, zone: ZoneInfo) -> Change:
    """The one change of the day that follows, to the second."""
    low, high, before = at, at + STEP, _offset(at, zone)
    while high - low > SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    after = high.astimezone(zone)
    return Change(
        (high + before).replace(tzinfo=None), before, _offset(high, zone), after.tzname() or ""
    )


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _yearly(found: Sequence[Change], end: date) -> dict[str, object]:
    """The rule by which these changes come back each year until then; empty where none holds."""
    years = [one.local.year for one in found]
    same = {
        (one.before, one.after, one.local.month, one.local.weekday(), one.local.time())
        for one in found
    }
    if len(same) != 1 or years != list(range(years[0], years[-1] + 1)) or years[-1] < end.year - 1:
        return {}
    which = _which([one.local.date() for one in found])
    month, weekday = found[0].local.month, DAYS[found[0].local.weekday()]
    if isinstance(which, int):
        return {"freq": "YEARLY", "bymonth": month, "byday": f"{which}{weekday}"}
    if which:
        return {"freq": "YEARLY", "bymonth": month, "byday": weekday, "bymonthday": which}
    return {}


def _which(days: Sequence[date]) -> int | list[int]:
    """The place of these days of one weekday in their month, else the seven dates they lie on."""
    if all(map(is_last_weekday, days)):
        return LAST
    places = {(day.day - 1) // WEEK + 1 for day in days}
    if len(places) == 1:
        return places.pop()
    first, last = min(day.day for day in days), max(day.day for day in days)
    return list(range(first, last + 1)) if last - first == WEEK - 1 else []
