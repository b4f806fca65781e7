"""What others need to know of when somebody can be booked: hours, terms, and what is taken.

Lists of persons cost one statement for each table. Nothing here asks who is allowed to know: what
comes out goes through `domain.slots` before anybody but its owner sees it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, or_, select

from supervision.db import UTCDateTime, run, table
from supervision.domain import holidays
from supervision.domain.intervals import Interval
from supervision.domain.slots import Hours, Openness, Start, Taken, Terms, Weekly, look
from supervision.errors import NotFound
from supervision.models.availability import (
    AvailabilityOverride,
    AvailabilityRule,
    AvailabilityTerms,
    SessionType,
    SessionTypeState,
    TimeOff,
)
from supervision.models.people import Person
from supervision.models.sessions import BUSY, Claim, Session
from supervision.services import outside
from supervision.services.claims import LONGEST

# A look reaches two dates beyond what it is asked for; one more, since zones lie apart.
AROUND = timedelta(days=3)
# Free minutes around a session, its length and theirs: nothing further off is in its way.
NEAR = timedelta(days=2)
# A day's and a week's sessions are counted whole, whatever part of them is looked at.
WEEK = timedelta(days=8)


@dataclass(frozen=True)
class OwnTerms:
    """A person's terms for all kinds of sessions; units as in models/availability.py."""

    zone: str
    step_minutes: int = 30
    before_minutes: int = 0
    after_minutes: int = 0
    notice_minutes: int = 24 * 60
    horizon_days: int = 90
    most_a_day: int | None = None
    most_a_week: int | None = None
    cancel_hours: int = 24
    holiday_country: str = ""
    holiday_region: str = ""

    def terms(self, minutes: int) -> Terms:
        """These terms for sessions of so many minutes."""
        return Terms(
            minutes=minutes,
            step=self.step_minutes,
            before=self.before_minutes,
            after=self.after_minutes,
            notice=timedelta(minutes=self.notice_minutes),
            horizon=self.horizon_days,
            most_a_day=self.most_a_day,
            most_a_week=self.most_a_week,
        )


@dataclass(frozen=True)
class SessionTypeRow:
    """A kind of session that somebody offers. `asks`: they accept each booking first.

    `most_weeks`: how many weekly sessions may be booked at once; 1: single ones only.
    """

    id: UUID
    person_id: UUID
    name: str
    minutes: int
    asks: bool
    most_weeks: int


_IDS: BindParameter[list[UUID]] = bindparam("ids", expanding=True)
_KEPT = AvailabilityTerms.__table__.c
_TERMS = (
    select(Person.id, Person.zone.label("own_zone"), *(c for c in _KEPT if c.name != "person_id"))
    .outerjoin(AvailabilityTerms, AvailabilityTerms.person_id == Person.id)
    .where(Person.id.in_(_IDS))
)
_RULE = table(AvailabilityRule)
_RULES = select(_RULE).where(
    _RULE.c.person_id.in_(_IDS),
    or_(_RULE.c.from_on.is_(None), _RULE.c.from_on <= bindparam("last")),
    or_(_RULE.c.until_on.is_(None), _RULE.c.until_on >= bindparam("first")),
)
_OVERRIDE = table(AvailabilityOverride)
_OVERRIDES = select(_OVERRIDE).where(
    _OVERRIDE.c.person_id.in_(_IDS),
    _OVERRIDE.c.held_on.between(bindparam("first"), bindparam("last")),
)
_OFF = table(TimeOff)
_TIME_OFF = select(_OFF).where(
    _OFF.c.person_id.in_(_IDS),
    _OFF.c.first_on <= bindparam("last"),
    _OFF.c.last_on >= bindparam("first"),
)
_TYPE = table(SessionType)
_OFFERED = select(*_TYPE.c["id", "person_id", "name", "minutes", "asks", "most_weeks"]).where(
    _TYPE.c.state == SessionTypeState.OFFERED
)
_TYPES = _OFFERED.where(_TYPE.c.person_id.in_(_IDS)).order_by(_TYPE.c.position, _TYPE.c.name)
_ONE_TYPE = _OFFERED.where(
    _TYPE.c.person_id == bindparam("person_id"), _TYPE.c.id == bindparam("type_id")
)


def own_terms(person_ids: Iterable[UUID]) -> dict[UUID, OwnTerms]:
    """Each person's terms: what they said, else the defaults in their own zone."""
    return {row.id: _own_terms(row) for row in run(_TERMS, {"ids": list(person_ids)})}


def _own_terms(row: Any) -> OwnTerms:
    if row.zone is None:
        return OwnTerms(row.own_zone)
    _id, _own_zone, *kept = row
    return OwnTerms(*kept)


def open_hours(person_ids: Iterable[UUID], first_day: date, last_day: date) -> dict[UUID, Openness]:
    """What these persons say of the local days [first_day, last_day], both inclusive.

    Enough for a `look` at any interval in these days, seen from any zone. A person who says
    nothing is open never.
    """
    ids = list(person_ids)
    first, last = first_day - AROUND, last_day + AROUND
    within = {"ids": ids, "first": first, "last": last}
    weekly, overrides, away = _weekly(within), _overrides(within), _away(within)
    return {
        key: Openness(
            zone=own.zone,
            weekly=tuple(weekly[key]),
            overrides=overrides[key],
            away=tuple(away[key]),
            holidays=frozenset(
                holidays.named(own.holiday_country, own.holiday_region, first, last)
            ),
        )
        for key, own in own_terms(ids).items()
    }


def _weekly(within: dict[str, Any]) -> dict[UUID, list[Weekly]]:
    found: dict[UUID, list[Weekly]] = defaultdict(list)
    for row in run(_RULES, within):
        hours = (row.from_minute, row.to_minute)
        rule = Weekly(row.weekday, hours, row.zone, row.from_on, row.until_on)
        found[row.person_id].append(rule)
    return found


def _overrides(within: dict[str, Any]) -> dict[UUID, dict[date, tuple[Hours, ...]]]:
    found: dict[UUID, dict[date, tuple[Hours, ...]]] = defaultdict(dict)
    for row in run(_OVERRIDES, within):
        hours = () if row.from_minute is None else ((row.from_minute, row.to_minute),)
        days = found[row.person_id]
        days[row.held_on] = days.get(row.held_on, ()) + hours
    return found


def _away(within: dict[str, Any]) -> dict[UUID, list[tuple[date, date]]]:
    found: dict[UUID, list[tuple[date, date]]] = defaultdict(list)
    for row in run(_TIME_OFF, within):
        found[row.person_id].append((row.first_on, row.last_on))
    return found


def session_types_of(person_id: UUID) -> list[SessionTypeRow]:
    """The kinds of session that a person offers, in their own order."""
    return [SessionTypeRow(*tuple(row)) for row in run(_TYPES, {"ids": [person_id]})]


def session_type(person_id: UUID, session_type_id: UUID) -> SessionTypeRow:
    """One kind of session that this person offers. Raises NotFound."""
    row = run(_ONE_TYPE, {"person_id": person_id, "type_id": session_type_id}).one_or_none()
    if row is None:
        raise NotFound
    return SessionTypeRow(*tuple(row))


def terms(person_id: UUID, session_type_id: UUID) -> Terms:
    """How this kind of session is booked with this person. Raises NotFound."""
    minutes = session_type(person_id, session_type_id).minutes
    return own_terms([person_id])[person_id].terms(minutes)


_CLAIM, _SESSION = table(Claim), table(Session)
_START, _END, _EARLIEST, _AT = (
    bindparam(name, type_=UTCDateTime) for name in ("start", "end", "earliest", "at")
)


def _alive() -> ColumnElement[bool]:
    """What takes time: hard claims but lapsed holds, soft ones of sessions that may be."""
    held = or_(_CLAIM.c.hold_expires_at.is_(None), _CLAIM.c.hold_expires_at > _AT)
    return or_(
        and_(_CLAIM.c.hard.is_(True), held),
        and_(_CLAIM.c.hard.is_(False), _SESSION.c.state.in_(BUSY)),
    )


TAKEN = (
    select(
        *_CLAIM.c["id", "person_id", "session_id", "starts_at", "ends_at", "hard", "state"],
    )
    .select_from(_CLAIM.outerjoin(_SESSION, _SESSION.c.id == _CLAIM.c.session_id))
    .where(
        _CLAIM.c.person_id.in_(_IDS),
        _CLAIM.c.starts_at < _END,
        _CLAIM.c.starts_at > _EARLIEST,
        _CLAIM.c.ends_at > _START,
        _alive(),
    )
    .order_by(_CLAIM.c.starts_at, _CLAIM.c.id)
)


def taken(
    person_ids: Iterable[UUID],
    within: Interval,
    ignore_session_ids: Iterable[UUID] = (),
    *,
    at: datetime,
    ignore_claim_ids: Iterable[UUID] = (),
) -> dict[UUID, Taken]:
    """What takes these persons' time in an interval, and a week around it, so that days count.

    Hard claims of sessions, of requests and of holds that have not lapsed at `at` are `sessions`;
    soft claims of planned or requested sessions are `other`, as is what calendars elsewhere say.
    The look at claims is bounded as in services/claims.py.
    """
    ids, start = list(person_ids), within.start - WEEK
    values = {"ids": ids, "start": start, "end": within.end + WEEK, "at": at}
    not_sessions, not_claims = frozenset(ignore_session_ids), frozenset(ignore_claim_ids)
    sessions: dict[UUID, list[Interval]] = defaultdict(list)
    other: dict[UUID, list[Interval]] = defaultdict(list)
    for row in run(TAKEN, values | {"earliest": start - LONGEST}):
        if row.session_id not in not_sessions and row.id not in not_claims:
            kept = sessions if row.hard else other
            kept[row.person_id].append(Interval(row.starts_at, row.ends_at))
    for key, times in outside.busy_times(ids, near(within)).items():
        other[key] += times
    return {key: Taken(tuple(sessions[key]), tuple(other[key])) for key in ids}


def near(within: Interval) -> Interval:
    """Where something may lie that is in the way of a start within an interval."""
    return Interval(within.start - NEAR, within.end + NEAR)


def starts(
    person_id: UUID,
    wanted: Terms,
    within: Interval,
    *,
    at: datetime,
    ignore_session_ids: Iterable[UUID] = (),
    ignore_claim_ids: Iterable[UUID] = (),
) -> list[Start]:
    """Every start on a person's grid in an interval, each with why it cannot be had, if so.

    The one function for showing and for committing: within a booking's transaction, after
    `claims.serialise`, it is asked again.
    """
    first, last = _days(within)
    busy = taken([person_id], within, ignore_session_ids, at=at, ignore_claim_ids=ignore_claim_ids)
    opened = open_hours([person_id], first, last)
    if person_id not in opened:
        raise NotFound
    return look(opened[person_id], wanted, busy[person_id], at, within)


def _days(within: Interval) -> tuple[date, date]:
    """The dates of an interval in UTC; `open_hours` allows for zones."""
    utc = ZoneInfo("UTC")
    return within.start.astimezone(utc).date(), within.end.astimezone(utc).date()
