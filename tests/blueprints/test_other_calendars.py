"""Calendars elsewhere, on the page on which somebody says when they can be booked."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from supervision import clock as clocks
from supervision.config import Settings
from supervision.db import db, writing
from supervision.domain.intervals import Interval
from supervision.models.outside import OutsideCalendar
from supervision.services import availability, outside
from supervision.services.outside import fetching, reading
from supervision.services.outside.asking import Answer
from tests import factories
from tests.factories import House
from tests.support.client import Client, Forms
from tests.support.statements import counted

PAGE = "/availability"
ADDRESS = "https://calendar.example/private-0123456789abcdef0123456789abcdef/basic.ics"
ADD = {"calendar-label": "Work", "calendar-address": ADDRESS}
PRIVATE = (
    "This address leads into a private network, where nothing may be fetched. Whoever runs this "
    "installation can allow it."
)
FRAGMENT = {"HX-Request": "true"}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def alice(house: House, client: Client, clock: Any) -> Client:
    client.sign_in(house.alice.id)
    return client


def own(house: House, settings: Settings, label: str = "Work") -> UUID:
    """A calendar of Alice's."""
    pepper, at = settings.pepper.encode(), clocks.now()
    key = outside.add(house.alice, at, label, f"{ADDRESS}?{label}", pepper, frozenset())
    db.session.commit()
    return key


def read(house: House, key: UUID, *busy: Interval) -> None:
    """As the worker does after a good answer."""
    with writing():
        reading.keep(
            key, house.alice.id, house.alice.zone, Answer(list(busy), "", ""), clocks.now()
        )


def labels() -> list[str]:
    return list(db.session.scalars(select(OutsideCalendar.label)).all())


def lines(page: str) -> list[list[str]]:
    """What each calendar's line says before its buttons."""
    card = page.split('id="calendars"')[1].split("</section>", maxsplit=1)[0]
    parts = card.split('<li id="calendar-')[1:]
    texts = [re.findall(r'<p class="meta[^>]*>(.*?)</p>', part) for part in parts]
    return [[unescape(re.sub(r"<[^>]*>", "", text)) for text in found] for found in texts]


def badges(page: str) -> list[str]:
    return re.findall(r'<span class="badge[^>]*>([^<]*)</span>', page.split('id="calendars"')[1])


# -- add -----------------------------------------------------------------------------------


def test_page_without_calendars_says_where_the_address_is_found(alice: Client) -> None:
    text = alice.get(PAGE).text
    found = [name for name in ("Google Calendar", "Outlook", "Apple Calendar") if name in text]
    assert found == ["Google Calendar", "Outlook", "Apple Calendar"]
    assert "No other calendar yet." in text


def test_added_calendar_is_shown_by_host_and_ending_alone(alice: Client) -> None:
    answer = alice.submit(PAGE, ADD, "Add calendar")
    assert (answer.status_code, answer.location) == (303, f"{PAGE}#calendars")
    text = alice.get(PAGE).text
    assert "The calendar is added. It is being read now." in text
    assert lines(text) == [["calendar.example/…asic.ics", "It is being read."]]
    assert (badges(text)[0], "0123456789abcdef" in text) == ("Being read", False)


@pytest.mark.parametrize(
    ("wrong", "beside", "sentence"),
    [
        ({"calendar-label": ""}, "calendar-label", "This is needed."),
        ({"calendar-label": "x" * 61}, "calendar-label", "Keep this to 60 characters."),
        ({"calendar-address": ""}, "calendar-address", "This is needed."),
        (
            {"calendar-address": "my calendar"},
            "calendar-address",
            "Give the whole address of a calendar. It begins with https:// or webcal://.",
        ),
        (
            {"calendar-address": "https://127.0.0.1/a.ics"},
            "calendar-address",
            PRIVATE,
        ),
    ],
)
def test_mistake_is_told_beside_its_field_and_what_was_typed_is_kept(
    alice: Client, wrong: dict[str, str], beside: str, sentence: str
) -> None:
    typed = ADD | wrong
    answer = alice.submit(PAGE, typed, "Add calendar")
    assert answer.status_code == 422
    error = answer.text.split(f'id="{beside}-error"')[1].split("</p>")[0]
    assert sentence in unescape(error)
    form = next(form for form in Forms(answer.text).found if "Add calendar" in form.buttons)
    assert {name: form.values[name] for name in ADD} == {k: [v] for k, v in typed.items()}
    assert labels() == []


def test_sixth_calendar_has_no_form_and_is_refused(
    house: House, alice: Client, settings: Settings
) -> None:
    form = alice.form(PAGE, "Add calendar")
    for number in range(5):
        own(house, settings, f"Number {number}")
    text = alice.get(PAGE).text
    assert ("Add calendar" in text, "That is as many as fit here." in text) == (False, True)
    answer = alice.post(f"{PAGE}/calendars", data=form.values | ADD)
    assert (answer.status_code, "Remove one first." in answer.text) == (422, True)
    assert len(labels()) == 5


def test_servers_of_others_are_asked_no_more_than_so_often(
    house: House, alice: Client, settings: Settings, clock: Any
) -> None:
    key, seen = own(house, settings), []
    for _time in range(21):
        read(house, key)
        clock.shift(61)
        seen.append(alice.send(f"{PAGE}/calendars/{key}/read").status_code)
    assert seen == [303] * 20 + [429]


# -- what is shown -------------------------------------------------------------------------


def test_calendar_that_works_says_when_and_how_much(
    house: House, alice: Client, settings: Settings, clock: Any
) -> None:
    key, now = own(house, settings), clocks.now()
    read(
        house,
        key,
        Interval(now + DAY, now + DAY + 2 * HOUR),
        Interval(now + 20 * DAY, now + 21 * DAY),
    )
    clock.shift(HOUR)
    text = alice.get(PAGE).text
    assert lines(text)[0][1:] == [
        "Read 1 hour ago.",
        "Busy hours in the coming two weeks: 2.",
    ]
    assert badges(text)[0] == "Works"


def test_calendar_that_fails_says_why_until_when_and_what_holds(
    house: House, alice: Client, settings: Settings
) -> None:
    key = own(house, settings)
    read(house, key)
    with writing():
        reading.fail(key, fetching.GONE, clocks.now())
    text = alice.get(PAGE).text
    said = lines(text)[0][1:]
    assert said[0] == fetching.GONE
    assert re.fullmatch(r"The next try is on Mon 23 Nov 2026, (09:5\d|10:0\d)\.", said[1])
    assert said[2] == "What it said on Mon 23 Nov 2026 still counts as busy."
    assert badges(text)[0] == "Not read"


def test_paused_calendar_says_what_to_do(house: House, alice: Client, settings: Settings) -> None:
    key = own(house, settings)
    with writing():
        reading.fail(key, fetching.SIGN_IN, clocks.now() - 15 * DAY)
        reading.fail(key, fetching.SIGN_IN, clocks.now())
    text = alice.get(PAGE).text
    assert lines(text)[0][1:] == [
        fetching.SIGN_IN,
        "It is no longer tried. Repair it there, then press “Read now”.",
    ]
    assert badges(text)[0] == "Paused"


def test_preview_shows_times_elsewhere_in_words(
    house: House, alice: Client, settings: Settings
) -> None:
    typed = {"week-0-weekdays": ["1"], "week-0-from_at": "09:00", "week-0-until_at": "11:00"}
    kind = {"offers-0-name": "Individual", "offers-0-minutes": "60", "notice_hours": "0"}
    alice.submit(PAGE, typed | kind, "Save availability")
    now = clocks.now()
    read(house, own(house, settings), Interval(now + DAY, now + DAY + HOUR))
    card = alice.get(f"{PAGE}/fortnight", headers=FRAGMENT).text
    day = card.split("<dt>Tue 24 Nov 2026</dt>")[1].split("</dd>")[0]
    assert re.findall(r"<time[^>]*>([^<]*)</time>", day) == ["10:00"]
    assert "Busy (your calendar Work): 09:00–10:00" in day


def test_line_asks_again_while_it_is_awaited_and_then_says_so(
    house: House, alice: Client, settings: Settings
) -> None:
    key = own(house, settings)
    path = f"{PAGE}/calendars/{key}"
    waiting = alice.get(path, headers=FRAGMENT)
    assert (waiting.text.count("hx-trigger"), "HX-Trigger" in waiting.headers) == (1, False)
    read(house, key)
    done = alice.get(path, headers=FRAGMENT)
    assert (done.text.count("hx-trigger"), done.headers["HX-Trigger"]) == (0, "calendar-read")
    assert 'data-announce="Work: Read ' in done.text
    assert alice.get(path).location == f"{PAGE}#calendars"
    assert alice.get(f"{PAGE}/fortnight").location == f"{PAGE}#fortnight"


# -- rename, read, remove ------------------------------------------------------------------


def test_calendar_is_renamed(house: House, alice: Client, settings: Settings) -> None:
    key = own(house, settings)
    answer = alice.submit(PAGE, {f"rename-{key}-label": " At  work "}, "Save the name")
    assert (answer.status_code, labels()) == (303, ["At work"])


def test_name_that_is_none_is_told_in_its_own_form(
    house: House, alice: Client, settings: Settings
) -> None:
    own(house, settings, "Home")
    key = own(house, settings)
    name = f"rename-{key}-label"
    data = alice.form(PAGE, "Save the name").values | {name: ""}
    answer = alice.post(f"{PAGE}/calendars/{key}/rename", data=data)
    assert answer.status_code == 422
    assert "This is needed." in answer.text.split(f'id="{name}-error"')[1].split("</p>")[0]
    assert answer.text.count('class="confirm rename" open') == 1
    assert sorted(labels()) == ["Home", "Work"]


def test_calendar_is_read_now_once_a_minute(
    house: House, alice: Client, settings: Settings, clock: Any
) -> None:
    key = own(house, settings)
    read(house, key)
    assert "Read now" not in alice.get(PAGE).text
    assert alice.send(f"{PAGE}/calendars/{key}/read").status_code == 409
    clock.shift(61)
    assert alice.submit(PAGE, {}, "Read now Work").status_code == 303
    assert badges(alice.get(PAGE).text)[0] == "Being read"


def test_removed_calendar_is_gone(house: House, alice: Client, settings: Settings) -> None:
    read(house, own(house, settings), Interval(clocks.now() + DAY, clocks.now() + DAY + HOUR))
    assert alice.submit(PAGE, {}, "Remove calendar").status_code == 303
    assert (labels(), outside.own_busy(house.alice.id, _all())) == ([], [])


def _all() -> Interval:
    return Interval(clocks.now() - 400 * DAY, clocks.now() + 400 * DAY)


@pytest.mark.parametrize("act", ["read", "rename", "remove", ""])
def test_calendar_of_somebody_else_is_like_none(
    house: House, alice: Client, settings: Settings, new_client: Any, act: str
) -> None:
    key = own(house, settings)
    bob = new_client()
    bob.sign_in(house.bob.id)
    path = f"{PAGE}/calendars/{{}}/{act}".rstrip("/")
    ask = bob.send if act else lambda url, _data: bob.get(url, headers=FRAGMENT)
    data = {f"rename-{key}-label": "Mine"}
    theirs, none = (ask(path.format(one), data) for one in (key, UUID(int=7)))
    assert (theirs.status_code, none.status_code, labels()) == (404, 404, ["Work"])


# -- what others see, and what it costs ----------------------------------------------------


def test_label_is_in_nobody_elses_page(
    house: House, alice: Client, settings: Settings, new_client: Any
) -> None:
    typed = {"week-0-weekdays": ["1"], "week-0-from_at": "09:00", "week-0-until_at": "11:00"}
    kind = {"offers-0-name": "Individual", "offers-0-minutes": "60", "notice_hours": "0"}
    alice.submit(PAGE, typed | kind, "Save availability")
    now = clocks.now()
    read(house, own(house, settings, "Clinic-4711"), Interval(now + DAY, now + DAY + HOUR))
    bob = new_client()
    bob.sign_in(house.bob.id)
    (offer,) = availability.session_types_of(house.alice.id)
    pages = [bob.get(PAGE).text, bob.get(f"/book/{house.individual}?kind={offer.id}").text]
    assert ["Clinic-4711" in page for page in pages] == [False, False]
    assert "Clinic-4711" in alice.get(PAGE).text


def test_page_asks_as_much_for_five_calendars_as_for_one(
    house: House, alice: Client, settings: Settings
) -> None:
    seen, now = [], clocks.now()
    for number in range(5):
        times = [Interval(now + DAY * n, now + DAY * n + HOUR) for n in range(1, 100)]
        read(house, own(house, settings, f"Number {number}"), *times)
        with counted() as statements:
            alice.get(PAGE)
        seen.append(len(statements))
    assert seen == [seen[0]] * 5
