"""A single session as a file: the very event of the feed, for those alone who may see it."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from icalendar import Calendar

from supervision.db import db
from supervision.domain import ical
from supervision.models.feeds import Privacy, Scope
from supervision.models.rosters import Roster
from supervision.models.sessions import Session
from supervision.services import feeds, sessions
from tests import factories
from tests.conftest import NOW
from tests.factories import House
from tests.support.client import Client


@pytest.fixture
def house(app: Flask, clock) -> House:
    return factories.house()


@pytest.fixture
def session(house: House) -> Session:
    group = db.session.get_one(Roster, house.group)
    starts_at = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    made = factories.session(group, starts_at, house.alice, house.bob, house.carol)
    db.session.commit()
    return made


def events(body: bytes) -> bytes:
    return body[body.index(b"BEGIN:VEVENT") :]


@pytest.mark.parametrize("state", ["planned", "cancelled"])
def test_file_holds_the_event_of_the_feed(house, session, client: Client, state) -> None:
    if state == "cancelled":
        sessions.cancel_session(house.alice, NOW, session.id)
    _made, token = feeds.make_subscription(
        house.bob, NOW, Scope.PERSON, None, "phone", Privacy.PLAIN
    )
    db.session.commit()
    client.sign_in(house.bob.id)
    response = client.get(f"/sessions/{session.id}.ics")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"] == "attachment; filename=session.ics"
    assert response.headers["Cache-Control"] == "no-store"
    (told,) = Calendar.from_ical(response.data).walk("VEVENT")
    assert (str(told["uid"]), told.decoded("dtstart")) == (ical.uid(session.id), session.starts_at)
    assert b"\r\nMETHOD:PUBLISH\r\n" in response.data
    for name in (b"Bob", b"Carol", b"Tuesday group"):
        assert name not in response.data
    if state == "planned":
        assert events(response.data) == events(client.get(f"/feeds/{token}.ics").data)
    else:
        assert (told["status"], told["sequence"]) == ("CANCELLED", 1)


@pytest.mark.parametrize("state", ["requested", "declined"])
def test_file_of_what_was_never_agreed_on_does_not_exist(
    house, session, client: Client, state
) -> None:
    session.state = state
    db.session.commit()
    client.sign_in(house.bob.id)
    assert client.get(f"/sessions/{session.id}").status_code == 200
    assert client.get(f"/sessions/{session.id}.ics").status_code == 404


def test_file_is_linked_from_the_session(house, session, client: Client) -> None:
    client.sign_in(house.bob.id)
    assert (
        f'href="/sessions/{session.id}.ics" download' in client.get(f"/sessions/{session.id}").text
    )
