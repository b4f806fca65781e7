"""How many people somebody may invite a day: to the house, to rosters, and by files together."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, union

from supervision.db import UTCDateTime, run
from supervision.errors import N_, Conflict
from supervision.models.people import Link, Person, Role
from supervision.models.rosters import Membership
from supervision.permissions import Actor

DAY = timedelta(days=1)
# Whoever may import can invite those of one full file.
MOST_A_DAY = {Role.MEMBER: 100, Role.SUPERVISOR: 500, Role.ORGANISER: 2_000}

_INVITED = union(
    select(Membership.person_id).where(
        Membership.invited_by_id == bindparam("actor_id"),
        Membership.created_at > bindparam("since", type_=UTCDateTime),
    ),
    select(Link.person_id).where(
        Link.made_by_id == bindparam("actor_id"),
        Link.created_at > bindparam("since", type_=UTCDateTime),
    ),
).subquery()
_COUNT = select(func.count()).select_from(_INVITED)
# Of two requests at once the second counts what the first has invited.
_HOLD = select(Person.id).where(Person.id == bindparam("actor_id")).with_for_update(key_share=True)


def check_may_invite(actor: Actor, at: datetime, more: int = 1) -> None:
    """Raises Conflict where so many more would be too many within a day."""
    most = MOST_A_DAY[Role(actor.role)]
    run(_HOLD, {"actor_id": actor.id})
    invited = run(_COUNT, {"actor_id": actor.id, "since": at - DAY}).scalar_one()
    if invited + more > most:
        raise Conflict(
            N_("You can invite %(most)s people a day. For now you can still invite %(left)s."),
            most=most,
            left=max(most - invited, 0),
        )
