"""Forms with private words leave no entry in the history, and a refusal leaves them as they are."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests import factories
from tests.support.client import Client

TEMPLATES = Path(__file__).parents[2] / "supervision" / "templates"
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
TYPED = re.compile(r"<textarea|form\.text\(|ui\.field\((\w+[.\[]\w+)")
# A browser leaves out by itself what was sent together with a passphrase.
PASSPHRASE = {"form.passphrase", "form.sure", "form.accept"}
BOOSTED = {"HX-Request": "true", "HX-Boosted": "true"}


@pytest.mark.parametrize("area", ["home", "notes", "sharing", "vault"])
def test_form_with_private_words_is_unkept(area: str) -> None:
    kept = [
        f"{path.name}: {fields}"
        for path in sorted((TEMPLATES / area).glob("*.html"))
        for form in FORM.findall(path.read_text())
        if (fields := {found[1] or found[0] for found in TYPED.finditer(form)} - PASSPHRASE)
        and "ui.unkept()" not in form
    ]
    assert kept == []


def test_redirect_of_a_boosted_form_is_a_navigation(client: Client) -> None:
    client.sign_in(factories.person("bob").id)
    answer = client.send("/lock", headers=BOOSTED)
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Location" not in answer.headers
    assert answer.headers["HX-Redirect"].startswith("/unlock")


def test_refusal_of_a_boosted_form_stands_above_it(client: Client) -> None:
    client.sign_in(factories.person("bob").id)
    answer = client.post(f"/notes/{uuid4()}", data={"csrf_token": "old"}, headers=BOOSTED)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (400, "#messages")
    assert answer.headers["HX-Reselect"] == ".refusal"
    assert "Copy what you wrote, reload the page and send it again." in answer.text
