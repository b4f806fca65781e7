"""Find a time: what suits a roster's members, with everybody's local hours side by side."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField
from wtforms.validators import InputRequired

from supervision import clock
from supervision.blueprints.finding import week
from supervision.blueprints.finding.week import Week
from supervision.domain.finding import Found, Hour
from supervision.services import finding
from supervision.services.finding import MOST_WEEKS, Member, Times
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.fields import DayField, NumberField
from supervision.web.filters import clock_time, local_date
from supervision.web.forms import REQUIRED, Form
from supervision.web.fragments import page as show_page
from supervision.web.fragments import page_or, wants_fragment
from supervision.web.words import HOUR_TONES, hour_word

bp = Blueprint("finding", __name__)


class FindForm(Form):
    """What to look for; it changes nothing, so it is asked by an address."""

    minutes = NumberField(lazy("Minutes"), [InputRequired(REQUIRED)])
    first_day = DayField(lazy("From"), [InputRequired(REQUIRED)])
    weeks = NumberField(lazy("Weeks"), [InputRequired(REQUIRED)])
    who = SelectMultipleField(lazy("Who has to come"), validate_choice=False)


@dataclass(frozen=True)
class LocalHour:
    """A start on somebody's clock: `day` only where it is another than the viewer's."""

    name: str
    place: str
    time: str
    day: str
    word: str
    tone: str


@dataclass(frozen=True)
class Offer:
    """A start as the viewer sees it, with the address that books it."""

    starts_at: datetime
    book: str
    word: str
    tone: str
    hours: tuple[LocalHour, ...] = ()


@bp.get("/rosters/<uuid:roster_id>/find")
@signed_in
def show(roster_id: UUID) -> Response:
    form, found, shown = _form(roster_id), None, None
    if not _is_asked() or form.validate():
        if wants_fragment():
            return _week_alone(roster_id, form)
        found = forms.answer(form, lambda: _times(roster_id, form))
        shown = forms.answer(form, lambda: _week(roster_id, form)) if found else None
    context = _shown(roster_id, found)
    status = 200 if found and shown else 422
    answer = show_page(
        "finding/show.html", status, form=form, roster_id=roster_id, week=shown, **context
    )
    answer.vary.update(("HX-Request", "HX-Request-Type"))
    return answer


def _week_alone(roster_id: UUID, form: FindForm) -> Response:
    """The week's fragment, which the turning of weeks swaps in."""
    shown = _week(roster_id, form)
    return page_or("finding/_week.html", "finding/_week.html", week=shown, swapped=True)


def _week(roster_id: UUID, form: FindForm) -> Week:
    who = _chosen(form.who.data or ())
    days = week.days_of(request.args, form.first_day.data, viewer())
    hours = week.hours_of(request.args)
    seen = finding.week_for(viewer(), clock.now(), roster_id, form.minutes.data, days, hours, who)
    query = {
        "first_day": form.first_day.data.isoformat(),
        "weeks": form.weeks.data,
        "minutes": form.minutes.data,
        "who": sorted(form.who.data or ()),
    }
    return week.shown(seen, f"/rosters/{roster_id}/find", query, request.args, viewer())


def _form(roster_id: UUID) -> FindForm:
    """The form as the address fills it, over what is usual."""
    minutes = finding.usual_minutes(viewer(), roster_id)
    today = clock.now().astimezone(ZoneInfo(viewer().zone)).date()
    usual = {"minutes": minutes, "first_day": today + timedelta(days=1), "weeks": 2}
    return FindForm(formdata=request.args if _is_asked() else None, data=usual)


def _is_asked() -> bool:
    """Whether the address says what to look for; without that, what is usual is looked for."""
    return "minutes" in request.args


def _times(roster_id: UUID, form: FindForm) -> Times:
    return finding.times_for(
        viewer(),
        clock.now(),
        roster_id,
        form.minutes.data,
        form.first_day.data,
        form.weeks.data,
        _chosen(form.who.data or ()),
    )


def _chosen(texts: list[str] | tuple[str, ...]) -> set[UUID]:
    """The ids among what was sent; whatever else stands there chooses nobody."""
    found = set()
    for text in texts:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def _shown(roster_id: UUID, times: Times | None) -> dict[str, Any]:
    if times is None:
        return {"times": None, "most_weeks": MOST_WEEKS}
    zone = viewer().zone
    days = groupby(times.all, key=lambda one: one.starts_at.astimezone(ZoneInfo(zone)).date())
    return {
        "times": times,
        "most_weeks": MOST_WEEKS,
        "chosen": {member.id for member in times.members},
        "silent": [member.name for member in times.members if not member.told],
        "best": [_offer(roster_id, times, one, True) for one in times.best],
        "days": [(day, [_offer(roster_id, times, one) for one in all_]) for day, all_ in days],
    }


def _offer(roster_id: UUID, times: Times, found: Found, with_hours: bool = False) -> Offer:
    there = found.starts_at.astimezone(ZoneInfo(times.zone))
    worst = max(found.hours)
    pairs = zip(times.members, found.hours, strict=True) if with_hours else ()
    return Offer(
        found.starts_at,
        f"/rosters/{roster_id}/book?date={there:%Y-%m-%d}&starts_at={there:%H:%M}",
        hour_word(worst),
        HOUR_TONES[worst],
        tuple(_local_hour(found.starts_at, member, hour) for member, hour in pairs),
    )


def _local_hour(starts_at: datetime, member: Member, hour: Hour) -> LocalHour:
    local = starts_at.astimezone(ZoneInfo(member.zone))
    here: date = starts_at.astimezone(ZoneInfo(viewer().zone)).date()
    return LocalHour(
        member.name,
        member.zone.rpartition("/")[2].replace("_", " "),
        clock_time(local),
        local_date(local.date()) if local.date() != here else "",
        hour_word(hour),
        HOUR_TONES[hour],
    )
