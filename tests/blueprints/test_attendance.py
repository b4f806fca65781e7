"""Attendance as those who lead, members and equals meet it: one press, rows, refusals, lists."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from supervision import clock as clocks
from supervision.db import db
from supervision.models.meetings import MeetingAbsence
from supervision.models.rosters import Kind, Roster
from supervision.permissions import Actor
from supervision.services import attendance
from supervision.services.attendance import Marking, Said
from tests import factories
from tests.factories import House
from tests.support.client import Client

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def group(house: House) -> Roster:
    return db.session.get_one(Roster, house.group)


@pytest.fixture
def session(house: House, group: Roster) -> UUID:
    """An hour of the group, which ended an hour ago."""
    start = clocks.now() - 2 * HOUR
    return factories.session(group, start, house.alice, house.bob, house.carol, minutes=60).id


def as_(new_client: Any, who: Actor) -> Client:
    client: Client = new_client()
    client.sign_in(who.id)
    return client


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def card(client: Client, session_id: UUID) -> str:
    """What a session's page says of its attendance."""
    page = client.get(f"/sessions/{session_id}").text
    found = re.search(r'<section class="card attendance".*?</section>', page, re.DOTALL)
    return text_of(found[0]) if found else ""


def marked(who: Actor, session_id: UUID, **said: str) -> None:
    """Marked in the test's own transaction."""
    shown = attendance.sheet_of(who, clocks.now(), session_id)
    by_id = {
        line.person_id: Said(said[line.name.split()[0].lower()])
        for line in shown.lines
        if line.name.split()[0].lower() in said
    }
    attendance.mark(who, clocks.now(), session_id, Marking(shown.version, by_id, {}))


# -- marking -------------------------------------------------------------------------------


def test_home_leads_to_the_sheet_and_one_press_marks_everybody(house, session, client) -> None:
    client.sign_in(house.alice.id)
    assert f'href="/sessions/{session}/attendance"' in client.get("/").text
    sheet = f"/sessions/{session}/attendance"
    answer = client.submit(sheet, button="Everybody was there")
    assert (answer.status_code, answer.location) == (303, f"/sessions/{session}#attendance")
    assert "Alice Ashworth Attended, 60 minutes Bob Brandt Attended, 60 minutes" in card(
        client, session
    )
    assert "Mark attendance" not in client.get("/").text


def test_session_page_marks_by_one_press_too(house, session, client) -> None:
    client.sign_in(house.alice.id)
    assert client.submit(f"/sessions/{session}", button="Everybody was there").status_code == 303
    assert "Carol Conti Attended, 60 minutes" in card(client, session)


def test_single_rows_are_changed_and_the_rest_is_as_shown(house, session, client) -> None:
    client.sign_in(house.alice.id)
    said = {f"minutes-{house.bob.id}": "30", f"state-{house.carol.id}": "missed"}
    assert client.submit(
        f"/sessions/{session}/attendance", said, "Save attendance"
    ).status_code == (303)
    assert (
        "Alice Ashworth Attended, 60 minutes Bob Brandt Partly attended, 30 minutes "
        "Carol Conti Did not attend" in card(client, session)
    )


def test_the_list_of_what_waits_is_worked_off_press_by_press(house, group, session, client) -> None:
    other = factories.session(group, clocks.now() - DAY, house.alice, house.bob).id
    client.sign_in(house.alice.id)
    for left in (session, other):
        path = f"/sessions/{left}/attendance/everybody"
        assert path in client.get("/attendance/waiting").text
        answer = client.send(path, {"seen": "0", "then": "waiting"})
        assert (answer.status_code, answer.location) == (303, "/attendance/waiting")
    assert "Nothing waits" in client.get("/attendance/waiting").text


def test_home_names_three_and_leads_to_the_others(house, group, client) -> None:
    for days in range(1, 6):
        factories.session(group, clocks.now() - days * DAY, house.alice, house.bob)
    client.sign_in(house.alice.id)
    page = client.get("/").text
    assert page.count("Mark attendance") == 3
    assert "2 more sessions to mark" in page


def test_press_for_everybody_is_refused_where_somebody_had_said_no(
    house, group, session, client
) -> None:
    db.session.add(MeetingAbsence(session_id=session, person_id=house.bob.id))
    client.sign_in(house.alice.id)
    path = f"/sessions/{session}/attendance"
    assert "Everybody was there" not in client.get(path).text
    answer = client.send(f"{path}/everybody", {"seen": "0"})
    assert answer.status_code == 409
    assert "Not everybody was expected. Look at each, then save." in answer.text
    assert client.submit(path, button="Save attendance").status_code == 303
    assert "Bob Brandt Cancelled with notice" in card(client, session)


def test_a_guest_is_added(house, group, session, client) -> None:
    erin = factories.person("erin")
    factories.join(group, erin)
    client.sign_in(house.alice.id)
    said = {"guest": str(erin.id), "guest_minutes": "30"}
    assert client.submit(
        f"/sessions/{session}/attendance", said, "Save attendance"
    ).status_code == (303)
    assert "Erin Egan Guest Partly attended, 30 minutes" in card(client, session)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("minutes", "50", "Choose one from the list."),
        ("minutes", "75", "Choose one from the list."),
        ("minutes", "x", "Invalid Choice"),
        ("state", "slept", "Choose one from the list."),
    ],
)
def test_wrong_rows_come_back_with_what_was_filled_in(
    house, session, client, field: str, value: str, sentence: str
) -> None:
    client.sign_in(house.alice.id)
    said = {f"{field}-{house.bob.id}": value, f"state-{house.carol.id}": "late_cancelled"}
    answer = client.submit(f"/sessions/{session}/attendance", said, "Save attendance")
    assert (answer.status_code, sentence in text_of(answer.text)) == (422, True)
    assert re.search(r'selected value="late_cancelled"', answer.text)
    assert card(client, session).startswith("Attendance Nobody has marked it yet.")


def test_a_guest_from_elsewhere_is_refused_with_a_sentence(house, group, session, client) -> None:
    factories.join(group, factories.person("erin"))
    client.sign_in(house.alice.id)
    said = {"guest": str(house.charlie.id), "guest_minutes": "60"}
    answer = client.submit(f"/sessions/{session}/attendance", said, "Save attendance")
    assert (answer.status_code, "Choose one from the list." in answer.text) == (422, True)


def test_the_second_of_two_gets_409_with_what_stands_now(house, group, session, new_client) -> None:
    fay = factories.person("fay")
    factories.join(group, fay, "facilitator")
    alice, other = as_(new_client, house.alice), as_(new_client, fay)
    path = f"/sessions/{session}/attendance"
    form = other.form(path, "Save attendance")
    alice.submit(path, {f"state-{house.bob.id}": "missed"}, "Save attendance")
    answer = other.post(path, data=form.values)
    assert answer.status_code == 409
    assert "Somebody else marked this meanwhile. This is what stands now." in answer.text
    assert 'selected value="missed"' in answer.text
    assert 'name="seen" value="1"' in answer.text
    assert "Bob Brandt Did not attend" in card(alice, session)


def test_the_same_form_sent_twice_marks_once(house, session, client) -> None:
    client.sign_in(house.alice.id)
    path = f"/sessions/{session}/attendance"
    form = client.form(path, "Save attendance")
    first, second = (client.post(path, data=form.values) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert attendance.sheet_of(house.alice, clocks.now(), session).version == 1


def test_who_may_look_but_not_mark_gets_403_and_a_stranger_404(house, session, new_client) -> None:
    for who, status in ((house.bob, 403), (house.charlie, 404), (house.dana, 404)):
        client = as_(new_client, who)
        path = f"/sessions/{session}/attendance"
        answers = [client.get(path), client.send(path), client.send(f"{path}/everybody")]
        assert [answer.status_code for answer in answers] == [status] * 3


def test_what_has_no_attendance_is_409_and_shows_none(house, group, client) -> None:
    people = (house.alice, house.bob)
    comes = factories.session(group, clocks.now() + HOUR, *people).id
    off = factories.session(group, clocks.now() - DAY, *people, state="cancelled").id
    client.sign_in(house.alice.id)
    for one in (comes, off):
        assert client.get(f"/sessions/{one}/attendance").status_code == 409
        assert client.send(f"/sessions/{one}/attendance", {"seen": "0"}).status_code == 409
        assert card(client, one) == ""


# -- correcting and contesting -------------------------------------------------------------


def test_a_correction_shows_in_the_history_of_the_session(house, session, new_client) -> None:
    marked(house.alice, session)
    alice, bob, carol = (as_(new_client, who) for who in (house.alice, house.bob, house.carol))
    said = {f"state-{house.bob.id}": "missed", "reason": "Not there <at all>."}
    path = f"/sessions/{session}/attendance"
    assert alice.submit(path, said, "Save attendance").status_code == 303
    trace = (
        "corrected it: Not there &lt;at all&gt;. Bob Brandt: Attended, 60 minutes Did not attend"
    )
    assert trace in card(alice, session)
    assert trace in card(bob, session)
    assert "Bob" not in card(carol, session)


def test_a_member_who_joined_later_is_shown_nothing(house, group, session, new_client) -> None:
    marked(house.alice, session)
    erin = factories.person("erin")
    factories.join(group, erin)
    client = as_(new_client, erin)
    assert (client.get(f"/sessions/{session}").status_code, card(client, session)) == (200, "")


def test_after_thirty_days_a_reason_is_asked_for_beside_its_field(house, group, client) -> None:
    old = factories.session(group, clocks.now() - 40 * DAY, house.alice, house.bob).id
    marked(house.alice, old)
    client.sign_in(house.alice.id)
    path = f"/sessions/{old}/attendance"
    answer = client.submit(path, {f"state-{house.bob.id}": "missed"}, "Save attendance")
    assert answer.status_code == 422
    assert "More than 30 days later a correction needs its reason." in answer.text
    assert 'selected value="missed"' in answer.text
    said = {f"state-{house.bob.id}": "missed", "reason": "I had mixed up two weeks."}
    assert client.submit(path, said, "Save attendance").status_code == 303


def test_a_member_says_that_it_was_otherwise_and_takes_it_back(house, session, new_client) -> None:
    marked(house.alice, session, bob="missed")
    alice, bob, carol = (as_(new_client, who) for who in (house.alice, house.bob, house.carol))
    page = f"/sessions/{session}/attendance/disagree"
    empty = bob.submit(page, button="Say so")
    assert (empty.status_code, "This is needed." in empty.text) == (422, True)
    assert bob.submit(page, {"words": "I <was> there."}, "Say so").status_code == 303
    assert "Not agreed" in card(alice, session)
    assert "Bob Brandt Did not attend I &lt;was&gt; there." in card(alice, session)
    assert "Not agreed" not in card(carol, session)
    assert bob.submit(f"/sessions/{session}", button="It is right after all").status_code == 303
    assert "Not agreed" not in card(alice, session)


def test_who_has_nothing_to_answer_gets_403(house, session, new_client) -> None:
    marked(house.alice, session)
    alice = as_(new_client, house.alice)
    for answer in (
        alice.get(f"/sessions/{session}/attendance/disagree"),
        alice.send(f"/sessions/{session}/attendance/agree", {"seen": "1"}),
    ):
        assert answer.status_code == 403


def test_what_was_corrected_meanwhile_is_looked_at_again(house, session, new_client) -> None:
    marked(house.alice, session, bob="missed")
    bob = as_(new_client, house.bob)
    page = f"/sessions/{session}/attendance/disagree"
    form = bob.form(page, "Say so")
    marked(house.alice, session, bob="late_cancelled")
    answer = bob.post(page, data=form.values | {"words": ["I was there."]})
    assert answer.status_code == 422
    assert "Somebody else marked this meanwhile." in answer.text
    assert "I was there." in answer.text
    assert 'name="seen" value="2"' in answer.text
    stale = bob.send(f"/sessions/{session}/attendance/agree", {"seen": "1"}, follow_redirects=True)
    assert "Somebody else marked this meanwhile." in stale.text
    assert "not right" not in card(bob, session).split("History")[-1]


# -- equals --------------------------------------------------------------------------------


def test_equals_propose_confirm_and_disagree(app: Flask, new_client) -> None:
    people = [factories.person(name) for name in ("ann", "ben", "cat")]
    peers = factories.roster(people[0], *people[1:], kind=Kind.PEER)
    held = factories.session(peers, clocks.now() - 2 * HOUR, *people, minutes=60).id
    ann, ben, cat = (as_(new_client, who) for who in people)
    assert "Mark attendance" in ben.get("/").text
    ann.submit(f"/sessions/{held}", button="Everybody was there")
    assert "Confirm attendance" in ben.get("/").text
    assert "1 of 3 say that this is right." in card(ben, held)
    ben.submit(f"/sessions/{held}", button="This is right")
    assert "Confirm attendance" not in ben.get("/").text
    cat.submit(f"/sessions/{held}/attendance/disagree", {"words": "I was late."}, "Say so")
    assert "Not agreed" in card(ann, held)
    assert "Cat : I was late." in card(ben, held)
    path = f"/sessions/{held}/attendance"
    ann.submit(path, {f"minutes-{people[2].id}": "45"}, "Save attendance")
    for one in (ben, cat):
        one.submit(f"/sessions/{held}", button="This is right")
    assert card(cat, held).startswith("Attendance Confirmed")
    assert "3 of 3 say that this is right." in card(cat, held)


# -- lists ---------------------------------------------------------------------------------


def test_own_list_adds_up_months_and_rosters(house, group, clock, client) -> None:
    """The clock stands on Monday 23 November 2026."""
    alone = db.session.get_one(Roster, house.individual)
    for roster, days in ((group, 1), (group, 2), (alone, 3), (group, 30)):
        start = clocks.now() - days * DAY
        held = factories.session(roster, start, house.alice, house.bob, minutes=60).id
        marked(house.alice, held)
    factories.session(group, clocks.now() - 4 * DAY, house.alice, house.bob)
    client.sign_in(house.bob.id)
    page = text_of(client.get("/attendance").text)
    november = page.split("October 2026")[0]
    assert "Bob with Alice 60 Tuesday group 120 In this month 180" in november
    assert november.count("Not marked yet") == 1
    assert "In 2026 Roster Sessions Minutes Bob with Alice 1 60 Tuesday group 3 180" in page
    assert "No sessions in 2025" in client.get("/attendance?year=2025").text
    assert "In 2026" in text_of(client.get("/attendance?year=never").text)
    one = text_of(client.get(f"/rosters/{group.id}/attendance").text)
    assert "In 2026 Roster Sessions Minutes Tuesday group 3 180" in one


def test_two_rosters_of_one_title_are_added_up_apart(house, group, clock, client) -> None:
    twin = factories.roster(house.alice, house.bob)
    for roster in (group, twin):
        held = factories.session(roster, clocks.now() - DAY, house.alice, house.bob, minutes=60)
        marked(house.alice, held.id)
    client.sign_in(house.bob.id)
    page = text_of(client.get("/attendance").text)
    assert "Tuesday group 1 60 Tuesday group 1 60" in page


def test_a_roster_shows_everybody_to_who_leads(house, group, session, new_client) -> None:
    marked(house.alice, session, bob="missed")
    path = f"/rosters/{group.id}/attendance"
    alice, bob = as_(new_client, house.alice), as_(new_client, house.bob)
    shown = text_of(alice.get(path).text)
    assert "Alice Ashworth 1 60 Bob Brandt 0 0 Carol Conti 1 60" in shown
    assert "Carol" not in bob.get(path).text
    assert [as_(new_client, who).get(path).status_code for who in (house.charlie, house.dana)] == [
        404,
        404,
    ]
    assert f'href="{path}"' in bob.get(f"/rosters/{group.id}").text
    assert 'href="/attendance"' in bob.get("/").text
