"""A supervisee cancels a session, or moves it to another free time."""

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.booking.choosing import week_of
from supervision.blueprints.booking.parts import LateForm, bp, instant
from supervision.services import booking, sessions
from supervision.services.booking import Gone, OwnSession
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.filters import local_date, local_time
from supervision.web.forms import Form
from supervision.web.fragments import page as show_page
from supervision.web.fragments import page_or, wants_fragment
from supervision.web.settings import base_url
from supervision.web.words import booked_words


@bp.get("/book/sessions/<uuid:session_id>/cancel")
@signed_in
def cancel_form(session_id: UUID) -> Response:
    own = booking.own_session(viewer(), clock.now(), session_id)
    return _cancel(200, own, LateForm(formdata=None))


def _cancel(status: int, own: OwnSession, form: Form) -> Response:
    return show_page("booking/cancel.html", status, form=form, own=own, desk=own.desk)


@bp.post("/book/sessions/<uuid:session_id>/cancel")
@signed_in
def cancel(session_id: UUID) -> Response:
    at, form = clock.now(), LateForm()
    own = booking.own_session(viewer(), at, session_id)

    def act() -> bool:
        knows = form.late.data
        booking.cancel_own(viewer(), at, session_id, form.message.data, knows, base_url())
        return True

    if not forms.attempt(form, act):
        return _cancel(422, own, form)
    flash(
        _(
            "The session on %(day)s at %(time)s is cancelled. %(name)s is told by mail.",
            day=local_date(own.starts_at),
            time=local_time(own.starts_at),
            name=own.desk.supervisor,
        )
    )
    return redirect(url_for("sessions.show", session_id=session_id), 303)


@bp.get("/book/sessions/<uuid:session_id>/move")
@signed_in
def move_form(session_id: UUID) -> Response:
    """Free times for a session, then, with `at` in the address, the form to confirm one."""
    own = booking.own_session(viewer(), clock.now(), session_id)
    if request.args.get("at"):
        return _move(200, own, LateForm(formdata=None))
    return _choose(own)


def _choose(own: OwnSession) -> Response:
    week = None
    if not own.asks:
        base = url_for("booking.move_form", session_id=own.id)
        week = week_of(own.desk, own.terms, base, {}, own.id)
    context = {"own": own, "desk": own.desk, "week": week, "swapped": wants_fragment()}
    return page_or("booking/_week.html", "booking/choose.html", kind=None, gone=None, **context)


def _move(status: int, own: OwnSession, form: Form, gone: Gone | None = None) -> Response:
    starts_at = instant()
    return show_page(
        "booking/move.html",
        status,
        form=form,
        own=own,
        desk=own.desk,
        starts_at=starts_at,
        ends_at=starts_at + (own.ends_at - own.starts_at),
        gone=gone,
    )


@bp.post("/book/sessions/<uuid:session_id>/move")
@signed_in
def move(session_id: UUID) -> Response:
    at, form, starts_at = clock.now(), LateForm(), instant()
    own = booking.own_session(viewer(), at, session_id)
    gone: list[Gone] = []

    def act() -> sessions.Booked:
        said = (form.message.data, form.late.data)
        try:
            return booking.move_own(viewer(), at, session_id, starts_at, *said, base_url())
        except Gone as error:
            gone.append(error)
            raise

    done = forms.attempt(form, act)
    if done is None:
        return _move(422, own, form, gone[0] if gone else None)
    for line in booked_words(done, _("Moved. A mail says so.")):
        flash(line)
    return redirect(url_for("sessions.show", session_id=session_id), 303)
