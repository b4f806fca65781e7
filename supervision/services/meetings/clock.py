"""The clock that everybody in a meeting sees: its state is a row, nobody's browser owns it.

Whoever presses a button says which step they saw; if somebody else was quicker nothing happens.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from supervision.db import db
from supervision.domain.methods import BY_KEY, USUAL, Method, Step, steps
from supervision.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from supervision.models.meetings import Meeting, MeetingTurn
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.meetings.agenda import fix, held_board, open_due
from supervision.services.meetings.board import Board, board_of_session
from supervision.services.meetings.reading import Agenda, Turn, agenda_from

EARLIEST = timedelta(hours=1)
MOST_EXTRA = 60


@dataclass(frozen=True)
class Now:
    """A meeting as it stands. Seconds may be below zero: over time. `step` is None before the
    beginning and after the end."""

    agenda: Agenda
    method: Method
    steps: list[Step]
    at_step: int
    version: int
    left: int
    spent: int
    running: bool
    paused: bool
    begun: bool
    ended: bool
    may_begin: bool
    may_lead: bool

    @property
    def step(self) -> Step | None:
        return self.steps[self.at_step] if self.begun and not self.ended else None

    @property
    def presenter(self) -> Turn | None:
        case = self.step.case if self.step else None
        return self.agenda.turns[case] if case is not None else None

    @property
    def last(self) -> bool:
        return self.at_step + 1 >= len(self.steps)


def meeting_now(actor: Actor, at: datetime, session_id: UUID) -> Now:
    """Raises NotFound."""
    board = board_of_session(actor, at, session_id)
    return _now(board, actor, at, session_id, _meeting(session_id))


def _meeting(session_id: UUID) -> Meeting | None:
    return db.session.scalar(
        select(Meeting)
        .where(Meeting.session_id == session_id)
        .execution_options(populate_existing=True)
    )


def _now(
    board: Board, actor: Actor, at: datetime, session_id: UUID, meeting: Meeting | None
) -> Now:
    agenda = agenda_from(board, actor, session_id)
    method = BY_KEY.get(meeting.method, USUAL) if meeting else board.method
    made = steps(method, [turn.minutes for turn in agenda.turns])
    number = min(meeting.step, len(made) - 1) if meeting else 0
    spent = _spent(meeting, at) if meeting else 0
    extra = meeting.extra_seconds if meeting else 0
    ended = meeting is not None and meeting.ended_at is not None
    paused = meeting is not None and meeting.paused_at is not None
    return Now(
        agenda=agenda,
        method=method,
        steps=made,
        at_step=number,
        version=meeting.version if meeting else -1,
        left=made[number].seconds + extra - spent,
        spent=spent,
        running=meeting is not None and not paused and not ended,
        paused=paused and not ended,
        begun=meeting is not None,
        ended=ended,
        may_begin=meeting is None and agenda.open and agenda.starts_at - EARLIEST <= at,
        may_lead=board.may_run,
    )


def _spent(meeting: Meeting, at: datetime) -> int:
    """Whole seconds that the step has run, pauses left out."""
    end = meeting.ended_at or meeting.paused_at or at
    return max(0, int((end - meeting.step_at).total_seconds()))


def begin(actor: Actor, at: datetime, session_id: UUID) -> None:
    """Begin a meeting: its turns are written down and its clock runs.

    Whoever runs the roster, from an hour before the session. Begun already: nothing happens.
    Raises NotFound, NotAllowed, Conflict.
    """
    board = held_board(actor, at, session_id)
    if not board.may_run:
        raise NotAllowed
    if _meeting(session_id) is not None:
        return
    due = open_due(board, session_id)
    if due.occasion.starts_at - EARLIEST > at:
        raise Conflict(N_("A meeting can be begun from an hour before its time."))
    fix(board, due)
    turns = agenda_from(board, actor, session_id).turns
    for turn in turns:
        _on_turn(session_id, turn.id, minutes=turn.minutes)
    db.session.add(
        Meeting(session_id=session_id, method=board.method.key, started_at=at, step_at=at)
    )
    db.session.flush()
    record(Act.MEETING_BEGIN, at, actor.id, session_id)


def _on_turn(session_id: UUID, person_id: UUID, **values: object) -> None:
    db.session.execute(
        update(MeetingTurn)
        .where(MeetingTurn.session_id == session_id, MeetingTurn.person_id == person_id)
        .values(**values)
    )


def _led(actor: Actor, at: datetime, session_id: UUID, step: int) -> tuple[Meeting, Now] | None:
    """A running meeting that the actor may lead; None when it is past that step by now."""
    board = held_board(actor, at, session_id)
    meeting = _meeting(session_id)
    if meeting is None:
        raise NotFound
    if not board.may_run:
        raise NotAllowed
    if meeting.ended_at is not None or meeting.step != step:
        return None
    return meeting, _now(board, actor, at, session_id, meeting)


def pause(actor: Actor, at: datetime, session_id: UUID, step: int) -> None:
    """Stop the clock. Raises NotFound, NotAllowed."""
    found = _led(actor, at, session_id, step)
    if found and found[0].paused_at is None:
        found[0].paused_at = at
        _changed(found[0])


def resume(actor: Actor, at: datetime, session_id: UUID, step: int) -> None:
    """Let the clock go on where it stopped. Raises NotFound, NotAllowed."""
    found = _led(actor, at, session_id, step)
    if found and found[0].paused_at is not None:
        meeting = found[0]
        meeting.step_at += at - found[0].paused_at
        meeting.paused_at = None
        _changed(meeting)


def add_minutes(actor: Actor, at: datetime, session_id: UUID, step: int, minutes: int) -> None:
    """Give the running step more time. Raises NotFound, NotAllowed, Invalid."""
    if not 1 <= minutes <= MOST_EXTRA:
        raise Invalid("minutes", N_("Choose between 1 and 60 minutes."))
    found = _led(actor, at, session_id, step)
    if found:
        found[0].extra_seconds += 60 * minutes
        _changed(found[0])


def next_step(actor: Actor, at: datetime, session_id: UUID, step: int) -> None:
    """Go on to the next phase; after the last the meeting is over. Raises NotFound, NotAllowed."""
    found = _led(actor, at, session_id, step)
    if found is None:
        return
    meeting, now = found
    if now.presenter is not None:
        _on_turn(session_id, now.presenter.id, seconds=now.presenter.seconds + now.spent)
    if now.last:
        meeting.ended_at = at
        record(Act.MEETING_END, at, actor.id, session_id)
    else:
        meeting.step += 1
        meeting.step_at, meeting.paused_at, meeting.extra_seconds = at, None, 0
    _changed(meeting)


def _changed(meeting: Meeting) -> None:
    meeting.version += 1
    db.session.flush()
