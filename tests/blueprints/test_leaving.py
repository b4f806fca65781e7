"""The pages of leaving: what is in the way, what is asked, and the way back."""

import pytest
from sqlalchemy import select

from supervision.db import db
from supervision.models.people import LinkPurpose, Person, PersonState
from tests import factories
from tests.support import links
from tests.support.vaults import PASSPHRASE, WRONG, enter, furnish

RIGHT = {"present": PASSPHRASE, "word": "delete"}


@pytest.fixture
def house(app, clock):
    made = factories.house()
    for actor in (made.alice, made.bob, made.dana):
        furnish(actor)
    return made


def state_of(actor):
    return db.session.scalar(select(Person.state).where(Person.id == actor.id))


def test_page_says_what_is_lost_and_closing_signs_out(house, client):
    bobs = enter(client, house.bob)
    page = bobs.get("/delete-account").text
    assert ("gone for good" in page, "with your name" in page) == (True, True)
    response = bobs.submit("/delete-account", RIGHT, "Close my account")
    assert (response.status_code, response.location) == (303, "/sign-in")
    assert (state_of(house.bob), bobs.get("/notes").location) == (
        PersonState.CLOSED,
        "/sign-in?next=/notes",
    )
    again = bobs.submit("/sign-in", {"email": house.bob.email, "passphrase": PASSPHRASE})
    assert again.status_code == 422


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (RIGHT | {"present": WRONG}, "This is not your present passphrase."),
        (RIGHT | {"word": "yes"}, "This is not the word."),
        (RIGHT | {"word": ""}, "This is needed."),
    ],
)
def test_slip_closes_nothing(house, client, form, said):
    bobs = enter(client, house.bob)
    response = bobs.submit("/delete-account", form, "Close my account")
    assert (response.status_code, said in response.text) == (422, True)
    assert state_of(house.bob) == PersonState.ACTIVE


def test_word_may_be_written_large(house, client):
    bobs = enter(client, house.bob)
    bobs.submit("/delete-account", RIGHT | {"word": " Delete "}, "Close my account")
    assert state_of(house.bob) == PersonState.CLOSED


def test_rosters_that_one_alone_leads_are_listed_and_no_form_is_there(house, client):
    alices = enter(client, house.alice)
    page = alices.get("/delete-account").text
    assert [f"/rosters/{one}" in page for one in (house.group, house.individual)] == [True, True]
    assert "Close my account" not in page
    response = alices.send("/delete-account", RIGHT)
    assert (response.status_code, state_of(house.alice)) == (422, PersonState.ACTIVE)


def test_last_organiser_is_sent_to_name_another(house, client):
    danas = enter(client, house.dana)
    assert "You are the last organiser" in danas.get("/delete-account").text
    assert danas.send("/delete-account", RIGHT).status_code == 422


def test_link_in_the_mail_brings_the_account_back_once(house, client, new_client):
    enter(client, house.bob).submit("/delete-account", RIGHT, "Close my account")
    (token,) = links.mailed("bob@example.org", LinkPurpose.RETURN)
    path = f"/come-back/{token}"
    stranger = new_client()
    response = stranger.submit(path, button="Bring it back")
    assert (response.status_code, state_of(house.bob)) == (303, PersonState.ACTIVE)
    assert stranger.get(path).status_code == 410
    enter(stranger, house.bob)


def test_organiser_sees_who_is_leaving_and_makes_nobody_more_meanwhile(house, client, new_client):
    enter(client, house.bob).submit("/delete-account", RIGHT, "Close my account")
    danas = enter(new_client(), house.dana)
    assert "Leaving" in danas.get("/people").text
    assert danas.send(f"/people/{house.bob.id}/role", {"role": "organiser"}).status_code == 422
