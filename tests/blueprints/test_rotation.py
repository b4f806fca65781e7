"""The pages on which a key is replaced: the passphrase, the steps, what is locked."""

import re

import pytest
from sqlalchemy import select

from supervision.db import db
from supervision.models.notes import Vault
from supervision.services import rotation, sign_ins
from tests import factories
from tests.support.vaults import PASSPHRASE, WRONG, enter, furnish, settings, state, write

OPEN, LOCKED = 204, 423


@pytest.fixture
def bob(app, clock):
    made = factories.person("bob")
    furnish(made)
    return made


@pytest.fixture
def bobs(bob, client):
    browser = enter(client, bob)
    for number in range(3):
        write(browser, f"Day {number}", "It was long.")
    return browser


def begin(bobs, passphrase=PASSPHRASE):
    return bobs.submit("/vault/new-key", {"present": passphrase}, "Replace my key")


def make_code(browser):
    """A new recovery code, shown and typed back: no notes without one."""
    page = browser.submit("/vault/recovery-code", button="Show me the code").text
    groups = re.findall(r"<span>([0-9A-Z]{4})</span>", page)
    browser.submit("/vault/recovery-code/check", {"code": "-".join(groups)}, "Check it")


def test_replacing_takes_steps_and_ends_at_a_new_code(bobs, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 2)
    assert (begin(bobs).location, state(bobs)) == ("/vault/new-key", OPEN)
    assert "0 of 3 saved states" in bobs.get("/vault/new-key").text
    assert bobs.submit("/vault/new-key", button="Go on").location == "/vault/new-key"
    assert "2 of 3 saved states" in bobs.get("/vault/new-key").text
    response = bobs.submit("/vault/new-key", button="Go on")
    assert (response.location, state(bobs)) == ("/vault/recovery-code", OPEN)
    make_code(bobs)
    assert bobs.get("/notes").text.count(">Day ") == 3


def test_last_step_under_htmx_leaves_the_page(bobs):
    begin(bobs)
    response = bobs.send("/vault/new-key/go-on", headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == "/vault/recovery-code"


def test_other_browsers_are_locked_and_signed_in_still(bobs, bob, new_client):
    other = enter(new_client(), bob)
    begin(bobs)
    assert (state(bobs), state(other)) == (OPEN, LOCKED)
    other.submit("/unlock", {"passphrase": PASSPHRASE}, "Unlock")
    make_code(other)
    assert other.get("/notes").text.count(">Day ") == 3
    assert other.submit("/vault/new-key", button="Go on").location == "/vault/recovery-code"


def test_step_behind_a_lock_asks_for_the_passphrase(bobs):
    begin(bobs)
    bobs.send("/lock")
    assert "Unlock your notes to go on." in bobs.get("/vault/new-key").text
    assert bobs.send("/vault/new-key/go-on").status_code in (303, 423)
    assert db.session.scalar(select(Vault.former)) is not None


def test_wrong_passphrase_begins_nothing(bobs):
    response = begin(bobs, WRONG)
    assert (response.status_code, "not your present passphrase" in response.text) == (422, True)
    assert db.session.scalar(select(Vault.turn)) == 0


def test_after_a_changed_passphrase_there_are_two_answers_once(bobs):
    """An address that says so claims nothing."""
    claim = "<h1>Your passphrase is changed</h1>"
    assert claim not in bobs.get("/vault/new-key?changed=yes").text
    new = "another four quiet lamps"
    data = {"current": PASSPHRASE, "passphrase": new, "again": new}
    bobs.submit("/profile", data, button="Change passphrase")
    pages = [bobs.get("/vault/new-key").text for _ in range(2)]
    assert [claim in page for page in pages] == [True, False]
    links = re.findall(r'<a href="([^"]*)" class="button [a-z]*">([^<]*)</a>', pages[0])
    assert links == [
        ("/profile", "Nobody else knows my old passphrase: done"),
        ("/vault/new-key", "Somebody may know it: replace the key"),
    ]


def test_closed_notes_are_offered_the_code_and_no_new_key(bobs, bob):
    credential, _opened = sign_ins.replace(bob.id, "other words after a mail", settings())
    credential.changed_at = factories.LONG_AGO
    db.session.merge(credential)
    page = bobs.get("/vault/new-key").text
    assert ("Open your notes with your recovery code first." in page, "Replace my key" in page) == (
        True,
        False,
    )


def test_second_beginning_is_refused_with_a_sentence(bobs):
    form = bobs.form("/vault/new-key", "Replace my key")
    begin(bobs)
    values = form.values | {"present": PASSPHRASE, "csrf_token": bobs.csrf_token()}
    response = bobs.post(form.action, data=values)
    assert (response.status_code, db.session.scalar(select(Vault.turn))) == (422, 1)
