"""When a country changes the rules of its clocks, what was booked keeps its local time."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from supervision.db import db, writing
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Occurrence, resolve
from supervision.models.sessions import Session, SessionState
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.places import hold
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.plan import members_of, touch
from supervision.services.sessions.setting import own_place
from supervision.services.sessions.whose import Whose, whose


@dataclass(frozen=True)
class Late:
    """A session whose instant is no longer what its local time says, and what it should be."""

    id: UUID
    due: Occurrence


def follow_clocks(at: datetime) -> int:
    """Work out all coming sessions' instants anew; returns how many changed.

    For after an update of the time zone database; safe to run as often as one likes. Each roster
    has a transaction of its own. Sessions that were moved singly stay: the local time that they
    were moved to is not kept. It never fails on a clash: that claim is made soft.
    """
    wrong = [row.roster_id for row in db.session.execute(_coming(at)) if _late(row)]
    db.session.rollback()
    return sum(_correct(roster_id, at) for roster_id, _ in groupby(wrong))


def _coming(at: datetime) -> Select[UUID, UUID, datetime, bool, str, str, str | None]:
    return (
        select(
            Session.id,
            Session.roster_id,
            Session.starts_at,
            Session.shifted,
            Session.original_local,
            Session.zone,
            Session.due_local,
        )
        .where(
            Session.starts_at > at,
            Session.state == SessionState.PLANNED,
            Session.edited.is_(False),
        )
        .order_by(Session.roster_id, Session.starts_at)
    )


def _late(row: Any) -> Late | None:
    """What is wrong with a session, if anything."""
    due = resolve(datetime.fromisoformat(row.due_local or row.original_local), row.zone)
    if (due.starts_at, due.shifted) == (row.starts_at, row.shifted):
        return None
    return Late(row.id, due)


def _correct(roster_id: UUID, at: datetime) -> int:
    with writing():
        roster = hold(roster_id)
        rows = db.session.execute(_coming(at).where(Session.roster_id == roster_id))
        late = [found for found in map(_late, rows) if found]
        claims.serialise(member.person_id for member in members_of(roster))
        moved = [_put_right(one, at) for one in late]
        db.session.flush()
        owners = whose(roster, [session for session, _before, _span in moved])
        _claim_anew(owners, {session.id: span for session, _before, span in moved}, at)
        for session, before, span in moved:
            record(Act.SESSION_MOVE, at, None, session.id, roster=roster_id)
            notice = Notice(
                f"session:{session.id}",
                session.sequence,
                "moved",
                [span],
                f"/sessions/{session.id}",
                before=before,
                place=own_place(session),
            )
            notify(None, at, roster, owners.told(session.id), notice, "")
    return len(late)


def _claim_anew(owners: Whose, spans: dict[UUID, Interval], at: datetime) -> None:
    for people, ids in owners.groups(spans):
        placed = [(key, spans[key]) for key in ids]
        found = claims.clashes(people, [span for _, span in placed], at, list(spans))
        found = claims.theirs(found, placed, people)
        claims.reclaim(placed, people, softened=found)


def _put_right(late: Late, at: datetime) -> tuple[Session, Interval, Interval]:
    session = db.session.get_one(Session, late.id, populate_existing=True)
    before = Interval(session.starts_at, session.ends_at)
    span = Interval(late.due.starts_at, late.due.starts_at + (before.end - before.start))
    session.starts_at, session.ends_at = span
    session.shifted = late.due.shifted
    touch(session, at)
    return session, before, span
