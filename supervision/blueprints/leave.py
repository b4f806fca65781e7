"""Leave: one's own days away from supervision."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from supervision import clock
from supervision.models.leave import LeaveKind
from supervision.services import leave, meetings, sessions
from supervision.services.leave import LeaveWish, OwnLeave
from supervision.services.sessions import SessionRow
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.fields import DayField
from supervision.web.forms import REQUIRED, Form, choices
from supervision.web.fragments import page as show_page
from supervision.web.settings import base_url

bp = Blueprint("leave", __name__)
DAY = timedelta(days=1)
CHOOSE = lazy("Choose one from the list.")
KINDS: dict[str, Any] = {
    LeaveKind.HOLIDAY: lazy("Holiday"),
    LeaveKind.PARENTAL: lazy("Parental leave"),
    LeaveKind.STUDY: lazy("Study leave"),
    LeaveKind.OTHER: lazy("Other leave"),
}


class LeaveForm(Form):
    first_on = DayField(lazy("First day"), [InputRequired(REQUIRED)])
    last_on = DayField(lazy("Last day"), [Optional()], description=lazy("Empty for a single day."))
    kind = SelectField(
        lazy("Kind"),
        choices=choices(KINDS.items()),
        invalid_choice_message=CHOOSE,
        description=lazy("For your own record; nobody else reads it. “Other” needs no reason."),
    )
    roster = SelectField(lazy("Away from"), invalid_choice_message=CHOOSE)

    def wish(self) -> LeaveWish:
        """What the person wants. Only for a form that validates."""
        first, last = self.first_on.data, self.last_on.data or self.first_on.data
        roster_id = UUID(self.roster.data) if self.roster.data else None
        return LeaveWish(first, last, self.kind.data, roster_id)


def _form(fresh: bool = False) -> LeaveForm:
    form = LeaveForm(formdata=None) if fresh else LeaveForm()
    rosters = [(str(one.id), one.title) for one in leave.own_rosters(viewer())]
    form.roster.choices = choices([("", lazy("All my rosters")), *rosters])
    return form


@bp.get("/leave")
@signed_in
def index() -> Response:
    return _page(200, _form(fresh=True))


def _page(status: int, form: LeaveForm) -> Response:
    actor, at = viewer(), clock.now()
    found = leave.own_leaves(actor)
    return show_page(
        "leave/index.html",
        status,
        form=form,
        leaves=found,
        kinds=KINDS,
        booked=_booked(found, at),
    )


def _booked(leaves: Sequence[OwnLeave], at: datetime) -> dict[UUID, list[SessionRow]]:
    """The coming sessions that stay booked on days of each leave."""
    last = max((one.last_on for one in leaves), default=at.date())
    until = at + (last - at.date() + 2 * DAY)
    coming = sessions.sessions_between(viewer(), at, until) if until > at else []
    planned = [row for row in coming if not row.cancelled]
    return {
        one.id: [row for row in planned if one.covers(row.roster_id, _day(row))] for one in leaves
    }


def _day(row: SessionRow) -> date:
    """A session's day where it is held."""
    return row.starts_at.astimezone(ZoneInfo(row.zone)).date()


@bp.post("/leave")
@signed_in
def take() -> Response:
    form = _form()

    def act() -> bool:
        meetings.take_leave(viewer(), clock.now(), form.wish(), base_url())
        return True

    if forms.attempt(form, act) is None:
        return _page(422, form)
    flash(_("Your leave is saved. Turns of those days pass on, and stay owed to you."))
    return redirect(url_for("leave.index"), 303)


@bp.post("/leave/<uuid:leave_id>/withdraw")
@signed_in
def withdraw(leave_id: UUID) -> Response:
    meetings.end_leave(viewer(), clock.now(), leave_id, base_url())
    flash(_("Withdrawn. You are expected on those days again."))
    return redirect(url_for("leave.index"), 303)
