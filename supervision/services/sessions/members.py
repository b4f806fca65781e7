"""What becomes of coming sessions when somebody joins or leaves, or a roster changes or ends."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from supervision.db import db, run
from supervision.domain.intervals import Interval
from supervision.models.rosters import Kind
from supervision.models.sessions import Claim, Series, SeriesPerson, Session, SessionState
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.claims import Claimant, Clash
from supervision.services.places import Held, hold
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.plan import members_of, touch
from supervision.services.sessions.seats import end_lines
from supervision.services.sessions.setting import own_place
from supervision.services.sessions.whose import whose


def member_joined(roster_id: UUID, person_id: UUID, at: datetime) -> list[Clash]:
    """Give somebody who became active in a roster its coming sessions that are for all.

    Who leads gets every one; nobody else those that members sign up for. Joining never fails:
    where the person is busy already their claim is soft, though they would claim hard, and the
    clash is returned. Moving such a session checks them like anybody.
    """
    db.session.flush()
    roster = hold(roster_id)
    claimants = [one for one in members_of(roster) if one.person_id == person_id]
    claims.serialise([person_id])
    leads = roster.kind != Kind.INDIVIDUAL and any(one.hard for one in claimants)
    coming = [
        (one.id, Interval(one.starts_at, one.ends_at))
        for one in _coming(roster_id, at)
        if leads or (one.for_all and one.capacity is None)
    ]
    found = claims.clashes(claimants, [span for _, span in coming], at, [key for key, _ in coming])
    claims.reclaim(coming, claimants, softened=found)
    return found


def member_left(roster_id: UUID, person_id: UUID, at: datetime) -> None:
    """Take the coming sessions and series from somebody who left; what has been stays theirs."""
    db.session.flush()
    roster = hold(roster_id)
    claims.serialise([person_id])
    _drop_requests(roster_id, at)
    _tell_left(roster, person_id, at)
    ids = db.session.scalars(
        select(Session.id).where(Session.roster_id == roster_id, Session.starts_at > at)
    )
    claims.forget(ids, person_id)
    series = select(Series.id).where(Series.roster_id == roster_id, Series.for_all.is_(False))
    db.session.execute(
        delete(SeriesPerson).where(
            SeriesPerson.person_id == person_id, SeriesPerson.series_id.in_(series)
        )
    )


_THEIRS = (
    select(Session.id, Session.starts_at, Session.ends_at)
    .join(Claim, Claim.session_id == Session.id)
    .where(
        Session.roster_id == bindparam("roster_id"),
        Session.starts_at > bindparam("at"),
        Session.state == SessionState.PLANNED,
        Claim.person_id == bindparam("person_id"),
    )
    .order_by(Session.starts_at)
)


def _tell_left(roster: Held, person_id: UUID, at: datetime) -> None:
    """Have what they were invited to taken out of their calendar; nothing else is told by it."""
    rows = run(_THEIRS, {"roster_id": roster.id, "person_id": person_id, "at": at}).all()
    if rows:
        notice = Notice(
            f"left:{roster.id}:{at:%Y%m%d%H%M%S}",
            0,
            "left",
            [Interval(row.starts_at, row.ends_at) for row in rows],
            f"/rosters/{roster.id}",
            session_ids=[row.id for row in rows],
        )
        notify(None, at, roster, [Claimant(person_id, False)], notice, "")


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
        asked = update(Series).where(
            Series.roster_id == roster_id, Series.state == SessionState.REQUESTED
        )
        db.session.execute(asked.values(state=SessionState.DECLINED))
        claims.release(ids)


def republish(
    roster_id: UUID,
    at: datetime,
    actor: Actor | None = None,
    base_url: str = "",
    renamed: bool = True,
) -> None:
    """The roster's title or place changed: calendars must read its coming sessions anew.

    Those with a place of their own only when the roster was `renamed`. Everybody but the actor is
    also told by mail, with those of the sessions that are theirs.
    """
    db.session.flush()
    roster = hold(roster_id)
    claims.serialise(member.person_id for member in members_of(roster))
    coming = [one for one in _coming(roster_id, at) if renamed or own_place(one) is None]
    for session in coming:
        touch(session, at)
    db.session.flush()
    event = f"roster:{roster_id}:{at:%Y%m%d%H%M%S}"
    notice = Notice(event, 0, "changed", [], f"/rosters/{roster_id}")
    _tell(actor, at, roster, coming, notice, base_url)


def _tell(
    actor: Actor | None,
    at: datetime,
    roster: Held,
    sessions: Sequence[Session],
    notice: Notice,
    base_url: str,
) -> None:
    """Mail each member once, with those of these sessions that are theirs; they may be none."""
    spans = {one.id: Interval(one.starts_at, one.ends_at) for one in sessions}
    members = whose(roster, sessions)
    groups = members.by_reader(spans)
    having = {one.person_id for people, _ids in groups for one in people}
    others = [one for one in members.members if one.person_id not in having]
    for people, ids in (*groups, (others, [])):
        theirs = replace(notice, spans=[spans[key] for key in ids], session_ids=ids)
        notify(actor, at, roster, people, theirs, base_url)


def cancel_coming(
    actor: Actor, at: datetime, roster_id: UUID, message: str = "", base_url: str = ""
) -> int:
    """Cancel all that a roster still has to come, for it ends; returns how many sessions.

    Everybody but the actor is told of the end, though no session may be coming.
    """
    db.session.flush()
    roster = hold(roster_id)
    claims.serialise(member.person_id for member in members_of(roster))
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
    if coming:
        claims.release(session.id for session in coming)
        record(Act.SESSION_CANCEL, at, actor.id, roster_id, sessions=len(coming))
    event = f"roster-end:{roster_id}"
    notice = Notice(event, len(coming), "ended", [], f"/rosters/{roster_id}", message)
    _tell(actor, at, roster, coming, notice, base_url)
    end_lines(coming)
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
