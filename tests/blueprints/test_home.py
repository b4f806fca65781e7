"""Home: what is next, what waits, what just ended; and the demo's mails."""

from datetime import timedelta

import pytest
from flask import Flask

from supervision import clock as clocks
from supervision.db import db
from supervision.models.audit import Installation
from supervision.models.rosters import Roster
from tests import factories
from tests.factories import House
from tests.support.client import Client
from tests.support.statements import counted


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def group(house: House) -> Roster:
    return db.session.get_one(Roster, house.group)


def test_newcomer_is_told_what_to_do_first(house: House, client: Client) -> None:
    client.sign_in(house.charlie.id)
    page = client.get("/").text
    assert ("A quiet start" in page, 'href="/rosters/new"' in page) == (True, True)


def test_next_session_is_shown_and_no_cancelled_one(
    house: House, group: Roster, client: Client
) -> None:
    soon = clocks.now() + timedelta(hours=3)
    planned = factories.session(group, soon, house.bob)
    off = factories.session(group, soon + timedelta(days=1), house.bob, state="cancelled")
    client.sign_in(house.bob.id)
    page = client.get("/").text
    assert f"/sessions/{planned.id}" in page
    assert f"/sessions/{off.id}" not in page


def test_reflection_is_offered_after_the_session_that_just_ended(
    house: House, group: Roster, client: Client
) -> None:
    ended = factories.session(group, clocks.now() - timedelta(minutes=60), house.bob)
    client.sign_in(house.bob.id)
    assert f"/notes/new?session={ended.id}" in client.get("/").text


def test_session_of_last_week_asks_for_nothing(house: House, group: Roster, client: Client) -> None:
    factories.session(group, clocks.now() - timedelta(days=7), house.bob)
    client.sign_in(house.bob.id)
    assert "/notes/new?session=" not in client.get("/").text


def test_invitation_waits_until_it_is_answered(house: House, group: Roster, client: Client) -> None:
    factories.join(group, house.charlie, state="invited")
    client.sign_in(house.charlie.id)
    assert "You are invited to Tuesday group." in client.get("/").text
    client.submit(f"/rosters/{group.id}", button="Decline")
    assert "You are invited to" not in client.get("/").text


def test_home_takes_as_many_statements_for_one_as_for_thirty(
    house: House, group: Roster, client: Client
) -> None:
    start = clocks.now() + timedelta(hours=1)
    factories.session(group, start, house.alice)
    client.sign_in(house.alice.id)
    with counted() as few:
        client.get("/")
    for number in range(1, 30):
        factories.session(group, start + timedelta(hours=number), house.alice)
        factories.roster(house.alice, house.bob, title=f"Group {number}")
    with counted() as many:
        client.get("/")
    assert len(few) == len(many) <= 6


def test_mails_of_the_demo_are_nowhere_else(house: House, client: Client) -> None:
    assert client.get("/dev/mail").status_code == 404
    db.session.add(Installation(id=1, demo=True, created_at=clocks.now()))
    assert client.get("/dev/mail").status_code == 200
    proxied = client.get("/dev/mail", headers={"X-Forwarded-For": "203.0.113.7"})
    assert proxied.status_code == 404
