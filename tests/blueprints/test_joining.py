"""Inviting and joining as a browser meets them: who sees a link, who is told what."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from supervision import clock
from supervision.config import Settings
from supervision.db import db
from supervision.models.people import Person, PersonState, Role
from supervision.services import people
from tests import factories
from tests.factories import House
from tests.support import links
from tests.support.client import Client

EVE = "eve@example.org"
WORDS = "seven quiet herons wading"
LINK = re.compile(r"/invitation/([\w-]{20,})")
JOIN = {"name": "Eve Eden", "passphrase": WORDS, "again": WORDS}


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def with_mail(app: Flask) -> Iterator[None]:
    """A server for mails is set up."""
    before: Settings = app.extensions["settings"]
    app.extensions["settings"] = before.model_copy(update={"smtp_url": "smtp://mail.example"})
    yield
    app.extensions["settings"] = before


def invite(client: Client, house: House, email: str = EVE) -> Any:
    path = f"/rosters/{house.group}"
    return client.submit(path, {"email": email, "role": "supervisee"}, button="Invite")


def peers_of(who: Any) -> str:
    made = factories.roster(who, kind="peer", title="Peers")
    db.session.commit()
    return f"/rosters/{made.id}"


def test_member_who_invites_an_invited_organiser_gets_nothing_of_them(
    house: House, client: Client, new_client: Any
) -> None:
    """What any member could do: invite whom an organiser has invited, and be them."""
    boss = "boss@example.org"
    dana, path = new_client(), peers_of(house.bob)
    dana.sign_in(house.dana.id)
    dana.submit("/people", {"email": boss, "role": "organiser"}, button="Invite")
    client.sign_in(house.bob.id)
    pages = [client.submit(path, {"email": boss}, button="Invite"), client.get(path)]
    assert [LINK.findall(page.text) for page in pages] == [[], []]
    _first, (second,) = links.mailed(boss)[:1], links.mailed(boss)[1:]
    new_client().submit(f"/invitation/{second}", JOIN)
    row = db.session.scalars(select(Person).where(Person.email == boss)).one()
    assert (row.role, row.state) == (Role.MEMBER, PersonState.ACTIVE)


@pytest.mark.parametrize("mail", [True, False])
def test_member_learns_nothing_of_who_has_an_account(
    house: House, client: Client, request: pytest.FixtureRequest, mail: bool
) -> None:
    if mail:
        request.getfixturevalue("with_mail")
    client.sign_in(house.bob.id)
    pages = []
    for email in (EVE, house.charlie.email):
        path = peers_of(house.bob)
        answer = client.submit(path, {"email": email}, button="Invite")
        assert (answer.status_code, answer.location) == (303, path)
        pages.append(plain(client.get(path).text, email))
    assert pages[0] == pages[1]
    told = "A mail is on its way." if mail else "ask an organiser to pass on a link."
    assert told in pages[0]


def plain(text: str, email: str) -> str:
    """A page without what is another each time."""
    text = re.sub(r'[0-9a-f]{8}-[0-9a-f-]{27}|nonce="[^"]*"|value="[^"]*"|tint-\d', "", text)
    initials = re.escape(email[0].upper())
    return re.sub(rf">\s*{initials}\s*<", ">?<", text.replace(email, "X"))


def test_organiser_without_mail_is_shown_the_link_that_leads_in(
    house: House, client: Client, new_client: Any
) -> None:
    client.sign_in(house.dana.id)
    page = client.submit("/people", {"email": EVE, "role": "supervisor"}, button="Invite")
    (token,) = set(LINK.findall(page.text))
    assert "No mail is set up here, so pass this link on yourself" in page.text
    assert "You join as a supervisor" in new_client().get(f"/invitation/{token}").text
    assert LINK.findall(client.get("/people").text) == []


@pytest.mark.usefixtures("with_mail")
def test_organiser_with_mail_is_shown_no_link(house: House, client: Client) -> None:
    client.sign_in(house.dana.id)
    answer = client.submit("/people", {"email": EVE, "role": "supervisor"}, button="Invite")
    assert (answer.status_code, answer.location) == (303, "/people")
    page = client.get("/people").text
    assert LINK.findall(page) == []
    assert "The link is on its way by mail." in page
    assert len(links.mailed(EVE)) == 1


def test_organiser_invites_again_whom_a_member_invited(
    house: House, client: Client, new_client: Any
) -> None:
    alice = new_client()
    alice.sign_in(house.alice.id)
    assert LINK.findall(invite(alice, house).text) == []
    client.sign_in(house.dana.id)
    page = client.submit("/people", button="Invite again")
    (token,) = set(LINK.findall(page.text))
    assert new_client().get(f"/invitation/{token}").status_code == 200


def test_page_of_an_invitation_says_who_invites_to_what_and_as_what(
    house: House, client: Client, new_client: Any
) -> None:
    client.sign_in(house.alice.id)
    invite(client, house)
    (token,) = links.mailed(EVE)
    page = " ".join(re.sub(r"<[^>]*>", " ", new_client().get(f"/invitation/{token}").text).split())
    assert "Alice Ashworth invites you to Supervision" in page
    assert "Tuesday group Group" in page
    assert "Alice Ashworth invites you to this roster. Your role in it: Supervisee." in page
    assert "You join as a member: you take part in rosters and start peer rosters." in page
    assert "meet.example.org" not in page


def test_second_link_leads_home_to_the_invitation_that_waits(
    house: House, client: Client, new_client: Any
) -> None:
    client.sign_in(house.dana.id)
    client.submit("/people", {"email": EVE}, button="Invite")
    other = new_client()
    other.sign_in(house.alice.id)
    invite(other, house)
    first, second = links.mailed(EVE)
    eve = new_client()
    assert eve.submit(f"/invitation/{first}", JOIN).status_code == 303
    assert eve.get(f"/invitation/{second}").location == "/"
    assert f"{house.alice.name} invites you to Tuesday group." in eve.get("/").text
    assert f"{house.alice.name} invites you." in eve.get(f"/rosters/{house.group}").text
    stranger = new_client()
    assert stranger.get(f"/invitation/{second}").location == "/"
    assert stranger.get("/").location == "/sign-in?next=/"
    assert stranger.send(f"/invitation/{second}", JOIN).location == "/"
    assert stranger.get(f"/invitation/{first}").status_code == 410


def test_used_link_tells_who_joined_by_it_that_they_have(
    house: House, client: Client, new_client: Any
) -> None:
    """A former one is not theirs to have used: look for the latest."""
    client.sign_in(house.dana.id)
    for _ in range(2):
        client.submit("/people", {"email": EVE, "role": "member"}, button="Invite")
    former, used = links.mailed(EVE)
    new_client().submit(f"/invitation/{used}", JOIN)
    pages = [new_client().get(f"/invitation/{token}") for token in (former, used)]
    joined, newer = "You have joined already. Sign in.", "or a newer one took its place"
    assert [page.status_code for page in pages] == [410, 410]
    assert [(joined in one.text, newer in one.text) for one in pages] == [
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize("role", ["member", "organiser"])
def test_link_of_a_higher_role_says_what_becomes_of_it(
    house: House, client: Client, new_client: Any, role: str
) -> None:
    link = people.invite_person(house.dana, clock.now(), EVE, role, "https://s.example")
    db.session.execute(db.update(Person).where(Person.email == EVE).values(state="active"))
    page = client.get(f"/invitation/{links.token(link)}", follow_redirects=True).text
    words = (
        f"You have joined already, as a member. {house.dana.name} invited you as an organiser: "
        "ask them to set it in the list of people."
    )
    assert (words in page) == (role == "organiser")


def test_organiser_is_told_where_to_set_the_role_of_who_has_joined(
    house: House, client: Client
) -> None:
    client.sign_in(house.dana.id)
    data = {"email": house.bob.email, "role": "organiser"}
    answer = client.submit("/people", data, button="Invite")
    assert answer.status_code == 422
    assert "This person has joined already. You set their role in their own row." in answer.text


def test_invitation_of_somebody_else_says_who_is_signed_in(house: House, client: Client) -> None:
    link = people.invite_person(house.dana, clock.now(), EVE, "member", "https://s.example")
    path = f"/invitation/{links.token(link)}"
    client.sign_in(house.alice.id)
    words = f"You are signed in as {house.alice.name}. This invitation is for {EVE}."
    assert words in client.get(path).text
    assert client.submit(path, button="Sign out first").location == "/sign-in"
    assert "You are signed in as" not in client.get(path).text


def test_link_for_the_organiser_takes_the_focus(house: House, client: Client) -> None:
    client.sign_in(house.dana.id)
    page = client.submit("/people", {"email": EVE}, button="Invite").text
    assert '<p tabindex="-1" data-focus>No mail is set up here' in page


@pytest.mark.parametrize(
    "email", ["a@x.example,b@y.example", "<a@x.example>@y.example", "(c)a@x.example", "zoë@x.org"]
)
def test_address_that_is_not_one_mailbox_is_refused_beside_its_field(
    house: House, client: Client, email: str
) -> None:
    client.sign_in(house.alice.id)
    answer = invite(client, house, email)
    assert answer.status_code == 422
    assert db.session.scalars(select(Person).where(Person.state == PersonState.INVITED)).all() == []


def test_account_with_an_address_of_before_still_signs_in(app: Flask, client: Client) -> None:
    token = links.token(people.add_person(EVE, "Eve", "member", clock.now()))
    db.session.commit()
    client.submit(f"/invitation/{token}", JOIN)
    odd = "<eve@example.org>@x"
    db.session.execute(db.update(Person).values(email=odd))
    db.session.commit()
    answer = client.__class__(app, app.response_class, use_cookies=True).submit(
        "/sign-in", {"email": odd, "passphrase": WORDS}
    )
    assert answer.status_code == 303
