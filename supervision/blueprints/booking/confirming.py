"""Confirm a time that was chosen: book it or ask for it, once or weekly."""

from datetime import datetime, timedelta
from uuid import UUID

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.booking.parts import bp, instant, uuid_in
from supervision.blueprints.booking.several import ConfirmForm, confirm_form
from supervision.services import booking
from supervision.services.availability import SessionTypeRow, for_others
from supervision.services.booking import Choice, Desk, Gone, SomeGone
from supervision.services.sessions import Booked
from supervision.services.sessions.plan import local_key
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page as show_page
from supervision.web.settings import base_url
from supervision.web.words import booked_words


@bp.get("/book/<uuid:roster_id>/confirm", endpoint="confirm_form")
@signed_in
def show(roster_id: UUID) -> Response:
    desk, kind, starts_at = _wanted(roster_id)
    form = confirm_form(desk, kind, starts_at, formdata=None)
    return _page(200, desk, kind, starts_at, form)


def _wanted(roster_id: UUID) -> tuple[Desk, SessionTypeRow, datetime]:
    """Where, which kind of session, and when, as the address or the form says."""
    desk = booking.desk(viewer(), roster_id)
    return desk, desk.kind(uuid_in("type")), instant()


def _page(
    status: int,
    desk: Desk,
    kind: SessionTypeRow,
    starts_at: datetime,
    form: ConfirmForm,
    gone: Gone | None = None,
) -> Response:
    if not desk.may_take:
        abort(403)
    form.offer()
    return show_page(
        "booking/confirm.html",
        status,
        form=form,
        desk=desk,
        kind=kind,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=kind.minutes),
        held_until=booking.held_until(viewer(), clock.now(), starts_at),
        gone=gone,
        say=for_others,
    )


@bp.post("/book/<uuid:roster_id>/confirm")
@signed_in
def confirm(roster_id: UUID) -> Response:
    desk, kind, starts_at = _wanted(roster_id)
    form, gone = confirm_form(desk, kind, starts_at), list[Gone]()

    def act() -> Booked:
        try:
            return _take(roster_id, kind, starts_at, form)
        except Gone as error:
            gone.append(error)
            raise
        except SomeGone as error:
            due = booking.weekly(desk.zone, starts_at, form.how_many())
            form.list_refused(error.refused, {local_key(one.original_local) for one in due})
            raise

    done = forms.attempt(form, act)
    if done is None:
        return _page(422, desk, kind, starts_at, form, gone[0] if gone else None)
    for line in booked_words(done, _done(kind, len(done.session_ids))):
        flash(line)
    return redirect(url_for("sessions.show", session_id=done.session_ids[0]), 303)


def _take(roster_id: UUID, kind: SessionTypeRow, starts_at: datetime, form: ConfirmForm) -> Booked:
    actor, at, weeks = viewer(), clock.now(), form.how_many()
    choice = Choice(kind.id, starts_at, form.message.data)
    if weeks == 1:
        return booking.take_time(actor, at, roster_id, choice, base_url())
    return booking.take_series(actor, at, roster_id, choice, weeks, form.picked(), base_url())


def _done(kind: SessionTypeRow, count: int) -> str:
    text: str
    if kind.asks and count > 1:
        text = _("You have asked for %(count)s times. They are kept for you.", count=count)
    elif kind.asks:
        text = _("You have asked for this time. It is kept for you until it is answered.")
    elif count > 1:
        text = _("%(count)s sessions are booked.", count=count)
    else:
        text = _("The session is booked.")
    return text
