"""Leave from supervision: said by oneself, for one roster or for all.

Sessions and claims stay as they are: who is on leave is away from them as somebody who said that
they cannot come. Whoever gets or loses a turn by it is told by `services.meetings`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select

from supervision.db import db, run
from supervision.domain.leave import Away
from supervision.errors import N_, Invalid, NotFound
from supervision.models.leave import Leave, LeaveKind
from supervision.models.rosters import Membership, MemberState, Roster, RosterState
from supervision.permissions import Actor
from supervision.services.audit import Act, record

LONGEST = timedelta(days=2 * 366)
FURTHEST = timedelta(days=10 * 366)
_OF_ROSTER = (
    select(Leave.person_id, Leave.first_on, Leave.last_on)
    .join(Membership, Membership.person_id == Leave.person_id)
    .where(
        Membership.roster_id == bindparam("roster_id"),
        Leave.withdrawn_at.is_(None),
        or_(Leave.roster_id.is_(None), Leave.roster_id == bindparam("roster_id")),
    )
    .distinct()
)
_AMONG = select(Leave.person_id, Leave.roster_id, Leave.first_on, Leave.last_on).where(
    Leave.person_id.in_(bindparam("ids", expanding=True)),
    Leave.withdrawn_at.is_(None),
    Leave.last_on >= bindparam("since"),
)
_OWN = (
    select(
        Leave.id,
        Leave.first_on,
        Leave.last_on,
        Leave.kind,
        Leave.roster_id,
        func.coalesce(Roster.title, ""),
    )
    .outerjoin(Roster, Roster.id == Leave.roster_id)
    .where(Leave.person_id == bindparam("actor_id"), Leave.withdrawn_at.is_(None))
    .order_by(Leave.first_on.desc(), Leave.created_at.desc())
)
_MINE = (
    select(Roster.id, Roster.title, Roster.kind)
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        Membership.person_id == bindparam("actor_id"),
        Membership.state == MemberState.ACTIVE,
        Roster.state == RosterState.ACTIVE,
    )
    .order_by(func.lower(Roster.title))
)


@dataclass(frozen=True)
class AwayFrom:
    """Somebody's leave, local days both inclusive; from all rosters where `roster_id` is None."""

    person_id: UUID
    roster_id: UUID | None
    first_on: date
    last_on: date

    def covers(self, person_id: UUID, roster_id: UUID, day: date) -> bool:
        """Whether this person is away from a roster on a day where it meets."""
        mine = self.person_id == person_id and self.roster_id in (None, roster_id)
        return mine and self.first_on <= day <= self.last_on


@dataclass(frozen=True)
class LeaveWish:
    """Local days, both inclusive; a kind of `LeaveKind`; `roster_id` None for all rosters."""

    first_on: date
    last_on: date
    kind: str
    roster_id: UUID | None = None


@dataclass(frozen=True)
class OwnLeave:
    """A leave as its owner sees it; `title` is empty where it is from all rosters."""

    id: UUID
    first_on: date
    last_on: date
    kind: str
    roster_id: UUID | None
    title: str

    def covers(self, roster_id: UUID, day: date) -> bool:
        """Whether its owner is away from a roster on a day where it meets."""
        return self.roster_id in (None, roster_id) and self.first_on <= day <= self.last_on


@dataclass(frozen=True)
class OwnRoster:
    """A roster that one can be on leave from."""

    id: UUID
    title: str
    kind: str


def leaves_of(roster_id: UUID) -> list[Away]:
    """The leave of everybody who is or was in a roster: one statement."""
    return [Away(*tuple(row)) for row in run(_OF_ROSTER, {"roster_id": roster_id})]


def leaves_among(people: Collection[UUID], since: date) -> list[AwayFrom]:
    """The leave of these people that lasts until `since` or longer: one statement."""
    if not people:
        return []
    return [AwayFrom(*tuple(row)) for row in run(_AMONG, {"ids": list(people), "since": since})]


def own_leaves(actor: Actor) -> list[OwnLeave]:
    """The actor's own, the latest first."""
    return [OwnLeave(*tuple(row)) for row in run(_OWN, {"actor_id": actor.id})]


def own_rosters(actor: Actor) -> list[OwnRoster]:
    """Where the actor takes part now, by title."""
    return [OwnRoster(*tuple(row)) for row in run(_MINE, {"actor_id": actor.id})]


def add_leave(actor: Actor, at: datetime, wish: LeaveWish) -> None:
    """Be on leave. Raises Invalid."""
    _check(actor, at, wish)
    leave = Leave(
        person_id=actor.id,
        roster_id=wish.roster_id,
        first_on=wish.first_on,
        last_on=wish.last_on,
        kind=wish.kind,
        created_at=at,
    )
    db.session.add(leave)
    db.session.flush()
    record(Act.LEAVE_ADD, at, actor.id, leave.id)


def _check(actor: Actor, at: datetime, wish: LeaveWish) -> None:
    if wish.kind not in set(LeaveKind):
        raise Invalid("kind", N_("Choose one from the list."))
    if wish.roster_id not in {None, *(row.id for row in own_rosters(actor))}:
        raise Invalid("roster", N_("Choose one of your rosters."))
    if wish.last_on < wish.first_on:
        raise Invalid("last_on", N_("The last day comes before the first."))
    if wish.last_on - wish.first_on > LONGEST:
        raise Invalid("last_on", N_("Two years at most. Say it again when they are over."))
    if not at.date() - FURTHEST < wish.first_on < at.date() + FURTHEST:
        raise Invalid("first_on", N_("Give a day within ten years from today."))


def withdraw_leave(actor: Actor, at: datetime, leave_id: UUID) -> None:
    """Be on leave no longer; the row stays, as withdrawn. Raises NotFound."""
    leave = db.session.get(Leave, leave_id)
    if leave is None or leave.person_id != actor.id or leave.withdrawn_at is not None:
        raise NotFound
    leave.withdrawn_at = at
    db.session.flush()
    record(Act.LEAVE_WITHDRAW, at, actor.id, leave_id)
