"""Sessions that members sign up for, as their people meet them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim, Session
from supervision.models.signup import SignupWait
from supervision.permissions import Actor
from supervision.services import series, sessions, signup
from supervision.services.sessions import Wish
from tests import factories
from tests.support.client import Client
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
STARTS = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
TUESDAY = STARTS.replace(tzinfo=None)
SAVE = "Save roster"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
pytestmark = pytest.mark.usefixtures("clock")


@dataclass
class Seminar:
    """Alice leads; Bob, Carol and Erin may take the one place of each of three sessions."""

    alice: Actor
    bob: Actor
    carol: Actor
    erin: Actor
    id: UUID
    sessions: tuple[UUID, ...]

    @property
    def first(self) -> str:
        return f"/sessions/{self.sessions[0]}"


@pytest.fixture
def seminar(app: Flask) -> Seminar:
    alice, bob, carol, erin = (factories.person(name) for name in ("alice", "bob", "carol", "erin"))
    made = factories.roster(alice, bob, carol, erin, session_capacity=1, title="Seminar")
    booked = series.book_series(alice, AT, made.id, Wish(TUESDAY, 60), Repeat("week", count=3))
    db.session.commit()
    return Seminar(alice, bob, carol, erin, made.id, booked.session_ids)


def as_(client: Client, who: Actor) -> Client:
    client.sign_in(who.id)
    return client


def card(client: Client, path: str) -> str:
    """The words of the part about places."""
    page = client.get(path).text
    found = re.search(r'<div class="side signup".*?</section>', page, re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def come(session_id: UUID) -> set[UUID]:
    return set(db.session.scalars(db.select(Claim.person_id).where(Claim.session_id == session_id)))


# -- one's own place -------------------------------------------------------------------------


def test_member_signs_up_and_off_and_is_told_each_time(seminar: Seminar, client: Client) -> None:
    bob = as_(client, seminar.bob)
    assert card(bob, seminar.first) == (
        "Places 0 of 1 place taken Not signed up Until Mon 30 Nov 2026, 05:00. Sign up"
    )
    answer = bob.submit(seminar.first, button="Sign up")
    assert (answer.status_code, answer.location) == (303, seminar.first)
    assert "You are signed up." in bob.get(seminar.first).text
    assert "1 of 1 place taken Signed up If you cannot come, sign off until" in card(
        bob, seminar.first
    )
    assert come(seminar.sessions[0]) == {seminar.alice.id, seminar.bob.id}
    assert bob.submit(seminar.first, button="Sign off").status_code == 303
    assert "You are signed off." in bob.get(seminar.first).text
    assert come(seminar.sessions[0]) == {seminar.alice.id}


def test_who_finds_it_full_waits_and_may_be_asked_first(
    seminar: Seminar, client: Client, new_client: Any
) -> None:
    signup.sign_up(seminar.bob, AT, seminar.sessions[0])
    carol, erin = as_(client, seminar.carol), as_(new_client(), seminar.erin)
    assert "Take a place for me when one is free" in card(carol, seminar.first)
    carol.submit(seminar.first, button="Join the waiting list")
    assert "On the waiting list Your place in line: 1." in card(carol, seminar.first)
    assert "1 person waits already." in card(erin, seminar.first)
    erin.submit(seminar.first, {"auto": []}, button="Join the waiting list")
    waits = db.session.execute(
        db.select(SignupWait.person_id, SignupWait.auto).order_by(SignupWait.auto)
    )
    assert [tuple(row) for row in waits] == [(seminar.erin.id, False), (seminar.carol.id, True)]
    carol.submit(seminar.first, button="Leave the waiting list")
    assert "Join the waiting list" in card(carol, seminar.first)


def test_offer_waits_at_home_and_is_taken_or_declined(
    seminar: Seminar, client: Client, new_client: Any
) -> None:
    session = seminar.sessions[0]
    signup.sign_up(seminar.bob, AT, session)
    signup.join_line(seminar.carol, AT, session, auto=False)
    signup.join_line(seminar.erin, AT + timedelta(minutes=1), session, auto=False)
    signup.sign_off(seminar.bob, AT, session)
    carol, erin = as_(client, seminar.carol), as_(new_client(), seminar.erin)
    said = "A place in Seminar on Tue 1 Dec 2026 is kept for you until Wed 25 Nov 2026, 10:00."
    assert said in carol.get("/").text
    assert "A place in Seminar" not in erin.get("/").text
    assert "A place is free for you. It is kept until Wed 25 Nov 2026, 10:00;" in card(
        carol, seminar.first
    )
    assert carol.send(f"{seminar.first}/offer", {"answer": "no"}).status_code == 303
    assert "A place in Seminar" in erin.get("/").text
    assert erin.send(f"{seminar.first}/offer", {"answer": "yes"}).status_code == 303
    assert come(session) == {seminar.alice.id, seminar.erin.id}


def test_form_that_was_shown_in_good_time_and_sent_late_is_shown_again(
    seminar: Seminar, client: Client, clock: Any
) -> None:
    signup.sign_up(seminar.bob, AT, seminar.sessions[0])
    bob = as_(client, seminar.bob)
    form = bob.form(seminar.first, "Sign off")
    clock.move_to(STARTS - timedelta(hours=2))
    answer = bob.post(form.action, data=form.values)
    assert answer.status_code == 409
    assert "It has become late for this in the meantime." in answer.text
    assert "You can still sign off until it begins; it counts as late." in card(bob, seminar.first)
    assert bob.submit(seminar.first, button="Sign off late").status_code == 303


def test_part_that_asked_is_swapped_and_says_what_was_done(
    seminar: Seminar, client: Client
) -> None:
    bob = as_(client, seminar.bob)
    answer = bob.send(f"{seminar.first}/sign-up", headers=HTMX)
    assert (answer.status_code, answer.text.lstrip().startswith("<!doctype")) == (200, False)
    assert 'data-announce="You are signed up."' in answer.text
    assert f'id="signup-{seminar.sessions[0]}"' in answer.text
    assert "Who comes" in answer.text
    assert '<p class="flash">' not in bob.get(seminar.first).text


def test_who_leads_sees_the_line_and_who_signed_off(seminar: Seminar, client: Client) -> None:
    session = seminar.sessions[0]
    signup.sign_up(seminar.bob, AT, session)
    signup.sign_up(seminar.carol, AT, session)
    signup.sign_up(seminar.erin, AT + timedelta(minutes=1), session)
    signup.sign_off(seminar.bob, AT, session)
    page = as_(client, seminar.alice).get(seminar.first).text
    assert [word in page for word in ("Waiting list", "Signed off", "Change the places")] == [
        True,
        True,
        True,
    ]
    assert "Sign up</button>" not in page
    own = as_(client, seminar.carol).get(seminar.first).text
    assert [word in own for word in ("Waiting list", "Signed off", "Change the places")] == [
        False,
        False,
        False,
    ]


def test_session_of_a_roster_without_sign_up_is_as_it_was(app: Flask, client: Client) -> None:
    house = factories.house()
    group = db.session.get_one(Roster, house.group)
    session = factories.session(group, STARTS, house.alice, house.bob)
    page = as_(client, house.bob).get(f"/sessions/{session.id}").text
    assert ("Places" in page, "signup.css" in page, '<h2 id="who">Who</h2>' in page) == (
        False,
        False,
        True,
    )
    assert client.send(f"/sessions/{session.id}/sign-up").status_code == 409


# -- who may ---------------------------------------------------------------------------------

ACTS = ("sign-up", "sign-off", "line", "line/leave", "offer")


def test_strangers_find_nothing_and_who_leads_takes_no_place(
    seminar: Seminar, client: Client
) -> None:
    stranger = factories.person("charlie")
    for who, status in ((stranger, 404), (seminar.alice, 403)):
        client.sign_in(who.id)
        answers = {client.send(f"{seminar.first}/{act}").status_code for act in ACTS}
        assert answers == {status}


def test_member_may_not_change_the_places(seminar: Seminar, client: Client) -> None:
    bob = as_(client, seminar.bob)
    assert bob.get(f"{seminar.first}/seats").status_code == 403
    assert bob.send(f"{seminar.first}/seats", {"capacity": "5"}).status_code == 403


# -- how many places -------------------------------------------------------------------------


def test_places_are_changed_for_what_follows(seminar: Seminar, client: Client) -> None:
    alice = as_(client, seminar.alice)
    second = f"/sessions/{seminar.sessions[1]}"
    answer = alice.submit(f"{second}/seats", {"capacity": "4", "which": "following"}, "Change")
    assert (answer.status_code, answer.location) == (303, second)
    assert "2 sessions have so many places now." in alice.get(second).text
    found = db.session.scalars(db.select(Session.capacity).order_by(Session.starts_at))
    assert list(found) == [1, 4, 4]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "This is needed."),
        ("many", "Give a whole number."),
        ("0", "Choose between 1 and 100 places."),
        ("1", "2 places are taken or kept."),
    ],
)
def test_places_that_cannot_be_are_refused_beside_the_field(
    seminar: Seminar, client: Client, value: str, sentence: str
) -> None:
    session = seminar.sessions[0]
    signup.set_seats(seminar.alice, AT, session, 2)
    for who in (seminar.bob, seminar.carol):
        signup.sign_up(who, AT, session)
    alice = as_(client, seminar.alice)
    answer = alice.submit(f"{seminar.first}/seats", {"capacity": value, "which": "one"}, "Change")
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert f'value="{value}"' in answer.text


# -- roster, calendar ------------------------------------------------------------------------


def test_roster_says_how_one_stands_to_each_session(seminar: Seminar, client: Client) -> None:
    signup.sign_up(seminar.bob, AT, seminar.sessions[0])
    signup.sign_up(seminar.carol, AT, seminar.sessions[1])
    signup.sign_up(seminar.bob, AT, seminar.sessions[1])
    page = as_(client, seminar.bob).get(f"/rosters/{seminar.id}").text
    rows = re.findall(r'<li id="session-.*?</li>', page, re.DOTALL)
    words = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
    assert [one.split("London ")[1] for one in words] == [
        "Full Signed up",
        "Full On the waiting list",
        "1 place free Not signed up",
    ]


def test_calendar_tells_what_one_signed_up_for_from_what_one_could(
    seminar: Seminar, client: Client
) -> None:
    signup.sign_up(seminar.bob, AT, seminar.sessions[0])
    page = as_(client, seminar.bob).get("/calendar?view=agenda&date=2026-12-01").text
    found = re.findall(r'<li class="entry (.*?) h.*?class="about"><span>(.*?)</span>', page)
    assert found == [
        ("group", "Signed up · 10:00 London"),
        ("group open", "Not signed up · 10:00 London"),
        ("group open", "Not signed up · 10:00 London"),
    ]
    week = client.get("/calendar?date=2026-12-08", headers=HTMX).text
    assert "no sessions" in week


# -- the roster's form -----------------------------------------------------------------------


def usual(client: Client) -> tuple[str, UUID]:
    """A group of three members who are expected at two coming sessions; Alice edits it."""
    alice, *members = (factories.person(name) for name in ("alice", "bob", "carol", "erin"))
    made = factories.roster(alice, *members, title="Group")
    sessions.book_session(alice, AT, made.id, Wish(TUESDAY, 60))
    as_(client, alice)
    return f"/rosters/{made.id}/edit", made.id


def test_turning_sign_up_on_is_shown_before_and_then_done(app: Flask, client: Client) -> None:
    edit, roster_id = usual(client)
    form = {"signs_up": "y", "session_capacity": "2", "signup_hours": "12"}
    asked = client.submit(edit, form, SAVE)
    assert asked.status_code == 422
    text = " ".join(asked.text.split())
    assert "1 session is booked already. It gets 2 places." in text
    assert "Those who are members for longest are signed up: Bob Brandt, Carol Conti." in text
    assert "they wait in this order: Erin Egan." in text
    assert "Look at what this changes, and tick that you want it." in text
    assert db.session.scalar(db.select(Session.capacity)) is None
    assert client.submit(edit, form | {"knows_turn": "y"}, SAVE).status_code == 303
    found = db.session.execute(db.select(Session.capacity, Session.taken)).one()
    roster = db.session.get_one(Roster, roster_id)
    assert (tuple(found), roster.session_capacity, roster.signup_hours) == ((2, 2), 2, 12)
    off = client.submit(edit, {"signs_up": []}, SAVE)
    assert off.status_code == 422
    assert "Everybody is expected at it again: Bob Brandt, Carol Conti, Erin Egan." in off.text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"session_capacity": ""}, "Say how many can come to a session."),
        ({"session_capacity": "101"}, "Choose between 1 and 100 places."),
        ({"session_capacity": "x"}, "Give a whole number."),
        ({"signup_hours": "337"}, "Choose between 0 and 336 hours."),
        ({"signup_hours": ""}, "Say how many hours before it closes."),
        ({"kind": "individual"}, "In individual supervision both are always expected."),
    ],
)
def test_sign_up_that_cannot_be_is_refused_beside_the_field(
    app: Flask, client: Client, values: dict[str, str], sentence: str
) -> None:
    as_(client, factories.person("alice"))
    said = {"title": "Seminar", "kind": "group", "signs_up": "y", "session_capacity": "3"}
    answer = client.submit("/rosters/new", said | values, button="Make roster")
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert 'value="Seminar"' in answer.text


def test_who_joins_is_told_to_sign_up(seminar: Seminar, client: Client) -> None:
    ivy = factories.person("ivy")
    factories.join(db.session.get_one(Roster, seminar.id), ivy, state="invited")
    as_(client, ivy).submit(f"/rosters/{seminar.id}", button="Accept")
    page = client.get(f"/rosters/{seminar.id}").text
    assert "You are in. Sign up for the sessions that you want to come to." in page


def test_own_absence_is_signing_off(seminar: Seminar, client: Client) -> None:
    signup.sign_up(seminar.bob, AT, seminar.sessions[0])
    page = as_(client, seminar.bob).get(f"{seminar.first}/agenda").text
    assert ("I cannot come" in page, f'href="{seminar.first}">Sign off</a>' in page) == (
        False,
        True,
    )


def test_booking_says_that_a_session_is_for_who_signs_up(seminar: Seminar, client: Client) -> None:
    page = as_(client, seminar.alice).get(f"/rosters/{seminar.id}/book").text
    assert ("Who signs up" in page, "Everybody in the roster" in page) == (True, False)


def test_place_is_changed_and_people_are_not_asked_for(seminar: Seminar, client: Client) -> None:
    alice = as_(client, seminar.alice)
    page = alice.get(f"{seminar.first}/change").text
    assert ("Change the place" in page, "For whom" in page) == (True, False)
    form = {"place": "own", "address": "12 Garden Row"}
    assert alice.submit(f"{seminar.first}/change", form, "Save").status_code == 303
    assert "12 Garden Row" in alice.get(seminar.first).text


# -- what it costs ---------------------------------------------------------------------------


def test_pages_take_as_many_statements_for_one_who_waits_as_for_thirty(
    seminar: Seminar, client: Client
) -> None:
    session = seminar.sessions[0]
    roster = db.session.get_one(Roster, seminar.id)
    roster.capacity = 40
    signup.sign_up(seminar.bob, AT, session)
    signup.sign_up(seminar.carol, AT, session)
    pages = (seminar.first, f"/rosters/{seminar.id}", "/calendar?date=2026-12-01", "/")
    seen: list[int] = []
    for many in (0, 30):
        for number in range(many):
            one = factories.person(f"m{number}")
            factories.join(roster, one)
            signup.sign_up(one, AT, session)
            factories.session(roster, STARTS + timedelta(hours=number + 2), capacity=2)
        for who in (seminar.carol, seminar.alice):
            client.sign_in(who.id)
            for page in pages:
                with counted() as statements:
                    assert client.get(page).status_code == 200
                seen.append(len(statements))
    half = len(seen) // 2
    assert seen[:half] == seen[half:]
    assert max(seen) <= 10
