"""What the tests of feeds do again and again: subscribe, fetch, and read what came."""

from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar
from sqlalchemy import select

from supervision.db import db
from supervision.models.feeds import Privacy, Scope
from supervision.models.rosters import Membership, Roster
from supervision.models.sessions import Session
from supervision.services import feeds
from tests import factories

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BASE = "https://supervision.example.org"
SOON = timedelta(minutes=10)


def subscribe(who, roster_id=None, privacy=Privacy.PLAIN, at=AT):
    scope = Scope.ROSTER if roster_id else Scope.PERSON
    made, token = feeds.make_subscription(who, at, scope, roster_id, "my phone", privacy)
    db.session.commit()
    return made, token


def fetch(token, at=AT, **more):
    feed = feeds.read_feed(token, at, BASE, **more)
    db.session.rollback()
    return feed


def shown(token, at=AT) -> list[dict[str, Any]]:
    """The events of a feed as another library reads them."""
    feed = fetch(token, at)
    assert feed.status == 200
    return [
        {name.lower(): value for name, value in found.items()}
        for found in Calendar.from_ical(feed.body).walk("VEVENT")
    ]


def starts(token, at=AT) -> list[datetime]:
    return [found["dtstart"].dt for found in shown(token, at)]


def add(roster_id, starts_at, **values) -> Session:
    made = factories.session(db.session.get_one(Roster, roster_id), starts_at, **values)
    members = select(Membership.person_id).where(Membership.roster_id == roster_id)
    feeds.bump(db.session.scalars(members))
    db.session.commit()
    return made
