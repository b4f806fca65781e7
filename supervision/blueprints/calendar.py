"""The calendar: a person's sessions by week, by month, or as a list of the coming weeks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, Response, abort, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from supervision import clock
from supervision.domain import calendar
from supervision.models.rosters import Kind
from supervision.permissions import Actor
from supervision.services.sessions import SessionRow, Standing, sessions_between
from supervision.web import typed
from supervision.web.auth import signed_in, viewer
from supervision.web.filters import STANDINGS, clock_time, kind_name, local_span, zone_name
from supervision.web.fragments import page_or, wants_fragment

bp = Blueprint("calendar", __name__)
MOST_LANES = 4
MONTH_SHOWS = 4
Piece = calendar.Piece[SessionRow]


class Entry(NamedTuple):
    """One session on one day, in words; `place` is the classes that draw it in the week's grid."""

    href: str
    instant: str
    start: str
    end: str
    title: str
    about: str
    kind: str
    where: str
    look: str
    place: str


class Day(NamedTuple):
    """A day and its sessions; today `now` is told before entry number `now_at`."""

    on: str
    weekday: str
    number: str
    month: str
    word: str
    look: str
    entries: Sequence[Entry]
    href: str = ""
    held: str = ""
    more: str = ""
    now_at: int = -1


class Now(NamedTuple):
    """The present moment: a sentence, and the classes that draw it in the week's grid."""

    text: str
    place: str


class Sheet(NamedTuple):
    """What is shown, and the ways on from there; `said` is told to who cannot see it."""

    view: str
    title: str
    said: str
    zone: str
    days: Sequence[Day]
    empty: bool
    before: str
    today: str
    after: str
    tabs: Sequence[tuple[str, str, str]]
    now: Now
    hours: Sequence[str]
    kinds: Sequence[tuple[str, str]]
    shape: str
    date: str
    problem: str


@bp.get("/calendar")
@signed_in
def index() -> Response:
    view = request.args.get("view", "week")
    if view not in calendar.VIEWS:
        abort(404)
    actor, at = viewer(), clock.now()
    words = Words(actor, at)
    day, problem = _asked(request.args.get("date", ""), words.today)
    days = calendar.days(view, day, actor.week_starts)
    rows = sessions_between(actor, *calendar.span(days, actor.zone), open_from=at)
    sheet = _sheet(view, day, words, calendar.by_day(rows, days, actor.zone), problem)
    response = page_or(
        f"calendar/_{view}.html", "calendar/index.html", sheet=sheet, swapped=wants_fragment()
    )
    response.status_code = 422 if problem else 200
    return response


def _asked(text: str, today: date) -> tuple[date, str]:
    """The day that the address names, or today and a sentence that says why."""
    if not text:
        return today, ""
    try:
        return typed.day(text), ""
    except ValueError:
        return today, _("That is not a date the calendar can show. Here is today instead.")


def _sheet(
    view: str, day: date, words: "Words", found: dict[date, list[Piece]], problem: str
) -> Sheet:
    base = url_for("calendar.index")
    before, after = calendar.neighbours(view, day)
    title = _title(view, day, list(found), words)
    pieces = [piece for some in found.values() for piece in some]
    first, last = calendar.hours(pieces)
    return Sheet(
        view=view,
        title=title,
        said=_said(view, day, title, found),
        zone=zone_name(words.zone),
        days=[_day(view, day, one, some, words, base) for one, some in found.items()],
        empty=not pieces,
        before=f"{base}?view={view}&date={before}",
        today=f"{base}?view={view}",
        after=f"{base}?view={view}&date={after}",
        tabs=[(key, text, f"{base}?view={key}&date={day}") for key, text in _tabs()],
        now=words.now(first, last),
        hours=[words.hour(hour) for hour in range(first, last)],
        kinds=words.kinds(),
        shape=f"from{first} to{last}",
        date=day.isoformat(),
        problem=problem,
    )


def _tabs() -> list[tuple[str, str]]:
    return [("week", _("Week")), ("month", _("Month")), ("agenda", _("Agenda"))]


def _title(view: str, day: date, days: Sequence[date], words: "Words") -> str:
    """23 – 29 November 2026, or November 2026."""
    if view == "month":
        return words.written(day, "MMMM yyyy")
    return local_span(days[0], days[-1])


def _said(view: str, day: date, title: str, found: dict[date, list[Piece]]) -> str:
    """The title, and how many sessions it holds; those of a month's edges are not its own."""
    own = [some for one, some in found.items() if view != "month" or one.month == day.month]
    count = len({piece.item.id for some in own for piece in some if _takes_time(piece.item)})
    return f"{title}: {_count(count)}"


def _count(count: int) -> str:
    text: str = ngettext("%(num)d session", "%(num)d sessions", count)
    return text if count else str(_("no sessions"))


def _day(view: str, asked: date, on: date, pieces: list[Piece], words: "Words", base: str) -> Day:
    fits = view != "month" or len(pieces) <= MONTH_SHOWS
    shown = pieces if fits else pieces[: MONTH_SHOWS - 1]
    hidden = len(pieces) - len(shown)
    return Day(
        on=on.isoformat(),
        weekday=words.written(on, "EEE"),
        number=str(on.day),
        month=words.written(on, "MMM"),
        word=words.day(on),
        look=_look(view, asked, on, pieces, words.today),
        entries=[words.entry(piece) for piece in shown],
        href=f"{base}?view=agenda&date={on}" if pieces else "",
        held=_count(len(pieces)) if view == "month" and pieces else "",
        more=ngettext("%(num)d more", "%(num)d more", hidden) if hidden else "",
        now_at=words.passed(pieces) if on == words.today else -1,
    )


def _look(view: str, asked: date, on: date, pieces: list[Piece], today: date) -> str:
    marks = {
        "today": on == today,
        "past": on < today,
        "bare": not pieces,
        "other": view == "month" and on.month != asked.month,
        "crowded": any(piece.lanes > MOST_LANES for piece in pieces),
    }
    return " ".join(mark for mark, is_so in marks.items() if is_so)


@lru_cache(maxsize=2048)
def _formatted(day: date, pattern: str, locale: str) -> str:
    return format_date(day, pattern, locale)


class Words:
    """What stands on one page, each word made once however many sessions bear it."""

    def __init__(self, actor: Actor, at: datetime) -> None:
        self.zone, self._clock = actor.zone, actor.clock
        self._place = ZoneInfo(actor.zone)
        self._at = at
        self._now = at.astimezone(self._place)
        self.today = self._now.date()
        self._locale = str(get_locale())
        self._times: dict[int, str] = {}
        self._kinds = {str(kind): kind_name(kind) for kind in Kind}
        self._cancelled, self._shifted = _("Cancelled"), _("Clocks change")
        self._requested = _("Asked for")
        self._standings = {"": ""} | {str(key): str(_(text)) for key, text in STANDINGS.items()}
        self._continued, self._online = _("Continued"), _("Online")

    def written(self, day: date, pattern: str) -> str:
        return _formatted(day, pattern, self._locale)

    def time(self, local: datetime) -> str:
        minute = local.hour * 60 + local.minute
        if minute not in self._times:
            self._times[minute] = clock_time(local, self._clock)
        return self._times[minute]

    def kinds(self) -> list[tuple[str, str]]:
        return [
            *self._kinds.items(),
            ("cancelled", self._cancelled),
            ("open", self._standings[Standing.OUT]),
        ]

    def hour(self, hour: int) -> str:
        return self.time(self._now.replace(hour=hour, minute=0))

    def now(self, first: int, last: int) -> Now:
        """The present moment; out of the grid when it shows the hours [first, last) without it."""
        text = _("Now, %(time)s", time=self.time(self._now))
        if not first <= self._now.hour < last:
            return Now(text, "out")
        return Now(text, _place(self._now.hour * 60 + self._now.minute))

    def passed(self, pieces: Sequence[Piece]) -> int:
        """How many of a day's sessions have begun."""
        return sum(piece.item.starts_at <= self._at for piece in pieces)

    def day(self, on: date) -> str:
        if on == self.today:
            return str(_("Today"))
        return str(_("Tomorrow")) if on == self.today + timedelta(days=1) else ""

    def entry(self, piece: Piece) -> Entry:
        row = piece.item
        start, end = row.starts_at.astimezone(self._place), row.ends_at.astimezone(self._place)
        place = _place(piece.top, piece.minutes)
        return Entry(
            href=f"/sessions/{row.id}",
            instant=row.starts_at.isoformat(timespec="minutes"),
            start=self.time(start),
            end=self.time(end),
            title=row.title,
            about=" · ".join(self._about(piece, start)),
            kind=self._kinds[row.kind],
            where=row.address or (self._online if row.meeting_link else ""),
            look=_drawn(row),
            place=f"{place} of{piece.lanes} l{piece.lane}" if piece.lanes > 1 else place,
        )

    def _about(self, piece: Piece, start: datetime) -> list[str]:
        row = piece.item
        parts = [
            self._cancelled if row.cancelled else "",
            self._requested if row.requested else "",
            "" if row.cancelled else self._standings[row.standing],
            "" if piece.begins else self._continued,
            "" if row.zone == self.zone else self._elsewhere(start, row),
            self._shifted if row.shifted else "",
        ]
        return [part for part in parts if part]

    def _elsewhere(self, start: datetime, row: SessionRow) -> str:
        """09:30 Toronto, with the weekday where that is another one; nothing if clocks agree."""
        there = row.starts_at.astimezone(ZoneInfo(row.zone))
        if there.utcoffset() == start.utcoffset():
            return ""
        text = f"{self.time(there)} {zone_name(row.zone)}"
        same_day = there.date() == start.date()
        return text if same_day else f"{self.written(there.date(), 'EEE')} {text}"


def _drawn(row: SessionRow) -> str:
    """The classes of its kind, and of why it takes no time of the viewer's."""
    if _takes_time(row):
        return row.kind
    return f"{row.kind} cancelled" if row.cancelled else f"{row.kind} open"


def _takes_time(row: SessionRow) -> bool:
    return not row.cancelled and row.standing in (Standing.EXPECTED, Standing.COMES)


def _place(top: int, minutes: int = 0) -> str:
    """Classes of calendar.css: begins at hour h and minute m, lasts d hours and e minutes."""
    place = f"h{top // 60} m{top % 60 // 5 * 5}"
    return f"{place} d{minutes // 60} e{minutes % 60}" if minutes else place
