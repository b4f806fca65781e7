"""Polls as somebody sees them: what waits for them, a roster's polls, one poll."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, exists, literal_column, select

from supervision.db import UTCDateTime, run
from supervision.domain.finding import Hour
from supervision.errors import NotFound
from supervision.models.polls import Poll, PollAnswer, PollState, Shows, Word
from supervision.models.rosters import Membership, MemberState, Roster, RosterState
from supervision.models.sessions import Claim
from supervision.permissions import Actor, Place, can_run_roster, can_see_answers, can_take_part
from supervision.services.places import seen_roster
from supervision.services.polls.board import (
    POLL,
    POLLS,
    Board,
    Option,
    PollRow,
    board_of,
    busy,
    seen_poll,
)

LISTED = 50
_OF_ROSTER = (
    POLLS.where(POLL.c.roster_id == bindparam("roster_id"))
    .order_by(POLL.c.created_at.desc())
    .limit(LISTED)
)
# Said in the statement itself: only then does the small index of what is open serve.
_OPEN = Poll.state == literal_column(f"'{PollState.OPEN}'")
_AT = bindparam("at", type_=UTCDateTime)
_OPEN_OF_ROSTER = POLLS.where(
    POLL.c.roster_id == bindparam("roster_id"),
    POLL.c.state == literal_column(f"'{PollState.OPEN}'"),
    POLL.c.closes_at > _AT,
).order_by(POLL.c.closes_at)
WAITING = (
    select(Poll.id, Roster.title, Roster.kind, Poll.closes_at)
    .join(Roster, Roster.id == Poll.roster_id)
    .join(Membership, Membership.roster_id == Poll.roster_id)
    .outerjoin(
        PollAnswer,
        (PollAnswer.poll_id == Poll.id) & (PollAnswer.person_id == bindparam("actor_id")),
    )
    .where(
        Membership.person_id == bindparam("actor_id"),
        Membership.state == MemberState.ACTIVE,
        _OPEN,
        Poll.closes_at > _AT,
        PollAnswer.person_id.is_(None),
    )
)
_CLAIMED = select(
    exists().where(
        Claim.session_id == bindparam("session_id"), Claim.person_id == bindparam("actor_id")
    )
)
_IN_ORDER = WAITING.order_by(Poll.closes_at)


@dataclass(frozen=True)
class Waiting:
    """A poll that waits for the reader's answer until `closes_at`."""

    id: UUID
    title: str
    kind: str
    closes_at: datetime


@dataclass(frozen=True)
class OptionRow:
    """A proposed start as its reader sees it. `mine`: their own word, empty before they answer.

    `busy`: they have something else then. `possible`: it is still to come, and nobody who has to
    be there is busy. `worst`: how kind the hour is for whom it is worst. Names are of who said so.
    """

    id: UUID
    starts_at: datetime
    mine: str
    busy: bool
    possible: bool
    worst: Hour
    yes: Sequence[str]
    maybe: Sequence[str]
    no: Sequence[str]


@dataclass(frozen=True)
class PollPage:
    """A poll with what its reader may see and do. `options` are by time, `ranked` best first;

    `ranked`, `missing` and `remarks` are empty for who is not to see the others' answers.
    """

    poll: PollRow
    is_open: bool
    asks: bool
    answered: bool
    remark: str
    may_run: bool
    may_see: bool
    may_open: bool
    options: Sequence[OptionRow]
    ranked: Sequence[OptionRow]
    missing: Sequence[str]
    remarks: Sequence[tuple[str, str]]


def waiting_for(actor: Actor, at: datetime) -> list[Waiting]:
    """What waits for the actor's answer, what closes first before the others: one statement."""
    return [Waiting(*tuple(row)) for row in run(_IN_ORDER, {"actor_id": actor.id, "at": at})]


def open_polls_of(roster_id: UUID, at: datetime) -> list[PollRow]:
    """A roster's polls that take answers, for who is known to take part in it."""
    values = {"roster_id": roster_id, "at": at}
    return [PollRow(*tuple(row)) for row in run(_OPEN_OF_ROSTER, values)]


def polls_of(actor: Actor, roster_id: UUID) -> tuple[Roster, list[PollRow], bool]:
    """A roster, its latest polls, and whether the actor may ask another. Raises NotFound."""
    roster, place = seen_roster(actor, roster_id)
    if not can_take_part(place):
        raise NotFound
    rows = [PollRow(*tuple(row)) for row in run(_OF_ROSTER, {"roster_id": roster_id})]
    may_run = can_run_roster(place, roster.kind) and roster.state == RosterState.ACTIVE
    return roster, rows, may_run


def poll_page(actor: Actor, at: datetime, poll_id: UUID) -> PollPage:
    """Everything about a poll that the actor may see. Raises NotFound."""
    poll, place = seen_poll(actor, poll_id)
    board = board_of(poll)
    impossible, own = busy(board, at, actor.id)
    mine = next((one for one in board.asked if one.id == actor.id and one.answered_at), None)
    told = poll.shows == Shows.ANSWERED and (mine is not None or not poll.is_open(at))
    asks = poll.made_by_id == actor.id
    may_see = can_see_answers(place, asks=asks, told=told)
    rows = {
        option.id: _row(board, option, actor.id, option.id in own, tally.possible, tally.hours)
        for option, tally in board.ranked(impossible)
    }
    return PollPage(
        poll=poll,
        is_open=poll.is_open(at),
        asks=asks,
        answered=mine is not None,
        remark=(mine.remark or "") if mine else "",
        may_run=can_run_roster(place, poll.kind) and poll.roster_state == RosterState.ACTIVE,
        may_see=may_see,
        may_open=poll.session_id is not None and _may_open(actor, place, poll),
        options=[rows[option.id] for option in board.options],
        ranked=list(rows.values()) if may_see else [],
        missing=[one.name for one in board.members if not one.answered_at] if may_see else [],
        remarks=[(one.name, one.remark) for one in board.counted if one.remark] if may_see else [],
    )


def _may_open(actor: Actor, place: Place, poll: PollRow) -> bool:
    """Whether the page of the session that was booked is there for the actor."""
    values = {"session_id": poll.session_id, "actor_id": actor.id}
    is_mine = run(_CLAIMED, values).scalar_one()
    return bool(is_mine) or can_run_roster(place, poll.kind)


def _row(
    board: Board,
    option: Option,
    reader: UUID,
    is_busy: bool,
    possible: bool,
    hours: Sequence[Hour],
) -> OptionRow:
    said: dict[str, list[str]] = {word: [] for word in Word}
    for one in board.counted:
        said[option.words[one.id]].append(one.name)
    return OptionRow(
        option.id,
        option.starts_at,
        option.words.get(reader, ""),
        is_busy,
        possible,
        max(hours, default=Hour.GOOD),
        said[Word.YES],
        said[Word.MAYBE],
        said[Word.NO],
    )
