"""A roster begins or ends to want sign-up: what becomes of the sessions that are booked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update

from supervision.db import db, run
from supervision.domain.intervals import Interval
from supervision.models.people import Person
from supervision.models.rosters import LEADS, Membership, MemberState
from supervision.models.sessions import Claim, Series, Session, SessionState
from supervision.models.signup import SignupOff
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.claims import Claimant, Clash
from supervision.services.places import Held
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import own_warnings
from supervision.services.sessions.plan import members_of, touch
from supervision.services.sessions.seats import end_lines
from supervision.services.sessions.whose import claimed_by, whose
from supervision.services.signup.parts import join

_COMING = (
    Session.roster_id == bindparam("roster_id"),
    Session.starts_at > bindparam("at"),
    Session.state == SessionState.PLANNED,
    Session.for_all,
)
_COUNT = select(func.count(Session.id)).where(*_COMING)
_SESSIONS = select(Session).where(*_COMING).order_by(Session.starts_at)
# Members take seats, those who lead take none; who is in longest comes first.
_SEATED = (
    Membership.roster_id == bindparam("roster_id"),
    Membership.state == MemberState.ACTIVE,
    Membership.role.not_in(LEADS),
)
_MEMBERS = (
    select(Person.id, Person.name)
    .join(Membership, Membership.person_id == Person.id)
    .where(*_SEATED)
    .order_by(Membership.joined_at, func.lower(Person.name), Person.id)
)
STEP = timedelta(microseconds=1)


@dataclass(frozen=True)
class Turn:
    """What turning sign-up on or off does: to so many `sessions` that are to come.

    `come` are the names of those who are signed up or expected from now on, `wait` of those who
    find no seat, in order of the line.
    """

    sessions: int
    come: list[str]
    wait: list[str]


def turn_of(roster_id: UUID, at: datetime, capacity: int | None) -> Turn:
    """What it would do to give a roster's coming sessions so many seats, or none with None."""
    sessions = run(_COUNT, {"roster_id": roster_id, "at": at}).scalar_one()
    names = [row.name for row in run(_MEMBERS, {"roster_id": roster_id})]
    return Turn(sessions, names[:capacity], names[capacity:] if capacity else [])


def turn_on(actor: Actor, at: datetime, roster: Held, capacity: int, base_url: str = "") -> None:
    """Coming sessions get seats, which their members have while they last; the others wait.

    The seats go by how long somebody is a member, and so does the line. The roster is held.
    """
    sessions = _coming(roster, at)
    members = members_of(roster)
    claims.serialise(one.person_id for one in members)
    order = [row.id for row in run(_MEMBERS, {"roster_id": roster.id})]
    left_over = _left_over(sessions, order, capacity)
    for person_id, without in left_over.items():
        claims.forget(without, person_id)
        since = at + order.index(person_id) * STEP
        for session_id in without:
            join(session_id, person_id, since, auto=False)
    _count(sessions, order, capacity)
    record(Act.SIGNUP_TURN_ON, at, actor.id, roster.id, sessions=len(sessions), seats=capacity)
    _tell(actor, at, roster, members, sessions, "signup_on", base_url)


def _left_over(
    sessions: Sequence[Session], order: Sequence[UUID], capacity: int
) -> Mapping[UUID, list[UUID]]:
    """By person, the sessions in which others have all the seats."""
    claimed = claimed_by([one.id for one in sessions])
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for session in sessions:
        expected = [one for one in order if one in claimed[session.id]]
        for person_id in expected[capacity:]:
            found[person_id].append(session.id)
    return found


def _count(sessions: Sequence[Session], order: Sequence[UUID], capacity: int) -> None:
    """Give the sessions their seats, of which as many are taken as members come."""
    taken = (
        select(func.count(Claim.id))
        .where(Claim.session_id == Session.id, Claim.person_id.in_(order))
        .scalar_subquery()
    )
    _set(sessions, capacity=capacity, taken=taken)


def turn_off(actor: Actor, at: datetime, roster: Held, base_url: str = "") -> None:
    """Everybody in the roster is expected at its coming sessions again; nobody waits any longer.

    It never fails: who has something else at such a time is told so. The roster is held.
    """
    sessions = _coming(roster, at)
    members = whose(roster, sessions).members
    claims.serialise(one.person_id for one in members)
    end_lines(sessions)
    placed = [(one.id, Interval(one.starts_at, one.ends_at)) for one in sessions]
    ids = [session_id for session_id, _ in placed]
    new = [replace(one, only=frozenset(ids) - one.only) for one in members if one.only is not None]
    found = claims.theirs(claims.clashes(new, [span for _, span in placed], at, ids), placed, new)
    claims.claim(placed, new, softened=found)
    _set(sessions, capacity=None, taken=0)
    db.session.execute(update(Series).where(Series.roster_id == roster.id).values(capacity=None))
    db.session.execute(delete(SignupOff).where(SignupOff.session_id.in_(ids)))
    record(Act.SIGNUP_TURN_OFF, at, actor.id, roster.id, sessions=len(sessions))
    _tell(actor, at, roster, members, sessions, "signup_off", base_url, found)


def _coming(roster: Held, at: datetime) -> list[Session]:
    """What is to come, each counted as changed: a roster's feed tells its reader if they come."""
    values = {"roster_id": roster.id, "at": at}
    fresh = {"populate_existing": True}
    sessions = list(db.session.scalars(_SESSIONS, values, execution_options=fresh))
    for session in sessions:
        touch(session, at)
    db.session.flush()
    return sessions


def _set(sessions: Sequence[Session], **values: object) -> None:
    these = Session.id.in_([one.id for one in sessions])
    # What is remembered of them is not asked again here.
    past_the_rows = {"synchronize_session": False}
    db.session.execute(update(Session).where(these).values(values), execution_options=past_the_rows)


def _tell(
    actor: Actor,
    at: datetime,
    roster: Held,
    members: Sequence[Claimant],
    sessions: Sequence[Session],
    verb: str,
    base_url: str,
    found: Sequence[Clash] = (),
) -> None:
    """Have all members told, if anything is to come."""
    if not sessions:
        return
    spans = [Interval(one.starts_at, one.ends_at) for one in sessions]
    event, path = f"{verb}:{roster.id}:{at:%Y%m%d%H%M%S}", f"/rosters/{roster.id}"
    notice = Notice(event, 0, verb, spans, path, warnings=own_warnings(found))
    notify(actor, at, roster, members, notice, base_url)
