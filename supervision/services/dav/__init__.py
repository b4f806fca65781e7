"""Calendars as an account: who asks, and what their calendars hold and have changed."""

from supervision.services.dav.accounts import Account, account_of
from supervision.services.dav.collections import Calendar, calendar, calendars
from supervision.services.dav.receipts import note_asked, note_given
from supervision.services.dav.titles import ALL

__all__ = [
    "ALL",
    "Account",
    "Calendar",
    "account_of",
    "calendar",
    "calendars",
    "note_asked",
    "note_given",
]
