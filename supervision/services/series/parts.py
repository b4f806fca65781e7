"""What all changes of a series have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, func, select

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Occurrence, resolve
from supervision.errors import NotFound
from supervision.models.sessions import Series, Session, SessionState
from supervision.permissions import Actor, can_take_part
from supervision.services import claims
from supervision.services.claims import Claimant, Clash, Clashed
from supervision.services.places import Held, hold_to_run, place_of
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import own_warnings
from supervision.services.sessions.plan import local_key

HORIZON = relativedelta(months=12)


class Which(StrEnum):
    """How much of a series a change is about."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


@dataclass(frozen=True)
class Choice:
    """What is to become of one occurrence that clashes: shifted to a local time on its day.

    Without a time it is skipped: not booked, or left where it is.
    """

    starts_at: time | None = None


Choices = Mapping[str, Choice]
NO_CHOICES: Choices = {}


@dataclass(frozen=True)
class Slot:
    """One occurrence of a rule: the local key that choices go by, and when it would be."""

    key: str
    due: Occurrence

    @classmethod
    def of(cls, due: Occurrence) -> "Slot":
        return cls(local_key(due.original_local), due)

    def shifted_to(self, clock: time, zone: str) -> "Slot":
        """The same occurrence at another time of its day."""
        local = datetime.combine(self.due.original_local.date(), clock)
        return Slot(self.key, resolve(local, zone))


@dataclass(frozen=True)
class Chosen:
    """New occurrences after the choices: `own` are the keys of those at a time of their own."""

    slots: list[Slot]
    own: frozenset[str]
    skipped: list[date]


def chosen(due: Sequence[Occurrence], choices: Choices, zone: str) -> Chosen:
    """What of these occurrences is to be made, and when."""
    slots, own, skipped = [], set(), []
    for slot in map(Slot.of, due):
        choice = choices.get(slot.key)
        if choice is None:
            slots.append(slot)
        elif choice.starts_at is None:
            skipped.append(slot.due.original_local.date())
        else:
            own.add(slot.key)
            slots.append(slot.shifted_to(choice.starts_at, zone))
    return Chosen(slots, frozenset(own), skipped)


class SeriesClashed(Clashed):
    """Somebody is busy at some times of a series; `by_key` has the clashes of each of them."""

    def __init__(self, clashes: Sequence[Clash], slots: Sequence[Slot]) -> None:
        super().__init__(clashes)
        keys = {slot.due.starts_at: slot.key for slot in slots}
        self.by_key: dict[str, list[Clash]] = {}
        for clash in sorted(self.clashes, key=lambda one: one.wanted_at):
            self.by_key.setdefault(keys[clash.wanted_at], []).append(clash)


def check_slots(
    members: Sequence[Claimant],
    slots: Sequence[Slot],
    wanted: Sequence[Interval],
    at: datetime,
    moving: Sequence[UUID] = (),
) -> list[Clash]:
    """As `checked_clashes`; every hard clash is reported. Raises SeriesClashed.

    Sessions that are `moving` come in the order of their wanted times.
    """
    claims.serialise(member.person_id for member in members)
    found = claims.clashes(members, wanted, at, moving)
    if moving:
        found = claims.theirs(found, zip(moving, wanted, strict=True), members)
    hard = [clash for clash in found if clash.hard]
    if hard:
        raise SeriesClashed(hard, slots)
    return found


def horizon(starts_local: datetime, zone: str, at: datetime) -> date:
    """The local date up to which an open series has its sessions as rows."""
    today = at.astimezone(ZoneInfo(zone)).date()
    return max(starts_local.date(), today) + HORIZON


def changeable(actor: Actor, series_id: UUID) -> tuple[Held, Series]:
    """A series of a roster that the actor runs, locked with it. Raises NotFound, NotAllowed."""
    roster_id = db.session.scalar(select(Series.roster_id).where(Series.id == series_id))
    if roster_id is None or not can_take_part(place_of(actor, roster_id)):
        raise NotFound
    roster = hold_to_run(actor, roster_id)
    return roster, db.session.get_one(Series, series_id, populate_existing=True)


DUE = func.coalesce(Session.due_local, Session.original_local)


def due_of(session: Session) -> datetime:
    """The naive local time that its series gives a session, whether it was moved singly or not."""
    return datetime.fromisoformat(session.due_local or session.original_local)


def rows_of(series_id: UUID, *conditions: ColumnElement[bool]) -> list[Session]:
    """Sessions of a series as they are now, in the order of its rule."""
    query = select(Session).where(Session.series_id == series_id, *conditions).order_by(DUE)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def coming(series_id: UUID, at: datetime, from_due: datetime | None = None) -> list[Session]:
    """What is planned and still to begin, from an occurrence on when `from_due` is given."""
    conditions = [Session.starts_at > at, Session.state == SessionState.PLANNED]
    if from_due is not None:
        conditions.append(local_key(from_due) <= DUE)
    return rows_of(series_id, *conditions)


def tell(
    actor: Actor,
    at: datetime,
    roster: Held,
    members: list[Claimant],
    series: Series,
    verb: str,
    placed: Sequence[tuple[UUID, Interval]],
    message: str,
    warnings: Sequence[Clash],
    base_url: str,
) -> None:
    """Mail everybody about a change of a series, once for all its sessions."""
    ordered = sorted(placed, key=lambda one: one[1])
    notice = Notice(
        event=f"series:{series.id}",
        sequence=series.sequence,
        verb=verb,
        spans=[span for _, span in ordered],
        path=f"/sessions/{ordered[0][0]}",
        message=message,
        warnings=own_warnings(warnings),
    )
    notify(actor, at, roster, members, notice, base_url)
