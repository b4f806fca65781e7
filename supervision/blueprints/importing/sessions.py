"""Sessions from a calendar file into a roster: choose it, look, add."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.importing.parts import FileForm, bp, read
from supervision.domain.importing.events import Found
from supervision.errors import Conflict, Invalid
from supervision.services import importing, places
from supervision.services.importing import Added, Line
from supervision.web import forms, limits, turns
from supervision.web.auth import signed_in, viewer
from supervision.web.carried import carried, carry
from supervision.web.fragments import page
from supervision.web.request import long_text
from supervision.web.settings import base_url
from supervision.web.transactions import by_hand, in_one


@dataclass(frozen=True)
class Shown:
    """A roster as the pages name it, apart from the transaction that read it."""

    id: UUID
    title: str
    zone: str


@bp.get("/rosters/<uuid:roster_id>/import")
@signed_in
def choose_calendar(roster_id: UUID) -> Response:
    return _chooser(200, FileForm(formdata=None), _roster(roster_id))


@bp.post("/rosters/<uuid:roster_id>/import")
@signed_in
@by_hand
def look(roster_id: UUID) -> Response:
    """What a file would add, before it does. The file is read outside of any transaction."""
    roster = _roster(roster_id)
    with turns.turn(viewer().id):
        limits.spend(limits.IMPORT, str(viewer().id))
        form = FileForm()
        shown = read(form, lambda: _read(roster, form.body()))
    return _chooser(422, form, roster) if shown is None else _preview(200, **shown)


def _read(roster: Shown, body: bytes) -> dict[str, Any]:
    found = importing.read_calendar(viewer(), clock.now(), roster.id, body)
    lines = in_one(lambda: importing.lines_of(viewer(), clock.now(), roster.id, found))
    return _shown(roster, lines, {line.id for line in lines})


@bp.post("/rosters/<uuid:roster_id>/import/add")
@signed_in
def add(roster_id: UUID) -> Response:
    roster = _roster(roster_id)
    form = FileForm(formdata=None)
    added = forms.answer(form, lambda: _add(roster))
    if added is None:
        return _again(form, roster)
    flash(_done(added))
    return redirect(url_for("rosters.show", roster_id=roster_id), 303)


def _add(roster: Shown) -> Added:
    found = _carried(roster)
    return importing.add_sessions(viewer(), clock.now(), roster.id, found, _chosen(), base_url())


def _chosen() -> set[UUID]:
    return set(request.form.getlist("session", type=UUID))


def _again(form: FileForm, roster: Shown) -> Response:
    """The preview once more, as things are now; or the beginning, where nothing was carried."""
    try:
        found = _carried(roster)
        lines = importing.lines_of(viewer(), clock.now(), roster.id, found)
        return _preview(422, form=form, **_shown(roster, lines, _chosen()))
    except (Invalid, Conflict):
        return _chooser(422, form, roster)


def _roster(roster_id: UUID) -> Shown:
    """Raises NotFound, NotAllowed, Conflict."""
    roster, _place = places.run_roster(viewer(), roster_id)
    return Shown(roster.id, roster.title, roster.zone)


def _purpose(roster: Shown) -> str:
    """With the zone: local times of the file were read as that one's."""
    return f"sessions {roster.id} {roster.zone}"


def _carried(roster: Shown) -> list[Found]:
    found = carried(long_text(request.form, "carried"), _purpose(roster))
    return [Found.of(one) for one in found]


def _shown(roster: Shown, lines: Sequence[Line], chosen: set[UUID]) -> dict[str, Any]:
    """What the preview shows. Raises Invalid."""
    usable = [line for line in lines if not line.left_out]
    return {
        "roster": roster,
        "usable": usable,
        "left_out": [line for line in lines if line.left_out],
        "chosen": chosen,
        "why": _why,
        "past": sum(line.is_past for line in usable),
        "carried": carry([line.found.plain() for line in lines], _purpose(roster)),
    }


def _why(line: Line) -> str:
    return str(_(line.left_out, **dict(line.params)))


def _done(added: Added) -> str:
    done: str = ngettext(
        "%(num)d session is imported.", "%(num)d sessions are imported.", added.sessions
    )
    return done


def _preview(status: int, **shown: Any) -> Response:
    return page("importing/sessions.html", status, **shown)


def _chooser(status: int, form: FileForm, roster: Shown) -> Response:
    return page("importing/choose_calendar.html", status, form=form, roster=roster)
