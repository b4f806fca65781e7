"""Texts in templates: the viewer's language, marked as safe, variables escaped."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template_string, request
from flask_babel import Babel

from supervision.web import texts

GREETING, SHARE = "Hello %(name)s", "100%% of <b>all</b>"


@pytest.fixture
def bilingual(tmp_path: Path) -> Flask:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="de")
    catalog.add(GREETING, "Hallo %(name)s")
    catalog.add(SHARE, "100%% von <b>allem</b>")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    app = Flask("bilingual")
    Babel(
        app,
        default_translation_directories=str(tmp_path),
        locale_selector=lambda: request.args["language"],
    )
    texts.init(app)
    return app


def said(app: Flask, language: str, template: str) -> str:
    with app.test_request_context(f"/?language={language}"):
        return render_template_string(template, name="<Ana>")


def test_text_is_said_in_each_viewers_language_by_turns(bilingual) -> None:
    template = f"{{{{ _('{SHARE}') }}}}"
    found = [said(bilingual, language, template) for language in ("en", "de", "en", "de")]
    assert found == ["100% of <b>all</b>", "100% von <b>allem</b>"] * 2


def test_variables_are_escaped_and_not_remembered(bilingual) -> None:
    template = f"{{{{ _('{GREETING}', name=name) }}}} {{{{ _('{GREETING}', name='Bo') }}}}"
    assert said(bilingual, "de", template) == "Hallo &lt;Ana&gt; Hallo Bo"
    assert said(bilingual, "en", template) == "Hello &lt;Ana&gt; Hello Bo"


def test_macros_that_were_imported_once_follow_the_viewer(bilingual) -> None:
    bilingual.jinja_env.globals["shared"] = bilingual.jinja_env.from_string(
        f"{{% macro share() %}}{{{{ _('{SHARE}') }}}}{{% endmacro %}}"
    ).module
    found = [said(bilingual, language, "{{ shared.share() }}") for language in ("de", "en")]
    assert found == ["100% von <b>allem</b>", "100% of <b>all</b>"]
