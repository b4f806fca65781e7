"""Attendance: who was at a session and for how long, marked, confirmed and corrected."""

from supervision.services.attendance.answers import WORDS, agree, disagree
from supervision.services.attendance.history import Change, Event, history_of
from supervision.services.attendance.listing import (
    Entry,
    Meeting,
    Present,
    attendance_of,
    own_attendance,
)
from supervision.services.attendance.marking import (
    REASON,
    Changed,
    Marking,
    mark,
    mark_everybody,
)
from supervision.services.attendance.reading import sheet_if_any, sheet_of
from supervision.services.attendance.sheet import Answer, Line, Said, Sheet, Version
from supervision.services.attendance.waiting import WAITING, Waiting, bounds, waiting
from supervision.services.attendance.words import CAME

__all__ = [
    "CAME",
    "REASON",
    "WAITING",
    "WORDS",
    "Answer",
    "Change",
    "Changed",
    "Entry",
    "Event",
    "Line",
    "Marking",
    "Meeting",
    "Present",
    "Said",
    "Sheet",
    "Version",
    "Waiting",
    "agree",
    "attendance_of",
    "bounds",
    "disagree",
    "history_of",
    "mark",
    "mark_everybody",
    "own_attendance",
    "sheet_if_any",
    "sheet_of",
    "waiting",
]
