"""A session's attendance: marked, corrected, agreed with or not."""

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.attendance.forms import DisagreeForm, SheetForm, sheet_form
from supervision.blueprints.attendance.parts import bp
from supervision.errors import NotAllowed
from supervision.services import attendance
from supervision.services.attendance import Changed, Sheet
from supervision.web import forms, typed
from supervision.web.auth import signed_in, viewer
from supervision.web.errors import say
from supervision.web.fragments import page as show_page
from supervision.web.settings import base_url


@bp.get("/sessions/<uuid:session_id>/attendance")
@signed_in
def sheet(session_id: UUID) -> Response:
    return _sheet_page(200, _to_mark(session_id))


def _to_mark(session_id: UUID) -> Sheet:
    found = attendance.sheet_of(viewer(), clock.now(), session_id)
    if not found.may_mark:
        raise NotAllowed
    return found


def _sheet_page(
    status: int, found: Sheet, form: SheetForm | None = None, seen: int = -1, notice: str = ""
) -> Response:
    """The sheet as it stands, or as it was sent; `seen` is the version it is about."""
    return show_page(
        "attendance/form.html",
        status,
        sheet=found,
        form=form or sheet_form(found, fresh=True),
        seen=found.version if form is None else seen,
        notice=notice,
    )


def _seen() -> int:
    return request.form.get("seen", -1, type=typed.number)


@bp.post("/sessions/<uuid:session_id>/attendance")
@signed_in
def mark(session_id: UUID) -> Response:
    found = _to_mark(session_id)
    form = sheet_form(found, fresh=False)
    done = forms.attempt(form, lambda: _mark(found, form))
    if isinstance(done, Changed):
        return _as_it_stands(session_id, done)
    if done is None:
        return _sheet_page(422, found, form, _seen())
    return _marked(session_id)


def _mark(found: Sheet, form: SheetForm) -> bool | Changed:
    try:
        marking = form.marking(found, _seen())
        attendance.mark(viewer(), clock.now(), found.session_id, marking, base_url())
    except Changed as changed:
        return changed
    return True


def _as_it_stands(session_id: UUID, changed: Changed) -> Response:
    """Somebody else was quicker: what they said, to look at again."""
    return _sheet_page(409, _to_mark(session_id), notice=say(changed))


def _marked(session_id: UUID) -> Response:
    flash(_("The attendance is saved."))
    if request.form.get("then") == "waiting":
        return redirect(url_for("attendance.waiting"), 303)
    return _to_session(session_id)


def _to_session(session_id: UUID) -> Response:
    return redirect(url_for("sessions.show", session_id=session_id, _anchor="attendance"), 303)


@bp.post("/sessions/<uuid:session_id>/attendance/everybody")
@signed_in
def everybody(session_id: UUID) -> Response:
    """One press: everybody was there for the whole of it."""
    try:
        attendance.mark_everybody(viewer(), clock.now(), session_id, _seen(), base_url())
    except Changed as changed:
        return _as_it_stands(session_id, changed)
    return _marked(session_id)


@bp.post("/sessions/<uuid:session_id>/attendance/agree")
@signed_in
def agree(session_id: UUID) -> Response:
    try:
        attendance.agree(viewer(), clock.now(), session_id, _seen())
        flash(_("Thank you. It is noted that this is right."))
    except Changed as changed:
        flash(say(changed))
    return _to_session(session_id)


@bp.get("/sessions/<uuid:session_id>/attendance/disagree")
@signed_in
def otherwise(session_id: UUID) -> Response:
    found = _to_answer(session_id)
    return show_page("attendance/disagree.html", 200, sheet=found, form=DisagreeForm())


def _to_answer(session_id: UUID) -> Sheet:
    found = attendance.sheet_of(viewer(), clock.now(), session_id)
    if not found.may_answer:
        raise NotAllowed
    return found


@bp.post("/sessions/<uuid:session_id>/attendance/disagree")
@signed_in
def disagree(session_id: UUID) -> Response:
    found, form = _to_answer(session_id), DisagreeForm()

    def act() -> bool:
        words = form.words.data
        attendance.disagree(viewer(), clock.now(), session_id, _seen(), words, base_url())
        return True

    if forms.attempt(form, act) is None:
        return show_page("attendance/disagree.html", 422, sheet=found, form=form)
    flash(_("It is noted, and those who run the roster are told."))
    return _to_session(session_id)
