"""Finding. What is sought goes by POST, so that no word of it stands in an address or a log."""

from uuid import UUID

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import Length, Optional

from supervision.blueprints.notes.forms import SHUT, DayField
from supervision.blueprints.notes.parts import bp, opened, ready_to_write, to_unlock
from supervision.domain.reflections import template_of
from supervision.domain.reflections.searching import LONGEST_QUERY
from supervision.services import notes
from supervision.services.notes import Choices, Found, SessionRef, Sought
from supervision.web import transactions, typed, unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.forms import Form, status_of
from supervision.web.fragments import page


class FindForm(Form):
    query = StringField(
        lazy("Words"),
        [Length(max=LONGEST_QUERY, message=lazy("Keep this to %(max)s characters."))],
        description=lazy('All of them are looked for; "a few in a row" go in quotation marks.'),
        render_kw=SHUT | {"type": "search"},
    )
    template = SelectField(lazy("Written as"), validate_choice=False)
    tag = SelectField(lazy("Tag"), validate_choice=False)
    roster = SelectField(lazy("Roster"), validate_choice=False)
    since = DayField(lazy("From"), [Optional()], render_kw=SHUT)
    until = DayField(lazy("Until"), [Optional()], render_kw=SHUT)
    session = HiddenField()

    @property
    def sought(self) -> Sought:
        """What is asked for; a choice that is none is left out."""
        return Sought(
            self.query.data or "",
            self.template.data or "",
            self.tag.data or "",
            _uuid(self.roster.data),
            _uuid(self.session.data),
            self.since.data,
            self.until.data,
        )

    def offer(self, found: Choices) -> None:
        """Fill in what there is to choose from."""
        every = ("", _("Any"))
        templates = [(key, _(template_of(key).name)) for key in found.templates]
        self.template.choices = [every, *templates]
        self.tag.choices = [every, *((tag, tag) for tag in found.tags)]
        self.roster.choices = [every, *((str(key), title) for key, title in found.rosters)]


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


@bp.get("/notes/find")
@signed_in
@ready_to_write
def find_form() -> Response:
    keys = opened()
    if keys is None:
        return to_unlock()
    form = FindForm(formdata=None)
    form.offer(notes.choices(viewer(), keys))
    return _find_page(form)


@bp.post("/notes/find")
@signed_in
@transactions.by_hand
def find() -> Response:
    """A page of what was found. It only reads, so no writer has to wait for it."""
    actor, keys, form = viewer(), unlocking.keys(), FindForm()
    if not form.validate():
        form.offer(notes.choices(actor, keys))
        return _find_page(form)
    wanted = request.form.get("page", 1, type=typed.number)
    found = notes.find_notes(actor, keys, form.sought, wanted)
    form.offer(found.choices)
    session_id = form.sought.session_id
    session = notes.session_ref(actor, session_id) if session_id else None
    return _find_page(form, found, session)


def _find_page(
    form: FindForm, found: Found | None = None, session: SessionRef | None = None
) -> Response:
    return page("notes/find.html", status_of(form), form=form, found=found, session=session)
