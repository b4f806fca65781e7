"""The editor's form, built from a template, and the signed word of what it edits."""

from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import Length, NumberRange, Optional

from supervision.domain.reflections import (
    FREE,
    KEPT,
    LONGEST_LINE,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_FIELDS,
    TEMPLATES,
    Kind,
    Prompt,
    Template,
    Value,
    Words,
    is_key,
    with_kept,
)
from supervision.web.fields import NumberField
from supervision.web.forms import Form

SHUT = {"autocomplete": "off", "spellcheck": "false"}
LONGEST_KEPT = 20_000
LONG = lazy("Keep this to %(max)s characters.")


class ScaleField(NumberField):
    """A whole number from 0 to 10, or nothing."""

    complaint = lazy("Give a whole number from 0 to 10.")

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.complaint) from None


class DayField(DateField):  # type: ignore[misc]  # WTForms has no types
    """A date, or nothing."""

    complaint = lazy("Give a date such as 2026-11-30.")

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.complaint) from None


class NoteForm(Form):
    """What every template has. Its fields come from the template, by their keys.

    `kept` names what is there besides, from another template.
    """

    editing = HiddenField()
    template = HiddenField()
    kept = HiddenField(validators=[Length(max=LONGEST_KEPT)])
    title = StringField(lazy("Title"), [Length(max=LONGEST_TITLE, message=LONG)], render_kw=SHUT)
    session = SelectField(lazy("About a session"), validate_choice=False)

    def validate_session(self, field: SelectField) -> None:
        """Whether it is one of the writer's own is for the service to say."""
        if field.data and _uuid(field.data) is None:
            raise ValidationError(_("Choose one of your sessions, or none."))


def _field(prompt: Prompt) -> Field:
    label, hint = lazy(prompt.label), lazy(prompt.hint) if prompt.hint else ""
    match prompt.kind:
        case Kind.TEXT:
            checks = [Length(max=LONGEST_TEXT, message=LONG)]
            return TextAreaField(
                label, checks, description=hint, render_kw=SHUT | {"rows": prompt.rows}
            )
        case Kind.LINE:
            checks = [Length(max=LONGEST_LINE, message=LONG)]
            return StringField(label, checks, description=hint, render_kw=SHUT)
        case Kind.SCALE:
            in_range = NumberRange(0, 10, lazy("Give a whole number from 0 to 10."))
            attributes = SHUT | {"min": 0, "max": 10, "step": 1, "inputmode": "numeric"}
            return ScaleField(label, [Optional(), in_range], description=hint, render_kw=attributes)
        case Kind.DATE:
            return DayField(label, [Optional()], description=hint, render_kw=SHUT)
        case Kind.TICK:
            return BooleanField(label, description=hint)


@lru_cache(maxsize=64)
def form_of(template: Template) -> type[NoteForm]:
    """The form class of a template."""
    fields = {prompt.key: _field(prompt) for prompt in template.prompts}
    return type(f"{template.key.title()}Form", (NoteForm,), fields)


def chosen(key: str | None, kept: str | None = None) -> Template:
    """The template of that name, or the free page, with the keys that a form said it keeps."""
    keys = [one for one in (kept or "")[:LONGEST_KEPT].split(",")[:MOST_FIELDS] if is_key(one)]
    return with_kept(TEMPLATES.get(key or "", FREE), dict.fromkeys(keys))


def written_in(words: Words) -> Template:
    """The template to go on in, with all that was written in any other."""
    return with_kept(TEMPLATES.get(words.template, FREE), words.fields)


def kept_keys(template: Template) -> str:
    """For the form: which of its prompts are kept from elsewhere."""
    kept = [section for section in template.sections if section.key == KEPT]
    return ",".join(prompt.key for section in kept for prompt in section.prompts)


def fill(template: Template, words: Words) -> NoteForm:
    """The form that holds these words."""
    values: dict[str, Any] = dict(words.fields)
    values |= {"title": words.title, "session": str(words.session_id or "")}
    for prompt in template.prompts:
        if prompt.kind is Kind.DATE and prompt.key in values:
            values[prompt.key] = date.fromisoformat(values[prompt.key])
    return form_of(template)(formdata=None, data=values)


def words_of(form: NoteForm, template: Template) -> Words:
    """What the form holds, empty answers left out."""
    found = {prompt.key: _value(prompt.kind, form[prompt.key].data) for prompt in template.prompts}
    fields = {key: value for key, value in found.items() if value is not None}
    return Words(template.key, (form.title.data or "").strip(), fields, _uuid(form.session.data))


def _value(kind: Kind, data: Any) -> Value | None:
    if kind is Kind.TICK:
        return True if data else None
    if kind is Kind.SCALE:
        number: int | None = data
        return number
    if kind is Kind.DATE:
        return data.isoformat() if data else None
    text = (data or "").replace("\r\n", "\n")
    return text if text.strip() else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
