"""Replacing the key of one's notes, when the former one may be known to somebody."""

from flask import Blueprint, flash, make_response, redirect, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.domain import vault
from supervision.domain.vault import Keys
from supervision.errors import Conflict
from supervision.permissions import Actor
from supervision.services import rotation, sign_ins
from supervision.services import vault as vaults
from supervision.services.sign_ins import Opened
from supervision.web import limits, passphrases, transactions, unlocking, witnessing
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page
from supervision.web.proving import ProofForm, prove
from supervision.web.settings import settings

bp = Blueprint("rotation", __name__)


@bp.get("/vault/new-key")
@signed_in
def index() -> Response:
    """After a changed passphrase, once: whether anybody else knows the old one."""
    if session.pop(passphrases.CHANGED, False) and rotation.progress(viewer()) is None:
        return page("rotation/changed.html", 200)
    return _page(200, ProofForm())


@bp.post("/vault/new-key")
@signed_in
@transactions.by_hand
@limits.in_turn
def begin() -> Response:
    """Two Argon2 runs before the transaction; every other browser is locked after it."""
    actor, form = viewer(), ProofForm()
    opened = prove(actor, form, form.present)
    if opened is None:
        return _page(422, form)
    if opened.keys is None:
        form.form_errors.append(_("Open your notes with your recovery code first."))
        return _page(422, form)
    if witnessing.doubt(actor.id, opened.keys) is not None:
        form.form_errors.append(
            _("Unlock your notes first: there is something you need to know first.")
        )
        return _page(422, form)
    try:
        turned = rotation.prepare(actor, opened.keys, settings().pepper.encode())
        fresh = Opened(actor.id, turned.keys)
        changed = sign_ins.change(fresh, form.present.data, settings())
        transactions.in_one(lambda: rotation.begin(actor, clock.now(), turned, changed))
    except Conflict as error:
        form.refuse(error)
        return _page(422, form)
    unlocking.lock_everywhere(actor.id)
    response = redirect(url_for("rotation.index"), 303)
    unlocking.unlock(response, actor.id, actor.sign_in_id, turned.keys)
    return response


@bp.post("/vault/new-key/go-on")
@signed_in
@transactions.by_hand
def go_on() -> Response:
    """One batch a request: the page sends the next by itself, or its button does."""
    actor, keys = viewer(), unlocking.keys()
    found = transactions.in_one(lambda: rotation.go_on(actor, clock.now(), keys))
    return _over(actor, keys) if found.over else redirect(url_for("rotation.index"), 303)


def _over(actor: Actor, keys: Keys) -> Response:
    """All is under the new key: this browser goes on without the former one."""
    target = url_for("vault.recovery_code")
    response: Response = redirect(target, 303)
    if request.headers.get("HX-Request"):
        response = make_response("", 200, {"HX-Redirect": target})
    unlocking.unlock(response, actor.id, actor.sign_in_id, vault.without_former(keys))
    flash(
        _("Your notes have a new key, and the old one opens nothing. Please make a new code now.")
    )
    return response


def _page(status: int, form: ProofForm) -> Response:
    actor = viewer()
    return page(
        "rotation/index.html",
        status,
        form=form,
        found=rotation.progress(actor),
        ways=vaults.ways(actor.id),
    )
