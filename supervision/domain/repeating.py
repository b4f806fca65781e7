"""A series as one person's calendar is told of it: by one rule, or not at all.

It is made from the sessions that there are, never from what was meant. What the rule alone would
say wrongly is left out or written out beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from supervision.domain.intervals import Interval
from supervision.domain.recurrence import LONGEST, Repeat, due_locals, resolve
from supervision.domain.skips import NOTHING, LeftOut


@dataclass(frozen=True)
class Rule:
    """The rule of a series: naive `starts_local` in `zone`, `minutes` long.

    Up to the local day `filled_to` all that comes of it are sessions already. `goes_on`: later
    they will be this person's too, but for the days that are `left_out`.
    """

    starts_local: datetime
    zone: str
    repeat: Repeat
    minutes: int
    filled_to: date
    goes_on: bool = False
    left_out: LeftOut = NOTHING

    def dues(self, last: date) -> list[datetime]:
        """The naive local times that it gives up to a local day, inclusive, whatever its end."""
        endless = replace(self.repeat, until=None, count=None)
        return due_locals(self.starts_local, endless.rrule(), last)


@dataclass(frozen=True)
class Meeting:
    """A planned session of the person's: `due` is the naive local time that its series gives it.

    `place` is where it meets: the address and the meeting link.
    """

    id: UUID
    due: datetime
    span: Interval
    place: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Said:
    """What a calendar is told: the first time and the last, the rule, what of it is left out, and
    what is otherwise. Times are naive and local; without an end when it `goes_on`.
    """

    first: datetime
    last: datetime
    span: Interval
    rrule: str
    left_out: tuple[datetime, ...]
    changed: tuple[Meeting, ...]
    goes_on: bool


def fitting(rule: Rule, meetings: Sequence[Meeting]) -> list[Meeting]:
    """Those meetings that the rule has a place for, in order."""
    if not meetings:
        return []
    dues = set(rule.dues(max(one.due for one in meetings).date()))
    return sorted((one for one in meetings if one.due in dues), key=lambda one: one.due)


def said(
    rule: Rule, meetings: Sequence[Meeting], place: tuple[str, str], at: datetime
) -> Said | None:
    """How meetings that all fit are said; None where no rule says them soundly, or there are none.

    `place` is that of the series. It is not sound where a time does not exist or comes twice, nor
    where clocks change during a meeting: calendars differ in what they make of that.
    """
    if not meetings:
        return None
    by_due = {one.due: one for one in meetings}
    first, last = min(by_due), max(by_due)
    dues = [due for due in rule.dues(_known_to(rule, last)) if due >= first]
    ahead = rule.dues(at.date() + LONGEST) if rule.goes_on else []
    if any(_is_odd(due, rule) for due in {*dues, *ahead}):
        return None
    span = _span(first, rule)
    gone = tuple(due for due in dues if due not in by_due and _would_be(due, last, rule))
    changed = tuple(
        one for one in meetings if one.span != _span(one.due, rule) or _elsewhere(one, place, at)
    )
    return Said(first, last, span, _rrule(rule, last), gone, changed, rule.goes_on)


def _known_to(rule: Rule, last: datetime) -> date:
    """The day up to which it is known what comes of the rule."""
    if not rule.goes_on:
        return last.date()
    return max(last.date(), rule.filled_to, *(day for _first, day in rule.left_out.spans))


def _would_be(due: datetime, last: datetime, rule: Rule) -> bool:
    """Whether the rule says a time that nobody meets at."""
    return due <= last or due.date() <= rule.filled_to or due.date() in rule.left_out


def _span(due: datetime, rule: Rule) -> Interval:
    return Interval.lasting(resolve(due, rule.zone).starts_at, rule.minutes)


def _elsewhere(one: Meeting, place: tuple[str, str], at: datetime) -> bool:
    """Whether it matters still that it is not where the series meets."""
    return one.place != place and one.span.end > at


def _is_odd(due: datetime, rule: Rule) -> bool:
    zone = ZoneInfo(rule.zone)
    found = resolve(due, rule.zone)
    end = found.starts_at + timedelta(minutes=rule.minutes)
    offsets = (one.astimezone(zone).utcoffset() for one in (found.starts_at, end))
    return found.shifted or len(set(offsets)) > 1


def _rrule(rule: Rule, last: datetime) -> str:
    """The rule as RFC 5545 text, its end an instant, as a start with a zone wants it."""
    endless = replace(rule.repeat, until=None, count=None).rrule()
    if rule.goes_on:
        return endless
    until = resolve(last, rule.zone).starts_at.astimezone(UTC)
    return f"{endless};UNTIL={until:%Y%m%dT%H%M%SZ}"
