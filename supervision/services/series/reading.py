"""Series as those see them who run their roster."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, select

from supervision.db import db, run
from supervision.errors import NotAllowed
from supervision.models.rosters import LEADS, MemberRole, Membership, MemberState, Roster
from supervision.models.sessions import Series, Session, SessionState
from supervision.permissions import Actor, can_run_roster
from supervision.services.places import place_of
from supervision.services.series.rows import known_series
from supervision.services.sessions.rules import INFO, SeriesInfo, info, series_info

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class SeriesPage:
    """A series with its roster, for who may change it."""

    series: SeriesInfo
    roster_id: UUID
    title: str


def series_page(actor: Actor, at: datetime, series_id: UUID) -> SeriesPage:
    """A series of a roster that the actor runs. Raises NotFound, NotAllowed."""
    roster_id, kind = known_series(actor, series_id)
    if not can_run_roster(place_of(actor, roster_id), kind):
        raise NotAllowed
    title = db.session.scalars(select(Roster.title).where(Roster.id == roster_id)).one()
    return SeriesPage(series_info(series_id, at), roster_id, title)


# What was filled up to a day gone by is over, but for what was moved behind its end by hand.
_GOING = (
    INFO.join(Membership, Membership.roster_id == Series.roster_id)
    .where(
        Series.roster_id == bindparam("roster_id"),
        Series.rolled_until >= bindparam("since"),
        Series.state == SessionState.PLANNED,
        Membership.person_id == bindparam("actor_id"),
        Membership.state == MemberState.ACTIVE,
        Membership.role.in_((*LEADS, MemberRole.PEER)),
    )
    .having(func.count(Session.id) > 0)
    .order_by(func.min(Session.starts_at))
)


def series_of_roster(actor: Actor, roster_id: UUID, at: datetime) -> list[SeriesInfo]:
    """The series of a roster with something to come, for who runs it; others see none."""
    since = at.date() - ONE_DAY
    values = {"roster_id": roster_id, "actor_id": actor.id, "at": at, "since": since}
    return [info(row) for row in run(_GOING, values)]
