"""Polls as pages: from the proposal over everybody's answers to the booked session."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select

from supervision.db import db
from supervision.models.polls import Poll
from supervision.models.sessions import Session
from supervision.services import polls
from supervision.services.polls import Proposal
from tests import factories

pytestmark = pytest.mark.usefixtures("clock")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
LATER = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
CLOSES = datetime(2026, 11, 26, 23, 59, tzinfo=UTC)
ASKED = {"minutes": "60", "closes_on": "2026-11-26", "shows": "answered", "message": ""}


@pytest.fixture
def house(app):
    return factories.house()


@pytest.fixture
def poll(house):
    made = polls.ask(house.alice, NOW, house.group, Proposal([FRIDAY, LATER], 60, CLOSES))
    db.session.commit()
    return made


def said(poll_id, *words):
    found = polls.board.board_of(polls.board.poll_of(poll_id)).options
    return {f"option-{one.id}": word for one, word in zip(found, words, strict=False)}


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_form_offers_the_kindest_times(house, client) -> None:
    client.sign_in(house.alice.id)
    page = client.get(f"/rosters/{house.group}/polls/new").text
    offered = re.findall(r'name="at" value="([^"]*)"', page)
    assert len(offered) == 10
    assert offered[0] == "2026-11-25T14:00:00+00:00"
    assert "checked" not in page.partition('class="poll-offers"')[2].partition("</ul>")[0]


def test_times_in_the_address_are_ticked(house, client) -> None:
    client.sign_in(house.alice.id)
    query = {"at": [FRIDAY.isoformat(), "rubbish", "2026-11-27T10:00"], "minutes": "75"}
    page = client.get(f"/rosters/{house.group}/polls/new", query_string=query).text
    assert re.findall(r'name="at" value="([^"]*)"[^>]* checked', page) == [FRIDAY.isoformat()]
    assert 'value="75"' in page
    assert 'value="2026-11-26"' in page


def test_ticked_and_typed_times_are_asked_by_the_proposers_clock(house, client) -> None:
    peers = factories.roster(house.bob, house.carol, kind="peer", zone="Europe/Berlin")
    db.session.commit()
    client.sign_in(house.bob.id)
    sent = ASKED | {"at": [FRIDAY.isoformat()], "day": ["2026-12-01", ""]}
    sent |= {"clock": ["09:00:30", ""]}
    answer = client.send(f"/rosters/{peers.id}/polls/new", sent)
    assert answer.status_code == 303
    found = db.session.scalars(select(Poll)).one()
    page = polls.poll_page(house.bob, NOW, found.id)
    assert [one.starts_at for one in page.options] == [FRIDAY, LATER]
    # The last minute of the day in Toronto.
    assert found.closes_at == datetime(2026, 11, 27, 4, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "Propose a time at least."),
        ({"day": ["2026-11-01"], "clock": ["09:00"]}, "One of these times has passed."),
        ({"day": ["2026-12-01"], "clock": [""]}, "Give a day and a time of day in each row."),
        ({"day": ["2026-12-01"], "clock": ["x"]}, "Give a day and a time of day in each row."),
        ({"day": ["9999-12-01"], "clock": ["09:00"]}, "Propose times within a year."),
        ({"day": ["2026-12-01"] * 2, "clock": ["09:00"] * 2}, "The same time stands here twice."),
        (
            {"day": ["2026-12-01"] * 21, "clock": [f"{n:02}:00" for n in range(21)]},
            "Propose 20 times at most.",
        ),
        (
            {"day": ["2026-12-01"], "clock": ["09:00"], "closes_on": "2026-11-22"},
            "This day has passed. Leave people time to answer.",
        ),
        (
            {"day": ["2026-12-01"], "clock": ["09:00"], "closes_on": "2026-12-01"},
            "Close before the day of the first time.",
        ),
        ({"day": ["2026-12-01"], "clock": ["09:00"], "minutes": "4"}, "Choose between 5 and 480"),
        (
            {"at": [(FRIDAY + timedelta(hours=n)).isoformat() for n in range(21)]},
            "Propose 20 times at most.",
        ),
    ],
)
def test_wrong_proposal_says_what_is_wrong_and_keeps_all(house, client, changed, sentence) -> None:
    client.sign_in(house.alice.id)
    sent = ASKED | {"message": "Kept words"} | changed
    answer = client.send(f"/rosters/{house.group}/polls/new", sent)
    assert (answer.status_code, sentence in words(answer.text)) == (422, True)
    assert "Kept words" in answer.text
    assert [f'value="{day}"' in answer.text for day in changed.get("day", [])] == [True] * len(
        changed.get("day", [])
    )
    assert db.session.scalars(select(Poll)).all() == []


def test_member_answers_and_then_sees_the_others(house, poll, client) -> None:
    client.sign_in(house.bob.id)
    before = client.get(f"/polls/{poll}").text
    assert "Fri 27 Nov 2026, 9:00" in words(before) or "09:00" in words(before)
    assert "14:00 London" in words(before)
    assert "What suits best" not in before
    sent = said(poll, "maybe", "yes") | {"remark": "Fridays are full"}
    answer = client.send(f"/polls/{poll}/answer", sent)
    assert answer.location == f"/polls/{poll}"
    after = words(client.get(f"/polls/{poll}").text)
    assert "2 Yes Alice Ashworth, Bob Brandt" in after
    assert "Fridays are full" in after
    assert "No answer yet: Carol Conti" in after


def test_none_of_these_is_no_to_all(house, poll, client) -> None:
    client.sign_in(house.bob.id)
    client.send(f"/polls/{poll}/answer", {"none": "1", "remark": "Away"})
    page = polls.poll_page(house.bob, NOW, poll)
    assert [one.mine for one in page.options] == ["no", "no"]
    assert page.remark == "Away"


def test_half_an_answer_is_refused_and_kept(house, poll, client) -> None:
    client.sign_in(house.bob.id)
    answer = client.send(f"/polls/{poll}/answer", said(poll, "yes") | {"remark": "Kept"})
    assert (answer.status_code, "Answer each of the times." in answer.text) == (422, True)
    assert len(re.findall(r'value="yes" checked', answer.text)) == 1
    assert "Kept" in answer.text


def test_answer_after_closing_is_a_clear_409(house, poll, client, clock) -> None:
    client.sign_in(house.bob.id)
    clock.move_to(CLOSES)
    answer = client.send(f"/polls/{poll}/answer", said(poll, "yes", "yes"))
    assert answer.status_code == 409
    assert "This poll is closed; it takes no answers any more." in answer.text


def test_best_time_is_booked_through_the_usual_form(house, poll, client) -> None:
    client.sign_in(house.alice.id)
    page = client.get(f"/polls/{poll}").text
    link = re.search(r'href="(/rosters/[^"]*/book\?[^"]*)"', page)
    assert link is not None
    form = client.get(unescape(link[1])).text
    assert [f'value="{value}"' in form for value in ("2026-11-27", "14:00", "60", poll)] == [
        True
    ] * 4
    sent = {"date": "2026-11-27", "starts_at": "14:00", "minutes": "60", "repeats": "never"}
    answer = client.send(f"/rosters/{house.group}/book", sent | {"poll": str(poll)})
    session = db.session.scalars(select(Session)).one()
    assert answer.location == f"/sessions/{session.id}"
    assert db.session.get_one(Poll, poll, populate_existing=True).session_id == session.id
    assert "A session was booked from this poll." in client.get(f"/polls/{poll}").text


def test_series_can_begin_with_the_chosen_time(house, poll, client) -> None:
    client.sign_in(house.alice.id)
    sent = {"date": "2026-11-27", "starts_at": "14:00", "minutes": "60", "repeats": "weekly"}
    ends = {"ends": "times", "times": "3", "poll": str(poll)}
    assert client.send(f"/rosters/{house.group}/book", sent | ends).status_code == 303
    rows = db.session.scalars(select(Session).order_by(Session.starts_at)).all()
    assert len(rows) == 3
    found = db.session.get_one(Poll, poll, populate_existing=True)
    assert (found.session_id, found.state) == (rows[0].id, "closed")


def test_refused_booking_leaves_the_poll_open(house, poll, client) -> None:
    client.sign_in(house.alice.id)
    sent = {"date": "2026-11-27", "starts_at": "14:00", "minutes": "60", "repeats": "never"}
    assert client.send(f"/rosters/{house.individual}/book", sent).status_code == 303
    answer = client.send(f"/rosters/{house.group}/book", sent | {"poll": str(poll)})
    assert (answer.status_code, f'value="{poll}"' in answer.text) == (422, True)
    assert polls.poll_page(house.bob, NOW, poll).is_open is True
    page = words(client.get(f"/polls/{poll}").text)
    assert "Fri 27 Nov 2026, 14:00 worst hour: good No longer possible You have something" in page


def test_home_and_roster_lead_to_the_open_poll(house, poll, client) -> None:
    client.sign_in(house.bob.id)
    assert f'href="/polls/{poll}"' in client.get("/").text
    assert f'href="/polls/{poll}"' in client.get(f"/rosters/{house.group}").text
    client.send(f"/polls/{poll}/answer", said(poll, "yes", "yes"))
    assert f'href="/polls/{poll}"' not in client.get("/").text


def test_list_keeps_closed_polls(house, poll, client) -> None:
    client.sign_in(house.alice.id)
    client.send(f"/polls/{poll}/close", {})
    assert f'href="/polls/{poll}"' not in client.get(f"/rosters/{house.group}").text
    client.sign_in(house.bob.id)
    page = client.get(f"/rosters/{house.group}/polls").text
    assert f'href="/polls/{poll}"' in page
    assert "polls/new" not in page
    assert "Book this" not in client.get(f"/polls/{poll}").text


def test_who_may_only_look_is_refused(house, poll, client) -> None:
    client.sign_in(house.bob.id)
    assert client.get(f"/rosters/{house.group}/polls/new").status_code == 403
    assert client.send(f"/rosters/{house.group}/polls/new", ASKED).status_code == 403
    assert client.send(f"/polls/{poll}/close", {}).status_code == 403
    client.sign_in(house.charlie.id)
    assert client.get(f"/polls/{poll}").status_code == 404
    assert client.send(f"/polls/{poll}/answer", {}).status_code == 404
    assert client.get(f"/rosters/{house.group}/polls").status_code == 404


def test_poll_of_another_roster_cannot_be_settled(house, poll, client) -> None:
    client.sign_in(house.alice.id)
    sent = {"date": "2026-11-27", "starts_at": "14:00", "minutes": "60", "repeats": "never"}
    answer = client.send(f"/rosters/{house.individual}/book", sent | {"poll": str(poll)})
    assert answer.status_code == 404
    assert db.session.scalars(select(Session)).all() == []


def test_closing_day_is_offered_before_the_first_time(house, client) -> None:
    client.sign_in(house.alice.id)
    soon = (NOW + timedelta(days=1, hours=5)).isoformat()
    page = client.get(f"/rosters/{house.group}/polls/new", query_string={"at": soon}).text
    assert 'value="2026-11-23"' in page
