"""A supervisee books a weekly time at once: each week is judged as a single booking would be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Occurrence, Repeat, first_occurrences
from supervision.domain.skips import NOTHING
from supervision.domain.slots import Openness, Refusal, Taken, Terms, look, refusal
from supervision.errors import N_, Conflict, Invalid
from supervision.models.sessions import ClaimState, Series, SessionState
from supervision.permissions import Actor
from supervision.services import claims, outside
from supervision.services.audit import Act, record
from supervision.services.availability import SessionTypeRow
from supervision.services.booking.desk import SECOND, desk, hours
from supervision.services.booking.taking import Choice
from supervision.services.places import Held, hold_to_take
from supervision.services.series.ending import see_ending
from supervision.services.series.parts import Change, Chosen, Slot, tell
from supervision.services.series.rolling import add_rows
from supervision.services.sessions.plan import Booked, checked_message, local_key, members_of
from supervision.services.sessions.whose import Whose

WEEK = timedelta(weeks=1)
# By the local key of an occurrence: another start for it, or None to leave it out.
Picks = Mapping[str, datetime | None]
NO_PICKS: Picks = {}


@dataclass(frozen=True)
class Refused:
    """An occurrence that cannot be had at `starts_at`, and the free start that lies nearest.

    `key` is its local key, by which picks go.
    """

    key: str
    starts_at: datetime
    refusal: Refusal
    nearest: datetime | None


class SomeGone(Conflict):
    """Some of the wanted times cannot be had; `refused` has each of them, in order."""

    def __init__(self, refused: Sequence[Refused]) -> None:
        super().__init__(N_("Not every one of these times is free. Nothing was booked."))
        self.refused = tuple(refused)


def weekly(zone: str, starts_at: datetime, weeks: int) -> list[Occurrence]:
    """So many weekly times from an instant on, at its wall-clock time in a zone.

    Raises Conflict for the second of two equal hours: a local time means the first.
    """
    local = starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    due = first_occurrences(local, zone, Repeat("week"), weeks)
    if due[0].starts_at != starts_at:
        raise Conflict(N_("Clocks show this hour twice that day. Book it by itself."))
    return due


def take_series(
    actor: Actor,
    at: datetime,
    roster_id: UUID,
    choice: Choice,
    weeks: int,
    picks: Picks = NO_PICKS,
    base_url: str = "",
) -> Booked:
    """Book a free time with the supervisor in each of so many weeks, or ask for all of them.

    All or nothing: what cannot be had is left out or taken at another start where `picks` say so.
    Raises as `take_time`, Invalid for too many weeks, SomeGone with each time that is not free.
    """
    roster = hold_to_take(actor, roster_id)
    message, where = checked_message(choice.message), desk(actor, roster_id)
    kind = where.kind(choice.session_type_id)
    if not 1 <= weeks <= kind.most_weeks:
        raise Invalid("weeks", N_("Choose between 1 and %(most)s weeks."), most=kind.most_weeks)
    due = weekly(roster.zone, choice.starts_at, weeks)
    claims.serialise(where.people)
    claims.release_holds(actor.id)
    around = Interval(due[0].starts_at - WEEK, due[-1].starts_at + WEEK + SECOND)
    judge = _Judge(*hours(actor, at, where, around), where.own.terms(kind.minutes), at)
    made = _picked(judge, due, picks)
    members = members_of(roster)
    spans = [Interval.lasting(slot.due.starts_at, kind.minutes) for slot in made.slots]
    found = claims.refuse_hard(claims.clashes(members, spans, at))
    warnings = outside.with_outside(actor, members, spans, found)
    series = _add_series(actor, at, roster, kind, due, made)
    placed = add_rows(roster, series, made, at, message, kind.id)
    state = ClaimState.PENDING if kind.asks else ClaimState.CONFIRMED
    claims.claim(placed, members, state=state)
    see_ending(series)
    act, verb = (Act.TIME_ASK, "requested") if kind.asks else (Act.TIME_TAKE, "booked")
    record(act, at, actor.id, series.id, roster=roster_id, sessions=len(placed))
    change = Change(verb, placed, message, warnings)
    tell(actor, at, roster, Whose(members), series, change, base_url)
    return Booked(tuple(key for key, _ in placed), series.zone, series.id, tuple(warnings))


@dataclass
class _Judge:
    """Judges starts one after another: what was found free before takes time as well."""

    openness: Openness
    taken: Taken
    terms: Terms
    at: datetime
    found: list[Interval] = field(default_factory=list)

    def refusal(self, starts_at: datetime) -> Refusal | None:
        return refusal(self.openness, self.terms, self._taken(), self.at, starts_at)

    def keep(self, starts_at: datetime) -> None:
        self.found.append(Interval.lasting(starts_at, self.terms.minutes))

    def nearest(self, starts_at: datetime) -> datetime | None:
        """The free start that lies nearest to an instant, within a week; kept, if there is one."""
        within = Interval(starts_at - WEEK, starts_at + WEEK)
        starts = look(self.openness, self.terms, self._taken(), self.at, within)
        free = [one.starts_at for one in starts if one.refusal is None]
        best = min(free, key=lambda one: abs(one - starts_at), default=None)
        if best is not None:
            self.keep(best)
        return best

    def _taken(self) -> Taken:
        return Taken((*self.taken.sessions, *self.found), self.taken.other)


def _picked(judge: _Judge, due: Sequence[Occurrence], picks: Picks) -> Chosen:
    """What is to be booked when. Raises SomeGone, and Conflict when nothing is."""
    slots, own, skipped, gone = [], set(), [], []
    for one in due:
        key = local_key(one.original_local)
        starts_at = picks.get(key, one.starts_at)
        if starts_at is None:
            skipped.append(one.original_local.date())
            continue
        why = judge.refusal(starts_at)
        if why is not None:
            gone.append((key, starts_at, why))
            continue
        judge.keep(starts_at)
        if starts_at != one.starts_at:
            own.add(key)
        slots.append(Slot(key, Occurrence(one.original_local, starts_at, one.shifted)))
    if gone:
        raise SomeGone([_refused(judge, *one) for one in gone])
    if not slots:
        raise Conflict(N_("No session is left to book."))
    return Chosen(slots, frozenset(own), skipped)


def _refused(judge: _Judge, key: str, starts_at: datetime, why: Refusal) -> Refused:
    """Beyond what can be booked no other start is any nearer."""
    return Refused(
        key, starts_at, why, None if why == Refusal.HORIZON else judge.nearest(starts_at)
    )


def _add_series(
    actor: Actor,
    at: datetime,
    roster: Held,
    kind: SessionTypeRow,
    due: Sequence[Occurrence],
    made: Chosen,
) -> Series:
    series = Series(
        roster_id=roster.id,
        zone=roster.zone,
        starts_local=local_key(due[0].original_local),
        minutes=kind.minutes,
        rrule=Repeat("week", count=len(due)).rrule(),
        state=SessionState.REQUESTED if kind.asks else SessionState.PLANNED,
        rolled_until=due[-1].original_local.date(),
        skips=NOTHING.and_each(made.skipped).text(),
        made_by_id=actor.id,
        created_at=at,
    )
    db.session.add(series)
    db.session.flush()
    return series
