"""Joining by an invitation, and choosing a passphrase."""

from flask import (
    flash,
    redirect,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField

from supervision import clock
from supervision.blueprints.people.parts import bp, fit, go_in
from supervision.errors import Invalid, NotFound
from supervision.models.people import LinkPurpose, Role
from supervision.services import people, sign_ins
from supervision.services.people import OpenLink
from supervision.services.sign_ins import Made
from supervision.web import forms, limits, passphrases, transactions
from supervision.web.auth import anyone, viewer
from supervision.web.fields import PassphraseField
from supervision.web.forms import Form, at_most, required, trimmed
from supervision.web.fragments import page
from supervision.web.settings import settings

AS = {
    Role.MEMBER: lazy("You join as a member: you take part in rosters and start peer rosters."),
    Role.SUPERVISOR: lazy("You join as a supervisor: you start rosters of every kind."),
    Role.ORGANISER: lazy(
        "You join as an organiser: you look after people as well, and start rosters of every kind."
    ),
}
A_ROLE = {
    Role.MEMBER: lazy("a member"),
    Role.SUPERVISOR: lazy("a supervisor"),
    Role.ORGANISER: lazy("an organiser"),
}


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


class StrengthForm(Form):
    """What is typed so far, beside what a stranger would try first."""

    passphrase = PassphraseField()
    email = StringField(validators=at_most(254))
    name = StringField(validators=at_most(100))
    token = HiddenField(validators=at_most(100))


@bp.get("/invitation/<token>")
@anyone("the token is the permission")
def invitation(token: str) -> Response:
    limits.spend(limits.INVITATION, token)
    link = _open(token)
    if link.joined:
        return _home(link)
    return _invitation_page(200, _join_form(link), link)


@bp.post("/invitation/<token>")
@anyone("the token is the permission")
@transactions.by_hand
def join(token: str) -> Response:
    limits.spend(limits.INVITATION, token)
    link = _open(token)
    if link.joined:
        return _home(link)
    with limits.stretching():
        return _join(link)


def _join(link: OpenLink) -> Response:
    form = _join_form(link)
    email = form.email.data if isinstance(form, FirstJoinForm) else link.email
    if not fit(form, [email or "", form.name.data or ""]):
        return _invitation_page(422, form, link)
    made = sign_ins.prepare(link.person_id, form.passphrase.data, settings())
    own = email if isinstance(form, FirstJoinForm) else None
    try:
        transactions.in_one(lambda: _keep(link, made, form.name.data, own))
    except Invalid as error:
        form.refuse(error)
        return _invitation_page(422, form, link)
    return go_in(made.opened, url_for("vault.recovery_code"))


def _keep(link: OpenLink, made: Made, name: str, own_email: str | None) -> None:
    at, zone = clock.now(), request.form.get("detected_zone", "")
    people.join(link, at, name, zone, own_email)
    sign_ins.keep(made, at)


def _open(token: str) -> OpenLink:
    return people.open_link(settings().secret_key, LinkPurpose.INVITATION, token, clock.now())


def _home(link: OpenLink) -> Response:
    """Who has joined since finds the invitation there, and signs in first if need be.

    What a higher role would have given is said: nothing else tells of it.
    """
    if link.offers_more:
        words = _(
            "You have joined already, as %(present)s. %(name)s invited you as %(role)s: ask them "
            "to set it in the list of people.",
            present=A_ROLE[Role(link.present)],
            role=A_ROLE[Role(link.role)],
            name=link.made_by or _("Whoever looks after this server"),
        )
        flash(words, "warning")
    return redirect(url_for("home.index"), 303)


def _invitation_page(status: int, form: JoinForm, link: OpenLink) -> Response:
    other = viewer() if current_user.is_authenticated else None
    as_what = AS[Role(link.role)]
    return page(
        "people/invitation.html", status, form=form, link=link, as_what=as_what, other=other
    )


def _join_form(link: OpenLink) -> JoinForm:
    return FirstJoinForm() if link.email == people.FIRST_ORGANISER else JoinForm()


@bp.post("/passphrase/strength")
@anyone("for who is signed in, or holds an open invitation or reset link")
@transactions.by_hand
def passphrase_strength() -> Response:
    limits.spend(limits.STRENGTH)
    form = StrengthForm()
    known = [*_known_to(form.token.data or ""), form.email.data or "", form.name.data or ""]
    if not form.validate():
        return page("people/_strength.html", 422, strength=None)
    typed = form.passphrase.data
    found = passphrases.strength(typed, known) if typed else None
    return page("people/_strength.html", strength=found)


def _known_to(token: str) -> list[str]:
    """Address and name of who may ask. Raises NotFound for everybody else, Gone for an old link."""
    if current_user.is_authenticated:
        return [viewer().email, viewer().name]
    key, at = settings().secret_key, clock.now()
    try:
        link = people.open_link(key, LinkPurpose.INVITATION, token, at)
    except NotFound:
        link = people.open_link(key, LinkPurpose.RESET, token, at)
    return [link.email, link.name]
