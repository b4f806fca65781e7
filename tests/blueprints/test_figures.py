"""The page of figures: only while notes are open, drawn with a table beside it."""

import pytest

from tests import factories
from tests.support.vaults import enter, furnish, write

CFT = {"template": "cft", "title": "A day", "reflection": "It was long."}


@pytest.fixture
def bobs(app, clock, client):
    bob = factories.person("bob")
    furnish(bob)
    return enter(client, bob)


def test_locked_vault_shows_no_figure(bobs):
    write(bobs, "A day", "Long.")
    bobs.send("/lock")
    assert bobs.get("/figures").location == "/unlock?next=/figures"


def test_nothing_written_says_what_to_do(bobs):
    assert "Nothing to draw yet" in bobs.get("/figures").text


def test_scales_are_drawn_and_told_in_a_table(bobs):
    values = {"threat_me": "7", "drive_me": "4", "soothing_me": "2", "practice": "Breath"}
    form = bobs.form("/notes/new?template=cft", "Save")
    bobs.post(form.action, data=form.values | CFT | values)
    page = bobs.get("/figures").text
    assert page.count("<polyline") == 3
    assert "<td>7</td><td>4</td><td>2</td>" in page
    assert "1 reflection, 1 of them names a practice" in page


def test_free_pages_alone_have_weeks_and_no_systems(bobs):
    write(bobs, "A day", "Long.")
    page = bobs.get("/figures").text
    assert ("None of these reflections says" in page, "<polyline" in page) == (True, False)
