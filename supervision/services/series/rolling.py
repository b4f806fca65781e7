"""Open series go on: their sessions are made as time goes by."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from supervision.db import db, writing
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Occurrence, Repeat, occurrences
from supervision.domain.skips import LeftOut
from supervision.models.rosters import Roster, RosterState
from supervision.models.sessions import Series, Session, SessionState
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.places import Held, hold
from supervision.services.series.parts import Slot, horizon
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import own_warnings
from supervision.services.sessions.plan import insert_sessions, local_key, members_of, spans


def roll_series(at: datetime) -> int:
    """Keep open series filled for twelve months; returns how many sessions were made.

    Safe to run as often as one likes. Each series has a transaction of its own. Rolling never
    fails on a clash: the busy person's claim is made soft and a mail tells them.
    """
    return sum(_roll_one(series_id, at) for series_id in _open_series())


def _open_series() -> list[UUID]:
    """Series that go on, in rosters that do."""
    rows = db.session.execute(
        select(Series.id, Series.rrule)
        .join(Roster, Roster.id == Series.roster_id)
        .where(Series.state == SessionState.PLANNED, Roster.state == RosterState.ACTIVE)
        .order_by(Series.id)
    ).all()
    db.session.rollback()
    return [row.id for row in rows if Repeat.parse(row.rrule).is_open]


def _roll_one(series_id: UUID, at: datetime) -> int:
    with writing():
        series = db.session.get_one(Series, series_id, populate_existing=True)
        roster = hold(series.roster_id)
        db.session.refresh(series)
        until = horizon(datetime.fromisoformat(series.starts_local), series.zone, at)
        due = not_left_out(series, until)
        going = series.state == SessionState.PLANNED and roster.state == RosterState.ACTIVE
        if not going or until <= series.rolled_until:
            return 0
        series.rolled_until = until
        db.session.flush()
        _add_rolled(roster, series, due, at)
        return len(due)


def _add_rolled(roster: Held, series: Series, due: list[Occurrence], at: datetime) -> None:
    if not due:
        return
    members = members_of(roster)
    claims.serialise(member.person_id for member in members)
    found = claims.clashes(members, spans(due, series.minutes), at)
    placed = add_rows(roster, series, [Slot.of(one) for one in due], at)
    claims.claim(placed, members, softened=found)
    record(Act.SERIES_ROLL, at, None, series.id, roster=roster.id, sessions=len(due))
    busy = own_warnings(found)
    notice = Notice(
        f"series-roll:{placed[0][0]}",
        0,
        "booked",
        [span for _, span in placed],
        f"/sessions/{placed[0][0]}",
        warnings=busy,
    )
    notify(None, at, roster, [one for one in members if one.person_id in busy], notice, "")


def not_left_out(series: Series, until: date) -> list[Occurrence]:
    """What is due after the last day that a series is filled to, up to another, inclusive."""
    starts, skips = datetime.fromisoformat(series.starts_local), LeftOut.parse(series.skips)
    due = occurrences(starts, series.zone, series.rrule, until, series.rolled_until)
    return [one for one in due if one.original_local.date() not in skips]


def add_rows(
    roster: Held,
    series: Series,
    slots: Sequence[Slot],
    at: datetime,
    message: str = "",
    own: Collection[str] = (),
) -> list[tuple[UUID, Interval]]:
    """Sessions for occurrences that a series has none for; those of `own` keys count as edited.

    A key is for ever: where a session that was due then at first has it, though it moved away
    since, the new one's is a minute later.
    """
    query = select(Session.original_local).where(Session.series_id == series.id)
    taken = set(db.session.scalars(query))
    keyed = []
    for slot in slots:
        key = datetime.fromisoformat(slot.key)
        while local_key(key) in taken:
            key += timedelta(minutes=1)
        taken.add(local_key(key))
        keyed.append(replace(slot.due, original_local=key))
    placed = insert_sessions(
        roster,
        keyed,
        series.minutes,
        made_by_id=series.made_by_id,
        at=at,
        series_id=series.id,
        zone=series.zone,
        message=message,
        capacity=series.capacity,
    )
    for (session_id, _span), slot, one in zip(placed, slots, keyed, strict=True):
        due_local = slot.key if slot.key != local_key(one.original_local) else None
        if due_local or slot.key in own:
            values = {"due_local": due_local, "edited": slot.key in own}
            db.session.execute(update(Session).where(Session.id == session_id).values(values))
    return placed
