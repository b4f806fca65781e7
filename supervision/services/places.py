"""A person's place in a roster, which decides what they may see and do there."""

from uuid import UUID

from sqlalchemy import bindparam, case, select

from supervision.db import db
from supervision.errors import N_, Conflict, NotAllowed, NotFound
from supervision.models.rosters import Membership, MemberState, Roster, RosterState
from supervision.permissions import Actor, Place, can_run_roster, can_see_roster

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


def place_of(actor: Actor, roster_id: UUID) -> Place | None:
    """The actor's membership: the current one, else the last that ended."""
    values = {"roster_id": roster_id, "actor_id": actor.id}
    row = db.session.execute(_PLACE, values).one_or_none()
    return Place(*row) if row else None


def seen_roster(actor: Actor, roster_id: UUID) -> tuple[Roster, Place]:
    """A roster that the actor may see. Raises NotFound."""
    values = {"roster_id": roster_id, "actor_id": actor.id}
    row = db.session.execute(_PLACE_AND_ROSTER, values).one_or_none()
    place = Place(*row[:-1]) if row else None
    if row is None or place is None or not can_see_roster(place):
        raise NotFound
    return row[-1], place


def run_roster(actor: Actor, roster_id: UUID, ended_too: bool = False) -> tuple[Roster, Place]:
    """A roster that the actor may change. Raises NotFound, NotAllowed, Conflict when ended."""
    roster, place = seen_roster(actor, roster_id)
    if not can_run_roster(place, roster.kind):
        raise NotAllowed
    if roster.state == RosterState.ENDED and not ended_too:
        raise Conflict(N_("This roster has ended."))
    return roster, place


def active_people(roster_id: UUID) -> list[UUID]:
    """Ids of the people who are in a roster now."""
    return list(
        db.session.scalars(
            select(Membership.person_id).where(
                Membership.roster_id == roster_id, Membership.state == MemberState.ACTIVE
            )
        )
    )
