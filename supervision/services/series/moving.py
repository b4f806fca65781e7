"""Move a series: this session and all that follow, or all that are still to come.

What follows a session is split off: the old rule ends before it and a new series goes on, to which
the sessions go over with their ids, keys and everything that hangs on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import (
    LONGEST,
    Repeat,
    due_locals,
    first_after_move,
    first_occurrences,
)
from supervision.errors import N_, Conflict, Invalid
from supervision.models.sessions import Series, Session, SessionState
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.claims import Clash
from supervision.services.series.ending import see_ending
from supervision.services.series.parts import (
    NO_CHOICES,
    Change,
    Choices,
    Slot,
    Which,
    check_slots,
    tell,
)
from supervision.services.series.rows import (
    DUE,
    coming,
    cut,
    due_of,
    keep_people,
    rows_of,
    series_of,
    setting_of,
)
from supervision.services.sessions.endings import forget_ending
from supervision.services.sessions.one import changeable_session
from supervision.services.sessions.plan import Booked, Wish, local_key, touch
from supervision.services.sessions.whose import Whose, whose

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """A rule from one occurrence on as it shall be, and the sessions that it is about.

    `slots` are all its occurrences as they are to be, by the local time they were due at before;
    `moving` those sessions that go to their slot, with it; `staying` those that keep their times.
    `ruled` are the slots that the rule gives: where it was ended, sessions lie beyond it.
    """

    repeat: Repeat
    from_due: datetime
    slots: dict[datetime, Slot]
    ruled: list[Slot]
    moving: "Moving"
    staying: list[Session]
    splits: bool

    @property
    def first(self) -> datetime:
        return self.slots[self.from_due].due.original_local

    @property
    def last(self) -> datetime:
        return max((slot.due.original_local for slot in self.ruled), default=self.first)


def move_series(
    actor: Actor,
    at: datetime,
    session_id: UUID,
    wish: Wish,
    which: Which,
    edited_too: bool = False,
    choices: Choices = NO_CHOICES,
    base_url: str = "",
) -> Booked:
    """Move a session's series, from it on or all that is to come, to where the wish puts it.

    The wish is for this session; the others follow by as much, to another weekday too. Those that
    were moved singly stay, unless `edited_too`; cancelled ones and the past always do. Choices go
    by the local time that an occurrence would have. Raises as `move_session`, SeriesClashed with
    every clash, Conflict when nothing is left to move.
    """
    roster, session = changeable_session(actor, at, session_id)
    series = series_of(session)
    wish = wish.checked(series.zone)
    plan = _plan(series, session, wish, which, edited_too, at)
    moving, shifted = _chosen(plan, choices, series.zone)
    if not moving:
        raise Conflict(N_("No session of this series is left to change."))
    _check_times([slot for _, slot in moving], at)
    spans = {one.id: Interval.lasting(slot.due.starts_at, wish.minutes) for one, slot in moving}
    owners = whose(roster, [one for one, _ in moving])
    warnings = _check(actor, owners, moving, spans, at)
    series = _rewrite(actor, at, series, plan, wish.minutes)
    for one, slot in moving:
        one.starts_at, one.ends_at = spans[one.id]
        one.shifted, one.message = slot.due.shifted, wish.message
        one.edited = one.id in shifted
        touch(one, at)
    db.session.flush()
    for people, ids in owners.groups(spans):
        claims.reclaim([(key, spans[key]) for key in ids], people)
    see_ending(series)
    record(Act.SERIES_MOVE, at, actor.id, series.id, roster=roster.id, sessions=len(spans))
    change = Change("moved", list(spans.items()), wish.message, warnings)
    tell(actor, at, roster, owners, series, change, base_url)
    odd = sum(slot.due.shifted for _, slot in moving)
    return Booked(tuple(spans), series.zone, series.id, tuple(warnings), odd)


Moving = list[tuple[Session, Slot]]


def _check(
    actor: Actor, owners: Whose, moving: Moving, spans: dict[UUID, Interval], at: datetime
) -> list[Clash]:
    """Look whether those whose sessions they are can come. Raises SeriesClashed."""
    slots = {one.id: slot for one, slot in moving}
    groups = [
        (people, [(slots[key], spans[key]) for key in ids]) for people, ids in owners.groups(spans)
    ]
    found = check_slots(actor, groups, at, list(spans))
    return claims.theirs(found, spans.items(), owners.members)


def single_edits(actor: Actor, at: datetime, session_id: UUID) -> dict[Which, int]:
    """How many coming sessions of a session's series were moved singly: from it on, and in all.

    The session itself does not count: it is the one that is being moved. Raises as
    `move_session`.
    """
    _roster, session = changeable_session(actor, at, session_id)
    if session.series_id is None:
        return {}
    edited = [
        due_of(one) for one in coming(session.series_id, at) if one.edited and one.id != session_id
    ]
    here = due_of(session)
    return {Which.FOLLOWING: sum(due > here for due in edited), Which.ALL: len(edited)}


def _plan(
    series: Series, pivot: Session, wish: Wish, which: Which, edited_too: bool, at: datetime
) -> Plan:
    """Each occurrence of the rule beside the one that takes its place, by their order."""
    here = due_of(pivot)
    from_due = here
    if which == Which.ALL:
        from_due = min(due_of(one) for one in coming(series.id, at))
    rows = rows_of(series.id, local_key(from_due) <= DUE)
    rule = _rule_from(series, from_due)
    dues = sorted({*rule, *map(due_of, rows)})
    day, clock = wish.starts_local.date(), wish.starts_local.time()
    repeat = Repeat.parse(series.rrule).on(day)
    first = first_after_move(repeat, from_due.date(), here.date(), day)
    due = first_occurrences(datetime.combine(first, clock), series.zone, repeat, len(dues))
    slots = {before: Slot.of(one) for before, one in zip(dues, due, strict=True)}
    moving, staying = [], []
    for one in rows:
        over = one.state == SessionState.CANCELLED or one.starts_at <= at
        if over or (one.edited and not edited_too and one.id != pivot.id):
            staying.append(one)
        else:
            moving.append((one, slots[due_of(one)]))
    splits = which == Which.FOLLOWING and bool(rows_of(series.id, local_key(from_due) > DUE))
    return Plan(repeat, from_due, slots, [slots[one] for one in rule], moving, staying, splits)


def _rule_from(series: Series, from_due: datetime) -> list[datetime]:
    """What the rule gives from an occurrence on, as far as sessions were made for it."""
    starts = datetime.fromisoformat(series.starts_local)
    is_open = Repeat.parse(series.rrule).is_open
    until = series.rolled_until if is_open else starts.date() + LONGEST
    return [due for due in due_locals(starts, series.rrule, until) if due >= from_due]


def _chosen(
    plan: Plan, choices: Choices, zone: str
) -> tuple[list[tuple[Session, Slot]], set[UUID]]:
    """What moves where after the choices, and which of it goes a way of its own."""
    moving, own = [], set()
    for one, slot in plan.moving:
        choice = choices.get(slot.key)
        if choice is None:
            moving.append((one, slot))
        elif choice.starts_at is None:
            one.edited = True
        else:
            moving.append((one, slot.shifted_to(choice.starts_at, zone)))
            own.add(one.id)
    return moving, own


def _check_times(slots: Sequence[Slot], at: datetime) -> None:
    if any(slot.due.starts_at <= at for slot in slots):
        raise Invalid(
            "starts_at", N_("At this time the next session would lie in the past. Move it first.")
        )
    if any(slot.due.starts_at > at + 2 * LONGEST for slot in slots):
        raise Invalid("date", N_("Give a date within the next ten years."))


def _rewrite(actor: Actor, at: datetime, series: Series, plan: Plan, minutes: int) -> Series:
    """Give the series its new rule, or end it before and begin a new one; returns what goes on."""
    if plan.splits:
        series = _split(actor, at, series, plan)
    else:
        series.sequence += 1
    series.starts_local, series.minutes = local_key(plan.first), minutes
    series.rolled_until = plan.last.date()
    repeat = plan.repeat
    if repeat.count is not None:
        repeat = replace(repeat, count=max(len(plan.ruled), 1))
    elif repeat.until is not None:
        repeat = replace(repeat, until=plan.last.date())
    series.rrule = repeat.rrule()
    for one in [*plan.staying, *(one for one, _ in plan.moving)]:
        one.due_local = local_key(plan.slots[due_of(one)].due.original_local)
        one.series_id = series.id
    return series


def _split(actor: Actor, at: datetime, series: Series, plan: Plan) -> Series:
    """End a series before an occurrence, and begin another that goes on from there."""
    setting, until = setting_of(series), plan.from_due.date() - ONE_DAY
    cut(series, until)
    series.sequence += 1
    made = Series(
        roster_id=series.roster_id,
        zone=series.zone,
        starts_local=local_key(plan.first),
        minutes=series.minutes,
        rrule=series.rrule,
        rolled_until=until,
        skips=series.skips,
        capacity=series.capacity,
        split_from_id=series.id,
        made_by_id=actor.id,
        created_at=at,
        warned=series.warned,
        **setting.columns(),
    )
    db.session.add(made)
    db.session.flush()
    keep_people(made, setting.people)
    forget_ending(series.id)
    return made
