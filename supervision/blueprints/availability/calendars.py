"""Calendars that the viewer keeps elsewhere: add, rename, have one read, remove."""

from uuid import UUID

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.availability.parts import (
    AddForm,
    bp,
    elsewhere,
    fortnight,
    rename_form,
    rename_forms,
    shown,
    whole_page,
)
from supervision.services import outside
from supervision.web import limits
from supervision.web.auth import signed_in, viewer
from supervision.web.forms import attempt
from supervision.web.fragments import page, wants_fragment
from supervision.web.settings import settings

READ = "calendar-read"


def _back() -> Response:
    return redirect(url_for("availability.index", _anchor="calendars"), 303)


def _spend() -> None:
    """Each is a question to somebody else's server."""
    limits.spend(limits.CALENDAR, str(viewer().id))


@bp.post("/availability/calendars")
@signed_in
def add_calendar() -> Response:
    form = AddForm()
    if attempt(form, lambda: _add(form)) is None:
        return whole_page(422, add=form)
    flash(_("The calendar is added. It is being read now."))
    return _back()


def _add(form: AddForm) -> UUID:
    pepper, allowed = settings().pepper.encode(), settings().allowed_hosts
    label, address = str(form.label.data), str(form.address.data)
    added = outside.add(viewer(), clock.now(), label, address, pepper, allowed)
    _spend()
    return added


@bp.get("/availability/calendars/<uuid:calendar_id>")
@signed_in
def calendar(calendar_id: UUID) -> Response:
    """One calendar's line, which asks again while somebody waits for it."""
    found = elsewhere()
    one = found.calendar(calendar_id)
    if not wants_fragment():
        return _back()
    forms = rename_forms(found)
    response = page(
        "availability/_calendar.html", one=one, renames=forms, polled=True, **shown(found)
    )
    if not one.is_awaited:
        response.headers["HX-Trigger"] = READ
    return response


@bp.get("/availability/fortnight")
@signed_in
def coming() -> Response:
    """What can be booked in two weeks, once a calendar was read."""
    if not wants_fragment():
        return redirect(url_for("availability.index", _anchor="fortnight"))
    return page("availability/_fortnight.html", **fortnight(elsewhere()))


@bp.post("/availability/calendars/<uuid:calendar_id>/rename")
@signed_in
def rename_calendar(calendar_id: UUID) -> Response:
    form = rename_form(calendar_id)
    done = attempt(form, lambda: _rename(calendar_id, str(form.label.data)))
    if done is None:
        elsewhere().calendar(calendar_id)
        return whole_page(422, renames={calendar_id: form})
    flash(_("Renamed."))
    return _back()


def _rename(calendar_id: UUID, label: str) -> bool:
    outside.rename(viewer(), clock.now(), calendar_id, label)
    return True


@bp.post("/availability/calendars/<uuid:calendar_id>/read")
@signed_in
def read_calendar(calendar_id: UUID) -> Response:
    outside.read_now(viewer(), clock.now(), calendar_id)
    _spend()
    return _back()


@bp.post("/availability/calendars/<uuid:calendar_id>/remove")
@signed_in
def remove_calendar(calendar_id: UUID) -> Response:
    outside.remove(viewer(), clock.now(), calendar_id)
    flash(_("The calendar is removed here, and its busy times with it."))
    return _back()
