"""Sessions: book, move and cancel one; read those of a person or a roster; who joins and leaves."""

from supervision.services.sessions.announcing import (
    announce_due,
    forget_announcements,
    has_announcements,
)
from supervision.services.sessions.changing import Changed, change_session
from supervision.services.sessions.clocks import follow_clocks
from supervision.services.sessions.files import session_file
from supervision.services.sessions.members import (
    cancel_coming,
    member_joined,
    member_left,
    republish,
)
from supervision.services.sessions.one import book_session, cancel_session, move_session
from supervision.services.sessions.page import Attendee, SessionPage, session_page
from supervision.services.sessions.plan import Booked, Wish
from supervision.services.sessions.reads import (
    PAGE,
    SessionRow,
    Standing,
    coming_of_roster,
    next_start,
    of_roster,
    past_of_roster,
    sessions_between,
)
from supervision.services.sessions.rules import SeriesInfo
from supervision.services.sessions.setting import USUAL, OwnPlace, Setting, check_link

__all__ = [
    "PAGE",
    "USUAL",
    "Attendee",
    "Booked",
    "Changed",
    "OwnPlace",
    "SeriesInfo",
    "SessionPage",
    "SessionRow",
    "Setting",
    "Standing",
    "Wish",
    "announce_due",
    "book_session",
    "cancel_coming",
    "cancel_session",
    "change_session",
    "check_link",
    "coming_of_roster",
    "follow_clocks",
    "forget_announcements",
    "has_announcements",
    "member_joined",
    "member_left",
    "move_session",
    "next_start",
    "of_roster",
    "past_of_roster",
    "republish",
    "session_file",
    "session_page",
    "sessions_between",
]
