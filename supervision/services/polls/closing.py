"""A poll's end: by hand, by its day, by a booking, with its roster; and the reminder before it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, literal_column, or_, select, update

from supervision.db import db, run, writing
from supervision.errors import N_, Conflict, NotFound
from supervision.models.polls import Poll, PollState
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.places import hold_to_run
from supervision.services.polls.board import board_of, held_poll, poll_of, seen_poll
from supervision.services.polls.letters import tell_closed, tell_missing

BEFORE = timedelta(days=1)
# Said in the statement itself: only then does the small index of what is open serve.
_OPEN = Poll.state == literal_column(f"'{PollState.OPEN}'")


def close(actor: Actor, at: datetime, poll_id: UUID, base_url: str = "") -> None:
    """Take no more answers, and tell everybody. Closing twice changes nothing.

    Raises NotFound, NotAllowed, Conflict (the roster has ended).
    """
    seen, _place = seen_poll(actor, poll_id)
    hold_to_run(actor, seen.roster_id)
    poll = held_poll(poll_id)
    if poll.state == PollState.OPEN:
        _close(poll, at, actor, base_url)


def settle(actor: Actor, at: datetime, poll_id: UUID, roster_id: UUID, session_id: UUID) -> None:
    """Close a poll with the session that was just booked from it, which tells everybody.

    Raises NotFound, NotAllowed, Conflict when something was booked from it already.
    """
    seen, _place = seen_poll(actor, poll_id)
    if seen.roster_id != roster_id:
        raise NotFound
    hold_to_run(actor, roster_id)
    poll = held_poll(poll_id)
    if poll.session_id is not None:
        raise Conflict(N_("A session was booked from this poll already."))
    poll.session_id, poll.closed_at = session_id, poll.closed_at or at
    poll.state = PollState.CLOSED
    db.session.flush()
    record(Act.POLL_BOOK, at, actor.id, poll_id, session=session_id)


def end_polls(roster_id: UUID, at: datetime) -> None:
    """Close a roster's polls with it, whose end everybody is told of; answers stay."""
    db.session.execute(
        update(Poll)
        .where(Poll.roster_id == roster_id, Poll.state == PollState.OPEN)
        .values(state=PollState.CLOSED, closed_at=at)
    )


_DUE = select(Poll.id).where(
    _OPEN,
    Poll.closes_at <= bindparam("soon"),
    or_(Poll.reminded_at.is_(None), Poll.closes_at <= bindparam("at")),
)
_HAS_DUE = select(_DUE.exists())


def has_due(at: datetime) -> bool:
    """Whether a poll is to be closed, or its missing answers asked for."""
    return bool(run(_HAS_DUE, {"at": at, "soon": at + BEFORE}).scalar())


def tend_due(at: datetime, base_url: str = "") -> int:
    """Remind of polls that close within a day, close those whose day has come; how many.

    Safe to run as often as one likes.
    """
    found = run(_DUE, {"at": at, "soon": at + BEFORE}).scalars().all()
    return sum(_tend(poll_id, at, base_url) for poll_id in found)


def _tend(poll_id: UUID, at: datetime, base_url: str) -> int:
    with writing():
        poll = held_poll(poll_id)
        if poll.state != PollState.OPEN:
            return 0
        if poll.closes_at <= at:
            _close(poll, at, None, base_url)
        elif poll.reminded_at is None:
            poll.reminded_at = at
            db.session.flush()
            tell_missing(board_of(poll_of(poll_id)), at, base_url)
        else:
            return 0
    return 1


def _close(poll: Poll, at: datetime, actor: Actor | None, base_url: str) -> None:
    poll.state, poll.closed_at = PollState.CLOSED, at
    db.session.flush()
    record(Act.POLL_CLOSE, at, actor.id if actor else None, poll.id, roster=poll.roster_id)
    tell_closed(board_of(poll_of(poll.id)), at, actor.id if actor else None, base_url)
