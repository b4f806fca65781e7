"""The page of where one is signed in: lock there, sign out there, and what it notes."""

from datetime import timedelta

import pytest

from supervision import clock as clocks
from supervision.db import db
from supervision.models.people import SignIn
from tests import factories
from tests.support.client import Forms
from tests.support.vaults import enter, furnish, state

OPEN, LOCKED = 204, 423
HOUR = timedelta(hours=1)


@pytest.fixture
def bob(app, clock):
    made = factories.person("bob")
    furnish(made)
    return made


@pytest.fixture
def here(bob, client):
    return enter(client, bob)


@pytest.fixture
def there(bob, here, new_client):
    return enter(new_client(), bob)


def test_page_says_which_one_is_this_and_where_notes_are_open(here, there):
    there.send("/lock")
    page = here.get("/devices").text
    assert (page.count("This one"), page.count("Notes open")) == (1, 1)


def test_lock_there_locks_that_browser_alone(here, there):
    response = here.submit("/devices", button="Lock there A browser that does not say what it is")
    assert (response.status_code, state(here), state(there)) == (303, OPEN, LOCKED)
    assert there.get("/profile").status_code == 200


def test_sign_out_there_ends_that_browser_alone(here, there):
    form = next(
        form
        for form in Forms(here.get("/devices").text).found
        if form.action == f"/devices/{_sign_in_of(there)}/sign-out"
    )
    response = here.post(form.action, data=form.values)
    assert (response.status_code, state(here)) == (303, OPEN)
    assert there.get("/profile").location == "/sign-in?next=/profile"


def test_signed_out_browser_is_locked_at_once(here, there, app):
    key = _sign_in_of(there)
    here.send(f"/devices/{key}/sign-out")
    assert app.extensions["unlocks"].open_in(_person_of(key), clocks.now()) == {_sign_in_of(here)}


def _sign_in_of(browser):
    with browser.session_transaction() as cookie:
        return factories.UUID(cookie["_user_id"])


def _person_of(key):
    return db.session.get_one(SignIn, key).person_id


def test_lock_button_of_an_old_page_locks_again(bob, here, there):
    form = here.form("/devices", button="Lock there A browser that does not say what it is")
    here.post(form.action, data=form.values)
    there.submit("/unlock", {"passphrase": "four quiet lamps burning"}, button="Unlock")
    here.post(form.action, data=form.values | {"csrf_token": here.csrf_token()})
    assert state(there) == LOCKED


def test_use_is_noted_after_an_hour_and_not_by_what_a_page_asks_by_itself(here, clock):
    key = _sign_in_of(here)
    clock.shift(2 * HOUR)
    here.get("/vault/state")
    assert db.session.get_one(SignIn, key).used_at is None
    db.session.rollback()
    here.get("/profile")
    assert db.session.get_one(SignIn, key, populate_existing=True).used_at == clocks.now()
