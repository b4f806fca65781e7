"""The only reader of the clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This instant, aware and in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The local date in an IANA zone."""
    return now().astimezone(ZoneInfo(zone)).date()
