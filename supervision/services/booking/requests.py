"""What was asked for: accepted or declined by who leads, taken back, or not answered in time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, func, literal_column, select

from supervision.db import db, run, writing
from supervision.domain.intervals import Interval
from supervision.errors import N_, Conflict
from supervision.models.people import Person
from supervision.models.rosters import LEADS, Membership, MemberState, Roster
from supervision.models.sessions import Claim, ClaimState, Series, Session, SessionState
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.places import Held, hold, hold_to_run, hold_to_take, roster_of
from supervision.services.series.ending import see_ending
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.plan import checked_message, members_of, stamp

LAPSES = timedelta(hours=2)


@dataclass(frozen=True)
class Request:
    """What waits for the reader's answer: who asks, [starts_at, ends_at) in UTC.

    Of several that were asked for at once it is the first; `count` says how many they are.
    """

    id: UUID
    title: str
    name: str
    starts_at: datetime
    ends_at: datetime
    count: int = 1


# States are said in the statement itself: only then do the few rows of an index of its own serve.
_REQUESTED = Session.state == literal_column(f"'{SessionState.REQUESTED}'")
_PENDING = (
    select(Claim.session_id)
    .where(
        Claim.state == literal_column(f"'{ClaimState.PENDING}'"),
        Claim.person_id == bindparam("actor_id"),
        Claim.starts_at > bindparam("at"),
    )
    .cte("pending")
    .prefix_with("MATERIALIZED")  # first of all, whatever a planner thinks: it is the least
)
_FOR = (
    select(
        Session.id,
        Roster.title,
        Person.name,
        Session.starts_at,
        Session.ends_at,
        func.coalesce(Session.series_id, Session.id).label("together"),
    )
    .join(_PENDING, _PENDING.c.session_id == Session.id)
    .join(Roster, Roster.id == Session.roster_id)
    .join(Membership, Membership.roster_id == Roster.id)
    .join(Person, Person.id == Session.made_by_id)
    .where(
        _REQUESTED,
        Membership.person_id == bindparam("actor_id"),
        Membership.state == MemberState.ACTIVE,
        Membership.role.in_(LEADS),
    )
    .order_by(Session.starts_at)
)


def requests_for(actor: Actor, at: datetime) -> list[Request]:
    """What waits for the actor's answer, soonest first: one statement."""
    found: dict[UUID, Request] = {}
    for row in run(_FOR, {"actor_id": actor.id, "at": at}):
        *columns, together = tuple(row)
        before = found.get(together)
        found[together] = replace(before, count=before.count + 1) if before else Request(*columns)
    return list(found.values())


def accept(actor: Actor, at: datetime, session_id: UUID, base_url: str = "") -> None:
    """Book what was asked for, all of it that was asked for at once.

    Raises NotFound, NotAllowed, Conflict (it waits no longer).
    """
    roster = hold_to_run(actor, roster_of(actor, session_id))
    asked = _asked_with(_waiting(at, session_id), at)
    members = members_of(roster)
    claims.serialise(member.person_id for member in members)
    for session in asked.sessions:
        session.state, session.published_at = SessionState.PLANNED, stamp(at)
    asked.mark(SessionState.PLANNED)
    claims.confirm(session.id for session in asked.sessions)
    if asked.series is not None:
        see_ending(asked.series)
    record(Act.TIME_ACCEPT, at, actor.id, session_id, roster=roster.id, sessions=asked.count)
    notify(actor, at, roster, members, asked.notice("accepted"), base_url)


def decline(
    actor: Actor, at: datetime, session_id: UUID, message: str = "", base_url: str = ""
) -> None:
    """Refuse what was asked for at once, with a few words; the time is free again.

    Raises NotFound, NotAllowed, Invalid (the message), Conflict.
    """
    message = checked_message(message)
    roster = hold_to_run(actor, roster_of(actor, session_id))
    _end(actor, at, roster, _asked_with(_waiting(at, session_id)), "declined", message, base_url)


def withdraw(actor: Actor, at: datetime, session_id: UUID, base_url: str = "") -> None:
    """Take back what the actor's roster asked for. Raises NotFound, NotAllowed, Conflict."""
    roster = hold_to_take(actor, roster_of(actor, session_id))
    _end(actor, at, roster, _asked_with(_waiting(at, session_id)), "withdrawn", "", base_url)


def has_near_requests(at: datetime) -> bool:
    """Whether something was asked for that may lapse about now."""
    return bool(db.session.scalar(select(exists().where(_REQUESTED, _near(at)))))


def _near(at: datetime) -> ColumnElement[bool]:
    return Session.starts_at <= at + LAPSES


def lapse_requests(at: datetime, base_url: str = "") -> int:
    """End requests whose (first) time is near; returns how many. Done again it does nothing."""
    due = select(Session.id).where(_REQUESTED, _near(at))
    found = list(db.session.scalars(due.order_by(Session.starts_at)))
    return sum(_lapse(session_id, at, base_url) for session_id in found)


def lapses_at(created_at: datetime, starts_at: datetime) -> datetime:
    """Two hours before it begins; half the time that is left when that is less than four."""
    return starts_at - min(LAPSES, (starts_at - created_at) / 2)


def _lapse(session_id: UUID, at: datetime, base_url: str) -> int:
    with writing():
        roster_id = db.session.scalar(select(Session.roster_id).where(Session.id == session_id))
        if roster_id is None:
            return 0
        roster = hold(roster_id)
        session = db.session.get_one(Session, session_id, populate_existing=True)
        near = at >= lapses_at(session.created_at, session.starts_at)
        if session.state != SessionState.REQUESTED or not near:
            return 0
        _end(None, at, roster, _asked_with(session), "lapsed", "", base_url)
    return 1


@dataclass(frozen=True)
class _Asked:
    """Sessions that were asked for at once, in order of time, and the series that they are."""

    sessions: list[Session]
    series: Series | None

    @property
    def count(self) -> int:
        return len(self.sessions)

    def mark(self, state: SessionState) -> None:
        """Keep what has become of them."""
        if self.series is not None:
            self.series.state = state
        db.session.flush()

    def notice(self, verb: str, message: str = "") -> Notice:
        first = self.sessions[0]
        about = f"series:{self.series.id}" if self.series else f"session:{first.id}"
        spans = [Interval(one.starts_at, one.ends_at) for one in self.sessions]
        return Notice(
            f"{about}:{verb}",
            0,
            verb,
            spans,
            f"/sessions/{first.id}",
            message,
            session_ids=[one.id for one in self.sessions],
        )


def _asked_with(session: Session, at: datetime | None = None) -> _Asked:
    """A session that is asked for, and what was asked for with it; still to come at `at`."""
    if session.series_id is None:
        return _Asked([session], None)
    waiting = select(Session).where(Session.series_id == session.series_id, _REQUESTED)
    found = db.session.scalars(
        waiting.order_by(Session.starts_at).execution_options(populate_existing=True)
    )
    series = db.session.get_one(Series, session.series_id, populate_existing=True)
    return _Asked([one for one in found if at is None or one.starts_at > at], series)


ACTS = {
    "declined": Act.TIME_DECLINE,
    "withdrawn": Act.TIME_WITHDRAW,
    "lapsed": Act.TIME_LAPSE,
}


def _end(
    actor: Actor | None,
    at: datetime,
    roster: Held,
    asked: _Asked,
    verb: str,
    message: str,
    base_url: str,
) -> None:
    members = members_of(roster)
    claims.serialise(member.person_id for member in members)
    for session in asked.sessions:
        session.state, session.message = SessionState.DECLINED, message
    asked.mark(SessionState.DECLINED)
    claims.release(session.id for session in asked.sessions)
    first, who = asked.sessions[0].id, actor.id if actor else None
    record(ACTS[verb], at, who, first, roster=roster.id, sessions=asked.count)
    notify(actor, at, roster, members, asked.notice(verb, message), base_url)


def _waiting(at: datetime, session_id: UUID) -> Session:
    session = db.session.get_one(Session, session_id, populate_existing=True)
    if session.state != SessionState.REQUESTED or session.starts_at <= at:
        raise Conflict(N_("This session waits for no answer any more."))
    return session
