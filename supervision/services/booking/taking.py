"""Hold a free time while somebody decides; book it, or ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Occurrence, resolve
from supervision.errors import N_, Conflict, NotAllowed
from supervision.models.sessions import ClaimState, SessionState
from supervision.permissions import Actor
from supervision.services import claims, outside
from supervision.services.audit import Act, record
from supervision.services.availability import SessionTypeRow
from supervision.services.booking.desk import HELD_FOR, Desk, check_free, desk
from supervision.services.places import Held, hold_to_take
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import own_warnings
from supervision.services.sessions.plan import (
    Booked,
    checked_message,
    insert_sessions,
    members_of,
)


@dataclass(frozen=True)
class Choice:
    """Which kind of session a supervisee wants, and the instant at which it is to begin."""

    session_type_id: UUID
    starts_at: datetime
    message: str = ""


def hold_time(actor: Actor, at: datetime, roster_id: UUID, choice: Choice) -> datetime:
    """Keep a free time for the actor; returns until when. They hold one time at a time.

    Raises NotFound, NotAllowed, Conflict (the roster has ended), Gone.
    """
    where = _open_desk(actor, roster_id)
    kind = where.kind(choice.session_type_id)
    claims.serialise_unseen(where.people)
    claims.release_holds(actor.id)
    check_free(actor, at, where, where.own.terms(kind.minutes), choice.starts_at)
    until = at + HELD_FOR
    span = Interval.lasting(choice.starts_at, kind.minutes)
    claims.hold(where.supervisor_id, actor.id, span, at, until)
    record(Act.TIME_HOLD, at, actor.id, roster_id)
    return until


def release_time(actor: Actor, roster_id: UUID) -> None:
    """Let go what the actor holds. Raises NotFound, NotAllowed."""
    _open_desk(actor, roster_id)
    claims.release_holds(actor.id)


def _open_desk(actor: Actor, roster_id: UUID) -> Desk:
    where = desk(actor, roster_id)
    if not where.may_take:
        raise NotAllowed(N_("Only the supervisee books here. Use “Book a session” instead."))
    if not where.is_open:
        raise Conflict(N_("This roster has ended."))
    return where


def take_time(
    actor: Actor, at: datetime, roster_id: UUID, choice: Choice, base_url: str = ""
) -> Booked:
    """Book a free time with the supervisor; where the kind of session asks, ask for it.

    What is asked for takes everybody's time as a booking does, until it is answered. Raises
    NotFound, NotAllowed, Invalid (the message), Conflict, Gone.
    """
    roster = hold_to_take(actor, roster_id)
    message = checked_message(choice.message)
    where = desk(actor, roster_id)
    kind = where.kind(choice.session_type_id)
    claims.serialise(where.people)
    claims.release_holds(actor.id)
    check_free(actor, at, where, where.own.terms(kind.minutes), choice.starts_at)
    members = members_of(roster)
    span = Interval.lasting(choice.starts_at, kind.minutes)
    found = claims.refuse_hard(claims.clashes(members, [span], at))
    warnings = outside.with_outside(actor, members, [span], found)
    session_id = _insert(actor, at, roster, kind, span, message)
    state = ClaimState.PENDING if kind.asks else ClaimState.CONFIRMED
    claims.claim([(session_id, span)], members, state=state)
    act, verb = (Act.TIME_ASK, "requested") if kind.asks else (Act.TIME_TAKE, "booked")
    record(act, at, actor.id, session_id, roster=roster_id)
    path, busy = f"/sessions/{session_id}", own_warnings(warnings)
    notice = Notice(
        f"session:{session_id}",
        0,
        verb,
        [span],
        path,
        message,
        warnings=busy,
        session_ids=[session_id],
    )
    notify(actor, at, roster, members, notice, base_url)
    return Booked((session_id,), roster.zone, None, tuple(warnings))


def _insert(
    actor: Actor, at: datetime, roster: Held, kind: SessionTypeRow, span: Interval, message: str
) -> UUID:
    zone = zone_of(roster.zone, span.start)
    placed: Sequence[tuple[UUID, Interval]] = insert_sessions(
        roster,
        [Occurrence(_local(span.start, zone), span.start, shifted=False)],
        kind.minutes,
        made_by_id=actor.id,
        at=at,
        zone=zone,
        message=message,
        state=SessionState.REQUESTED if kind.asks else SessionState.PLANNED,
        session_type_id=kind.id,
    )
    return placed[0][0]


def zone_of(zone: str, starts_at: datetime) -> str:
    """The zone in which a session is kept: UTC where its local time comes twice.

    A session's local time says when it is, and of a time that comes twice it means the first.
    """
    return zone if resolve(_local(starts_at, zone), zone).starts_at == starts_at else "UTC"


def _local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
