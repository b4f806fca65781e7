"""What all that is done about a seat has in common."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from supervision.db import db, run, table
from supervision.domain.intervals import Interval
from supervision.domain.seats import closes_at
from supervision.errors import N_, Conflict
from supervision.models.sessions import Claim, Session, SessionState
from supervision.models.signup import SignupOff, SignupWait
from supervision.permissions import Actor
from supervision.services import claims, meetings
from supervision.services.claims import Claimant
from supervision.services.places import Held, hold_to_sign_up, roster_of
from supervision.services.sessions.plan import touch

_OFF, _CLAIM, _WAIT = table(SignupOff), table(Claim), table(SignupWait)


def _of(which: Any) -> tuple[Any, Any]:
    """One row of a table: somebody's of a session."""
    return (
        which.c.session_id == bindparam("of_session"),
        which.c.person_id == bindparam("of_person"),
    )


_COMES = select(_CLAIM.c.id).where(*_of(_CLAIM))
_IN_LINE = select(*_WAIT.c["since", "auto", "offered_until"]).where(*_of(_WAIT))
_JOIN_LINE = insert(_WAIT)
_LEAVE_LINE = delete(_WAIT).where(*_of(_WAIT))
_KEEP = update(_WAIT).where(*_of(_WAIT)).values(offered_until=bindparam("until"))
_SIGN_OFF = insert(_OFF)
_NOT_OFF = delete(_OFF).where(*_of(_OFF))


@dataclass(frozen=True)
class Signed:
    """How somebody stands to a session now, a Standing; `busy`: they have something else then."""

    standing: str
    busy: bool = False


@dataclass(frozen=True)
class Wait:
    """Somebody's place in a line; a seat is kept for them while `offered_until` is set."""

    since: datetime
    auto: bool
    offered_until: datetime | None


def held(actor: Actor, at: datetime, session_id: UUID) -> tuple[Held, Session]:
    """A coming session that the actor may sign up for or off, locked with its roster.

    Raises NotFound, NotAllowed, Conflict.
    """
    roster = hold_to_sign_up(actor, roster_of(actor, session_id))
    session = db.session.get_one(Session, session_id, populate_existing=True)
    if session.state == SessionState.CANCELLED:
        raise Conflict(N_("This session was cancelled."))
    if session.capacity is None:
        raise Conflict(N_("Nobody signs up for this session: those whom it is for are expected."))
    if session.starts_at <= at:
        raise Conflict(N_("This session has begun; it can no longer be changed."))
    return roster, session


def closes(roster: Held, session: Session) -> datetime:
    """When signing up ends; who signs off later is late."""
    return closes_at(session.created_at, session.starts_at, roster.signup_hours)


def check_open(roster: Held, session: Session, at: datetime) -> None:
    """Raises Conflict once signing up has ended."""
    if at >= closes(roster, session):
        raise Conflict(N_("Signing up for this session has closed."))


def comes(session_id: UUID, person_id: UUID) -> bool:
    """Whether the session is somebody's."""
    return run(_COMES, _pair(session_id, person_id)).one_or_none() is not None


def wait_of(session_id: UUID, person_id: UUID) -> Wait | None:
    """Somebody's place in a session's line."""
    row = run(_IN_LINE, _pair(session_id, person_id)).one_or_none()
    return Wait(*tuple(row)) if row else None


def join(session_id: UUID, person_id: UUID, since: datetime, auto: bool) -> None:
    """Put somebody at the end of a session's line."""
    row = {"session_id": session_id, "person_id": person_id, "since": since, "auto": auto}
    run(_JOIN_LINE, row)


def keep(session_id: UUID, person_id: UUID, until: datetime) -> None:
    """Keep a seat that was taken for somebody who waits."""
    run(_KEEP, _pair(session_id, person_id) | {"until": until})


def drop(session_id: UUID, person_id: UUID) -> None:
    """Take somebody out of a session's line. A seat that was kept for them is freed apart."""
    run(_LEAVE_LINE, _pair(session_id, person_id))


def seat(session: Session, person_id: UUID, at: datetime) -> bool:
    """Make a session somebody's; its seat is taken already, and their row serialised.

    Returns whether they have something else at that time.
    """
    span, who = Interval(session.starts_at, session.ends_at), [Claimant(person_id, hard=False)]
    found = claims.clashes(who, [span], at, [session.id])
    claims.claim([(session.id, span)], who)
    drop(session.id, person_id)
    run(_NOT_OFF, _pair(session.id, person_id))
    meetings.expect_again(session.id, person_id)
    _publish(session, at)
    return bool(found)


def unseat(session: Session, person_id: UUID, at: datetime, late: bool) -> None:
    """Take a session from somebody who signs off, with their turn; the seat is freed apart."""
    claims.forget([session.id], person_id)
    off = {"session_id": session.id, "person_id": person_id, "signed_off_at": at, "late": late}
    run(_SIGN_OFF, off)
    meetings.expect_no_longer(session.id, person_id)
    _publish(session, at)


def _publish(session: Session, at: datetime) -> None:
    """The feed of a roster tells its reader whether they come."""
    touch(session, at)
    db.session.flush()


def _pair(session_id: UUID, person_id: UUID) -> dict[str, Any]:
    return {"of_session": session_id, "of_person": person_id}
