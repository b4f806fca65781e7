"""A new passphrase by mail, for who forgot theirs."""

from flask import (
    flash,
    redirect,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.people.parts import bp, fit, go_in, origin
from supervision.models.people import LinkPurpose
from supervision.services import people, sign_ins
from supervision.services.people import OpenLink
from supervision.web import forms, limits, passphrases, transactions, unlocking
from supervision.web.auth import anyone
from supervision.web.forms import Form
from supervision.web.fragments import page
from supervision.web.posting import MailsGo, mails_go
from supervision.web.settings import settings


class ResetAskForm(Form):
    email = forms.email_field()


class ResetForm(Form):
    passphrase = passphrases.new_passphrase_field(lazy("New passphrase"))
    again = passphrases.again_field("passphrase")


@bp.get("/reset")
@anyone("who forgot a passphrase cannot sign in")
def reset_ask() -> Response:
    return _ask_page(200, ResetAskForm())


@bp.post("/reset")
@anyone("who forgot a passphrase cannot sign in")
def reset_send() -> Response:
    """The same answer for known and unknown addresses."""
    form = ResetAskForm()
    email = forms.attempt(form, lambda: people.checked_email(form.email.data))
    if email is None:
        return _ask_page(422, form)
    limits.spend(limits.RESET, email)
    people.ask_reset(email, clock.now())
    flash(_asked_words())
    return redirect(url_for("people.sign_in"), 303)


def _ask_page(status: int, form: ResetAskForm) -> Response:
    return page("people/reset_ask.html", status, form=form, mails=mails_go())


def _asked_words() -> str:
    """The same whether or not somebody has the address."""
    words = {
        MailsGo.BY_SERVER: _("If that address has an account, a mail with a link is on its way."),
        MailsGo.ON_A_PAGE: _("If that address has an account, the link will be at /dev/mail."),
        MailsGo.NOWHERE: _(
            "No mail is set up here. If that address has an account, whoever looks after this "
            "server has a link for it now: ask them."
        ),
    }
    return str(words[mails_go()])


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
    transactions.in_one(lambda: people.reset(link, clock.now(), credential, origin()))
    unlocking.lock_everywhere(link.person_id)
    response = go_in(opened, url_for("home.index"))  # a fresh session, so what is said comes after
    flash(
        _("Your new passphrase is set. Your notes stay closed until you enter your recovery code.")
    )
    return response
