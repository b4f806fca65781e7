"""Booking, a session's page, moving and cancelling."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sessions.forms import (
    BookForm,
    CancelForm,
    CancelSeriesForm,
    LeaveOutForm,
    MoveForm,
    MoveSeriesForm,
)
from supervision.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from supervision.services import places, series, sessions, signup
from supervision.services.claims import Clashed
from supervision.services.series import Which
from supervision.services.sessions import Booked, SessionPage
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.filters import local_date, local_time
from supervision.web.forms import Form
from supervision.web.fragments import page as show_page
from supervision.web.fragments import wants_fragment
from supervision.web.settings import base_url
from supervision.web.transactions import by_hand
from supervision.web.words import (
    booked_words,
    clash_words,
    preview_lines,
    repeat_words,
)

bp = Blueprint("sessions", __name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Shown:
    """What a booking page shows of its roster, apart from any transaction."""

    id: UUID
    title: str
    zone: str
    minutes: int


def _shown(roster_id: UUID) -> Shown:
    roster, _place = places.run_roster(viewer(), roster_id)
    return Shown(roster.id, roster.title, roster.zone, roster.minutes)


def _attempt(form: Form, zone: Callable[[], str], act: Callable[[], T]) -> T | None:
    """As `forms.attempt`; a clash is told beside the time that was asked for, in that zone."""

    def told() -> T:
        try:
            return act()
        except Clashed as clashed:
            raise Invalid(
                "starts_at",
                N_("Not everybody can come. %(clashes)s"),
                clashes=clash_words(clashed.clashes, zone()),
            ) from None

    return forms.attempt(form, told)


# -- booking -------------------------------------------------------------------------------


@bp.get("/rosters/<uuid:roster_id>/book")
@signed_in
def new(roster_id: UUID) -> Response:
    """The form; `date` and `starts_at` in the query fill it in."""
    shown = _shown(roster_id)
    form = BookForm(request.args)
    form = BookForm(
        formdata=None,
        date=form.date.data or _today(shown.zone) + timedelta(days=1),
        starts_at=form.starts_at.data,
        minutes=shown.minutes,
        zone=shown.zone,
    )
    return _book_page(200, form, shown)


def _today(zone: str) -> date:
    return clock.now().astimezone(ZoneInfo(zone)).date()


@bp.post("/rosters/<uuid:roster_id>/book")
@signed_in
def book(roster_id: UUID) -> Response:
    form = BookForm()
    booked = _attempt(form, lambda: _shown(roster_id).zone, lambda: _book(roster_id, form))
    if booked is None:
        shown = _shown(roster_id)
        form.zone.data = shown.zone
        return _book_page(422, form, shown)
    for text in booked_words(booked, _done(booked)):
        flash(text)
    return redirect(url_for("sessions.show", session_id=booked.session_ids[0]), 303)


def _book(roster_id: UUID, form: BookForm) -> Booked:
    repeat, wish = form.repeat(), form.wish()
    if repeat is None:
        return sessions.book_session(viewer(), clock.now(), roster_id, wish, base_url())
    left_out = form.left_out()
    return series.book_series(
        viewer(), clock.now(), roster_id, wish, repeat, base_url(), left_out=left_out
    )


def _done(booked: Booked) -> str:
    text: str = _("The session is booked.")
    if booked.series_id is not None:
        text = _("%(count)s sessions are booked.", count=len(booked.session_ids))
    return text


@bp.post("/rosters/<uuid:roster_id>/book/preview")
@signed_in
@by_hand
def preview(roster_id: UUID) -> Response:
    """The times that a form would book, before it does; it only reads."""
    shown, form = _shown(roster_id), BookForm()
    found = _attempt(form, lambda: shown.zone, lambda: _lines(shown, form))
    status = 422 if found is None else 200
    if not wants_fragment():
        return _book_page(status, form, shown, preview=found)
    # Half-filled fields are no mistake yet: the fragment just has nothing to show.
    return show_page("sessions/_preview.html", 200, form=form, roster=shown, preview=found)


def _lines(shown: Shown, form: BookForm) -> dict[str, Any]:
    wish, actor = form.wish(), viewer()
    due = series.planned(actor, clock.now(), shown.id, wish, form.repeat(), form.left_out())
    lines = preview_lines(due, wish.minutes, shown.zone, actor.zone)
    is_open = form.ends.data == "open"
    return {"lines": lines, "count": len(due), "last": due[-1].starts_at, "is_open": is_open}


def _book_page(status: int, form: BookForm, shown: Shown, **context: Any) -> Response:
    return show_page("sessions/book.html", status, form=form, roster=shown, **context)


# -- one session ---------------------------------------------------------------------------


@bp.get("/sessions/<uuid:session_id>")
@signed_in
def show(session_id: UUID) -> Response:
    actor, at = viewer(), clock.now()
    page = sessions.session_page(actor, at, session_id)
    seats = None
    if page.session.capacity is not None:
        seats = signup.seats_of(actor, at, session_id, page.session.standing)
    words = ""
    if page.series:
        first = datetime.fromisoformat(page.series.starts_local).date()
        words = repeat_words(page.series.repeat, first)
    return show_page(
        "sessions/show.html", 200, page=page, s=page.session, repeat=words, seats=seats
    )


def _changeable(session_id: UUID) -> SessionPage:
    """A session that the viewer may move or cancel. Raises NotFound, NotAllowed, Conflict."""
    at = clock.now()
    page = sessions.session_page(viewer(), at, session_id)
    if not page.may_run:
        raise NotAllowed
    if not page.may_change:
        raise Conflict(N_("This session has begun or was cancelled; it stays as it is."))
    return page


@bp.get("/sessions/<uuid:session_id>/move")
@signed_in
def move_form(session_id: UUID) -> Response:
    page = _changeable(session_id)
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
    page = _changeable(session_id)
    form, zone = _move_form(page), page.session.zone
    moved = _attempt(form, lambda: zone, lambda: _move(page, form))
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
        base_url=base_url(),
    )


@bp.get("/sessions/<uuid:session_id>/cancel")
@signed_in
def cancel_form(session_id: UUID) -> Response:
    page = _changeable(session_id)
    form = _cancel_form(page)
    return show_page("sessions/cancel.html", 200, form=form, page=page, s=page.session)


def _cancel_form(page: SessionPage) -> CancelForm:
    return CancelSeriesForm() if page.series else CancelForm()


@bp.post("/sessions/<uuid:session_id>/cancel")
@signed_in
def cancel(session_id: UUID) -> Response:
    page = _changeable(session_id)
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
    page = _changeable(session_id)
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
