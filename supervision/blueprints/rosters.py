"""Rosters: the list, one roster's page, its form, and what its people do."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange, Optional

from supervision import clock
from supervision.errors import N_, Invalid
from supervision.models.rosters import Kind, MemberState, Roster
from supervision.permissions import can_import_rosters, can_make_roster
from supervision.services import people, places, polls, rosters, series, sessions, signup
from supervision.services.rosters import RosterForm
from supervision.services.sessions import SeriesInfo
from supervision.services.signup import Turn
from supervision.web import forms, limits, typed
from supervision.web.auth import signed_in, viewer
from supervision.web.fields import NumberField
from supervision.web.filters import member_role_name
from supervision.web.forms import Form, at_most, required, trimmed
from supervision.web.fragments import page as show_page
from supervision.web.posting import MailsGo, mails_go
from supervision.web.settings import base_url, has_mail, settings
from supervision.web.words import repeat_words

bp = Blueprint("rosters", __name__)
MOST_PAGES = 1000
KINDS = [
    (Kind.INDIVIDUAL, lazy("Individual: a supervisor and a supervisee")),
    (Kind.PEER, lazy("Peer: equals, nobody leads")),
    (Kind.GROUP, lazy("Group: a supervisor and several supervisees")),
]


class EditForm(Form):
    title = StringField(
        lazy("Title"),
        required(120),
        filters=[trimmed],
        description=lazy(
            "What its people call it, such as “Tuesday group”. Never a client’s name."
        ),
    )
    capacity = NumberField(
        lazy("Places"),
        [
            InputRequired(lazy("Give a whole number.")),
            NumberRange(1, 100, lazy("Choose between 1 and 100 places.")),
        ],
        description=lazy("How many take part, without those who lead."),
        default=6,
    )
    minutes = NumberField(
        lazy("Usual length in minutes"),
        [
            InputRequired(lazy("Give a whole number.")),
            NumberRange(5, 480, lazy("Choose between 5 and 480 minutes.")),
        ],
        default=50,
    )
    zone = forms.zone_field(lazy("Time zone of its sessions"))
    address = StringField(
        lazy("Address"),
        at_most(300),
        filters=[trimmed],
        description=lazy("Where you meet in person. May be left empty."),
    )
    meeting_link = StringField(
        lazy("Meeting link"),
        at_most(500),
        filters=[trimmed],
        description=lazy("Where you meet online. May be left empty."),
        render_kw={"type": "url", "inputmode": "url", "placeholder": "https://"},
    )
    signs_up = BooleanField(
        lazy("Members sign up for each session"),
        description=lazy(
            "For peer and group rosters. Who wants to come takes one of a session’s places; "
            "nobody else is expected. Those who lead are always there."
        ),
    )
    session_capacity = NumberField(
        lazy("How many can come to a session"),
        [
            Optional(),
            NumberRange(1, signup.MOST_SEATS, lazy("Choose between 1 and 100 places.")),
        ],
        description=lazy(
            "Without those who lead. It counts for sessions that are booked from now on; each can "
            "be given another number on its page."
        ),
    )
    signup_hours = NumberField(
        lazy("Signing up closes, hours before"),
        [Optional(), NumberRange(0, 336, lazy("Choose between 0 and 336 hours."))],
        description=lazy("Who signs off later than that is late."),
        default=24,
    )
    signup_told = BooleanField(
        lazy("Tell those who run the roster when somebody signs up or off"), default=True
    )
    knows_turn = BooleanField(lazy("Change the coming sessions like this"))

    def seats(self) -> int | None:
        """How many seats each session has, None where everybody is expected. Raises Invalid."""
        if not self.signs_up.data:
            return None
        if self.session_capacity.data is None:
            raise Invalid("session_capacity", N_("Say how many can come to a session."))
        if self.signup_hours.data is None:
            raise Invalid("signup_hours", N_("Say how many hours before it closes."))
        number: int = self.session_capacity.data
        return number


class MakeForm(EditForm):
    kind = RadioField(lazy("Kind"), [InputRequired(lazy("Choose one."))])


class InviteForm(Form):
    email = forms.email_field()
    role = SelectField(lazy("Role"))


@bp.get("/rosters")
@signed_in
def index() -> str:
    rows = rosters.rosters_of(viewer(), clock.now())
    may_import = can_import_rosters(viewer())
    return render_template("rosters/index.html", rows=rows, may_import=may_import)


@bp.get("/rosters/new")
@signed_in
def new() -> str:
    form = _make_form()
    form.zone.data = viewer().zone
    return render_template("rosters/form.html", form=form, roster=None)


@bp.post("/rosters/new")
@signed_in
def make() -> Response:
    form = _make_form()
    if form.kind.data == Kind.INDIVIDUAL:
        form.capacity.data = 1  # not asked for then
    done = forms.attempt(
        form, lambda: rosters.make_roster(viewer(), clock.now(), _said(form, form.kind.data))
    )
    if done is None:
        return show_page("rosters/form.html", 422, form=form, roster=None)
    flash(_("The roster is made. Invite its people next."))
    return redirect(url_for("rosters.show", roster_id=done), 303)


def _make_form() -> MakeForm:
    form = MakeForm()
    kinds = [pair for pair in KINDS if can_make_roster(viewer(), pair[0])]
    form.kind.choices = forms.choices(kinds)
    if len(kinds) == 1 and form.kind.data is None:
        form.kind.data = Kind.PEER
    return form


def _said(form: EditForm, kind: str) -> RosterForm:
    hours = form.signup_hours
    return RosterForm(
        title=form.title.data,
        kind=kind,
        zone=form.zone.data,
        capacity=form.capacity.data,
        minutes=form.minutes.data,
        address=form.address.data,
        meeting_link=form.meeting_link.data,
        session_capacity=form.seats(),
        signup_hours=hours.default if hours.data is None else hours.data,
        signup_told=form.signup_told.data,
    )


@bp.get("/rosters/<uuid:roster_id>")
@signed_in
def show(roster_id: UUID) -> Response:
    return _show(200, roster_id)


def _show(status: int, roster_id: UUID, invite: InviteForm | None = None, **more: Any) -> Response:
    actor, at = viewer(), clock.now()
    page = rosters.roster_page(actor, roster_id)
    takes_part = page.takes_part
    coming_page, past_page = _number("coming"), _number("past")
    coming, past = sessions.of_roster(actor, roster_id, at, coming_page, past_page)
    return show_page(
        "rosters/show.html",
        status,
        page=page,
        coming=coming if takes_part else [],
        past=past if takes_part or page.place.state == MemberState.ENDED else [],
        polls=polls.open_polls_of(roster_id, at) if takes_part else [],
        coming_page=coming_page,
        past_page=past_page,
        page_size=sessions.PAGE,
        series=_series(roster_id) if page.may_run else [],
        invite=invite or _invite_form(page.roster.kind, fresh=True),
        sends_mail=has_mail(),
        invited_by=_invited_by(page),
        **more,
    )


def _invited_by(page: rosters.RosterPage) -> str:
    if page.place.state != MemberState.INVITED:
        return ""
    return rosters.who_invited(viewer()).get(page.roster.id, "")


def _series(roster_id: UUID) -> list[tuple[SeriesInfo, str, datetime]]:
    """Each series with its rule in words, and its local time."""
    found = series.series_of_roster(viewer(), roster_id, clock.now())
    return [
        (one, repeat_words(one.repeat, one.first_day), datetime.fromisoformat(one.starts_local))
        for one in found
    ]


def _number(name: str) -> int:
    """Which page of a list the address asks for; the first for whatever is no number."""
    return min(max(request.args.get(name, 1, type=typed.number), 1), MOST_PAGES)


@bp.get("/rosters/<uuid:roster_id>/edit")
@signed_in
def edit(roster_id: UUID) -> Response:
    roster, _place = places.run_roster(viewer(), roster_id)
    form = EditForm(obj=roster, signs_up=roster.session_capacity is not None)
    return show_page("rosters/form.html", 200, form=form, roster=roster)


@bp.post("/rosters/<uuid:roster_id>/edit")
@signed_in
def save(roster_id: UUID) -> Response:
    roster, _place = places.run_roster(viewer(), roster_id)
    form, shown = EditForm(), _shown(roster)
    done = forms.attempt(form, lambda: _save(roster_id, form, shown["kind"]))
    if done is None:
        turn = _turn(roster_id, form) if form.signs_up.data != shown["signs_up"] else None
        return show_page("rosters/form.html", 422, form=form, roster=shown, turn=turn)
    flash(_("The roster is saved."))
    return redirect(url_for("rosters.show", roster_id=roster_id), 303)


def _shown(roster: Roster) -> dict[str, Any]:
    """What the form page shows of a roster, kept apart from a transaction that may be undone."""
    signs_up = roster.session_capacity is not None
    return {"id": roster.id, "title": roster.title, "kind": roster.kind, "signs_up": signs_up}


def _turn(roster_id: UUID, form: EditForm) -> Turn | None:
    """What it would do to what is booked that members sign up from now on, or no longer do."""
    capacity = form.session_capacity.data if form.signs_up.data else None
    if form.signs_up.data and not capacity:
        return None
    turn = signup.turn_of(roster_id, clock.now(), capacity)
    return turn if turn.sessions else None


def _save(roster_id: UUID, form: EditForm, kind: str) -> bool:
    said, knows = _said(form, kind), form.knows_turn.data
    rosters.edit_roster(viewer(), clock.now(), roster_id, said, base_url(), knows)
    return True


@bp.post("/rosters/<uuid:roster_id>/end")
@signed_in
def end(roster_id: UUID) -> Response:
    rosters.end_roster(viewer(), clock.now(), roster_id, base_url())
    flash(_("The roster has ended. Its past sessions stay here."))
    return redirect(url_for("rosters.show", roster_id=roster_id), 303)


@bp.post("/rosters/<uuid:roster_id>/invite")
@signed_in
def invite(roster_id: UUID) -> Response:
    roster, _place = places.run_roster(viewer(), roster_id)
    form = _invite_form(roster.kind)
    limits.spend(limits.INVITE, str(viewer().id))
    token = forms.attempt(form, lambda: _invite(roster_id, form))
    if token is None:
        return _show(422, roster_id, form)
    flash(_invited_words(form.email.data))
    if not token:
        return redirect(url_for("rosters.show", roster_id=roster_id), 303)
    return _show(200, roster_id, link=f"{base_url()}/invitation/{token}", invited=form.email.data)


def _invite(roster_id: UUID, form: InviteForm) -> str:
    """The token of a link that the viewer may pass on, empty where there is none."""
    link_id = rosters.invite_member(
        viewer(), clock.now(), roster_id, form.email.data, form.role.data, base_url()
    )
    if link_id is None:
        return ""
    return people.token_to_pass_on(viewer(), link_id, settings().secret_key, has_mail()) or ""


def _invited_words(email: str) -> str:
    """The same whether or not somebody has this address."""
    if has_mail():
        return str(_("%(email)s is invited. A mail is on its way.", email=email))
    if viewer().is_organiser:
        return str(_("%(email)s is invited.", email=email))
    if mails_go() == MailsGo.ON_A_PAGE:
        return str(_("%(email)s is invited. The demo shows its mails at /dev/mail.", email=email))
    return str(
        _(
            "%(email)s is invited. No mail is set up here: who has an account finds the invitation "
            "on their home page; for anybody else ask an organiser to pass on a link.",
            email=email,
        )
    )


def _invite_form(kind: str, fresh: bool = False) -> InviteForm:
    form = InviteForm(formdata=None) if fresh else InviteForm()
    form.role.choices = forms.choices(
        (role, member_role_name(role)) for role in rosters.roles_of(kind)
    )
    return form


@bp.post("/rosters/<uuid:roster_id>/accept")
@signed_in
def accept(roster_id: UUID) -> Response:
    accepted = rosters.accept(viewer(), clock.now(), roster_id, base_url())
    if accepted.state == MemberState.WAITING:
        flash(_("All places are taken. You are on the waiting list."))
    elif accepted.signs_up:
        flash(_("You are in. Sign up for the sessions that you want to come to."))
    else:
        flash(_("You are in. The coming sessions are in your calendar."))
    if accepted.clashes:
        flash(
            ngettext(
                "One of them falls on a time when you have something else. See your calendar.",
                "%(num)s of them fall on times when you have something else. See your calendar.",
                accepted.clashes,
            )
        )
    return redirect(url_for("rosters.show", roster_id=roster_id), 303)


@bp.post("/rosters/<uuid:roster_id>/decline")
@signed_in
def decline(roster_id: UUID) -> Response:
    rosters.decline(viewer(), clock.now(), roster_id, base_url())
    flash(_("You declined."))
    return redirect(url_for("home.index"), 303)


@bp.post("/rosters/<uuid:roster_id>/leave")
@signed_in
def leave(roster_id: UUID) -> Response:
    rosters.leave(viewer(), clock.now(), roster_id, base_url())
    flash(_("You left the roster."))
    return redirect(url_for("rosters.index"), 303)


@bp.post("/rosters/<uuid:roster_id>/members/<uuid:membership_id>/remove")
@signed_in
def remove(roster_id: UUID, membership_id: UUID) -> Response:
    rosters.remove_member(viewer(), clock.now(), roster_id, membership_id, base_url())
    flash(_("Removed."))
    return redirect(url_for("rosters.show", roster_id=roster_id), 303)
