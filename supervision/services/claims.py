"""Claims: the only truth about who is busy.

Those who lead claim hard, and so does the supervisee of an individual roster: two hard claims of
one person never overlap. Members of peer and group rosters claim softly: a clash is told, never
refused. The claims of a cancelled session stay, softly, as the record of whose session it was;
they count as no busy time.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Select,
    column,
    delete,
    insert,
    literal,
    select,
    update,
    values,
)
from sqlalchemy.exc import IntegrityError

from supervision.db import UTCDateTime, db
from supervision.domain.intervals import Interval
from supervision.errors import N_, Conflict
from supervision.models import guards
from supervision.models.people import Person
from supervision.models.rosters import LEADS, Kind
from supervision.models.sessions import MAX_MINUTES, Claim, ClaimState, Session, SessionState
from supervision.services.counters import raise_counter

LONGEST = timedelta(minutes=MAX_MINUTES)
Instant = ColumnElement[datetime]


@dataclass(frozen=True)
class Claimant:
    """Somebody whose time a session takes. `hard`: never twice at once."""

    person_id: UUID
    hard: bool


@dataclass(frozen=True)
class Clash:
    """A wanted time that somebody is busy in: [starts_at, ends_at) is the busy time.

    `hard` clashes refuse the booking, others only warn. What the person is busy with is not for
    the reader; `session_id` is for the services.
    """

    person_id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime
    session_id: UUID
    wanted_at: datetime
    hard: bool


class Clashed(Conflict):
    """Somebody is busy at a wanted time; `clashes` says who and when."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__(N_("Somebody in this roster is busy at this time."))
        self.clashes = tuple(clashes)


def claims_hard(kind: str, role: str) -> bool:
    """Whether a member's sessions of a roster refuse any other at the same time."""
    return role in LEADS or kind == Kind.INDIVIDUAL


def serialise(person_ids: Iterable[UUID]) -> None:
    """Make writers who share a person wait for each other, until the transaction ends."""
    raise_counter("epoch", person_ids)


def clashes(
    claimants: Iterable[Claimant],
    intervals: Iterable[Interval],
    ignore_session_ids: Iterable[UUID] = (),
) -> list[Clash]:
    """Who is busy in which of the intervals, in order of time: one statement for all of them.

    A clash is hard when both the wanted claim and the existing one are. The look is bounded by
    the longest claim, so it reads a few rows of an index however much a person has ever booked.
    """
    hard = {one.person_id: one.hard for one in claimants}
    times = [(when.start, when.end, when.start - LONGEST) for when in intervals]
    if not hard or not times:
        return []
    query = _busy_once(times[0], hard) if len(times) == 1 else _busy_often(times, hard)
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
        for row in db.session.execute(query)
        if row.state == SessionState.PLANNED and row.session_id not in ignored
    ]
    return sorted(found, key=lambda clash: (clash.starts_at, clash.name, clash.wanted_at))


def _busy_once(times: tuple[datetime, ...], person_ids: Iterable[UUID]) -> Select[Any]:
    """Claims of these people that overlap one time; its text is the same for all bookings."""
    start, end, earliest = (literal(one, UTCDateTime) for one in times)
    return select(*_columns(start)).where(_overlap(person_ids, start, end, earliest))


def _busy_often(times: Sequence[tuple[datetime, ...]], person_ids: Iterable[UUID]) -> Select[Any]:
    """Claims of these people that overlap any of many times.

    Each time has to look into the index, so the outer join and the sub-selects leave the planner
    no other order: joined to sessions it began with those, and a long series took a minute.
    """
    names = ("starts_at", "ends_at", "earliest")
    columns = (column(name, UTCDateTime) for name in names)
    wanted = values(*columns, name="wanted").data(list(times)).cte("wanted")
    start, end, earliest = (wanted.c[name] for name in names)
    overlap = _overlap(person_ids, start, end, earliest)
    return select(*_columns(start)).select_from(wanted.outerjoin(Claim, overlap))


def _overlap(
    person_ids: Iterable[UUID], start: Instant, end: Instant, earliest: Instant
) -> ColumnElement[bool]:
    return (
        Claim.person_id.in_(person_ids)
        & (Claim.starts_at < end)
        & (Claim.starts_at > earliest)
        & (Claim.ends_at > start)
    )


def _columns(wanted_at: Instant) -> list[ColumnElement[Any]]:
    name = select(Person.name).where(Person.id == Claim.person_id)
    state = select(Session.state).where(Session.id == Claim.session_id)
    return [
        *Claim.__table__.c["person_id", "starts_at", "ends_at", "session_id", "hard"],
        name.scalar_subquery().label("name"),
        state.scalar_subquery().label("state"),
        wanted_at.label("wanted_at"),
    ]


def refuse_hard(found: Sequence[Clash]) -> list[Clash]:
    """The clashes that only warn. Raises Clashed when there are others."""
    if any(clash.hard for clash in found):
        raise Clashed([clash for clash in found if clash.hard])
    return list(found)


def claim(
    sessions: Iterable[tuple[UUID, Interval]],
    claimants: Sequence[Claimant],
    softened: Iterable[Clash] = (),
) -> None:
    """Take the claimants' time for sessions that had none of it.

    Where a clash is given as softened, that claim is made soft, so that something which must not
    fail (somebody joins, a series rolls on) need not. Raises Conflict when the database refuses.
    """
    soft = {(clash.person_id, clash.wanted_at) for clash in softened if clash.hard}
    rows = [
        {
            "id": uuid4(),
            "person_id": one.person_id,
            "session_id": session_id,
            "starts_at": when.start,
            "ends_at": when.end,
            "hard": one.hard and (one.person_id, when.start) not in soft,
            "state": ClaimState.CONFIRMED,
        }
        for session_id, when in sessions
        for one in claimants
    ]
    if rows:
        with guarded():
            db.session.execute(insert(Claim), rows)


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
