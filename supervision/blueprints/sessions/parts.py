"""What the pages of sessions share: the blueprint, how clashes come back, who may be chosen."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from flask import Blueprint

from supervision import clock
from supervision.blueprints.sessions.clashes import ClashForm
from supervision.blueprints.sessions.forms import SettingForm
from supervision.errors import N_, Conflict, Invalid, NotAllowed
from supervision.models.rosters import Kind, MemberState
from supervision.services import rosters, sessions
from supervision.services.claims import Clashed
from supervision.services.series import SeriesClashed
from supervision.services.sessions import SessionPage
from supervision.web import forms
from supervision.web.auth import viewer
from supervision.web.forms import Form
from supervision.web.words import clash_words

bp = Blueprint("sessions", __name__)
T = TypeVar("T")


def attempt(form: Form, zone: Callable[[], str], act: Callable[[], T]) -> T | None:
    """As `forms.attempt`; a clash is told beside the time that was asked for, in that zone.

    Those of a series are listed in a form that can hold choices about them.
    """

    def told() -> T:
        try:
            return act()
        except SeriesClashed as clashed:
            if not isinstance(form, ClashForm):
                raise
            form.list_clashes(clashed.by_key)
            raise Conflict(
                N_("Not everybody can come each time. Nothing is changed yet: choose below.")
            ) from None
        except Clashed as clashed:
            raise Invalid(
                "starts_at",
                N_("Not everybody can come. %(clashes)s"),
                clashes=clash_words(clashed.clashes, zone()),
            ) from None

    return forms.attempt(form, told)


def changeable(session_id: UUID) -> SessionPage:
    """A session that the viewer may move or cancel. Raises NotFound, NotAllowed, Conflict."""
    page = sessions.session_page(viewer(), clock.now(), session_id)
    if not page.may_run:
        raise NotAllowed
    if not page.may_change:
        raise Conflict(N_("This session has begun or was cancelled; it stays as it is."))
    return page


def offer_people(form: SettingForm, roster_id: UUID, kind: str, signs_up: bool = False) -> None:
    """Fill in who can be chosen; in an individual roster, and where members sign up, nobody is."""
    if kind == Kind.INDIVIDUAL or signs_up:
        del form.who, form.people
        return
    members = rosters.members_of(roster_id)
    form.people.choices = forms.choices(
        (one.person_id, one.name)
        for one in members
        if one.state == MemberState.ACTIVE and not one.leads
    )
