"""Series: one wall-clock rule, and the sessions that come out of it."""

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from sqlalchemy import select

from supervision.db import db, writing
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import LONGEST, Occurrence, Repeat, occurrences, resolve
from supervision.errors import N_, Conflict, Invalid, NotFound
from supervision.models.rosters import Roster, RosterState
from supervision.models.sessions import Series, Session, SessionState
from supervision.permissions import Actor, can_take_part
from supervision.services import claims, feeds
from supervision.services.audit import Act, record
from supervision.services.claims import Clash
from supervision.services.places import place_of, run_roster
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import checked_clashes, own_warnings
from supervision.services.sessions.plan import (
    Booked,
    Member,
    Wish,
    check_future,
    checked_message,
    insert_sessions,
    local_key,
    lock,
    locked_roster,
    members_of,
    spans,
    touch,
)

HORIZON = relativedelta(months=12)


def expand(starts_local: datetime, zone: str, repeat: Repeat, at: datetime) -> list[Occurrence]:
    """All occurrences of a new series: to its end, or for twelve months when it is open.

    Raises Invalid for a rule that its first date does not fit, or that ends before it begins or
    more than ten years on.
    """
    first = starts_local.date()
    if repeat.until is not None and repeat.until < first:
        raise Invalid("until", N_("The last date lies before the first."))
    if repeat.until is not None and repeat.until > first + LONGEST:
        raise Invalid("until", N_("A series can go on for ten years at most."))
    until = _horizon(starts_local, zone, at) if repeat.is_open else first + LONGEST
    due = occurrences(starts_local, zone, repeat.rrule(), until)
    if not due or due[0].original_local != starts_local:
        raise Invalid("date", N_("This date does not fit the way the series repeats."))
    if repeat.count is not None and len(due) < repeat.count:
        raise Invalid("times", N_("A series can go on for ten years at most."))
    return due


def _horizon(starts_local: datetime, zone: str, at: datetime) -> date:
    """The local date up to which an open series has its sessions as rows."""
    today = at.astimezone(ZoneInfo(zone)).date()
    return max(starts_local.date(), today) + HORIZON


def planned(
    actor: Actor, at: datetime, roster_id: UUID, wish: Wish, repeat: Repeat | None
) -> list[Occurrence]:
    """The times that a booking would take, without looking at who is busy; it only reads.

    Raises as `book_session`, but for Clashed.
    """
    roster, _place = run_roster(actor, roster_id)
    wish = wish.checked(roster.zone)
    first = resolve(wish.starts_local, roster.zone)
    check_future([first], at)
    return [first] if repeat is None else expand(wish.starts_local, roster.zone, repeat, at)


def book_series(
    actor: Actor,
    at: datetime,
    roster_id: UUID,
    wish: Wish,
    repeat: Repeat,
    base_url: str = "",
) -> Booked:
    """Book all sessions of a series, or none: every clash in it is reported at once.

    Raises as `book_session`.
    """
    roster = locked_roster(actor, roster_id)
    wish = wish.checked(roster.zone)
    check_future([resolve(wish.starts_local, roster.zone)], at)
    due = expand(wish.starts_local, roster.zone, repeat, at)
    members = members_of(roster)
    warnings = checked_clashes(members, spans(due, wish.minutes))
    series = _add_series(actor, at, roster, wish, repeat, due)
    placed = insert_sessions(
        roster,
        due,
        wish.minutes,
        made_by_id=actor.id,
        at=at,
        series_id=series.id,
        message=wish.message,
    )
    claims.claim(placed, [member.claimant for member in members])
    feeds.bump(member.person_id for member in members)
    record(Act.SERIES_BOOK, at, actor.id, series.id, roster=roster_id, sessions=len(placed))
    _tell(actor, at, roster, members, series, "booked", placed, wish.message, warnings, base_url)
    shifted = sum(one.shifted for one in due)
    return Booked(tuple(key for key, _ in placed), series.id, tuple(warnings), shifted)


def _add_series(
    actor: Actor, at: datetime, roster: Roster, wish: Wish, repeat: Repeat, due: list[Occurrence]
) -> Series:
    last = due[-1].original_local.date()
    series = Series(
        roster_id=roster.id,
        zone=roster.zone,
        starts_local=local_key(wish.starts_local),
        minutes=wish.minutes,
        rrule=repeat.rrule(),
        rolled_until=_horizon(wish.starts_local, roster.zone, at) if repeat.is_open else last,
        made_by_id=actor.id,
        created_at=at,
    )
    db.session.add(series)
    db.session.flush()
    return series


def _tell(
    actor: Actor,
    at: datetime,
    roster: Roster,
    members: list[Member],
    series: Series,
    verb: str,
    placed: Sequence[tuple[UUID, Interval]],
    message: str,
    warnings: Sequence[Clash],
    base_url: str,
) -> None:
    notice = Notice(
        event=f"series:{series.id}",
        sequence=series.sequence,
        verb=verb,
        spans=[span for _, span in placed],
        path=f"/sessions/{placed[0][0]}",
        message=message,
        warnings=own_warnings(warnings),
    )
    notify(actor, at, roster, members, notice, base_url)


def move_series(
    actor: Actor,
    at: datetime,
    series_id: UUID,
    starts_at: time,
    minutes: int,
    message: str = "",
    base_url: str = "",
) -> Booked:
    """Move all coming sessions of a series to another time of day, or change their length.

    Sessions keep their dates, ids and keys; those that were moved or cancelled singly keep what
    they have, and the past is not touched. Raises as `book_session`; Conflict when nothing is
    left to move.
    """
    roster, series = _changeable(actor, series_id)
    first = datetime.combine(date.fromisoformat(series.starts_local[:10]), starts_at)
    wish = Wish(first, minutes, message).checked(series.zone)
    moving = [session for session in _coming(series_id, at) if not session.edited]
    if not moving:
        raise Conflict(N_("No session of this series is left to change."))
    due = [_at_time(session, wish.starts_local.time()) for session in moving]
    _check_times(due, at)
    wanted = spans(due, wish.minutes)
    members = members_of(roster)
    warnings = checked_clashes(members, wanted, [session.id for session in moving])
    for session, one, span in zip(moving, due, wanted, strict=True):
        session.starts_at, session.ends_at = span
        session.shifted, session.message = one.shifted, wish.message
        touch(session, at)
    series.starts_local, series.minutes = local_key(wish.starts_local), wish.minutes
    series.sequence += 1
    db.session.flush()
    placed = [(session.id, span) for session, span in zip(moving, wanted, strict=True)]
    claims.reclaim(placed, [member.claimant for member in members])
    feeds.bump(member.person_id for member in members)
    record(Act.SERIES_MOVE, at, actor.id, series_id, roster=roster.id, sessions=len(placed))
    _tell(actor, at, roster, members, series, "moved", placed, wish.message, warnings, base_url)
    shifted = sum(one.shifted for one in due)
    return Booked(tuple(key for key, _ in placed), series_id, tuple(warnings), shifted)


def _at_time(session: Session, clock: time) -> Occurrence:
    """When an unedited occurrence is due if its series meets at this time of day."""
    day = date.fromisoformat(session.original_local[:10])
    return resolve(datetime.combine(day, clock), session.zone)


def _check_times(due: Sequence[Occurrence], at: datetime) -> None:
    if any(one.starts_at <= at for one in due):
        raise Invalid(
            "starts_at", N_("At this time the next session would lie in the past. Move it first.")
        )


def cancel_series(
    actor: Actor, at: datetime, series_id: UUID, message: str = "", base_url: str = ""
) -> int:
    """Cancel all coming sessions of a series, moved ones too; returns how many.

    Raises NotFound, NotAllowed, Invalid (the message). Cancelling twice changes nothing.
    """
    message = checked_message(message)
    roster, series = _changeable(actor, series_id)
    if series.state == SessionState.CANCELLED:
        return 0
    members = members_of(roster)
    claims.serialise(member.person_id for member in members)
    coming = _coming(series_id, at)
    for session in coming:
        session.state, session.message = SessionState.CANCELLED, message
        touch(session, at)
    series.state = SessionState.CANCELLED
    series.sequence += 1
    db.session.flush()
    claims.release(session.id for session in coming)
    feeds.bump(member.person_id for member in members)
    record(Act.SERIES_CANCEL, at, actor.id, series_id, roster=roster.id, sessions=len(coming))
    placed = [(one.id, Interval(one.starts_at, one.ends_at)) for one in coming]
    if placed:
        _tell(actor, at, roster, members, series, "cancelled", placed, message, (), base_url)
    return len(coming)


def _changeable(actor: Actor, series_id: UUID) -> tuple[Roster, Series]:
    """A series of a roster that the actor runs, locked with it. Raises NotFound, NotAllowed."""
    roster_id = db.session.scalar(select(Series.roster_id).where(Series.id == series_id))
    if roster_id is None or not can_take_part(place_of(actor, roster_id)):
        raise NotFound
    roster = locked_roster(actor, roster_id)
    return roster, db.session.get_one(Series, series_id, populate_existing=True)


def _coming(series_id: UUID, at: datetime) -> list[Session]:
    return list(
        db.session.scalars(
            select(Session)
            .where(
                Session.series_id == series_id,
                Session.starts_at > at,
                Session.state == SessionState.PLANNED,
            )
            .order_by(Session.starts_at)
            .execution_options(populate_existing=True)
        )
    )


def roll_series(at: datetime) -> int:
    """Keep open series filled for twelve months; returns how many sessions were made.

    Safe to run as often as one likes. Each series has a transaction of its own. Rolling never
    fails on a clash: the busy person's claim is made soft and a mail tells them.
    """
    return sum(_roll_one(series_id, at) for series_id in _open_series())


def _open_series() -> list[UUID]:
    """Series that go on, in rosters that do."""
    rows = db.session.execute(
        select(Series.id, Series.rrule)
        .join(Roster, Roster.id == Series.roster_id)
        .where(Series.state == SessionState.PLANNED, Roster.state == RosterState.ACTIVE)
        .order_by(Series.id)
    ).all()
    db.session.rollback()
    return [row.id for row in rows if Repeat.parse(row.rrule).is_open]


def _roll_one(series_id: UUID, at: datetime) -> int:
    with writing():
        series = db.session.get_one(Series, series_id, populate_existing=True)
        roster = db.session.get_one(Roster, series.roster_id, populate_existing=True)
        lock(roster)
        db.session.refresh(series)
        starts = datetime.fromisoformat(series.starts_local)
        until = _horizon(starts, series.zone, at)
        due = occurrences(starts, series.zone, series.rrule, until, series.rolled_until)
        going = series.state == SessionState.PLANNED and roster.state == RosterState.ACTIVE
        if not going or until <= series.rolled_until:
            return 0
        series.rolled_until = until
        db.session.flush()
        _add_rolled(roster, series, due, at)
        return len(due)


def _add_rolled(roster: Roster, series: Series, due: list[Occurrence], at: datetime) -> None:
    if not due:
        return
    members = members_of(roster)
    claimants = [member.claimant for member in members]
    claims.serialise(member.person_id for member in members)
    found = claims.clashes(claimants, spans(due, series.minutes))
    placed = insert_sessions(
        roster,
        due,
        series.minutes,
        made_by_id=series.made_by_id,
        at=at,
        series_id=series.id,
        zone=series.zone,
    )
    claims.claim(placed, claimants, softened=found)
    feeds.bump(member.person_id for member in members)
    record(Act.SERIES_ROLL, at, None, series.id, roster=roster.id, sessions=len(due))
    busy = own_warnings(found)
    notice = Notice(
        f"series-roll:{placed[0][0]}",
        0,
        "booked",
        [span for _, span in placed],
        f"/sessions/{placed[0][0]}",
        warnings=busy,
    )
    notify(None, at, roster, [one for one in members if one.person_id in busy], notice, "")
