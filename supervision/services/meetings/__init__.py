"""Meetings of peer and group rosters: whose turn it is, the agenda, swaps, the shared clock."""

from supervision.services.meetings.agenda import (
    MOST_PRESENTERS,
    TITLE_LENGTH,
    Case,
    come,
    expect_again,
    expect_no_longer,
    mark_absent,
    put_case,
    set_up,
)
from supervision.services.meetings.clock import (
    Now,
    add_minutes,
    begin,
    meeting_now,
    next_step,
    pause,
    resume,
)
from supervision.services.meetings.leaving import end_leave, take_leave
from supervision.services.meetings.reading import (
    Agenda,
    Person,
    Question,
    Rota,
    Turn,
    agenda_of,
    questions_for,
    rota_of,
)
from supervision.services.meetings.swaps import answer_swap, ask_swap, withdraw_swap

__all__ = [
    "MOST_PRESENTERS",
    "TITLE_LENGTH",
    "Agenda",
    "Case",
    "Now",
    "Person",
    "Question",
    "Rota",
    "Turn",
    "add_minutes",
    "agenda_of",
    "answer_swap",
    "ask_swap",
    "begin",
    "come",
    "end_leave",
    "expect_again",
    "expect_no_longer",
    "mark_absent",
    "meeting_now",
    "next_step",
    "pause",
    "put_case",
    "questions_for",
    "resume",
    "rota_of",
    "set_up",
    "take_leave",
    "withdraw_swap",
]
