"""Feeds: a person's calendar links, and the calendars that their clients read."""

from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response as BaseResponse
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from supervision import clock
from supervision.config import LOOPBACK
from supervision.models.feeds import Privacy, Scope
from supervision.services import feeds
from supervision.services.feeds import Feed
from supervision.web import feed_gate
from supervision.web.auth import anyone, signed_in, viewer
from supervision.web.forms import Form, attempt, required, status_of, trimmed
from supervision.web.settings import base_url, settings

bp = Blueprint("feeds", __name__)
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
# How clients name themselves, the more telling first: several of them also say "Mozilla".
CLIENTS = (
    ("Google-Calendar-Importer", "Google Calendar"),
    ("Thunderbird", "Thunderbird"),
    ("Evolution", "Evolution"),
    ("evolution", "Evolution"),
    ("Outlook", "Outlook"),
    ("Microsoft", "Outlook"),
    ("ICSx5", "ICSx⁵"),
    ("Nextcloud", "Nextcloud"),
    ("vdirsyncer", "vdirsyncer"),
    ("CalendarAgent", "Apple Calendar"),
    ("dataaccessd", "Apple Calendar"),
    ("iOS/", "Apple Calendar"),
    ("macOS/", "Apple Calendar"),
)


class MakeForm(Form):
    label = StringField(
        lazy("Name"),
        required(60),
        filters=[trimmed],
        default=lazy("My phone"),
        description=lazy("So that you know it again. Make one link for each device or program."),
    )
    scope = SelectField(lazy("Shows"))
    privacy = RadioField(lazy("Tells"), choices=PRIVACIES, default=Privacy.PLAIN)


@bp.get("/feeds")
@signed_in
def index() -> str:
    form = _form()
    wanted = request.args.get("roster", "")
    if wanted in {choice.value for choice in form.scope.choices}:
        form.scope.data = wanted
    return _index(form)


@bp.post("/feeds")
@signed_in
def make() -> BaseResponse | tuple[str, int]:
    form = _form()
    done = attempt(form, lambda: _made(form))
    if done is None:
        return _index(form), status_of(form)
    return _to_address(*done)


@bp.get("/feeds/<uuid:subscription_id>")
@signed_in
def show(subscription_id: UUID) -> str:
    row = feeds.subscription_row(viewer(), subscription_id)
    held = session.get(ADDRESS) or {}
    token = None
    if held.get("id") == str(subscription_id):
        # Shown once: what is kept nowhere cannot be found by whoever comes next.
        token = session.pop(ADDRESS)["token"]
    links = _links(token) if token else None
    return render_template("feeds/show.html", row=row, links=links, fetched=_fetched)


@bp.post("/feeds/<uuid:subscription_id>/reset")
@signed_in
def reset(subscription_id: UUID) -> BaseResponse:
    made, token = feeds.reset(viewer(), clock.now(), subscription_id)
    flash(_("The old link is turned off. Put the new one in its place."))
    return _to_address(made.id, token)


@bp.post("/feeds/<uuid:subscription_id>/turn-off")
@signed_in
def turn_off(subscription_id: UUID) -> BaseResponse:
    feeds.turn_off(viewer(), clock.now(), subscription_id)
    flash(_("The link is turned off. Your sessions leave that calendar when it next looks."))
    return redirect(url_for("feeds.index"), 303)


@bp.get("/feeds/<token>.ics", provide_automatic_options=False)
@anyone("a secret address is the permission")
def read(token: str) -> Response:
    """A calendar client asks. Nothing here may touch the cookie session or name the token."""
    zipped = request.accept_encodings.quality("gzip") > 0
    feed = feeds.read_feed(
        token,
        clock.now(),
        settings().base_url.rstrip("/"),
        held=feed_gate.held_by(request.environ),
        agent=request.headers.get("User-Agent", ""),
        zipped=zipped,
    )
    if feed.status >= 400:
        return _closed(feed.status)
    return _calendar(feed, zipped)


# -- forms and links ------------------------------------------------------------------------


def _form() -> MakeForm:
    form = MakeForm()
    form.scope.choices = [
        SelectChoice(ALL, _("All my sessions")),
        *(SelectChoice(str(one.id), one.title) for one in feeds.roster_choices(viewer())),
    ]
    return form


def _made(form: MakeForm) -> tuple[UUID, str]:
    roster_id = None if form.scope.data == ALL else UUID(form.scope.data)
    scope = Scope.ROSTER if roster_id else Scope.PERSON
    made, token = feeds.make_subscription(
        viewer(), clock.now(), scope, roster_id, form.label.data, form.privacy.data
    )
    return made.id, token


def _to_address(subscription_id: UUID, token: str) -> BaseResponse:
    """Go to the page that shows the address. It travels in the person's own cookie, not a URL."""
    session[ADDRESS] = {"id": str(subscription_id), "token": token}
    return redirect(url_for("feeds.show", subscription_id=subscription_id), 303)


def _index(form: MakeForm) -> str:
    return render_template(
        "feeds/index.html",
        form=form,
        rows=feeds.subscriptions_of(viewer(), clock.now()),
        fetched=_fetched,
    )


def _links(token: str) -> dict[str, object]:
    """The address itself, and the forms in which programs take it at a click."""
    address = base_url() + url_for("feeds.read", token=token)
    webcal = "webcal://" + address.partition("://")[2]
    google = "https://calendar.google.com/calendar/r?cid=" + quote(webcal, safe="")
    trial = settings().host in LOOPBACK
    return {"address": address, "webcal": webcal, "google": google, "trial": trial}


def _fetched(at: datetime, agent: str) -> str:
    """Whether a client came, when, and which, in words."""
    ago = format_timedelta(at - clock.now(), add_direction=True)
    return str(_("Last fetched %(ago)s by %(client)s", ago=ago, client=_client(agent)))


def _client(agent: str) -> str:
    for mark, name in CLIENTS:
        if mark in agent:
            return name
    if "Mozilla" in agent:
        return str(_("a web browser"))
    return agent.partition("/")[0][:40].strip() or str(_("a program without a name"))


# -- HTTP ------------------------------------------------------------------------------------


def _calendar(feed: Feed, zipped: bool) -> Response:
    return _unlisted(
        Response(
            feed.body,
            feed.status,
            feed_gate.headers(feed.status, feed.etag, feed.modified_at, zipped),
        )
    )


def _closed(status: int) -> Response:
    """No page around it: whoever asks is a program, and unknown tokens must cost little."""
    phrase = HTTPStatus(status).phrase
    return _unlisted(Response(f"{phrase}\n", status, mimetype="text/plain"))


def _unlisted(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.vary.add("Accept-Encoding")
    return response
