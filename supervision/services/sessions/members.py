"""What becomes of coming sessions when somebody joins or leaves, or a roster changes or ends."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.models.sessions import Series, Session, SessionState
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.claims import Clash
from supervision.services.places import hold
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.plan import everybody, touch
from supervision.services.sessions.seats import end_lines


def member_joined(roster_id: UUID, person_id: UUID, at: datetime) -> list[Clash]:
    """Give somebody who became active in a roster its coming sessions.

    Those that members sign up for are given only to who leads. Joining never fails: where the
    person is busy already their claim is soft, though they would claim hard, and the clash is
    returned. Moving such a session checks them like anybody.
    """
    db.session.flush()
    roster = hold(roster_id)
    claimants = [one for one in everybody(roster) if one.person_id == person_id]
    leads = all(one.hard for one in claimants)
    claims.serialise([person_id])
    coming = [
        (one.id, Interval(one.starts_at, one.ends_at))
        for one in _coming(roster_id, at)
        if leads or one.capacity is None
    ]
    found = claims.clashes(claimants, [span for _, span in coming], at, [key for key, _ in coming])
    claims.reclaim(coming, claimants, softened=found)
    return found


def member_left(roster_id: UUID, person_id: UUID, at: datetime) -> None:
    """Take the coming sessions from somebody who left; the past ones stay theirs."""
    db.session.flush()
    hold(roster_id)
    claims.serialise([person_id])
    _drop_requests(roster_id, at)
    ids = db.session.scalars(
        select(Session.id).where(Session.roster_id == roster_id, Session.starts_at > at)
    )
    claims.forget(ids, person_id)


def _drop_requests(roster_id: UUID, at: datetime) -> None:
    """What was asked for between two people ends when one of them leaves, or their roster."""
    waiting = select(Session.id).where(
        Session.roster_id == roster_id,
        Session.starts_at > at,
        Session.state == SessionState.REQUESTED,
    )
    ids = list(db.session.scalars(waiting))
    if ids:
        declined = update(Session).where(Session.id.in_(ids))
        db.session.execute(declined.values(state=SessionState.DECLINED))
        claims.release(ids)


def republish(
    roster_id: UUID, at: datetime, actor: Actor | None = None, base_url: str = ""
) -> None:
    """The roster's title or place changed: calendars must read its coming sessions anew.

    Everybody but the actor is also told by mail.
    """
    db.session.flush()
    roster = hold(roster_id)
    members = everybody(roster)
    claims.serialise(member.person_id for member in members)
    coming = _coming(roster_id, at)
    for session in coming:
        touch(session, at)
    db.session.flush()
    if coming:
        spans = [Interval(session.starts_at, session.ends_at) for session in coming]
        event = f"roster:{roster_id}:{at:%Y%m%d%H%M%S}"
        notice = Notice(event, 0, "changed", spans, f"/rosters/{roster_id}")
        notify(actor, at, roster, members, notice, base_url)


def cancel_coming(
    actor: Actor, at: datetime, roster_id: UUID, message: str = "", base_url: str = ""
) -> int:
    """Cancel all that a roster still has to come, for it ends; returns how many sessions."""
    db.session.flush()
    roster = hold(roster_id)
    members = everybody(roster)
    claims.serialise(member.person_id for member in members)
    _drop_requests(roster_id, at)
    coming = _coming(roster_id, at)
    for session in coming:
        session.state, session.message = SessionState.CANCELLED, message
        touch(session, at)
    db.session.flush()
    db.session.execute(
        update(Series)
        .where(Series.roster_id == roster_id, Series.state == SessionState.PLANNED)
        .values(state=SessionState.CANCELLED, sequence=Series.sequence + 1)
    )
    if not coming:
        return 0
    claims.release(session.id for session in coming)
    end_lines(coming)
    record(Act.SESSION_CANCEL, at, actor.id, roster_id, sessions=len(coming))
    found = [Interval(session.starts_at, session.ends_at) for session in coming]
    notice = Notice(
        f"roster-end:{roster_id}", len(coming), "cancelled", found, f"/rosters/{roster_id}", message
    )
    notify(actor, at, roster, members, notice, base_url)
    return len(coming)


def _coming(roster_id: UUID, at: datetime) -> list[Session]:
    return list(
        db.session.scalars(
            select(Session)
            .where(
                Session.roster_id == roster_id,
                Session.starts_at > at,
                Session.state == SessionState.PLANNED,
            )
            .order_by(Session.starts_at)
            .execution_options(populate_existing=True)
        )
    )
