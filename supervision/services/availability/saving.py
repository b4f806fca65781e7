"""A person's own availability, read and replaced as one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BindParameter, Table, bindparam, delete, insert, select, update

from supervision.db import run, table
from supervision.domain.slots import Hours
from supervision.models.availability import (
    AvailabilityOverride,
    AvailabilityRule,
    AvailabilityTerms,
    SessionType,
    SessionTypeState,
    TimeOff,
)
from supervision.permissions import Actor
from supervision.services import claims
from supervision.services.audit import Act, record
from supervision.services.availability.checks import faults
from supervision.services.availability.reading import own_terms, session_types_of
from supervision.services.availability.saying import Away, DateHours, Offer, WeekHours, Whole

_RULE, _OVERRIDE, _OFF = table(AvailabilityRule), table(AvailabilityOverride), table(TimeOff)
_TERMS, _TYPE = table(AvailabilityTerms), table(SessionType)
_ME: BindParameter[UUID] = bindparam("me")
_RULES = select(_RULE).where(_RULE.c.person_id == _ME)
_DATES = (
    select(_OVERRIDE)
    .where(_OVERRIDE.c.person_id == _ME, _OVERRIDE.c.held_on >= bindparam("since"))
    .order_by(_OVERRIDE.c.held_on, _OVERRIDE.c.from_minute)
)
_AWAY = (
    select(_OFF)
    .where(_OFF.c.person_id == _ME, _OFF.c.last_on >= bindparam("since"))
    .order_by(_OFF.c.first_on)
)


def whole_of(actor: Actor, since: date) -> Whole:
    """What the actor says of their availability; dates that were over before `since` left out."""
    mine = {"me": actor.id}
    dates = run(_DATES, mine | {"since": since})
    away = run(_AWAY, mine | {"since": since})
    return Whole(
        own_terms([actor.id])[actor.id],
        _grouped(run(_RULES, mine)),
        [DateHours(row.held_on, _hours(row)) for row in dates],
        [Away(row.first_on, row.last_on, row.label) for row in away],
        [
            Offer(row.name, row.minutes, row.asks, row.most_weeks, row.id)
            for row in session_types_of(actor.id)
        ],
    )


def _hours(row: Any) -> Hours | None:
    return None if row.from_minute is None else (row.from_minute, row.to_minute)


def _grouped(rows: Iterable[Any]) -> list[WeekHours]:
    """Rules that differ in their weekday alone are one line, the earliest week first."""
    days: dict[tuple[Hours, date | None, date | None], set[int]] = defaultdict(set)
    for row in rows:
        days[(row.from_minute, row.to_minute), row.from_on, row.until_on].add(row.weekday)
    found = [WeekHours(tuple(sorted(found)), *key) for key, found in days.items()]
    return sorted(found, key=lambda one: (one.from_on or date.min, one.weekdays, one.hours))


def save_availability(actor: Actor, at: datetime, whole: Whole) -> None:
    """Put all of this in the place of what the actor said before.

    Kinds of session keep their ids; one that is no longer named is ended. Nobody who books the
    actor does so half before and half after. Raises Invalid, its field named by row:
    `week-0-until_at`.
    """
    for fault in faults(whole):
        raise fault
    claims.serialise([actor.id])
    for kept in (_RULE, _OVERRIDE, _OFF, _TERMS):
        run(delete(kept).where(kept.c.person_id == actor.id))
    run(insert(_TERMS), {"person_id": actor.id, **asdict(whole.terms)})
    _add(_RULE, actor.id, _rules(whole))
    _add(_OVERRIDE, actor.id, [{"held_on": one.held_on, **_minutes(one)} for one in whole.dates])
    _add(_OFF, actor.id, [asdict(one) for one in whole.away])
    _keep_offers(actor.id, whole.offers)
    record(Act.AVAILABILITY_SAVE, at, actor.id, actor.id, hours=len(whole.week))


def _rules(whole: Whole) -> list[dict[str, Any]]:
    return [
        {
            "weekday": weekday,
            "from_minute": one.hours[0],
            "to_minute": one.hours[1],
            "zone": whole.terms.zone,
            "from_on": one.from_on,
            "until_on": one.until_on,
        }
        for one in whole.week
        for weekday in one.weekdays
    ]


def _minutes(one: DateHours) -> dict[str, int | None]:
    opens, closes = one.hours or (None, None)
    return {"from_minute": opens, "to_minute": closes}


def _add(where: Table, person_id: UUID, rows: list[dict[str, Any]]) -> None:
    if rows:
        run(insert(where), [{"id": uuid4(), "person_id": person_id, **row} for row in rows])


_CHANGE = (
    update(_TYPE)
    .where(_TYPE.c.person_id == _ME, _TYPE.c.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in ("name", "minutes", "asks")})
    .values(most_weeks=bindparam("new_most_weeks"), position=bindparam("new_position"))
)


def _keep_offers(person_id: UUID, offers: Sequence[Offer]) -> None:
    """Change those that are there, add those that are new, end those that are gone."""
    known = {row.id for row in session_types_of(person_id)}
    kept = {offer.id for offer in offers if offer.id in known}
    run(
        update(_TYPE)
        .where(_TYPE.c.person_id == person_id, _TYPE.c.id.in_(known - kept))
        .values(state=SessionTypeState.ENDED)
    )
    new: list[dict[str, Any]] = []
    for position, offer in enumerate(offers):
        values = {"name": offer.name, "minutes": offer.minutes, "asks": offer.asks}
        values |= {"most_weeks": offer.most_weeks, "position": position}
        if offer.id in kept:
            named = {f"new_{name}": value for name, value in values.items()}
            run(_CHANGE, {"me": person_id, "key": offer.id, **named})
        else:
            new.append(values | {"state": SessionTypeState.OFFERED})
    _add(_TYPE, person_id, new)
