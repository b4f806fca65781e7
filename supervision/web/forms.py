"""Forms: their base, the fields that many share, and how a service's refusal comes back."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from gettext import NullTranslations, translation
from typing import Any, TypeVar
from uuid import uuid4

from flask import request
from flask_babel import format_decimal, get_locale
from flask_babel import lazy_gettext as lazy
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto as SENT
from wtforms import Field, FieldList, FormField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.i18n import messages_path
from wtforms.validators import InputRequired, Length

from supervision.db import db
from supervision.errors import Conflict, Invalid
from supervision.services.people import ZONES
from supervision.web.errors import say

T = TypeVar("T")
REQUIRED = lazy("This is needed.")
# What a text takes whose form says no length, and what a number, a date or a choice takes.
LONGEST, LONGEST_CHOICE = 2_000, 200


@cache
def _words_of_wtforms(language: str) -> NullTranslations:
    """The library's own complaints; read once a process, not once a request."""
    return translation("wtforms", messages_path(), [language], fallback=True)


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form that can carry a sentence which belongs to no single field."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF has no types
        """The token of every form is checked before any view (CSRFProtect): it is no field here."""

        csrf = False

        def bind_field(
            self, form: FlaskForm, unbound: UnboundField, options: dict[str, Any]
        ) -> Field:
            """Each field is measured before anything else is done with what was sent for it."""
            field = super().bind_field(form, unbound, options)
            return field if isinstance(field, FieldList | FormField) else _bounded(field)

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """What was sent as texts: no file in the place of one, and nothing of a JSON body."""
            if formdata is not SENT:
                return formdata
            return (request.form or None) if form.is_submitted() else None

        def get_translations(self, form: FlaskForm) -> NullTranslations:
            return _words_of_wtforms(str(get_locale()))

    def leaves(self) -> Iterator[Field]:
        """Every field that somebody fills in, those of lines in lists too."""
        for field in self:
            if isinstance(field, FieldList):
                for row in field:
                    yield from row.form
            else:
                yield field

    def complaints(self) -> list[Field]:
        """The fields with something wrong."""
        return [field for field in self.leaves() if field.errors]

    def refuse(self, error: Invalid | Conflict) -> None:
        """Put a service's refusal beside its field, or above the form."""
        field = getattr(error, "field", None)
        if field and field in self._fields:
            self._fields[field].errors = [*self._fields[field].errors, say(error)]
        else:
            self.form_errors.append(say(error))


def longest_of(field: Field) -> int:
    """How many characters a field takes: as its `Length` says, or itself, or else by its kind."""
    declared = [one.max for one in field.validators if isinstance(one, Length) and one.max >= 0]
    if declared:
        return int(min(declared))
    by_kind = LONGEST if isinstance(field, StringField) else LONGEST_CHOICE
    return int(getattr(field, "longest", by_kind))


def _bounded(field: Field) -> Field:
    """The field, which keeps and refuses what is too long for it without any other look at it.

    Browsers are told the same length. They count the end of a line as one character.
    """
    longest, process, validate = longest_of(field), field.process, field.validate
    if isinstance(field, StringField):
        field.flags.maxlength = longest

    def measured(formdata: Any, *args: Any, **kwargs: Any) -> None:
        field.is_too_long = False
        sent = formdata.getlist(field.name) if formdata is not None else []
        texts = [text for text in sent if isinstance(text, str)]
        if all(len(text) <= longest or _letters(text) <= longest for text in texts):
            process(formdata, *args, **kwargs)
            return
        process(None)
        field.is_too_long, field.raw_data = True, texts
        if isinstance(field, StringField):
            field.data = texts[0]

    def refused(*args: Any) -> bool:
        if not field.is_too_long:
            return bool(validate(*args))
        too_long = lazy("Keep this to %(max)s characters.", max=format_decimal(longest))
        field.errors = [str(getattr(field, "complaint", too_long))]
        return False

    field.process, field.validate = measured, refused
    return field


def _letters(text: str) -> int:
    return len(text) - text.count("\r\n")


def attempt(form: Form, act: Callable[[], T]) -> T | None:
    """Run a service for a form that validates; None means: show the form again, with 422.

    What the service had written before it refused is rolled back with the request.
    """
    return answer(form, act) if form.validate_on_submit() else None


def answer(form: Form, act: Callable[[], T]) -> T | None:
    """`act()`; what it refuses is put into the form instead, and the answer is None."""
    try:
        return act()
    except (Invalid, Conflict) as error:
        db.session.rollback()
        form.refuse(error)
        return None


def status_of(form: Form) -> int:
    """422 for a form with complaints, else 200."""
    return 422 if form.errors else 200


def once() -> str:
    """A key made when a form is rendered, by which a second sending is known."""
    return str(uuid4())


def required(maximum: int) -> list[Any]:
    """Validators of a text that must be there."""
    return [
        InputRequired(REQUIRED),
        no_blank,
        Length(max=maximum, message=lazy("Keep this to %(max)s characters.")),
    ]


def no_blank(_form: FlaskForm, field: Field) -> None:
    """Spaces alone are nothing."""
    if isinstance(field.data, str) and not field.data.strip():
        raise ValidationError(REQUIRED)


def at_most(maximum: int) -> list[Any]:
    """Validators of a text that may be left out."""
    return [Length(max=maximum, message=lazy("Keep this to %(max)s characters."))]


def trimmed(value: str | None) -> str:
    """A filter: no space around."""
    return (value or "").strip()


def lines(value: str | None) -> str:
    """A filter, as `trimmed`: browsers send two characters for the end of a line, and count one."""
    return trimmed(value).replace("\r\n", "\n")


def email_field() -> StringField:
    return StringField(
        lazy("Email"),
        required(254),
        filters=[trimmed],
        render_kw={"type": "email", "autocomplete": "email", "inputmode": "email"},
    )


def choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """(value, words) pairs as a select or radio field takes them."""
    return [SelectChoice(value, words) for value, words in pairs]


def zone_field(label: Any = None) -> SelectField:
    return SelectField(
        label or lazy("Time zone"),
        choices=choices((zone, zone.replace("_", " ")) for zone in ZONES),
        validate_choice=True,
    )
