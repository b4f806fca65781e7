"""What no page sends: each kind is refused with a sentence or passed over, and never a fault."""

from collections.abc import Callable
from datetime import time
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, redirect
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from supervision.blueprints.availability.forms import AvailabilityForm
from supervision.blueprints.booking.several import ConfirmForm
from supervision.blueprints.sessions.clashes import ClashForm
from supervision.web.auth import safe_next
from supervision.web.forms import Form
from tests.support import hostile
from tests.support.client import Client
from tests.support.sharing import Open, opened, write
from tests.support.vaults import PASSPHRASE, enter

LARGE = ("99999999999999999999", "9223372036854775807", "9" * 500, "9" * 5000, "-1", "1e9", "²")

# Longer than anything that is read by name (`supervision.web.request.LONGEST`).
TOO_LONG = {"9" * 5000: 422}

TYPED = ("/profile", "/rosters/new", "/notes/find")


@pytest.fixture
def place(app: Flask, clock: Any) -> Open:
    return opened()


@pytest.fixture
def bob(place: Open, new_client: Callable[[], Client]) -> Client:
    return enter(new_client(), place.bob)


# -- a file where a text is wanted ---------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/sign-in", ["email", "passphrase"]),
        ("/reset", ["email"]),
        ("/profile", ["name", "zone", "week_starts"]),
        ("/profile/passphrase", ["present", "passphrase", "again"]),
        ("/rosters/new", ["title", "capacity", "minutes", "address"]),
        ("/leave", ["first_on", "kind"]),
        ("/availability", ["zone", "week-0-from_at", "away-0-label", "notice_hours"]),
        ("/notes/find", ["query", "since", "page"]),
    ],
)
def test_file_where_a_text_is_wanted_is_no_text(bob: Client, path: str, names: list[str]) -> None:
    files = {name: (BytesIO(b"x"), "x.txt") for name in names}
    client = Client(bob.application, use_cookies=True) if path in {"/sign-in", "/reset"} else bob
    data = {"csrf_token": client.csrf_token(), **files}
    sent = client.post(path, data=data, content_type="multipart/form-data")
    assert sent.status_code == (200 if path == "/notes/find" else 422)


def test_json_is_no_form(client: Client) -> None:
    headers = {"X-CSRFToken": client.csrf_token(), "Content-Type": "application/json"}
    answers = {
        body: client.post("/reset", data=body, headers=headers).status_code
        for body in hostile.JSONS
    }
    assert answers == dict.fromkeys(hostile.JSONS, 422)


def test_file_is_taken_where_one_is_wanted_and_a_text_is_not(
    place: Open, new_client: Callable[[], Client]
) -> None:
    alice, path = enter(new_client(), place.alice), f"/rosters/{place.house.group}/import"
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
    asked = "Choose a file."
    assert asked in alice.send(path, {"file": calendar}).text
    file = {"file": (BytesIO(calendar.encode()), "x.ics"), "csrf_token": alice.csrf_token()}
    assert asked not in alice.post(path, data=file, content_type="multipart/form-data").text


# -- numbers of any size -------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/shared?page=",
        "/sharing?page=",
        "/notes?page=",
        "/notes?month=",
        "/attendance?year=",
        "/calendar?view=month&date=",
    ],
)
def test_number_of_any_size_in_an_address_is_no_fault(bob: Client, address: str) -> None:
    usual = 422 if address.endswith("date=") else 200
    answers = {number: bob.get(address + number).status_code for number in LARGE}
    assert answers == dict.fromkeys(LARGE, usual) | TOO_LONG


def test_revision_of_any_size_is_none(bob: Client, place: Open) -> None:
    """What is no number is the latest; a number that no revision has is nothing."""
    page = f"/notes/{write(place)}/share"
    answers = {
        number: bob.submit(page, {"revision": number, "step": "look"}, "Look it over").status_code
        for number in LARGE
    }
    assert answers == dict.fromkeys(LARGE, 422) | {"-1": 404}


def test_line_of_any_number_is_not_dropped(bob: Client) -> None:
    answers = {
        number: bob.send(f"/availability/lines?change=drop-week-{number}").status_code
        for number in LARGE
    }
    assert answers == dict.fromkeys(LARGE, 200) | TOO_LONG


@pytest.mark.parametrize("number", LARGE)
def test_line_that_is_numbered_oddly_is_no_line(app: Flask, number: str) -> None:
    sent = MultiDict({f"week-{number}-from_at": "10:00", "week-0-from_at": "09:00"})
    with app.test_request_context():
        assert [row["from_at"] for row in AvailabilityForm(sent).week.data] == [time(9)]


@pytest.mark.parametrize(
    ("kind", "name", "most"),
    [
        (AvailabilityForm, "week", 60),
        (ConfirmForm, "picks", 52),
        (ClashForm, "clashes", 520),
    ],
)
def test_lines_are_no_more_than_can_be_meant(
    app: Flask, kind: type[Form], name: str, most: int
) -> None:
    sent = MultiDict({f"{name}-{number}-key": "x" for number in range(20_000)})
    with app.test_request_context():
        assert len(kind(sent)[name].entries) == most


# -- where to go on ------------------------------------------------------------------------

LOCAL = ("/%0a%0d", "/[", "/\u00e9\u0300")


def test_next_that_is_no_local_path_leads_home() -> None:
    app = Flask("none")
    app.add_url_rule("/", "home.index")
    away = [one for one in hostile.NEXTS if one not in LOCAL]
    with app.test_request_context():
        assert {one: safe_next(one) for one in away} == dict.fromkeys(away, "/")


@pytest.mark.parametrize(
    ("target", "end"),
    [("//evil.example", (303, "/")), ("/notes", (303, "/notes")), ("/" + "a" * 2_000, (422, None))],
)
def test_both_doors_lead_on_alike(
    place: Open, client: Client, bob: Client, target: str, end: tuple[int, str | None]
) -> None:
    form, query = {"email": place.bob.email, "passphrase": PASSPHRASE}, {"next": target}
    bob.send("/lock")
    doors = {"/sign-in": client, "/unlock": bob}
    answers = {}
    for path, one in doors.items():
        data = form | {"csrf_token": one.csrf_token()}
        sent = one.post(path, data=data, query_string=query)
        answers[path] = (sent.status_code, sent.location)
    assert answers == dict.fromkeys(doors, end)


@given(st.text(alphabet="/\\\t\r\n\0 .:@[]%a?#\u2028\x85\ud800é", max_size=12).map("/".__add__))
@example("/a\nb")
@example("/\t/evil.example")
@example("/\\evil.example")
def test_next_never_leaves_this_site(target: str) -> None:
    app = Flask("none")
    app.add_url_rule("/", "home.index")
    with app.test_request_context():
        location = redirect(safe_next(target)).location
    assert urlsplit(as_a_browser("https://here.example/sign-in", location)).netloc == "here.example"


def as_a_browser(page: str, location: str) -> str:
    """Where a browser goes (WHATWG URL: tabs and line ends go, a backslash is a slash)."""
    read = location.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None})
    return urljoin(page, read.replace("\\", "/"))


# -- headers, cookies, bytes ---------------------------------------------------------------


def test_odd_header_is_no_fault(bob: Client) -> None:
    faults = []
    for header in hostile.HEADERS:
        form = {"csrf_token": bob.csrf_token()}
        for sent in (
            bob.get("/", headers=[header]),
            bob.post("/profile", data=form, headers=[header]),
            bob.open("/dav/", method="PROPFIND", headers=[header]),
        ):
            faults += [header] if sent.status_code >= 500 else []
    assert faults == []


def test_odd_cookie_is_nobody_s(client: Client) -> None:
    answers = {
        cookie: client.get("/notes", headers={"Cookie": cookie}).status_code
        for cookie in hostile.COOKIES
    }
    assert answers == dict.fromkeys(hostile.COOKIES, 302)


def test_bytes_that_are_no_text_are_no_fault(bob: Client) -> None:
    kind, faults = "application/x-www-form-urlencoded", []
    for raw in hostile.RAW:
        data = f"csrf_token={bob.csrf_token()}&name={raw}&title={raw}&{raw}=x"
        answers = [bob.post(path, data=data, content_type=kind) for path in TYPED]
        answers.append(bob.get(f"/notes?page={raw}&{raw}=1"))
        faults += [raw for sent in answers if sent.status_code >= 500]
    assert faults == []
