"""Comparing eight words with somebody, before anything is sealed to their keys."""

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sharing.forms import WordsForm
from supervision.blueprints.sharing.parts import bp, to_unlock
from supervision.domain.vault import Keys
from supervision.errors import Conflict
from supervision.services import sharing
from supervision.web import transactions, unlocking
from supervision.web.auth import safe_next, signed_in, viewer
from supervision.web.fragments import page
from supervision.web.proving import prove
from supervision.web.settings import pepper


@bp.get("/sharing/people")
@signed_in
def people() -> Response:
    keys = unlocking.opened()
    if keys is None:
        return to_unlock()
    return page("sharing/people.html", circles=sharing.circles_of(viewer(), keys))


@bp.get("/sharing/people/<uuid:person_id>")
@signed_in
def words(person_id: UUID) -> Response:
    sharing.seen_contact(viewer(), person_id)
    keys = unlocking.opened()
    if keys is None:
        return to_unlock()
    return _words_page(200, keys, person_id, WordsForm(formdata=None))


@bp.post("/sharing/people/<uuid:person_id>")
@signed_in
@transactions.by_hand
def check(person_id: UUID) -> Response:
    """Argon2 runs before the transaction: the passphrase is asked once more."""
    actor = viewer()
    sharing.seen_contact(actor, person_id)
    keys, form = unlocking.keys(), WordsForm()
    if prove(actor, form, form.passphrase) is None:
        return _words_page(422, keys, person_id, form)
    try:
        name = form.name.data
        transactions.in_one(
            lambda: sharing.keep_check(actor, clock.now(), keys, pepper(), person_id, name)
        )
    except Conflict as error:
        form.refuse(error)
        return _words_page(409, keys, person_id, form)
    flash(_("Kept. You can share with each other as long as these keys stay."))
    return redirect(safe_next(request.args.get("next") or url_for("sharing.people")), 303)


def _words_page(status: int, keys: Keys, person_id: UUID, form: WordsForm) -> Response:
    try:
        found = sharing.compare(viewer(), keys, pepper(), person_id)
    except Conflict as error:
        form.refuse(error)
        known = sharing.contact(viewer(), keys, person_id)
        return page("sharing/words.html", 409, contact=known, words=[], form=form)
    form.name.data = found.name
    return page("sharing/words.html", status, contact=found.contact, words=found.words, form=form)
