"""Clashes with choices, extending and ending series, places and people, over HTTP."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import func, select

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.models.rosters import Roster
from supervision.models.sessions import Claim, Series, Session
from supervision.services import series, sessions
from supervision.services.sessions import Booked, Wish
from tests import factories
from tests.support.client import Forms
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
FOUR = {
    "date": "2026-11-24",
    "starts_at": "10:00",
    "minutes": "50",
    "repeats": "weekly",
    "ends": "times",
    "times": "4",
    "message": "Bring the tape.",
}

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def house(app):
    return factories.house()


@pytest.fixture
def alice(house, client):
    client.sign_in(house.alice.id)
    return client


@pytest.fixture
def bob(house, new_client):
    client = new_client()
    client.sign_in(house.bob.id)
    return client


@pytest.fixture
def carol(house, new_client):
    client = new_client()
    client.sign_in(house.carol.id)
    return client


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def complaints(html: str) -> dict[str, str]:
    """The sentence beside each field."""
    found = re.findall(r'id="([\w-]+)-error">(.*?)</p>', html, re.DOTALL)
    return {field: words(text) for field, text in found}


def flashes(html: str) -> list[str]:
    return [words(text) for text in re.findall(r'<p class="flash">(.*?)</p>', html, re.DOTALL)]


def lines(html: str) -> list[str]:
    """What stands in each line of times to decide on, up to its choices."""
    found = re.findall(r'<fieldset class="line".*?>(.*?)<div class="decide">', html, re.DOTALL)
    return [words(text) for text in found]


def planned(house) -> list[str]:
    rows = db.session.scalars(
        select(Session)
        .where(Session.roster_id == house.group, Session.state == "planned")
        .order_by(Session.starts_at)
        .execution_options(populate_existing=True)
    )
    return [f"{row.starts_at:%m-%d %H:%M}" for row in rows]


def busy(house, *days: str) -> None:
    """Alice sees Bob alone then."""
    for day in days:
        wish = Wish(datetime.fromisoformat(f"{day}T10:30"), 50)
        sessions.book_session(house.alice, AT, house.individual, wish)
    db.session.commit()


def existing(house, count: int | None = 4, local: datetime = TUESDAY) -> Booked:
    repeat = Repeat("week", count=count)
    done = series.book_series(house.alice, AT, house.group, Wish(local, 50), repeat)
    db.session.commit()
    return done


def again(client, answer, path: str, given: dict[str, str], button: str = "Book"):
    """Send the form on a page that was refused, as it stands, with a few fields changed."""
    form = next(form for form in Forms(answer.text).found if button in form.buttons)
    return client.post(form.action or path, data=form.values | given)


# -- clashes when booking ------------------------------------------------------------------


def test_clashes_are_listed_with_who_is_busy_when_and_nothing_is_booked(house, alice):
    busy(house, "2026-12-01", "2026-12-15")
    answer = alice.submit(f"/rosters/{house.group}/book", FOUR, button="Book")
    assert (answer.status_code, planned(house)) == (422, [])
    assert lines(answer.text) == [
        "Tue 1 Dec 2026, 10:00 Alice Ashworth is busy from 10:30 to 11:20.",
        "Tue 15 Dec 2026, 10:00 Alice Ashworth is busy from 10:30 to 11:20.",
    ]
    assert "Nothing is changed yet: choose below." in words(answer.text)
    assert "Bring the tape." in answer.text
    assert "Bob with Alice" not in answer.text


def test_clashes_are_told_in_the_zone_of_the_roster(house, bob):
    roster = factories.roster(house.bob, house.carol, zone="America/Toronto", title="Far")
    wish = Wish(datetime.fromisoformat("2026-12-01T15:00"), 50)
    sessions.book_session(house.alice, AT, house.individual, wish)
    answer = bob.submit(f"/rosters/{roster.id}/book", FOUR, button="Book")
    assert lines(answer.text) == ["Tue 1 Dec 2026, 10:00 Bob Brandt is busy from 10:00 to 10:50."]


def test_choices_let_the_series_go_through(house, alice):
    busy(house, "2026-12-01", "2026-12-15")
    path = f"/rosters/{house.group}/book"
    answer = alice.submit(path, FOUR, button="Book")
    chosen = {"clashes-0-what": "skip", "clashes-1-what": "shift", "clashes-1-at": "16:00"}
    done = again(alice, answer, path, chosen)
    assert (done.status_code, planned(house)) == (
        303,
        ["11-24 10:00", "12-08 10:00", "12-15 16:00"],
    )
    assert flashes(alice.get(done.location).text) == ["3 sessions are booked."]


def test_time_that_is_typed_is_a_choice_by_itself(house, alice):
    busy(house, "2026-12-01")
    path = f"/rosters/{house.group}/book"
    answer = alice.submit(path, FOUR, button="Book")
    assert again(alice, answer, path, {"clashes-0-at": "16:00"}).status_code == 303
    assert planned(house)[1] == "12-01 16:00"


def test_one_button_leaves_out_what_is_undecided(house, alice):
    busy(house, "2026-12-01", "2026-12-08", "2026-12-15")
    path = f"/rosters/{house.group}/book"
    answer = alice.submit(path, FOUR, button="Book")
    given = {"clashes-1-what": "shift", "clashes-1-at": "12:00", "rest": "skip"}
    assert again(alice, answer, path, given).status_code == 303
    assert planned(house) == ["11-24 10:00", "12-08 12:00"]


def test_what_still_clashes_is_shown_and_what_was_chosen_is_kept(house, alice):
    busy(house, "2026-12-01", "2026-12-15")
    path = f"/rosters/{house.group}/book"
    answer = alice.submit(path, FOUR, button="Book")
    chosen = {"clashes-0-what": "skip", "clashes-1-what": "shift", "clashes-1-at": "10:40"}
    answer = again(alice, answer, path, chosen)
    assert (answer.status_code, lines(answer.text)) == (
        422,
        [
            "Tue 1 Dec 2026, 10:00 Decided; you can still change it.",
            "Tue 15 Dec 2026, 10:00 Alice Ashworth is busy from 10:30 to 11:20.",
        ],
    )
    kept = next(form for form in Forms(answer.text).found if "Book" in form.buttons).values
    assert kept["clashes-0-what"] == ["skip"]
    assert again(alice, answer, path, {"clashes-1-what": "skip"}).status_code == 303
    assert planned(house) == ["11-24 10:00", "12-08 10:00"]


def test_choices_for_another_time_of_day_are_forgotten(house, alice):
    busy(house, "2026-12-01", "2026-12-15")
    path = f"/rosters/{house.group}/book"
    answer = alice.submit(path, FOUR, button="Book")
    given = {"starts_at": "10:20", "clashes-0-what": "skip", "clashes-1-what": "skip"}
    answer = again(alice, answer, path, given)
    assert [line.split(" Alice")[0] for line in lines(answer.text)] == [
        "Tue 1 Dec 2026, 10:20",
        "Tue 15 Dec 2026, 10:20",
    ]


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"clashes-0-what": "shift"}, "clashes-0-at", "This is needed."),
        ({"clashes-0-at": "25:00"}, "clashes-0-at", "Give a time of day, such as 14:30."),
    ],
)
def test_choice_without_a_time_says_so_beside_it(house, alice, given, field, sentence):
    busy(house, "2026-12-01")
    path = f"/rosters/{house.group}/book"
    answer = again(alice, alice.submit(path, FOUR, button="Book"), path, given)
    assert (answer.status_code, complaints(answer.text)) == (422, {field: sentence})
    assert planned(house) == []


def test_choices_that_make_no_sense_change_nothing(house, alice):
    busy(house, "2026-12-01")
    given = {
        "clashes-0-key": "rubbish",
        "clashes-0-what": "skip",
        "clashes-7-key": "2026-12-08T10:00",
    }
    answer = alice.submit(f"/rosters/{house.group}/book", FOUR | given, button="Book")
    assert (answer.status_code, len(lines(answer.text))) == (422, 2)


# -- clashes when moving -------------------------------------------------------------------


def test_move_of_a_series_lists_clashes_and_takes_choices(house, alice):
    done = existing(house, local=TUESDAY.replace(hour=14))
    busy(house, "2026-12-01", "2026-12-08")
    page = f"/sessions/{done.session_ids[0]}/move"
    answer = alice.submit(page, {"starts_at": "10:00", "which": "all"}, button="Move")
    assert (answer.status_code, len(lines(answer.text))) == (422, 2)
    assert planned(house) == ["11-24 14:00", "12-01 14:00", "12-08 14:00", "12-15 14:00"]
    chosen = {"clashes-0-what": "skip", "clashes-1-what": "shift", "clashes-1-at": "09:00"}
    assert again(alice, answer, page, chosen, "Move").status_code == 303
    assert planned(house) == ["11-24 10:00", "12-01 14:00", "12-08 09:00", "12-15 10:00"]


def test_move_of_one_session_onto_a_busy_time_lists_no_choices(house, alice):
    done = existing(house)
    busy(house, "2026-11-25")
    page = f"/sessions/{done.session_ids[0]}/move"
    answer = alice.submit(page, {"date": "2026-11-25", "which": "one"}, button="Move")
    assert (answer.status_code, lines(answer.text)) == (422, [])
    assert list(complaints(answer.text)) == ["starts_at"]


# -- extending and ending ------------------------------------------------------------------


def test_series_is_extended_from_the_page_of_a_session_and_of_its_roster(house, alice):
    done = existing(house)
    address = f"/series/{done.series_id}/extend"
    for page in (f"/sessions/{done.session_ids[0]}", f"/rosters/{house.group}"):
        assert f'href="{address}"' in alice.get(page).text
    text = words(alice.get(address).text)
    assert (
        "Every week on Tuesday at 10:00 (London). "
        "The last session that is booked is on Tue 15 Dec 2026."
    ) in text
    answer = alice.submit(address, {"more": "2"}, button="Extend")
    assert (answer.status_code, planned(house)[4:]) == (303, ["12-22 10:00", "12-29 10:00"])
    assert flashes(alice.get(answer.location).text) == ["2 sessions more are booked."]


def test_series_is_extended_over_clashes_by_choices(house, alice):
    done = existing(house)
    busy(house, "2026-12-22")
    address = f"/series/{done.series_id}/extend"
    answer = alice.submit(address, {"ends": "until", "until": "2026-12-31"}, button="Extend")
    assert (answer.status_code, len(lines(answer.text))) == (422, 1)
    answer = again(alice, answer, address, {"rest": "skip"}, "Extend")
    assert (answer.status_code, planned(house)[4:]) == (303, ["12-29 10:00"])


def test_series_is_made_open(house, alice):
    done = existing(house)
    alice.submit(f"/series/{done.series_id}/extend", {"ends": "open"}, button="Extend")
    assert db.session.scalar(select(Series.rrule)) == "FREQ=WEEKLY"
    assert alice.get(f"/series/{done.series_id}/extend").status_code == 409
    text = alice.get(f"/rosters/{house.group}").text
    assert "Every week on Tuesday at 10:00 goes on by itself" in words(text)


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"more": ""}, "more", "Say how many sessions."),
        ({"more": "0"}, "more", "Choose between 1 and 520."),
        ({"ends": "until"}, "until", "Say which day is the last."),
        (
            {"ends": "until", "until": "2026-12-20"},
            "until",
            "No session of the series lies between its end and this day.",
        ),
        ({"ends": "never"}, "ends", "Choose one from the list."),
    ],
)
def test_extending_by_a_wrong_value_says_so_beside_it(house, alice, given, field, sentence):
    done = existing(house)
    answer = alice.submit(f"/series/{done.series_id}/extend", given, button="Extend")
    assert (answer.status_code, complaints(answer.text)) == (422, {field: sentence})


def test_series_is_ended_on_a_day(house, alice):
    done = existing(house, count=None)
    address = f"/series/{done.series_id}/end"
    assert f'href="{address}"' in alice.get(f"/sessions/{done.session_ids[0]}").text
    answer = alice.submit(address, {"last_day": "2026-12-01"}, button="End series")
    assert (answer.status_code, answer.location) == (303, f"/rosters/{house.group}")
    assert planned(house) == ["11-24 10:00", "12-01 10:00"]
    assert flashes(alice.get(answer.location).text) == [
        "The series ends then. 51 sessions are cancelled, and everybody is told by mail."
    ]
    wrong = alice.submit(address, {"last_day": "2026-12-01"}, button="End series")
    assert (wrong.status_code, list(complaints(wrong.text))) == (422, ["last_day"])


@pytest.mark.parametrize("act", ["extend", "end", "let-end"])
def test_series_pages_are_for_those_who_run_the_roster(house, bob, new_client, act):
    done = existing(house)
    charlie = new_client()
    charlie.sign_in(house.charlie.id)
    path = f"/series/{done.series_id}/{act}"
    assert [one.send(path).status_code for one in (bob, charlie)] == [403, 404]
    if act != "let-end":
        assert [one.get(path).status_code for one in (bob, charlie)] == [403, 404]
    assert f"/series/{done.series_id}" not in bob.get(f"/rosters/{house.group}").text


def test_home_reminds_until_the_series_is_let_end(house, alice, bob, clock):
    existing(house)
    assert "ends soon" not in alice.get("/").text
    clock.shift(timedelta(days=1, hours=2))
    text = words(alice.get("/").text)
    assert (
        "A series of Tuesday group ends soon: 3 sessions are left, the last on Tue 15 Dec 2026."
    ) in text
    assert "ends soon" not in bob.get("/").text
    answer = alice.submit("/", button="Let it end Tuesday group")
    assert (answer.status_code, answer.location) == (303, "/")
    assert "ends soon" not in alice.get("/").text


def test_home_says_that_a_series_has_ended(house, alice, clock):
    existing(house)
    clock.shift(timedelta(weeks=5))
    alice.sign_in(house.alice.id)
    assert "A series of Tuesday group ended on Tue 15 Dec 2026." in words(alice.get("/").text)


def test_roster_page_costs_the_same_for_one_series_and_for_many(house, alice):
    asked = []
    for hours in (range(1), range(1, 6)):
        for hour in hours:
            existing(house, local=TUESDAY + timedelta(hours=hour))
        with counted() as seen:
            page = alice.get(f"/rosters/{house.group}").text
        asked.append((page.count("/extend"), len(seen)))
    assert asked == [(1, 6), (6, 6)]


# -- places and people ---------------------------------------------------------------------


def test_session_is_booked_at_another_place_for_some(house, alice, bob, carol):
    given = FOUR | {
        "repeats": "never",
        "place": "own",
        "address": "12 Garden Row",
        "who": "some",
        "people": [str(house.bob.id)],
    }
    answer = alice.submit(f"/rosters/{house.group}/book", given, button="Book")
    assert answer.status_code == 303
    assert "Place 12 Garden Row" in words(bob.get(answer.location).text)
    assert carol.get(answer.location).status_code == 404
    for page in ("/calendar", "/", f"/rosters/{house.group}"):
        assert [answer.location in one.get(page).text for one in (alice, bob, carol)] == [
            True,
            True,
            False,
        ]
    assert "For some" in words(alice.get(f"/rosters/{house.group}").text)
    assert "12 Garden Row" in words(bob.get("/calendar").text)


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"place": "own"}, "address", "Give an address, a meeting link, or both."),
        (
            {"place": "own", "meeting_link": "ftp://x"},
            "meeting_link",
            "Give a whole link that begins with https://",
        ),
        ({"place": "own", "address": "x" * 301}, "address", "Keep this to 300 characters."),
        ({"place": "moon"}, "place", "Choose one from the list."),
        ({"who": "some"}, "people", "Choose at least one."),
        ({"who": "some", "people": str(UUID(int=1))}, "people", "Choose from the list."),
        ({"who": "few"}, "who", "Choose one from the list."),
    ],
)
def test_wrong_place_or_people_say_so_beside_them(house, alice, given, field, sentence):
    answer = alice.submit(f"/rosters/{house.group}/book", FOUR | given, button="Book")
    assert (answer.status_code, complaints(answer.text)) == (422, {field: sentence})
    assert planned(house) == []


def test_people_that_are_no_ids_are_refused(house, alice):
    given = FOUR | {"who": "some", "people": "everybody"}
    answer = alice.submit(f"/rosters/{house.group}/book", given, button="Book")
    assert (answer.status_code, list(complaints(answer.text))) == (422, ["people"])


def test_individual_roster_asks_for_no_people(house, alice):
    text = alice.get(f"/rosters/{house.individual}/book").text
    assert ('name="place"' in text, 'name="who"' in text) == (True, False)


def test_preview_shows_the_times_before_the_place_is_written(house, alice):
    path = f"/rosters/{house.group}/book/preview"
    answer = alice.send(path, FOUR | {"place": "own", "who": "some"})
    assert (answer.status_code, "4 sessions, the last on" in answer.text) == (200, True)


def test_place_and_people_of_what_follows_are_changed(house, alice, carol):
    done = existing(house)
    page = f"/sessions/{done.session_ids[1]}/change"
    form = alice.form(page, button="Save")
    assert (form.values["place"], form.values["who"], form.values["which"]) == (
        ["roster"],
        ["all"],
        ["one"],
    )
    given = {"which": "following", "who": "some", "people": str(house.bob.id)}
    answer = alice.submit(page, given | {"place": "own", "address": "12 Garden Row"}, button="Save")
    assert (answer.status_code, answer.location) == (303, f"/sessions/{done.session_ids[1]}")
    assert flashes(alice.get(answer.location).text) == [
        "3 sessions are changed. Those whom it concerns are told by mail."
    ]
    count = select(func.count()).where(Claim.person_id == house.carol.id)
    assert db.session.scalar(count) == 1
    form = alice.form(page, button="Save")
    assert (form.values["who"], form.values["people"]) == (["some"], [str(house.bob.id)])
    assert form.values["address"] == ["12 Garden Row"]
    assert carol.get(answer.location).status_code == 404


def test_change_that_changes_nothing_says_so(house, alice):
    done = existing(house)
    answer = alice.submit(f"/sessions/{done.session_ids[0]}/change", button="Save")
    assert flashes(alice.get(answer.location).text) == ["Nothing was different."]


def test_change_over_somebody_s_time_warns(house, alice):
    given = FOUR | {"repeats": "never", "who": "some", "people": str(house.bob.id)}
    booked = alice.submit(f"/rosters/{house.group}/book", given, button="Book")
    other = factories.roster(factories.person("erin"), house.carol, title="Other", zone="UTC")
    factories.session(other, datetime(2026, 11, 24, 10, 30, tzinfo=UTC), house.carol)
    answer = alice.submit(f"{booked.location}/change", {"who": "all"}, button="Save")
    assert flashes(alice.get(answer.location).text)[1] == (
        "Please note: Carol Conti is busy on Tue 24 Nov 2026, 10:30–11:20 (London)."
    )


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_change_is_for_those_who_run_the_roster(house, new_client, who):
    done = existing(house)
    client = new_client()
    client.sign_in(getattr(house, who).id)
    path, status = f"/sessions/{done.session_ids[0]}/change", {"bob": 403, "charlie": 404}[who]
    assert (client.get(path).status_code, client.send(path).status_code) == (status, status)


def test_booking_of_one_session_takes_as_many_statements_as_ever(house, alice):
    roster = db.session.get_one(Roster, house.group)
    assert roster.kind == "group"
    given = FOUR | {"repeats": "never"}
    with counted() as seen:
        assert alice.send(f"/rosters/{house.group}/book", given).status_code == 303
    assert len(seen) == 10
