"""What an account's programs hold, for receipts: counted by the calendar of all sessions alone.

A program that only shows some rosters tells nothing of the others.
"""

from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from supervision.db import run, table, writing
from supervision.models.dav import Collection
from supervision.services.dav.accounts import Account
from supervision.services.dav.collections import Calendar
from supervision.services.dav.titles import ALL
from supervision.services.feeds.fetches import note_fetch

_C = table(Collection).c
_GIVE = (
    update(table(Collection))
    .where(_C.subscription_id == bindparam("id"), _C.name == ALL)
    .values(given=bindparam("state"))
)
log = get_logger()


def note_given(account: Account, calendar: Calendar, at: datetime, agent: str) -> None:
    """A program was given the present events of a calendar, or proved that it has them."""
    if calendar.name == ALL and calendar.given != calendar.ledger.state:
        try:
            with writing():
                run(_GIVE, {"id": account.id, "state": calendar.ledger.state})
        except SQLAlchemyError as error:
            log.warning("fetch not noted", error=type(error).__name__)
    note_fetch(account, calendar.version if calendar.name == ALL else None, at, agent)


def note_asked(account: Account, calendar: Calendar | None, at: datetime, agent: str) -> None:
    """A program asked how a calendar stands: whoever was given this very state has it still."""
    has = calendar and calendar.given == calendar.ledger.state
    note_fetch(account, calendar.version if calendar and has else None, at, agent)
