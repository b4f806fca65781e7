"""Book a session or a series, and see beforehand when it would be."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sessions.forms import BookForm
from supervision.blueprints.sessions.parts import attempt, bp, offer_people
from supervision.services import places, polls, series, sessions
from supervision.services.sessions import USUAL, Booked
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page as show_page
from supervision.web.fragments import wants_fragment
from supervision.web.settings import base_url
from supervision.web.transactions import by_hand
from supervision.web.words import booked_words, preview_lines


@dataclass(frozen=True)
class Shown:
    """What a booking page shows of its roster, apart from any transaction."""

    id: UUID
    title: str
    kind: str
    zone: str
    minutes: int
    address: str
    meeting_link: str
    signs_up: bool


def _shown(roster_id: UUID) -> Shown:
    roster, _place = places.run_roster(viewer(), roster_id)
    return Shown(
        roster.id,
        roster.title,
        roster.kind,
        roster.zone,
        roster.minutes,
        roster.address,
        roster.meeting_link,
        roster.session_capacity is not None,
    )


@bp.get("/rosters/<uuid:roster_id>/book")
@signed_in
def new(roster_id: UUID) -> Response:
    """The form; `date`, `starts_at`, `minutes` and `poll` in the query fill it in."""
    shown = _shown(roster_id)
    form = BookForm(request.args)
    form = BookForm(
        formdata=None,
        date=form.date.data or _today(shown.zone) + timedelta(days=1),
        starts_at=form.starts_at.data,
        minutes=form.minutes.data or shown.minutes,
        zone=shown.zone,
        poll=form.poll.data,
    )
    return _book_page(200, form, shown)


def _today(zone: str) -> date:
    return clock.now().astimezone(ZoneInfo(zone)).date()


@bp.post("/rosters/<uuid:roster_id>/book")
@signed_in
def book(roster_id: UUID) -> Response:
    form = BookForm()
    booked = attempt(form, lambda: _shown(roster_id).zone, lambda: _book(roster_id, form))
    if booked is None:
        shown = _shown(roster_id)
        form.zone.data = shown.zone
        return _book_page(422, form, shown)
    for text in booked_words(booked, _done(booked)):
        flash(text)
    return redirect(url_for("sessions.show", session_id=booked.session_ids[0]), 303)


def _book(roster_id: UUID, form: BookForm) -> Booked:
    booked, poll_id = _book_wish(roster_id, form), form.poll_id()
    if poll_id is not None:
        polls.settle(viewer(), clock.now(), poll_id, roster_id, booked.session_ids[0])
    return booked


def _book_wish(roster_id: UUID, form: BookForm) -> Booked:
    repeat, wish = form.repeat(), form.wish()
    if repeat is None:
        return sessions.book_session(viewer(), clock.now(), roster_id, wish, base_url())
    left_out, choices = form.left_out(), form.chosen()
    return series.book_series(
        viewer(), clock.now(), roster_id, wish, repeat, base_url(), left_out, choices
    )


def _done(booked: Booked) -> str:
    text: str = _("The session is booked.")
    if booked.series_id is not None:
        text = _("%(count)s sessions are booked.", count=len(booked.session_ids))
    return text


@bp.post("/rosters/<uuid:roster_id>/book/preview")
@signed_in
@by_hand
def preview(roster_id: UUID) -> Response:
    """The times that a form would book, before it does; it only reads."""
    shown, form = _shown(roster_id), BookForm()
    found = attempt(form, lambda: shown.zone, lambda: _lines(shown, form))
    status = 422 if found is None else 200
    if not wants_fragment():
        return _book_page(status, form, shown, preview=found)
    # Half-filled fields are no mistake yet: the fragment just has nothing to show.
    return show_page("sessions/_preview.html", 200, form=form, roster=shown, preview=found)


def _lines(shown: Shown, form: BookForm) -> dict[str, Any]:
    # A place that is not written yet keeps nobody from seeing the times.
    wish, actor = replace(form.wish(), setting=USUAL), viewer()
    due = series.planned(actor, clock.now(), shown.id, wish, form.repeat(), form.left_out())
    lines = preview_lines(due, wish.minutes, shown.zone, actor.zone)
    is_open = form.ends.data == "open"
    return {"lines": lines, "count": len(due), "last": due[-1].starts_at, "is_open": is_open}


def _book_page(status: int, form: BookForm, shown: Shown, **context: Any) -> Response:
    offer_people(form, shown.id, shown.kind)
    if shown.signs_up:
        form.who.choices = forms.choices([("all", _("Who signs up")), ("some", _("Only some"))])
    return show_page("sessions/book.html", status, form=form, roster=shown, **context)
