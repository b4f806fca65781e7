"""Members: invite, accept, decline, leave, remove."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from supervision.db import db
from supervision.errors import N_, Conflict, Invalid, NotFound
from supervision.models.people import PersonState, Role
from supervision.models.rosters import (
    CURRENT,
    LEADS,
    Kind,
    MemberRole,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.permissions import (
    Actor,
)
from supervision.services import feeds, mail, people, sessions
from supervision.services.audit import Act, record
from supervision.services.places import active_people, run_roster
from supervision.services.rosters.seats import free_seat, take_seat


def invite_member(
    actor: Actor, at: datetime, roster_id: UUID, email: str, role: str, base_url: str
) -> str | None:
    """Invite somebody by address. Returns a link's token for who has no account yet.

    The answer looks the same whether or not the address is known: only the link's absence tells
    the inviter that the person will find the invitation on their own home page.
    """
    roster, _place = run_roster(actor, roster_id)
    if role not in roles_of(roster.kind):
        raise Invalid("role", N_("Choose a role from the list."))
    person = people.ensure_person(email, Role.MEMBER, at)
    _hold_out(actor, at, roster_id, person.id, role)
    record(Act.MEMBER_INVITE, at, actor.id, roster_id, person=person.id)
    if person.state == PersonState.INVITED:
        return people.invitation_for(actor, at, person, roster_id, base_url)
    mail.tell(
        person,
        f"roster-invitation:{roster_id}:{person.id}:{at:%Y%m%d%H%M}",
        N_("%(name)s invites you to %(title)s"),
        N_(
            "%(name)s invites you to the roster “%(title)s”.\n\nAccept or decline here:\n%(link)s\n"
        ),
        at,
        name=actor.name,
        title=roster.title,
        link=f"{base_url}/rosters/{roster_id}",
    )
    return None


def _hold_out(actor: Actor, at: datetime, roster_id: UUID, person_id: UUID, role: str) -> None:
    """An invited membership; who is invited already stays so. Raises Invalid for a member."""
    present = db.session.scalar(
        select(Membership.state).where(
            Membership.roster_id == roster_id,
            Membership.person_id == person_id,
            Membership.state.in_(CURRENT),
        )
    )
    if present is None:
        db.session.add(
            Membership(
                roster_id=roster_id,
                person_id=person_id,
                role=role,
                state=MemberState.INVITED,
                invited_by_id=actor.id,
                created_at=at,
            )
        )
        db.session.flush()
    elif present != MemberState.INVITED:
        raise Invalid("email", N_("This person is in the roster already."))


def roles_of(kind: str) -> tuple[MemberRole, ...]:
    """The roles that somebody can be invited to."""
    return {
        Kind.INDIVIDUAL: (MemberRole.SUPERVISEE,),
        Kind.PEER: (MemberRole.PEER,),
        Kind.GROUP: (MemberRole.SUPERVISEE, MemberRole.FACILITATOR, MemberRole.SUPERVISOR),
    }[Kind(kind)]


@dataclass(frozen=True)
class Accepted:
    """What came of saying yes; `clashes` counts coming sessions at times already taken."""

    state: str
    clashes: int = 0


def accept(actor: Actor, at: datetime, roster_id: UUID) -> Accepted:
    """Take a place: active, or waiting when all are taken. Raises NotFound, Conflict."""
    membership = _own(actor, roster_id, MemberState.INVITED, MemberState.WAITING)
    roster = db.session.get_one(Roster, roster_id)
    if roster.state == RosterState.ENDED:
        raise Conflict(N_("This roster has ended."))
    seated = take_seat(roster_id, membership.role)
    membership.state = MemberState.ACTIVE if seated else MemberState.WAITING
    membership.joined_at = at if seated else None
    db.session.flush()
    clashes = 0
    if seated:
        clashes = len(sessions.member_joined(roster_id, actor.id, at))
        feeds.bump([actor.id, *active_people(roster_id)])
    record(Act.MEMBER_ACCEPT, at, actor.id, roster_id, state=membership.state)
    return Accepted(membership.state, clashes)


def decline(actor: Actor, at: datetime, roster_id: UUID) -> None:
    """Say no to an invitation. Raises NotFound."""
    membership = _own(actor, roster_id, MemberState.INVITED)
    membership.state, membership.left_at = MemberState.ENDED, at
    db.session.flush()
    record(Act.MEMBER_DECLINE, at, actor.id, roster_id)


def leave(actor: Actor, at: datetime, roster_id: UUID) -> None:
    """Leave a roster. Raises NotFound, and Conflict for the only one who leads it."""
    membership = _own(actor, roster_id, MemberState.ACTIVE, MemberState.WAITING)
    _end_membership(membership, at)
    record(Act.MEMBER_LEAVE, at, actor.id, roster_id)


def remove_member(actor: Actor, at: datetime, roster_id: UUID, membership_id: UUID) -> None:
    """Remove somebody, or withdraw an invitation. Raises NotFound, NotAllowed, Conflict."""
    run_roster(actor, roster_id)
    membership = db.session.get(Membership, membership_id)
    if membership is None or membership.roster_id != roster_id or membership.state not in CURRENT:
        raise NotFound
    invited = membership.state == MemberState.INVITED
    _end_membership(membership, at)
    if invited:
        people.withdraw_roster_link(membership.person_id, roster_id, at)
    record(Act.MEMBER_REMOVE, at, actor.id, roster_id, person=membership.person_id)


def _own(actor: Actor, roster_id: UUID, *states: MemberState) -> Membership:
    membership = db.session.scalar(
        select(Membership).where(
            Membership.roster_id == roster_id,
            Membership.person_id == actor.id,
            Membership.state.in_(states),
        )
    )
    if membership is None:
        raise NotFound
    return membership


def _end_membership(membership: Membership, at: datetime) -> None:
    was_active = membership.state == MemberState.ACTIVE
    if was_active and membership.role in LEADS and _leads(membership.roster_id) == 1:
        raise Conflict(N_("Nobody else leads this roster. End the roster instead."))
    membership.state, membership.left_at = MemberState.ENDED, at
    db.session.flush()
    if was_active:
        free_seat(membership.roster_id, membership.role)
        sessions.member_left(membership.roster_id, membership.person_id, at)
        feeds.bump([membership.person_id, *active_people(membership.roster_id)])


def _leads(roster_id: UUID) -> int:
    return (
        db.session.scalar(
            select(func.count()).where(
                Membership.roster_id == roster_id,
                Membership.state == MemberState.ACTIVE,
                Membership.role.in_(LEADS),
            )
        )
        or 0
    )
