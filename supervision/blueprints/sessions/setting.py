"""Another place, or other people, for a session, for what follows, for a series."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sessions.forms import ChangeForm, ChangeSeriesForm
from supervision.blueprints.sessions.parts import bp, changeable, offer_people
from supervision.services import series, sessions
from supervision.services.series import Which
from supervision.services.sessions import Changed, SessionPage
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page as show_page
from supervision.web.settings import base_url
from supervision.web.words import clash_words


@bp.get("/sessions/<uuid:session_id>/change")
@signed_in
def change_form(session_id: UUID) -> Response:
    page = changeable(session_id)
    place, chosen = page.own_place, not page.session.for_all
    form = _form(
        page,
        formdata=None,
        place="own" if place else "roster",
        address=place.address if place else "",
        meeting_link=place.meeting_link if place else "",
        who="some" if chosen else "all",
        people=[one.person_id for one in page.people] if chosen else [],
    )
    return _page(200, form, page)


def _form(page: SessionPage, **values: Any) -> ChangeForm:
    return ChangeSeriesForm(**values) if page.series else ChangeForm(**values)


def _page(status: int, form: ChangeForm, page: SessionPage) -> Response:
    signs_up = page.session.capacity is not None
    offer_people(form, page.session.roster_id, page.session.kind, signs_up)
    return show_page("sessions/change.html", status, form=form, page=page, s=page.session)


@bp.post("/sessions/<uuid:session_id>/change")
@signed_in
def change(session_id: UUID) -> Response:
    page = changeable(session_id)
    form = _form(page)
    done = forms.attempt(form, lambda: _change(page, form))
    if done is None:
        return _page(422, form, page)
    flash(_done(done))
    if done.warnings:
        flash(_("Please note: %(clashes)s", clashes=clash_words(done.warnings, done.zone)))
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _change(page: SessionPage, form: ChangeForm) -> Changed:
    actor, at, which = viewer(), clock.now(), form.how_much()
    said = (form.setting(), form.message.data)
    if which == Which.ONE:
        return sessions.change_session(actor, at, page.session.id, *said, base_url())
    setting, message = said
    return series.change_series(actor, at, page.session.id, setting, which, message, base_url())


def _done(done: Changed) -> str:
    text: str = _("Nothing was different.")
    if done.count:
        text = ngettext(
            "%(num)s session is changed. Those whom it concerns are told by mail.",
            "%(num)s sessions are changed. Those whom it concerns are told by mail.",
            done.count,
        )
    return text
