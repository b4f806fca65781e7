"""When a person may be booked: one form, what comes of it, and why there is no slot."""

from datetime import date
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import SelectField
from wtforms.validators import Optional

from supervision import clock
from supervision.blueprints.availability import calendars
from supervision.blueprints.availability.forms import AvailabilityForm
from supervision.blueprints.availability.parts import DAY, bp, whole_page
from supervision.blueprints.availability.words import reason_words
from supervision.errors import N_, Invalid
from supervision.services import availability
from supervision.services.availability import MOST_DAYS, SessionTypeRow, Why
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.fields import DayField
from supervision.web.forms import Form, choices
from supervision.web.fragments import page, wants_fragment
from supervision.web.transactions import by_hand

__all__ = ["bp", "calendars"]
WHY_DAYS = 7


@bp.get("/availability")
@signed_in
def index() -> Response:
    return whole_page(200)


@bp.post("/availability")
@signed_in
def save() -> Response:
    form = AvailabilityForm()
    form.drop_blank()
    if not forms.attempt(form, lambda: _save(form)):
        return whole_page(422, form)
    flash(_("Your availability is saved. Sessions that are booked already stay as they are."))
    return redirect(url_for("availability.index"), 303)


def _save(form: AvailabilityForm) -> bool:
    if form.refuse_all():
        return False
    availability.save_availability(viewer(), clock.now(), form.whole())
    return True


@bp.post("/availability/lines")
@signed_in
@by_hand
def lines() -> Response:
    """The form as it was typed, with one line more or fewer; nothing is saved."""
    form = AvailabilityForm()
    changed = form.change(request.args.get("change", ""))
    if wants_fragment():
        return page("availability/_form.html", 200, form=form, changed=changed)
    return whole_page(200, form, changed)


# -- why there is no slot ------------------------------------------------------------------


class WhyForm(Form):
    """Which days, and for which kind of session."""

    kind = SelectField(lazy("Kind of session"))
    first_on = DayField(lazy("From"), [Optional()])
    last_on = DayField(lazy("To"), [Optional()])

    def days(self, today: date) -> tuple[date, date]:
        """First and last day, both inclusive. Raises Invalid."""
        first = self.first_on.data or today
        last = self.last_on.data or first + DAY * (WHY_DAYS - 1)
        if not date(1971, 1, 1) <= first <= date(2199, 12, 31):
            raise Invalid("first_on", N_("Give a date within the next ten years."))
        if last < first:
            raise Invalid("last_on", N_("The last date lies before the first."))
        if last - first >= DAY * MOST_DAYS:
            raise Invalid("last_on", N_("Look at %(most)s days at most."), most=MOST_DAYS)
        return first, last


@bp.get("/availability/why")
@signed_in
def why() -> Response:
    """Each start on some days, with its reason; `kind`, `first_on` and `last_on` in the query."""
    kinds = availability.session_types_of(viewer().id)
    form = _why_form(kinds)
    found = forms.answer(form, lambda: _explained(form)) if kinds and form.validate() else None
    status = forms.status_of(form)
    return page(
        "availability/why.html", status, form=form, kinds=kinds, why=found, say=reason_words
    )


def _why_form(kinds: list[SessionTypeRow]) -> WhyForm:
    """The form as the query fills it; what the query leaves out is the coming week."""
    form = WhyForm(request.args)
    form.kind.choices = choices((str(kind.id), kind.name) for kind in kinds)
    if "kind" not in request.args and kinds:
        form.kind.data = str(kinds[0].id)
    return form


def _explained(form: WhyForm) -> Why:
    actor = viewer()
    first, last = form.days(clock.today(actor.zone))
    form.first_on.data, form.last_on.data = first, last
    return availability.explain(actor, clock.now(), UUID(form.kind.data), first, last)
