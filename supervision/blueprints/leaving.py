"""Deleting one's own account, and the week in which one may think better of it."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired

from supervision import clock
from supervision.errors import Conflict
from supervision.models.people import LinkPurpose
from supervision.services import leaving, people
from supervision.web import limits, transactions, unlocking
from supervision.web.auth import anyone, signed_in, viewer
from supervision.web.forms import REQUIRED, trimmed
from supervision.web.fragments import page
from supervision.web.proving import ProofForm, prove
from supervision.web.settings import base_url, pepper, settings

bp = Blueprint("leaving", __name__)


class CloseForm(ProofForm):
    word = StringField(
        lazy("Type the word “delete”"),
        [InputRequired(REQUIRED)],
        filters=[trimmed],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "maxlength": 40},
    )


@bp.get("/delete-account")
@signed_in
def index() -> Response:
    return _page(200, CloseForm())


@bp.post("/delete-account")
@signed_in
@transactions.by_hand
def close() -> Response:
    """The passphrase first, outside of any transaction; then all of it or nothing."""
    actor, form = viewer(), CloseForm()
    if not _is_meant(form) or prove(actor, form, form.present) is None:
        return _page(422, form)
    try:
        transactions.in_one(lambda: leaving.close_account(actor, clock.now(), base_url(), pepper()))
    except Conflict as error:
        form.refuse(error)
        return _page(422, form)
    unlocking.lock_everywhere(actor.id)
    response = redirect(url_for("people.sign_in"), 303)
    unlocking.leave(response)
    flash(_("Your account is closed. A mail tells how to bring it back within 7 days."))
    return response


def _is_meant(form: CloseForm) -> bool:
    if not form.validate_on_submit():
        return False
    if form.word.data.casefold() != _("delete"):
        form.word.errors = [_("This is not the word.")]
        return False
    return True


def _page(status: int, form: CloseForm) -> Response:
    return page("leaving/index.html", status, form=form, found=leaving.in_the_way(viewer()))


@bp.get("/come-back/<token>")
@anyone("what stands in the address is the permission")
def come_back_form(token: str) -> Response:
    limits.spend(limits.INVITATION)
    link = people.open_link(settings().secret_key, LinkPurpose.RETURN, token, clock.now())
    return page("leaving/come_back.html", link=link)


@bp.post("/come-back/<token>")
@anyone("what stands in the address is the permission")
def come_back(token: str) -> Response:
    limits.spend(limits.INVITATION)
    at = clock.now()
    link = people.open_link(settings().secret_key, LinkPurpose.RETURN, token, at)
    leaving.come_back(link, at)
    flash(_("Your account is open again. Sign in with your passphrase."))
    return redirect(url_for("people.sign_in"), 303)
