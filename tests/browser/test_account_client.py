"""Real programs follow an account through all that happens: they hold what the database holds."""

import subprocess
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from supervision import clock
from supervision.db import db, writing
from supervision.models.feeds import Client, Privacy, Scope
from supervision.models.rosters import Membership, Roster
from supervision.models.sessions import Session
from supervision.services import feeds, rosters, sessions
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House
from tests.support.calendar_client import AccountClient, Library
from tests.support.server import Server

ALL = "All my sessions"
# What a program holds of a session: its UID, start, sequence and summary.
Held = list[list[object]]


class Bob:
    """Bob's account in two programs, and what the rows say that they should hold."""

    def __init__(self, house: House, folder: Path, url: str) -> None:
        self.who = house.bob
        with writing():
            made, password = feeds.make_subscription(
                house.bob, clock.now(), Scope.PERSON, None, "account", Privacy.PLAIN, Client.ACCOUNT
            )
        self.subscription_id, self.password = made.id, password
        email = "bob@example.org"
        self.vdirsyncer = AccountClient(folder / "vdirsyncer", url, email, password)
        self.library = Library(folder, f"{url}/dav/", email, password)

    def follow(self) -> None:
        """Both ask: what they hold is then what the database holds, in every calendar."""
        self.vdirsyncer.sync()
        looked = self.library.look()
        assert looked[ALL]["events"] == in_vdirsyncer(self.vdirsyncer, "all") == self.rows()
        for key in self.roster_ids():
            assert in_vdirsyncer(self.vdirsyncer, str(key)) == self.rows(key)
        by_roster = [one["events"] for name, one in looked.items() if name != ALL]
        assert sorted(by_roster) == sorted(self.rows(key) for key in self.roster_ids())
        assert all(one["same"] for one in self.library.look().values())

    def roster_ids(self) -> list[UUID]:
        mine = (Membership.person_id == self.who.id, Membership.state == "active")
        return list(db.session.scalars(select(Membership.roster_id).where(*mine)))

    def rows(self, roster_id: UUID | None = None) -> Held:
        db.session.rollback()
        db.session.expire_all()
        wanted = [roster_id] if roster_id else self.roster_ids()
        found = db.session.scalars(
            select(Session).where(Session.roster_id.in_(wanted)).order_by(Session.starts_at)
        )
        return [
            [f"{row.id}@supervision.invalid", row.starts_at.isoformat(), row.sequence, told(row)]
            for row in found
        ]


def told(row: Session) -> str:
    kind = db.session.get_one(Roster, row.roster_id).kind
    words = f"{kind.title()} supervision"
    return f"Cancelled: {words}" if row.state == "cancelled" else words


def in_vdirsyncer(client: AccountClient, calendar: str) -> Held:
    return [
        [
            str(event["uid"]),
            event.decoded("dtstart").isoformat(),
            event.decoded("sequence"),
            str(event["summary"]),
        ]
        for event in client.held(calendar)
    ]


@pytest.fixture
def house(here: Flask) -> House:
    with writing():
        return factories.house()


@pytest.fixture
def bob(house: House, alone: Server, tmp_path: Path) -> Iterator[Bob]:
    made = Bob(house, tmp_path, alone.url)
    yield made
    made.library.stop()


def test_programs_hold_what_the_database_holds_through_all_that_happens(
    house: House, bob: Bob, alone: Server
) -> None:
    first = datetime.combine(clock.today("Europe/London") + timedelta(days=7), time(15))

    def book(roster_id: UUID, weeks: int) -> UUID:
        with writing():
            wish = Wish(first + timedelta(weeks=weeks), 50)
            return sessions.book_session(house.alice, clock.now(), roster_id, wish).session_ids[0]

    bob.follow()
    one, two = book(house.group, 0), book(house.group, 1)
    book(house.individual, 2)
    bob.follow()
    with writing():
        sessions.move_session(house.alice, clock.now(), one, Wish(first + timedelta(hours=2), 50))
    bob.follow()
    with writing():
        sessions.cancel_session(house.alice, clock.now(), two)
    bob.follow()

    with writing():
        rosters.leave(house.bob, clock.now(), house.group)
    bob.vdirsyncer.sync("all")
    looked = bob.library.look(ALL)
    assert looked[ALL]["events"] == in_vdirsyncer(bob.vdirsyncer, "all") == bob.rows()
    assert len(bob.rows()) == 1
    with pytest.raises(subprocess.CalledProcessError):
        bob.vdirsyncer.sync(str(house.group))

    with writing():
        feeds.turn_off(house.bob, clock.now(), bob.subscription_id)
    with pytest.raises(subprocess.CalledProcessError):
        bob.vdirsyncer.sync("all")
    logged = alone.said()
    assert '"route": "/dav/<path:path>", "status": 401' in logged
    for secret in (bob.password, "bob@example.org", str(house.bob.id), str(one)):
        assert secret not in logged
