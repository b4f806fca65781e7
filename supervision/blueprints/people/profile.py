"""What people say of themselves, and their passphrase."""

from typing import Any
from uuid import UUID

from flask import (
    current_app,
    flash,
    redirect,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField

from supervision import clock
from supervision.blueprints.people.parts import bp, fit, origin
from supervision.errors import Invalid
from supervision.services import people, sign_ins
from supervision.services.people import Profile
from supervision.web import forms, limits, passphrases, transactions, typed, unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.forms import Form, required, trimmed
from supervision.web.fragments import page
from supervision.web.proving import present_field, prove
from supervision.web.settings import settings


class PassphraseForm(Form):
    current = present_field(lazy("Present passphrase"))
    passphrase = passphrases.new_passphrase_field(lazy("New passphrase"))
    again = passphrases.again_field("passphrase")


class ProfileForm(Form):
    name = StringField(lazy("Your name"), required(100), filters=[trimmed])
    zone = forms.zone_field()
    language = SelectField(lazy("Language"))
    clock = RadioField(lazy("Clock"), choices=forms.choices([("24", "14:30"), ("12", "2:30 pm")]))
    week_starts = SelectField(
        lazy("First day of the week"),
        coerce=typed.number,
        choices=forms.choices([(0, lazy("Monday")), (5, lazy("Saturday")), (6, lazy("Sunday"))]),
    )


@bp.get("/profile")
@signed_in
def profile() -> Response:
    actor = viewer()
    return _profile_page(200, _profile_form(obj=actor))


@bp.post("/profile")
@signed_in
def edit_profile() -> Response:
    form = _profile_form()
    done = forms.attempt(form, lambda: _save_profile(form))
    if done is None:
        return _profile_page(422, form)
    flash(_("Your profile is saved."))
    return redirect(url_for("people.profile"), 303)


def _profile_form(**kwargs: Any) -> ProfileForm:
    form = ProfileForm(**kwargs)
    form.language.choices = forms.choices(current_app.config["LANGUAGES"].items())
    return form


def _save_profile(form: ProfileForm) -> bool:
    people.edit_profile(
        viewer(),
        clock.now(),
        Profile(
            form.name.data,
            form.zone.data,
            form.language.data,
            form.clock.data,
            form.week_starts.data,
        ),
    )
    return True


def _profile_page(status: int, form: ProfileForm, change: PassphraseForm | None = None) -> Response:
    return page(
        "people/profile.html",
        status,
        form=form,
        change=change or PassphraseForm(formdata=None),
    )


@bp.post("/profile/passphrase")
@signed_in
@transactions.by_hand
@limits.in_turn
def change_passphrase() -> Response:
    """The present passphrase is asked again; other sign-ins end, other unlocked browsers lock."""
    actor, form = viewer(), PassphraseForm()
    is_fit = fit(form, [actor.email, actor.name])
    opened = prove(actor, form, form.current) if is_fit else None
    if opened is None or not _is_another(actor.id, form):
        return _profile_page(422, _profile_form(formdata=None, obj=actor), form)
    changed = sign_ins.change(opened, form.passphrase.data, settings())
    transactions.in_one(lambda: sign_ins.keep_change(actor, changed, clock.now(), origin()))
    unlocking.lock_others(actor.id, actor.sign_in_id)
    flash(_("Your passphrase is changed. All other devices were signed out."))
    if opened.keys is None:
        return redirect(url_for("people.profile"), 303)
    unlocking.head_moved(opened.keys)
    session[passphrases.CHANGED] = True
    return redirect(url_for("rotation.index"), 303)


def _is_another(person_id: UUID, form: PassphraseForm) -> bool:
    try:
        sign_ins.demand_another(person_id, form.passphrase.data, settings())
    except Invalid as error:
        form.refuse(error)
        return False
    return True
