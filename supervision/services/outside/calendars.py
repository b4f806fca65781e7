"""What a person does with their calendars elsewhere: add, rename, have them read, remove, look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, insert, select, update

from supervision.db import run, table
from supervision.domain import vault
from supervision.domain.intervals import Interval
from supervision.domain.outside import Unreadable
from supervision.errors import N_, Conflict, Invalid, NotFound
from supervision.models.outside import CalendarState, OutsideBusy, OutsideCalendar
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.outside.addresses import Target, target_of
from supervision.services.outside.busy import OwnBusy, own_busy

MOST = 5
LABEL_LENGTH = 60
AGAIN = timedelta(minutes=1)
AWAITED = timedelta(minutes=2)
COMING = timedelta(days=14)
# Of a secret, enough to know it again by and far too little to guess the rest.
ENDING, LONG_ENOUGH = 8, 32


@dataclass(frozen=True)
class CalendarRow:
    """A calendar as its owner sees it; of its address the host and the last characters.

    `is_awaited`: its owner has just asked for it to be read and has no answer yet. `busy` is how
    much of the coming two weeks it takes. `failure` is a msgid. `may_read`: not just now.
    """

    id: UUID
    label: str
    host: str
    ending: str
    state: str
    is_awaited: bool
    tried_at: datetime | None
    good_at: datetime | None
    due_at: datetime | None
    failure: str
    busy: timedelta
    may_read: bool


@dataclass(frozen=True)
class Elsewhere:
    """All of a person's calendars, in order of their labels, and the times of two weeks."""

    calendars: Sequence[CalendarRow]
    busy: Sequence[OwnBusy]

    def calendar(self, calendar_id: UUID) -> CalendarRow:
        """One of them. Raises NotFound."""
        for one in self.calendars:
            if one.id == calendar_id:
                return one
        raise NotFound


_CALENDAR, _BUSY = table(OutsideCalendar), table(OutsideBusy)
_MINE = (
    select(_CALENDAR)
    .where(_CALENDAR.c.person_id == bindparam("me"))
    .order_by(_CALENDAR.c.label, _CALENDAR.c.created_at, _CALENDAR.c.id)
)
_ONE = (_CALENDAR.c.person_id == bindparam("me")) & (_CALENDAR.c.id == bindparam("key"))
_RENAME = update(_CALENDAR).where(_ONE).values(label=bindparam("new_label"))
_ASK = (
    update(_CALENDAR).where(_ONE).values(asked_at=bindparam("now_at"), due_at=bindparam("now_at"))
)
_REMOVE = delete(_CALENDAR).where(_ONE)
_FREE = delete(_BUSY).where(_BUSY.c.calendar_id == bindparam("key"))
_INSERT = insert(_CALENDAR)


def elsewhere(actor: Actor, at: datetime, pepper: bytes) -> Elsewhere:
    """The actor's calendars, and what they say of today and the days up to two weeks."""
    rows = run(_MINE, {"me": actor.id}).all()
    zone = ZoneInfo(actor.zone)
    today = datetime.combine(at.astimezone(zone).date(), time(), zone)
    within = Interval(today.astimezone(UTC), (today + COMING).astimezone(UTC))
    busy = own_busy(actor.id, within) if rows else []
    return Elsewhere([_row(row, at, busy, pepper) for row in rows], busy)


def _row(row: Any, at: datetime, busy: Iterable[OwnBusy], pepper: bytes) -> CalendarRow:
    host, ending = _shown(row, pepper)
    taken = (one.ends_at - one.starts_at for one in busy if one.calendar_id == row.id)
    return CalendarRow(
        id=row.id,
        label=row.label,
        host=host,
        ending=ending,
        state=row.state,
        is_awaited=_is_awaited(row, at),
        tried_at=row.tried_at,
        good_at=row.good_at,
        due_at=row.due_at,
        failure=row.failure,
        busy=sum(taken, timedelta()),
        may_read=_may_read(row, at),
    )


def _is_awaited(row: Any, at: datetime) -> bool:
    return row.asked_at is not None and at < row.asked_at + AWAITED


def _may_read(row: Any, at: datetime) -> bool:
    """Whether its server may be asked once more."""
    return not _is_awaited(row, at) and (row.tried_at is None or at >= row.tried_at + AGAIN)


def _shown(row: Any, pepper: bytes) -> tuple[str, str]:
    """Host and end of an address; nothing of one that no longer opens, or that is too short."""
    try:
        url = urlsplit(vault.open_address(row.address, row.person_id, row.id, pepper))
    except (vault.Damaged, ValueError):
        return "", ""
    rest = url.query or url.path
    return url.hostname or "", rest[-ENDING:] if len(rest) >= LONG_ENOUGH else ""


def add(
    actor: Actor, at: datetime, label: str, address: str, pepper: bytes, allowed: frozenset[str]
) -> UUID:
    """Add a calendar by its secret address; the worker reads it at once.

    Raises Invalid (its field named), Conflict when there are MOST already.
    """
    label = _checked_label(label)
    target = _checked_address(address, allowed)
    claims.serialise_unseen([actor.id])
    rows = run(_MINE, {"me": actor.id}).all()
    if len(rows) >= MOST:
        raise Conflict(N_("You have %(most)s calendars here. Remove one first."), most=str(MOST))
    if any(_is_same(row, target, pepper, allowed) for row in rows):
        raise Invalid("address", N_("This calendar is in your list already."))
    key = uuid4()
    values = {
        "id": key,
        "person_id": actor.id,
        "label": label,
        "address": vault.seal_address(address.strip(), actor.id, key, pepper),
        "created_at": at,
        "asked_at": at,
        "due_at": at,
    }
    run(_INSERT, values | {"state": CalendarState.NEW})
    record(Act.CALENDAR_ADD, at, actor.id, key)
    return key


def _checked_label(label: str) -> str:
    label = " ".join(label.split())
    if not 1 <= len(label) <= LABEL_LENGTH:
        raise Invalid(
            "label", N_("Give it a name of 1 to %(most)s characters."), most=str(LABEL_LENGTH)
        )
    return label


def _checked_address(address: str, allowed: frozenset[str]) -> Target:
    try:
        return target_of(address, allowed)
    except Unreadable as refusal:
        raise Invalid("address", refusal.msgid) from None


def _is_same(row: Any, target: Target, pepper: bytes, allowed: frozenset[str]) -> bool:
    try:
        address = vault.open_address(row.address, row.person_id, row.id, pepper)
        return target_of(address, allowed) == target
    except (vault.Damaged, Unreadable):
        return False


def rename(actor: Actor, at: datetime, calendar_id: UUID, label: str) -> None:
    """Give a calendar another label. Raises NotFound, Invalid."""
    _demand(actor, calendar_id)
    values = {"me": actor.id, "key": calendar_id, "new_label": _checked_label(label)}
    run(_RENAME, values)
    record(Act.CALENDAR_RENAME, at, actor.id, calendar_id)


def read_now(actor: Actor, at: datetime, calendar_id: UUID) -> None:
    """Have a calendar read at once, a paused one too.

    Raises NotFound, Conflict when it is being read or was a moment ago.
    """
    row = _demand(actor, calendar_id)
    if not _may_read(row, at):
        raise Conflict(N_("This calendar was read a moment ago. Wait a minute, then try again."))
    run(_ASK, {"me": actor.id, "key": calendar_id, "now_at": at})
    record(Act.CALENDAR_REFRESH, at, actor.id, calendar_id)


def remove(actor: Actor, at: datetime, calendar_id: UUID) -> None:
    """Forget a calendar, its address and its busy times. Raises NotFound."""
    _demand(actor, calendar_id)
    claims.serialise_unseen([actor.id])
    run(_FREE, {"key": calendar_id})
    run(_REMOVE, {"me": actor.id, "key": calendar_id})
    record(Act.CALENDAR_REMOVE, at, actor.id, calendar_id)


def _demand(actor: Actor, calendar_id: UUID) -> Any:
    """The row of a calendar of the actor's. Raises NotFound."""
    row = run(select(_CALENDAR).where(_ONE), {"me": actor.id, "key": calendar_id}).one_or_none()
    if row is None:
        raise NotFound
    return row
