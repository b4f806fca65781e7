"""Book a series: all its sessions or none."""

from datetime import date, datetime
from uuid import UUID

from supervision.db import db
from supervision.domain.recurrence import LONGEST, Occurrence, Repeat, occurrences, resolve
from supervision.domain.skips import NOTHING, LeftOut
from supervision.errors import N_, Conflict, Invalid
from supervision.models.sessions import Series
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.places import Held, hold_to_run, run_roster
from supervision.services.series.ending import see_ending
from supervision.services.series.parts import (
    NO_CHOICES,
    Change,
    Choices,
    check_slots,
    chosen,
    tell,
)
from supervision.services.series.rolling import add_rows
from supervision.services.series.rows import horizon, keep_people
from supervision.services.sessions.one import booked_verb
from supervision.services.sessions.plan import (
    Booked,
    Wish,
    check_future,
    local_key,
    spans,
)
from supervision.services.sessions.whose import Whose, people_of, takers_of


def expand(
    starts_local: datetime,
    zone: str,
    repeat: Repeat,
    at: datetime,
    left_out: LeftOut = NOTHING,
) -> list[Occurrence]:
    """All occurrences of a new series: to its end, or for twelve months when it is open.

    Days that are left out count towards a number of times, as an EXDATE does (RFC 5545
    §3.8.5.1). Raises Invalid for a rule that its first date does not fit, that ends before it
    begins or more than ten years on, or of which nothing remains.
    """
    first = starts_local.date()
    if repeat.until is not None and repeat.until < first:
        raise Invalid("until", N_("The last date lies before the first."))
    if repeat.until is not None and repeat.until > first + LONGEST:
        raise Invalid("until", N_("A series can go on for ten years at most."))
    until = horizon(starts_local, zone, at) if repeat.is_open else first + LONGEST
    due = occurrences(starts_local, zone, repeat.rrule(), until)
    if not due or due[0].original_local != starts_local:
        raise Invalid("date", N_("This date does not fit the way the series repeats."))
    if repeat.count is not None and len(due) < repeat.count:
        raise Invalid("times", N_("A series can go on for ten years at most."))
    kept = [one for one in due if one.original_local.date() not in left_out]
    if not kept:
        raise Invalid("skip_last", N_("No session is left: every one lies on a day left out."))
    return kept


def planned(
    actor: Actor,
    at: datetime,
    roster_id: UUID,
    wish: Wish,
    repeat: Repeat | None,
    left_out: LeftOut = NOTHING,
) -> list[Occurrence]:
    """The times that a booking would take, without looking at who is busy; it only reads.

    Raises as `book_session`, but for Clashed.
    """
    roster, _place = run_roster(actor, roster_id)
    wish = wish.checked(roster.zone)
    first = resolve(wish.starts_local, roster.zone)
    check_future([first], at)
    if repeat is None:
        return [first]
    return expand(wish.starts_local, roster.zone, repeat, at, left_out)


def book_series(
    actor: Actor,
    at: datetime,
    roster_id: UUID,
    wish: Wish,
    repeat: Repeat,
    base_url: str = "",
    left_out: LeftOut = NOTHING,
    choices: Choices = NO_CHOICES,
) -> Booked:
    """Book all sessions of a series, or none: every clash in it is reported at once.

    Occurrences for which something else was chosen are left out or come at another time of their
    day. Raises as `book_session`, SeriesClashed with every clash.
    """
    roster = hold_to_run(actor, roster_id)
    wish = wish.checked(roster.zone)
    check_future([resolve(wish.starts_local, roster.zone)], at)
    due = expand(wish.starts_local, roster.zone, repeat, at, left_out)
    made = chosen(due, choices, roster.zone)
    if not made.slots:
        raise Conflict(N_("No session is left to book."))
    wanted = [slot.due for slot in made.slots]
    check_future(wanted, at)
    members = people_of(roster, wish.setting.people)
    times = list(zip(made.slots, spans(wanted, wish.minutes), strict=True))
    takers = takers_of(roster, members, wish.setting)
    warnings = check_slots(actor, [(takers, times)], at)
    last = due[-1].original_local.date()
    series = _add_series(actor, at, roster, wish, repeat, last, left_out.and_each(made.skipped))
    placed = add_rows(roster, series, made, at, wish.message)
    claims.claim(placed, takers)
    see_ending(series)
    record(Act.SERIES_BOOK, at, actor.id, series.id, roster=roster_id, sessions=len(placed))
    change = Change(booked_verb(roster, wish.setting), placed, wish.message, warnings)
    tell(actor, at, roster, Whose(members), series, change, base_url)
    shifted = sum(one.shifted for one in wanted)
    return Booked(tuple(key for key, _ in placed), series.zone, series.id, tuple(warnings), shifted)


def _add_series(
    actor: Actor,
    at: datetime,
    roster: Held,
    wish: Wish,
    repeat: Repeat,
    last: date,
    left_out: LeftOut,
) -> Series:
    series = Series(
        roster_id=roster.id,
        zone=roster.zone,
        starts_local=local_key(wish.starts_local),
        minutes=wish.minutes,
        rrule=repeat.rrule(),
        rolled_until=horizon(wish.starts_local, roster.zone, at) if repeat.is_open else last,
        skips=left_out.text(),
        made_by_id=actor.id,
        created_at=at,
        **wish.setting.columns(),
    )
    db.session.add(series)
    db.session.flush()
    keep_people(series, wish.setting.people)
    return series
