"""Joining by an invitation, and choosing a passphrase."""

from flask import (
    render_template,
    request,
    url_for,
)
from flask_babel import lazy_gettext as lazy
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import StringField

from supervision import clock
from supervision.blueprints.people.parts import bp, fit, go_in
from supervision.errors import Invalid
from supervision.models.people import LinkPurpose
from supervision.services import people, sign_ins
from supervision.services.people import OpenLink
from supervision.web import forms, limits, passphrases, transactions
from supervision.web.auth import anyone, viewer
from supervision.web.forms import Form, required, trimmed
from supervision.web.fragments import page
from supervision.web.settings import settings


class JoinForm(Form):
    name = StringField(
        lazy("Your name"),
        required(100),
        filters=[trimmed],
        description=lazy("As the people you work with should see it."),
        render_kw={"autocomplete": "name"},
    )
    passphrase = passphrases.new_passphrase_field()
    again = passphrases.again_field("passphrase")


class FirstJoinForm(JoinForm):
    email = forms.email_field()


@bp.get("/invitation/<token>")
@anyone("the token is the permission")
def invitation(token: str) -> Response:
    limits.spend(limits.INVITATION, token)
    link = people.open_link(LinkPurpose.INVITATION, token, clock.now())
    return page("people/invitation.html", 200, form=_join_form(link), link=link)


@bp.post("/invitation/<token>")
@anyone("the token is the permission")
@transactions.by_hand
@limits.in_turn
def join(token: str) -> Response:
    limits.spend(limits.INVITATION, token)
    link = people.open_link(LinkPurpose.INVITATION, token, clock.now())
    form = _join_form(link)
    email = form.email.data if isinstance(form, FirstJoinForm) else link.email
    if not fit(form, [email or "", form.name.data or ""]):
        return page("people/invitation.html", 422, form=form, link=link)
    made = sign_ins.prepare(link.person_id, form.passphrase.data, settings())
    zone = request.form.get("detected_zone", "")
    try:
        with transactions.write():
            own = email if isinstance(form, FirstJoinForm) else None
            people.join(link, clock.now(), form.name.data, zone, own)
            sign_ins.keep(made, clock.now())
    except Invalid as error:
        form.refuse(error)
        return page("people/invitation.html", 422, form=form, link=link)
    return go_in(made.opened, url_for("vault.recovery_code"))


def _join_form(link: OpenLink) -> JoinForm:
    return FirstJoinForm() if link.email == people.FIRST_ORGANISER else JoinForm()


@bp.post("/passphrase/strength")
@anyone("tells nothing but how good the typed words are")
@transactions.by_hand
def passphrase_strength() -> str:
    known = [request.form.get("email", ""), request.form.get("name", "")]
    if current_user.is_authenticated:
        known += [viewer().email, viewer().name]
    typed = request.form.get("passphrase", "")[: passphrases.LONGEST]
    found = passphrases.strength(typed, known) if typed else None
    return render_template("people/_strength.html", strength=found)
