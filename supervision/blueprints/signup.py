"""Signing up for a session and off, its line and offers, and how many places it has."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import InputRequired, NumberRange

from supervision import clock
from supervision.errors import NotAllowed, NotFound
from supervision.services import sessions, signup
from supervision.services.series import Which
from supervision.services.sessions import SessionPage, Standing
from supervision.services.signup import MOST_SEATS, Signed
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.fields import NumberField
from supervision.web.forms import REQUIRED, Form
from supervision.web.fragments import page as show_page
from supervision.web.fragments import wants_fragment
from supervision.web.settings import base_url

bp = Blueprint("signup", __name__)


class SeatsForm(Form):
    capacity = NumberField(
        lazy("Places"),
        [
            InputRequired(REQUIRED),
            NumberRange(1, MOST_SEATS, lazy("Choose between %(min)s and %(max)s places.")),
        ],
        description=lazy("How many can come, without those who lead."),
    )
    which = RadioField(
        lazy("What to change"),
        choices=forms.choices(
            [
                (Which.ONE.value, lazy("Only this session")),
                (Which.FOLLOWING.value, lazy("This session and all that follow")),
                (Which.ALL.value, lazy("All coming sessions of the series")),
            ]
        ),
        default=Which.ONE.value,
    )


def _answer(session_id: UUID, *said: str) -> Response:
    """What was done is said on the session's page, or in the part of it that asked."""
    if wants_fragment():
        page = sessions.session_page(viewer(), clock.now(), session_id)
        card = signup.seats_of(viewer(), clock.now(), session_id, page.session.standing)
        return show_page(
            "signup/_card.html", 200, page=page, s=page.session, seats=card, said=" ".join(said)
        )
    for text in said:
        flash(text)
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _told(signed: Signed) -> list[str]:
    words = {
        Standing.COMES: _("You are signed up."),
        Standing.OFFERED: _("A place is kept for you. Take it or decline it."),
        Standing.WAITS: _("All places are taken. You are on the waiting list."),
    }
    said = [words[Standing(signed.standing)]]
    if signed.busy:
        said.append(_("You have something else at this time. See your calendar."))
    return said


@bp.post("/sessions/<uuid:session_id>/sign-up")
@signed_in
def come(session_id: UUID) -> Response:
    signed = signup.sign_up(viewer(), clock.now(), session_id, base_url())
    return _answer(session_id, *_told(signed))


@bp.post("/sessions/<uuid:session_id>/sign-off")
@signed_in
def sign_off(session_id: UUID) -> Response:
    """The form says whether it was shown as late, so that nobody is late unawares."""
    knows_late = "late" in request.form
    signup.sign_off(viewer(), clock.now(), session_id, knows_late, base_url())
    return _answer(session_id, _("You are signed off."))


@bp.post("/sessions/<uuid:session_id>/line")
@signed_in
def join_line(session_id: UUID) -> Response:
    auto = "auto" in request.form
    signed = signup.join_line(viewer(), clock.now(), session_id, auto, base_url())
    return _answer(session_id, *_told(signed))


@bp.post("/sessions/<uuid:session_id>/line/leave")
@signed_in
def leave_line(session_id: UUID) -> Response:
    signup.leave_line(viewer(), clock.now(), session_id, base_url())
    return _answer(session_id, _("You are no longer on the waiting list."))


@bp.post("/sessions/<uuid:session_id>/offer")
@signed_in
def answer_offer(session_id: UUID) -> Response:
    if request.form.get("answer") == "yes":
        signed = signup.accept_offer(viewer(), clock.now(), session_id, base_url())
        return _answer(session_id, *_told(signed))
    signup.leave_line(viewer(), clock.now(), session_id, base_url())
    return _answer(session_id, _("You declined. The place goes to the next in line."))


# -- how many places -------------------------------------------------------------------------


def _changeable(session_id: UUID) -> SessionPage:
    """A session whose seats the viewer may change. Raises NotFound, NotAllowed."""
    page = sessions.session_page(viewer(), clock.now(), session_id)
    if page.session.capacity is None:
        raise NotFound
    if not page.may_change:
        raise NotAllowed
    return page


def _seats_form(page: SessionPage, **values: Any) -> SeatsForm:
    form = SeatsForm(**values)
    if page.series is None:
        del form.which
    return form


def _seats_page(status: int, form: SeatsForm, page: SessionPage) -> Response:
    return show_page("signup/seats.html", status, form=form, s=page.session)


@bp.get("/sessions/<uuid:session_id>/seats")
@signed_in
def seats(session_id: UUID) -> Response:
    page = _changeable(session_id)
    form = _seats_form(page, formdata=None, capacity=page.session.capacity)
    return _seats_page(200, form, page)


@bp.post("/sessions/<uuid:session_id>/seats")
@signed_in
def set_seats(session_id: UUID) -> Response:
    page = _changeable(session_id)
    form = _seats_form(page)
    done = forms.attempt(form, lambda: _set(session_id, form))
    if done is None:
        return _seats_page(422, form, page)
    flash(
        ngettext(
            "%(num)s session has so many places now.",
            "%(num)s sessions have so many places now.",
            done,
        )
    )
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _set(session_id: UUID, form: SeatsForm) -> int:
    which = Which(form.which.data) if form.which else Which.ONE
    capacity = form.capacity.data
    return signup.set_seats(viewer(), clock.now(), session_id, capacity, which, base_url())
