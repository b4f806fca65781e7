"""Forms: what WTForms says by itself is said in the viewer's language."""

import pytest
from flask import Flask
from flask_babel import force_locale

from supervision.web.forms import Form


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
