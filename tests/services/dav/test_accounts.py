"""An account's password: what it opens, what it does not, on both databases."""

import pytest

from supervision.db import db
from supervision.errors import Invalid
from supervision.models.feeds import Client, Privacy, Scope
from supervision.models.people import Person, PersonState
from supervision.services import dav, feeds
from tests.services.feeds.steps import AT, BASE, subscribe
from tests.support.statements import counted


def test_account_is_found_by_email_and_password(house, desk) -> None:
    found = dav.account_of(" BOB@example.org ", desk.password)
    assert found
    assert (found.id, found.person_id, found.privacy) == (desk.id, house.bob.id, "plain")


def test_account_is_found_by_one_statement_known_or_not(house, desk) -> None:
    for email, password in (
        ("bob@example.org", desk.password),
        ("bob@example.org", "wrong"),
        ("nobody@example.org", "wrong"),
    ):
        with counted() as seen:
            dav.account_of(email, password)
        assert len(seen) == 1


def test_password_opens_nothing_for_another_email(house, desk) -> None:
    assert dav.account_of("alice@example.org", desk.password) is None
    assert dav.account_of("", desk.password) is None


def test_password_of_somebody_who_may_not_sign_in_opens_nothing(house, desk) -> None:
    db.session.get_one(Person, house.bob.id).state = PersonState.INVITED
    db.session.commit()
    assert dav.account_of("bob@example.org", desk.password) is None


def test_account_that_was_turned_off_or_reset_is_closed_at_once(house, desk) -> None:
    _made, second = feeds.reset(house.bob, AT, desk.id)
    assert dav.account_of("bob@example.org", desk.password) is None
    found = dav.account_of("bob@example.org", second)
    assert found
    feeds.turn_off(house.bob, AT, found.id)
    assert dav.account_of("bob@example.org", second) is None


def test_password_is_no_address_and_an_address_no_password(house, desk) -> None:
    assert feeds.read_feed(desk.password, AT, BASE).status == 404
    _made, token = subscribe(house.bob)
    assert feeds.read_feed(token, AT, BASE).status == 200
    assert dav.account_of("bob@example.org", token) is None


def test_account_has_all_sessions_always(house) -> None:
    with pytest.raises(Invalid) as refused:
        feeds.make_subscription(
            house.bob, AT, Scope.ROSTER, house.group, "x", Privacy.PLAIN, Client.ACCOUNT
        )
    assert refused.value.field == "scope"
