"""A roster's meetings as rows, and the rota that follows from them.

A session that has passed counts as held, with the turns that were written down and the rota's for
the rest: nobody has to keep a book. Who was it for are those with a confirmed claim. Who of them is
expected follows from what they said and from their leave; who was there from the attendance, once
it is marked. Somebody who was not there had no turn, which stays owed.
"""

from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, or_, select

from supervision.db import run
from supervision.domain.leave import on_leave
from supervision.domain.methods import BY_KEY, USUAL, Method
from supervision.domain.rota import Lineup, Tally
from supervision.errors import NotFound
from supervision.models.attendance import THERE, Attendance
from supervision.models.meetings import Meeting, MeetingAbsence, MeetingSetting, MeetingTurn, Part
from supervision.models.people import Person
from supervision.models.rosters import LEADS, Kind, Membership, MemberState, Roster, RosterState
from supervision.models.sessions import Claim, ClaimState, Session, SessionState
from supervision.permissions import Actor, Place, can_run_roster, can_take_part
from supervision.services.leave import leaves_of
from supervision.services.places import place_of, roster_of

AHEAD = 6


@dataclass(frozen=True)
class Occasion:
    """A planned session of the roster: [starts_at, ends_at), and its meeting's own.

    `signup`: it is for those of its members who signed up. `afterwards`: it was entered when it
    was over already (an import), so no rota had planned it.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    zone: str
    begun_at: datetime | None
    closed_at: datetime | None
    signup: bool
    for_all: bool
    afterwards: bool

    def over(self, at: datetime) -> bool:
        """Whether it counts: it has passed, or its meeting has begun."""
        return self.begun_at is not None or self.ends_at <= at

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def day(self) -> date:
        """Its day where it is held."""
        return self.starts_at.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True)
class TurnRow:
    """A turn as it is written down."""

    person_id: UUID
    part: str
    position: int
    title: str
    minutes: int | None
    seconds: int


@dataclass(frozen=True)
class One:
    """Somebody who is or was in the roster."""

    id: UUID
    name: str
    role: str
    state: str

    @property
    def leads(self) -> bool:
        return self.role in LEADS


@dataclass(frozen=True)
class Due:
    """A meeting with its turns; `led_by` is who leads a group, never one of the rota's."""

    occasion: Occasion
    lineup: Lineup
    led_by: UUID | None
    there: tuple[UUID, ...]

    @property
    def facilitator(self) -> UUID | None:
        return self.led_by or self.lineup.facilitator


@dataclass
class Board:
    """All that the rota of a roster follows from, at one instant."""

    id: UUID
    title: str
    kind: str
    active: bool
    place: Place
    method: Method
    presenters: int
    at: datetime
    people: dict[UUID, One] = field(default_factory=dict)
    occasions: list[Occasion] = field(default_factory=list)
    claims: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    absences: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    on_leave: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    came: dict[UUID, dict[UUID, bool]] = field(default_factory=lambda: defaultdict(dict))
    turns: dict[UUID, dict[UUID, TurnRow]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def led(self) -> bool:
        return self.kind == Kind.GROUP

    @property
    def may_run(self) -> bool:
        return self.active and can_run_roster(self.place, self.kind)

    def shows(self, occasion: Occasion, person_id: UUID) -> bool:
        """Whether a meeting is there for somebody: it is for all, or theirs, or they run it."""
        return occasion.for_all or self.may_run or person_id in self.claims[occasion.id]

    def expected(self, session_id: UUID) -> list[UUID]:
        """Who has not said otherwise, in the order of joining."""
        away = self.absences[session_id] | self.on_leave[session_id]
        return self._in_order(self.claims[session_id] - away)

    def there(self, session_id: UUID) -> list[UUID]:
        """Who was there, as far as it is marked; else who is expected."""
        here, came = set(self.expected(session_id)), self.came[session_id]
        return self._in_order(
            {one for one in self.claims[session_id] if came.get(one, one in here)}
        )

    def away(self, session_id: UUID) -> list[UUID]:
        """Whose session it is, and who is not there."""
        return self._in_order(self.claims[session_id] - set(self.there(session_id)))

    def _in_order(self, people: set[UUID]) -> list[UUID]:
        return [person for person in self.people if person in people]

    def takers(self, session_id: UUID) -> list[UUID]:
        """Those who are there and take turns."""
        return self._takers(self.there(session_id))

    def _takers(self, people: list[UUID]) -> list[UUID]:
        return [one for one in people if not (self.led and self.people[one].leads)]

    def fixed(self, session_id: UUID) -> Lineup:
        """The turns that are written down, of who is there; a case that took time was had."""
        there, written = self.there(session_id), self.turns[session_id].values()
        had = [row for row in written if row.seconds or row.person_id in there]
        rows = sorted(had, key=lambda row: row.position)
        leads = [row.person_id for row in rows if row.part == Part.FACILITATOR]
        presents = [row.person_id for row in rows if row.part == Part.PRESENTER]
        return Lineup(leads[0] if leads else None, tuple(presents))

    @cached_property
    def tally(self) -> Tally:
        """Everybody's standing after the meetings that have been."""
        tally = Tally()
        for _due in self._held(tally):
            pass
        return tally

    @cached_property
    def held(self) -> list[Due]:
        """The meetings that have been, oldest first."""
        return list(self._held(Tally()))

    @cached_property
    def coming(self) -> list[Due]:
        """The next meetings, as though all went as planned."""
        tally = deepcopy(self.tally)
        return list(self._run(tally, [o for o in self.occasions if not o.over(self.at)]))

    def due(self, session_id: UUID) -> Due | None:
        return next((one for one in self.held + self.coming if one.occasion.id == session_id), None)

    def _held(self, tally: Tally) -> Iterator[Due]:
        return self._run(tally, [o for o in self.occasions if o.over(self.at)])

    def _run(self, tally: Tally, occasions: list[Occasion]) -> Iterator[Due]:
        for occasion in occasions:
            there = self.there(occasion.id)
            lead = next((one for one in there if self.led and self.people[one].leads), None)
            if occasion.afterwards and not self.turns[occasion.id]:
                yield Due(occasion, Lineup(None, ()), lead, tuple(there))
                continue
            takers, lineup = self.takers(occasion.id), self.fixed(occasion.id)
            if not (occasion.over(self.at) and self.turns[occasion.id]):
                due = self._takers(self.expected(occasion.id))
                lineup = tally.line_up(due, self.presenters, self.led, lineup).only(takers)
            tally.held(takers, lineup)
            yield Due(occasion, lineup, lead, tuple(there))


_ROSTER = (
    select(
        Roster.id,
        Roster.title,
        Roster.kind,
        Roster.state,
        MeetingSetting.method,
        MeetingSetting.presenters,
    )
    .outerjoin(MeetingSetting, MeetingSetting.roster_id == Roster.id)
    .where(Roster.id == bindparam("roster_id"))
)
_PEOPLE = (
    select(Person.id, Person.name, Membership.role, Membership.state)
    .join(Membership, Membership.person_id == Person.id)
    .where(Membership.roster_id == bindparam("roster_id"), Membership.joined_at.is_not(None))
    .order_by(Membership.joined_at, func.lower(Person.name), Person.id)
)
_PLANNED = (Session.roster_id == bindparam("roster_id"), Session.state == SessionState.PLANNED)
_SEVENTH = (
    select(Session.starts_at)
    .where(*_PLANNED, Session.ends_at > bindparam("at"))
    .order_by(Session.starts_at)
    .offset(AHEAD)
    .limit(1)
    .scalar_subquery()
)
_UNTIL = select(Session.starts_at).where(Session.id == bindparam("session_id")).scalar_subquery()
_SHOWN = (
    *_PLANNED,
    or_(_SEVENTH.is_(None), Session.starts_at < _SEVENTH, Session.starts_at <= _UNTIL),
)
_OCCASIONS = (
    select(
        Session.id,
        Session.starts_at,
        Session.ends_at,
        Session.zone,
        Meeting.started_at,
        Meeting.ended_at,
        Session.capacity.is_not(None),
        Session.for_all,
        (Session.created_at >= Session.ends_at).label("afterwards"),
    )
    .outerjoin(Meeting, Meeting.session_id == Session.id)
    .where(*_SHOWN)
    .order_by(Session.starts_at, Session.id)
)
_CLAIMS = (
    select(Claim.session_id, Claim.person_id)
    .join(Session, Session.id == Claim.session_id)
    .where(*_SHOWN, Claim.state == ClaimState.CONFIRMED)
)
_ABSENCES = (
    select(MeetingAbsence.session_id, MeetingAbsence.person_id)
    .join(Session, Session.id == MeetingAbsence.session_id)
    .where(*_SHOWN)
)
_CAME = (
    select(Attendance.session_id, Attendance.person_id, Attendance.state)
    .join(Session, Session.id == Attendance.session_id)
    .where(*_SHOWN)
)
_TURNS = (
    select(
        MeetingTurn.session_id,
        MeetingTurn.person_id,
        MeetingTurn.part,
        MeetingTurn.position,
        MeetingTurn.title,
        MeetingTurn.minutes,
        MeetingTurn.seconds,
    )
    .join(Session, Session.id == MeetingTurn.session_id)
    .where(*_SHOWN)
)


def board_of(actor: Actor, at: datetime, roster_id: UUID, session_id: UUID | None = None) -> Board:
    """The rota of a peer or group roster that the actor takes part in.

    It reaches to the next six meetings, and to `session_id` if that lies further ahead. Raises
    NotFound.
    """
    row = run(_ROSTER, {"roster_id": roster_id}).one_or_none()
    place = place_of(actor, roster_id)
    if row is None or not can_take_part(place) or row.kind == Kind.INDIVIDUAL:
        raise NotFound
    board = Board(
        id=row.id,
        title=row.title,
        kind=row.kind,
        active=row.state == RosterState.ACTIVE,
        place=place,
        method=BY_KEY.get(row.method or "", USUAL),
        presenters=row.presenters or 1,
        at=at,
    )
    _fill(board, {"roster_id": roster_id, "at": at, "session_id": session_id})
    return board


def board_of_session(actor: Actor, at: datetime, session_id: UUID) -> Board:
    """As `board_of`, for the roster of a session that is there for the actor. Raises NotFound."""
    return board_of(actor, at, roster_of(actor, session_id), session_id)


def _fill(board: Board, values: dict[str, Any]) -> None:
    for row in run(_PEOPLE, values):
        board.people[row.id] = One(*tuple(row))
    board.occasions = [Occasion(*tuple(row)) for row in run(_OCCASIONS, values)]
    for row in run(_CLAIMS, values):
        board.claims[row.session_id].add(row.person_id)
    for row in run(_ABSENCES, values):
        board.absences[row.session_id].add(row.person_id)
    for row in run(_CAME, values):
        board.came[row.session_id][row.person_id] = row.state in THERE
    leaves = leaves_of(board.id)
    for occasion in board.occasions:
        board.on_leave[occasion.id] = on_leave(leaves, occasion.day)
    for row in run(_TURNS, values):
        board.turns[row.session_id][row.person_id] = TurnRow(*tuple(row)[1:])


def is_member(one: One) -> bool:
    return one.state == MemberState.ACTIVE
