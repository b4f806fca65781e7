"""Looking after people: the list, invitations, roles."""

from typing import Any
from uuid import UUID

from flask import (
    flash,
    redirect,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import RadioField

from supervision import clock
from supervision.blueprints.people.parts import bp
from supervision.models.people import Role
from supervision.services import people
from supervision.web import forms
from supervision.web.auth import organisers, safe_next, signed_in, viewer
from supervision.web.forms import Form
from supervision.web.fragments import page
from supervision.web.settings import base_url, has_mail, settings


class InviteForm(Form):
    email = forms.email_field()
    role = RadioField(
        lazy("Role"),
        choices=forms.choices(
            [
                (Role.MEMBER, lazy("Member: takes part, starts peer rosters")),
                (Role.SUPERVISOR, lazy("Supervisor: starts rosters of every kind")),
                (Role.ORGANISER, lazy("Organiser: looks after people as well")),
            ]
        ),
        default=Role.MEMBER,
    )


@bp.get("/people")
@organisers
def index() -> Response:
    return _people_page(200, InviteForm())


@bp.post("/people")
@organisers
def invite() -> Response:
    """Also again, with another role: only the last link gives one."""
    form = InviteForm()
    link_id = forms.attempt(form, lambda: _invite(form))
    if link_id is None:
        return _people_page(422, form)
    token = people.token_to_pass_on(viewer(), link_id, settings().secret_key, has_mail())
    if token is None:
        flash(_("%(email)s is invited. The link is on its way by mail.", email=form.email.data))
        return redirect(url_for("people.index"), 303)
    link, email = f"{base_url()}/invitation/{token}", form.email.data
    return _people_page(200, InviteForm(formdata=None), link=link, email=email)


def _invite(form: InviteForm) -> UUID:
    return people.invite_person(viewer(), clock.now(), form.email.data, form.role.data, base_url())


@bp.post("/people/<uuid:person_id>/revoke")
@signed_in
def revoke(person_id: UUID) -> Response:
    people.revoke_invitation(viewer(), clock.now(), person_id)
    flash(_("The invitation is withdrawn; its link no longer works."))
    return redirect(safe_next(request.form.get("next")), 303)


@bp.post("/people/<uuid:person_id>/role")
@organisers
def set_role(person_id: UUID) -> Response:
    people.set_role(viewer(), clock.now(), person_id, request.form.get("role", ""))
    flash(_("The role is changed."))
    return redirect(url_for("people.index"), 303)


def _people_page(status: int, form: InviteForm, **context: Any) -> Response:
    return page(
        "people/index.html",
        status,
        form=form,
        rows=people.people(viewer(), clock.now()),
        has_mail=has_mail(),
        roles=[(role, role_name(role)) for role in Role],
        **context,
    )


def role_name(role: str) -> str:
    names = {
        Role.ORGANISER: _("Organiser"),
        Role.SUPERVISOR: _("Supervisor"),
        Role.MEMBER: _("Member"),
    }
    return str(names[Role(role)])
