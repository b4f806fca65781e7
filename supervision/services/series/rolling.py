"""Open series go on: their sessions are made as time goes by."""

from collections.abc import Sequence
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
from supervision.services.series.parts import Chosen, Slot, chosen
from supervision.services.series.rows import horizon, setting_of
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import own_warnings
from supervision.services.sessions.plan import insert_sessions, local_key, members_of, spans
from supervision.services.sessions.setting import Setting, own_place
from supervision.services.sessions.whose import takers_of, those_of


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
    setting = setting_of(series)
    people = takers_of(roster, those_of(members_of(roster), setting.people), setting)
    if not due or not people:
        return
    claims.serialise(one.person_id for one in people)
    found = claims.clashes(people, spans(due, series.minutes), at)
    placed = add_rows(roster, series, chosen(due), at)
    claims.claim(placed, people, softened=found)
    record(Act.SERIES_ROLL, at, None, series.id, roster=roster.id, sessions=len(due))
    busy = own_warnings(found)
    notice = Notice(
        f"series-roll:{placed[0][0]}",
        0,
        "booked",
        [span for _, span in placed],
        f"/sessions/{placed[0][0]}",
        warnings=busy,
        place=setting.place,
    )
    notify(None, at, roster, [one for one in people if one.person_id in busy], notice, "")


def not_left_out(series: Series, until: date) -> list[Occurrence]:
    """What is due after the last day that a series is filled to, up to another, inclusive."""
    starts, skips = datetime.fromisoformat(series.starts_local), LeftOut.parse(series.skips)
    due = occurrences(starts, series.zone, series.rrule, until, series.rolled_until)
    return [one for one in due if one.original_local.date() not in skips]


def add_rows(
    roster: Held,
    series: Series,
    made: Chosen,
    at: datetime,
    message: str = "",
    session_type_id: UUID | None = None,
) -> list[tuple[UUID, Interval]]:
    """Sessions for occurrences that a series has none for; those at times of their own are edited.

    They are as the series is: where it meets, whom it is for, planned or asked for. A key is for
    ever: where a session that was due then at first has it, though it moved away since, the new
    one's is a minute later.
    """
    keyed = _keyed(series.id, made.slots)
    placed = insert_sessions(
        roster,
        keyed,
        series.minutes,
        made_by_id=series.made_by_id,
        at=at,
        series_id=series.id,
        zone=series.zone,
        message=message,
        setting=Setting(own_place(series), None if series.for_all else frozenset()),
        state=SessionState(series.state),
        session_type_id=session_type_id,
        capacity=series.capacity,
    )
    for (session_id, _span), slot, one in zip(placed, made.slots, keyed, strict=True):
        due_local = slot.key if slot.key != local_key(one.original_local) else None
        if due_local or slot.key in made.own:
            values = {"due_local": due_local, "edited": slot.key in made.own}
            db.session.execute(update(Session).where(Session.id == session_id).values(values))
    return placed


def _keyed(series_id: UUID, slots: Sequence[Slot]) -> list[Occurrence]:
    """The occurrences of slots, each with a key that no session of the series has."""
    query = select(Session.original_local).where(Session.series_id == series_id)
    taken = set(db.session.scalars(query))
    keyed = []
    for slot in slots:
        key = datetime.fromisoformat(slot.key)
        while local_key(key) in taken:
            key += timedelta(minutes=1)
        taken.add(local_key(key))
        keyed.append(replace(slot.due, original_local=key))
    return keyed
