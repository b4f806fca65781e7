"""What is known of the series of a change when the worker tells of it, all as it is by then."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, func, select

from supervision.db import run, table
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Repeat
from supervision.domain.repeating import Meeting, Rule
from supervision.domain.skips import LeftOut
from supervision.models.replies import SeriesInvitation, SessionReply
from supervision.models.rosters import LEADS, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Series, SeriesPerson, Session, SessionState
from supervision.services.sessions.invitations import lead_of

# A series or a session, and a person.
Key = tuple[UUID, UUID]


@dataclass(frozen=True)
class Found:
    """A series with its roster's title, and where it meets."""

    id: UUID
    roster_id: UUID
    zone: str
    starts_local: str
    minutes: int
    rrule: str
    state: str
    skips: str
    rolled_until: date
    for_all: bool
    created_at: datetime
    split_from_id: UUID | None
    address: str
    meeting_link: str
    title: str
    session_capacity: int | None
    lead: str | None

    @property
    def place(self) -> tuple[str, str]:
        return self.address, self.meeting_link

    @property
    def is_open(self) -> bool:
        """Whether more sessions come of it as time goes by."""
        return self.state == SessionState.PLANNED and Repeat.parse(self.rrule).is_open

    def rule(self, goes_on: bool) -> Rule:
        return Rule(
            datetime.fromisoformat(self.starts_local),
            self.zone,
            Repeat.parse(self.rrule),
            self.minutes,
            self.rolled_until,
            goes_on,
            LeftOut.parse(self.skips),
        )


@dataclass(frozen=True)
class Told:
    """A session that a change is about, as it is now, with its own version."""

    meeting: Meeting
    series_id: UUID
    created_at: datetime
    sequence: int
    capacity: int | None


@dataclass(frozen=True)
class Held:
    """The invitation to a series that somebody has had; `held` is empty once it was taken out."""

    sequence: int
    whole_sequence: int
    stamped_at: datetime
    goes_on: bool
    held: str


NEVER = Held(-1, -1, datetime(1970, 1, 1, tzinfo=UTC), False, "")


@dataclass(frozen=True)
class Known:
    """The series of a change, and those they were split from.

    `told` are the sessions of the change that are of a series, `have` the planned ones of each
    person, `singly` those that somebody was invited to by themselves. `stays`: whose the sessions
    are that a series will yet make.
    """

    series: dict[UUID, Found]
    told: dict[UUID, Told]
    have: dict[Key, list[Meeting]]
    held: dict[tuple[UUID | None, UUID], Held]
    singly: set[Key]
    stays: set[Key]

    def told_of(self, series_id: UUID) -> list[Told]:
        return [one for one in self.told.values() if one.series_id == series_id]

    @property
    def has_seats(self) -> bool:
        """Whether members sign up for a session of the change."""
        return any(one.capacity is not None for one in self.told.values())

    def whole(self, session_ids: Collection[UUID]) -> UUID | None:
        """The one series that all these sessions are of, None where there is more to say."""
        of = {one.series_id for one in self.told.values()}
        return of.pop() if len(of) == 1 and len(self.told) == len(session_ids) else None


_DUE = func.coalesce(Session.due_local, Session.original_local)
_PLACE = (
    func.coalesce(Session.address, Roster.address),
    func.coalesce(Session.meeting_link, Roster.meeting_link),
)
_PEOPLE: BindParameter[UUID] = bindparam("people", expanding=True)
_IDS: BindParameter[UUID] = bindparam("ids", expanding=True)
_TOLD = (
    select(
        Session.id,
        _DUE,
        Session.starts_at,
        Session.ends_at,
        *_PLACE,
        Session.series_id,
        Session.created_at,
        Session.sequence,
        Session.capacity,
        Series.split_from_id,
    )
    .join(Series, Series.id == Session.series_id)
    .join(Roster, Roster.id == Session.roster_id)
    .where(Session.id.in_(_IDS))
)
# Locked, so that of two changes the later mail is the one that says more.
_SERIES: Select[*tuple[Any, ...]] = (
    select(
        Series.id,
        Series.roster_id,
        Series.zone,
        Series.starts_local,
        Series.minutes,
        Series.rrule,
        Series.state,
        Series.skips,
        Series.rolled_until,
        Series.for_all,
        Series.created_at,
        Series.split_from_id,
        func.coalesce(Series.address, Roster.address),
        func.coalesce(Series.meeting_link, Roster.meeting_link),
        Roster.title,
        Roster.session_capacity,
        lead_of(Series.roster_id),
    )
    .join(Roster, Roster.id == Series.roster_id)
    .where(Series.id.in_(_IDS))
    .order_by(Series.id)
    .with_for_update(of=table(Series))
)
_HAVE = (
    select(
        Session.series_id,
        Claim.person_id,
        Session.id,
        _DUE,
        Session.starts_at,
        Session.ends_at,
        *_PLACE,
    )
    .join(Claim, Claim.session_id == Session.id)
    .join(Roster, Roster.id == Session.roster_id)
    .where(
        Session.series_id.in_(_IDS),
        Session.state == SessionState.PLANNED,
        Claim.person_id.in_(_PEOPLE),
    )
    .order_by(Session.starts_at)
)
_HELD = select(
    SeriesInvitation.series_id,
    SeriesInvitation.person_id,
    SeriesInvitation.sequence,
    SeriesInvitation.whole_sequence,
    SeriesInvitation.stamped_at,
    SeriesInvitation.goes_on,
    SeriesInvitation.held,
).where(SeriesInvitation.series_id.in_(_IDS), SeriesInvitation.person_id.in_(_PEOPLE))
_SINGLY = (
    select(SessionReply.session_id, SessionReply.person_id)
    .join(Session, Session.id == SessionReply.session_id)
    .where(
        Session.series_id.in_(_IDS),
        SessionReply.person_id.in_(_PEOPLE),
        SessionReply.invited_at.is_not(None),
    )
)
_MEMBERS = select(Membership.person_id, Membership.role).where(
    Membership.roster_id == bindparam("roster_id"),
    Membership.person_id.in_(_PEOPLE),
    Membership.state == MemberState.ACTIVE,
)
_CHOSEN = select(SeriesPerson.series_id, SeriesPerson.person_id).where(
    SeriesPerson.series_id.in_(_IDS), SeriesPerson.person_id.in_(_PEOPLE)
)


def known(session_ids: Collection[UUID], people: Sequence[UUID]) -> Known | None:
    """All that is known of the series of these sessions, which are of one roster; None: of none.

    Seven statements, however many series, sessions and people they are.
    """
    rows = list(run(_TOLD, {"ids": list(session_ids)}))
    if not rows:
        return None
    told = {row.id: _told(row) for row in rows}
    ids = {row.series_id for row in rows} | {row.split_from_id for row in rows}
    ids.discard(None)
    asked = {"ids": list(ids), "people": list(people)}
    series = {row.id: Found(*tuple(row)) for row in run(_SERIES, {"ids": list(ids)})}
    return Known(
        series,
        told,
        _have(asked),
        {(row.series_id, row.person_id): Held(*tuple(row)[2:]) for row in run(_HELD, asked)},
        {(row.session_id, row.person_id) for row in run(_SINGLY, asked)},
        _stays(series, asked),
    )


def _told(row: Any) -> Told:
    *meeting, series_id, created_at, sequence, capacity, _split_from = tuple(row)
    return Told(_meeting(*meeting), series_id, created_at, sequence, capacity)


def _meeting(
    key: UUID, due: str, starts_at: datetime, ends_at: datetime, address: str, link: str
) -> Meeting:
    span = Interval(starts_at, ends_at)
    return Meeting(key, datetime.fromisoformat(due), span, (address, link))


def _have(asked: dict[str, list[UUID]]) -> dict[Key, list[Meeting]]:
    found: defaultdict[Key, list[Meeting]] = defaultdict(list)
    for row in run(_HAVE, asked):
        series_id, person_id, *meeting = tuple(row)
        found[series_id, person_id].append(_meeting(*meeting))
    return found


def _stays(series: dict[UUID, Found], asked: dict[str, list[UUID]]) -> set[Key]:
    """Whose the sessions are that each series makes as it rolls on, if it does."""
    rolling = [one for one in series.values() if one.is_open]
    if not rolling:
        return set()
    here = {"roster_id": rolling[0].roster_id, "people": asked["people"]}
    members = {row.person_id: row.role in LEADS for row in run(_MEMBERS, here)}
    chosen = {(row.series_id, row.person_id) for row in run(_CHOSEN, asked)}
    return {
        (one.id, person_id)
        for one in rolling
        for person_id, leads in members.items()
        if leads or (one.session_capacity is None if one.for_all else (one.id, person_id) in chosen)
    }
