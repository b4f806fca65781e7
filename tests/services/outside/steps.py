"""Steps that the tests of calendars elsewhere share."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.models.outside import OutsideBusy, OutsideCalendar
from supervision.permissions import Actor
from supervision.services import outside
from supervision.services.outside import reading
from supervision.services.outside.asking import Answer

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEPPER = b"p" * 64
NOWHERE: frozenset[str] = frozenset()
ADDRESS = "https://calendar.example/private-0123456789abcdef0123456789abcdef/basic.ics"


def add(actor: Actor, label: str = "Work", address: str = ADDRESS) -> UUID:
    key = outside.add(actor, AT, label, address, PEPPER, NOWHERE)
    db.session.commit()
    return key


def keep(actor: Actor, calendar_id: UUID, busy: Sequence[Interval], at: datetime = AT) -> None:
    """As the worker does after a good answer."""
    reading.keep(calendar_id, actor.id, actor.zone, Answer(list(busy), "", ""), at)
    db.session.commit()


def busy(actor: Actor, *intervals: Interval, label: str = "Work") -> UUID:
    """A calendar of somebody's that says that they are busy then."""
    key = add(actor, label, f"{ADDRESS}?{label}")
    keep(actor, key, intervals)
    return key


def row(calendar_id: UUID) -> OutsideCalendar:
    return db.session.get_one(OutsideCalendar, calendar_id, populate_existing=True)


def kept(calendar_id: UUID) -> list[Interval]:
    found = db.session.execute(
        select(OutsideBusy.starts_at, OutsideBusy.ends_at)
        .where(OutsideBusy.calendar_id == calendar_id)
        .order_by(OutsideBusy.starts_at)
    )
    return [Interval(*one) for one in found]
