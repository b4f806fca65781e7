"""Booking by the supervisee over HTTP, as a browser without JavaScript does it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select

from supervision.db import db
from supervision.models.sessions import Claim, Session
from tests import factories
from tests.support.client import Forms

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def house(app):
    return factories.house()


@pytest.fixture
def kind(house) -> UUID:
    return factories.bookable(house.alice)


@pytest.fixture
def alice(house, new_client):
    client = new_client()
    client.sign_in(house.alice.id)
    return client


@pytest.fixture
def bob(house, client):
    client.sign_in(house.bob.id)
    return client


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def shown(html: str) -> list[str]:
    return re.findall(r'<button [^>]*name="at" value="([^"]+)"', html)


def sessions() -> list[Session]:
    return list(db.session.scalars(select(Session).order_by(Session.starts_at)))


def held() -> list[datetime]:
    return list(db.session.scalars(select(Claim.starts_at).where(Claim.state == "hold")))


def confirm(house, kind, at=TEN) -> str:
    stamp = at.isoformat().replace("+", "%2B")
    return f"/book/{house.individual}/confirm?type={kind}&at={stamp}"


def test_page_shows_the_first_week_that_has_a_free_time(house, kind, bob):
    response = bob.get(f"/book/{house.individual}")
    starts = shown(response.text)
    assert (starts[0], len(starts)) == ("2026-11-24T09:00:00+00:00", 4 * 15)
    assert "04:00 09:00 London" in words(response.text)


def test_person_s_id_leads_to_the_roster_with_them(house, kind, bob):
    response = bob.get(f"/book/{house.alice.id}")
    assert (response.status_code, response.location) == (303, f"/book/{house.individual}")


def test_supervisor_sees_the_times_and_takes_none(house, kind, alice):
    response = alice.get(f"/book/{house.individual}")
    assert (response.status_code, shown(response.text)) == (200, [])
    assert alice.get(confirm(house, kind)).status_code == 403


def test_week_without_a_free_time_says_why_and_leads_on(house, kind, bob):
    page = bob.get(f"/book/{house.individual}?week=2026-11-16")
    assert "16 – 22 November 2026" in words(page.text)
    assert "Every time in these days is in the past." in words(page.text)
    assert "Go to the next free time, Tue 24 Nov 2026" in words(page.text)


def test_supervisor_who_offers_nothing_is_to_be_written_to(house, bob):
    page = bob.get(f"/book/{house.individual}")
    assert "Write to them to arrange one." in words(page.text)


def test_turning_the_week_swaps_the_times_alone(house, kind, bob):
    page = bob.get(f"/book/{house.individual}?week=2026-12-01", headers={"HX-Request": "true"})
    assert page.text.lstrip().startswith('<section id="slots"')
    assert len(shown(page.text)) == 5 * 15


def test_time_is_held_then_booked(house, kind, bob):
    given = {"type": str(kind), "at": TEN.isoformat()}
    response = bob.send(f"/book/{house.individual}/hold", given)
    assert (response.status_code, held()) == (303, [TEN])
    page = bob.get(response.location)
    assert "Kept for you until 04:10." in words(page.text)
    done = bob.submit(response.location, {"message": "Hello"}, button="Book")
    (session,) = sessions()
    assert (done.status_code, done.location) == (303, f"/sessions/{session.id}")
    assert (session.starts_at, session.message, held()) == (TEN, "Hello", [])


def test_form_sent_twice_books_once(house, kind, bob):
    form = bob.form(confirm(house, kind), button="Book")
    answers = [bob.post(form.action, data=form.values) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(sessions()) == 1


def test_time_that_is_gone_is_told_with_what_is_near(house, kind, bob):
    form = bob.form(confirm(house, kind), button="Book")
    factories.session(db.session.get_one(factories.Roster, house.group), TEN, house.alice)
    answer = bob.post(form.action, data=form.values)
    assert (answer.status_code, len(sessions())) == (422, 1)
    assert "The nearest free times: Tue 24 Nov 2026, 04:00 " in words(answer.text)
    again = bob.send(f"/book/{house.individual}/hold", {"type": str(kind), "at": TEN.isoformat()})
    assert (again.status_code, held()) == (422, [])


def test_choosing_anew_lets_go(house, kind, bob):
    bob.send(f"/book/{house.individual}/hold", {"type": str(kind), "at": TEN.isoformat()})
    answer = bob.send(f"/book/{house.individual}/release", {"type": str(kind)})
    assert (answer.status_code, held()) == (303, [])


@pytest.mark.parametrize("query", ["", "type=x&at=y", "at=2026-11-24T10:00"])
def test_address_that_names_no_time_is_no_page(house, kind, bob, query):
    assert bob.get(f"/book/{house.individual}/confirm?{query}").status_code == 404


def test_request_is_accepted_from_home(house, alice, bob):
    kind = factories.bookable(house.alice, asks=True)
    bob.submit(confirm(house, kind), button="Ask for it")
    (session,) = sessions()
    assert session.state == "requested"
    assert "Bob Brandt asks for a session on Tue 24 Nov 2026 at 10:00." in words(
        alice.get("/").text
    )
    assert "Asked for" in words(bob.get(f"/rosters/{house.individual}").text)
    assert "Asked for" in words(bob.get("/calendar").text)
    alice.submit(f"/sessions/{session.id}", button="Accept")
    db.session.expire_all()
    assert sessions()[0].state == "planned"
    assert "asks for a session" not in words(alice.get("/").text)


def test_request_is_declined_with_words_or_taken_back(house, alice, bob):
    kind = factories.bookable(house.alice, asks=True)
    for start in (TEN, TEN + timedelta(hours=1)):
        bob.submit(confirm(house, kind, start), button="Ask for it")
    first, second = sessions()
    alice.submit(f"/sessions/{first.id}/decline", {"message": "Away"}, button="Decline")
    bob.submit(f"/sessions/{second.id}", button="Take it back")
    db.session.expire_all()
    assert [(one.state, one.message) for one in sessions()] == [
        ("declined", "Away"),
        ("declined", ""),
    ]


def test_session_is_moved_by_choosing_another_time(house, kind, bob):
    bob.submit(confirm(house, kind), button="Book")
    (session,) = sessions()
    page = bob.get(f"/book/sessions/{session.id}/move").text
    to = unescape(re.findall(r'href="(/book/sessions/[^"]*at=[^"]*)"', page)[-1])
    bob.submit(to, button="Move")
    db.session.expire_all()
    assert sessions()[0].starts_at == datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


def test_late_cancelling_is_said_before_and_marked(house, kind, bob, clock):
    bob.submit(confirm(house, kind), button="Book")
    (session,) = sessions()
    address = f"/book/sessions/{session.id}/cancel"
    early = bob.form(address, button="Cancel session")
    assert "In good time" in words(bob.get(address).text)
    clock.move_to(TEN - timedelta(hours=23))
    assert bob.post(address, data=early.values).status_code == 422
    assert "This is late" in words(bob.get(address).text)
    assert bob.submit(address, button="Cancel session").status_code == 303
    db.session.expire_all()
    assert (sessions()[0].state, sessions()[0].late) == ("cancelled", True)
    assert "Late" in words(bob.get(f"/sessions/{session.id}").text)


# -- weekly --------------------------------------------------------------------------------


@pytest.fixture
def weekly(house) -> UUID:
    return factories.bookable(house.alice, most_weeks=4)


def group_meets(house, *weeks: int) -> None:
    """Alice is busy at ten on the Tuesdays so many weeks on."""
    group = db.session.get_one(factories.Roster, house.group)
    for week in weeks:
        factories.session(group, TEN + timedelta(weeks=week), house.alice)


def starts() -> list[str]:
    own = [one for one in sessions() if one.series_id]
    return [f"{one.starts_at:%m-%d %H:%M}" for one in own]


def again(client, answer, given, button="Book"):
    """Send the form on a page that was refused, as it stands, with a few fields changed."""
    form = next(form for form in Forms(answer.text).found if button in form.buttons)
    path = form.action or answer.request.path
    return client.post(path, data=form.values | given)


def test_time_can_be_repeated_as_often_as_the_kind_allows(house, weekly, bob):
    page = bob.get(confirm(house, weekly)).text
    offered = re.findall(r'<option[^>]* value="(\d+)">([^<]*)', page)
    assert offered == [
        ("1", "Only this once"),
        ("2", "2 times, the last on Tue 1 Dec 2026"),
        ("3", "3 times, the last on Tue 8 Dec 2026"),
        ("4", "4 times, the last on Tue 15 Dec 2026"),
    ]
    done = bob.submit(confirm(house, weekly), {"weeks": "4"}, button="Book")
    assert (done.status_code, starts()) == (
        303,
        ["11-24 10:00", "12-01 10:00", "12-08 10:00", "12-15 10:00"],
    )
    text = words(bob.get(done.location).text)
    assert "4 sessions are booked." in text
    assert "Every week on Tuesday. 4 sessions to come, the last on Tue 15 Dec 2026." in text


def test_kind_for_single_sessions_is_not_repeated(house, kind, bob):
    assert 'name="weeks"' not in bob.get(confirm(house, kind)).text
    bob.submit(confirm(house, kind), {"weeks": "4"}, button="Book")
    assert len(sessions()) == 1


def test_weeks_that_are_not_free_are_listed_with_what_is_near(house, weekly, bob):
    group_meets(house, 1, 3)
    answer = bob.submit(confirm(house, weekly), {"weeks": "4", "message": "Hello"}, button="Book")
    assert (answer.status_code, starts()) == (422, [])
    text = words(answer.text)
    assert (
        "Tue 1 Dec 2026, 05:00 Not free: busy. What to do Take Tue 1 Dec 2026, 04:00 Leave it out"
    ) in text
    assert "Tue 15 Dec 2026, 05:00 Not free: busy." in text
    assert ">Hello<" in answer.text.replace("\r\n", "")
    given = {"picks-0-to": "2026-12-01T09:00:00+00:00", "picks-1-to": "skip"}
    assert again(bob, answer, given).status_code == 303
    assert starts() == ["11-24 10:00", "12-01 09:00", "12-08 10:00"]


def test_one_button_leaves_out_the_weeks_that_are_undecided(house, weekly, bob):
    group_meets(house, 0, 2)
    answer = bob.submit(confirm(house, weekly), {"weeks": "3"}, button="Book")
    assert again(bob, answer, {"rest": "skip"}).status_code == 303
    assert starts() == ["12-01 10:00"]


def test_what_was_chosen_for_a_week_is_kept_when_another_is_refused(house, weekly, bob):
    group_meets(house, 1)
    answer = bob.submit(confirm(house, weekly), {"weeks": "3"}, button="Book")
    group_meets(house, 2)
    answer = again(bob, answer, {"picks-0-to": "skip"})
    assert (answer.status_code, "Decided; you can still change it." in answer.text) == (422, True)
    assert again(bob, answer, {"picks-1-to": "skip"}).status_code == 303
    assert starts() == ["11-24 10:00"]


@pytest.mark.parametrize("weeks", ["5", "0", "many"])
def test_weeks_that_are_not_offered_are_refused(house, weekly, bob, weeks):
    answer = bob.submit(confirm(house, weekly), {"weeks": weeks}, button="Book")
    assert (answer.status_code, starts()) == (422, [])


def test_other_start_that_is_no_time_names_no_page(house, weekly, bob):
    group_meets(house, 1)
    answer = bob.submit(confirm(house, weekly), {"weeks": "2"}, button="Book")
    assert again(bob, answer, {"picks-0-to": "soon"}).status_code == 404


def test_weeks_that_are_asked_for_are_answered_at_once(house, alice, bob):
    kind = factories.bookable(house.alice, asks=True, most_weeks=4)
    done = bob.submit(confirm(house, kind), {"weeks": "3"}, button="Ask for it")
    assert "You have asked for 3 times." in words(bob.get(done.location).text)
    assert ("Bob Brandt asks for 3 weekly sessions from Tue 24 Nov 2026 at 10:00.") in words(
        alice.get("/").text
    )
    page = words(alice.get(done.location).text)
    assert "3 times were asked for at once; your answer is for all of them." in page
    assert "Tue 24 Nov 2026, 10:00–10:50 Tue 1 Dec 2026, 10:00–10:50" in page
    alice.submit(done.location, button="Accept all")
    db.session.expire_all()
    assert {one.state for one in sessions()} == {"planned"}


def test_weeks_that_are_asked_for_are_declined_or_taken_back_at_once(house, alice, bob):
    kind = factories.bookable(house.alice, asks=True, most_weeks=4)
    first = bob.submit(confirm(house, kind), {"weeks": "2"}, button="Ask for it").location
    assert "2 times were asked for at once" in words(alice.get(f"{first}/decline").text)
    alice.submit(f"{first}/decline", {"message": "Away"}, button="Decline all")
    second = bob.submit(confirm(house, kind), {"weeks": "2"}, button="Ask for it").location
    bob.submit(second, button="Take all back")
    db.session.expire_all()
    assert [one.state for one in sessions()] == ["declined"] * 4
