"""What the pages about people share: the blueprint, going in, a fit new passphrase."""

from typing import Any

from flask import (
    Blueprint,
    redirect,
    request,
    session,
)
from flask_login import login_user
from werkzeug.wrappers import Response

from supervision import clock
from supervision.services import people
from supervision.services.sign_ins import Opened
from supervision.web import passphrases, transactions, unlocking
from supervision.web.auth import Viewer

bp = Blueprint("people", __name__)


def go_in(opened: Opened, target: str) -> Response:
    """A fresh session for a fresh sign-in, and the vault open if the passphrase opens it."""
    session.clear()
    with transactions.write():
        at = clock.now()
        sign_in_id = people.sign_in(opened.person_id, request.user_agent.string, at)
        actor = people.actor_for(sign_in_id, at)
    login_user(Viewer(**vars(actor)))
    session.permanent = True
    response = redirect(target, 303)
    if opened.keys is not None:
        unlocking.unlock(response, opened.person_id, sign_in_id, opened.keys)
    return response


def fit(form: Any, known: list[str]) -> bool:
    """Whether the form is whole and its new passphrase strong."""
    if not form.validate_on_submit():
        return False
    try:
        passphrases.check(form.passphrase.data, known)
    except ValueError as error:
        form.passphrase.errors = [*form.passphrase.errors, str(error)]
        return False
    return True
