"""Changing a session's agenda: cases, order, minutes, who cannot come; and how a roster meets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from supervision.db import db, run, table
from supervision.domain.methods import BY_KEY
from supervision.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from supervision.models.meetings import (
    Meeting,
    MeetingAbsence,
    MeetingSetting,
    MeetingSwap,
    MeetingTurn,
    Part,
    SwapState,
)
from supervision.permissions import Actor
from supervision.services import places
from supervision.services.audit import Act, record
from supervision.services.meetings.board import Board, Due, board_of, board_of_session
from supervision.services.meetings.telling import parts_of, tell_attendance, tell_changed

TITLE_LENGTH = 80
MOST_PRESENTERS = 6
_TURN = table(MeetingTurn)
_ADD_TURN = insert(MeetingTurn)
_OF = (
    _TURN.c.session_id == bindparam("of_session"),
    _TURN.c.person_id == bindparam("of_person"),
)
_DROP_TURN = delete(_TURN).where(*_OF)


@dataclass(frozen=True)
class Case:
    """What a presenter brings: `minutes` None for the usual, `position` from 1 in the order."""

    title: str
    minutes: int | None
    position: int


def set_up(actor: Actor, at: datetime, roster_id: UUID, method: str, presenters: int) -> None:
    """Choose a roster's method and presenters a meeting, from the next meeting on.

    What has been is written down first, so that it stays as it was. Raises NotFound, NotAllowed,
    Invalid, Conflict.
    """
    places.hold_to_run(actor, roster_id)
    if method not in BY_KEY:
        raise Invalid("method", N_("Choose a method from the list."))
    if not 1 <= presenters <= MOST_PRESENTERS:
        raise Invalid("presenters", N_("Choose between 1 and 6 presenters."))
    board = board_of(actor, at, roster_id)
    for due in board.held:
        fix(board, due)
    setting = db.session.get(MeetingSetting, roster_id) or MeetingSetting(roster_id=roster_id)
    setting.method, setting.presenters = method, presenters
    db.session.add(setting)
    db.session.flush()
    record(Act.MEETING_SET_UP, at, actor.id, roster_id, presenters=presenters)


def fix(board: Board, due: Due) -> None:
    """Write a meeting's turns down as they stand; those that are written already stay."""
    known = board.turns[due.occasion.id]
    rows = [
        {"person_id": person, "part": part, "position": position}
        for part, people in (
            (Part.FACILITATOR, [due.lineup.facilitator] if due.lineup.facilitator else []),
            (Part.PRESENTER, due.lineup.presenters),
        )
        for position, person in enumerate(people)
        if person not in known
    ]
    if rows:
        db.session.execute(_ADD_TURN, [{"session_id": due.occasion.id, **row} for row in rows])


def held_board(actor: Actor, at: datetime, session_id: UUID) -> Board:
    """The board of a session's roster, which nobody else changes until the commit."""
    roster_id = places.roster_of(actor, session_id)  # a stranger waits for nothing
    places.hold(roster_id)
    return board_of_session(actor, at, session_id)


def open_due(board: Board, session_id: UUID) -> Due:
    """A meeting that can still be changed. Raises NotFound, Conflict."""
    due = board.due(session_id)
    if due is None:
        raise NotFound
    if not board.active:
        raise Conflict(N_("This roster has ended."))
    if due.occasion.begun_at is not None:
        raise Conflict(N_("This meeting has begun; its agenda stays as it is."))
    if due.occasion.ends_at <= board.at:
        raise Conflict(N_("This meeting is over; its agenda stays as it is."))
    return due


@dataclass
class _Change:
    """The meeting as it was before it is changed; afterwards as it is, and who was told of it."""

    board: Board
    due: Due
    told: set[UUID] = field(default_factory=set)


@contextmanager
def changing(actor: Actor, at: datetime, session_id: UUID, base_url: str) -> Iterator[_Change]:
    """A change of one meeting's turns: they are written down first, and who is touched is told."""
    board = held_board(actor, at, session_id)
    due = open_due(board, session_id)
    fix(board, due)
    change = _Change(board, due)
    yield change
    db.session.flush()
    after = board_of_session(actor, at, session_id)
    now = after.due(session_id)
    if now is not None:
        fix(after, now)
        change.told = tell_changed(actor, at, after, now, parts_of(due), base_url)
        change.board, change.due = after, now


def put_case(
    actor: Actor, at: datetime, session_id: UUID, person_id: UUID, case: Case, base_url: str = ""
) -> None:
    """Say what somebody presents; who has no turn yet offers a case of their own by it.

    One's own case, or anybody's for who runs the roster. Raises NotFound, NotAllowed, Invalid,
    Conflict.
    """
    _check(case)
    with changing(actor, at, session_id, base_url) as change:
        order = [one for one in change.due.lineup.presenters if one != person_id]
        new = len(order) == len(change.due.lineup.presenters)
        _may_put(actor, change, person_id, new)
        if new:
            row = {"session_id": session_id, "person_id": person_id, "part": Part.PRESENTER}
            db.session.execute(_ADD_TURN, [row | {"position": len(order)}])
        order.insert(max(case.position - 1, 0), person_id)
        _write(session_id, order, person_id, case)
    record(Act.MEETING_AGENDA, at, actor.id, session_id, person=person_id)


def _check(case: Case) -> None:
    if len(case.title) > TITLE_LENGTH:
        raise Invalid("title", N_("Keep this to 80 characters."))
    if case.minutes is not None and not 5 <= case.minutes <= 120:
        raise Invalid("minutes", N_("Choose between 5 and 120 minutes."))


def _may_put(actor: Actor, change: _Change, person_id: UUID, new: bool) -> None:
    board, due = change.board, change.due
    if person_id != actor.id and (new or not board.may_run):
        raise NotFound if person_id not in due.there else NotAllowed
    if not new:
        return
    if person_id == due.lineup.facilitator:
        raise Conflict(N_("You facilitate this meeting. Ask somebody to take that turn first."))
    if person_id not in board.takers(due.occasion.id):
        raise NotAllowed


def _write(session_id: UUID, order: list[UUID], person_id: UUID, case: Case) -> None:
    this = MeetingTurn.session_id == session_id
    for position, one in enumerate(order):
        db.session.execute(
            update(MeetingTurn).where(this, MeetingTurn.person_id == one).values(position=position)
        )
    db.session.execute(
        update(MeetingTurn)
        .where(this, MeetingTurn.person_id == person_id)
        .values(title=" ".join(case.title.split()), minutes=case.minutes)
    )


def mark_absent(
    actor: Actor, at: datetime, session_id: UUID, person_id: UUID, base_url: str = ""
) -> None:
    """Somebody cannot come: their turn passes on for this meeting, and stays owed to them.

    Oneself, or anybody for who runs the roster. Raises NotFound, NotAllowed, Conflict.
    """
    with changing(actor, at, session_id, base_url) as change:
        _may_mark(actor, change.board, session_id, person_id)
        if person_id in change.board.absences[session_id]:
            return
        db.session.add(MeetingAbsence(session_id=session_id, person_id=person_id, said_at=at))
        _pass_on(session_id, person_id)
    record(Act.MEETING_ABSENT, at, actor.id, session_id, person=person_id)
    _tell(actor, at, change, person_id, False, base_url)


def _pass_on(session_id: UUID, person_id: UUID) -> None:
    """Take somebody's turn out of a meeting, and what was asked about it."""
    run(_DROP_TURN, {"of_session": session_id, "of_person": person_id})
    db.session.execute(
        update(MeetingSwap)
        .where(
            MeetingSwap.session_id == session_id,
            MeetingSwap.state == SwapState.ASKED,
            (MeetingSwap.asker_id == person_id) | (MeetingSwap.asked_id == person_id),
        )
        .values(state=SwapState.WITHDRAWN)
    )


def expect_no_longer(session_id: UUID, person_id: UUID) -> None:
    """Somebody signed off: a turn that was written down for them passes on.

    The turns of a meeting that has begun stay as they are.
    """
    if db.session.scalar(select(Meeting.session_id).where(Meeting.session_id == session_id)):
        return
    _pass_on(session_id, person_id)


def expect_again(session_id: UUID, person_id: UUID) -> None:
    """Somebody signed up: whatever they said before, they can come."""
    db.session.execute(
        delete(MeetingAbsence).where(
            MeetingAbsence.session_id == session_id, MeetingAbsence.person_id == person_id
        )
    )


def come(actor: Actor, at: datetime, session_id: UUID, person_id: UUID, base_url: str = "") -> None:
    """Somebody can come after all; turns that were passed on stay where they are."""
    with changing(actor, at, session_id, base_url) as change:
        _may_mark(actor, change.board, session_id, person_id)
        if person_id not in change.board.absences[session_id]:
            return
        expect_again(session_id, person_id)
    record(Act.MEETING_PRESENT, at, actor.id, session_id, person=person_id)
    _tell(actor, at, change, person_id, True, base_url)


def _tell(
    actor: Actor, at: datetime, change: _Change, person_id: UUID, comes: bool, base_url: str
) -> None:
    board, due, told = change.board, change.due, change.told
    tell_attendance(actor, at, board, due, person_id, comes, told, base_url)


def _may_mark(actor: Actor, board: Board, session_id: UUID, person_id: UUID) -> None:
    if person_id not in board.claims[session_id]:
        raise NotFound
    if person_id != actor.id and not board.may_run:
        raise NotAllowed
