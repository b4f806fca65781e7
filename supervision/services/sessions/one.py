"""Book, move and cancel a single session."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import resolve
from supervision.errors import N_, Conflict
from supervision.models.sessions import Session, SessionState
from supervision.permissions import Actor
from supervision.services import claims, outside
from supervision.services.audit import Act, record
from supervision.services.claims import Claimant, Clash
from supervision.services.places import Held, hold_to_run, roster_of
from supervision.services.sessions.endings import note_ending
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.plan import (
    Booked,
    Wish,
    check_future,
    checked_message,
    insert_sessions,
    spans,
    touch,
)
from supervision.services.sessions.seats import end_lines
from supervision.services.sessions.setting import Setting, own_place
from supervision.services.sessions.whose import people_of, takers_of, wants_sign_up, whose


def book_session(
    actor: Actor, at: datetime, roster_id: UUID, wish: Wish, base_url: str = ""
) -> Booked:
    """Book one session for everybody in a roster, for some, or for who signs up, in its zone.

    A local time that does not exist is moved as RFC 5545 §3.3.5 says, one that comes twice is the
    first. Raises NotFound, NotAllowed, Conflict (the roster has ended), Invalid (a wrong value,
    the past), Clashed (somebody who cannot be in two places is busy).
    """
    roster = hold_to_run(actor, roster_id)
    wish = wish.checked(roster.zone)
    due = [resolve(wish.starts_local, roster.zone)]
    check_future(due, at)
    members = people_of(roster, wish.setting.people)
    takers = takers_of(roster, members, wish.setting)
    warnings = checked_clashes(actor, takers, spans(due, wish.minutes), at)
    placed = insert_sessions(
        roster,
        due,
        wish.minutes,
        made_by_id=actor.id,
        at=at,
        message=wish.message,
        setting=wish.setting,
    )
    claims.claim(placed, takers)
    (session_id, span), *_ = placed
    record(Act.SESSION_BOOK, at, actor.id, session_id, roster=roster_id)
    notice = Notice(
        f"session:{session_id}",
        0,
        booked_verb(roster, wish.setting),
        [span],
        f"/sessions/{session_id}",
        wish.message,
        warnings=own_warnings(warnings),
        place=wish.setting.place,
        session_ids=[session_id],
    )
    notify(actor, at, roster, members, notice, base_url)
    return Booked((session_id,), roster.zone, None, tuple(warnings), int(due[0].shifted))


def booked_verb(roster: Held, setting: Setting) -> str:
    """How a booking is told: with what its members have to do, where they sign up."""
    return "opened" if wants_sign_up(roster, setting) else "booked"


def checked_clashes(
    actor: Actor,
    members: Sequence[Claimant],
    wanted: Sequence[Interval],
    at: datetime,
    moving: Sequence[UUID] = (),
) -> list[Clash]:
    """Queue behind other bookings of these people, then look. Raises Clashed; returns warnings."""
    claims.serialise(member.person_id for member in members)
    found = claims.refuse_hard(claims.clashes(members, wanted, at, moving))
    return outside.with_outside(actor, members, wanted, found)


def own_warnings(warnings: Sequence[Clash]) -> dict[UUID, Sequence[Interval]]:
    """The warnings by person: everybody is told only of their own."""
    people = {clash.person_id for clash in warnings}
    return {
        person: [
            Interval(clash.starts_at, clash.ends_at)
            for clash in warnings
            if clash.person_id == person
        ]
        for person in people
    }


def move_session(
    actor: Actor, at: datetime, session_id: UUID, wish: Wish, base_url: str = ""
) -> Booked:
    """Move one session to another wall-clock time in its own zone, or change its length.

    It keeps its id, its key in its series and everything that hangs on it. Raises as
    `book_session`, and Conflict when it has begun or was cancelled.
    """
    roster, session = changeable_session(actor, at, session_id)
    wish = wish.checked(session.zone)
    due = resolve(wish.starts_local, session.zone)
    check_future([due], at)
    span, before = (
        Interval.lasting(due.starts_at, wish.minutes),
        Interval(session.starts_at, session.ends_at),
    )
    if span == before:
        return Booked((session_id,), session.zone, session.series_id)
    owners = whose(roster, [session])
    members = owners.of(session_id)
    warnings = checked_clashes(actor, members, [span], at, [session_id])
    session.starts_at, session.ends_at = span
    session.shifted, session.edited, session.message = due.shifted, True, wish.message
    touch(session, at)
    db.session.flush()
    claims.reclaim([(session_id, span)], members)
    note_ending(session.series_id)
    record(Act.SESSION_MOVE, at, actor.id, session_id, roster=roster.id)
    notice = Notice(
        f"session:{session_id}",
        session.sequence,
        "moved",
        [span],
        f"/sessions/{session_id}",
        wish.message,
        before,
        own_warnings(warnings),
        own_place(session),
        [session_id],
    )
    notify(actor, at, roster, owners.told(session_id), notice, base_url)
    return Booked((session_id,), session.zone, session.series_id, tuple(warnings), int(due.shifted))


def cancel_session(
    actor: Actor, at: datetime, session_id: UUID, message: str = "", base_url: str = ""
) -> None:
    """Cancel one session. It stays, as cancelled, for calendars, notes and records.

    Raises NotFound, NotAllowed, Invalid (the message), Conflict when it has begun already.
    Cancelling twice changes nothing.
    """
    message = checked_message(message)
    roster, session = changeable_session(actor, at, session_id, cancelled_too=True)
    if session.state == SessionState.CANCELLED:
        return
    owners = whose(roster, [session])
    claims.serialise(member.person_id for member in owners.of(session_id))
    session.state, session.message = SessionState.CANCELLED, message
    touch(session, at)
    db.session.flush()
    claims.release([session_id])
    end_lines([session])
    note_ending(session.series_id)
    record(Act.SESSION_CANCEL, at, actor.id, session_id, roster=roster.id)
    span = Interval(session.starts_at, session.ends_at)
    notice = Notice(
        f"session:{session_id}",
        session.sequence,
        "cancelled",
        [span],
        f"/sessions/{session_id}",
        message,
        session_ids=[session_id],
    )
    notify(actor, at, roster, owners.told(session_id), notice, base_url)


def changeable_session(
    actor: Actor, at: datetime, session_id: UUID, cancelled_too: bool = False
) -> tuple[Held, Session]:
    """A coming session of a roster that the actor runs, locked with its roster.

    Raises NotFound, NotAllowed, Conflict.
    """
    roster_id = roster_of(actor, session_id)
    roster = hold_to_run(actor, roster_id)
    session = db.session.get_one(Session, session_id, populate_existing=True)
    if session.state == SessionState.CANCELLED and not cancelled_too:
        raise Conflict(N_("This session was cancelled."))
    if session.state in (SessionState.REQUESTED, SessionState.DECLINED):
        raise Conflict(N_("This session was asked for and is not booked."))
    if session.starts_at <= at:
        raise Conflict(N_("This session has begun; it can no longer be changed."))
    return roster, session
