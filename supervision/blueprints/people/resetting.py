"""A new passphrase by mail, for who forgot theirs."""

from flask import (
    flash,
    redirect,
    render_template,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.people.parts import bp, fit, go_in
from supervision.models.people import LinkPurpose
from supervision.services import people, sign_ins
from supervision.services.people import OpenLink
from supervision.web import forms, limits, passphrases, transactions, unlocking
from supervision.web.auth import anyone
from supervision.web.forms import Form
from supervision.web.fragments import page
from supervision.web.settings import settings


class ResetAskForm(Form):
    email = forms.email_field()


class ResetForm(Form):
    passphrase = passphrases.new_passphrase_field(lazy("New passphrase"))
    again = passphrases.again_field("passphrase")


@bp.get("/reset")
@anyone("who forgot a passphrase cannot sign in")
def reset_ask() -> str:
    return render_template("people/reset_ask.html", form=ResetAskForm())


@bp.post("/reset")
@anyone("who forgot a passphrase cannot sign in")
def reset_send() -> Response:
    """The same answer for known and unknown addresses."""
    form = ResetAskForm()
    if not form.validate_on_submit():
        return page("people/reset_ask.html", 422, form=form)
    limits.spend(limits.RESET, people.normal_email(form.email.data))
    people.ask_reset(form.email.data, clock.now())
    flash(_("If that address has an account, a mail with a link is on its way."))
    return redirect(url_for("people.sign_in"), 303)


@bp.get("/reset/<token>")
@anyone("the token is the permission")
def reset_form(token: str) -> Response:
    people.open_link(settings().secret_key, LinkPurpose.RESET, token, clock.now())
    return page("people/reset.html", 200, form=ResetForm())


@bp.post("/reset/<token>")
@anyone("the token is the permission")
@transactions.by_hand
def reset(token: str) -> Response:
    limits.spend(limits.RESET_LINK)
    link = people.open_link(settings().secret_key, LinkPurpose.RESET, token, clock.now())
    with limits.stretching():
        limits.spend(limits.RESET, link.email)
        return _reset(link)


def _reset(link: OpenLink) -> Response:
    form = ResetForm()
    if not fit(form, [link.email, link.name]):
        return page("people/reset.html", 422, form=form)
    credential, opened = sign_ins.replace(link.person_id, form.passphrase.data, settings())
    transactions.in_one(lambda: people.reset(link, clock.now(), credential))
    unlocking.lock_everywhere(link.person_id)
    flash(_("Your account is open. Your notes stay closed until you give your recovery code."))
    return go_in(opened, url_for("home.index"))
