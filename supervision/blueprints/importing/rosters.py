"""Rosters from a table: choose a file, look at what it would make, make it."""

from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.importing.parts import FileForm, bp, read
from supervision.domain.importing.rosters import Problem, example_of
from supervision.domain.importing.tables import SAYING, Row, Table, read_table, written
from supervision.errors import Conflict, Invalid
from supervision.services import importing
from supervision.services.importing import Made, Plan
from supervision.web import forms, limits, turns, typed
from supervision.web.auth import signed_in, viewer
from supervision.web.carried import carried, carry
from supervision.web.fragments import page
from supervision.web.posting import mails_go
from supervision.web.request import long_text
from supervision.web.settings import base_url
from supervision.web.transactions import by_hand

PURPOSE = "rosters"


@bp.get("/rosters/import")
@signed_in
def choose() -> Response:
    importing.check_may_import(viewer())
    return _chooser(200, FileForm(formdata=None))


@bp.get("/rosters/import/example.csv")
@signed_in
def example() -> Response:
    """A table to fill in, with a roster of each kind."""
    importing.check_may_import(viewer())
    return _download("rosters.csv", written(SAYING, example_of(viewer().zone)))


@bp.post("/rosters/import")
@signed_in
@by_hand
def preview() -> Response:
    """What a file would make, before it does; it only reads."""
    importing.check_may_import(viewer())
    with turns.turn(viewer().id):
        limits.spend(limits.IMPORT, str(viewer().id))
        form = FileForm()
        shown = read(form, lambda: _shown(read_table(form.body())))
    return _chooser(422, form) if shown is None else page("importing/rosters.html", 200, **shown)


@bp.post("/rosters/import/make")
@signed_in
def make() -> Response:
    importing.check_may_import(viewer())
    limits.spend(limits.IMPORT_MAKE, str(viewer().id))
    form = FileForm(formdata=None)
    made = forms.answer(form, _make)
    if made is None:
        return _again(form)
    flash(_done(made))
    return redirect(url_for("rosters.index"), 303)


def _make() -> Made:
    also = set(request.form.getlist("also", type=typed.number))
    return importing.make_rosters(viewer(), clock.now(), _carried(), also, base_url())


def _again(form: FileForm) -> Response:
    """The preview once more, as things are now; or the beginning, where nothing was carried."""
    try:
        shown = _shown(_carried())
    except (Invalid, Conflict):
        return _chooser(422, form)
    return page("importing/rosters.html", 422, form=form, **shown)


@bp.post("/rosters/import/problems")
@signed_in
@by_hand
def problems() -> Response:
    """The rows that have to be corrected, with what is wrong in a column of its own."""
    importing.check_may_import(viewer())
    try:
        table = _carried()
        plan = importing.plan_rosters(viewer(), table)
    except Invalid as error:
        form = FileForm(formdata=None)
        form.refuse(error)
        return _chooser(422, form)
    rows = importing.to_correct(table, plan, _said)
    columns = [name for name in table.columns if name in SAYING]
    return _download("rosters-to-correct.csv", written([*columns, "problem"], rows))


def _carried() -> Table:
    found = carried(long_text(request.form, "carried"), PURPOSE)
    rows = tuple(Row(number, cells) for number, cells in found["rows"])
    return Table(tuple(found["columns"]), rows)


def _shown(table: Table) -> dict[str, Any]:
    """What the preview shows. Raises Invalid."""
    plan = importing.plan_rosters(viewer(), table)
    rows = [(row.number, row.cells) for row in table.rows]
    return {
        "plan": plan,
        "said": _said,
        "button": _button(plan),
        "mails": mails_go(),
        "carried": carry({"columns": table.columns, "rows": rows}, PURPOSE),
    }


def _said(problem: Problem) -> str:
    return str(_(problem.msgid, **problem.params))


def _rosters(count: int) -> str:
    return str(ngettext("%(num)d roster", "%(num)d rosters", count))


def _people(count: int) -> str:
    return str(ngettext("%(num)d person", "%(num)d people", count))


def _button(plan: Plan) -> str:
    """Make 12 rosters and invite 48 people; empty where nothing can be made."""
    if not plan.new:
        return str(_("Make the ticked rosters")) if plan.present else ""
    rosters, people = _rosters(len(plan.new)), _people(plan.people)
    if not plan.people:
        return str(_("Make %(rosters)s", rosters=rosters))
    return str(_("Make %(rosters)s and invite %(people)s", rosters=rosters, people=people))


def _done(made: Made) -> str:
    rosters, people = _rosters(made.rosters), _people(made.people)
    return str(_("Made: %(rosters)s. Invited: %(people)s.", rosters=rosters, people=people))


def _chooser(status: int, form: FileForm) -> Response:
    return page("importing/choose_table.html", status, form=form)


def _download(name: str, body: bytes) -> Response:
    response = make_response(body)
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
