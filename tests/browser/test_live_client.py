"""A real client follows a feed through all that can happen: it holds what the database holds."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from supervision import clock
from supervision.db import db, writing
from supervision.models.feeds import Privacy, Scope
from supervision.models.sessions import Session
from supervision.services import feeds, sessions
from supervision.services.sessions import OwnPlace, Setting, Wish
from tests import factories
from tests.factories import House
from tests.support.calendar_client import CalendarClient, Entry
from tests.support.server import Server

LONDON = "Europe/London"
WORDS = "Group supervision"
# When, in which sequence and where: what a client writes down of a session.
Held = tuple[datetime, int, str]
USUAL = "https://meet.example.org/tuesday"


class Follower:
    """Bob's client, and what the rows say that it should hold."""

    def __init__(self, house: House, folder: Path, url: str) -> None:
        with writing():
            made, token = feeds.make_subscription(
                house.bob, clock.now(), Scope.PERSON, None, "khal", Privacy.PLAIN
            )
        self.subscription_id = made.id
        self.client = CalendarClient(folder, f"{url}/feeds/{token}.ics", LONDON)

    def follow(self) -> None:
        """Fetch: what the client holds and shows is then what the database holds."""
        self.client.sync()
        assert (self.held(), self.shown()) == in_the_database()

    def held(self) -> list[Held]:
        return [
            (event.decoded("dtstart"), event.decoded("sequence"), str(event["location"]))
            for event in self.client.events()
        ]

    def shown(self) -> list[Entry]:
        today = clock.today(LONDON)
        return self.client.entries(today, today + timedelta(days=60))


def in_the_database() -> tuple[list[Held], list[Entry]]:
    db.session.rollback()
    db.session.expire_all()
    rows = db.session.scalars(select(Session).order_by(Session.starts_at)).all()
    held = [(row.starts_at, row.sequence, row.address or USUAL) for row in rows]
    titles = {"planned": WORDS, "cancelled": f"Cancelled: {WORDS}"}
    return held, [Entry(row.starts_at, row.ends_at, titles[row.state]) for row in rows]


@contextmanager
def without(server: Server, table: str) -> Iterator[None]:
    """The database in trouble: a table is not to be found for a while."""
    path = server.instance / "supervision.sqlite"
    for names in ((table, f"{table}_away"), (f"{table}_away", table)):
        with closing(sqlite3.connect(path, timeout=20)) as connection:
            connection.execute("PRAGMA legacy_alter_table = ON")
            connection.execute("ALTER TABLE {} RENAME TO {}".format(*names))
        if names[0] == table:
            yield


def test_client_holds_what_the_database_holds_through_all_that_happens(
    alone: Server, here: Flask, tmp_path: Path
) -> None:
    first = datetime.combine(clock.today(LONDON) + timedelta(days=7), time(15))
    with writing():
        house = factories.house()
    with writing():
        one, two, three = (
            sessions.book_session(
                house.alice, clock.now(), house.group, Wish(first + timedelta(weeks=week), 50)
            ).session_ids[0]
            for week in range(3)
        )
    bob = Follower(house, tmp_path / "client", alone.url)
    bob.follow()

    def move(hours: int) -> None:
        wish = Wish(first + timedelta(hours=hours), 50)
        with writing():
            sessions.move_session(house.alice, clock.now(), one, wish)

    elsewhere = Setting(place=OwnPlace("4 Mill Lane"))
    with writing():
        sessions.change_session(house.alice, clock.now(), two, elsewhere)
    bob.follow()
    assert "4 Mill Lane" in {place for _start, _sequence, place in bob.held()}
    move(2)
    bob.follow()
    with writing():
        sessions.cancel_session(house.alice, clock.now(), three)
    bob.follow()
    before = bob.held(), bob.shown()

    move(4)
    with without(alone, "session"):
        bob.client.sync()  # the last good feed, rather than none
        assert (bob.held(), bob.shown()) == before
    with without(alone, "feed_subscription"):
        with pytest.raises(subprocess.CalledProcessError):
            bob.client.sync()
        assert (bob.held(), bob.shown()) == before
    bob.follow()
    assert bob.held() != before[0]

    with writing():
        feeds.turn_off(house.bob, clock.now(), bob.subscription_id)
    bob.client.sync()
    assert [str(event["summary"]) for event in bob.client.events()] == [
        "This calendar link was turned off"
    ]
    assert bob.shown() == []
