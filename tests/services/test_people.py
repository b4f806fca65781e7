"""Who stands behind a sign-in: what every request asks, straight on the driver."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from supervision.db import db, looking, writing
from supervision.models.people import Person, PersonState, SignIn
from supervision.permissions import Actor
from supervision.services import people
from supervision.services.feeds.glance import Statement
from supervision.services.people import Doorkeeper
from tests import factories
from tests.support.vaults import furnish

NOW = datetime.now(UTC) + timedelta(minutes=1)


@pytest.fixture
def door(app: Flask) -> Doorkeeper:
    found: Doorkeeper = app.extensions["doorkeeper"]
    return found


@pytest.fixture
def bob(app: Flask) -> Actor:
    with writing():
        return factories.person("bob", clock="12", week_starts=6)


def test_doorkeeper_knows_who_signed_in(door, bob) -> None:
    assert door(bob.sign_in_id, NOW) == bob == people.actor_for(bob.sign_in_id, NOW)


def test_doorkeeper_knows_whose_vault_is_ready(door, bob) -> None:
    furnish(bob)
    found = door(bob.sign_in_id, NOW)
    assert found == replace(bob, vault_ready=True)
    assert type(found.vault_ready) is type(found.zone_confirmed) is bool


def test_doorkeeper_lets_nobody_in_on_a_sign_in_that_ended(door, bob) -> None:
    with writing():
        people.sign_out(bob, NOW)
    assert door(bob.sign_in_id, NOW) is None


def test_doorkeeper_lets_nobody_in_after_two_weeks(door, bob) -> None:
    with writing():
        db.session.execute(update(SignIn).values(created_at=NOW - people.SIGN_IN_LASTS))
    assert door(bob.sign_in_id, NOW) is None
    assert door(bob.sign_in_id, NOW - timedelta(seconds=1)) == bob


def test_doorkeeper_lets_nobody_in_who_is_not_active(door, bob) -> None:
    with writing():
        db.session.execute(update(Person).values(state=PersonState.INVITED))
    assert door(bob.sign_in_id, NOW) is None


def test_doorkeeper_asks_the_session_when_its_connection_broke(door, bob, monkeypatch) -> None:
    broken: list[Any] = []

    def fail(_self: Statement, connection: Any, **_values: object) -> None:
        broken.append(connection.dbapi_connection)
        raise db.engine.dialect.loaded_dbapi.OperationalError("the server went away")

    monkeypatch.setattr(Statement, "one", fail)
    assert door(bob.sign_in_id, NOW) == bob
    assert broken[0] is not db.session.connection().connection.dbapi_connection


@pytest.mark.engines("postgresql")
def test_look_leaves_the_database_what_it_has_prepared(door, bob) -> None:
    """psycopg prepares what it is asked often, and forgets all of it with a rollback."""
    db.session.remove()
    for _ in range(8):
        assert door(bob.sign_in_id, NOW) == bob
    with looking(db.engine) as connection:
        kept = connection.execute("SELECT statement FROM pg_prepared_statements").fetchall()
        assert [text for (text,) in kept if "sign_in" in text] != []
    with looking(db.engine) as connection:
        assert connection.driver_connection.info.transaction_status.name == "IDLE"
