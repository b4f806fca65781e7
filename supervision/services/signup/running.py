"""What those who run a roster do: say how many seats a session has, or several."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from supervision.db import db
from supervision.errors import N_, Conflict, Invalid
from supervision.models.sessions import Series, Session
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.series import Which
from supervision.services.series.rows import coming, due_of
from supervision.services.sessions.one import changeable_session
from supervision.services.signup.line import fill

MOST_SEATS = 100


def set_seats(
    actor: Actor,
    at: datetime,
    session_id: UUID,
    capacity: int,
    which: Which = Which.ONE,
    base_url: str = "",
) -> int:
    """Give a session so many seats, or with it what follows or all to come of its series.

    Sessions that the series gets later have as many, unless it is only about this one. Seats that
    are gained go to who waits. Returns how many sessions. Raises NotFound, NotAllowed, Conflict
    (begun, cancelled, nobody signs up), Invalid (the number; fewer than are taken).
    """
    roster, session = changeable_session(actor, at, session_id)
    if session.capacity is None:
        raise Conflict(N_("Nobody signs up for this session: those whom it is for are expected."))
    if not 1 <= capacity <= MOST_SEATS:
        raise Invalid("capacity", N_("Choose between 1 and 100 places."))
    sessions = _meant(session, which, at)
    taken = max(one.taken for one in sessions)
    if capacity < taken:
        words = N_("%(taken)s places are taken or kept.")
        if len(sessions) > 1:
            words = N_("In one of these sessions %(taken)s places are taken or kept.")
        raise Invalid("capacity", words, taken=str(taken))
    for one in sessions:
        one.capacity = capacity
    if which != Which.ONE and session.series_id is not None:
        new = update(Series).where(Series.id == session.series_id)
        db.session.execute(new.values(capacity=capacity))
    db.session.flush()
    ids = [one.id for one in sessions]
    record(Act.SIGNUP_SEATS, at, actor.id, session_id, seats=capacity, sessions=len(ids))
    fill(roster, ids, at, base_url)
    return len(ids)


def _meant(session: Session, which: Which, at: datetime) -> list[Session]:
    """The coming sessions that a change is about, all of which members sign up for."""
    if which == Which.ONE or session.series_id is None:
        return [session]
    first = due_of(session) if which == Which.FOLLOWING else None
    return [one for one in coming(session.series_id, at, first) if one.capacity is not None]
