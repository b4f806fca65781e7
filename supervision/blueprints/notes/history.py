"""The versions of a reflection: what changed from one to the next, and going back."""

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.notes.parts import bp, opened, to_unlock
from supervision.db import db
from supervision.domain.reflections.changes import FieldChange, changed_fields
from supervision.errors import Conflict, Invalid, NotFound
from supervision.services import notes
from supervision.services.notes import Version
from supervision.web import typed, unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.errors import say
from supervision.web.fragments import page


@bp.get("/notes/<uuid:note_id>/history")
@signed_in
def history(note_id: UUID) -> Response:
    """All versions; what changed in the one that is asked for, else in the latest."""
    actor = viewer()
    notes.own_note(actor, note_id)
    keys = opened()
    if keys is None:
        return to_unlock()
    found = notes.versions(actor, keys, note_id)
    wanted = request.args.get("version", found[-1].number if found else 0, type=typed.number)
    chosen = next((at for at, one in enumerate(found) if one.number == wanted), None)
    if chosen is None:
        raise NotFound
    return page(
        "notes/history.html",
        note_id=note_id,
        versions=found[::-1],
        chosen=found[chosen],
        changed=_changed(found[chosen - 1], found[chosen]) if chosen else None,
    )


def _changed(before: Version, after: Version) -> list[FieldChange] | None:
    """None where one of the two cannot be opened."""
    if before.reflection is None or after.reflection is None:
        return None
    return changed_fields(before.reflection.words, after.reflection.words)


@bp.post("/notes/<uuid:note_id>/restore")
@signed_in
def restore(note_id: UUID) -> Response:
    actor = viewer()
    notes.own_note(actor, note_id)
    number = request.form.get("number", 0, type=typed.number)
    try:
        notes.restore_version(actor, clock.now(), unlocking.keys(), note_id, number)
    except (Conflict, Invalid) as error:
        db.session.rollback()
        flash(say(error))
        return redirect(url_for("notes.history", note_id=note_id), 303)
    flash(_("Version %(number)d is the latest again. What came after it is kept.", number=number))
    return redirect(url_for("notes.show", note_id=note_id), 303)
