"""What was asked for: accept, decline, take back."""

from uuid import UUID

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.booking.parts import MessageForm, bp
from supervision.services import booking, sessions
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.forms import Form
from supervision.web.fragments import page as show_page
from supervision.web.settings import base_url


@bp.post("/sessions/<uuid:session_id>/accept")
@signed_in
def accept(session_id: UUID) -> Response:
    booking.accept(viewer(), clock.now(), session_id, base_url())
    flash(_("Accepted and booked."))
    return redirect(url_for("sessions.show", session_id=session_id), 303)


@bp.get("/sessions/<uuid:session_id>/decline")
@signed_in
def decline_form(session_id: UUID) -> Response:
    return _decline(200, session_id, MessageForm(formdata=None))


def _decline(status: int, session_id: UUID, form: Form) -> Response:
    page = sessions.session_page(viewer(), clock.now(), session_id)
    if not page.may_run:
        abort(403)
    return show_page("booking/decline.html", status, form=form, page=page, s=page.session)


@bp.post("/sessions/<uuid:session_id>/decline")
@signed_in
def decline(session_id: UUID) -> Response:
    form = MessageForm()

    def act() -> bool:
        booking.decline(viewer(), clock.now(), session_id, form.message.data, base_url())
        return True

    if not forms.attempt(form, act):
        return _decline(422, session_id, form)
    flash(_("Declined. The time is free again, and a mail says so."))
    return redirect(url_for("home.index"), 303)


@bp.post("/sessions/<uuid:session_id>/withdraw")
@signed_in
def withdraw(session_id: UUID) -> Response:
    booking.withdraw(viewer(), clock.now(), session_id, base_url())
    flash(_("You no longer ask for it. The time is free again."))
    return redirect(url_for("home.index"), 303)
