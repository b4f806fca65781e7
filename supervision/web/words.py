"""Times, rules and clashes as sentences in the viewer's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _

from supervision.domain.finding import Hour
from supervision.domain.recurrence import LAST, Occurrence, Repeat
from supervision.errors import N_
from supervision.services.claims import Clash
from supervision.services.feeds import Reach, Receipt
from supervision.services.sessions import Booked
from supervision.web.filters import local_date, local_range, local_time, zone_name

HOUR_WORDS = {
    Hour.GOOD: N_("good"),
    Hour.FAIR: N_("fair"),
    Hour.WEEKEND: N_("weekend"),
    Hour.POOR: N_("early or late"),
    Hour.NIGHT: N_("night"),
}
HOUR_TONES = {
    Hour.GOOD: "good",
    Hour.FAIR: "neutral",
    Hour.WEEKEND: "warn",
    Hour.POOR: "warn",
    Hour.NIGHT: "bad",
}
REACH_WORDS = {
    Reach.HAS: N_("In the calendar as it is now, fetched %(when)s"),
    Reach.NOT_YET: N_("Told by mail; the calendar last looked %(when)s, before this change"),
    Reach.ANSWERED: N_("Takes invitations by mail; answered %(when)s"),
    Reach.UNANSWERED: N_("Takes invitations by mail; not answered yet"),
    Reach.NONE: N_("Told by mail; no calendar subscribes"),
    Reach.HIDDEN: N_("Told by mail; calendar not shared"),
}
SHOWN = 5
AT_FIRST = 3


@dataclass(frozen=True)
class Line:
    """One time in a preview. `note` says what is odd about it."""

    starts_at: datetime
    ends_at: datetime
    note: str


def hour_word(hour: Hour) -> str:
    """How kind an hour is, in a word."""
    return str(_(HOUR_WORDS[hour]))


def repeat_words(repeat: Repeat, first: date) -> str:
    """Every 2 weeks on Tuesday; every month on the last Friday."""
    day = format_date(first, "EEEE", str(get_locale()))
    words: str
    if repeat.unit == "month":
        which = {
            1: _("first"),
            2: _("second"),
            3: _("third"),
            4: _("fourth"),
            LAST: _("last"),
        }[repeat.nth or LAST]
        words = _("Every month on the %(which)s %(day)s", which=which, day=day)
    elif repeat.every == 1:
        words = _("Every week on %(day)s", day=day)
    else:
        words = _("Every %(weeks)s weeks on %(day)s", weeks=repeat.every, day=day)
    return words


def clash_words(clashes: Sequence[Clash], zone: str) -> str:
    """Who is busy and when, and no word on what with; in the session's own zone."""
    lines = [_busy_words(clash, zone) for clash in clashes[:SHOWN]]
    if len(clashes) > SHOWN:
        lines.append(_("and %(more)s more", more=len(clashes) - SHOWN))
    return "; ".join(lines) + f" ({zone_name(zone)})."


def _busy_words(clash: Clash, zone: str) -> str:
    day = local_date(clash.starts_at, zone)
    hours = local_range(clash.starts_at, clash.ends_at, zone)
    if clash.calendar:
        return str(
            _(
                "you are busy on %(day)s, %(range)s (your calendar %(label)s)",
                day=day,
                range=hours,
                label=clash.calendar,
            )
        )
    return str(_("%(name)s is busy on %(day)s, %(range)s", name=clash.name, day=day, range=hours))


def booked_words(booked: Booked, done: str) -> list[str]:
    """What to tell after a booking or a move: it is done, and what deserves a second look."""
    texts = [done]
    if booked.warnings:
        clashes = clash_words(booked.warnings, booked.zone)
        texts.append(_("Please note: %(clashes)s", clashes=clashes))
    if booked.shifted:
        texts.append(
            _("Clocks change at one of these times, so it begins as its page says: look at it.")
        )
    return texts


def receipt_words(receipt: Receipt) -> str:
    """Whether somebody's calendar has a session as it is; calendars lag, and nobody is to blame."""
    moment = f"{local_date(receipt.at)}, {local_time(receipt.at)}" if receipt.at else ""
    return str(_(REACH_WORDS[receipt.reach], when=moment))


def preview_lines(due: Sequence[Occurrence], minutes: int, zone: str, own: str) -> list[Line]:
    """The first times, and each later one from which on somebody's clock says something else."""
    lines: list[Line] = []
    for index, one in enumerate(due):
        note = _note(due[index - 1] if index else None, one, zone, own)
        if index < AT_FIRST or (note and len(lines) < AT_FIRST + SHOWN):
            lines.append(Line(one.starts_at, one.starts_at + timedelta(minutes=minutes), note))
    return lines


def _note(before: Occurrence | None, one: Occurrence, zone: str, own: str) -> str:
    text: str = ""
    if one.shifted:
        time = local_time(one.starts_at, zone)
        text = _("Clocks change then: it begins at %(time)s.", time=time)
    elif before is not None:
        changed = [name for name in dict.fromkeys((zone, own)) if _changed(before, one, name)]
        if len(changed) == 1:
            place = zone_name(changed[0])
            text = _("From here on clocks have changed in %(place)s.", place=place)
        elif changed:
            text = _("From here on clocks have changed.")
    return text


def _changed(before: Occurrence, one: Occurrence, zone: str) -> bool:
    place = ZoneInfo(zone)
    return (
        before.starts_at.astimezone(place).utcoffset()
        != one.starts_at.astimezone(place).utcoffset()
    )
