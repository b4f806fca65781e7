"""Calendars elsewhere: added by their secret address, read by the worker, counted as busy."""

from supervision.services.outside.busy import OwnBusy, busy_times, own_busy, with_outside
from supervision.services.outside.calendars import (
    LABEL_LENGTH,
    MOST,
    CalendarRow,
    Elsewhere,
    add,
    elsewhere,
    read_now,
    remove,
    rename,
)
from supervision.services.outside.reading import Reader

__all__ = [
    "LABEL_LENGTH",
    "MOST",
    "CalendarRow",
    "Elsewhere",
    "OwnBusy",
    "Reader",
    "add",
    "busy_times",
    "elsewhere",
    "own_busy",
    "read_now",
    "remove",
    "rename",
    "with_outside",
]
