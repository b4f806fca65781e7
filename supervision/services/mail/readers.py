"""Who reads a mail, and how instants look to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from supervision.db import run
from supervision.domain.intervals import Interval
from supervision.models.people import Person


class Addressee(Protocol):
    """Somebody to write to: a person's row, an actor, a reader."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def language(self) -> str: ...


@dataclass(frozen=True)
class Reader:
    """Somebody to write to, with what decides how times look to them."""

    id: UUID
    name: str
    email: str
    zone: str
    clock: str
    language: str


# The columns of a Reader, for statements of others.
COLUMNS = (Person.id, Person.name, Person.email, Person.zone, Person.clock, Person.language)
_THESE = select(*COLUMNS).where(Person.id.in_(bindparam("ids", expanding=True))).order_by(Person.id)


def readers(ids: Collection[UUID]) -> list[Reader]:
    """These people as readers, by id: one statement."""
    return [Reader(*tuple(row)) for row in run(_THESE, {"ids": list(ids)})] if ids else []


def moment(instant: datetime, reader: Reader) -> str:
    """An instant as its reader's clock shows it: Tue 24 Nov 2026, 14:30 (Toronto)."""
    return f"{short_moment(instant, reader)} ({city(reader.zone)})"


def short_moment(instant: datetime, reader: Reader) -> str:
    """As `moment`, for where its zone is understood: Tue 24 Nov 2026, 14:30."""
    local = instant.astimezone(ZoneInfo(reader.zone))
    return f"{day_words(local, reader)}, {clock_words(local, reader)}"


def when(span: Interval, reader: Reader, zone: str) -> str:
    """Tue 24 Nov 2026, 14:30 to 15:20 (Toronto); 19:30 in London, where `zone` differs."""
    day = day_words(span.start.astimezone(ZoneInfo(reader.zone)), reader)
    return str(_("%(day)s, %(hours)s", day=day, hours=hours(span, reader, zone)))


def hours(span: Interval, reader: Reader, zone: str) -> str:
    """As `when`, for where the day is understood."""
    start, end = (one.astimezone(ZoneInfo(reader.zone)) for one in span)
    text = _(
        "%(start)s to %(end)s (%(place)s)",
        start=clock_words(start, reader),
        end=clock_words(end, reader),
        place=city(reader.zone),
    )
    there = span.start.astimezone(ZoneInfo(zone))
    if there.utcoffset() != start.utcoffset():
        time, place = clock_words(there, reader), city(zone)
        text = _("%(when)s; %(time)s in %(place)s", when=text, time=time, place=place)
    return str(text)


def day_words(local: datetime, reader: Reader) -> str:
    return format_date(local.date(), "EEE d MMM yyyy", reader.language)


def clock_words(local: datetime, reader: Reader) -> str:
    if reader.clock == "24":
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
