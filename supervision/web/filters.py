"""How instants and places in time are written for the person who looks."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from supervision import clock
from supervision.domain.replies import Answer
from supervision.errors import N_
from supervision.models.rosters import Kind, MemberRole
from supervision.services.sessions import Standing

# A number and what it counts stay on one line: 24 November, 2:30 pm.
TIED = "\u00a0"
DAY = f"d{TIED}MMMM"


def viewer_zone() -> str:
    """The viewer's IANA zone, UTC for nobody."""
    viewer = current_user._get_current_object()  # a proxy asked twice looks twice
    return viewer.zone if viewer.is_authenticated else "UTC"


def viewer_clock() -> str:
    viewer = current_user._get_current_object()
    return viewer.clock if viewer.is_authenticated else "24"


@lru_cache(maxsize=4096)
def _date(day: date, pattern: str, locale: str) -> str:
    return format_date(day, pattern, locale)


def _local(instant: datetime, zone: str | None) -> datetime:
    return instant.astimezone(ZoneInfo(zone or viewer_zone()))


def clock_time(local: datetime, style: str = "") -> str:
    """14:30, or 2:30 pm for who likes that: by `style` (24 or 12), else as the viewer does."""
    if (style or viewer_clock()) == "24":
        return f"{local.hour:02}:{local.minute:02}"
    return f"{local.hour % 12 or 12}:{local.minute:02}{TIED}{'am' if local.hour < 12 else 'pm'}"


def local_time(instant: datetime, zone: str | None = None) -> str:
    return clock_time(_local(instant, zone))


def local_date(instant: datetime | date, zone: str | None = None) -> str:
    """Tue 24 Nov 2026, in the viewer's language."""
    day = _local(instant, zone).date() if isinstance(instant, datetime) else instant
    return _date(day, "EEE d MMM yyyy", str(get_locale()))


def local_day(instant: datetime | date, zone: str | None = None) -> str:
    """Today, Tomorrow, or Tuesday 24 November."""
    day = _local(instant, zone).date() if isinstance(instant, datetime) else instant
    today = clock.today(zone or viewer_zone())
    if day == today:
        return str(_("Today"))
    if day == today + timedelta(days=1):
        return str(_("Tomorrow"))
    pattern = f"EEEE {DAY}" if day.year == today.year else f"EEEE {DAY} yyyy"
    return _date(day, pattern, str(get_locale()))


def local_span(first: date, last: date) -> str:
    """23 – 29 November 2026: two days and all between, saying what they share once."""
    locale = str(get_locale())
    alike = "d" if first.month == last.month else DAY
    start = _date(first, alike if first.year == last.year else f"{DAY} yyyy", locale)
    return f"{start} – {_date(last, f'{DAY} yyyy', locale)}"


def month_name(day: date) -> str:
    """November 2026, in the viewer's language."""
    return _date(day, "LLLL yyyy", str(get_locale()))


def local_range(start: datetime, end: datetime, zone: str | None = None) -> str:
    """14:30-15:20, with an en dash."""
    return f"{local_time(start, zone)}–{local_time(end, zone)}"


def zone_name(zone: str) -> str:
    """Europe/London as people read it: London."""
    return zone.rpartition("/")[2].replace("_", " ")


def offsets_differ(instant: datetime, zone: str, other: str | None = None) -> bool:
    """Whether two places' clocks show different times at this instant."""
    return _local(instant, zone).utcoffset() != _local(instant, other).utcoffset()


KINDS = {
    Kind.INDIVIDUAL: N_("Individual"),
    Kind.PEER: N_("Peer"),
    Kind.GROUP: N_("Group"),
}
ROLES = {
    MemberRole.SUPERVISOR: N_("Supervisor"),
    MemberRole.FACILITATOR: N_("Facilitator"),
    MemberRole.SUPERVISEE: N_("Supervisee"),
    MemberRole.PEER: N_("Peer"),
}


STANDINGS = {
    Standing.COMES: N_("Signed up"),
    Standing.OFFERED: N_("A place is kept for you"),
    Standing.WAITS: N_("On the waiting list"),
    Standing.OUT: N_("Not signed up"),
}

REPLIES = {
    Answer.ACCEPTED: N_("Accepted"),
    Answer.TENTATIVE: N_("Tentative"),
    Answer.DECLINED: N_("Declined"),
}


def kind_name(kind: str) -> str:
    return str(_(KINDS[Kind(kind)]))


def member_role_name(role: str) -> str:
    return str(_(ROLES[MemberRole(role)]))


def standing_name(standing: str) -> str:
    """How somebody stands to a session that members sign up for; nothing for who is expected."""
    return str(_(STANDINGS[Standing(standing)])) if standing else ""


def reply_name(answer: str) -> str:
    return str(_(REPLIES[Answer(answer)]))


def init(app: Flask) -> None:
    filters: dict[str, Any] = {
        "clock_time": clock_time,
        "local_time": local_time,
        "local_date": local_date,
        "local_day": local_day,
        "local_span": local_span,
        "local_range": local_range,
        "month_name": month_name,
        "zone_name": zone_name,
        "kind_name": kind_name,
        "member_role_name": member_role_name,
        "standing_name": standing_name,
        "reply_name": reply_name,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(viewer_zone=viewer_zone, offsets_differ=offsets_differ)
