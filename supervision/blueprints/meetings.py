"""Meetings: a roster's turns, a session's agenda, and the view that all share while they meet."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange, Optional

from supervision import clock
from supervision.domain.methods import METHODS
from supervision.errors import NotAllowed, NotFound
from supervision.services import meetings
from supervision.services.meetings import MOST_PRESENTERS, TITLE_LENGTH, Agenda, Case
from supervision.web import forms, typed
from supervision.web.auth import signed_in, viewer
from supervision.web.fields import NumberField
from supervision.web.forms import Form, at_most, trimmed
from supervision.web.fragments import page as show_page
from supervision.web.fragments import wants_fragment
from supervision.web.settings import base_url
from supervision.web.unlocking import passive

bp = Blueprint("meetings", __name__)
WHOLE = lazy("Give a whole number.")


class SetUpForm(Form):
    method = RadioField(lazy("Method"), [InputRequired(lazy("Choose one."))])
    presenters = NumberField(
        lazy("Presenters in each meeting"),
        [
            InputRequired(WHOLE),
            NumberRange(1, MOST_PRESENTERS, lazy("Choose between 1 and 6 presenters.")),
        ],
    )


class CaseForm(Form):
    title = StringField(
        lazy("Case"),
        at_most(TITLE_LENGTH),
        filters=[trimmed],
        description=lazy(
            "A few words for the agenda, such as “K7, an angry silence”: a code, never a name. "
            "Everybody in the roster reads it. May be left empty."
        ),
    )
    minutes = NumberField(
        lazy("Minutes"),
        [Optional(), NumberRange(5, 120, lazy("Choose between 5 and 120 minutes."))],
        description=lazy("May be left empty: then the time is shared out."),
    )
    position = SelectField(lazy("Place in the order"), coerce=typed.number)


class SwapForm(Form):
    asked = SelectField(lazy("Ask somebody to take your turn"))


# -- a roster's turns ----------------------------------------------------------------------


@bp.get("/rosters/<uuid:roster_id>/turns")
@signed_in
def turns(roster_id: UUID) -> Response:
    rota = meetings.rota_of(viewer(), clock.now(), roster_id)
    return show_page("meetings/turns.html", 200, rota=rota)


@bp.get("/rosters/<uuid:roster_id>/method")
@signed_in
def method(roster_id: UUID) -> Response:
    rota = meetings.rota_of(viewer(), clock.now(), roster_id)
    if not rota.may_run:
        raise NotAllowed
    form = _set_up_form(formdata=None, method=rota.method.key, presenters=rota.presenters)
    return show_page("meetings/method.html", 200, form=form, rota=rota)


def _set_up_form(**values: Any) -> SetUpForm:
    form = SetUpForm(**values)
    pairs = [(one.key, f"{_(one.name)}. {_(one.hint)}") for one in METHODS]
    form.method.choices = forms.choices(pairs)
    return form


@bp.post("/rosters/<uuid:roster_id>/method")
@signed_in
def choose(roster_id: UUID) -> Response:
    rota = meetings.rota_of(viewer(), clock.now(), roster_id)
    form = _set_up_form()

    def act() -> bool:
        meetings.set_up(viewer(), clock.now(), roster_id, form.method.data, form.presenters.data)
        return True

    if forms.attempt(form, act) is None:
        return show_page("meetings/method.html", 422, form=form, rota=rota)
    flash(_("Saved. It counts from the next meeting on."))
    return redirect(url_for("meetings.turns", roster_id=roster_id), 303)


# -- a session's agenda --------------------------------------------------------------------


@bp.get("/sessions/<uuid:session_id>/agenda")
@signed_in
def agenda(session_id: UUID) -> Response:
    return _agenda_page(200, meetings.agenda_of(viewer(), clock.now(), session_id))


def _agenda_page(status: int, found: Agenda, swap: SwapForm | None = None) -> Response:
    return show_page(
        "meetings/agenda.html", status, agenda=found, swap=swap or _swap_form(found, fresh=True)
    )


def _swap_form(found: Agenda, fresh: bool = False) -> SwapForm:
    form = SwapForm(formdata=None) if fresh else SwapForm()
    form.asked.choices = forms.choices((str(one.id), one.name) for one in found.free)
    return form


def _to_agenda(session_id: UUID) -> Response:
    return redirect(url_for("meetings.agenda", session_id=session_id), 303)


@bp.get("/sessions/<uuid:session_id>/agenda/<uuid:person_id>")
@signed_in
def case(session_id: UUID, person_id: UUID) -> Response:
    found = meetings.agenda_of(viewer(), clock.now(), session_id)
    turn = found.turn_of(person_id)
    if turn is None and not (person_id == viewer().id and found.may_present):
        raise NotFound
    if not found.open or not (person_id == viewer().id or found.may_run):
        raise NotAllowed
    position = found.turns.index(turn) + 1 if turn else len(found.turns) + 1
    form = _case_form(
        found,
        person_id,
        formdata=None,
        title=turn.title if turn else "",
        minutes=turn.minutes if turn and turn.set_minutes else None,
        position=position,
    )
    return _case_page(200, found, form, person_id)


def _case_form(found: Agenda, person_id: UUID, **values: Any) -> CaseForm:
    form = CaseForm(**values)
    places = len(found.turns) + (found.turn_of(person_id) is None)
    form.position.choices = forms.choices((n, str(n)) for n in range(1, places + 1))
    return form


def _case_page(status: int, found: Agenda, form: CaseForm, person_id: UUID) -> Response:
    turn = found.turn_of(person_id)
    return show_page("meetings/case.html", status, agenda=found, form=form, turn=turn)


@bp.post("/sessions/<uuid:session_id>/agenda/<uuid:person_id>")
@signed_in
def save_case(session_id: UUID, person_id: UUID) -> Response:
    found = meetings.agenda_of(viewer(), clock.now(), session_id)
    form = _case_form(found, person_id)

    def act() -> bool:
        said = Case(form.title.data, form.minutes.data, form.position.data)
        meetings.put_case(viewer(), clock.now(), session_id, person_id, said, base_url())
        return True

    if forms.attempt(form, act) is None:
        return _case_page(422, found, form, person_id)
    flash(_("The agenda is saved."))
    return _to_agenda(session_id)


@bp.post("/sessions/<uuid:session_id>/absent/<uuid:person_id>")
@signed_in
def absent(session_id: UUID, person_id: UUID) -> Response:
    meetings.mark_absent(viewer(), clock.now(), session_id, person_id, base_url())
    flash(_("Noted. A turn that passes on stays owed."))
    return _to_agenda(session_id)


@bp.post("/sessions/<uuid:session_id>/present/<uuid:person_id>")
@signed_in
def present(session_id: UUID, person_id: UUID) -> Response:
    meetings.come(viewer(), clock.now(), session_id, person_id, base_url())
    flash(_("Noted."))
    return _to_agenda(session_id)


@bp.post("/sessions/<uuid:session_id>/swap")
@signed_in
def ask(session_id: UUID) -> Response:
    found = meetings.agenda_of(viewer(), clock.now(), session_id)
    form = _swap_form(found)

    def act() -> bool:
        asked_id = UUID(form.asked.data)
        meetings.ask_swap(viewer(), clock.now(), session_id, asked_id, base_url())
        return True

    if forms.attempt(form, act) is None:
        return _agenda_page(422, found, form)
    flash(_("Asked. They are told by mail, and find it at home."))
    return _to_agenda(session_id)


@bp.post("/sessions/<uuid:session_id>/swap/withdraw")
@signed_in
def withdraw(session_id: UUID) -> Response:
    meetings.withdraw_swap(viewer(), clock.now(), session_id, base_url())
    flash(_("Withdrawn. The turn is yours."))
    return _to_agenda(session_id)


@bp.post("/sessions/<uuid:session_id>/swap/<uuid:person_id>")
@signed_in
def answer(session_id: UUID, person_id: UUID) -> Response:
    """What the viewer says to somebody who asked them to take a turn."""
    yes = request.form.get("answer") == "yes"
    meetings.answer_swap(viewer(), clock.now(), session_id, person_id, yes, base_url())
    flash(_("The turn is yours now. Thank you.") if yes else _("Declined. The turn stays theirs."))
    return _to_agenda(session_id)


# -- the meeting ---------------------------------------------------------------------------


@bp.get("/sessions/<uuid:session_id>/meeting")
@signed_in
def meeting(session_id: UUID) -> Response:
    now = meetings.meeting_now(viewer(), clock.now(), session_id)
    return show_page("meetings/meeting.html", 200, now=now, agenda=now.agenda)


@bp.get("/sessions/<uuid:session_id>/meeting/now")
@signed_in
@passive
def look(session_id: UUID) -> Response:
    """The meeting as it stands; 204 while it is as the page that asks has it (`seen`)."""
    now = meetings.meeting_now(viewer(), clock.now(), session_id)
    if wants_fragment() and request.args.get("seen", type=typed.number) == now.version:
        return make_response("", 204)
    name = "meetings/_now.html" if wants_fragment() else "meetings/meeting.html"
    return show_page(name, 200, now=now, agenda=now.agenda)


@bp.post("/sessions/<uuid:session_id>/meeting")
@signed_in
def steer(session_id: UUID) -> Response:
    """One press of a button; `step` is the phase that whoever pressed saw."""
    act = _act(request.form.get("do", ""), request.form.get("step", 0, type=typed.number))
    act(session_id)
    if wants_fragment():
        now = meetings.meeting_now(viewer(), clock.now(), session_id)
        return show_page("meetings/_now.html", 200, now=now, agenda=now.agenda)
    return redirect(url_for("meetings.meeting", session_id=session_id), 303)


def _act(do: str, step: int) -> Callable[[UUID], None]:
    actor, at = viewer(), clock.now()
    acts: dict[str, Callable[[UUID], None]] = {
        "begin": lambda session_id: meetings.begin(actor, at, session_id),
        "pause": lambda session_id: meetings.pause(actor, at, session_id, step),
        "resume": lambda session_id: meetings.resume(actor, at, session_id, step),
        "next": lambda session_id: meetings.next_step(actor, at, session_id, step),
        "more": lambda session_id: meetings.add_minutes(actor, at, session_id, step, 2),
    }
    if do not in acts:
        raise NotFound
    return acts[do]
