"""The worker's part: read the calendars that are due, politely, and keep what they say.

A calendar is leased in one transaction, read by a child outside of any, and kept in another. At
most AT_ONCE children work at a time, and never two for one host.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import bindparam, delete, insert, select, update

from supervision.db import UTCDateTime, run, table, writing
from supervision.domain import vault
from supervision.domain.intervals import Interval
from supervision.domain.outside import Unreadable, pieces
from supervision.errors import N_
from supervision.models.mail import MailKind
from supervision.models.outside import CalendarState, OutsideBusy, OutsideCalendar
from supervision.models.people import Person
from supervision.services import claims, mail
from supervision.services.audit import Act, record
from supervision.services.outside.addresses import target_of
from supervision.services.outside.asking import Answer, Asking, Question

EVERY = timedelta(minutes=30)
JITTER = timedelta(minutes=3)
LONGEST_WAIT = timedelta(days=1)
PATIENCE = timedelta(days=14)
LEASE = timedelta(minutes=2)
PAST, AHEAD = timedelta(days=7), timedelta(days=400)
# Though nothing changed: the days that are looked at move on.
ANEW = timedelta(days=1)
AT_ONCE = 2
IN_VIEW = 50
LOST = N_("This address can no longer be opened here. Remove the calendar and add it again.")

_CALENDAR, _BUSY, _PERSON = table(OutsideCalendar), table(OutsideBusy), table(Person)
_AT = bindparam("at", type_=UTCDateTime)
_DUE = (
    select(_CALENDAR, _PERSON.c.zone.label("own_zone"))
    .join(_PERSON, _PERSON.c.id == _CALENDAR.c.person_id)
    .where(_CALENDAR.c.due_at <= _AT)
    .order_by(_CALENDAR.c.due_at, _CALENDAR.c.id)
    .limit(IN_VIEW)
)
_LEASE = (
    update(_CALENDAR)
    .where(_CALENDAR.c.id == bindparam("key"), _CALENDAR.c.due_at == bindparam("seen_at"))
    .values(due_at=bindparam("until"))
)
_OWNER = (
    select(_CALENDAR, *_PERSON.c["email", "name", "language"])
    .join(_PERSON, _PERSON.c.id == _CALENDAR.c.person_id)
    .where(_CALENDAR.c.id == bindparam("key"))
)
_KEPT = select(_BUSY.c.starts_at, _BUSY.c.ends_at).where(_BUSY.c.calendar_id == bindparam("key"))
_FORGET = delete(_BUSY).where(_BUSY.c.calendar_id == bindparam("key"))
_KEEP = insert(_BUSY)


@dataclass(frozen=True)
class Asked:
    """A calendar that a child is reading now."""

    id: UUID
    person_id: UUID
    host: str
    zone: str
    asking: Asking


class Reader:
    """The calendars that are being read; made once by the worker, which comes by every second."""

    def __init__(self, pepper: bytes, allowed: frozenset[str], base_url: str = "") -> None:
        self._pepper = pepper
        self._allowed = allowed
        self._base_url = base_url
        self._asked: list[Asked] = []

    def go_on(self, at: datetime) -> None:
        """Keep what was read, then begin with what is due. Never waits for a calendar."""
        for one in [one for one in self._asked if one.asking.is_over(at)]:
            self._asked.remove(one)
            self._end(one, at)
        if len(self._asked) < AT_ONCE:
            self._begin_due(at)

    def has_work(self, at: datetime) -> bool:
        """Whether something is being read, or is to be."""
        return bool(self._asked) or run(_DUE, {"at": at}).first() is not None

    @property
    def is_idle(self) -> bool:
        return not self._asked

    def stop(self) -> None:
        """End what is going on; it is due again when its lease is over."""
        for one in self._asked:
            one.asking.stop()
        self._asked.clear()

    def _end(self, one: Asked, at: datetime) -> None:
        answer: Answer | None = None
        failure = ""
        try:
            answer = one.asking.answer()
        except Unreadable as refusal:
            failure = refusal.msgid
        with writing():
            if answer is not None:
                keep(one.id, one.person_id, one.zone, answer, at)
            else:
                fail(one.id, failure, at, self._base_url)

    def _begin_due(self, at: datetime) -> None:
        for row in run(_DUE, {"at": at}).all():
            if len(self._asked) == AT_ONCE:
                return
            self._begin(row, at)

    def _begin(self, row: Any, at: datetime) -> None:
        try:
            address = vault.open_address(row.address, row.person_id, row.id, self._pepper)
            host = target_of(address, self._allowed).host
        except (vault.Damaged, Unreadable) as fault:
            with writing():
                failure = fault.msgid if isinstance(fault, Unreadable) else LOST
                fail(row.id, failure, at, self._base_url)
            return
        if host not in {one.host for one in self._asked} and _lease(row, at):
            asking = Asking(self._question(row, address, at), at)
            self._asked.append(Asked(row.id, row.person_id, host, row.own_zone, asking))

    def _question(self, row: Any, address: str, at: datetime) -> Question:
        fresh = row.read_at is not None and row.read_at > at - ANEW and row.zone == row.own_zone
        return Question(
            address=address,
            etag=row.etag if fresh else "",
            modified=row.modified if fresh else "",
            allowed=sorted(self._allowed),
            zone=row.own_zone,
            start=(at - PAST).timestamp(),
            end=(at + AHEAD).timestamp(),
        )


def _lease(row: Any, at: datetime) -> bool:
    """Whether this worker reads it: nobody else has begun meanwhile, and it is still there."""
    with writing():
        values = {"key": row.id, "seen_at": row.due_at, "until": at + LEASE}
        return run(_LEASE, values).rowcount == 1


def keep(calendar_id: UUID, person_id: UUID, zone: str, answer: Answer, at: datetime) -> None:
    """Put what a calendar says in the place of what it said before, in one transaction."""
    claims.serialise_unseen([person_id])
    values: dict[str, object] = {
        "state": CalendarState.GOOD,
        "asked_at": None,
        "tried_at": at,
        "good_at": at,
        "due_at": at + _wait(EVERY),
        "failing_since": None,
        "failures": 0,
        "failure": "",
    }
    if answer.busy is not None:
        values |= {"read_at": at, "zone": zone}
        values |= {"etag": answer.etag, "modified": answer.modified}
    if _change(calendar_id, values) and answer.busy is not None:
        _replace(calendar_id, person_id, list(pieces(answer.busy)))


def _change(calendar_id: UUID, values: dict[str, object]) -> bool:
    """Whether the calendar is still there: its owner may have removed it meanwhile."""
    changed = update(_CALENDAR).where(_CALENDAR.c.id == calendar_id).values(values)
    return run(changed).rowcount == 1


def _replace(calendar_id: UUID, person_id: UUID, busy: Sequence[Interval]) -> None:
    """Most calendars say again what they said before; then nothing is written."""
    if {Interval(*tuple(row)) for row in run(_KEPT, {"key": calendar_id})} == set(busy):
        return
    run(_FORGET, {"key": calendar_id})
    rows = [
        {
            "calendar_id": calendar_id,
            "person_id": person_id,
            "starts_at": one.start,
            "ends_at": one.end,
        }
        for one in busy
    ]
    if rows:
        run(_KEEP, rows)


def fail(calendar_id: UUID, failure: str, at: datetime, base_url: str = "") -> None:
    """Note a failure (a msgid) and wait longer; after two weeks of them, pause and tell its owner.

    The busy times that were last read stay.
    """
    row = run(_OWNER, {"key": calendar_id}).one_or_none()
    if row is None:
        return
    since = row.failing_since or at
    over = at - since >= PATIENCE
    wait = min(EVERY * 2 ** min(row.failures + 1, 10), LONGEST_WAIT)
    values: dict[str, object] = {
        "state": CalendarState.PAUSED if over else CalendarState.FAILING,
        "asked_at": None,
        "tried_at": at,
        "due_at": None if over else at + _wait(wait),
        "failing_since": since,
        "failures": row.failures + 1,
        "failure": failure,
    }
    _change(calendar_id, values)
    if over and row.state != CalendarState.PAUSED:
        record(Act.CALENDAR_PAUSE, at, None, calendar_id)
        _tell(row, failure, at, base_url)


def _tell(row: Any, failure: str, at: datetime, base_url: str) -> None:
    """Mail a calendar's owner that it is no longer tried, once for each time that it happens."""
    with force_locale(row.language):
        subject = _("Your calendar “%(label)s” can no longer be read", label=row.label)
        body = _(
            "For two weeks your calendar “%(label)s” could not be read, so it is no longer tried."
            "\n\nThe reason, the last time: %(reason)s\n\n"
            "The busy times that it last told still keep others from booking you then. Have it "
            "read again, or remove it, here:\n%(link)s\n",
            label=row.label,
            reason=_(failure),
            link=f"{base_url}/availability#calendars",
        )
    event = f"calendar-paused:{row.id}:{at:%Y%m%d}"
    mail.queue(event, row.email, subject, body, at, row.person_id, kind=MailKind.ACCOUNT)


def _wait(usual: timedelta) -> timedelta:
    """A little more or less, so that calendars do not all come at once."""
    spread = int(JITTER.total_seconds())
    return usual + timedelta(seconds=secrets.randbelow(2 * spread + 1) - spread)
