"""Let a series go on beyond its end: until a day, so many sessions more, or open."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from supervision.db import db
from supervision.domain.recurrence import LONGEST, MOST_TIMES, Occurrence, Repeat, occurrences
from supervision.domain.skips import LeftOut
from supervision.errors import N_, Conflict, Invalid
from supervision.models.sessions import Series, Session, SessionState, Warned
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.series.ending import goes_on, see_ending
from supervision.services.series.parts import (
    NO_CHOICES,
    Change,
    Choices,
    check_slots,
    chosen,
    tell,
)
from supervision.services.series.rolling import add_rows
from supervision.services.series.rows import due_of, going, horizon, rows_of, setting_of
from supervision.services.sessions.plan import (
    Booked,
    check_future,
    checked_message,
    members_of,
    spans,
)
from supervision.services.sessions.whose import Whose, takers_of, those_of


@dataclass(frozen=True)
class Further:
    """How far a series is to go on: until a local day, inclusive, or so many sessions more.

    Without either it is open.
    """

    until: date | None = None
    more: int | None = None


def extend_series(
    actor: Actor,
    at: datetime,
    series_id: UUID,
    further: Further,
    message: str = "",
    choices: Choices = NO_CHOICES,
    base_url: str = "",
) -> Booked:
    """Book what a series has beyond its end, all of it or nothing; what is booked stays as it is.

    The sessions are where the series meets, and for whom it is. Nothing is made in the past, nor
    for an occurrence that has a session, wherever that was moved. Raises NotFound, NotAllowed,
    Conflict (it was cancelled, has no end, or another goes on from it), Invalid, SeriesClashed.
    """
    message = checked_message(message)
    roster, series = going(actor, series_id)
    _check_has_end(series)
    due = _due(series, further, at)
    made = chosen(due, choices, series.zone)
    if not made.slots:
        raise Conflict(N_("No session is left to book."))
    wanted = [slot.due for slot in made.slots]
    check_future(wanted, at)
    setting = setting_of(series)
    people = those_of(members_of(roster), setting.people)
    takers = takers_of(roster, people, setting)
    times = list(zip(made.slots, spans(wanted, series.minutes), strict=True))
    warnings = check_slots(actor, [(takers, times)], at)
    _lengthen(series, further, due, made.skipped, at)
    placed = add_rows(roster, series, made, at, message)
    claims.claim(placed, takers)
    see_ending(series)
    record(Act.SERIES_EXTEND, at, actor.id, series.id, roster=roster.id, sessions=len(placed))
    change = Change("extended", placed, message, warnings)
    tell(actor, at, roster, Whose(people), series, change, base_url)
    shifted = sum(one.shifted for one in wanted)
    return Booked(tuple(key for key, _ in placed), series.zone, series.id, tuple(warnings), shifted)


def _check_has_end(series: Series) -> None:
    if Repeat.parse(series.rrule).is_open:
        raise Conflict(N_("This series has no end: it goes on by itself."))
    if goes_on(series.id):
        raise Conflict(N_("This series was changed and goes on as another. Extend that one."))


def _due(series: Series, further: Further, at: datetime) -> list[Occurrence]:
    """What is to be made, in order. Raises Invalid when that is nothing, or more than ten years."""
    starts = datetime.fromisoformat(series.starts_local)
    latest = starts.date() + LONGEST
    until = latest
    if further.until is not None:
        if further.until > latest:
            raise Invalid("until", N_("A series can go on for ten years at most."))
        until = further.until
    elif further.more is None:
        until = horizon(starts, series.zone, at)
    due = _missing(series, until, at)
    if further.more is not None:
        if not 1 <= further.more <= MOST_TIMES:
            raise Invalid("more", N_("Choose between 1 and %(most)s."), most=MOST_TIMES)
        if len(due) < further.more:
            raise Invalid("more", N_("A series can go on for ten years at most."))
        due = due[: further.more]
    if not due:
        raise Invalid("until", N_("No session of the series lies between its end and this day."))
    return due


def _missing(series: Series, until: date, at: datetime) -> list[Occurrence]:
    """The occurrences after the end, up to a local day inclusive, that have no session."""
    starts, skips = datetime.fromisoformat(series.starts_local), LeftOut.parse(series.skips)
    rule = replace(Repeat.parse(series.rrule), until=None, count=None).rrule()
    booked = {due_of(one) for one in rows_of(series.id, Session.state == SessionState.PLANNED)}
    return [
        one
        for one in occurrences(starts, series.zone, rule, until, series.rolled_until)
        if one.original_local.date() not in skips
        and one.original_local not in booked
        and one.starts_at > at
    ]


def _lengthen(
    series: Series, further: Further, due: list[Occurrence], skipped: Iterable[date], at: datetime
) -> None:
    is_open = further.until is None and further.more is None
    last = due[-1].original_local.date()
    repeat = replace(Repeat.parse(series.rrule), until=None if is_open else last, count=None)
    series.rrule, series.sequence = repeat.rrule(), series.sequence + 1
    starts = datetime.fromisoformat(series.starts_local)
    series.rolled_until = horizon(starts, series.zone, at) if is_open else last
    series.skips = LeftOut.parse(series.skips).and_each(skipped).text()
    series.warned = Warned.NOT_YET
    db.session.flush()
