"""The rows that a feed may show, read in two steps: what each event depends on, then the rest of
those that have to be made anew."""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    type_coerce,
)

from supervision.db import UTCDateTime, db, run
from supervision.domain import ical
from supervision.models.feeds import Privacy, Scope
from supervision.models.people import Person
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.models.sessions import MAX_MINUTES, PUBLISHED, Claim, Session, SessionState

# Above this some clients take seconds to read a feed; the furthest sessions wait their turn.
MOST_EVENTS = 2000


@dataclass(frozen=True)
class Wanted:
    """Whose feed, of what, how open, on which local day of which zone, in which language."""

    person_id: UUID
    scope: str
    roster_id: UUID | None
    privacy: str
    day: date
    zone: str
    language: str
    base_url: str


@dataclass(frozen=True)
class Place:
    """A roster, as read for a feed."""

    title: str
    kind: str
    address: str
    meeting_link: str

    def with_own(self, address: str | None, meeting_link: str | None) -> "Place":
        """As it is for a session with a place of its own; None stands for the roster's."""
        return replace(
            self,
            address=self.address if address is None else address,
            meeting_link=self.meeting_link if meeting_link is None else meeting_link,
        )


@dataclass(frozen=True)
class Meeting:
    """A session, as read for a feed; `address` and `meeting_link` are None for the roster's."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    published_at: datetime
    sequence: int
    state: str
    roster_id: UUID
    address: str | None
    meeting_link: str | None


@dataclass
class Company:
    """Who else is in a roster now, by id, and when that last changed."""

    names: dict[UUID, str] = field(default_factory=dict)
    changed_at: datetime | None = None

    def only(self, people: Container[UUID]) -> "Company":
        """Those of them for whom a session is."""
        kept = {key: name for key, name in self.names.items() if key in people}
        return Company(kept, self.changed_at)


def _active() -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.person_id == bindparam("person_id"),
        Membership.state == MemberState.ACTIVE,
    )


_PLACES = (
    select(Roster.id, Roster.title, Roster.kind, Roster.address, Roster.meeting_link)
    .join(Membership, Membership.roster_id == Roster.id)
    .where(*_active())
)


def places(wanted: Wanted) -> dict[UUID, Place]:
    """The rosters of the feed: those in which the person is active."""
    query, values = _PLACES, {"person_id": wanted.person_id}
    if wanted.scope == Scope.ROSTER:
        query = query.where(Roster.id == wanted.roster_id)
    return {row[0]: Place(*row[1:]) for row in map(tuple, run(query, values))}


# -- which events, and in which version ------------------------------------------------------------


def session_id(text: str) -> UUID:
    """The id in a version's text."""
    return UUID(text.partition(" ")[0])


@cache
def _versions(scope: str, open_too: bool) -> Select[*tuple[Any, ...]]:
    theirs = exists().where(
        Claim.session_id == Session.id, Claim.person_id == bindparam("person_id")
    )
    start, kept_from = (bindparam(name, type_=UTCDateTime) for name in ("start", "kept_from"))
    # As text: to make thousands of ids and instants Python's costs more than the rest together.
    version = _text(Session.id) + " " + _text(Session.published_at) + " " + _text(Session.sequence)
    mine = or_(Session.capacity.is_(None), theirs)
    query = (
        select(
            version.label("version"),
            _text(Session.roster_id).label("roster"),
            _flag(Session.for_all).label("for_all"),
            _flag(Session.capacity.is_not(None)).label("signup"),
            # As a case, which looks no further than it must: SQLite works out all parts of an OR.
            _flag(case((mine, True), else_=False) if open_too else true()).label("mine"),
        )
        .join(Membership, Membership.roster_id == Session.roster_id)
        .where(
            *_active(),
            Session.starts_at > bindparam("earliest", type_=UTCDateTime),
            Session.ends_at > start,
            Session.starts_at < bindparam("end", type_=UTCDateTime),
            Session.state.in_(PUBLISHED),
            or_(Session.for_all, theirs),
            or_(Session.state != SessionState.CANCELLED, Session.ends_at > kept_from),
        )
        .order_by(Session.starts_at, Session.id)
        .limit(bindparam("most"))
    )
    if scope == Scope.ROSTER:
        query = query.where(Session.roster_id == bindparam("roster_id"))
    if not open_too:
        query = query.where(mine)
    return query


def _text(column: Any) -> ColumnElement[str]:
    return cast(column, String)


def _flag(condition: Any) -> ColumnElement[int]:
    """As the database has it, 1 or True: to make thousands of them Python's has its price too."""
    return type_coerce(condition, Integer)


def versions(wanted: Wanted) -> Sequence[Any]:
    """The sessions that the feed shows, by time, at most MOST_EVENTS: rows of the id, stamp and
    sequence as one text, the roster's id as text, whether it is for all, whether members sign up,
    and whether it is the person's.

    Those for some members alone where the person is one of them. What one did not sign up for is
    told as open by the feed of its roster alone, if that tells anything but when one is busy. Text
    is the database's own: it is for telling versions apart.
    """
    start, end = ical.window(wanted.day, wanted.zone)
    values = {
        "person_id": wanted.person_id,
        "start": start,
        "end": end,
        "earliest": start - timedelta(minutes=MAX_MINUTES),
        "kept_from": start + ical.PAST - ical.CANCELLED_KEPT,
        "roster_id": wanted.roster_id,
        "most": MOST_EVENTS,
    }
    if wanted.scope != Scope.ROSTER:
        del values["roster_id"]
    open_too = wanted.scope == Scope.ROSTER and wanted.privacy != Privacy.BUSY
    return run(_versions(wanted.scope, open_too), values).all()


# -- the rest --------------------------------------------------------------------------------------

_MEETINGS = select(
    Session.id,
    Session.starts_at,
    Session.ends_at,
    Session.created_at,
    Session.published_at,
    Session.sequence,
    Session.state,
    Session.roster_id,
    Session.address,
    Session.meeting_link,
).where(Session.id.in_(bindparam("ids", expanding=True)))


def meetings(session_ids: Collection[UUID]) -> Iterable[Meeting]:
    """These sessions, in no order."""
    if not session_ids:
        return []
    return [Meeting(*tuple(row)) for row in run(_MEETINGS, {"ids": list(session_ids)})]


_CLAIMED = select(Claim.session_id, Claim.person_id).where(
    Claim.session_id.in_(bindparam("ids", expanding=True))
)


def claimed(session_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Who claims each of these sessions."""
    people: defaultdict[UUID, set[UUID]] = defaultdict(set)
    if session_ids:
        for row in run(_CLAIMED, {"ids": list(session_ids)}):
            people[row.session_id].add(row.person_id)
    return people


def companies(person_id: UUID, roster_ids: Collection[UUID]) -> dict[UUID, Company]:
    """The other members of these rosters, by name."""
    rows = db.session.execute(
        select(
            Membership.roster_id,
            Membership.person_id,
            Membership.state,
            Membership.joined_at,
            Membership.left_at,
            Person.name,
        )
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.roster_id.in_(roster_ids), Membership.joined_at.is_not(None))
        .order_by(func.lower(Person.name), Person.id)
    )
    found: defaultdict[UUID, Company] = defaultdict(Company)
    for row in rows:
        company = found[row.roster_id]
        stamps = (company.changed_at, row.joined_at, row.left_at)
        company.changed_at = max(stamp for stamp in stamps if stamp)
        if row.state == MemberState.ACTIVE and row.person_id != person_id:
            company.names[row.person_id] = row.name
    return found
