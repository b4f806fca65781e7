"""The forms about attendance, and the values that services take out of them."""

from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import SelectField, StringField, TextAreaField

from supervision.models.attendance import Came
from supervision.services.attendance import CAME, REASON, WORDS, Line, Marking, Said, Sheet
from supervision.web import typed
from supervision.web.forms import Form, at_most, choices, required, trimmed

CHOOSE = lazy("Choose one from the list.")
NOBODY = ""


class SheetForm(Form):
    """Two fields for each person (`state-<id>`, `minutes-<id>`), somebody more, and a reason."""

    guest = SelectField(
        lazy("Somebody else was there"), default=NOBODY, invalid_choice_message=CHOOSE
    )
    guest_minutes = SelectField(
        lazy("Their minutes"), coerce=typed.number, invalid_choice_message=CHOOSE
    )
    reason = StringField(
        lazy("Why it is corrected"),
        at_most(REASON),
        filters=[trimmed],
        description=lazy("A few words, nothing of a client. Whoever it is about reads them."),
        render_kw={"maxlength": REASON, "autocomplete": "off"},
    )

    def marking(self, sheet: Sheet, seen: int) -> Marking:
        """What the person says. Only for a form that validates."""
        said = {line.person_id: self._said(line.person_id) for line in sheet.lines}
        guests: dict[UUID, Said] = {}
        if self.guest.data:
            guests[UUID(self.guest.data)] = Said(Came.ATTENDED, self.guest_minutes.data)
        return Marking(seen, said, guests, self.reason.data)

    def _said(self, person_id: UUID) -> Said:
        return Said(self[f"state-{person_id}"].data, self[f"minutes-{person_id}"].data)


def sheet_form(sheet: Sheet, *, fresh: bool) -> SheetForm:
    """The form of a sheet: as it stands where `fresh`, else as it was sent."""
    fields: dict[str, Any] = {}
    for line in sheet.lines:
        fields |= _line_fields(sheet, line)
    made: type[SheetForm] = type("FilledSheetForm", (SheetForm,), fields)
    form = made(formdata=None) if fresh else made()
    others = [(str(one.person_id), one.name) for one in sheet.others]
    form.guest.choices = choices([(NOBODY, lazy("Nobody else")), *others])
    form.guest_minutes.choices = _minutes(sheet)
    if fresh:
        form.guest_minutes.data = sheet.whole
    return form


def _line_fields(sheet: Sheet, line: Line) -> dict[str, SelectField]:
    """A part of a session is said by its minutes, so there is no choosing it."""
    states = [state for state in sheet.states if state != Came.PARTLY]
    stands = Came.ATTENDED if line.said.there else line.said.state
    return {
        f"state-{line.person_id}": SelectField(
            line.name,
            choices=choices((state, _(CAME[state])) for state in states),
            default=stands,
            invalid_choice_message=CHOOSE,
        ),
        f"minutes-{line.person_id}": SelectField(
            _("Minutes of %(name)s", name=line.name),
            choices=_minutes(sheet),
            coerce=typed.number,
            default=line.said.minutes or sheet.whole,
            invalid_choice_message=CHOOSE,
        ),
    }


def _minutes(sheet: Sheet) -> list[Any]:
    return choices((minutes, _("%(n)s min", n=minutes)) for minutes in sheet.quarters)


class DisagreeForm(Form):
    """What is not right."""

    words = TextAreaField(
        lazy("What is not right?"),
        required(WORDS),
        filters=[trimmed],
        description=lazy("A few words, nothing of a client."),
        render_kw={"rows": 3, "maxlength": WORDS},
    )
