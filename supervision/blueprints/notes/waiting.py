"""Drafts: what was written while the vault was locked, and waits."""

from uuid import UUID

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.notes.forms import fill, written_in
from supervision.blueprints.notes.parts import bp, opened, pepper, to_unlock
from supervision.blueprints.notes.writing import Editor, editor_page
from supervision.db import db
from supervision.errors import Conflict, Invalid, NotFound
from supervision.services import notes
from supervision.web import unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.errors import say


@bp.get("/notes/drafts/<uuid:draft_id>")
@signed_in
def resume(draft_id: UUID) -> Response:
    """Go on writing where the lock came."""
    actor, keys = viewer(), opened()
    notes.own_draft(actor, draft_id)
    if keys is None:
        return to_unlock()
    found = notes.draft(actor, keys, pepper(), draft_id)
    if found.reflection is None:
        raise NotFound
    words = found.reflection.words
    template = written_in(words)
    return editor_page(200, Editor(found.edit, template, fill(template, words)))


@bp.post("/notes/drafts/<uuid:draft_id>/keep")
@signed_in
def keep(draft_id: UUID) -> Response:
    actor = viewer()
    notes.own_draft(actor, draft_id)
    keys = unlocking.keys()
    try:
        saved = notes.keep_draft(actor, clock.now(), keys, pepper(), draft_id)
    except (Conflict, Invalid) as error:
        db.session.rollback()
        flash(say(error))
        return redirect(url_for("notes.resume", draft_id=draft_id), 303)
    flash(_("Saved."))
    return redirect(url_for("notes.show", note_id=saved.note_id), 303)


@bp.post("/notes/drafts/<uuid:draft_id>/discard")
@signed_in
def discard(draft_id: UUID) -> Response:
    notes.discard_draft(viewer(), draft_id)
    flash(_("The draft is deleted."))
    return redirect(url_for("notes.index"), 303)
