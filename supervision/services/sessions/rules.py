"""The rule of a series, and what of it is still to come."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from supervision.db import run
from supervision.domain.recurrence import Repeat
from supervision.models.sessions import Series, Session, SessionState


@dataclass(frozen=True)
class SeriesInfo:
    """A series: its rule, met by naive `starts_local` in `zone`, and what of it is to come.

    `goes_on`: another series goes on from where it was split.
    """

    id: UUID
    repeat: Repeat
    starts_local: str
    zone: str
    minutes: int
    state: str
    for_all: bool
    goes_on: bool
    coming: int
    last_at: datetime | None

    @property
    def first_day(self) -> date:
        """The local day of the rule's first occurrence, which gives the weekday."""
        return datetime.fromisoformat(self.starts_local).date()

    @property
    def ends_soon(self) -> bool:
        """Whether it has an end that fewer than four meetings lie before."""
        return not self.repeat.is_open and self.coming <= 3

    @property
    def extensible(self) -> bool:
        """Whether it has an end behind which it can go on."""
        planned = self.state == SessionState.PLANNED
        return planned and not self.repeat.is_open and not self.goes_on


_LATER = aliased(Series)
# Series with the count and the last of their planned sessions after :at.
INFO: Select[*tuple[Any, ...]] = (
    select(
        Series.id,
        Series.rrule,
        Series.starts_local,
        Series.zone,
        Series.minutes,
        Series.state,
        Series.for_all,
        exists().where(_LATER.split_from_id == Series.id, _LATER.state == SessionState.PLANNED),
        func.count(Session.id),
        func.max(Session.starts_at).label("last_at"),
    )
    .outerjoin(
        Session,
        (Session.series_id == Series.id)
        & (Session.starts_at > bindparam("at"))
        & (Session.state == SessionState.PLANNED),
    )
    .group_by(Series.id)
)
_ONE = INFO.where(Series.id == bindparam("series_id"))


def info(row: Any) -> SeriesInfo:
    """A row of INFO."""
    key, rrule, *others = tuple(row)
    return SeriesInfo(key, Repeat.parse(rrule), *others)


def series_info(series_id: UUID, at: datetime) -> SeriesInfo:
    """A series that is known to exist."""
    return info(run(_ONE, {"series_id": series_id, "at": at}).one())
