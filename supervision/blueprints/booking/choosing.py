"""Free times week by week, one of them held while somebody decides."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.lists import format_list
from flask import redirect, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.booking.parts import bp, day_in, instant, uuid_in
from supervision.domain import calendar
from supervision.domain.intervals import Interval
from supervision.domain.slots import Terms
from supervision.errors import NotFound
from supervision.services import booking
from supervision.services.availability import SessionTypeRow, for_others
from supervision.services.booking import Choice, Desk, Gone, Slots
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page as show_page
from supervision.web.fragments import page_or, wants_fragment

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Week:
    """Seven days of the viewer's with the free starts on each, and the ways on from there.

    `way` is the address of this page for another week, `pick` that of a chosen time where that
    is a link; `why` says why nothing is free.
    """

    days: list[tuple[date, list[datetime]]]
    slots: Slots
    before: str
    after: str
    soonest: str
    why: str
    pick: str = ""


@bp.get("/book/<uuid:roster_id>")
@signed_in
def index(roster_id: UUID) -> Response:
    """The free times of a week. A person's id leads to the roster with them."""
    try:
        desk = booking.desk(viewer(), roster_id)
    except NotFound:
        found = booking.desk_of(viewer(), roster_id)
        return redirect(url_for("booking.index", roster_id=found), 303)
    return _index(200, desk)


def _index(status: int, desk: Desk, gone: Gone | None = None) -> Response:
    if not desk.types or not desk.is_open:
        return show_page("booking/index.html", status, desk=desk, kind=None, week=None)
    kind = desk.kind(uuid_in("type"))
    base = url_for("booking.index", roster_id=desk.roster_id)
    week = week_of(desk, desk.own.terms(kind.minutes), base, {"type": str(kind.id)})
    context = {"desk": desk, "kind": kind, "week": week, "gone": gone, "swapped": wants_fragment()}
    if status != 200:
        return show_page("booking/index.html", status, **context)
    return page_or("booking/_week.html", "booking/index.html", **context)


def week_of(
    desk: Desk, terms: Terms, base: str, query: dict[str, str], moving: UUID | None = None
) -> Week:
    """The week that the address names; else that of the first free time."""
    actor, at = viewer(), clock.now()
    day = day_in(request.values.get("week", ""))
    first = booking.next_free(actor, at, desk, terms, at, moving) if day is None else None
    shown = day or (first or at).astimezone(ZoneInfo(actor.zone)).date()
    days = calendar.week(shown, actor.week_starts)
    within = Interval(*calendar.span(days, actor.zone))
    slots = booking.slots(actor, at, desk, terms, within, moving)
    by_day: dict[date, list[datetime]] = defaultdict(list)
    for start in slots.free:
        by_day[start.astimezone(ZoneInfo(actor.zone)).date()].append(start)

    def way(on: date) -> str:
        return f"{base}?{urlencode({**query, 'week': on.isoformat()})}"

    today = at.astimezone(ZoneInfo(actor.zone)).date()
    later = slots.next_at.astimezone(ZoneInfo(actor.zone)).date() if slots.next_at else None
    last = today + timedelta(days=terms.horizon)
    return Week(
        days=[(one, by_day[one]) for one in days],
        slots=slots,
        before=way(days[0] - WEEK) if days[0] > today else "",
        after=way(days[0] + WEEK) if days[-1] < last else "",
        soonest=way(later) if later else "",
        why=_why(slots),
        pick=f"{way(days[0])}&" if moving else "",
    )


def _why(slots: Slots) -> str:
    """The commonest reasons, as far as they are the supervisee's to know."""
    reasons = (str(_(for_others(refusal))) for refusal, _count in slots.refused.most_common())
    return format_list(list(dict.fromkeys(reasons))[:3], "or", get_locale())


@bp.post("/book/<uuid:roster_id>/hold")
@signed_in
def hold(roster_id: UUID) -> Response:
    """Keep a time and go on to confirm it; several buttons of one form, so it bears no key."""
    desk = booking.desk(viewer(), roster_id)
    kind = desk.kind(uuid_in("type"))
    starts_at = instant()
    try:
        booking.hold_time(viewer(), clock.now(), roster_id, Choice(kind.id, starts_at))
    except Gone as gone:
        return _index(422, desk, gone)
    return redirect(_confirm_at(desk, kind, starts_at), 303)


def _confirm_at(desk: Desk, kind: SessionTypeRow, starts_at: datetime) -> str:
    return url_for(
        "booking.confirm_form", roster_id=desk.roster_id, type=kind.id, at=starts_at.isoformat()
    )


@bp.post("/book/<uuid:roster_id>/release")
@signed_in
def release(roster_id: UUID) -> Response:
    """Let go what is held, and choose again."""
    booking.release_time(viewer(), roster_id)
    return redirect(url_for("booking.index", roster_id=roster_id, type=uuid_in("type")), 303)
