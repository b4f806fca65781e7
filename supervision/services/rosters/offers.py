"""The waiting list: a seat that becomes free is offered to who waits longest, and kept a while.

Whoever changes seats holds the roster's row first (`places.hold`), so that the line is read and
moved by one at a time. While somebody waits without an offer, no seat is free.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select

from supervision.db import db, writing
from supervision.domain.seats import kept_until
from supervision.models.rosters import Membership, MemberState, RosterState
from supervision.models.sessions import Session, SessionState
from supervision.services.audit import Act, record
from supervision.services.places import Held, hold
from supervision.services.rosters import letters
from supervision.services.rosters.seats import free_seats, take_seat

_WAITS = Membership.state == MemberState.WAITING
_IN_LINE = (
    select(Membership)
    .where(_WAITS, Membership.offered_until.is_(None))
    .order_by(Membership.waits_since, Membership.id)
)


def fill(roster: Held, at: datetime, base_url: str) -> int:
    """Offer each free seat of a roster that is held, in order of the line; returns how many."""
    offered = 0
    if roster.state == RosterState.ENDED:
        return offered
    while (first := _first_in_line(roster.id)) and take_seat(roster.id, first.role):
        first.offered_until = kept_until(at, _next_start(roster.id, at))
        db.session.flush()
        record(Act.SEAT_OFFER, at, None, roster.id, person=first.person_id)
        letters.tell("offered", roster, first, at, base_url)
        offered += 1
    return offered


def _first_in_line(roster_id: UUID) -> Membership | None:
    return db.session.scalar(_IN_LINE.where(Membership.roster_id == roster_id).limit(1))


def _next_start(roster_id: UUID, at: datetime) -> datetime | None:
    return db.session.scalar(
        select(func.min(Session.starts_at)).where(
            Session.roster_id == roster_id,
            Session.starts_at > at,
            Session.state == SessionState.PLANNED,
            Session.for_all,
        )
    )


def has_lapsed_offers(at: datetime) -> bool:
    """Whether an offer ran out unanswered."""
    return bool(db.session.scalar(select(exists().where(_WAITS, Membership.offered_until <= at))))


def lapse_offers(at: datetime, base_url: str) -> int:
    """Take back the seats whose offers ran out unanswered by `at`, and offer them to the next.

    Who did not answer is invited again, without a place in the line. Each roster by a transaction
    of its own; done twice it does nothing. Returns how many offers lapsed.
    """
    due = _WAITS & (Membership.offered_until <= at)
    lapsed = 0
    for roster_id in db.session.scalars(select(Membership.roster_id).where(due).distinct()).all():
        with writing():
            roster = hold(roster_id)
            here = due & (Membership.roster_id == roster_id)
            for membership in db.session.scalars(select(Membership).where(here)).all():
                _lapse(roster, membership, at, base_url)
                lapsed += 1
            fill(roster, at, base_url)
    return lapsed


def _lapse(roster: Held, membership: Membership, at: datetime, base_url: str) -> None:
    membership.state = MemberState.INVITED
    membership.waits_since = membership.offered_until = None
    db.session.flush()
    free_seats(roster.id)
    record(Act.SEAT_LAPSE, at, None, roster.id, person=membership.person_id)
    letters.tell("lapsed", roster, membership, at, base_url)


def end_line(roster: Held, at: datetime) -> None:
    """The roster ends, and with it the line: seats that were kept are given back."""
    waiting = db.session.scalars(
        select(Membership).where(_WAITS, Membership.roster_id == roster.id)
    ).all()
    kept = sum(one.offered_until is not None for one in waiting)
    for one in waiting:
        one.state, one.left_at = MemberState.ENDED, at
        one.waits_since = one.offered_until = None
    db.session.flush()
    if kept:
        free_seats(roster.id, kept)
    for one in waiting:
        letters.tell("ended", roster, one, at, "")
