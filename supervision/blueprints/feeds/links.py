"""A person's calendar links: made for one calendar in two steps, looked at, reset, turned off."""

from uuid import UUID

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from supervision import clock
from supervision.blueprints.feeds import clients
from supervision.blueprints.feeds.parts import bp
from supervision.models.feeds import Client, Privacy, Scope
from supervision.services import feeds
from supervision.web.auth import signed_in, viewer
from supervision.web.forms import Form, attempt, required, status_of, trimmed

ADDRESS = "feed_address"
ALL = "all"
PRIVACIES = [
    SelectChoice(level, words)
    for level, words in (
        (Privacy.PLAIN, lazy("Kind and place: “Group supervision”, and where or by which link")),
        (Privacy.BUSY, lazy("Busy only: when, and not a word more")),
        (Privacy.FULL, lazy("Everything: also the roster's title and the names of its members")),
    )
]


class MakeForm(Form):
    """The buttons choose the `client`; all else has an answer already."""

    scope = SelectField(lazy("Shows"))
    privacy = RadioField(lazy("Tells"), choices=PRIVACIES, default=Privacy.PLAIN)
    client = SelectField(
        lazy("Calendar"),
        choices=[SelectChoice(one, words) for one, words in clients.NAMES.items()],
        default=Client.OTHER,
    )


class RenameForm(Form):
    label = StringField(lazy("Name"), required(60), filters=[trimmed])


class SharingForm(Form):
    shared = BooleanField(
        lazy("Those who run my rosters may see whether my calendar has a change"),
        description=lazy(
            "They see “in the calendar” or “not yet”, and when; never which program, which link, "
            "or where. It tells them whom to call before a session that moved."
        ),
    )


@bp.get("/feeds")
@signed_in
def index() -> str:
    return render_template(
        "feeds/index.html",
        rows=feeds.subscriptions_of(viewer(), clock.now()),
        fetched=clients.fetched,
        sharing=SharingForm(formdata=None, shared=feeds.shares_receipts(viewer())),
    )


@bp.post("/feeds/sharing")
@signed_in
def share() -> Response:
    form = SharingForm()
    feeds.share_receipts(viewer(), clock.now(), form.shared.data)
    if form.shared.data:
        flash(_("Who runs your rosters sees whether your calendar has a change."))
    else:
        flash(_("Nobody but you sees whether your calendar has a change."))
    return redirect(url_for("feeds.index"), 303)


@bp.get("/feeds/new")
@signed_in
def new() -> str:
    form = _form()
    wanted = request.args.get("roster", "")
    if wanted in {choice.value for choice in form.scope.choices}:
        form.scope.data = wanted
    return _new(form)


@bp.post("/feeds")
@signed_in
def make() -> Response | tuple[str, int]:
    form = _form()
    done = attempt(form, lambda: _made(form))
    if done is None:
        return _new(form), status_of(form)
    return _to_address(*done)


@bp.get("/feeds/<uuid:subscription_id>")
@signed_in
def show(subscription_id: UUID) -> str:
    return _show(subscription_id)


@bp.post("/feeds/<uuid:subscription_id>/rename")
@signed_in
def rename(subscription_id: UUID) -> Response | tuple[str, int]:
    form, label = RenameForm(), feeds.subscription_row(viewer(), subscription_id).label
    done = attempt(form, lambda: _renamed(subscription_id, form))
    if done is None:
        return _show(subscription_id, form), status_of(form)
    flash(_("“%(before)s” is now called “%(now)s”.", before=label, now=done))
    return redirect(url_for("feeds.show", subscription_id=subscription_id), 303)


@bp.post("/feeds/<uuid:subscription_id>/reset")
@signed_in
def reset(subscription_id: UUID) -> Response:
    made, token = feeds.reset(viewer(), clock.now(), subscription_id)
    if made.client == Client.ACCOUNT:
        flash(_("The old password is turned off. Put the new one in its place."))
    else:
        flash(_("The old link is turned off. Put the new one in its place."))
    return _to_address(made.id, token)


@bp.post("/feeds/<uuid:subscription_id>/turn-off")
@signed_in
def turn_off(subscription_id: UUID) -> Response:
    row = feeds.subscription_row(viewer(), subscription_id)
    feeds.turn_off(viewer(), clock.now(), subscription_id)
    if row.client == Client.ACCOUNT:
        flash(_("The password is turned off. Programs keep what they have; remove it there."))
    else:
        flash(_("The link is turned off. Your sessions leave that calendar when it next looks."))
    return redirect(url_for("feeds.index"), 303)


def _form() -> MakeForm:
    form = MakeForm()
    form.scope.choices = [
        SelectChoice(ALL, _("All my sessions")),
        *(SelectChoice(str(one.id), one.title) for one in feeds.roster_choices(viewer())),
    ]
    return form


def _new(form: MakeForm) -> str:
    titles = {choice.value: choice.label for choice in form.scope.choices}
    return render_template(
        "feeds/new.html",
        form=form,
        shows=titles.get(form.scope.data or ALL),
        names=clients.NAMES,
        about=clients.ABOUT,
    )


def _made(form: MakeForm) -> tuple[UUID, str]:
    actor, client = viewer(), Client(form.client.data)
    whole = form.scope.data == ALL or client == Client.ACCOUNT
    roster_id = None if whole else UUID(form.scope.data)
    made, token = feeds.make_subscription(
        actor,
        clock.now(),
        Scope.ROSTER if roster_id else Scope.PERSON,
        roster_id,
        feeds.free_label(actor, str(clients.NAMES[client])),
        form.privacy.data,
        client,
    )
    return made.id, token


def _to_address(subscription_id: UUID, token: str) -> Response:
    """Go to the page that shows the address. It travels in the person's own cookie, not a URL."""
    session[ADDRESS] = {"id": str(subscription_id), "token": token}
    return redirect(url_for("feeds.show", subscription_id=subscription_id), 303)


def _show(subscription_id: UUID, form: RenameForm | None = None) -> str:
    row = feeds.subscription_row(viewer(), subscription_id)
    held = session.get(ADDRESS) or {}
    token = ""
    if held.get("id") == str(subscription_id):
        # Shown once: what is kept nowhere cannot be found by whoever comes next.
        token = session.pop(ADDRESS)["token"]
    is_account = row.client == Client.ACCOUNT
    return render_template(
        "feeds/show.html",
        row=row,
        form=form or RenameForm(formdata=None, obj=row),
        links=clients.ways(token, row.client) if token and not is_account else None,
        account=clients.account(token, viewer().email) if token and is_account else None,
        fetched=clients.fetched,
    )


def _renamed(subscription_id: UUID, form: RenameForm) -> str:
    label: str = form.label.data
    feeds.rename(viewer(), clock.now(), subscription_id, label)
    return label
