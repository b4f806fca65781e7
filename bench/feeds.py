"""One change among two thousand sessions: the feed rebuilt, and all of it made by `icalendar`."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask import Flask
from icalendar import Calendar
from sqlalchemy import select, update

from supervision import clock
from supervision.db import db, writing
from supervision.models.feeds import FeedSnapshot, FeedSubscription
from supervision.models.people import Person
from supervision.models.sessions import Claim, Session
from supervision.services import feeds
from supervision.services.feeds import building, fragments
from supervision.services.feeds.rows import Wanted
from supervision.services.feeds.subscriptions import token_hash

BASE = "https://bench.example"


class Change:
    """A reader of many sessions, one of which moves by a minute each time."""

    def __init__(self, app: Flask, token: str) -> None:
        self._app, self._token = app, token
        self._turn = 0
        with app.app_context():
            one, person = (
                db.session.execute(
                    select(FeedSubscription, Person)
                    .join(Person, Person.id == FeedSubscription.person_id)
                    .where(FeedSubscription.token_hash == token_hash(token))
                )
                .one()
                .tuple()
            )
            today = clock.now().date()
            self._wanted = Wanted(
                person.id, one.scope, None, one.privacy, today, person.zone, "en", BASE
            )
            self._id = one.id
            mine = select(Claim.session_id).where(Claim.person_id == person.id)
            self._ids: list[UUID | None] = list(db.session.scalars(mine))
            self._read()

    def _read(self) -> bytes:
        return feeds.read_feed(self._token, clock.now(), BASE).body

    def _change(self) -> None:
        self._turn += 1
        one = self._ids[self._turn * 37 % len(self._ids)]
        with writing():
            db.session.execute(
                update(Session)
                .where(Session.id == one)
                .values(
                    sequence=Session.sequence + 1,
                    published_at=clock.now().replace(microsecond=0) + timedelta(seconds=self._turn),
                )
            )
            feeds.bump([self._wanted.person_id])

    def get(self) -> float:
        """CPU ms of a GET after one change: look-up, rebuilding, storing."""
        with self._app.app_context():
            self._change()
            return _cpu(self._read)

    def rebuild(self) -> float:
        """CPU ms of the rebuilding alone."""
        with self._app.app_context():
            self._read()
            before = self._built()
            self._change()
            return _cpu(lambda: building.build(self._wanted, before))

    def anew(self) -> float:
        """CPU ms of the whole feed with nothing to take over: `icalendar` makes each event."""
        with self._app.app_context():
            return _cpu(lambda: building.build(self._wanted))

    def _built(self) -> fragments.Built:
        return fragments.Built.stored(
            *db.session.execute(
                select(FeedSnapshot.body, FeedSnapshot.keys).where(
                    FeedSnapshot.subscription_id == self._id
                )
            ).one()
        )


def parts(body: bytes) -> dict[str, bytes]:
    """Each event of a feed as a calendar of its own, by its UID: as calendar servers store them."""
    calendar = Calendar.from_ical(body)
    found = {}
    for event in calendar.walk("VEVENT"):
        alone = Calendar()
        alone.add("version", "2.0")
        alone.add("prodid", calendar["prodid"])
        alone.add_component(event)
        found[str(event["uid"])] = alone.to_ical()
    return found


def _cpu(act: Callable[[], object]) -> float:
    before = time.process_time()
    act()
    return (time.process_time() - before) * 1000
