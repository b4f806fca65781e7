"""The calendar over HTTP: the right instants for the viewer, nobody else's, at a constant cost."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import event

from supervision.db import db
from supervision.models.rosters import Roster
from supervision.models.sessions import SessionState
from tests import factories

VIEWS = ("week", "month", "agenda")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
TUESDAY = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("clock")


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that is run meanwhile, but for the beginning and end of transactions."""
    found: list[str] = []

    def note(connection, cursor, statement, parameters, context, many):
        found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def entries(html: str) -> list[str]:
    """What each session's line says, in order, without the markup."""
    return [words(one) for one in re.findall(r'<li class="entry.*?</li>', html, re.DOTALL)]


@pytest.fixture
def house(app):
    return factories.house()


@pytest.fixture
def group(house):
    return db.session.get_one(Roster, house.group)


def test_session_is_in_the_viewers_zone_with_its_own_beside_it(house, group, client):
    factories.session(group, TUESDAY, house.alice, house.bob)
    client.sign_in(house.bob.id)
    page = client.get("/calendar").text
    said = "09:30 –10:20 Tuesday group 14:30 London Group Online"
    assert entries(page) == [said]
    assert 'datetime="2026-11-24T14:30+00:00"' in page
    assert "Times as on the clocks in Toronto" in words(page)


def test_session_in_the_viewers_own_zone_says_its_time_once(house, group, client):
    factories.session(group, TUESDAY, house.alice, house.bob)
    client.sign_in(house.alice.id)
    said = "14:30 –15:20 Tuesday group Group Online"
    assert entries(client.get("/calendar").text) == [said]


def test_session_on_another_weekday_elsewhere_says_so(house, group, client):
    """01:00 on Wednesday in London is 20:00 on Tuesday in Toronto."""
    factories.session(group, datetime(2026, 11, 25, 1, 0, tzinfo=UTC), house.bob)
    client.sign_in(house.bob.id)
    said = "20:00 –20:50 Tuesday group Wed 01:00 London Group Online"
    assert entries(client.get("/calendar").text) == [said]


def test_clock_of_twelve_hours_is_kept(app, house, group, client):
    erin = factories.person("erin", clock="12")
    factories.session(group, TUESDAY, erin)
    client.sign_in(erin.id)
    said = "9:30 am –10:20 am Tuesday group 2:30 pm London Group"
    assert entries(client.get("/calendar?view=agenda").text) == [said]


@pytest.mark.parametrize("view", VIEWS)
def test_other_peoples_sessions_never_appear(view, house, group, client):
    factories.session(group, TUESDAY, house.alice, house.bob)
    client.sign_in(house.charlie.id)
    page = client.get(f"/calendar?view={view}").text
    assert entries(page) == []
    assert "Tuesday group" not in page
    assert "No sessions in these days" in page


def test_cancelled_session_is_struck_and_says_so_without_its_place(house, group, client):
    factories.session(group, TUESDAY, house.alice, state=SessionState.CANCELLED)
    client.sign_in(house.alice.id)
    page = client.get("/calendar").text
    assert entries(page) == ["14:30 –15:20 Tuesday group Cancelled Group"]
    assert '<li class="entry group cancelled h14 m30 d0 e50">' in page


def test_session_moved_by_a_clock_change_says_so(house, group, client):
    factories.session(group, TUESDAY, house.alice, shifted=True)
    client.sign_in(house.alice.id)
    said = "14:30 –15:20 Tuesday group Clocks change Group Online"
    assert entries(client.get("/calendar").text) == [said]


def test_session_over_midnight_goes_on_the_next_day(house, group, client):
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    factories.session(group, late, house.alice, minutes=60)
    client.sign_in(house.alice.id)
    assert entries(client.get("/calendar").text) == [
        "23:30 –00:30 Tuesday group Group Online",
        "23:30 –00:30 Tuesday group Continued Group Online",
    ]


def test_sessions_at_once_stand_in_lanes(house, group, client):
    for minutes in (0, 20):
        factories.session(group, TUESDAY + timedelta(minutes=minutes), house.alice)
    client.sign_in(house.alice.id)
    places = re.findall(r'class="entry group (.*?)"', client.get("/calendar").text)
    assert places == ["h14 m30 d0 e50 of2 l0", "h14 m50 d0 e50 of2 l1"]


def test_day_with_too_many_at_once_is_a_plain_list(house, group, client):
    for _n in range(5):
        factories.session(group, TUESDAY, house.alice)
    client.sign_in(house.alice.id)
    page = client.get("/calendar").text
    assert re.findall(r'class="day ([a-z ]*crowded)"', page) == ["crowded"]
    assert len(entries(page)) == 5


def test_week_begins_on_the_viewers_day(app, house, group, client):
    """The clock stands on Monday 23 November 2026."""
    erin = factories.person("erin", week_starts=6)
    factories.session(group, TUESDAY, erin)
    client.sign_in(erin.id)
    page = client.get("/calendar").text
    days = re.findall(r'<h2><time datetime="([^"]+)"', page)
    assert (days[0], days[-1], len(days)) == ("2026-11-22", "2026-11-28", 7)
    assert "22 – 28 November 2026" in words(page)


def test_now_stands_between_what_began_and_what_comes(house, group, client):
    for hour in (8, 10):
        factories.session(group, datetime(2026, 11, 23, hour, tzinfo=UTC), house.alice)
    client.sign_in(house.alice.id)
    page = client.get("/calendar").text
    today = re.search(r'<li class="day today">.*?</ol>', page, re.DOTALL)
    assert today
    said = words(today[0])
    assert said == (
        "Mon 23 Nov Today 08:00 –08:50 Tuesday group Group Online Now, 09:00 "
        "10:00 –10:50 Tuesday group Group Online"
    )


@pytest.mark.parametrize(("hour", "place"), [(7, "out"), (8, "h8 m0"), (17, "h17 m0"), (18, "out")])
def test_now_is_drawn_only_in_the_hours_of_the_grid(hour, place, house, group, client, clock):
    clock.move_to(datetime(2026, 11, 23, hour, 4, tzinfo=UTC))
    factories.session(group, TUESDAY, house.alice)
    client.sign_in(house.alice.id)
    assert re.findall(r'<li class="now (.*?)">', client.get("/calendar").text) == [place]


def test_month_shows_six_weeks_and_leads_to_full_days(house, group, client):
    for hour in range(9, 15):
        factories.session(group, datetime(2026, 11, 24, hour, tzinfo=UTC), house.alice)
    client.sign_in(house.alice.id)
    page = client.get("/calendar?view=month&date=2026-11-24").text
    assert page.count("<td ") == 42
    assert len(entries(page)) == 3
    assert '<a href="/calendar?view=agenda&amp;date=2026-11-24">3 more</a>' in page
    assert "November 2026" in words(page)


def test_agenda_is_four_weeks_of_days_that_hold_something(house, group, client):
    for later in (0, 13, 26, 28):
        factories.session(group, TUESDAY + timedelta(days=later), house.alice)
    client.sign_in(house.alice.id)
    page = client.get("/calendar?view=agenda&date=2026-11-24").text
    days = re.findall(r'<h2><time datetime="([^"]+)"', page)
    assert days == ["2026-11-24", "2026-12-07", "2026-12-20"]


@pytest.mark.parametrize(
    ("view", "before", "after"),
    [
        ("week", "2026-11-17", "2026-12-01"),
        ("month", "2026-10-01", "2026-12-01"),
        ("agenda", "2026-10-27", "2026-12-22"),
    ],
)
def test_ways_on_are_addresses_and_swaps(view, before, after, house, client):
    client.sign_in(house.alice.id)
    page = client.get(f"/calendar?view={view}&date=2026-11-24").text
    bar = page[page.index('class="turn"') : page.index('class="tabs"')]
    base = f"/calendar?view={view}"
    hrefs = [f"{base}&amp;date={before}", base, f"{base}&amp;date={after}"]
    assert re.findall(r' href="([^"]+)"', bar) == hrefs
    assert re.findall(r' hx-get="([^"]+)"', bar) == hrefs
    assert bar.count("hx-push-url") == bar.count("hx-nonce") == 3


@pytest.mark.parametrize("view", VIEWS)
def test_htmx_gets_the_fragment_that_the_page_includes(view, house, group, client):
    factories.session(group, TUESDAY, house.alice)
    client.sign_in(house.alice.id)
    page = client.get(f"/calendar?view={view}")
    fragment = client.get(f"/calendar?view={view}", headers=HTMX)
    assert fragment.text.strip().startswith('<section id="calendar"')
    assert fragment.text.strip().endswith("</section>")
    assert "<html" not in fragment.text
    assert fragment.text.count("data-focus") == 1
    assert "data-focus" not in page.text
    assert entries(fragment.text) == entries(page.text) != []
    for response in (page, fragment):
        assert response.status_code == 200
        assert {"hx-request", "hx-request-type"} <= {one.lower() for one in response.vary}


def test_swap_tells_the_days_and_how_many_sessions(house, group, client):
    for days in (0, 1):
        factories.session(group, TUESDAY + timedelta(days=days), house.alice)
    client.sign_in(house.alice.id)
    for query, said in [
        ("", "23 – 29 November 2026: 2 sessions"),
        ("view=month", "November 2026: 2 sessions"),
        ("view=month&date=2026-12-01", "December 2026: no sessions"),
        ("view=agenda&date=2026-11-25", "25 November – 22 December 2026: 1 session"),
        ("date=2027-01-01", "28 December 2026 – 3 January 2027: no sessions"),
    ]:
        html = client.get(f"/calendar?{query}", headers=HTMX).text
        told = re.findall('data-announce="(.*?)"', html)
        assert [words(one) for one in told] == [said]


@pytest.mark.parametrize(
    "text", ["2026-02-30", "yesterday", "9999-12-31", "0001-01-01", "x" * 2000]
)
def test_date_that_cannot_be_shown_falls_to_today_with_a_sentence(text, house, client):
    client.sign_in(house.alice.id)
    response = client.get("/calendar", query_string={"date": text})
    assert response.status_code == 422
    assert "That is not a date the calendar can show. Here is today instead." in response.text
    assert "23 – 29 November 2026" in words(response.text)


@pytest.mark.parametrize("day", ["1971-01-01", "2199-12-31"])
@pytest.mark.parametrize("view", VIEWS)
def test_ends_of_the_calendar_can_be_shown(view, day, house, client):
    client.sign_in(house.alice.id)
    assert client.get(f"/calendar?view={view}&date={day}").status_code == 200


def test_unknown_view_is_not_found(house, client):
    client.sign_in(house.alice.id)
    assert client.get("/calendar?view=year").status_code == 404


def test_anonymous_person_is_sent_to_sign_in(app, client):
    response = client.get("/calendar?view=month")
    assert response.status_code == 302
    assert response.location == "/sign-in?next=/calendar?view%3Dmonth"


@pytest.mark.parametrize("view", VIEWS)
def test_statements_are_few_and_as_many_for_30_sessions_as_for_one(view, house, group, client):
    client.sign_in(house.alice.id)
    factories.session(group, TUESDAY, house.alice, house.bob)
    db.session.commit()
    with statements() as one:
        client.get(f"/calendar?view={view}")
    for n in range(29):
        factories.session(group, TUESDAY + timedelta(hours=n), house.alice, house.bob)
    db.session.commit()
    with statements() as thirty:
        client.get(f"/calendar?view={view}")
    assert thirty == one
    assert len(one) <= 6
