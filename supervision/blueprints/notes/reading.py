"""The list, a reflection, and deleting with ten minutes to think again."""

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.notes.parts import (
    bp,
    opened,
    parts_of,
    pepper,
    ready_to_write,
    to_unlock,
)
from supervision.domain.reflections import template_of
from supervision.services import notes, sharing
from supervision.web import transactions, typed, unlocking
from supervision.web.auth import safe_next, signed_in, viewer
from supervision.web.fragments import page


@bp.get("/notes")
@signed_in
@ready_to_write
def index() -> Response:
    keys = opened()
    if keys is None:
        return to_unlock()
    actor, at = viewer(), clock.now()
    wanted = request.args.get("page", 1, type=typed.number)
    month = request.args.get("month", type=typed.month)
    return page(
        "notes/index.html",
        found=notes.notes_of(actor, keys, wanted, month),
        drafts=notes.drafts(actor, keys, pepper()),
        deleted=notes.just_deleted(actor, at, keys),
        template_of=template_of,
    )


@bp.post("/notes/accept")
@signed_in
def accept() -> Response:
    """Go on with what is there, after the warning that something is missing or altered."""
    notes.accept_rows(viewer(), clock.now(), unlocking.keys())
    flash(_("What is there now is counted anew."))
    return redirect(url_for("notes.index"), 303)


@bp.post("/notes/check")
@signed_in
@transactions.by_hand
def check() -> Response:
    """Compare every saved state with the seal, those as well that no list shows; the list then
    warns of what it cannot see by itself."""
    if not notes.is_sound(viewer(), unlocking.keys()):
        return redirect(url_for("notes.index", altered="yes"), 303)
    flash(_("Every reflection, with all its versions, is as you left it."))
    return redirect(url_for("notes.index"), 303)


@bp.get("/notes/<uuid:note_id>")
@signed_in
def show(note_id: UUID) -> Response:
    actor = viewer()
    notes.own_note(actor, note_id)
    keys = opened()
    if keys is None:
        return to_unlock()
    found = notes.note(actor, keys, note_id, request.args.get("version", type=typed.number))
    return page(
        "notes/show.html",
        note=found,
        shares=sharing.shares_of_note(actor, note_id),
        parts=parts_of(found.reflection.words) if found.reflection else [],
        template=template_of(found.reflection.words.template) if found.reflection else None,
    )


@bp.post("/notes/<uuid:note_id>/taken")
@signed_in
def taken(note_id: UUID) -> Response:
    """Something on the agenda was taken up."""
    notes.own_note(viewer(), note_id)
    text = request.form.get("ask", "")
    notes.take_up(viewer(), clock.now(), unlocking.keys(), note_id, text)
    flash(_("Ticked off. The line stays in your reflection."))
    return redirect(safe_next(request.form.get("next")), 303)


@bp.post("/notes/<uuid:note_id>/delete")
@signed_in
def delete(note_id: UUID) -> Response:
    notes.own_note(viewer(), note_id)
    notes.delete_note(viewer(), clock.now(), unlocking.keys(), note_id)
    return redirect(url_for("notes.index"), 303)


@bp.post("/notes/<uuid:note_id>/undelete")
@signed_in
def undelete(note_id: UUID) -> Response:
    notes.undelete_note(viewer(), clock.now(), unlocking.keys(), note_id)
    flash(_("The reflection is back."))
    return redirect(url_for("notes.show", note_id=note_id), 303)
