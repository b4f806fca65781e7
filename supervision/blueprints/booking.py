"""Booking by the supervisee: free times week by week, one held while they decide, then taken."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.lists import format_list
from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from supervision import clock
from supervision.domain import calendar
from supervision.domain.intervals import Interval
from supervision.domain.slots import Terms
from supervision.errors import NotFound
from supervision.services import booking, sessions
from supervision.services.availability import SessionTypeRow, for_others
from supervision.services.booking import Choice, Desk, Gone, OwnSession, Slots
from supervision.services.sessions.plan import MESSAGE
from supervision.web import forms
from supervision.web.auth import signed_in, viewer
from supervision.web.filters import local_date, local_time
from supervision.web.forms import Form
from supervision.web.fragments import page as show_page
from supervision.web.fragments import page_or, wants_fragment
from supervision.web.settings import base_url
from supervision.web.words import booked_words

bp = Blueprint("booking", __name__)
WEEK = timedelta(days=7)


class MessageForm(Form):
    """A few words for the other."""

    message = TextAreaField(
        lazy("Message"),
        [Length(max=MESSAGE, message=lazy("Keep this to %(max)d characters."))],
        filters=[forms.lines],
        description=lazy("May be left empty. It is mailed to both of you."),
        render_kw={"rows": 3, "maxlength": MESSAGE},
    )


class LateForm(MessageForm):
    """As it was shown: whether the notice asked for had passed."""

    late = BooleanField()


@dataclass(frozen=True)
class Week:
    """Seven days of the viewer's with the free starts on each, and the ways on from there.

    `way` is the address of this page for another week, `pick` that of a chosen time where that
    is a link; `why` says why nothing is free.
    """

    days: list[tuple[date, list[datetime]]]
    slots: Slots
    before: str
    after: str
    soonest: str
    why: str
    pick: str = ""


# -- choosing ------------------------------------------------------------------------------


@bp.get("/book/<uuid:roster_id>")
@signed_in
def index(roster_id: UUID) -> Response:
    """The free times of a week. A person's id leads to the roster with them."""
    try:
        desk = booking.desk(viewer(), roster_id)
    except NotFound:
        found = booking.desk_of(viewer(), roster_id)
        return redirect(url_for("booking.index", roster_id=found), 303)
    return _index(200, desk)


def _index(status: int, desk: Desk, gone: Gone | None = None) -> Response:
    if not desk.types or not desk.is_open:
        return show_page("booking/index.html", status, desk=desk, kind=None, week=None)
    kind = desk.kind(_uuid("type"))
    base = url_for("booking.index", roster_id=desk.roster_id)
    week = _week(desk, desk.own.terms(kind.minutes), base, {"type": str(kind.id)})
    context = {"desk": desk, "kind": kind, "week": week, "gone": gone, "swapped": wants_fragment()}
    if status != 200:
        return show_page("booking/index.html", status, **context)
    return page_or("booking/_week.html", "booking/index.html", **context)


def _week(
    desk: Desk, terms: Terms, base: str, query: dict[str, str], moving: UUID | None = None
) -> Week:
    """The week that the address names; else that of the first free time."""
    actor, at = viewer(), clock.now()
    day = _day(request.values.get("week", ""))
    first = booking.next_free(actor, at, desk, terms, at, moving) if day is None else None
    shown = day or (first or at).astimezone(ZoneInfo(actor.zone)).date()
    days = calendar.week(shown, actor.week_starts)
    within = Interval(*calendar.span(days, actor.zone))
    slots = booking.slots(actor, at, desk, terms, within, moving)
    by_day: dict[date, list[datetime]] = defaultdict(list)
    for start in slots.free:
        by_day[start.astimezone(ZoneInfo(actor.zone)).date()].append(start)

    def way(on: date) -> str:
        return f"{base}?{urlencode({**query, 'week': on.isoformat()})}"

    today = at.astimezone(ZoneInfo(actor.zone)).date()
    later = slots.next_at.astimezone(ZoneInfo(actor.zone)).date() if slots.next_at else None
    last = today + timedelta(days=terms.horizon)
    return Week(
        days=[(one, by_day[one]) for one in days],
        slots=slots,
        before=way(days[0] - WEEK) if days[0] > today else "",
        after=way(days[0] + WEEK) if days[-1] < last else "",
        soonest=way(later) if later else "",
        why=_why(slots),
        pick=f"{way(days[0])}&" if moving else "",
    )


def _why(slots: Slots) -> str:
    """The commonest reasons, as far as they are the supervisee's to know."""
    reasons = (str(_(for_others(refusal))) for refusal, _count in slots.refused.most_common())
    return format_list(list(dict.fromkeys(reasons))[:3], "or", get_locale())


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if calendar.EARLIEST <= found <= calendar.LATEST else None


def _uuid(name: str) -> UUID | None:
    """An id in the address or the form; an address that holds none names no page."""
    text = request.values.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        abort(404)


def _instant() -> datetime:
    """The time that was chosen. An address without one names no page."""
    try:
        found = datetime.fromisoformat(request.values.get("at", ""))
    except ValueError:
        abort(404)
    if found.tzinfo is None or not calendar.EARLIEST <= found.date() <= calendar.LATEST:
        abort(404)
    return found.astimezone(UTC)


@bp.post("/book/<uuid:roster_id>/hold")
@signed_in
def hold(roster_id: UUID) -> Response:
    """Keep a time and go on to confirm it; several buttons of one form, so it bears no key."""
    desk = booking.desk(viewer(), roster_id)
    kind = desk.kind(_uuid("type"))
    starts_at = _instant()
    try:
        booking.hold_time(viewer(), clock.now(), roster_id, Choice(kind.id, starts_at))
    except Gone as gone:
        return _index(422, desk, gone)
    return redirect(_confirm_at(desk, kind, starts_at), 303)


def _confirm_at(desk: Desk, kind: SessionTypeRow, starts_at: datetime) -> str:
    return url_for(
        "booking.confirm_form", roster_id=desk.roster_id, type=kind.id, at=starts_at.isoformat()
    )


@bp.get("/book/<uuid:roster_id>/confirm")
@signed_in
def confirm_form(roster_id: UUID) -> Response:
    return _confirm(200, roster_id, MessageForm(formdata=None))


def _confirm(status: int, roster_id: UUID, form: Form, gone: Gone | None = None) -> Response:
    actor = viewer()
    desk = booking.desk(actor, roster_id)
    if not desk.may_take:
        abort(403)
    kind, starts_at = desk.kind(_uuid("type")), _instant()
    return show_page(
        "booking/confirm.html",
        status,
        form=form,
        desk=desk,
        kind=kind,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=kind.minutes),
        held_until=booking.held_until(actor, clock.now(), starts_at),
        gone=gone,
    )


@bp.post("/book/<uuid:roster_id>/confirm")
@signed_in
def confirm(roster_id: UUID) -> Response:
    form = MessageForm()
    kind = booking.desk(viewer(), roster_id).kind(_uuid("type"))
    choice = Choice(kind.id, _instant(), form.message.data)
    gone: list[Gone] = []

    def act() -> sessions.Booked:
        try:
            return booking.take_time(viewer(), clock.now(), roster_id, choice, base_url())
        except Gone as error:
            gone.append(error)
            raise

    done = forms.attempt(form, act)
    if done is None:
        return _confirm(422, roster_id, form, gone[0] if gone else None)
    text = _("You have asked for this time. It is kept for you until it is answered.")
    for line in booked_words(done, text if kind.asks else _("The session is booked.")):
        flash(line)
    return redirect(url_for("sessions.show", session_id=done.session_ids[0]), 303)


@bp.post("/book/<uuid:roster_id>/release")
@signed_in
def release(roster_id: UUID) -> Response:
    """Let go what is held, and choose again."""
    booking.release_time(viewer(), roster_id)
    return redirect(url_for("booking.index", roster_id=roster_id, type=_uuid("type")), 303)


# -- requests ------------------------------------------------------------------------------


@bp.post("/sessions/<uuid:session_id>/accept")
@signed_in
def accept(session_id: UUID) -> Response:
    booking.accept(viewer(), clock.now(), session_id, base_url())
    flash(_("Accepted: the session is booked."))
    return redirect(url_for("sessions.show", session_id=session_id), 303)


@bp.get("/sessions/<uuid:session_id>/decline")
@signed_in
def decline_form(session_id: UUID) -> Response:
    return _decline(200, session_id, MessageForm(formdata=None))


def _decline(status: int, session_id: UUID, form: Form) -> Response:
    page = sessions.session_page(viewer(), clock.now(), session_id)
    if not page.may_run:
        abort(403)
    return show_page("booking/decline.html", status, form=form, s=page.session)


@bp.post("/sessions/<uuid:session_id>/decline")
@signed_in
def decline(session_id: UUID) -> Response:
    form = MessageForm()

    def act() -> bool:
        booking.decline(viewer(), clock.now(), session_id, form.message.data, base_url())
        return True

    if not forms.attempt(form, act):
        return _decline(422, session_id, form)
    flash(_("Declined. The time is free again, and a mail says so."))
    return redirect(url_for("home.index"), 303)


@bp.post("/sessions/<uuid:session_id>/withdraw")
@signed_in
def withdraw(session_id: UUID) -> Response:
    booking.withdraw(viewer(), clock.now(), session_id, base_url())
    flash(_("You no longer ask for this session."))
    return redirect(url_for("home.index"), 303)


# -- moving and cancelling -----------------------------------------------------------------


@bp.get("/book/sessions/<uuid:session_id>/cancel")
@signed_in
def cancel_form(session_id: UUID) -> Response:
    own = booking.own_session(viewer(), clock.now(), session_id)
    return _cancel(200, own, LateForm(formdata=None))


def _cancel(status: int, own: OwnSession, form: Form) -> Response:
    return show_page("booking/cancel.html", status, form=form, own=own, desk=own.desk)


@bp.post("/book/sessions/<uuid:session_id>/cancel")
@signed_in
def cancel(session_id: UUID) -> Response:
    at, form = clock.now(), LateForm()
    own = booking.own_session(viewer(), at, session_id)

    def act() -> bool:
        knows = form.late.data
        booking.cancel_own(viewer(), at, session_id, form.message.data, knows, base_url())
        return True

    if not forms.attempt(form, act):
        return _cancel(422, own, form)
    flash(
        _(
            "The session on %(day)s at %(time)s is cancelled. %(name)s is told by mail.",
            day=local_date(own.starts_at),
            time=local_time(own.starts_at),
            name=own.desk.supervisor,
        )
    )
    return redirect(url_for("sessions.show", session_id=session_id), 303)


@bp.get("/book/sessions/<uuid:session_id>/move")
@signed_in
def move_form(session_id: UUID) -> Response:
    """Free times for a session, then, with `at` in the address, the form to confirm one."""
    own = booking.own_session(viewer(), clock.now(), session_id)
    if request.args.get("at"):
        return _move(200, own, LateForm(formdata=None))
    return _choose(own)


def _choose(own: OwnSession) -> Response:
    week = None
    if not own.asks:
        base = url_for("booking.move_form", session_id=own.id)
        week = _week(own.desk, own.terms, base, {}, own.id)
    context = {"own": own, "desk": own.desk, "week": week, "swapped": wants_fragment()}
    return page_or("booking/_week.html", "booking/choose.html", kind=None, gone=None, **context)


def _move(status: int, own: OwnSession, form: Form, gone: Gone | None = None) -> Response:
    starts_at = _instant()
    return show_page(
        "booking/move.html",
        status,
        form=form,
        own=own,
        desk=own.desk,
        starts_at=starts_at,
        ends_at=starts_at + (own.ends_at - own.starts_at),
        gone=gone,
    )


@bp.post("/book/sessions/<uuid:session_id>/move")
@signed_in
def move(session_id: UUID) -> Response:
    at, form, starts_at = clock.now(), LateForm(), _instant()
    own = booking.own_session(viewer(), at, session_id)
    gone: list[Gone] = []

    def act() -> sessions.Booked:
        said = (form.message.data, form.late.data)
        try:
            return booking.move_own(viewer(), at, session_id, starts_at, *said, base_url())
        except Gone as error:
            gone.append(error)
            raise

    done = forms.attempt(form, act)
    if done is None:
        return _move(422, own, form, gone[0] if gone else None)
    for line in booked_words(done, _("Moved. A mail says so.")):
        flash(line)
    return redirect(url_for("sessions.show", session_id=session_id), 303)
