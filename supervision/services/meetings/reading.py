"""The rota of a roster and the agenda of a session, as a member sees them."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from supervision.db import run
from supervision.domain.methods import Method
from supervision.errors import NotFound
from supervision.models import people
from supervision.models.meetings import MeetingSwap, Part, SwapState
from supervision.models.rosters import Roster
from supervision.models.sessions import Session, SessionState
from supervision.permissions import Actor
from supervision.services.meetings.board import (
    Board,
    Due,
    Occasion,
    board_of,
    board_of_session,
    is_member,
)

SHORTEST = 5


@dataclass(frozen=True)
class Person:
    """Somebody's name, and the id that forms need."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Turn:
    """A presenter's turn: `minutes` for the case, said by somebody if `set_minutes`, else shared
    out; `seconds` that it took in the end."""

    id: UUID
    name: str
    title: str
    minutes: int
    seconds: int
    set_minutes: bool


@dataclass(frozen=True)
class Coming:
    """A coming meeting of the rota; times are instants."""

    session_id: UUID
    starts_at: datetime
    ends_at: datetime
    facilitator: Person | None
    presenters: list[Person]
    absent: list[Person]


@dataclass(frozen=True)
class Standing:
    """A member's turns beside their share, to a tenth; `short` is what is owed to them."""

    id: UUID
    name: str
    turns: int
    share: Fraction

    @property
    def short(self) -> Fraction:
        return self.share - self.turns


@dataclass(frozen=True)
class Rota:
    """The coming turns and the tally of those who take turns."""

    id: UUID
    title: str
    kind: str
    method: Method
    presenters: int
    coming: list[Coming]
    tally: list[Standing]
    meetings: int
    may_run: bool


@dataclass(frozen=True)
class Question:
    """An open question to take somebody's turn."""

    session_id: UUID
    title: str
    starts_at: datetime
    asker_id: UUID
    asker: str
    asked_id: UUID
    asked: str


@dataclass(frozen=True)
class Agenda:
    """A session's meeting: who does what, and what the viewer may do about it."""

    session_id: UUID
    roster_id: UUID
    title: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    method: Method
    facilitator: Person | None
    turns: list[Turn]
    there: list[Person]
    absent: list[Person]
    on_leave: set[UUID]
    free: list[Person]
    questions: list[Question]
    mine: str
    may_run: bool
    may_present: bool
    begun: bool
    ended: bool
    marked: bool
    signup: bool

    @property
    def open(self) -> bool:
        """Whether it can still be changed."""
        return not self.begun and not self.ended

    @property
    def minutes(self) -> int:
        return self.method.frame_minutes + sum(turn.minutes for turn in self.turns)

    def turn_of(self, person_id: UUID) -> Turn | None:
        return next((turn for turn in self.turns if turn.id == person_id), None)


def rota_of(actor: Actor, at: datetime, roster_id: UUID) -> Rota:
    """The next meetings' turns and everybody's tally. Raises NotFound."""
    board = board_of(actor, at, roster_id)
    members = [one for one in board.people.values() if is_member(one)]
    takers = [one for one in members if not (board.led and one.leads)]
    standings = [(one, board.tally.of.get(one.id)) for one in takers]
    return Rota(
        id=board.id,
        title=board.title,
        kind=board.kind,
        method=board.method,
        presenters=board.presenters,
        coming=[_coming(board, due) for due in board.coming if board.shows(due.occasion, actor.id)],
        tally=[
            Standing(one.id, one.name, had.turns if had else 0, had.share if had else Fraction(0))
            for one, had in standings
        ],
        meetings=board.tally.meetings,
        may_run=board.may_run,
    )


def _coming(board: Board, due: Due) -> Coming:
    return Coming(
        session_id=due.occasion.id,
        starts_at=due.occasion.starts_at,
        ends_at=due.occasion.ends_at,
        facilitator=_person(board, due.facilitator),
        presenters=_people(board, due.lineup.presenters),
        absent=_people(board, board.away(due.occasion.id)),
    )


def _person(board: Board, person_id: UUID | None) -> Person | None:
    return Person(person_id, board.people[person_id].name) if person_id in board.people else None


def _people(board: Board, ids: tuple[UUID, ...] | list[UUID]) -> list[Person]:
    return [Person(one, board.people[one].name) for one in ids if one in board.people]


def agenda_of(actor: Actor, at: datetime, session_id: UUID) -> Agenda:
    """Raises NotFound, also for a session that was cancelled."""
    return agenda_from(board_of_session(actor, at, session_id), actor, session_id)


def agenda_from(board: Board, actor: Actor, session_id: UUID) -> Agenda:
    due = board.due(session_id)
    if due is None:
        raise NotFound
    coming, occasion = _coming(board, due), due.occasion
    busy = {due.facilitator, *due.lineup.presenters}
    takers = board.takers(session_id)
    return Agenda(
        session_id=session_id,
        roster_id=board.id,
        title=board.title,
        kind=board.kind,
        starts_at=occasion.starts_at,
        ends_at=occasion.ends_at,
        zone=occasion.zone,
        method=board.method,
        facilitator=coming.facilitator,
        turns=turns_of(board, due),
        there=_people(board, due.there),
        absent=coming.absent,
        on_leave=board.on_leave[session_id],
        free=_people(board, [one for one in takers if one not in busy and one != actor.id]),
        questions=_questions(session_id),
        mine=_mine(board, actor, due),
        may_run=board.may_run,
        may_present=actor.id in takers and actor.id not in busy,
        begun=occasion.begun_at is not None,
        ended=occasion.ends_at <= board.at,
        marked=bool(board.came[session_id]),
        signup=occasion.signup,
    )


def _mine(board: Board, actor: Actor, due: Due) -> str:
    """The actor's own part in a meeting, as the rota gives it: leading is no turn."""
    if actor.id in due.lineup.presenters:
        return Part.PRESENTER
    if actor.id == due.lineup.facilitator:
        return Part.FACILITATOR
    return "absent" if actor.id in board.away(due.occasion.id) else ""


def turns_of(board: Board, due: Due) -> list[Turn]:
    """The presenters' turns in order, each with its minutes."""
    usual = usual_minutes(board.method, due.occasion, len(due.lineup.presenters))
    made = []
    for person_id in due.lineup.presenters:
        row = board.turns[due.occasion.id].get(person_id)
        said = row.minutes if row else None
        made.append(
            Turn(
                id=person_id,
                name=board.people[person_id].name,
                title=row.title if row else "",
                minutes=said or usual,
                seconds=row.seconds if row else 0,
                set_minutes=said is not None,
            )
        )
    return made


def usual_minutes(method: Method, occasion: Occasion, cases: int) -> int:
    """What a case has when nobody said: the method's, or less if the session is shorter."""
    room = (occasion.minutes - method.frame_minutes) // max(cases, 1)
    return max(SHORTEST, min(method.case_minutes, room))


_ASKER, _ASKED = aliased(people.Person), aliased(people.Person)
_QUESTIONS = (
    select(
        MeetingSwap.session_id,
        Roster.title,
        Session.starts_at,
        MeetingSwap.asker_id,
        _ASKER.name.label("asker"),
        MeetingSwap.asked_id,
        _ASKED.name.label("asked"),
    )
    .join(Session, Session.id == MeetingSwap.session_id)
    .join(Roster, Roster.id == Session.roster_id)
    .join(_ASKER, _ASKER.id == MeetingSwap.asker_id)
    .join(_ASKED, _ASKED.id == MeetingSwap.asked_id)
    .where(MeetingSwap.state == SwapState.ASKED)
    .order_by(Session.starts_at, MeetingSwap.created_at)
)
_OF_SESSION = _QUESTIONS.where(MeetingSwap.session_id == bindparam("session_id"))
_FOR = _QUESTIONS.where(
    MeetingSwap.asked_id == bindparam("actor_id"),
    Session.starts_at > bindparam("at"),
    Session.state == SessionState.PLANNED,
)


def _questions(session_id: UUID) -> list[Question]:
    return [Question(*tuple(row)) for row in run(_OF_SESSION, {"session_id": session_id})]


def questions_for(actor: Actor, at: datetime) -> list[Question]:
    """What others ask the actor to take over, the next meeting first."""
    return [Question(*tuple(row)) for row in run(_FOR, {"actor_id": actor.id, "at": at})]
