"""Drafts: what was written while the vault was locked, and waits."""

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.notes.forms import fill, written_in
from supervision.blueprints.notes.parts import bp, opened, parts_of, pepper, to_unlock
from supervision.blueprints.notes.writing import Editor, editor_page
from supervision.db import db
from supervision.domain.reflections import Reflection
from supervision.domain.reflections.changes import changed_fields
from supervision.domain.vault import Keys
from supervision.errors import Conflict, Invalid, NotFound
from supervision.permissions import Actor
from supervision.services import notes
from supervision.services.notes import Draft, Keep
from supervision.web import unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.errors import say
from supervision.web.fragments import page


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
    stored = _newer(actor, keys, found)
    if stored is not None:
        return _merge_page(found, stored)
    words = found.reflection.words
    template = written_in(words)
    return editor_page(200, Editor(found.edit, template, fill(template, words)))


def _newer(actor: Actor, keys: Keys, waiting: Draft) -> Reflection | None:
    """What was saved over the revision that the draft was written over."""
    if not waiting.edit.base:
        return None
    found = notes.note(actor, keys, waiting.edit.note_id)
    return found.reflection if found.latest > waiting.edit.base else None


def _merge_page(waiting: Draft, stored: Reflection) -> Response:
    assert waiting.reflection is not None
    return page(
        "notes/merge.html",
        draft=waiting,
        stored=stored,
        draft_parts=parts_of(waiting.reflection.words),
        stored_parts=parts_of(stored.words),
        changed=changed_fields(stored.words, waiting.reflection.words),
    )


@bp.post("/notes/drafts/<uuid:draft_id>/merge")
@signed_in
def merge(draft_id: UUID) -> Response:
    """Keep what waits, what is there, or both."""
    actor = viewer()
    notes.own_draft(actor, draft_id)
    keys, choice = unlocking.keys(), request.form.get("choice", type=Keep)
    if choice is None:
        raise NotFound
    try:
        note_id = notes.merge_draft(actor, clock.now(), keys, pepper(), draft_id, choice)
    except (Conflict, Invalid) as error:
        db.session.rollback()
        flash(say(error))
        return redirect(url_for("notes.resume", draft_id=draft_id), 303)
    flash(_("The draft is deleted.") if choice is Keep.STORED else _("Saved."))
    return redirect(url_for("notes.show", note_id=note_id), 303)


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
