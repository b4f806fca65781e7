"""A session's page; move and cancel it, with what follows or its whole series; leave out days."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sessions.forms import (
    CancelForm,
    CancelSeriesForm,
    LeaveOutForm,
    MoveForm,
    MoveSeriesForm,
)
from supervision.blueprints.sessions.parts import attempt, bp, changeable
from supervision.errors import NotFound
from supervision.services import attendance, mail, notes, series, sessions, signup
from supervision.services.series import Which
from supervision.services.sessions import Booked, SessionPage
from supervision.web import forms, unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.filters import local_date, local_time
from supervision.web.fragments import page as show_page
from supervision.web.settings import base_url
from supervision.web.words import booked_words, receipt_words, repeat_words


@bp.get("/sessions/<uuid:session_id>")
@signed_in
def show(session_id: UUID) -> Response:
    actor, at = viewer(), clock.now()
    page = sessions.session_page(actor, at, session_id)
    seats, words, sheet, keys = None, "", None, unlocking.opened()
    if page.session.capacity is not None:
        seats = signup.seats_of(actor, at, session_id, page.session.standing)
    if page.series:
        words = repeat_words(page.series.repeat, page.series.first_day)
    if page.session.starts_at <= at:
        sheet = attendance.sheet_if_any(actor, at, session_id)
    return show_page(
        "sessions/show.html",
        200,
        page=page,
        s=page.session,
        repeat=words,
        seats=seats,
        sheet=sheet,
        receipt_words=receipt_words,
        history=attendance.history_of(sheet) if sheet else [],
        reply_words=mail.ANSWERS,
        agenda=notes.agenda(actor, keys, page.session.roster_id) if keys else [],
    )


@bp.get("/sessions/<uuid:session_id>/move")
@signed_in
def move_form(session_id: UUID) -> Response:
    page = changeable(session_id)
    local = page.session.starts_at.astimezone(ZoneInfo(page.session.zone))
    form = _move_form(
        page,
        formdata=None,
        date=local.date(),
        starts_at=local.time(),
        minutes=page.minutes,
        zone=page.session.zone,
    )
    return _move_page(200, form, page)


def _move_page(status: int, form: MoveForm, page: SessionPage) -> Response:
    edits = series.single_edits(viewer(), clock.now(), page.session.id) if page.series else {}
    return show_page(
        "sessions/move.html", status, form=form, page=page, s=page.session, edits=edits
    )


def _move_form(page: SessionPage, **values: Any) -> MoveForm:
    return MoveSeriesForm(**values) if page.series else MoveForm(**values)


@bp.post("/sessions/<uuid:session_id>/move")
@signed_in
def move(session_id: UUID) -> Response:
    page = changeable(session_id)
    form, zone = _move_form(page), page.session.zone
    moved = attempt(form, lambda: zone, lambda: _move(page, form))
    if moved is None:
        form.zone.data = zone
        return _move_page(422, form, page)
    for text in booked_words(moved, _("Moved. Everybody in the roster is told by mail.")):
        flash(text)
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _move(page: SessionPage, form: MoveForm) -> Booked:
    actor, at, wish, which = viewer(), clock.now(), form.wish(), form.how_much()
    if which == Which.ONE:
        return sessions.move_session(actor, at, page.session.id, wish, base_url())
    return series.move_series(
        actor,
        at,
        page.session.id,
        wish,
        which,
        edited_too=form.edited_too.data,
        choices=form.chosen(),
        base_url=base_url(),
    )


@bp.get("/sessions/<uuid:session_id>/cancel")
@signed_in
def cancel_form(session_id: UUID) -> Response:
    page = changeable(session_id)
    form = _cancel_form(page)
    return show_page("sessions/cancel.html", 200, form=form, page=page, s=page.session)


def _cancel_form(page: SessionPage) -> CancelForm:
    return CancelSeriesForm() if page.series else CancelForm()


@bp.post("/sessions/<uuid:session_id>/cancel")
@signed_in
def cancel(session_id: UUID) -> Response:
    page = changeable(session_id)
    form = _cancel_form(page)
    done = forms.attempt(form, lambda: _cancel(page, form))
    if done is None:
        return show_page("sessions/cancel.html", 422, form=form, page=page, s=page.session)
    flash(done)
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _cancel(page: SessionPage, form: CancelForm) -> str:
    actor, at, message = viewer(), clock.now(), form.message.data
    which = form.how_much()
    text: str
    if page.series is None or which == Which.ONE:
        sessions.cancel_session(actor, at, page.session.id, message, base_url())
        text = _(
            "The session on %(day)s at %(time)s is cancelled. Everybody is told by mail.",
            day=local_date(page.session.starts_at),
            time=local_time(page.session.starts_at),
        )
        return text
    if which == Which.ALL:
        count = series.cancel_series(actor, at, page.series.id, message, base_url())
    else:
        count = series.cancel_following(actor, at, page.session.id, message, base_url())
    text = ngettext(
        "%(num)s session is cancelled. Everybody is told by mail.",
        "%(num)s sessions are cancelled. Everybody is told by mail.",
        count,
    )
    return text


@bp.get("/sessions/<uuid:session_id>/leave-out")
@signed_in
def leave_out_form(session_id: UUID) -> Response:
    page = _of_series(session_id)
    return _leave_out_page(200, LeaveOutForm(), page)


def _of_series(session_id: UUID) -> SessionPage:
    page = changeable(session_id)
    if page.series is None:
        raise NotFound
    return page


def _leave_out_page(status: int, form: LeaveOutForm, page: SessionPage) -> Response:
    return show_page("sessions/leave_out.html", status, form=form, page=page, s=page.session)


@bp.post("/sessions/<uuid:session_id>/leave-out")
@signed_in
def leave_out(session_id: UUID) -> Response:
    """Leave out days of the session's series: what lies there is cancelled."""
    page, form = _of_series(session_id), LeaveOutForm()
    count = forms.attempt(form, lambda: _leave_out(session_id, form))
    if count is None:
        return _leave_out_page(422, form, page)
    flash(
        ngettext(
            "These days are left out. %(num)s session is cancelled.",
            "These days are left out. %(num)s sessions are cancelled.",
            count,
        )
    )
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _leave_out(session_id: UUID, form: LeaveOutForm) -> int:
    first, last = form.skip_first.data, form.skip_last.data or form.skip_first.data
    message = form.message.data
    return series.leave_out(viewer(), clock.now(), session_id, first, last, message, base_url())
