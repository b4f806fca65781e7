"""Signing in and out."""

from flask import (
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from supervision import clock
from supervision.blueprints.people.parts import bp, go_in
from supervision.services import people, sign_ins
from supervision.web import forms, limits, transactions, unlocking
from supervision.web.auth import anyone, safe_next, signed_in, viewer
from supervision.web.fields import PassphraseField
from supervision.web.forms import Form
from supervision.web.fragments import page
from supervision.web.settings import settings


class SignInForm(Form):
    email = forms.email_field()
    passphrase = PassphraseField(
        lazy("Passphrase"),
        [InputRequired(forms.REQUIRED)],
        render_kw={"autocomplete": "current-password"},
    )


@bp.get("/sign-in")
@anyone("the door")
def sign_in() -> Response | str:
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")))
    return render_template("people/sign_in.html", form=SignInForm())


@bp.post("/sign-in")
@anyone("the door")
@transactions.by_hand
def enter() -> Response:
    """One Argon2id run, before any transaction, for known and unknown addresses alike."""
    form = SignInForm()
    if not form.validate_on_submit():
        return page("people/sign_in.html", 422, form=form)
    email = people.normal_email(form.email.data)
    with limits.trying(limits.SIGN_IN, email):
        opened = sign_ins.check(email, form.passphrase.data, settings())
    if opened is None:
        _refuse_sign_in()
        form.form_errors.append(_("Email and passphrase do not match an account here."))
        return page("people/sign_in.html", 422, form=form)
    limits.forgive(limits.SIGN_IN, email)
    return go_in(opened, safe_next(request.args.get("next")))


def _refuse_sign_in() -> None:
    transactions.in_one(lambda: sign_ins.refuse(clock.now()))


@bp.post("/sign-out")
@signed_in
@transactions.by_hand
def sign_out() -> Response:
    """By hand, so that an old page's button is never answered by a replay."""
    transactions.in_one(lambda: people.sign_out(viewer(), clock.now()))
    return _leave(_("You are signed out."))


@bp.post("/sign-out-everywhere")
@signed_in
@transactions.by_hand
def sign_out_everywhere() -> Response:
    transactions.in_one(lambda: people.sign_out_everywhere(viewer(), clock.now()))
    unlocking.lock_everywhere(viewer().id)
    return _leave(_("You are signed out on every device."))


def _leave(text: str) -> Response:
    response = redirect(url_for("people.sign_in"), 303)
    unlocking.leave(response)
    flash(text)
    return response
