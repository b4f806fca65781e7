"""Forms: what WTForms says by itself is said in the viewer's language."""

import re
from inspect import signature
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Form as WTForm
from wtforms.fields.core import UnboundField

import supervision
from supervision.web.fields import DayField, LinesField, NumberField, PassphraseField
from supervision.web.forms import Form, at_most, choices, lines, trimmed


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "This field is required."),
        ("de", "Dieses Feld wird benötigt."),
        ("sw", "This field is required."),
    ],
)
def test_library_s_own_words_are_in_the_viewer_s_language(
    app: Flask, language: str, said: str
) -> None:
    with app.test_request_context(), force_locale(language):
        translations = Form.Meta().get_translations(Form())
        assert translations.gettext("This field is required.") == said


def test_token_is_no_field_of_a_form(app: Flask) -> None:
    """It is checked before any view: a second look would cost as much again."""
    with app.test_request_context(method="POST"):
        assert "csrf_token" not in Form()


# -- every field is measured ---------------------------------------------------------------


def forms_of(base: type[WTForm]) -> set[type[WTForm]]:
    below = {form for one in base.__subclasses__() for form in forms_of(one)}
    return {base, *below}


def test_every_form_is_one_that_measures_its_fields(app: Flask) -> None:
    ours = {form for form in forms_of(WTForm) if form.__module__.startswith("supervision.")}
    assert {form for form in ours if not issubclass(form, Form)} == set()
    assert len(ours) > 40


def test_every_list_of_lines_has_a_longest(app: Flask) -> None:
    fields = {
        (form.__name__, name): getattr(form, name) for form in forms_of(Form) for name in dir(form)
    }
    lists = {
        name: (field.field_class, most_of(field))
        for name, field in fields.items()
        if isinstance(field, UnboundField) and issubclass(field.field_class, FieldList)
    }
    assert len(lists) > 4
    assert {name for name, (kind, most) in lists.items() if kind is not LinesField or not most} == (
        set()
    )


def most_of(field: UnboundField) -> int:
    told = signature(LinesField).bind_partial(*field.args, **field.kwargs).arguments
    return int(told.get("most", 0))


def test_list_without_a_longest_is_seen() -> None:
    assert most_of(UnboundField(LinesField, WTForm)) == 0
    assert most_of(UnboundField(LinesField, WTForm, 7)) == 7


class Every(Form):
    """A field of each kind."""

    name = StringField(validators=at_most(5), filters=[trimmed])
    text = TextAreaField(filters=[lines])
    secret = PassphraseField()
    hidden = HiddenField()
    day = DayField()
    number = NumberField()
    one = SelectField(choices=choices([("a", "A")]))
    many = SelectMultipleField(choices=choices([("a", "A")]))
    ticked = BooleanField()


LONGEST_OF = {
    "name": 5, "text": 2_000, "secret": 200, "hidden": 2_000, "day": 200, "number": 200,
    "one": 200, "many": 200, "ticked": 200,
}  # fmt: skip


# A number of 201 digits is none, and says so as another that is none.
COMPLAINTS = {
    "day": "Give a date that exists, such as 2026-11-24.",
    "number": "Give a whole number.",
}


def sent(app: Flask, **data: str) -> Every:
    with app.test_request_context(method="POST", data=data):
        form = Every()
        form.validate()
        return form


@pytest.mark.parametrize(("name", "longest"), LONGEST_OF.items())
def test_field_takes_its_longest_and_not_a_character_more(
    app: Flask, name: str, longest: int
) -> None:
    too_long = COMPLAINTS.get(name, f"Keep this to {longest:,} characters.")
    assert not sent(app, **{name: "1" * longest})[name].is_too_long
    form = sent(app, **{name: "1" * (longest + 1)})
    assert form[name].errors == [too_long]
    assert form[name].raw_data == ["1" * (longest + 1)]


def test_what_is_too_long_is_kept_as_it_was_typed_and_never_looked_at(app: Flask) -> None:
    def never(*looked_at: object) -> None:
        assert looked_at == (None,)

    class Looked(Form):
        name = StringField(validators=[*at_most(5), never], filters=[never])

    with app.test_request_context(method="POST", data={"name": " too long "}):
        form = Looked()
        assert not form.validate()
    assert (form.name.data, form.errors) == (" too long ", {"name": ["Keep this to 5 characters."]})


def test_ends_of_lines_count_as_browsers_count_them(app: Flask) -> None:
    assert not sent(app, text="a\r\n" * 1_000).text.errors
    assert sent(app, text="a\r\n" * 1_001).text.errors == ["Keep this to 2,000 characters."]


def test_browsers_are_told_the_same_length(app: Flask) -> None:
    form = sent(app)
    told = {name: re.findall(r'maxlength="(\d+)"', str(form[name]())) for name in LONGEST_OF}
    assert {name: int(longest[0]) for name, longest in told.items() if longest} == {
        "name": 5,
        "text": 2_000,
        "secret": 200,
    }


def test_line_in_a_list_is_measured_as_well(app: Flask) -> None:
    class Lines(Form):
        rows = FieldList(FormField(Every), max_entries=3)

    data = {f"rows-{number}-name": "too long" for number in range(50)}
    with app.test_request_context(method="POST", data=data):
        form = Lines()
        assert not form.validate()
    assert [row.form.name.errors for row in form.rows] == [["Keep this to 5 characters."]] * 3


# Where a view takes what was sent as a whole, or all values of a name, and bounds it itself.
BY_HAND = {
    "blueprints/finding/__init__.py": "weeks and hours: seven days, and one field for each hour",
    "blueprints/importing/rosters.py": "numbers of lines",
    "blueprints/importing/sessions.py": "ids, and what the page carries",
    "blueprints/notes/writing.py": "the keys that are kept",
    "blueprints/availability/__init__.py": "a form",
    "blueprints/sessions/booking.py": "a form",
    "blueprints/polls/__init__.py": "times and answers, READ of them at most",
    "web/errors.py": "names of fields alone",
    "web/fields.py": "files of one name, into a field that takes one",
    "web/forms.py": "all of it, into fields that measure it",
    "web/transactions.py": "all of it, hashed",
}


def test_views_read_what_was_sent_by_name_alone() -> None:
    """One name at a time is measured by the request; the rest is in this list."""
    source = Path(supervision.__file__).parent
    whole = re.compile(
        r"request\.(?:form|args|values|files)\b(?!\.get\(|\[)|request\.(?:form|args)\.getlist"
    )
    whether = re.compile(r'"\w+" (?:not )?in request\.(?:form|args)')
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if whole.search(whether.sub("", path.read_text()))
    }
    assert found == set(BY_HAND)
