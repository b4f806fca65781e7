"""A series goes on, is ended on a day, or is let end."""

from datetime import datetime
from uuid import UUID

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sessions.forms import EndForm, ExtendForm
from supervision.blueprints.sessions.parts import attempt, bp
from supervision.errors import N_, Conflict
from supervision.services import series
from supervision.services.series import SeriesPage
from supervision.services.sessions import Booked
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page as show_page
from supervision.web.settings import base_url
from supervision.web.words import booked_words, repeat_words


def _extensible(series_id: UUID) -> SeriesPage:
    """A series that the viewer may extend. Raises NotFound, NotAllowed, Conflict."""
    page = series.series_page(viewer(), clock.now(), series_id)
    if not page.series.extensible:
        raise Conflict(
            N_("This series has no end, was cancelled, or was changed and goes on as another.")
        )
    return page


@bp.get("/series/<uuid:series_id>/extend")
@signed_in
def extend_form(series_id: UUID) -> Response:
    return _page("sessions/extend.html", 200, _extensible(series_id), ExtendForm(formdata=None))


def _page(template: str, status: int, page: SeriesPage, form: forms.Form) -> Response:
    repeat = repeat_words(page.series.repeat, page.series.first_day)
    starts = datetime.fromisoformat(page.series.starts_local)
    context = {"page": page, "s": page.series, "form": form, "repeat": repeat, "starts": starts}
    return show_page(template, status, **context)


@bp.post("/series/<uuid:series_id>/extend")
@signed_in
def extend(series_id: UUID) -> Response:
    page, form = _extensible(series_id), ExtendForm()
    booked = attempt(form, lambda: page.series.zone, lambda: _extend(series_id, form))
    if booked is None:
        return _page("sessions/extend.html", 422, page, form)
    done = ngettext(
        "%(num)s session more is booked.",
        "%(num)s sessions more are booked.",
        len(booked.session_ids),
    )
    for text in booked_words(booked, done):
        flash(text)
    return redirect(url_for("sessions.show", session_id=booked.session_ids[0]), 303)


def _extend(series_id: UUID, form: ExtendForm) -> Booked:
    return series.extend_series(
        viewer(),
        clock.now(),
        series_id,
        form.further(),
        form.message.data,
        form.chosen(),
        base_url(),
    )


@bp.get("/series/<uuid:series_id>/end")
@signed_in
def end_form(series_id: UUID) -> Response:
    page = series.series_page(viewer(), clock.now(), series_id)
    return _page("sessions/end.html", 200, page, EndForm(formdata=None))


@bp.post("/series/<uuid:series_id>/end")
@signed_in
def end(series_id: UUID) -> Response:
    page, form = series.series_page(viewer(), clock.now(), series_id), EndForm()
    count = forms.attempt(form, lambda: _end(series_id, form))
    if count is None:
        return _page("sessions/end.html", 422, page, form)
    flash(
        ngettext(
            "The series ends then. %(num)s session is cancelled, and everybody is told by mail.",
            "The series ends then. %(num)s sessions are cancelled, and everybody is told by mail.",
            count,
        )
    )
    return redirect(url_for("rosters.show", roster_id=page.roster_id), 303)


def _end(series_id: UUID, form: EndForm) -> int:
    last_day, message = form.last_day.data, form.message.data
    return series.end_series(viewer(), clock.now(), series_id, last_day, message, base_url())


@bp.post("/series/<uuid:series_id>/let-end")
@signed_in
def let_end(series_id: UUID) -> Response:
    series.dismiss_ending(viewer(), clock.now(), series_id)
    flash(_("You are not reminded of it any more."))
    return redirect(url_for("home.index"), 303)
