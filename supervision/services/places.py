"""A person's place in a roster, which decides what they may see and do there."""

from uuid import UUID

from sqlalchemy import Select, case, select

from supervision.db import db
from supervision.errors import N_, Conflict, NotAllowed, NotFound
from supervision.models.rosters import Membership, MemberState, Roster, RosterState
from supervision.permissions import Actor, Place, can_run_roster, can_see_roster


def place_of(actor: Actor, roster_id: UUID) -> Place | None:
    """The actor's membership: the current one, else the last that ended."""
    row = db.session.execute(_place(actor, roster_id)).one_or_none()
    return Place(*row) if row else None


def _place(actor: Actor, roster_id: UUID) -> Select[UUID, str, str]:
    return (
        select(Membership.id, Membership.role, Membership.state)
        .where(Membership.roster_id == roster_id, Membership.person_id == actor.id)
        .order_by(
            case((Membership.state == MemberState.ENDED, 1), else_=0),
            Membership.created_at.desc(),
        )
        .limit(1)
    )


def seen_roster(actor: Actor, roster_id: UUID) -> tuple[Roster, Place]:
    """A roster that the actor may see. Raises NotFound."""
    row = db.session.execute(
        _place(actor, roster_id).join(Roster, Roster.id == Membership.roster_id).add_columns(Roster)
    ).one_or_none()
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
