"""Polls: propose times, answer which suit, see which is the best and book it."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.polls.forms import AnswerForm, AskForm, Starts, words_of
from supervision.errors import N_, Conflict, Invalid
from supervision.models.polls import Word
from supervision.services import finding, places, polls
from supervision.services.polls import OptionRow, PollPage
from supervision.web import forms, typed
from supervision.web.auth import signed_in, viewer
from supervision.web.forms import Form
from supervision.web.fragments import page as show_page
from supervision.web.settings import base_url
from supervision.web.words import HOUR_TONES, hour_word

bp = Blueprint("polls", __name__)
NONE = "none"
WEEKS = 3
USUALLY = timedelta(days=3)


@bp.get("/rosters/<uuid:roster_id>/polls")
@signed_in
def index(roster_id: UUID) -> Response:
    at = clock.now()
    roster, rows, may_run = polls.polls_of(viewer(), roster_id)
    pairs = [(row, row.is_open(at)) for row in rows]
    return show_page("polls/index.html", 200, roster=roster, rows=pairs, may_run=may_run)


# -- asking --------------------------------------------------------------------------------


@bp.get("/rosters/<uuid:roster_id>/polls/new")
@signed_in
def new(roster_id: UUID) -> Response:
    """The form; `at` and `minutes` in the address fill it in, else kind times are offered."""
    minutes = finding.usual_minutes(viewer(), roster_id)
    starts = Starts.read(request.args, viewer().zone)
    form = AskForm(
        formdata=None,
        minutes=request.args.get("minutes", minutes, type=typed.number),
        closes_on=_closes(starts),
    )
    return _ask_page(200, roster_id, form, starts)


def _closes(starts: Starts) -> Any:
    """In three days, or the day before the first time when that is sooner; never before today."""
    zone = ZoneInfo(viewer().zone)
    today = clock.now().astimezone(zone).date()
    days = [start.astimezone(zone).date() - timedelta(days=1) for start in starts.picked]
    return max(today, min([today + USUALLY, *days]))


@bp.post("/rosters/<uuid:roster_id>/polls/new")
@signed_in
def ask(roster_id: UUID) -> Response:
    form, starts = AskForm(), Starts.read(request.form, viewer().zone)
    done = forms.attempt(form, lambda: _ask(roster_id, form, starts))
    if done is None:
        return _ask_page(422, roster_id, form, starts)
    flash(_("Everybody in the roster is asked by mail."))
    return redirect(url_for("polls.show", poll_id=done), 303)


def _ask(roster_id: UUID, form: AskForm, starts: Starts) -> UUID:
    return polls.ask(viewer(), clock.now(), roster_id, form.proposal(starts), base_url())


def _ask_page(status: int, roster_id: UUID, form: AskForm, starts: Starts) -> Response:
    roster, _place = places.run_roster(viewer(), roster_id)
    context = {"id": roster.id, "title": roster.title, "zone": roster.zone}
    offered = list(starts.picked) or _kindest(roster_id, form.minutes.data)
    return show_page(
        "polls/form.html", status, form=form, starts=starts, offered=offered, roster=context
    )


def _kindest(roster_id: UUID, minutes: int | None) -> list[datetime]:
    """The best times from the day after tomorrow on, so that there is time to answer."""
    today = clock.now().astimezone(ZoneInfo(viewer().zone)).date()
    first = today + timedelta(days=2)
    try:
        found = finding.times_for(viewer(), clock.now(), roster_id, minutes or 0, first, WEEKS)
    except Invalid:
        return []
    return sorted(one.starts_at for one in found.best)


# -- one poll ------------------------------------------------------------------------------


@bp.get("/polls/<uuid:poll_id>")
@signed_in
def show(poll_id: UUID) -> Response:
    page = polls.poll_page(viewer(), clock.now(), poll_id)
    form = AnswerForm(formdata=None, remark=page.remark)
    return _poll_page(200, page, form, {option.id: option.mine for option in page.options})


@bp.post("/polls/<uuid:poll_id>/answer")
@signed_in
def answer(poll_id: UUID) -> Response:
    page = polls.poll_page(viewer(), clock.now(), poll_id)
    if not page.is_open:
        raise Conflict(N_("This poll is closed; it takes no answers any more."))
    form, ids = AnswerForm(), [option.id for option in page.options]
    words = words_of(request.form, ids)
    if NONE in request.form:
        words = dict.fromkeys(ids, Word.NO.value)
    done = forms.attempt(form, lambda: _answer(poll_id, words, form))
    if done is None:
        return _poll_page(422, page, form, words)
    flash(_("Thank you. Until it closes you can change your answer."))
    return redirect(url_for("polls.show", poll_id=poll_id), 303)


def _answer(poll_id: UUID, words: dict[UUID, str], form: AnswerForm) -> bool:
    polls.answer(viewer(), clock.now(), poll_id, words, form.remark.data)
    return True


@bp.post("/polls/<uuid:poll_id>/close")
@signed_in
def close(poll_id: UUID) -> Response:
    polls.close(viewer(), clock.now(), poll_id, base_url())
    flash(_("The poll is closed. A time can still be booked from it."))
    return redirect(url_for("polls.show", poll_id=poll_id), 303)


def _poll_page(status: int, page: PollPage, form: Form, words: dict[UUID, str]) -> Response:
    booking = {option.id: _book_at(page, option) for option in page.options}
    return show_page(
        "polls/show.html",
        status,
        page=page,
        poll=page.poll,
        form=form,
        words=words,
        book=booking,
        hour_word=hour_word,
        hour_tones=HOUR_TONES,
    )


def _book_at(page: PollPage, option: OptionRow) -> str:
    """The address of the booking form, filled in with a time."""
    there = option.starts_at.astimezone(ZoneInfo(page.poll.zone))
    filled = {
        "date": f"{there:%Y-%m-%d}",
        "starts_at": f"{there:%H:%M}",
        "minutes": page.poll.minutes,
        "poll": page.poll.id,
    }
    return f"/rosters/{page.poll.roster_id}/book?{urlencode(filled)}"
