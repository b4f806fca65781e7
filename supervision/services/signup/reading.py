"""The seats of a session, as somebody sees them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain.seats import closes_at
from supervision.errors import NotFound
from supervision.models.people import Person
from supervision.models.rosters import Roster, RosterState
from supervision.models.sessions import Session, SessionState
from supervision.models.signup import SignupOff, SignupWait
from supervision.permissions import Actor, can_run_roster, can_sign_up
from supervision.services.places import place_of


@dataclass(frozen=True)
class Waiter:
    """Somebody in the line; a seat is kept for them until `offered_until`, if it is set."""

    id: UUID
    name: str
    auto: bool
    offered_until: datetime | None


@dataclass(frozen=True)
class Leaver:
    """Somebody who signed off, and when."""

    name: str
    signed_off_at: datetime
    late: bool


@dataclass(frozen=True)
class Card:
    """The seats of a session as the viewer sees them, and what they may do.

    Signing up ends at `closes_at`, which `closed` says is past. `standing` is a Standing, nothing
    for who leads; `place_in_line` is 1 for the next who gets a seat, 0 for who does not wait or
    is offered one. `line` and `off` are for those who run the roster.
    """

    session_id: UUID
    capacity: int
    taken: int
    closes_at: datetime
    closed: bool
    standing: str
    place_in_line: int
    offered_until: datetime | None
    auto: bool
    waits: int
    line: list[Waiter]
    off: list[Leaver]
    coming: bool
    may_sign_up: bool
    may_run: bool

    @property
    def full(self) -> bool:
        return self.taken >= self.capacity


_SEATS = (
    select(
        Session.roster_id,
        Session.capacity,
        Session.taken,
        Session.starts_at,
        Session.created_at,
        Session.state,
        Roster.kind,
        Roster.signup_hours,
        Roster.state.label("roster_state"),
    )
    .join(Roster, Roster.id == Session.roster_id)
    .where(Session.id == bindparam("session_id"), Session.capacity.is_not(None))
)
_LINE = (
    select(SignupWait.person_id, Person.name, SignupWait.auto, SignupWait.offered_until)
    .join(Person, Person.id == SignupWait.person_id)
    .where(SignupWait.session_id == bindparam("session_id"))
    .order_by(SignupWait.since, SignupWait.person_id)
)
_OFF = (
    select(Person.name, SignupOff.signed_off_at, SignupOff.late)
    .join(Person, Person.id == SignupOff.person_id)
    .where(SignupOff.session_id == bindparam("session_id"))
    .order_by(SignupOff.signed_off_at)
)


def seats_of(actor: Actor, at: datetime, session_id: UUID, standing: str) -> Card:
    """The seats of a session whose page the actor sees, and stands to like that.

    Raises NotFound where nobody signs up.
    """
    this = {"session_id": session_id}
    row = run(_SEATS, this).one_or_none()
    if row is None:
        raise NotFound
    place = place_of(actor, row.roster_id)
    may_run = can_run_roster(place, row.kind)
    line = [Waiter(*tuple(one)) for one in run(_LINE, this)]
    waits = [one for one in line if one.offered_until is None]
    own = next((one for one in line if one.id == actor.id), None)
    closes = closes_at(row.created_at, row.starts_at, row.signup_hours)
    going = row.state == SessionState.PLANNED and row.roster_state == RosterState.ACTIVE
    coming = going and row.starts_at > at
    return Card(
        session_id=session_id,
        capacity=row.capacity,
        taken=row.taken,
        closes_at=closes,
        closed=closes <= at,
        standing=standing,
        place_in_line=waits.index(own) + 1 if own in waits else 0,
        offered_until=own.offered_until if own else None,
        auto=own.auto if own else True,
        waits=len(waits),
        line=line if may_run else [],
        off=[Leaver(*tuple(one)) for one in run(_OFF, this)] if may_run else [],
        coming=coming,
        may_sign_up=coming and can_sign_up(place),
        may_run=may_run,
    )
