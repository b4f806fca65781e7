"""Swaps by consent: ask another member to take one's turn; they accept or decline."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from supervision.db import db
from supervision.errors import N_, Conflict, Invalid, NotFound
from supervision.models.meetings import MeetingSwap, MeetingTurn, SwapState
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.meetings.agenda import fix, held_board, open_due
from supervision.services.meetings.board import Board, Due
from supervision.services.meetings.telling import DO, parts_of, tell_one

# What is told of a question: subject and body.
WORDS = {
    "asked": (
        N_("%(name)s asks you to take a turn: %(title)s, %(when)s"),
        N_(
            "%(name)s asks whether you would %(do)s instead of them in "
            "“%(title)s” on %(when)s.\nYou are free to say no. If you say yes, the rota counts the "
            "turn as yours.\n\n"
            "Accept or decline here:\n%(link)s\n"
        ),
    ),
    "accepted": (
        N_("%(name)s takes your turn: %(title)s, %(when)s"),
        N_("%(name)s takes your turn in “%(title)s” on %(when)s.\n\n%(link)s\n"),
    ),
    "declined": (
        N_("%(name)s cannot take your turn: %(title)s, %(when)s"),
        N_(
            "%(name)s cannot take your turn in “%(title)s” on %(when)s. It is "
            "still yours; you can ask somebody else.\n\n%(link)s\n"
        ),
    ),
    "withdrawn": (
        N_("%(name)s no longer asks: %(title)s, %(when)s"),
        N_(
            "%(name)s no longer asks you to take a turn in “%(title)s” on %(when)s. There is "
            "nothing for you to answer.\n\n%(link)s\n"
        ),
    ),
}


def ask_swap(
    actor: Actor, at: datetime, session_id: UUID, asked_id: UUID, base_url: str = ""
) -> None:
    """Ask somebody who comes and has no turn to take the actor's. Raises NotFound, Conflict."""
    board = held_board(actor, at, session_id)
    due = open_due(board, session_id)
    fix(board, due)
    parts = parts_of(due)
    if actor.id not in parts:
        raise Conflict(N_("You have no turn in this meeting."))
    if asked_id not in board.takers(session_id) or asked_id in parts:
        raise Invalid("asked", N_("Choose somebody who comes and has no turn yet."))
    if _open(session_id, actor.id):
        raise Conflict(N_("You have asked somebody already. Withdraw that first."))
    swap = MeetingSwap(session_id=session_id, asker_id=actor.id, asked_id=asked_id, created_at=at)
    db.session.add(swap)
    db.session.flush()
    record(Act.MEETING_SWAP_ASK, at, actor.id, session_id, person=asked_id)
    _tell(asked_id, "asked", at, board, due, base_url, actor, parts[actor.id], swap.id)


def withdraw_swap(actor: Actor, at: datetime, session_id: UUID, base_url: str = "") -> None:
    """Take one's question back. Raises NotFound when there is none."""
    board = held_board(actor, at, session_id)
    swap = _open(session_id, actor.id)
    if swap is None:
        raise NotFound
    _close(swap, SwapState.WITHDRAWN)
    record(Act.MEETING_SWAP_WITHDRAW, at, actor.id, session_id)
    due = board.due(session_id)
    if due is not None:
        do = parts_of(due).get(actor.id, "")
        _tell(swap.asked_id, "withdrawn", at, board, due, base_url, actor, do, swap.id)


def answer_swap(
    actor: Actor, at: datetime, session_id: UUID, asker_id: UUID, yes: bool, base_url: str = ""
) -> None:
    """Take somebody's turn, or not. Raises NotFound, Conflict when it can no longer be taken."""
    board = held_board(actor, at, session_id)
    swap = _open(session_id, asker_id)
    if swap is None or swap.asked_id != actor.id:
        raise NotFound
    due = open_due(board, session_id)
    parts = parts_of(due)
    if yes:
        if asker_id not in parts or actor.id in parts or actor.id not in due.there:
            raise Conflict(N_("The turns have changed since; this one cannot be taken any more."))
        _hand_over(session_id, asker_id, actor.id)
    _close(swap, SwapState.ACCEPTED if yes else SwapState.DECLINED)
    record(Act.MEETING_SWAP_ANSWER, at, actor.id, session_id, person=asker_id, yes=int(yes))
    what = "accepted" if yes else "declined"
    _tell(asker_id, what, at, board, due, base_url, actor, parts.get(asker_id, ""), swap.id)


def _hand_over(session_id: UUID, giver: UUID, taker: UUID) -> None:
    """The turn changes hands; what the giver would have presented does not."""
    db.session.execute(
        update(MeetingTurn)
        .where(MeetingTurn.session_id == session_id, MeetingTurn.person_id == giver)
        .values(person_id=taker, title="", minutes=None)
    )


def _open(session_id: UUID, asker_id: UUID) -> MeetingSwap | None:
    return db.session.scalar(
        select(MeetingSwap).where(
            MeetingSwap.session_id == session_id,
            MeetingSwap.asker_id == asker_id,
            MeetingSwap.state == SwapState.ASKED,
        )
    )


def _close(swap: MeetingSwap, state: SwapState) -> None:
    swap.state = state
    db.session.flush()


def _tell(
    reader_id: UUID,
    what: str,
    at: datetime,
    board: Board,
    due: Due,
    base_url: str,
    actor: Actor,
    do: str,
    swap_id: UUID,
) -> None:
    tell_one(
        reader_id,
        f"swap:{swap_id}:{what}",
        WORDS[what],
        at,
        due.occasion.starts_at,
        name=actor.name,
        title=board.title,
        do=DO.get(do),
        link=f"{base_url}/sessions/{due.occasion.id}/agenda",
    )
