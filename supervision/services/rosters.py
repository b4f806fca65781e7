"""Rosters and their members: make, edit, end; invite, accept, decline, remove, leave."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import case, func, select, update

from supervision.db import db
from supervision.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from supervision.models.people import Person, PersonState, Role
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
    Place,
    can_make_roster,
    can_run_roster,
    can_take_part,
)
from supervision.services import feeds, mail, people, sessions
from supervision.services.audit import Act, record
from supervision.services.places import active_people, run_roster, seen_roster


@dataclass(frozen=True)
class RosterForm:
    """What can be said of a roster. `minutes` is the usual length; `zone` an IANA name."""

    title: str
    kind: str
    zone: str
    capacity: int
    minutes: int
    address: str
    meeting_link: str


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
    next_at: datetime | None


@dataclass(frozen=True)
class MemberRow:
    """A member as others see them. Who was only invited shows the address that was typed."""

    id: UUID
    person_id: UUID
    name: str
    email: str
    role: str
    state: str
    joined_at: datetime | None
    left_at: datetime | None
    has_account: bool

    @property
    def leads(self) -> bool:
        return self.role in LEADS


@dataclass(frozen=True)
class RosterPage:
    """A roster with its people, and what the viewer may do to it."""

    roster: Roster
    place: Place
    members: list[MemberRow]
    may_run: bool
    takes_part: bool


# -- reading -------------------------------------------------------------------------------


def rosters_of(actor: Actor, at: datetime) -> list[RosterRow]:
    """All rosters of a person, whatever their kind and the person's role: one statement."""
    coming = sessions.next_start(Roster.id, at)
    rows = db.session.execute(
        select(
            Roster.id,
            Roster.title,
            Roster.kind,
            Roster.state,
            Roster.capacity,
            Roster.taken,
            Membership.role,
            Membership.state,
            case((Membership.state == MemberState.ACTIVE, coming)),
        )
        .join(Membership, Membership.roster_id == Roster.id)
        .where(Membership.person_id == actor.id, Membership.state.in_(CURRENT))
        .order_by(case((Roster.state == RosterState.ENDED, 1), else_=0), func.lower(Roster.title))
    )
    return [RosterRow(*row) for row in rows]


def roster_page(actor: Actor, roster_id: UUID) -> RosterPage:
    """Everything about a roster but its sessions. Raises NotFound.

    Only those who take part see who else does; the invited see who leads.
    """
    roster, place = seen_roster(actor, roster_id)
    members = members_of(roster_id)
    if not can_take_part(place):
        members = [row for row in members if row.leads or row.person_id == actor.id]
    return RosterPage(
        roster=roster,
        place=place,
        members=members,
        may_run=can_run_roster(place, roster.kind) and roster.state == RosterState.ACTIVE,
        takes_part=can_take_part(place),
    )


def members_of(roster_id: UUID) -> list[MemberRow]:
    """Current members, those who lead first, then by name."""
    lead_first = case((Membership.role.in_(LEADS), 0), else_=1)
    by_state = case((Membership.state == MemberState.ACTIVE, 0), else_=1)
    rows = db.session.execute(
        select(
            Membership.id,
            Membership.person_id,
            case((Membership.state == MemberState.INVITED, Person.email), else_=Person.name),
            Person.email,
            Membership.role,
            Membership.state,
            Membership.joined_at,
            Membership.left_at,
            Person.state == PersonState.ACTIVE,
        )
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.roster_id == roster_id, Membership.state.in_(CURRENT))
        .order_by(by_state, lead_first, func.lower(Person.name))
    )
    return [MemberRow(*row) for row in rows]


# -- writing -------------------------------------------------------------------------------


def make_roster(actor: Actor, at: datetime, form: RosterForm) -> UUID:
    """A new roster, its maker the first member. Raises NotAllowed, Invalid."""
    if not can_make_roster(actor, form.kind):
        raise NotAllowed(N_("Individual and group rosters are started by supervisors."))
    _check(form)
    roster = Roster(made_by_id=actor.id, created_at=at, **_columns(form))
    db.session.add(roster)
    db.session.flush()
    role = MemberRole.PEER if form.kind == Kind.PEER else MemberRole.SUPERVISOR
    membership = Membership(
        roster_id=roster.id,
        person_id=actor.id,
        role=role,
        state=MemberState.ACTIVE,
        created_at=at,
        joined_at=at,
    )
    db.session.add(membership)
    db.session.flush()
    _take_seat(roster.id, role)
    record(Act.ROSTER_MAKE, at, actor.id, roster.id, kind=form.kind)
    return roster.id


def edit_roster(actor: Actor, at: datetime, roster_id: UUID, form: RosterForm) -> None:
    """Change what is said of a roster; its kind stays. Raises NotAllowed, NotFound, Invalid."""
    roster, _place = run_roster(actor, roster_id)
    _check(form)
    if form.kind != roster.kind:
        raise Invalid("kind", N_("A roster keeps its kind. Make a new one instead."))
    if form.capacity < roster.taken:
        raise Invalid("capacity", N_("%(taken)s people are in already."), taken=str(roster.taken))
    shown = (roster.title, roster.address, roster.meeting_link)
    for name, value in _columns(form).items():
        setattr(roster, name, value)
    db.session.flush()
    if shown != (roster.title, roster.address, roster.meeting_link):
        sessions.republish(roster_id, at)
    record(Act.ROSTER_EDIT, at, actor.id, roster_id)


def end_roster(actor: Actor, at: datetime, roster_id: UUID) -> None:
    """End a roster: coming sessions are cancelled, everything past stays to be read."""
    roster, _place = run_roster(actor, roster_id)
    sessions.cancel_coming(actor, at, roster_id)
    roster.state, roster.ended_at = RosterState.ENDED, at
    db.session.flush()
    record(Act.ROSTER_END, at, actor.id, roster_id)


def _columns(form: RosterForm) -> dict[str, object]:
    return {
        "title": " ".join(form.title.split()),
        "kind": form.kind,
        "zone": form.zone,
        "capacity": form.capacity,
        "minutes": form.minutes,
        "address": form.address.strip(),
        "meeting_link": form.meeting_link.strip(),
    }


def _check(form: RosterForm) -> None:
    if form.kind not in set(Kind):
        raise Invalid("kind", N_("Choose individual, peer or group."))
    if not form.title.strip() or len(form.title) > 120:
        raise Invalid("title", N_("Give a title of 1 to 120 characters."))
    if form.zone not in people.ZONES:
        raise Invalid("zone", N_("Choose a time zone from the list."))
    if not 1 <= form.capacity <= 100:
        raise Invalid("capacity", N_("Choose between 1 and 100 places."))
    if not 5 <= form.minutes <= 480:
        raise Invalid("minutes", N_("Choose between 5 and 480 minutes."))
    link = form.meeting_link.strip()
    if link and (urlsplit(link).scheme != "https" or not urlsplit(link).hostname):
        raise Invalid("meeting_link", N_("Give a whole link that begins with https://"))


# -- members -------------------------------------------------------------------------------


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
    present = db.session.scalar(
        select(Membership).where(
            Membership.roster_id == roster_id,
            Membership.person_id == person.id,
            Membership.state.in_(CURRENT),
        )
    )
    if present is not None and present.state != MemberState.INVITED:
        raise Invalid("email", N_("This person is in the roster already."))
    if present is None:
        db.session.add(
            Membership(
                roster_id=roster_id,
                person_id=person.id,
                role=role,
                state=MemberState.INVITED,
                invited_by_id=actor.id,
                created_at=at,
            )
        )
    db.session.flush()
    record(Act.MEMBER_INVITE, at, actor.id, roster_id, person=person.id)
    if person.state == PersonState.INVITED:
        return people.invitation_for(actor, at, person, roster_id, base_url)
    mail.tell(
        person,
        f"roster-invitation:{roster_id}:{person.id}:{at:%Y%m%d%H%M}",
        N_("%(name)s invites you to %(title)s"),
        N_(
            "%(name)s invites you to the roster “%(title)s”.\n\n"
            "Accept or decline here:\n%(link)s\n"
        ),
        at,
        name=actor.name,
        title=roster.title,
        link=f"{base_url}/rosters/{roster_id}",
    )
    return None


def roles_of(kind: str) -> tuple[MemberRole, ...]:
    """The roles that somebody can be invited to."""
    return {
        Kind.INDIVIDUAL: (MemberRole.SUPERVISEE,),
        Kind.PEER: (MemberRole.PEER,),
        Kind.GROUP: (MemberRole.SUPERVISEE, MemberRole.FACILITATOR, MemberRole.SUPERVISOR),
    }[Kind(kind)]


def accept(actor: Actor, at: datetime, roster_id: UUID) -> MemberState:
    """Take a place: active, or waiting when all are taken. Raises NotFound, Conflict."""
    membership = _own(actor, roster_id, MemberState.INVITED)
    roster = db.session.get_one(Roster, roster_id)
    if roster.state == RosterState.ENDED:
        raise Conflict(N_("This roster has ended."))
    seated = _take_seat(roster_id, membership.role)
    membership.state = MemberState.ACTIVE if seated else MemberState.WAITING
    membership.joined_at = at if seated else None
    db.session.flush()
    if seated:
        sessions.member_joined(roster_id, actor.id, at)
        feeds.bump([actor.id, *active_people(roster_id)])
    record(Act.MEMBER_ACCEPT, at, actor.id, roster_id, state=membership.state)
    return MemberState(membership.state)


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
        _free_seat(membership.roster_id, membership.role)
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


def _take_seat(roster_id: UUID, role: str) -> bool:
    """One row or refused: two who take the last seat at once cannot both have it."""
    if role in LEADS:
        return True
    taken = db.session.execute(
        update(Roster)
        .where(Roster.id == roster_id, Roster.taken < Roster.capacity)
        .values(taken=Roster.taken + 1)
        .returning(Roster.id)
    ).all()
    return bool(taken)


def _free_seat(roster_id: UUID, role: str) -> None:
    if role not in LEADS:
        db.session.execute(
            update(Roster).where(Roster.id == roster_id).values(taken=Roster.taken - 1)
        )
