"""Imports as pages: a file, a preview, all of it or nothing, and a way to correct what is wrong."""

import csv
import re
from datetime import UTC, datetime
from html import unescape
from io import StringIO
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from supervision.db import db
from supervision.errors import Conflict
from supervision.models.rosters import Roster
from supervision.models.sessions import Session
from supervision.services import rosters
from supervision.web import turns
from tests import factories
from tests.support.client import Forms

pytestmark = pytest.mark.usefixtures("clock")

TABLE = (
    b"title,kind,members\nNew group,group,ana@example.org; ben@example.org\n"
    b"Tuesday group,group,cleo@example.org\nWrong,team,x@example.org\n"
)
CALENDAR = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    b"BEGIN:VEVENT\r\nUID:w\r\nSUMMARY:Group with J.\r\n"
    b"DTSTART;TZID=America/New_York:20261117T090000\r\nDURATION:PT50M\r\n"
    b"RRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT\r\n"
    b"BEGIN:VEVENT\r\nUID:d\r\nDTSTART;VALUE=DATE:20261201\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)


@pytest.fixture
def house(app):
    return factories.house()


@pytest.fixture
def alice(house, client):
    client.sign_in(house.alice.id)
    return client


def upload(client, path: str, body: bytes):
    """Send a file as a browser does, never by way of a file of its own."""
    token, key = client.csrf_token().encode(), str(uuid4()).encode()
    parts = [
        b'name="csrf_token"\r\n\r\n' + token,
        b'name="once"\r\n\r\n' + key,
        b'name="file"; filename="file"\r\nContent-Type: text/plain\r\n\r\n' + body,
    ]
    whole = b"".join(b"--x\r\nContent-Disposition: form-data; " + one + b"\r\n" for one in parts)
    kind = "multipart/form-data; boundary=x"
    return client.post(path, data=whole + b"--x--\r\n", content_type=kind)


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def form(text: str, action: str):
    return next(one for one in Forms(text).found if one.action == action)


def titles() -> list[str]:
    return list(db.session.scalars(select(Roster.title).order_by(Roster.title)))


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_preview_shows_what_would_be_made_and_writes_nothing(alice) -> None:
    answer = upload(alice, "/rosters/import", TABLE)
    said = words(answer.text)
    assert answer.status_code == 200
    for part in (
        "1 roster has to be corrected",
        "Row 4, kind: Write individual, peer or group.",
        "1 roster to make New group",
        "ana@example.org ben@example.org",
        "You have rosters of these titles already",
        "Make “Tuesday group” as well",
        "Make 1 roster and invite 2 people",
    ):
        assert part in said
    assert titles() == ["Bob with Alice", "Tuesday group"]


def test_make_does_all_of_it_once(alice) -> None:
    shown = form(upload(alice, "/rosters/import", TABLE).text, "/rosters/import/make")
    answers = [alice.post(shown.action, data=shown.values) for _ in range(2)]
    assert [(one.status_code, one.location) for one in answers] == [(303, "/rosters")] * 2
    assert titles() == ["Bob with Alice", "New group", "Tuesday group"]
    assert "Made: 1 roster. Invited: 2 people." in alice.get("/rosters").text


def test_make_of_a_title_that_exists_where_it_was_ticked(alice) -> None:
    shown = form(upload(alice, "/rosters/import", TABLE).text, "/rosters/import/make")
    alice.post(shown.action, data={**shown.values, "also": "3"})
    assert titles() == ["Bob with Alice", "New group", "Tuesday group", "Tuesday group"]


def test_make_that_fails_at_the_end_shows_the_preview_again(alice, monkeypatch) -> None:
    body = b"title,kind\nFirst,peer\nLast,peer\n"
    shown = form(upload(alice, "/rosters/import", body).text, "/rosters/import/make")
    real = rosters.make_roster

    def failing(actor, at, said):
        if said.title == "Last":
            raise Conflict("Something came between.")
        return real(actor, at, said)

    monkeypatch.setattr(rosters, "make_roster", failing)
    answer = alice.post(shown.action, data=shown.values)
    assert answer.status_code == 422
    assert "Something came between." in answer.text
    assert "Make 2 rosters" in answer.text
    assert titles() == ["Bob with Alice", "Tuesday group"]


def test_rows_to_correct_come_as_a_table_that_can_be_imported(alice) -> None:
    shown = form(upload(alice, "/rosters/import", TABLE).text, "/rosters/import/problems")
    answer = alice.post(shown.action, data=shown.values)
    assert answer.mimetype == "text/csv"
    (row,) = csv.DictReader(StringIO(answer.data.decode("utf-8-sig")))
    assert row == {
        "title": "Wrong",
        "kind": "team",
        "members": "x@example.org",
        "problem": "kind: Write individual, peer or group.",
    }
    again = upload(alice, "/rosters/import", answer.data.replace(b"team", b"peer"))
    assert "Make 1 roster and invite 1 person" in again.text


def test_example_can_be_imported_as_it_is(alice) -> None:
    body = alice.get("/rosters/import/example.csv").data
    assert "Make 3 rosters and invite 5 people" in upload(alice, "/rosters/import", body).text


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "This file is empty."),
        (b"\x89PNG\r\n", "This is not a CSV file."),
        (b"PK\x03\x04", "This is a spreadsheet."),
        (b"title,kind,fee\nA,peer,1\n", "These columns are not known: fee."),
        (b"a" * 1_000_001, "This file is too large."),
    ],
)
def test_wrong_file_is_refused_beside_its_field(alice, body, sentence) -> None:
    answer = upload(alice, "/rosters/import", body)
    assert (answer.status_code, sentence in answer.text) == (422, True)


def test_no_file_at_all_is_refused(alice) -> None:
    answer = alice.send("/rosters/import")
    assert (answer.status_code, "Choose a file." in answer.text) == (422, True)


def test_file_of_ten_megabytes_is_not_even_read(alice) -> None:
    assert upload(alice, "/rosters/import", b"a" * 10_000_000).status_code == 413


@pytest.mark.parametrize("path", ["make", "problems"])
def test_what_the_page_did_not_carry_is_refused(alice, house, new_client, path) -> None:
    shown = form(upload(alice, "/rosters/import", TABLE).text, "/rosters/import/make")
    values = shown.values["carried"][0]
    dana = new_client()
    dana.sign_in(house.dana.id)
    for client, carried in ((alice, ""), (alice, values[::-1]), (dana, values)):
        answer = client.send(f"/rosters/import/{path}", {"carried": carried})
        assert (answer.status_code, "Choose the file again." in answer.text) == (422, True)
    assert titles() == ["Bob with Alice", "Tuesday group"]


def test_members_who_make_no_groups_may_not_import(house, client) -> None:
    client.sign_in(house.bob.id)
    assert 'href="/rosters/import"' not in client.get("/rosters").text
    assert client.get("/rosters/import").status_code == 403
    assert upload(client, "/rosters/import", TABLE).status_code == 403


def test_markup_in_a_table_is_shown_as_text(alice) -> None:
    body = b'title,kind,address\n<b>A</b>,peer,"<script>x</script>"\n'
    text = upload(alice, "/rosters/import", body).text
    assert "<b>A</b>" not in text
    assert "&lt;b&gt;A&lt;/b&gt;" in text
    assert "<script>x" not in text


def test_imports_that_are_made_are_counted(alice) -> None:
    answers = [alice.send("/rosters/import/make").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


# -- sessions -------------------------------------------------------------------------------


def test_calendar_preview_shows_both_clocks_and_what_is_left_out(alice, house) -> None:
    answer = upload(alice, f"/rosters/{house.group}/import", CALENDAR)
    said = words(answer.text)
    assert answer.status_code == 200
    for part in (
        "3 sessions can be imported 1 of them is past",
        "Tue 17 Nov 2026 14:00–14:50 09:00 in New York Group with J. Past",
        "Tue 24 Nov 2026 14:00–14:50 09:00 in New York Group with J.",
        "1 event is left out",
        "It has no time of day.",
    ):
        assert part in said
    assert count(Session) == 0


def test_ticked_sessions_are_added_and_titles_forgotten(alice, house) -> None:
    path = f"/rosters/{house.group}/import"
    shown = form(upload(alice, path, CALENDAR).text, f"{path}/add")
    first, second, _third = shown.values["session"]
    values = {**shown.values, "session": [first, second]}
    answers = [alice.post(shown.action, data=values) for _ in range(2)]
    assert [one.location for one in answers] == [f"/rosters/{house.group}"] * 2
    found = db.session.scalars(select(Session).order_by(Session.starts_at)).all()
    assert [(one.starts_at, one.message) for one in found] == [
        (datetime(2026, 11, 17, 14, 0, tzinfo=UTC), ""),
        (datetime(2026, 11, 24, 14, 0, tzinfo=UTC), ""),
    ]
    page = alice.get(f"/rosters/{house.group}").text
    assert "2 sessions are imported." in page
    again = words(upload(alice, path, CALENDAR).text)
    assert "1 session can be imported" in again
    assert again.count("It was imported before.") == 2


def test_nothing_ticked_is_refused_with_the_list(alice, house) -> None:
    path = f"/rosters/{house.group}/import"
    shown = form(upload(alice, path, CALENDAR).text, f"{path}/add")
    answer = alice.post(shown.action, data={**shown.values, "session": []})
    assert answer.status_code == 422
    assert "Choose at least one session." in answer.text
    assert "3 sessions can be imported" in words(answer.text)


def test_time_taken_since_the_preview_refuses_all(alice, house) -> None:
    path = f"/rosters/{house.group}/import"
    shown = form(upload(alice, path, CALENDAR).text, f"{path}/add")
    group = db.session.get_one(Roster, house.group)
    factories.session(group, datetime(2026, 11, 24, 14, 0, tzinfo=UTC), house.alice)
    answer = alice.post(shown.action, data=shown.values)
    assert answer.status_code == 422
    assert "Something changed meanwhile. Look at the list again." in answer.text
    assert "This roster has a session at this time." in answer.text
    assert count(Session) == 1


def test_calendar_of_another_roster_is_not_taken(alice, house) -> None:
    path = f"/rosters/{house.group}/import"
    shown = form(upload(alice, path, CALENDAR).text, f"{path}/add")
    answer = alice.post(f"/rosters/{house.individual}/import/add", data=shown.values)
    assert (answer.status_code, "Choose the file again." in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"title,kind\nA,peer\n", "This is not a calendar file."),
        (
            b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n",
            "This calendar has no event",
        ),
    ],
)
def test_wrong_calendar_is_refused_beside_its_field(alice, house, body, sentence) -> None:
    answer = upload(alice, f"/rosters/{house.group}/import", body)
    assert (answer.status_code, sentence in answer.text) == (422, True)


def test_calendar_is_for_those_who_run_the_roster(house, new_client) -> None:
    answers = []
    for who in (house.bob, house.charlie):
        client = new_client()
        client.sign_in(who.id)
        path = f"/rosters/{house.group}/import"
        answers.append(
            [
                client.get(path).status_code,
                upload(client, path, CALENDAR).status_code,
                client.send(f"{path}/add").status_code,
            ]
        )
    assert answers == [[403] * 3, [404] * 3]


def test_import_out_of_turn_is_asked_to_come_again_before_its_file_is_read(
    alice, house, monkeypatch
) -> None:
    def never(*_given: object) -> None:
        raise AssertionError

    monkeypatch.setattr("supervision.services.importing.child.ask", never)
    for path in (f"/rosters/{house.group}/import", "/rosters/import"):
        with alice.application.app_context(), turns.turn(house.bob.id):
            refused = upload(alice, path, CALENDAR)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
