"""Writing: the editor, saving, saving while typing, and the preview.

A save that meets a locked vault is sealed to its writer's own key and waits; nothing is lost and
nothing lies open.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.notes.forms import (
    NoteForm,
    chosen,
    fill,
    form_of,
    kept_keys,
    words_of,
    written_in,
)
from supervision.blueprints.notes.parts import (
    bp,
    opened,
    parts_of,
    pepper,
    ready_to_write,
    to_unlock,
)
from supervision.domain.reflections import (
    TEMPLATES,
    Kind,
    Template,
    Words,
    check_size,
    count_words,
    is_blank,
    ready,
)
from supervision.domain.vault import Keys
from supervision.errors import Conflict, Invalid, NotFound
from supervision.services import notes
from supervision.services.notes import Edit, Saved, SessionRef
from supervision.web import fragments, transactions
from supervision.web.auth import signed_in, viewer
from supervision.web.editing import fresh, sign, signed
from supervision.web.errors import say
from supervision.web.filters import local_date, local_time
from supervision.web.fragments import page
from supervision.web.request import long_text


@dataclass(frozen=True)
class Editor:
    """An editor as it is shown: what it edits, its form, and whether that note is stored yet."""

    edit: Edit
    template: Template
    form: NoteForm

    @property
    def is_new(self) -> bool:
        return self.edit.base == 0


@bp.get("/notes/new")
@signed_in
@ready_to_write
def new() -> Response:
    if opened() is None:
        return to_unlock()
    actor, template = viewer(), chosen(request.args.get("template"))
    session_id = request.args.get("session", type=UUID)
    session = notes.session_ref(actor, session_id) if session_id else None
    values = {
        "title": _first_title(session),
        "session": str(session.id if session else ""),
    }
    form = form_of(template)(formdata=None, data=values)
    return editor_page(200, Editor(fresh(), template, form), session)


def _first_title(session: SessionRef | None) -> str:
    """A title to begin with, so that nobody is held up by having to find one."""
    if session is not None:
        return f"{session.title}, {local_date(session.starts_at)}"
    return str(format_date(clock.today(viewer().zone), "EEEE d MMMM"))


@bp.get("/notes/<uuid:note_id>/edit")
@signed_in
def edit(note_id: UUID) -> Response:
    actor = viewer()
    notes.own_note(actor, note_id)
    keys = opened()
    if keys is None:
        return to_unlock()
    found = notes.note(actor, keys, note_id)
    if found.reflection is None:
        return redirect(url_for("notes.show", note_id=note_id))
    words = found.reflection.words
    template = written_in(words)
    editor = Editor(fresh(note_id, found.latest), template, fill(template, words))
    return editor_page(200, editor, found.session)


@bp.post("/notes/<uuid:note_id>")
@signed_in
@transactions.by_hand
def save(note_id: UUID) -> Response:
    sent, keys = _sent(note_id), opened()
    if not sent.form.validate_on_submit():
        return editor_page(422, sent)
    try:
        _keep(sent, keys, words_of(sent.form, sent.template))
    except Invalid as error:
        sent.form.refuse(error)
        return editor_page(422, sent)
    except Conflict as error:
        sent.form.refuse(error)
        return editor_page(409, _go_on(sent))
    return _kept(sent) if keys is not None else _sealed(sent)


def _keep(sent: Editor, keys: Keys | None, words: Words, *, auto: bool = False) -> Saved:
    """Save what the editor holds, or seal it where the vault is locked.

    It is folded for finding before the transaction, for which everybody else would wait.
    """
    actor, at = viewer(), clock.now()
    if keys is None:
        sealed = partial(notes.save_draft, actor, at, sent.edit, words, pepper())
        return transactions.in_one(sealed)
    saved = partial(notes.save_note, actor, at, keys, sent.edit, ready(words), auto=auto)
    return transactions.in_one(saved)


def _sealed(sent: Editor) -> Response:
    flash(_("Your notes were locked. What you wrote is sealed and waits for you."))
    if _from_home():
        return redirect(url_for("home.index"), 303)
    target = url_for("notes.resume", draft_id=sent.edit.editor)
    return redirect(url_for("vault.unlock", next=target), 303)


def _kept(sent: Editor) -> Response:
    if _from_home():
        flash(_("Kept, and sealed. It is among your notes."))
        return redirect(url_for("home.index"), 303)
    flash(_("Saved."))
    return redirect(url_for("notes.show", note_id=sent.edit.note_id), 303)


def _from_home() -> bool:
    """Whether it was caught in the one field on the home page, to which its writer returns."""
    return request.form.get("back") == "home"


@bp.post("/notes/<uuid:note_id>/autosave")
@signed_in
@transactions.by_hand
def autosave(note_id: UUID) -> Response:
    """Keep what is typed; the answer is one line under the editor."""
    sent, at, keys = _sent(note_id), clock.now(), opened()
    if not sent.form.validate_on_submit():
        return _state(422, "unfinished", at)
    words = words_of(sent.form, sent.template)
    if is_blank(words):
        return _state(200, "blank", at)
    try:
        saved = _keep(sent, keys, words, auto=True)
    except (Invalid, Conflict) as error:
        return _state(409, "refused", at, text=say(error))
    if keys is None:
        return _state(200, "sealed", at, sent.edit)
    return _state(200, "saved", saved.at, count=count_words(words))


def _state(status: int, kind: str, at: datetime, edit: Edit | None = None, **told: Any) -> Response:
    return page("notes/_state.html", status, kind=kind, time=local_time(at), edit=edit, **told)


@bp.post("/notes/<uuid:note_id>/switch")
@signed_in
@transactions.by_hand
def switch(note_id: UUID) -> Response:
    """Go on in another template with all that is typed. Nothing is stored."""
    sent = _sent(note_id)
    if not sent.form.validate_on_submit():
        return editor_page(422, sent)
    words = words_of(sent.form, sent.template)
    words = replace(words, template=chosen(request.form.get("to")).key)
    template = written_in(words)
    return editor_page(200, Editor(sent.edit, template, fill(template, words)))


@bp.post("/notes/preview")
@signed_in
@transactions.by_hand
def preview() -> Response:
    """What the typed Markdown becomes. Nothing is stored."""
    template = _template_sent()
    form = form_of(template)()
    form.validate()
    words = words_of(form, template)
    note_id = request.args.get("note", type=UUID)
    edit = signed(viewer(), note_id, form.editing.data) if note_id else None
    editor = Editor(edit or fresh(), template, form)
    try:
        check_size(words)
    except Invalid as error:
        if fragments.wants_fragment():
            raise
        form.refuse(error)
        return editor_page(422, editor)
    parts = parts_of(words)
    if fragments.wants_fragment():
        return page("notes/_preview.html", parts=parts)
    return editor_page(200, editor, preview=parts)


def _sent(note_id: UUID) -> Editor:
    """The editor that was sent. Raises NotFound for what is not this person's to save.

    An editor without our word (a page of long ago, a hand-made request) may not write; its text
    comes back in one that may.
    """
    actor, template = viewer(), _template_sent()
    form = form_of(template)()
    edit = signed(actor, note_id, form.editing.data)
    if edit is None:
        notes.own_note(actor, note_id)
        raise NotFound
    return Editor(edit, template, form)


def _template_sent() -> Template:
    return chosen(request.form.get("template"), long_text(request.form, "kept"))


def _go_on(sent: Editor) -> Editor:
    """An editor with the same text that can save over what is there now, or anew."""
    actor, keys = viewer(), opened()
    try:
        latest = notes.note(actor, keys, sent.edit.note_id).latest if keys else sent.edit.base
    except NotFound:
        return replace(sent, edit=fresh())
    return replace(sent, edit=fresh(sent.edit.note_id, latest))


def editor_page(
    status: int,
    editor: Editor,
    linked: SessionRef | None = None,
    preview: object = None,
) -> Response:
    actor = viewer()
    editor.form.editing.data = sign(actor, editor.edit)
    editor.form.template.data = editor.template.key
    editor.form.kept.data = kept_keys(editor.template)
    _offer_sessions(editor.form, linked)
    return page(
        "notes/form.html",
        status,
        editor=editor,
        form=editor.form,
        templates=TEMPLATES,
        scales=_scales(editor),
        linked=linked,
        preview=preview,
        locked=opened() is None,
    )


def _scales(editor: Editor) -> dict[str, int]:
    """The numbers that the form holds, for the picture that they make."""
    fields = (editor.form[p.key] for p in editor.template.prompts if p.kind is Kind.SCALE)
    return {field.name: field.data for field in fields if isinstance(field.data, int)}


def _offer_sessions(form: NoteForm, linked: SessionRef | None) -> None:
    offered = {ref.id: ref for ref in notes.linkable_sessions(viewer(), clock.now())}
    if linked is not None:
        offered[linked.id] = linked
    form.session.choices = [("", _("No session"))] + [
        (str(ref.id), f"{ref.title}, {local_date(ref.starts_at)} {local_time(ref.starts_at)}")
        for ref in offered.values()
    ]
