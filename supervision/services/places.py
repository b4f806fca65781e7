"""A person's place in a roster, which decides what they may see and do there."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, case, exists, select

from supervision.db import db, run, table
from supervision.errors import N_, Conflict, NotAllowed, NotFound
from supervision.models.rosters import Membership, MemberState, Roster, RosterState
from supervision.models.sessions import Claim, Session
from supervision.permissions import (
    Actor,
    Place,
    can_run_roster,
    can_see_roster,
    can_see_session,
    can_sign_up,
    can_take_time,
)

_PLACE = (
    select(Membership.id, Membership.role, Membership.state)
    .where(
        Membership.roster_id == bindparam("roster_id"),
        Membership.person_id == bindparam("actor_id"),
    )
    .order_by(
        case((Membership.state == MemberState.ENDED, 1), else_=0), Membership.created_at.desc()
    )
    .limit(1)
)
_PLACE_AND_ROSTER = _PLACE.join(Roster, Roster.id == Membership.roster_id).add_columns(Roster)

_SESSION = (
    select(
        Session.roster_id,
        Roster.kind,
        Session.for_all,
        exists().where(Claim.session_id == Session.id, Claim.person_id == bindparam("actor_id")),
    )
    .join(Roster, Roster.id == Session.roster_id)
    .where(Session.id == bindparam("session_id"))
)


@dataclass(frozen=True)
class Held:
    """A roster whose sessions and members nobody else changes until the commit."""

    id: UUID
    title: str
    kind: str
    zone: str
    address: str
    meeting_link: str
    state: str
    session_capacity: int | None
    signup_hours: int
    signup_told: bool


_ROSTER = table(Roster)
_HELD = _ROSTER.c[
    "id",
    "title",
    "kind",
    "zone",
    "address",
    "meeting_link",
    "state",
    "session_capacity",
    "signup_hours",
    "signup_told",
]
_HOLD = select(*_HELD).where(_ROSTER.c.id == bindparam("roster_id")).with_for_update(key_share=True)
_HOLD_AND_PLACE = (
    _PLACE.join(Roster, Roster.id == Membership.roster_id)
    .with_only_columns(*_HELD, Membership.id, Membership.role, Membership.state)
    .with_for_update(key_share=True, of=_ROSTER)
)


def place_of(actor: Actor, roster_id: UUID) -> Place | None:
    """The actor's membership: the current one, else the last that ended."""
    values = {"roster_id": roster_id, "actor_id": actor.id}
    row = db.session.execute(_PLACE, values).one_or_none()
    return Place(*row) if row else None


def seen_roster(actor: Actor, roster_id: UUID) -> tuple[Roster, Place]:
    """A roster that the actor may see. Raises NotFound."""
    values = {"roster_id": roster_id, "actor_id": actor.id}
    row = tuple(db.session.execute(_PLACE_AND_ROSTER, values).one_or_none() or ())
    place = Place(*row[:-1]) if row else None
    if not can_see_roster(place):
        raise NotFound
    return row[-1], place


def run_roster(actor: Actor, roster_id: UUID) -> tuple[Roster, Place]:
    """A roster that the actor may change. Raises NotFound, NotAllowed, Conflict when ended."""
    roster, place = seen_roster(actor, roster_id)
    _may_run(place, roster.kind, roster.state)
    return roster, place


def roster_of(actor: Actor, session_id: UUID) -> UUID:
    """The roster of a session that is there for the actor. Raises NotFound."""
    row = run(_SESSION, {"session_id": session_id, "actor_id": actor.id}).one_or_none()
    if row is None:
        raise NotFound
    roster_id, kind, for_all, is_theirs = tuple(row)
    place = place_of(actor, roster_id)
    if not can_see_session(place, kind, for_all=for_all, is_theirs=is_theirs):
        raise NotFound
    found: UUID = roster_id
    return found


def hold_to_run(actor: Actor, roster_id: UUID) -> Held:
    """`run_roster` for a change of its sessions: one statement asks, reads and locks.

    Whoever is changing them already is waited for. Persons are locked after their roster.
    """
    held, place = _hold_and_place(actor, roster_id)
    _may_run(place, held.kind, held.state)
    return held


def hold_to_take(actor: Actor, roster_id: UUID) -> Held:
    """As `hold_to_run`, for a supervisee who books with their supervisor."""
    held, place = _hold_and_place(actor, roster_id)
    if not can_take_time(place, held.kind):
        raise NotAllowed
    _going(held.state)
    return held


def hold_to_sign_up(actor: Actor, roster_id: UUID) -> Held:
    """As `hold_to_run`, for a member who signs up for a session or off."""
    held, place = _hold_and_place(actor, roster_id)
    if not can_sign_up(place):
        raise NotAllowed
    _going(held.state)
    return held


def _hold_and_place(actor: Actor, roster_id: UUID) -> tuple[Held, Place]:
    values = {"roster_id": roster_id, "actor_id": actor.id}
    row = tuple(run(_HOLD_AND_PLACE, values).one_or_none() or ())
    place = Place(*row[-3:]) if row else None
    if not can_see_roster(place):
        raise NotFound
    return Held(*row[:-3]), place


def hold(roster_id: UUID) -> Held:
    """A roster that is known to exist, locked as by `hold_to_run`, whoever asks."""
    return Held(*tuple(run(_HOLD, {"roster_id": roster_id}).one()))


def _may_run(place: Place, kind: str, state: str) -> None:
    if not can_run_roster(place, kind):
        raise NotAllowed
    _going(state)


def _going(state: str) -> None:
    if state == RosterState.ENDED:
        raise Conflict(N_("This roster has ended."))


def active_people(roster_id: UUID) -> list[UUID]:
    """Ids of the people who are in a roster now."""
    return list(
        db.session.scalars(
            select(Membership.person_id).where(
                Membership.roster_id == roster_id, Membership.state == MemberState.ACTIVE
            )
        )
    )
