"""Rosters as their people meet them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from supervision import clock as clocks
from supervision.db import db
from supervision.models.audit import AuditEntry
from supervision.models.rosters import Membership, Roster
from tests import factories
from tests.factories import House
from tests.support import links
from tests.support.client import Client
from tests.support.statements import counted

MAKE = "Make roster"
MADE = {
    "title": "Peers by the sea",
    "kind": "peer",
    "capacity": "4",
    "minutes": "90",
    "zone": "Europe/London",
    "address": "",
    "meeting_link": "https://meet.example.org/sea",
}


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def test_supervisor_makes_a_roster_of_each_kind(house: House, client: Client) -> None:
    client.sign_in(house.alice.id)
    for kind in ("individual", "peer", "group"):
        answer = client.submit("/rosters/new", MADE | {"kind": kind}, MAKE)
        assert answer.status_code == 303
        assert client.get(answer.location).status_code == 200
    roles = db.session.execute(
        db.select(Roster.kind, Membership.role, Roster.taken, Roster.capacity)
        .join(Membership, Membership.roster_id == Roster.id)
        .where(Roster.title == MADE["title"])
        .order_by(Roster.kind)
    ).all()
    assert [tuple(row) for row in roles] == [
        ("group", "supervisor", 0, 4),
        ("individual", "supervisor", 0, 1),
        ("peer", "peer", 1, 4),
    ]


def test_member_makes_peer_rosters_only(house: House, client: Client) -> None:
    client.sign_in(house.bob.id)
    assert client.submit("/rosters/new", MADE | {"kind": "group"}, MAKE).status_code == 422
    assert client.submit("/rosters/new", MADE, MAKE).status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "This is needed."),
        ("title", "x" * 121, "Keep this to 120 characters."),
        ("capacity", "0", "Choose between 1 and 100 places."),
        ("capacity", "many", "Give a whole number."),
        ("minutes", "4", "Choose between 5 and 480 minutes."),
        ("minutes", "", "Give a whole number."),
        ("zone", "Mars/Olympus", "Not a valid choice"),
        ("meeting_link", "javascript:alert(1)", "Give a whole link that begins with https://"),
        ("meeting_link", "http://plain.example", "Give a whole link that begins with https://"),
    ],
)
def test_roster_form_refuses_bad_input_and_keeps_all_typed(
    house: House, client: Client, field: str, value: str, sentence: str
) -> None:
    client.sign_in(house.alice.id)
    answer = client.submit("/rosters/new", MADE | {"address": "12 Garden Row", field: value}, MAKE)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="12 Garden Row"' in answer.text
    assert db.session.scalar(db.select(db.func.count()).select_from(Roster)) == 2


def test_same_form_sent_twice_makes_one_roster(house: House, client: Client) -> None:
    client.sign_in(house.alice.id)
    form = client.form("/rosters/new", MAKE)
    data = {name: values[0] for name, values in form.values.items()} | MADE
    first = client.post(form.action, data=data)
    second = client.post(form.action, data=data)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    made = db.select(db.func.count()).where(Roster.title == MADE["title"])
    assert db.session.scalar(made) == 1


def test_same_key_with_other_words_is_refused(house: House, client: Client) -> None:
    client.sign_in(house.alice.id)
    once = str(uuid4())
    assert client.send("/rosters/new", MADE | {"once": once}).status_code == 303
    answer = client.send("/rosters/new", MADE | {"once": once, "title": "Other"})
    assert answer.status_code == 409
    assert "This form was sent before with other words." in answer.text


def test_invited_stranger_joins_by_link_and_accepts(
    house: House, client: Client, new_client: Any
) -> None:
    client.sign_in(house.alice.id)
    client.submit(f"/rosters/{house.group}", {"email": "eve@example.org"}, button="Invite")
    (token,) = links.mailed("eve@example.org")
    eve = new_client()
    words = "seven quiet herons wading"
    eve.submit(f"/invitation/{token}", {"name": "Eve", "passphrase": words, "again": words})
    assert "Alice Ashworth invites you to Tuesday group." in eve.get("/").text
    answer = eve.submit(f"/rosters/{house.group}", button="Accept")
    assert answer.status_code == 303
    assert "Carol Conti" in eve.get(answer.location).text
    assert db.session.get_one(Roster, house.group).taken == 3


def test_invited_person_sees_no_members_and_no_link_before_accepting(
    house: House, client: Client, new_client: Any
) -> None:
    client.sign_in(house.alice.id)
    client.submit(f"/rosters/{house.group}", {"email": house.charlie.email}, button="Invite")
    charlie = new_client()
    charlie.sign_in(house.charlie.id)
    page = charlie.get(f"/rosters/{house.group}").text
    assert ("Carol Conti" in page, "meet.example.org" in page) == (False, False)
    assert "You are invited" in page


def test_invitation_of_a_known_address_is_no_link(house: House, client: Client) -> None:
    client.sign_in(house.alice.id)
    answer = client.submit(
        f"/rosters/{house.group}", {"email": house.charlie.email}, button="Invite"
    )
    assert answer.status_code == 303


def test_invitations_by_one_person_are_throttled(house: House, client: Client) -> None:
    client.sign_in(house.alice.id)
    answers = [
        client.send(
            f"/rosters/{house.group}/invite",
            {"email": f"p{number}@example.org", "role": "supervisee"},
        ).status_code
        for number in range(41)
    ]
    assert answers == [303] * 40 + [429]


def test_declined_invitation_is_over(house: House, client: Client) -> None:
    roster = db.session.get_one(Roster, house.group)
    factories.join(roster, house.charlie, state="invited")
    client.sign_in(house.charlie.id)
    assert client.submit(f"/rosters/{house.group}", button="Decline").status_code == 303
    assert client.send(f"/rosters/{house.group}/accept").status_code == 404


def test_full_roster_puts_the_next_on_the_waiting_list(house: House, client: Client) -> None:
    roster = db.session.get_one(Roster, house.group)
    roster.capacity = 2
    factories.join(roster, house.charlie, state="invited")
    client.sign_in(house.charlie.id)
    client.submit(f"/rosters/{house.group}", button="Accept")
    assert "You are on the waiting list." in client.get(f"/rosters/{house.group}").text
    assert db.session.get_one(Roster, house.group).taken == 2


def test_who_waits_takes_a_place_that_became_free(
    house: House, client: Client, new_client: Any
) -> None:
    roster = db.session.get_one(Roster, house.group)
    roster.capacity = 2
    factories.join(roster, house.charlie, state="waiting")
    client.sign_in(house.charlie.id)
    assert "Take the place" not in client.get(f"/rosters/{house.group}").text
    carol = new_client()
    carol.sign_in(house.carol.id)
    carol.submit(f"/rosters/{house.group}", button="Leave")
    client.submit(f"/rosters/{house.group}", button="Take the place")
    assert "Bob Brandt" in client.get(f"/rosters/{house.group}").text
    assert db.session.get_one(Roster, house.group).taken == 2


def test_member_leaves_and_sees_no_link_any_more(house: House, client: Client) -> None:
    client.sign_in(house.bob.id)
    assert client.submit(f"/rosters/{house.group}", button="Leave").location == "/rosters"
    page = client.get(f"/rosters/{house.group}").text
    assert "You are no longer part of this roster." in page
    assert "meet.example.org" not in page


def test_only_lead_cannot_leave(house: House, client: Client) -> None:
    client.sign_in(house.alice.id)
    answer = client.submit(f"/rosters/{house.group}", button="Leave")
    assert answer.status_code == 409
    assert "Nobody else leads this roster." in answer.text


def test_lead_removes_a_member(house: House, client: Client) -> None:
    client.sign_in(house.alice.id)
    answer = client.submit(f"/rosters/{house.group}", button="Remove Carol Conti")
    assert answer.status_code == 303
    assert db.session.get_one(Roster, house.group).taken == 1


def test_ended_roster_refuses_changes_and_deletes_nothing(house: House, client: Client) -> None:
    client.sign_in(house.alice.id)
    assert client.submit(f"/rosters/{house.group}", button="End roster").status_code == 303
    assert client.send(f"/rosters/{house.group}/invite", {"email": "x@y.z"}).status_code == 409
    assert client.get(f"/rosters/{house.group}").status_code == 200


def test_refusal_is_audited_though_its_transaction_is_rolled_back(
    house: House, client: Client
) -> None:
    client.sign_in(house.bob.id)
    assert client.send(f"/rosters/{house.group}/end").status_code == 403
    row = db.session.scalars(db.select(AuditEntry).where(AuditEntry.act == "refused")).one()
    assert (row.act, row.actor_id, row.detail) == (
        "refused",
        house.bob.id,
        {"endpoint": "rosters.end"},
    )


def test_roster_list_takes_as_many_statements_for_one_as_for_thirty(
    house: House, client: Client
) -> None:
    client.sign_in(house.alice.id)
    with counted() as few:
        client.get("/rosters")
    for number in range(28):
        factories.roster(house.alice, house.bob, title=f"Group {number}")
    with counted() as many:
        client.get("/rosters")
    assert len(few) == len(many) <= 6


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "9" * 40])
def test_any_page_number_of_a_roster_is_answered(house: House, client: Client, page: str) -> None:
    client.sign_in(house.alice.id)
    assert client.get(f"/rosters/{house.group}?coming={page}&past={page}").status_code == 200


def test_long_list_of_sessions_is_turned_page_by_page(house: House, client: Client) -> None:
    roster = db.session.get_one(Roster, house.group)
    start = clocks.now() + timedelta(days=1)
    for week in range(25):
        factories.session(roster, start + timedelta(weeks=week), house.alice)
    client.sign_in(house.alice.id)
    first = client.get(f"/rosters/{house.group}").text
    second = client.get(f"/rosters/{house.group}?coming=2").text
    assert (first.count("/sessions/"), second.count("/sessions/")) == (20, 5)
    assert ("Later sessions" in first, "Later sessions" in second) == (True, False)


def test_roster_page_takes_as_many_statements_for_one_session_as_for_twenty(
    house: House, client: Client
) -> None:
    roster = db.session.get_one(Roster, house.group)
    start = clocks.now() + timedelta(days=1)
    factories.session(roster, start, house.alice)
    client.sign_in(house.alice.id)
    with counted() as few:
        client.get(f"/rosters/{house.group}")
    for week in range(1, 20):
        factories.session(roster, start + timedelta(weeks=week), house.alice)
    with counted() as many:
        client.get(f"/rosters/{house.group}")
    assert len(few) == len(many) <= 7
