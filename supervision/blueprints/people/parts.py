"""What the pages about people share: the blueprint, going in, a fit new passphrase."""

from typing import Any

from flask import (
    Blueprint,
    flash,
    redirect,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import login_user
from werkzeug.wrappers import Response

from supervision import clock
from supervision.domain.vault import Keys
from supervision.permissions import Actor
from supervision.services import people
from supervision.services import vault as vaults
from supervision.services.people import Origin
from supervision.services.sign_ins import Opened
from supervision.web import passphrases, transactions, unlocking, witnessing
from supervision.web.auth import Viewer
from supervision.web.proving import tell_of_former_way
from supervision.web.settings import base_url

bp = Blueprint("people", __name__)


def go_in(opened: Opened, target: str) -> Response:
    """A fresh session for a fresh sign-in, and the vault open if the passphrase opens it.

    A vault that is older than this browser remembers stays locked: the page that unlocks it says
    so at once, and what to do.
    """
    session.clear()
    keys = opened.keys
    doubt = witnessing.doubt(opened.person_id, keys) if keys is not None else None
    actor = transactions.in_one(lambda: _keep_sign_in(opened, keys if doubt is None else None))
    login_user(Viewer(**vars(actor)))
    session.permanent = True
    if opened.former:
        tell_of_former_way(opened)
        flash(_(vaults.FORMER_WAY), "warning")
    if doubt is not None:
        witnessing.hold(doubt)
        return redirect(url_for("vault.unlock", next=target), 303)
    response = redirect(target, 303)
    if keys is None:
        unlocking.opens_nothing()
    else:
        unlocking.unlock(response, opened.person_id, actor.sign_in_id, keys)
    return response


def _keep_sign_in(opened: Opened, keys: Keys | None) -> Actor:
    """A sign-in, and with `keys` what an unlock counts in."""
    at = clock.now()
    sign_in_id = people.sign_in(opened.person_id, request.user_agent.string, at)
    actor = people.actor_for(sign_in_id, at)
    assert actor is not None
    if keys is not None:
        unlocking.settle(actor, keys)
    return actor


def origin() -> Origin:
    """Of this request, for the mail that tells of a passphrase."""
    return Origin(base_url(), request.user_agent.string)


def fit(form: Any, known: list[str]) -> bool:
    """Whether the form is whole and its new passphrase strong; all complaints in one round."""
    whole, field = bool(form.validate_on_submit()), form.passphrase
    if field.errors:
        return False
    try:
        passphrases.check(field.data, known)
    except ValueError as error:
        field.errors = [str(error)]
        return False
    return whole
