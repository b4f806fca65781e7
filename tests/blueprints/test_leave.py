"""Leave as its owner and the others meet it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from supervision import clock as clocks
from supervision.db import db
from supervision.models.rosters import Kind, Roster
from supervision.services import leave
from tests import factories
from tests.factories import House
from tests.support.client import Client

DAY = timedelta(days=1)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def test_leave_is_saved_shown_with_what_stays_booked_and_withdrawn(
    house: House, client: Client, clock
) -> None:
    alone = db.session.get_one(Roster, house.individual)
    booked = factories.session(alone, clocks.now() + 7 * DAY, house.alice, house.bob).id
    factories.session(alone, clocks.now() + 9 * DAY, house.alice, house.bob)
    client.sign_in(house.bob.id)
    first = (clocks.now() + 6 * DAY).date()
    said = {"first_on": f"{first}", "last_on": f"{first + DAY}", "kind": "study"}
    assert client.submit("/leave", said, "Save leave").status_code == 303
    page = client.get("/leave").text
    assert "Study leave, all rosters" in page
    assert "1 session stays booked" in page
    assert f'href="/sessions/{booked}"' in page
    client.submit("/leave", button="Withdraw Sun 29 Nov 2026 – Mon 30 Nov 2026")
    assert "Study leave, all rosters" not in client.get("/leave").text


def test_others_see_on_leave_and_never_the_kind(house: House, new_client, clock) -> None:
    people = [factories.person(name) for name in ("ann", "ben", "cat")]
    peers = factories.roster(people[0], *people[1:], kind=Kind.PEER)
    start = clocks.now() + 3 * DAY
    held = factories.session(peers, start, *people, minutes=60).id
    ann, ben = new_client(), new_client()
    ann.sign_in(people[0].id)
    ben.sign_in(people[1].id)
    day = f"{start.astimezone(ZoneInfo(peers.zone)):%Y-%m-%d}"
    ann.submit("/leave", {"first_on": day, "last_on": "", "kind": "parental"}, "Save leave")
    for path in (f"/sessions/{held}", f"/sessions/{held}/agenda"):
        page = ben.get(path).text
        assert ("On leave" in page, "arental" in page) == (True, False)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"first_on": ""}, "This is needed."),
        ({"first_on": "2026-02-30"}, "Give a date that exists"),
        ({"first_on": "2026-12-02", "last_on": "2026-12-01"}, "The last day comes before"),
        ({"first_on": "2026-12-02", "kind": "flu"}, "Choose one from the list."),
        ({"first_on": "2026-12-02", "roster": "x"}, "Choose one from the list."),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_kept(
    house: House, client: Client, clock, said: dict[str, str], sentence: str
) -> None:
    client.sign_in(house.bob.id)
    answer = client.submit("/leave", {"last_on": "2026-12-09", **said}, "Save leave")
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert f'value="{said.get("last_on", "2026-12-09")}"' in answer.text
    assert leave.own_leaves(house.bob) == []


def test_leave_of_somebody_else_cannot_be_withdrawn(house: House, new_client) -> None:
    bob, charlie = new_client(), new_client()
    bob.sign_in(house.bob.id)
    charlie.sign_in(house.charlie.id)
    day = f"{clocks.now():%Y-%m-%d}"
    bob.submit("/leave", {"first_on": day, "kind": "other"}, "Save leave")
    (own,) = leave.own_leaves(house.bob)
    assert charlie.send(f"/leave/{own.id}/withdraw").status_code == 404
    assert leave.own_leaves(house.bob) == [own]
