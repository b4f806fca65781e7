"""Calendars that others wrote, read for one thing alone: when their owner is busy."""

from supervision.domain.outside.busy import LONGEST_PIECE, merged, pieces, read_busy
from supervision.domain.outside.refusals import BROKEN, TOO_MANY, WEB_PAGE, Unreadable
from supervision.domain.outside.sieve import MOST_BYTES, MOST_EVENTS

__all__ = [
    "BROKEN",
    "LONGEST_PIECE",
    "MOST_BYTES",
    "MOST_EVENTS",
    "TOO_MANY",
    "WEB_PAGE",
    "Unreadable",
    "merged",
    "pieces",
    "read_busy",
]
