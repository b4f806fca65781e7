"""Members: invite, accept, decline, leave, remove."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from supervision.db import db
from supervision.errors import N_, Conflict, Invalid, NotFound
from supervision.models.people import PersonState
from supervision.models.rosters import (
    CURRENT,
    LEADS,
    Kind,
    MemberRole,
    Membership,
    MemberState,
    RosterState,
)
from supervision.permissions import (
    Actor,
)
from supervision.services import feeds, mail, people, sessions, signup
from supervision.services.audit import Act, record
from supervision.services.places import (
    Held,
    active_people,
    hold,
    hold_to_run,
    place_of,
    run_roster,
)
from supervision.services.rosters import letters, offers
from supervision.services.rosters.seats import free_seats, take_seat


def invite_member(
    actor: Actor, at: datetime, roster_id: UUID, email: str, role: str, base_url: str
) -> UUID | None:
    """Invite somebody by address. Returns the link of who has no account yet.

    Whether there is one is nobody's to see but an organiser's (`people.token_to_pass_on`): who has
    an account finds the invitation on their own home page. Raises Conflict for more than somebody
    may invite a day.
    """
    roster, _place = run_roster(actor, roster_id)
    if role not in roles_of(roster.kind):
        raise Invalid("role", N_("Choose a role from the list."))
    people.check_may_invite(actor, at)
    person = people.ensure_person(email, at)
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
    """What came of saying yes; `clashes` counts coming sessions at times already taken.

    `signs_up`: coming sessions are one's own only once one signs up for them.
    """

    state: str
    clashes: int = 0
    signs_up: bool = False


def accept(actor: Actor, at: datetime, roster_id: UUID, base_url: str = "") -> Accepted:
    """Take a place that is free or offered, or the last place in the line where none is.

    Who waits without an offer goes on waiting. Raises NotFound, and Conflict when the roster has
    ended or the offer has lapsed.
    """
    roster, membership = _hold_own(actor, roster_id, MemberState.INVITED, MemberState.WAITING)
    if roster.state == RosterState.ENDED:
        raise Conflict(N_("This roster has ended."))
    if membership.state == MemberState.WAITING:
        if membership.offered_until is None:
            return Accepted(membership.state)
        if membership.offered_until <= at:
            raise Conflict(N_("This offer has lapsed. The place goes to the next in line."))
    elif not take_seat(roster_id, membership.role):
        membership.state, membership.waits_since = MemberState.WAITING, at
        db.session.flush()
        return _accepted(actor, at, roster, membership, base_url)
    membership.state, membership.joined_at = MemberState.ACTIVE, at
    membership.waits_since = membership.offered_until = None
    db.session.flush()
    clashes = len(sessions.member_joined(roster_id, actor.id, at))
    feeds.bump([actor.id, *active_people(roster_id)])
    return _accepted(actor, at, roster, membership, base_url, clashes)


def _accepted(
    actor: Actor,
    at: datetime,
    roster: Held,
    membership: Membership,
    base_url: str,
    clashes: int = 0,
) -> Accepted:
    record(Act.MEMBER_ACCEPT, at, actor.id, roster.id, state=membership.state)
    joined = membership.state == MemberState.ACTIVE
    letters.tell("joined" if joined else "waits", roster, membership, at, base_url)
    signs_up = roster.session_capacity is not None and membership.role not in LEADS
    return Accepted(membership.state, clashes, signs_up)


def decline(actor: Actor, at: datetime, roster_id: UUID, base_url: str = "") -> None:
    """Say no to an invitation or to an offered place. Raises NotFound."""
    roster, membership = _hold_own(actor, roster_id, MemberState.INVITED, MemberState.WAITING)
    _end_membership(roster, membership, at, base_url)
    record(Act.MEMBER_DECLINE, at, actor.id, roster_id)
    letters.tell("declined", roster, membership, at, base_url)
    offers.fill(roster, at, base_url)


def leave(actor: Actor, at: datetime, roster_id: UUID, base_url: str = "") -> None:
    """Leave a roster or its line. Raises NotFound, and Conflict for the only one who leads it."""
    roster, membership = _hold_own(actor, roster_id, MemberState.ACTIVE, MemberState.WAITING)
    _end_membership(roster, membership, at, base_url)
    record(Act.MEMBER_LEAVE, at, actor.id, roster_id)
    letters.tell("left", roster, membership, at, base_url)
    offers.fill(roster, at, base_url)


def remove_member(
    actor: Actor, at: datetime, roster_id: UUID, membership_id: UUID, base_url: str = ""
) -> None:
    """Remove somebody, or withdraw an invitation. Raises NotFound, NotAllowed, Conflict."""
    roster = hold_to_run(actor, roster_id)
    membership = db.session.get(Membership, membership_id, populate_existing=True)
    if membership is None or membership.roster_id != roster_id or membership.state not in CURRENT:
        raise NotFound
    invited = membership.state == MemberState.INVITED
    _end_membership(roster, membership, at, base_url)
    record(Act.MEMBER_REMOVE, at, actor.id, roster_id, person=membership.person_id)
    if invited:
        people.withdraw_roster_link(membership.person_id, roster_id, at)
    what = "withdrawn" if invited else "removed"
    letters.tell(what, roster, membership, at, base_url, actor.id)
    offers.fill(roster, at, base_url)


def _hold_own(actor: Actor, roster_id: UUID, *states: MemberState) -> tuple[Held, Membership]:
    """The actor's membership in one of these states, as it is once the roster is held."""
    if place_of(actor, roster_id) is None:
        raise NotFound
    roster = hold(roster_id)
    membership = db.session.scalar(
        select(Membership)
        .where(
            Membership.roster_id == roster_id,
            Membership.person_id == actor.id,
            Membership.state.in_(states),
        )
        .execution_options(populate_existing=True)
    )
    if membership is None:
        raise NotFound
    return roster, membership


def _end_membership(roster: Held, membership: Membership, at: datetime, base_url: str) -> None:
    """End it, and free its seat: one that was taken, or kept while it was offered."""
    was_active = membership.state == MemberState.ACTIVE
    if was_active and membership.role in LEADS and _leads(roster.id) == 1:
        raise Conflict(N_("Nobody else leads this roster. End the roster instead."))
    had_seat = membership.role not in LEADS if was_active else bool(membership.offered_until)
    membership.state, membership.left_at = MemberState.ENDED, at
    membership.waits_since = membership.offered_until = None
    db.session.flush()
    if had_seat:
        free_seats(roster.id)
    if was_active:
        if membership.role not in LEADS:
            signup.give_up_seats(roster, membership.person_id, at, base_url)
        sessions.member_left(roster.id, membership.person_id, at)
        feeds.bump([membership.person_id, *active_people(roster.id)])


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
