"""Claims: the only truth about who is busy.

Those who lead claim hard, and so does the supervisee of an individual roster: two hard claims of
one person never overlap. Members of peer and group rosters claim softly: a clash is told, never
refused. The claims of a cancelled session stay, softly, as the record of whose session it was;
they count as no busy time. What is asked for, and what is held while somebody decides, is as busy
as what is planned; a hold that has run out is deleted by whoever next meets it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Insert,
    String,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    select,
    update,
    values,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from supervision.db import UTCDateTime, db, run, table
from supervision.domain.intervals import Interval
from supervision.errors import N_, Conflict
from supervision.models import guards
from supervision.models.people import Person
from supervision.models.rosters import LEADS, Kind
from supervision.models.sessions import BUSY, MAX_MINUTES, Claim, ClaimState, Session
from supervision.services.counters import raise_all, raise_epoch

LONGEST = timedelta(minutes=MAX_MINUTES)
Instant = ColumnElement[datetime]
_CLAIM = table(Claim)
_INSERT = insert(_CLAIM)
_NEW = ("id", "person_id", "session_id", "starts_at", "ends_at", "hard")


def _insert_columns() -> Insert:
    """Rows given by columns: one statement for PostgreSQL, however many they are."""
    arrays = (bindparam(name, type_=ARRAY(_CLAIM.c[name].type)) for name in _NEW)
    new = func.unnest(*arrays).table_valued(*_NEW, name="new").render_derived()
    rows = select(*new.c, bindparam("state", type_=String))
    return insert(_CLAIM).from_select([*_NEW, "state"], rows)


_INSERT_COLUMNS = _insert_columns()
# Only holds run out: these statements read the few rows of an index of their own.
_LAPSED = delete(_CLAIM).where(_CLAIM.c.hold_expires_at <= bindparam("at", type_=UTCDateTime))
_LAPSED_OF = _LAPSED.where(_CLAIM.c.person_id.in_(bindparam("ids", expanding=True)))
_HELD_BY = delete(_CLAIM).where(
    _CLAIM.c.hold_expires_at.is_not(None), _CLAIM.c.held_by_id == bindparam("held_by_id")
)


@dataclass(frozen=True)
class Claimant:
    """Somebody whose time a session takes. `hard`: never twice at once.

    `elsewhere`: they have calendars elsewhere, which are worth a look (services/outside). `only`
    are the sessions that are theirs where members sign up, None where every one is.
    """

    person_id: UUID
    hard: bool
    elsewhere: bool = False
    only: frozenset[UUID] | None = field(default=None, compare=False)

    def comes_to(self, session_id: UUID) -> bool:
        return self.only is None or session_id in self.only

    @property
    def comes_to_some(self) -> bool:
        return self.only is None or bool(self.only)


@dataclass(frozen=True)
class Clash:
    """A wanted time that somebody is busy in: [starts_at, ends_at) is the busy time.

    `hard` clashes refuse the booking, others only warn. What the person is busy with is not for
    the reader; `session_id` is for the services, None for a time that is held or that a calendar
    elsewhere says, whose label is `calendar` when it is the reader's own.
    """

    person_id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime
    session_id: UUID | None
    wanted_at: datetime
    hard: bool
    calendar: str = ""


class Clashed(Conflict):
    """Somebody is busy at a wanted time; `clashes` says who and when."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__(N_("Somebody in this roster is busy at this time."))
        self.clashes = tuple(clashes)


def claims_hard(kind: str, role: str) -> bool:
    """Whether a member's sessions of a roster refuse any other at the same time."""
    return role in LEADS or kind == Kind.INDIVIDUAL


def serialise(person_ids: Iterable[UUID]) -> None:
    """Make writers who share a person wait for each other, until the transaction ends.

    Whoever waits here changes these people's sessions: their feeds are out of date with it.
    """
    raise_all(person_ids)


def serialise_unseen(person_ids: Iterable[UUID]) -> None:
    """`serialise` for what no feed shows: a time that is only held."""
    raise_epoch(person_ids)


def hold(person_id: UUID, held_by_id: UUID, span: Interval, at: datetime, until: datetime) -> None:
    """Keep a person's time free for somebody from `at` to `until`, after `serialise_unseen`.

    Raises Clashed when the person is busy, Conflict when the database refuses.
    """
    refuse_hard(clashes([Claimant(person_id, True)], [span], at))
    row = {
        "id": uuid4(),
        "person_id": person_id,
        "session_id": None,
        "starts_at": span.start,
        "ends_at": span.end,
        "hard": True,
        "state": ClaimState.HOLD,
        "hold_expires_at": until,
        "held_by_id": held_by_id,
    }
    with guarded():
        run(_INSERT, row)


def release_holds(held_by_id: UUID) -> None:
    """Let go what is held for somebody."""
    run(_HELD_BY, {"held_by_id": held_by_id})


def release_lapsed(at: datetime) -> None:
    """Let go every hold that has run out; safe to run as often as one likes."""
    run(_LAPSED, {"at": at})


def has_lapsed(at: datetime) -> bool:
    """Whether a hold has run out: one look into a small index."""
    return bool(db.session.scalar(select(exists().where(Claim.hold_expires_at <= at))))


def clashes(
    claimants: Iterable[Claimant],
    intervals: Iterable[Interval],
    at: datetime,
    ignore_session_ids: Iterable[UUID] = (),
) -> list[Clash]:
    """Who is busy in which of the intervals, in order of time: one statement for all of them.

    A clash is hard when both the wanted claim and the existing one are. Holds that are in the way
    and have run out at `at` are let go. The look is bounded by the longest claim, so it reads a
    few rows of an index however much a person has ever booked.
    """
    hard = {one.person_id: one.hard for one in claimants if one.comes_to_some}
    times = [(when.start, when.end, when.start - LONGEST) for when in intervals]
    if not hard or not times:
        return []
    rows = (_busy_once(times[0], hard) if len(times) == 1 else _busy_often(times, hard)).all()
    if any(row.hold_expires_at is not None and row.hold_expires_at <= at for row in rows):
        run(_LAPSED_OF, {"at": at, "ids": list(hard)})
        rows = [row for row in rows if row.hold_expires_at is None or row.hold_expires_at > at]
    ignored = frozenset(ignore_session_ids)
    found = [
        Clash(
            row.person_id,
            row.name,
            row.starts_at,
            row.ends_at,
            row.session_id,
            row.wanted_at,
            row.hard and hard[row.person_id],
        )
        for row in rows
        if row.person_id is not None and _takes_time(row) and row.session_id not in ignored
    ]
    return sorted(found, key=lambda clash: (clash.starts_at, clash.name, clash.wanted_at))


def _takes_time(row: Any) -> bool:
    """Whether a claim is held, or of a session that is planned or asked for."""
    return row.session_id is None or row.state in BUSY


def _overlap(start: Instant, end: Instant, earliest: Instant) -> ColumnElement[bool]:
    return (
        Claim.person_id.in_(bindparam("ids", expanding=True))
        & (Claim.starts_at < end)
        & (Claim.starts_at > earliest)
        & (Claim.ends_at > start)
    )


def _columns(wanted_at: Instant) -> list[ColumnElement[Any]]:
    name = select(Person.name).where(Person.id == Claim.person_id)
    state = select(Session.state).where(Session.id == Claim.session_id)
    return [
        *_CLAIM.c["person_id", "starts_at", "ends_at", "session_id", "hard", "hold_expires_at"],
        name.scalar_subquery().label("name"),
        state.scalar_subquery().label("state"),
        wanted_at.label("wanted_at"),
    ]


_START, _END, _EARLIEST = (
    bindparam(name, type_=UTCDateTime) for name in ("start", "end", "earliest")
)
_BUSY_ONCE = select(*_columns(_START)).where(_overlap(_START, _END, _EARLIEST))


def _busy_once(times: tuple[datetime, ...], person_ids: Iterable[UUID]) -> CursorResult[Any]:
    """Claims of these people that overlap one time."""
    start, end, earliest = times
    values = {"start": start, "end": end, "earliest": earliest, "ids": list(person_ids)}
    return run(_BUSY_ONCE, values)


def _busy_often(
    times: Sequence[tuple[datetime, ...]], person_ids: Iterable[UUID]
) -> CursorResult[Any]:
    """Claims of these people that overlap any of many times.

    Each time has to look into the index, so the outer join and the sub-selects leave the planner
    no other order: joined to sessions it began with those, and a long series took a minute.
    """
    names = ("starts_at", "ends_at", "earliest")
    columns = (column(name, UTCDateTime) for name in names)
    wanted = values(*columns, name="wanted").data(list(times)).cte("wanted")
    start, end, earliest = (wanted.c[name] for name in names)
    found = wanted.outerjoin(Claim, _overlap(start, end, earliest))
    return run(select(*_columns(start)).select_from(found), {"ids": list(person_ids)})


def theirs(
    found: Sequence[Clash],
    sessions: Iterable[tuple[UUID, Interval]],
    claimants: Iterable[Claimant],
) -> list[Clash]:
    """The clashes of those whose sessions these are: who did not sign up has none."""
    at = {when.start: session_id for session_id, when in sessions}
    who = {one.person_id: one for one in claimants}
    return [one for one in found if who[one.person_id].comes_to(at[one.wanted_at])]


def refuse_hard(found: Sequence[Clash]) -> list[Clash]:
    """The clashes that only warn. Raises Clashed when there are others."""
    if any(clash.hard for clash in found):
        raise Clashed([clash for clash in found if clash.hard])
    return list(found)


def claim(
    sessions: Iterable[tuple[UUID, Interval]],
    claimants: Sequence[Claimant],
    softened: Iterable[Clash] = (),
    state: ClaimState = ClaimState.CONFIRMED,
) -> None:
    """Take the claimants' time for those of these sessions that are theirs, and had none of it.

    Where a clash is given as softened, that claim is made soft, so that something which must not
    fail (somebody joins, a series rolls on) need not. Raises Conflict when the database refuses.
    """
    ids = _neighbours()
    soft = {(clash.person_id, clash.wanted_at) for clash in softened if clash.hard}
    rows = [
        {
            "id": next(ids),
            "person_id": one.person_id,
            "session_id": session_id,
            "starts_at": when.start,
            "ends_at": when.end,
            "hard": one.hard and (one.person_id, when.start) not in soft,
        }
        for session_id, when in sessions
        for one in claimants
        if one.comes_to(session_id)
    ]
    if rows:
        with guarded():
            _insert(rows, state)


def _insert(rows: Sequence[dict[str, Any]], state: ClaimState) -> None:
    if db.engine.dialect.name == "postgresql":
        columns: dict[str, Any] = {name: [row[name] for row in rows] for name in _NEW}
        run(_INSERT_COLUMNS, columns | {"state": state})
    else:
        run(_INSERT, [row | {"state": state} for row in rows])


def reclaim(
    sessions: Sequence[tuple[UUID, Interval]],
    claimants: Sequence[Claimant],
    softened: Iterable[Clash] = (),
) -> None:
    """As `claim`, in place of whatever time these people gave to these sessions before."""
    db.session.execute(
        delete(Claim).where(
            Claim.session_id.in_([session_id for session_id, _ in sessions]),
            Claim.person_id.in_([one.person_id for one in claimants]),
        )
    )
    claim(sessions, claimants, softened)


def confirm(session_ids: Iterable[UUID]) -> None:
    """What was asked for is accepted."""
    these = Claim.session_id.in_(list(session_ids))
    db.session.execute(update(Claim).where(these).values(state=ClaimState.CONFIRMED))


def release(session_ids: Iterable[UUID]) -> None:
    """Free everybody's time of sessions that are cancelled."""
    db.session.execute(
        update(Claim).where(Claim.session_id.in_(list(session_ids))).values(hard=False)
    )


def forget(session_ids: Iterable[UUID], person_id: UUID) -> None:
    """These sessions are no longer this person's."""
    db.session.execute(
        delete(Claim).where(Claim.session_id.in_(list(session_ids)), Claim.person_id == person_id)
    )


def _neighbours() -> Iterator[UUID]:
    """Random ids that lie beside each other, so that rows made together share a page of the index.

    No claim's id is ever shown or asked for.
    """
    first = uuid4().int
    return (UUID(int=first ^ number) for number in count())


@contextmanager
def guarded() -> Iterator[None]:
    """Say in plain words what the database's own guard against double booking refuses."""
    try:
        yield
    except IntegrityError as error:
        text = str(error.orig)
        if guards.OVERLAP in text or guards.EXCLUSION in text:
            raise Conflict(
                N_("Somebody here was booked for this time a moment ago. Nothing was changed.")
            ) from None
        raise
