"""The page on which somebody says when they can be booked."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from supervision.db import db
from supervision.domain.slots import Refusal
from supervision.models.sessions import Claim
from supervision.services import availability
from supervision.services.availability import Away, DateHours, WeekHours, Whole
from tests import factories
from tests.factories import House
from tests.support.client import Client, Forms
from tests.support.statements import counted

PAGE = "/availability"
SAVE = "Save availability"
TODAY = date(2026, 11, 23)
FILLED: dict[str, Any] = {
    "zone": "Europe/London",
    "week-0-weekdays": ["0", "2"],
    "week-0-from_at": "09:00",
    "week-0-until_at": "12:30",
    "week-1-weekdays": ["0"],
    "week-1-from_at": "14:00",
    "week-1-until_at": "00:00",
    "week-1-from_on": "2026-12-01",
    "week-1-until_on": "2027-01-31",
    "dates-0-held_on": "2026-12-24",
    "dates-0-from_at": "",
    "dates-0-until_at": "",
    "away-0-first_on": "2026-12-28",
    "away-0-last_on": "",
    "away-0-label": "Lake",
    "offers-0-name": "Individual",
    "offers-0-minutes": "50",
    "offers-0-most_weeks": "8",
    "offers-0-asks": "y",
    "notice_hours": "48",
    "most_a_day": "4",
    "holiday_country": "GB",
    "holiday_region": "sct",
}


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def alice(house: House, client: Client, clock: Any) -> Client:
    client.sign_in(house.alice.id)
    return client


def said(house: House) -> Whole:
    return availability.whole_of(house.alice, TODAY)


def test_what_is_typed_is_kept_and_shown_again(house: House, alice: Client) -> None:
    answer = alice.submit(PAGE, FILLED, SAVE)
    assert (answer.status_code, answer.location) == (303, PAGE)
    whole = said(house)
    assert whole.week == [
        WeekHours((0, 2), (540, 750)),
        WeekHours((0,), (840, 1440), date(2026, 12, 1), date(2027, 1, 31)),
    ]
    assert whole.dates == [DateHours(date(2026, 12, 24))]
    assert whole.away == [Away(date(2026, 12, 28), date(2026, 12, 28), "Lake")]
    offers = [(one.name, one.minutes, one.asks, one.most_weeks) for one in whole.offers]
    assert offers == [("Individual", 50, True, 8)]
    terms = whole.terms
    assert (terms.notice_minutes, terms.most_a_day, terms.most_a_week) == (2880, 4, None)
    assert (terms.holiday_country, terms.holiday_region) == ("GB", "SCT")
    shown = alice.form(PAGE, SAVE).values
    kept = {name: shown[name] for name in FILLED if name != "away-0-last_on"}
    expected = {
        name: [value] if isinstance(value, str) else value for name, value in FILLED.items()
    }
    del expected["away-0-last_on"]
    assert kept == expected | {"holiday_region": ["SCT"]}
    assert alice.submit(PAGE, {}, SAVE).status_code == 303
    assert said(house) == whole


def test_page_of_somebody_new_saves_as_it_stands(house: House, alice: Client) -> None:
    assert alice.submit(PAGE, {}, SAVE).status_code == 303
    whole = said(house)
    assert (whole.week, whole.offers, whole.terms.zone) == ([], [], "Europe/London")


@pytest.mark.parametrize(
    ("wrong", "beside", "sentence"),
    [
        (
            {"week-0-until_at": "08:00"},
            "week-0-until_at",
            "The end has to come after the beginning.",
        ),
        (
            {"week-1-from_at": "12:00"} | {"week-1-from_on": "", "week-1-until_on": ""},
            "week-1-from_at",
            "These hours overlap another line of the same day.",
        ),
        ({"week-0-from_at": ""}, "week-0-from_at", "This is needed."),
        ({"week-0-from_at": "soon"}, "week-0-from_at", "Give a time of day, such as 14:30."),
        ({"week-0-weekdays": []}, "week-0-weekdays", "This is needed."),
        (
            {"week-1-until_on": "2026-11-30"},
            "week-1-until_on",
            "The last date lies before the first.",
        ),
        (
            {"dates-0-held_on": "2026-02-30"},
            "dates-0-held_on",
            "Give a date that exists, such as 2026-11-24.",
        ),
        ({"dates-0-from_at": "10:00"}, "dates-0-until_at", "This is needed."),
        ({"away-0-first_on": ""}, "away-0-first_on", "This is needed."),
        ({"offers-0-minutes": "5"}, "offers-0-minutes", "Choose between 10 and 480."),
        ({"offers-0-name": ""}, "offers-0-name", "This is needed."),
        ({"notice_hours": "many"}, "notice_hours", "Give a whole number."),
        ({"notice_hours": "9999"}, "notice_hours", "Choose between 0 and 129600."),
        ({"most_a_day": "0"}, "most_a_day", "Choose between 1 and 24."),
        (
            {"holiday_region": "XX"},
            "holiday_region",
            "This region is unknown. Known here: ENG, NIR, SCT, WLS.",
        ),
    ],
)
def test_mistake_is_told_beside_its_field_and_everything_typed_is_kept(
    house: House, alice: Client, wrong: dict[str, Any], beside: str, sentence: str
) -> None:
    typed = FILLED | wrong
    answer = alice.submit(PAGE, typed, SAVE)
    assert answer.status_code == 422
    assert f'id="{beside}-error"' in answer.text
    error = answer.text.split(f'id="{beside}-error"')[1].split("</p>")[0]
    assert sentence in error
    shown = Forms(answer.text).found
    form = next(form for form in shown if SAVE in form.buttons)
    missing = {
        name: value
        for name, value in typed.items()
        if value and form.values.get(name) != ([value] if isinstance(value, str) else value)
    }
    assert missing == {}
    assert said(house).week == []


def test_lines_are_added_and_removed_without_saving(house: House, alice: Client) -> None:
    alice.submit(PAGE, FILLED, SAVE)
    before, form = said(house), alice.form(PAGE, SAVE)
    more = alice.post(f"{PAGE}/lines?change=add-week", data=form.values)
    assert more.status_code == 200
    values = next(form for form in Forms(more.text).found if SAVE in form.buttons).values
    assert (values["week-2-from_at"], values["week-1-from_at"]) == ([""], ["14:00"])
    fewer = alice.post(f"{PAGE}/lines?change=drop-week-0", data=values)
    left = next(form for form in Forms(fewer.text).found if SAVE in form.buttons).values
    assert (left["week-0-from_at"], left["week-1-from_at"]) == (["14:00"], [""])
    assert "week-2-from_at" not in left
    assert said(house) == before
    assert alice.post(PAGE, data=left).status_code == 303
    assert said(house).week == before.week[1:]


@pytest.mark.parametrize("change", ["", "add-", "add-zone", "drop-week-77", "drop-week-x", "x-y-z"])
def test_change_that_means_nothing_changes_nothing(alice: Client, change: str) -> None:
    answer = alice.send(f"{PAGE}/lines?change={change}", FILLED)
    assert answer.status_code == 200
    values = next(form for form in Forms(answer.text).found if SAVE in form.buttons).values
    assert values["week-1-from_at"] == ["14:00"]


def test_fragment_holds_the_form_alone(alice: Client) -> None:
    headers = {"HX-Request": "true"}
    answer = alice.send(f"{PAGE}/lines?change=add-away", FILLED, headers=headers)
    assert (answer.text.strip()[:6], "<html" in answer.text) == ("<form ", False)


def test_label_of_time_off_is_in_nobody_elses_page(
    house: House, alice: Client, new_client: Any
) -> None:
    alice.submit(PAGE, FILLED | {"away-0-label": "Operation"}, SAVE)
    bob = new_client()
    bob.sign_in(house.bob.id)
    assert ("Operation" in alice.get(PAGE).text, "Operation" in bob.get(PAGE).text) == (True, False)


def reasons(page: str) -> list[str]:
    """Each day's heading and lines, as they read."""
    cards = page.split('<section class="card day">')[1:]
    return [
        " ".join(unescape(re.sub(r"<[^>]*>", " ", card.split("</section>")[0])).split())
        for card in cards
    ]


def test_preview_shows_what_can_be_booked_in_two_weeks(house: House, alice: Client) -> None:
    alice.submit(PAGE, FILLED, SAVE)
    card = alice.get(PAGE).text.split('id="fortnight"')[1].split("</section>")[0]
    days = re.findall(r"<dt>([^<]*)</dt>", card)
    # Monday 30 November is a holiday in Scotland; notice is two days, to Wednesday at nine.
    assert days == ["Wed 25 Nov 2026", "Wed 2 Dec 2026"]
    starts = re.findall(r"<time[^>]*>([^<]*)</time>", card)
    morning = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert starts == morning * 2


def test_why_says_each_reason_in_words(house: House, alice: Client) -> None:
    alice.submit(PAGE, FILLED | {"most_a_day": "1", "after_minutes": "10"}, SAVE)
    roster = db.session.get_one(factories.Roster, house.individual)
    taken = datetime(2026, 12, 2, 9, tzinfo=UTC)
    made = factories.session(roster, taken, house.alice)
    db.session.execute(update(Claim).where(Claim.session_id == made.id).values(hard=True))
    week = "first_on=2026-11-30&last_on=2026-12-03"
    assert reasons(alice.get(f"{PAGE}/why?{week}").text) == [
        "Mon 30 Nov 2026 09:00 to 12:00 public holiday: Saint Andrew's Day",
        "Tue 1 Dec 2026 You have no hours on this day.",
        (
            "Wed 2 Dec 2026 09:00 to 09:30 taken: Bob with Alice, 09:00–09:50, and the minutes "
            "kept free 10:00 to 11:30 full that day: your most is 1 session "
            "12:00 50 minutes would not fit your hours"
        ),
        "Thu 3 Dec 2026 You have no hours on this day.",
    ]
    first = reasons(alice.get(f"{PAGE}/why").text)
    assert (len(first), first[0]) == (
        7,
        "Mon 23 Nov 2026 09:00 is over 09:30 to 12:00 within your notice of 48 hours",
    )


def test_why_is_told_in_the_viewers_zone(house: House, client: Client, clock: Any) -> None:
    client.sign_in(house.bob.id)
    client.submit(PAGE, FILLED | {"holiday_country": "", "holiday_region": ""}, SAVE)
    text = client.get(f"{PAGE}/why?first_on=2026-12-02&last_on=2026-12-02").text
    assert reasons(text)[0].startswith("Wed 2 Dec 2026 04:00 to 06:30 can be booked")
    assert "Your hours are kept in London." in text


@pytest.mark.parametrize(
    ("query", "beside"),
    [
        ("first_on=2026-12-02&last_on=2026-12-01", "last_on"),
        ("first_on=2026-12-01&last_on=2027-01-01", "last_on"),
        ("first_on=never", "first_on"),
        ("first_on=0001-01-01", "first_on"),
        ("kind=nothing", "kind"),
        (f"kind={UUID(int=7)}", "kind"),
    ],
)
def test_why_of_days_or_kinds_that_make_no_sense_is_422(
    house: House, alice: Client, query: str, beside: str
) -> None:
    alice.submit(PAGE, FILLED, SAVE)
    answer = alice.get(f"{PAGE}/why?{query}")
    assert (answer.status_code, f'id="{beside}-error"' in answer.text) == (422, True)


def test_why_without_a_kind_of_session_says_what_to_do(alice: Client) -> None:
    answer = alice.get(f"{PAGE}/why")
    assert (answer.status_code, "No kind of session yet" in answer.text) == (200, True)


def test_others_are_told_less(house: House) -> None:
    words = {refusal: availability.for_others(refusal) for refusal in Refusal}
    assert words == {
        Refusal.PAST: "in the past",
        Refusal.NOTICE: "too soon",
        Refusal.HORIZON: "too far ahead",
        Refusal.TIME_OFF: "not open",
        Refusal.HOLIDAY: "not open",
        Refusal.OUTSIDE: "not open",
        Refusal.CLASH: "busy",
        Refusal.DAY_FULL: "full that day",
        Refusal.WEEK_FULL: "full that week",
    }


def test_page_asks_as_much_for_thirty_lines_as_for_one(house: House, alice: Client) -> None:
    seen = []
    for count in (1, 30):
        dates = {f"dates-{n}-held_on": str(TODAY + timedelta(days=n)) for n in range(count)}
        away = {f"away-{n}-first_on": str(TODAY + timedelta(days=n)) for n in range(count)}
        assert alice.submit(PAGE, FILLED | dates | away, SAVE).status_code == 303
        with counted() as statements:
            alice.get(PAGE)
        seen.append(len(statements))
    assert seen[0] == seen[1]
