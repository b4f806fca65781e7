"""Rosters: make, edit, end. Nothing is deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from supervision.db import db
from supervision.errors import N_, Invalid, NotAllowed
from supervision.models.rosters import (
    Kind,
    MemberRole,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.permissions import (
    Actor,
    can_make_roster,
)
from supervision.services import people, polls, sessions, signup
from supervision.services.audit import Act, record
from supervision.services.places import Held, hold_to_run
from supervision.services.rosters import offers
from supervision.services.rosters.seats import take_seat


@dataclass(frozen=True)
class RosterForm:
    """What can be said of a roster. `minutes` is the usual length; `zone` an IANA name.

    With `session_capacity` members sign up for each session, which has so many seats.
    """

    title: str
    kind: str
    zone: str
    capacity: int
    minutes: int
    address: str
    meeting_link: str
    session_capacity: int | None = None
    signup_hours: int = 24
    signup_told: bool = True


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
    take_seat(roster.id, role)
    record(Act.ROSTER_MAKE, at, actor.id, roster.id, kind=form.kind)
    return roster.id


def edit_roster(
    actor: Actor,
    at: datetime,
    roster_id: UUID,
    form: RosterForm,
    base_url: str = "",
    knows_turn: bool = False,
) -> None:
    """Change what is said of a roster; its kind stays. Raises NotAllowed, NotFound, Invalid.

    Whether members sign up is changed for what is to come, too: the actor has to know how
    (`signup.turn_of`). Another number of seats counts for sessions that are booked from now on.
    """
    roster, held = _hold_to_run(actor, roster_id)
    _check(form)
    if form.kind != roster.kind:
        raise Invalid("kind", N_("A roster keeps its kind. Make a new one instead."))
    if form.capacity < roster.taken:
        raise Invalid(
            "capacity", N_("%(taken)s places are taken or kept."), taken=str(roster.taken)
        )
    turned = (form.session_capacity is None) != (roster.session_capacity is None)
    if turned and not knows_turn and signup.turn_of(roster_id, at, None).sessions:
        raise Invalid("knows_turn", N_("Look at what this changes, and tick that you want it."))
    title, place = roster.title, (roster.address, roster.meeting_link)
    for name, value in _columns(form).items():
        setattr(roster, name, value)
    db.session.flush()
    renamed = title != roster.title
    if renamed or place != (roster.address, roster.meeting_link):
        sessions.republish(roster_id, at, actor, base_url, renamed)
    record(Act.ROSTER_EDIT, at, actor.id, roster_id)
    if turned and form.session_capacity is None:
        signup.turn_off(actor, at, held, base_url)
    elif turned and form.session_capacity:
        signup.turn_on(actor, at, held, form.session_capacity, base_url)
    offers.fill(held, at, base_url)


def end_roster(actor: Actor, at: datetime, roster_id: UUID, base_url: str = "") -> None:
    """End a roster: coming sessions are cancelled, everything past stays to be read."""
    roster, held = _hold_to_run(actor, roster_id)
    sessions.cancel_coming(actor, at, roster_id, base_url=base_url)
    roster.state, roster.ended_at = RosterState.ENDED, at
    db.session.flush()
    offers.end_line(held, at)
    polls.end_polls(roster_id, at)
    record(Act.ROSTER_END, at, actor.id, roster_id)


def _hold_to_run(actor: Actor, roster_id: UUID) -> tuple[Roster, Held]:
    """A roster that the actor may change, as it is once nobody else does."""
    held = hold_to_run(actor, roster_id)
    return db.session.get_one(Roster, roster_id, populate_existing=True), held


def _columns(form: RosterForm) -> dict[str, object]:
    return {
        "title": " ".join(form.title.split()),
        "kind": form.kind,
        "zone": form.zone,
        "capacity": form.capacity,
        "minutes": form.minutes,
        "address": form.address.strip(),
        "meeting_link": form.meeting_link.strip(),
        "session_capacity": form.session_capacity,
        "signup_hours": form.signup_hours,
        "signup_told": form.signup_told,
    }


def _check(form: RosterForm) -> None:
    for fault in faults(form):
        raise fault


def faults(form: RosterForm) -> Iterator[Invalid]:
    """Everything that cannot be said of a roster, one by one."""
    if form.kind not in set(Kind):
        yield Invalid("kind", N_("Choose individual, peer or group."))
    if not form.title.strip() or len(form.title) > 120:
        yield Invalid("title", N_("Give a title of 1 to 120 characters."))
    if form.zone not in people.ZONES:
        yield Invalid("zone", N_("Choose a time zone from the list."))
    if not 1 <= form.capacity <= 100:
        yield Invalid("capacity", N_("Choose between 1 and 100 places."))
    if not 5 <= form.minutes <= 480:
        yield Invalid("minutes", N_("Choose between 5 and 480 minutes."))
    for field, text, most in (
        ("address", form.address, 300),
        ("meeting_link", form.meeting_link, 500),
    ):
        if len(text.strip()) > most:
            yield Invalid(field, N_("Keep this to %(most)s characters."), most=most)
    try:
        sessions.check_link(form.meeting_link.strip())
    except Invalid as fault:
        yield fault
    yield from _faults_of_signup(form)


def _faults_of_signup(form: RosterForm) -> Iterator[Invalid]:
    if not 0 <= form.signup_hours <= 336:
        yield Invalid("signup_hours", N_("Choose between 0 and 336 hours."))
    if form.session_capacity is None:
        return
    if form.kind == Kind.INDIVIDUAL:
        yield Invalid("signs_up", N_("In individual supervision both are always expected."))
    if not 1 <= form.session_capacity <= signup.MOST_SEATS:
        yield Invalid("session_capacity", N_("Choose between 1 and 100 places."))
