"""Why a start cannot be had, and what of calendars elsewhere, as sentences to their owner."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_decimal, format_timedelta, ngettext
from flask_babel import gettext as _

from supervision import clock
from supervision.domain.slots import Refusal
from supervision.models.outside import CalendarState
from supervision.services.availability import Busy, Run, Why
from supervision.services.outside import CalendarRow, OwnBusy
from supervision.web.filters import local_date, local_range, local_time, viewer_zone

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def reason_words(run: Run, why: Why) -> str:
    """The reason of a run of starts, in full."""
    words: str
    match run.refusal:
        case None:
            words = _("can be booked")
        case Refusal.PAST:
            words = _("is over")
        case Refusal.TIME_OFF:
            words = _("time off: %(label)s", label=run.named) if run.named else _("time off")
        case Refusal.HOLIDAY:
            words = _("public holiday: %(name)s", name=run.named)
        case Refusal.OUTSIDE:
            words = _("%(minutes)s minutes would not fit your hours", minutes=why.kind.minutes)
        case Refusal.CLASH:
            words = _clash_words(run, why)
        case limit:
            words = _limit_words(limit, why)
    return words


def _limit_words(limit: Refusal, why: Why) -> str:
    """The limits that the owner set, with their numbers."""
    own = why.own
    words: str
    match limit:
        case Refusal.NOTICE:
            words = ngettext(
                "within your notice of %(num)d hour",
                "within your notice of %(num)d hours",
                own.notice_minutes // 60,
            )
        case Refusal.HORIZON:
            words = ngettext(
                "more than %(num)d day ahead", "more than %(num)d days ahead", own.horizon_days
            )
        case Refusal.DAY_FULL:
            words = ngettext(
                "full that day: your most is %(num)d session",
                "full that day: your most is %(num)d sessions",
                own.most_a_day or 0,
            )
        case _week:
            words = ngettext(
                "full that week: your most is %(num)d session",
                "full that week: your most is %(num)d sessions",
                own.most_a_week or 0,
            )
    return words


def _clash_words(run: Run, why: Why) -> str:
    taken = "; ".join(_busy_words(one) for one in run.busy)
    if why.own.before_minutes or why.own.after_minutes:
        return str(_("taken: %(what)s, and the minutes kept free", what=taken))
    return str(_("taken: %(what)s", what=taken))


def _busy_words(one: Busy) -> str:
    when = local_range(one.starts_at, one.ends_at)
    if one.calendar:
        if one.ends_at - one.starts_at >= DAY:
            when = _("all day")
        return str(_("busy (your calendar %(label)s), %(when)s", label=one.calendar, when=when))
    if one.title is None:
        return str(_("held for somebody who is booking, %(when)s", when=when))
    return f"{one.title}, {when}"


# -- calendars elsewhere -------------------------------------------------------------------


def calendar_words(one: CalendarRow) -> list[str]:
    """How it stands with a calendar, in sentences."""
    if one.is_awaited:
        return [_("It is being read.")]
    if one.state == CalendarState.NEW:
        return [_("It waits for its turn to be read.")]
    if one.state == CalendarState.GOOD:
        return [_("Read %(ago)s.", ago=_ago(one.good_at)), _hours(one.busy)]
    return [_(one.failure), *_failing(one)]


def _failing(one: CalendarRow) -> list[str]:
    """When it is tried again, and what holds until then."""
    texts = [_("It is no longer tried. Repair it there, then press “Read now”.")]
    if one.due_at is not None:
        when = f"{local_date(one.due_at)}, {local_time(one.due_at)}"
        texts = [_("The next try is on %(when)s.", when=when)]
    if one.good_at is not None:
        day = local_date(one.good_at)
        texts.append(_("What it said on %(day)s still counts as busy.", day=day))
    return texts


def _ago(at: datetime | None) -> str:
    return str(format_timedelta((at or clock.now()) - clock.now(), add_direction=True))


def _hours(busy: timedelta) -> str:
    if not busy:
        return str(_("No busy time in the coming two weeks."))
    hours = format_decimal(round(busy / HOUR, 1))
    return str(_("Busy hours in the coming two weeks: %(hours)s.", hours=hours))


def by_day(busy: Iterable[OwnBusy]) -> dict[date, dict[str, list[str]]]:
    """On each local date, what each calendar takes of it."""
    zone = ZoneInfo(viewer_zone())
    found: dict[date, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in busy:
        day = one.starts_at.astimezone(zone).date()
        while _midnight(day, zone) < one.ends_at:
            found[day][one.label].append(_on(one, _midnight(day, zone), _midnight(day + DAY, zone)))
            day += DAY
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _on(one: OwnBusy, midnight: datetime, next_midnight: datetime) -> str:
    """What is taken of one day."""
    if one.starts_at <= midnight and one.ends_at >= next_midnight:
        return str(_("all day"))
    return local_range(max(one.starts_at, midnight), min(one.ends_at, next_midnight))
