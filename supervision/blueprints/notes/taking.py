"""Taking a reflection along as a file. It leaves the vault, so the passphrase is asked again."""

from uuid import UUID

from flask import make_response
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision.blueprints.notes.parts import bp, opened, to_unlock
from supervision.domain.reflections import template_of, to_markdown
from supervision.errors import NotFound
from supervision.services import notes
from supervision.services.notes import NotePage
from supervision.web import transactions, unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.filters import local_date
from supervision.web.fragments import page
from supervision.web.proving import PresentForm, prove


@bp.get("/notes/<uuid:note_id>/file")
@signed_in
def take_form(note_id: UUID) -> Response:
    notes.own_note(viewer(), note_id)
    if opened() is None:
        return to_unlock()
    return _take_page(200, note_id, PresentForm(formdata=None))


@bp.post("/notes/<uuid:note_id>/file")
@signed_in
@transactions.by_hand
def take(note_id: UUID) -> Response:
    """One Markdown file, named by its day alone."""
    actor, form = viewer(), PresentForm()
    notes.own_note(actor, note_id)
    keys = unlocking.keys()
    if prove(actor, form, form.passphrase) is None:
        return _take_page(422, note_id, form)
    found = notes.note(actor, keys, note_id)
    if found.reflection is None:
        raise NotFound
    response = make_response(to_markdown(found.reflection.words, _byline(found), _))
    response.headers["Content-Type"] = "text/markdown; charset=utf-8"
    name = f"reflection-{found.created_on.isoformat()}.md"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _byline(found: NotePage) -> str:
    assert found.reflection is not None
    parts = [
        _(template_of(found.reflection.words.template).name),
        local_date(found.reflection.begun_at),
    ]
    if found.session:
        parts.append(f"{found.session.title}, {local_date(found.session.starts_at)}")
    return " · ".join(parts)


def _take_page(status: int, note_id: UUID, form: PresentForm) -> Response:
    return page("notes/take.html", status, note_id=note_id, form=form)
