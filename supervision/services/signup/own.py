"""What members do for themselves: sign up, wait, take what is offered, sign off."""

from datetime import datetime
from uuid import UUID

from supervision.errors import N_, Conflict
from supervision.models.sessions import Session
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.places import Held
from supervision.services.sessions.reads import Standing
from supervision.services.sessions.seats import free_seat, take_seat
from supervision.services.signup.letters import tell
from supervision.services.signup.line import due, fill, give, people
from supervision.services.signup.parts import (
    Signed,
    check_open,
    closes,
    comes,
    drop,
    held,
    join,
    seat,
    unseat,
    wait_of,
)


def sign_up(actor: Actor, at: datetime, session_id: UUID, base_url: str = "") -> Signed:
    """Take a seat; where none is free any more, the last place in the line.

    The next free seat is taken for them then: they wanted one. Who comes or waits already goes on
    so. Raises NotFound, NotAllowed, Conflict (closed, begun, cancelled, nobody signs up).
    """
    roster, session = held(actor, at, session_id)
    known = _standing(session, actor)
    if known:
        return Signed(known)
    check_open(roster, session, at)
    claims.serialise([actor.id])
    if not take_seat(session_id):
        return _wait(actor, at, roster, session, auto=True, base_url=base_url)
    busy = seat(session, actor.id, at)
    record(Act.SIGNUP_COME, at, actor.id, session_id, roster=roster.id)
    tell("comes", roster, session, actor.id, at, base_url)
    return Signed(Standing.COMES, busy)


def join_line(
    actor: Actor, at: datetime, session_id: UUID, auto: bool = True, base_url: str = ""
) -> Signed:
    """Wait at the end of a session's line; with `auto` a free seat is taken for the actor.

    Otherwise it is offered: so is one that is free by now. Raises as `sign_up`.
    """
    roster, session = held(actor, at, session_id)
    known = _standing(session, actor)
    if known:
        return Signed(known)
    check_open(roster, session, at)
    return _wait(actor, at, roster, session, auto, base_url)


def _standing(session: Session, actor: Actor) -> str:
    """COMES, OFFERED or WAITS; nothing for who is out."""
    if comes(session.id, actor.id):
        return Standing.COMES
    wait = wait_of(session.id, actor.id)
    if wait is None:
        return ""
    return Standing.OFFERED if wait.offered_until else Standing.WAITS


def _wait(
    actor: Actor, at: datetime, roster: Held, session: Session, auto: bool, base_url: str
) -> Signed:
    join(session.id, actor.id, at, auto)
    record(Act.SIGNUP_WAIT, at, actor.id, session.id, roster=roster.id, auto=auto)
    tell("waits", roster, session, actor.id, at, base_url)
    fill(roster, [session.id], at, base_url)
    return Signed(_standing(session, actor))


def leave_line(actor: Actor, at: datetime, session_id: UUID, base_url: str = "") -> None:
    """Wait no longer, or decline what is offered, which goes to the next. Raises as `sign_up`.

    Who does not wait stays as they are.
    """
    roster, session = held(actor, at, session_id)
    wait = wait_of(session_id, actor.id)
    if wait is None:
        return
    drop(session_id, actor.id)
    offered = wait.offered_until is not None
    record(Act.SIGNUP_LEAVE_LINE, at, actor.id, session_id, roster=roster.id, offered=offered)
    if offered:
        free_seat(session_id)
        tell("declined", roster, session, actor.id, at, base_url)
        fill(roster, [session_id], at, base_url)


def accept_offer(actor: Actor, at: datetime, session_id: UUID, base_url: str = "") -> Signed:
    """Take the seat that is kept for the actor. Raises as `sign_up`, Conflict when it lapsed.

    Signing up may have closed meanwhile: what was offered stands.
    """
    roster, session = held(actor, at, session_id)
    wait = wait_of(session_id, actor.id)
    if wait is None or wait.offered_until is None or wait.offered_until <= at:
        if comes(session_id, actor.id):
            return Signed(Standing.COMES)
        raise Conflict(N_("This offer has lapsed. The place goes to the next in line."))
    claims.serialise([actor.id])
    busy = seat(session, actor.id, at)
    record(Act.SIGNUP_ACCEPT, at, actor.id, session_id, roster=roster.id)
    tell("comes", roster, session, actor.id, at, base_url)
    return Signed(Standing.COMES, busy)


def sign_off(
    actor: Actor, at: datetime, session_id: UUID, knows_late: bool = False, base_url: str = ""
) -> None:
    """Give one's seat back: it goes to the first in line. Possible until the session begins.

    Once signing up has closed it is late, which is kept; `knows_late`: the actor was told so.
    Who does not come stays as they are. Raises as `sign_up`.
    """
    roster, session = held(actor, at, session_id)
    if not comes(session_id, actor.id):
        return
    late = at >= closes(roster, session)
    if late and not knows_late:
        raise Conflict(N_("It has become late for this in the meantime. Look at it again."))
    free_seat(session_id)
    steps = due(roster, [session_id], at)
    claims.serialise([actor.id, *people(steps)])
    unseat(session, actor.id, at, late)
    record(Act.SIGNUP_OFF, at, actor.id, session_id, roster=roster.id, late=late)
    tell("off_late" if late else "off", roster, session, actor.id, at, base_url)
    give(roster, steps, at, base_url)
