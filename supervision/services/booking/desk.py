"""Where a supervisee books: whose time it is, which kinds of session there are, what is free.

`slots` shows and `check_free` commits: both ask `domain.slots.look` of the same rows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain.intervals import Interval
from supervision.domain.slots import Openness, Refusal, Start, Taken, Terms, look
from supervision.errors import N_, Conflict, NotAllowed, NotFound
from supervision.models.people import Person
from supervision.models.rosters import (
    LEADS,
    Kind,
    MemberRole,
    Membership,
    MemberState,
    Roster,
    RosterState,
)
from supervision.models.sessions import Claim, ClaimState
from supervision.permissions import Actor, can_see_times, can_take_time
from supervision.services import availability
from supervision.services.availability import OwnTerms, SessionTypeRow
from supervision.services.places import seen_roster

HELD_FOR = timedelta(minutes=10)
NEAREST = 3
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Desk:
    """What can be booked in a roster, with whom, and on which terms.

    `zone` is that of the roster's sessions. `may_take`: the viewer books here; the supervisor
    sees the same page and books elsewhere.
    """

    roster_id: UUID
    title: str
    zone: str
    supervisor_id: UUID
    supervisor: str
    people: tuple[UUID, ...]
    types: tuple[SessionTypeRow, ...]
    own: OwnTerms
    may_take: bool
    is_open: bool

    def kind(self, session_type_id: UUID | None) -> SessionTypeRow:
        """One of the kinds, the first when none is named. Raises NotFound."""
        for one in self.types:
            if session_type_id in (None, one.id):
                return one
        raise NotFound


@dataclass(frozen=True)
class Slots:
    """The free starts of a stretch of time, in order, and why the others are none."""

    free: tuple[datetime, ...]
    refused: Counter[Refusal]
    next_at: datetime | None = None


class Gone(Conflict):
    """A time cannot be had, or no longer; `nearest` are free starts around it, in order."""

    def __init__(self, refusal: Refusal, nearest: Sequence[datetime]) -> None:
        super().__init__(N_("This time is not free. Nothing was booked."))
        self.refusal = refusal
        self.nearest = tuple(nearest)


_PEOPLE = (
    select(Membership.person_id, Membership.role, Person.name)
    .join(Person, Person.id == Membership.person_id)
    .where(Membership.roster_id == bindparam("roster_id"), Membership.state == MemberState.ACTIVE)
    .order_by(Membership.person_id)
)
_WITH = (
    select(Roster.id)
    .join(Membership, Membership.roster_id == Roster.id)
    .where(
        Roster.kind == Kind.INDIVIDUAL,
        Roster.state == RosterState.ACTIVE,
        Membership.person_id == bindparam("person_id"),
        Membership.role.in_(LEADS),
        Membership.state == MemberState.ACTIVE,
        Roster.id.in_(
            select(Membership.roster_id).where(
                Membership.person_id == bindparam("actor_id"),
                Membership.role == MemberRole.SUPERVISEE,
                Membership.state == MemberState.ACTIVE,
            )
        ),
    )
    .order_by(Roster.created_at)
    .limit(1)
)
_HELD = select(Claim.id).where(
    Claim.held_by_id == bindparam("actor_id"),
    Claim.hold_expires_at.is_not(None),
    Claim.state == ClaimState.HOLD,
)
_HELD_UNTIL = select(Claim.__table__.c.hold_expires_at).where(
    Claim.held_by_id == bindparam("actor_id"),
    Claim.hold_expires_at > bindparam("at"),
    Claim.starts_at == bindparam("starts_at"),
)


def desk(actor: Actor, roster_id: UUID) -> Desk:
    """Where the actor books in a roster. Raises NotFound, NotAllowed for other kinds of roster."""
    roster, place = seen_roster(actor, roster_id)
    if not can_see_times(place, roster.kind):
        raise NotAllowed(N_("Times are booked like this in individual rosters only."))
    people = run(_PEOPLE, {"roster_id": roster_id}).all()
    lead = next((row for row in people if row.role in LEADS), None)
    if lead is None:
        raise NotFound
    return Desk(
        roster_id=roster_id,
        title=roster.title,
        zone=roster.zone,
        supervisor_id=lead.person_id,
        supervisor=lead.name,
        people=tuple(row.person_id for row in people),
        types=tuple(availability.session_types_of(lead.person_id)),
        own=availability.own_terms([lead.person_id])[lead.person_id],
        may_take=can_take_time(place, roster.kind),
        is_open=roster.state == RosterState.ACTIVE,
    )


def desk_of(actor: Actor, person_id: UUID) -> UUID:
    """The roster in which the actor books with this person. Raises NotFound."""
    found = run(_WITH, {"person_id": person_id, "actor_id": actor.id}).scalar_one_or_none()
    if found is None:
        raise NotFound
    return UUID(str(found))


def held_until(actor: Actor, at: datetime, starts_at: datetime) -> datetime | None:
    """Until when the actor holds the time that begins at an instant, None when they do not."""
    values = {"actor_id": actor.id, "at": at, "starts_at": starts_at}
    found: datetime | None = run(_HELD_UNTIL, values).scalar_one_or_none()
    return found


def slots(
    actor: Actor,
    at: datetime,
    where: Desk,
    terms: Terms,
    within: Interval,
    moving: UUID | None = None,
) -> Slots:
    """What is free in [within.start, within.end); what the actor holds counts as free.

    `moving` is a session that another time is sought for.
    """
    found = judged(actor, at, where, terms, within, [moving] if moving else ())
    free = tuple(start.starts_at for start in found if start.refusal is None)
    refused = Counter(start.refusal for start in found if start.refusal)
    later = None if free else next_free(actor, at, where, terms, within.end, moving)
    return Slots(free, refused, later)


def next_free(
    actor: Actor,
    at: datetime,
    where: Desk,
    terms: Terms,
    since: datetime,
    moving: UUID | None = None,
) -> datetime | None:
    """The first free start from an instant on, up to the horizon."""
    since = max(since, at)
    until = at + timedelta(days=terms.horizon) + SECOND
    if since >= until:
        return None
    found = judged(actor, at, where, terms, Interval(since, until), [moving] if moving else ())
    return next((start.starts_at for start in found if start.refusal is None), None)


def judged(
    actor: Actor,
    at: datetime,
    where: Desk,
    terms: Terms,
    within: Interval,
    moving: Iterable[UUID] = (),
) -> list[Start]:
    """Every start on the supervisor's grid, and why it cannot be had.

    Both people have to be free; days and weeks are full by the supervisor's sessions alone. The
    actor's own holds, and sessions that are to be moved, are in nobody's way.
    """
    openness, taken = hours(actor, at, where, within, moving)
    return look(openness, terms, taken, at, within)


def hours(
    actor: Actor, at: datetime, where: Desk, within: Interval, moving: Iterable[UUID] = ()
) -> tuple[Openness, Taken]:
    """What starts are judged by: the supervisor's hours, and what takes either one's time."""
    who = where.supervisor_id
    held = run(_HELD, {"actor_id": actor.id}).scalars().all()
    busy = availability.taken(where.people, within, moving, at=at, ignore_claim_ids=held)
    theirs = [span for key in where.people if key != who for span in busy[key].sessions]
    opened = availability.open_hours([who], within.start.date(), within.end.date())
    return opened[who], Taken(busy[who].sessions, (*busy[who].other, *theirs))


def check_free(
    actor: Actor,
    at: datetime,
    where: Desk,
    terms: Terms,
    starts_at: datetime,
    moving: Iterable[UUID] = (),
) -> None:
    """Raises Gone for a start that cannot be had. To be asked after `claims.serialise`."""
    found = judged(actor, at, where, terms, Interval(starts_at, starts_at + SECOND), moving)
    refusal = found[0].refusal if found else Refusal.OUTSIDE
    if refusal is not None:
        raise Gone(refusal, _nearest(actor, at, where, terms, starts_at, tuple(moving)))


def _nearest(
    actor: Actor,
    at: datetime,
    where: Desk,
    terms: Terms,
    starts_at: datetime,
    moving: Sequence[UUID],
) -> list[datetime]:
    """The free starts that lie nearest to an instant, in order of time."""
    week = timedelta(days=7)
    if not at - week < starts_at < at + timedelta(days=terms.horizon) + week:
        return []
    within = Interval(starts_at - week, starts_at + week)
    found = judged(actor, at, where, terms, within, moving)
    free = [start.starts_at for start in found if start.refusal is None]
    return sorted(sorted(free, key=lambda one: abs(one - starts_at))[:NEAREST])
