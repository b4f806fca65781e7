"""Find a time as a page: an address that says what was looked for, everybody's hours, a way on."""

import re
from datetime import UTC, date, datetime
from html import unescape

import pytest

from supervision.db import db
from supervision.models.availability import TimeOff
from tests import factories

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def house(app):
    return factories.house()


@pytest.fixture
def find(house, client):
    client.sign_in(house.alice.id)

    def get(**query):
        return client.get(f"/rosters/{house.group}/find", query_string=query)

    return get


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def offers(text: str) -> list[str]:
    """What each of the best times says, without its button."""
    return [words(one.partition("</ul>")[0]) for one in text.split('<li class="card offer">')[1:]]


def test_page_shows_everybodys_hours(find) -> None:
    answer = find()
    assert answer.status_code == 200
    first = offers(answer.text)[0]
    assert first == (
        "Tomorrow, 14:00 good Alice Ashworth London 14:00 good "
        "Bob Brandt Toronto 09:00 good Carol Conti Berlin 15:00 good"
    )


def test_best_time_leads_to_the_filled_in_form(find, client) -> None:
    link = re.search(r'href="(/rosters/[^"]*/book\?[^"]*)"', find().text)
    assert link is not None
    form = client.get(unescape(link[1])).text
    assert 'value="2026-11-24"' in form
    assert 'value="14:00"' in form


def test_wrong_wish_keeps_what_was_typed(find) -> None:
    answer = find(first_day="2026-11-24", weeks="99", minutes="abc")
    assert answer.status_code == 422
    assert 'value="99"' in answer.text
    assert 'value="abc"' in answer.text
    answer = find(first_day="2026-11-24", weeks="99", minutes="50")
    assert (answer.status_code, "Look at 1 to 8 weeks." in answer.text) == (422, True)


def test_chosen_people_stay_chosen(find, house) -> None:
    answer = find(
        first_day="2026-11-24", weeks="1", minutes="50", who=[house.alice.id, house.bob.id]
    )
    ticked = re.findall(r'value="([0-9a-f-]{36})" id="who-[^"]*" checked', answer.text)
    assert set(ticked) == {str(house.alice.id), str(house.bob.id)}
    answer = find(first_day="2026-11-24", weeks="1", minutes="50", who="rubbish")
    assert answer.status_code == 200


def test_nothing_that_suits_says_what_to_do(find, house) -> None:
    off = TimeOff(
        person_id=house.carol.id, first_on=date(2026, 11, 1), last_on=date(2027, 11, 1), label="x"
    )
    db.session.add(off)
    db.session.commit()
    answer = find()
    assert answer.status_code == 200
    assert "No time suits everybody" in answer.text


def test_member_who_may_not_book_is_refused(house, client) -> None:
    client.sign_in(house.bob.id)
    assert client.get(f"/rosters/{house.group}/find").status_code == 403


def days(text: str) -> list[str]:
    """What each day of the week says, with its hours."""
    whole = text.partition('class="week-days')[2].partition("</section>")[0]
    return [words(one) for one in whole.split("<h3>")[1:]]


def test_week_shows_each_hour_with_everybodys_own(find) -> None:
    wednesday = days(find().text)[2]
    assert wednesday.startswith(
        "Wed 25 Nov 2026 06:00 book AA Alice Ashworth 06:00 ○ early or late"
    )
    assert (
        "14:00 book AA Alice Ashworth 14:00 ● good BB Bob Brandt 09:00 ● good "
        "CC Carol Conti 15:00 ● good"
    ) in wednesday
    assert wednesday.count("Bob Brandt") == 16


def test_week_turns_alone_under_a_real_address(find, house, client) -> None:
    page = find().text
    link = re.search(r'hx-get="([^"]*)"[^>]*>Week after', page)
    assert link is not None
    path = unescape(link[1])
    whole = client.get(path).text
    part = client.get(path, headers={"HX-Request": "true"}).text
    assert days(part) == days(whole)
    assert days(part)[0].startswith("Mon 30 Nov 2026 06:00")
    assert "<html" in whole
    assert part.lstrip().startswith('<section id="week"')


def test_ticks_outlive_the_turning_of_weeks(find, client) -> None:
    query = {"minutes": "50", "first_day": "2026-11-24", "weeks": "1"}
    kept = ["2026-11-24T14:00:00+00:00", "2026-12-01T14:00:00+00:00", "rubbish"]
    page = find(**query, week="2026-12-01", at=kept).text
    ticked = re.findall(r'name="at" value="([^"]*)"[^>]* checked', page)
    assert ticked == kept[:2]


def test_whole_days_are_shown_when_asked_for(find) -> None:
    query = {"minutes": "50", "first_day": "2026-11-24", "weeks": "1"}
    assert days(find(**query, hours="all").text)[2].count("Bob Brandt") == 24
    assert days(find(**query, week="never", hours="x").text)[2].count("Bob Brandt") == 16


def test_hour_at_which_somebody_is_busy_is_not_to_be_booked(find, house) -> None:
    group = factories.roster(house.alice, house.bob, title="Another")
    factories.session(group, datetime(2026, 11, 25, 14, 0, tzinfo=UTC), house.carol)
    db.session.commit()
    wednesday = days(find().text)[2]
    assert "14:00 AA Alice Ashworth 14:00 ● good" in wednesday
    assert "CC Carol Conti 15:00 ✕ not free" in wednesday
