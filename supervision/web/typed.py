"""Numbers, days and times as they stand in a form or an address, where anything may stand.

What a page reads as more than a text passes here, so that nothing further on meets a number that no
column holds, or a day that no zone can be reckoned in. Each raises ValueError for whatever is none;
`request.args.get(…, type=number)` then gives what it gives where nothing was sent.
"""

import re
from datetime import UTC, date, datetime

from supervision.domain.calendar import EARLIEST, LATEST

# What a column of whole numbers takes, on either database.
LARGEST = 2**31 - 1
NUMBER = re.compile(r"[+-]?\d{1,10}")


def number(text: object) -> int:
    """A whole number from -LARGEST to LARGEST, in the digits of any script, with space around."""
    typed = str(text).strip()
    if not NUMBER.fullmatch(typed):
        raise ValueError
    found = int(typed)
    if abs(found) > LARGEST:
        raise ValueError
    return found


def day(text: str) -> date:
    """A date in ISO's form that the calendar can show."""
    found = date.fromisoformat(text)
    if not is_known(found):
        raise ValueError
    return found


def month(text: str) -> date:
    """2026-11 as its first day."""
    return day(f"{text}-01")


def local_time(text: str) -> datetime:
    """A date and time of day in ISO's form without a zone, on a day that the calendar can show."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None or not is_known(found.date()):
        raise ValueError
    return found


def instant(text: str) -> datetime:
    """A date and time of day in ISO's form with an offset, as an instant in UTC."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or not is_known(found.date()):
        raise ValueError
    return found.astimezone(UTC)


def is_known(found: date) -> bool:
    """Whether the calendar can show a day."""
    return EARLIEST <= found <= LATEST
