"""Rosters as somebody sees them: the list, one page, its members."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, case, func, select

from supervision.db import db
from supervision.models.people import Person
from supervision.models.rosters import (
    CURRENT,
    LEADS,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.permissions import (
    Actor,
    Place,
    can_mark_attendance,
    can_run_roster,
    can_take_part,
)
from supervision.services import sessions
from supervision.services.places import seen_roster


@dataclass(frozen=True)
class RosterRow:
    """A roster in somebody's list, with their place in it and their next session."""

    id: UUID
    title: str
    kind: str
    state: str
    capacity: int
    taken: int
    role: str
    member_state: str
    offered_until: datetime | None
    next_at: datetime | None


@dataclass(frozen=True)
class MemberRow:
    """A member as others see them. Who was only invited shows the address that was typed.

    `mail_refused_at`: mails do not reach them since then.
    """

    id: UUID
    person_id: UUID
    name: str
    email: str
    role: str
    state: str
    joined_at: datetime | None
    left_at: datetime | None
    waits_since: datetime | None
    offered_until: datetime | None
    mail_refused_at: datetime | None

    @property
    def leads(self) -> bool:
        return self.role in LEADS


@dataclass(frozen=True)
class RosterPage:
    """A roster with its people, and what the viewer may do to it.

    `may_mark`: they see everybody's attendance, also once it has ended. A seat is kept for the
    viewer until `offered_until`; `place_in_line` is 1 for who is offered the next one, 0 for who
    does not wait or is offered one.
    """

    roster: Roster
    place: Place
    members: list[MemberRow]
    may_run: bool
    may_mark: bool
    takes_part: bool
    offered_until: datetime | None
    place_in_line: int


_ROSTERS = (
    select(
        Roster.id,
        Roster.title,
        Roster.kind,
        Roster.state,
        Roster.capacity,
        Roster.taken,
        Membership.role,
        Membership.state,
        Membership.offered_until,
        case((Membership.state == MemberState.ACTIVE, sessions.next_start(Roster.id))),
    )
    .join(Membership, Membership.roster_id == Roster.id)
    .where(Membership.person_id == bindparam("actor_id"), Membership.state.in_(CURRENT))
    .order_by(case((Roster.state == RosterState.ENDED, 1), else_=0), func.lower(Roster.title))
)


def rosters_of(actor: Actor, at: datetime) -> list[RosterRow]:
    """All rosters of a person, whatever their kind and the person's role: one statement."""
    rows = db.session.execute(_ROSTERS, {"actor_id": actor.id, "at": at})
    return [RosterRow(*row) for row in rows]


def who_invited(actor: Actor) -> dict[UUID, str]:
    """By whom the actor was asked into each roster that waits for their answer."""
    rows = db.session.execute(
        select(Membership.roster_id, Person.name)
        .join(Person, Person.id == Membership.invited_by_id)
        .where(Membership.person_id == actor.id, Membership.state == MemberState.INVITED)
    )
    return {row.roster_id: row.name for row in rows}


def roster_page(actor: Actor, roster_id: UUID) -> RosterPage:
    """Everything about a roster but its sessions. Raises NotFound.

    Only those who take part see who else does; the invited see who leads. The waiting list is for
    those who run the roster; others see their own place in it.
    """
    roster, place = seen_roster(actor, roster_id)
    members = members_of(roster_id)
    line = [row for row in members if row.state == MemberState.WAITING and not row.offered_until]
    own = next((row for row in members if row.person_id == actor.id), None)
    if not can_run_roster(place, roster.kind):
        members = [
            row for row in members if row.state != MemberState.WAITING or row.person_id == actor.id
        ]
    if not can_take_part(place):
        members = [row for row in members if row.leads or row.person_id == actor.id]
    return RosterPage(
        roster=roster,
        place=place,
        members=members,
        may_run=can_run_roster(place, roster.kind) and roster.state == RosterState.ACTIVE,
        may_mark=can_mark_attendance(place, roster.kind),
        takes_part=can_take_part(place),
        offered_until=own.offered_until if own else None,
        place_in_line=line.index(own) + 1 if own in line else 0,
    )


def members_of(roster_id: UUID) -> list[MemberRow]:
    """Current members: those who lead, the others by name, then who waits in order of the line."""
    lead_first = case((Membership.role.in_(LEADS), 0), else_=1)
    by_state = case(
        (Membership.state == MemberState.ACTIVE, 0),
        (Membership.state == MemberState.WAITING, 2),
        else_=1,
    )
    waits = Membership.waits_since, case((Membership.waits_since.is_not(None), Membership.id))
    # Also in their order nobody learns who of the invited has an account.
    shown = case((Membership.state == MemberState.INVITED, Person.email), else_=Person.name)
    rows = db.session.execute(
        select(
            Membership.id,
            Membership.person_id,
            shown,
            Person.email,
            Membership.role,
            Membership.state,
            Membership.joined_at,
            Membership.left_at,
            Membership.waits_since,
            Membership.offered_until,
            case(
                (
                    (Membership.state != MemberState.INVITED)
                    | (Person.mail_refused_at > Membership.created_at),
                    Person.mail_refused_at,
                )
            ),
        )
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.roster_id == roster_id, Membership.state.in_(CURRENT))
        .order_by(by_state, *waits, lead_first, func.lower(shown))
    )
    return [MemberRow(*row) for row in rows]
