"""The form to take a time: once or weekly, and what to do where a week's is not free."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import HiddenField, RadioField, SelectField

from supervision import clock
from supervision.blueprints.booking.parts import MessageForm, instant_in
from supervision.errors import Conflict
from supervision.services import booking
from supervision.services.availability import SessionTypeRow
from supervision.services.availability.checks import MOST_WEEKS
from supervision.services.booking import Desk, Refused
from supervision.web import typed
from supervision.web.fields import LinesField
from supervision.web.filters import local_date, local_time
from supervision.web.forms import Form, choices

SKIP = "skip"


class PickRow(Form):
    """A week whose time is not free, by its local key; `near` is the start that was offered."""

    key = HiddenField()
    near = HiddenField()
    to = RadioField(lazy("What to do"), validate_choice=False)

    def offer(self) -> None:
        """Fill in what can be chosen."""
        offered = [(SKIP, str(_("Leave it out")))]
        if self.near.data:
            near = instant_in(self.near.data)
            words = _("Take %(day)s, %(time)s", day=local_date(near), time=local_time(near))
            offered.insert(0, (near.isoformat(), words))
        self.to.choices = choices(offered)

    def pick(self) -> datetime | None:
        """The start to take; None to leave the week out."""
        return None if self.to.data == SKIP else instant_in(self.to.data)

    @property
    def due(self) -> datetime | None:
        """The local time that the key names; None for what is no key."""
        try:
            return typed.local_time(self.key.data)
        except (TypeError, ValueError):
            return None


class ConfirmForm(MessageForm):
    """A few words, for how many weeks, and what to do about those that are not free."""

    weeks = SelectField(
        lazy("Repeat weekly"),
        coerce=typed.number,
        default=1,
        invalid_choice_message=lazy("Choose one from the list."),
    )
    picks = LinesField(PickRow, MOST_WEEKS)
    refused: Mapping[str, Refused] = {}

    def how_many(self) -> int:
        return self.weeks.data if self.weeks else 1

    def picked(self) -> dict[str, datetime | None]:
        """What was chosen, by key; the rest is left out where the button says so."""
        found: dict[str, datetime | None] = {}
        for row in (row.form for row in self.picks):
            if row.to.data:
                found[row.key.data] = row.pick()
            elif request.form.get("rest") == SKIP:
                found[row.key.data] = None
        return found

    def list_refused(self, refused: Iterable[Refused], keys: Collection[str]) -> None:
        """Show a line for each of these; what was chosen for others of the series stays."""
        self.refused = {one.key: one for one in refused}
        rows: dict[str, Any] = {
            row.data["key"]: row.data for row in self.picks if row.data["key"] in keys
        }
        for key, one in self.refused.items():
            rows[key] = {"key": key, "near": one.nearest.isoformat() if one.nearest else ""}
        while self.picks.entries:
            self.picks.pop_entry()
        for key in sorted(rows):
            self.picks.append_entry(rows[key])

    def offer(self) -> None:
        """Fill in what can be chosen in each line."""
        for row in self.picks:
            row.form.offer()


def confirm_form(
    desk: Desk, kind: SessionTypeRow, starts_at: datetime, **values: Any
) -> ConfirmForm:
    """The form; without a choice of weeks where there is none."""
    form = ConfirmForm(**values)
    offered = _weeks(desk, kind, starts_at)
    if len(offered) > 1:
        form.weeks.choices = choices(offered)
    else:
        del form.weeks
    return form


def _weeks(desk: Desk, kind: SessionTypeRow, starts_at: datetime) -> list[tuple[int, str]]:
    """How often a time can be repeated, as far ahead as can be booked."""
    try:
        due = booking.weekly(desk.zone, starts_at, kind.most_weeks)
    except Conflict:
        return []
    latest = clock.now() + timedelta(days=desk.own.horizon_days)
    offered = [(1, str(_("Only this once")))]
    for number, one in enumerate(due[1:], start=2):
        if one.starts_at <= latest:
            day = local_date(one.starts_at)
            words = _("%(times)s times, the last on %(day)s", times=number, day=day)
            offered.append((number, words))
    return offered
