"""Polls: propose times to a roster, answer, see what suits, and book it."""

from supervision.services.polls.answering import REMARK, answer
from supervision.services.polls.asking import MOST, Proposal, ask
from supervision.services.polls.board import PollRow
from supervision.services.polls.closing import close, end_polls, has_due, settle, tend_due
from supervision.services.polls.reading import (
    WAITING,
    OptionRow,
    PollPage,
    Waiting,
    open_polls_of,
    poll_page,
    polls_of,
    waiting_for,
)

__all__ = [
    "MOST",
    "REMARK",
    "WAITING",
    "OptionRow",
    "PollPage",
    "PollRow",
    "Proposal",
    "Waiting",
    "answer",
    "ask",
    "close",
    "end_polls",
    "has_due",
    "open_polls_of",
    "poll_page",
    "polls_of",
    "settle",
    "tend_due",
    "waiting_for",
]
