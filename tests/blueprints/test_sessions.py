"""Booking, moving and cancelling over HTTP, as a browser without JavaScript does it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import event, select

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.models.rosters import Roster
from supervision.models.sessions import Series, Session
from supervision.services import series, sessions
from supervision.services.sessions import Wish
from tests import factories
from tests.support.client import Forms

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
GIVEN = {"date": "2026-11-24", "starts_at": "10:00", "minutes": "50"}

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
def statements_of():
    """Counts the SQL that an act takes."""

    def count(act) -> int:
        seen = []

        def see(_connection, _cursor, statement, *_more):
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", see)
        act()
        event.remove(db.engine, "before_cursor_execute", see)
        return len(seen)

    return count


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def complaints(html: str) -> dict[str, str]:
    """The sentence beside each field."""
    found = re.findall(r'id="(\w+)-error">(.*?)</p>', html, re.DOTALL)
    return {field: words(text) for field, text in found}


def flashes(html: str) -> list[str]:
    return [words(text) for text in re.findall(r'<p class="flash">(.*?)</p>', html, re.DOTALL)]


def booked() -> list[Session]:
    return list(db.session.scalars(select(Session).order_by(Session.starts_at)))


def existing(house, **more) -> UUID:
    done = sessions.book_session(
        house.alice, AT, more.pop("roster", house.group), Wish(TUESDAY, 50, **more)
    )
    db.session.commit()
    return done.session_ids[0]


def existing_series(house, count=4):
    repeat = Repeat("week", count=count)
    done = series.book_series(house.alice, AT, house.group, Wish(TUESDAY, 50), repeat)
    db.session.commit()
    return done


# -- booking -------------------------------------------------------------------------------


def test_book_form_has_the_roster_s_length_and_zone(house, alice):
    form = alice.form(f"/rosters/{house.group}/book", button="Book")
    assert {name: form.values[name] for name in ("date", "starts_at", "minutes", "repeats")} == {
        "date": ["2026-11-24"],
        "starts_at": [""],
        "minutes": ["50"],
        "repeats": ["never"],
    }
    assert form.values["zone"] == ["Europe/London"]
    assert "London time" in words(alice.get(f"/rosters/{house.group}/book").text)


def test_book_form_is_filled_in_from_its_address(house, alice):
    page = f"/rosters/{house.group}/book?date=2026-12-24&starts_at=16:30"
    form = alice.form(page, button="Book")
    assert (form.values["date"], form.values["starts_at"]) == (["2026-12-24"], ["16:30"])


def test_book_leads_to_the_session(house, alice):
    response = alice.submit(f"/rosters/{house.group}/book", GIVEN, button="Book")
    (session,) = booked()
    assert (response.status_code, response.location) == (303, f"/sessions/{session.id}")
    assert session.starts_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert flashes(alice.get(response.location).text) == ["The session is booked."]


@pytest.mark.parametrize(
    ("given", "rrule"),
    [
        ({"repeats": "weekly"}, "FREQ=WEEKLY"),
        (
            {"repeats": "fortnightly", "ends": "times", "times": "3"},
            "FREQ=WEEKLY;INTERVAL=2;COUNT=3",
        ),
        (
            {"repeats": "weeks", "every": "5", "ends": "times", "times": "2"},
            "FREQ=WEEKLY;INTERVAL=5;COUNT=2",
        ),
        (
            {"repeats": "monthly", "ends": "until", "until": "2027-02-28"},
            "FREQ=MONTHLY;BYDAY=4TU;UNTIL=20270228T235959",
        ),
        ({"repeats": "monthly-last"}, "FREQ=MONTHLY;BYDAY=-1TU"),
    ],
)
def test_book_a_series(house, alice, given, rrule):
    response = alice.submit(f"/rosters/{house.group}/book", GIVEN | given, button="Book")
    assert response.status_code == 303
    assert db.session.scalar(select(Series.rrule)) == rrule


ELSEWHERE = "Times here are Europe/London time now. Look at them again."
TEN_YEARS = "A series can go on for ten years at most."
WRONG = [
    ({"date": ""}, "date", "This is needed."),
    ({"date": "2026-02-30"}, "date", "Give a date that exists, such as 2026-11-24."),
    ({"date": "tomorrow"}, "date", "Give a date that exists, such as 2026-11-24."),
    ({"date": "2026-11-22"}, "date", "This time has passed. Choose one that is still to come."),
    ({"date": "2037-01-01"}, "date", "Give a date within the next ten years."),
    ({"date": "9999-12-31"}, "date", "Give a date between 1971 and 2199."),
    ({"starts_at": ""}, "starts_at", "This is needed."),
    ({"starts_at": "25:00"}, "starts_at", "Give a time of day, such as 14:30."),
    ({"minutes": ""}, "minutes", "This is needed."),
    ({"minutes": "4"}, "minutes", "Choose between 5 and 480 minutes."),
    ({"minutes": "481"}, "minutes", "Choose between 5 and 480 minutes."),
    ({"minutes": "an hour"}, "minutes", "Give a whole number."),
    ({"minutes": "9" * 5000}, "minutes", "Give a whole number."),
    ({"message": "x" * 501}, "message", "Keep this to 500 characters."),
    ({"zone": "Mars/Olympus"}, "starts_at", ELSEWHERE),
    ({"zone": "America/Toronto"}, "starts_at", ELSEWHERE),
    ({"repeats": "daily"}, "repeats", "Choose one from the list."),
    ({"ends": "never"}, "ends", "Choose one from the list."),
    ({"repeats": "weeks"}, "every", "Say every how many weeks."),
    ({"repeats": "weeks", "every": "53"}, "every", "Repeat every 1 to 52 weeks."),
    ({"ends": "until"}, "until", "Say which day is the last."),
    ({"ends": "until", "until": "2026-11-23"}, "until", "The last date lies before the first."),
    ({"ends": "until", "until": "2036-12-24"}, "until", TEN_YEARS),
    ({"ends": "times"}, "times", "Say how many sessions."),
    ({"skip_last": "2026-12-01"}, "skip_first", "Say which day is the first."),
    (
        {"skip_first": "2026-12-02", "skip_last": "2026-12-01"},
        "skip_last",
        "The last day lies before the first.",
    ),
    ({"ends": "times", "times": "521"}, "times", "Choose between 1 and 520."),
    (
        {"repeats": "weeks", "every": "52", "ends": "times", "times": "12"},
        "times",
        TEN_YEARS,
    ),
    (
        {"repeats": "monthly-last", "date": "2026-12-01"},
        "date",
        "This is not the last such weekday of its month.",
    ),
]


@pytest.mark.parametrize(("given", "field", "sentence"), WRONG)
def test_book_with_a_wrong_value_says_so_beside_it_and_keeps_all_input(
    house, alice, given, field, sentence
):
    sent = GIVEN | {"message": "Bring the tape.", "repeats": "weekly"} | given
    response = alice.submit(f"/rosters/{house.group}/book", sent, button="Book")
    assert (response.status_code, complaints(response.text)) == (422, {field: sentence})
    assert booked() == []
    if field not in {"repeats", "ends"}:  # a list cannot show what is not in it
        kept = values_on(response.text)
        assert {name: kept[name] for name in sent if name != "zone"} == {
            name: value for name, value in sent.items() if name != "zone"
        }


def values_on(html: str) -> dict[str, str]:
    """What the first form on a page holds."""
    form = next(form for form in Forms(html).found if "Book" in form.buttons)
    # A parser as the standard has it would drop the end of line that follows <textarea>.
    return {name: values[0].removeprefix("\r\n") for name, values in form.values.items()}


def test_book_over_somebody_s_time_names_who_and_when_but_not_what(house, alice):
    existing(house, roster=house.individual)
    given = GIVEN | {"starts_at": "10:30"}
    response = alice.submit(f"/rosters/{house.group}/book", given, button="Book")
    assert response.status_code == 422
    assert complaints(response.text) == {
        "starts_at": "Not everybody can come. Alice Ashworth is busy on Tue 24 Nov 2026, "
        "10:00–10:50 (London)."
    }
    assert "Bob with Alice" not in response.text


def test_book_over_a_soft_claim_warns_and_books(house, alice):
    carols = factories.roster(factories.person("erin"), house.carol, title="Other", zone="UTC")
    factories.session(carols, datetime(2026, 11, 24, 10, 0, tzinfo=UTC), house.carol)
    response = alice.submit(f"/rosters/{house.group}/book", GIVEN, button="Book")
    assert flashes(alice.get(response.location).text) == [
        "The session is booked.",
        "Please note: Carol Conti is busy on Tue 24 Nov 2026, 10:00–10:50 (London).",
    ]


def test_book_the_same_form_twice_books_once(house, alice):
    form = alice.form(f"/rosters/{house.group}/book", button="Book")
    data = form.values | GIVEN
    answers = [alice.post(form.action, data=data) for _ in range(2)]
    assert [answer.location for answer in answers] == [f"/sessions/{booked()[0].id}"] * 2
    assert len(booked()) == 1


def test_book_without_a_csrf_token_is_refused(house, alice):
    assert alice.post(f"/rosters/{house.group}/book", data=GIVEN).status_code == 400
    assert booked() == []


def test_book_is_for_those_who_run_the_roster(house, bob, new_client):
    charlie = new_client()
    charlie.sign_in(house.charlie.id)
    path = f"/rosters/{house.group}/book"
    assert [one.get(path).status_code for one in (bob, charlie)] == [403, 404]
    assert [one.send(path, GIVEN).status_code for one in (bob, charlie)] == [403, 404]


# -- the preview ---------------------------------------------------------------------------


def test_preview_without_javascript_keeps_the_form_and_shows_both_zones(house, alice, bob):
    toronto = factories.roster(house.alice, house.bob, zone="America/Toronto", title="Far")
    given = GIVEN | {"repeats": "weekly", "date": "2027-03-02", "message": "Hello"}
    form = alice.form(f"/rosters/{toronto.id}/book", button="Book")
    response = alice.post(f"/rosters/{toronto.id}/book/preview", data=form.values | given)
    text = words(response.text)
    assert response.status_code == 200
    assert (
        "Tue 2 Mar 2027 10:00–10:50 in Toronto For you: Tue 2 Mar 2027, 15:00–15:50 in London"
        in text
    )
    assert (
        "Tue 16 Mar 2027 10:00–10:50 in Toronto For you: Tue 16 Mar 2027, 14:00–14:50 in London "
        "From here on clocks have changed in Toronto."
    ) in text
    assert "Tue 30 Mar 2027 10:00–10:50 in Toronto For you: Tue 30 Mar 2027, 15:00" in text
    assert values_on(response.text)["message"] == "Hello"
    assert booked() == []


def test_preview_for_htmx_is_the_fragment_alone(house, alice):
    form = alice.form(f"/rosters/{house.group}/book", button="Book")
    response = alice.post(
        f"/rosters/{house.group}/book/preview",
        data=form.values | GIVEN,
        headers={"HX-Request": "true", "HX-Request-Type": "partial"},
    )
    assert response.status_code == 200
    assert response.text.strip().startswith('<section class="card" id="preview"')
    assert "Tue 24 Nov 2026 10:00–10:50 in London" in words(response.text)


def test_preview_says_when_a_local_time_does_not_exist(house, alice):
    given = GIVEN | {"date": "2027-03-28", "starts_at": "01:30"}
    text = words(alice.send(f"/rosters/{house.group}/book/preview", given).text)
    assert "Clocks change then: it begins at 02:30." in text


def test_preview_of_a_wrong_value_says_so(house, alice):
    response = alice.send(f"/rosters/{house.group}/book/preview", GIVEN | {"minutes": "0"})
    assert (response.status_code, complaints(response.text)) == (
        422,
        {"minutes": "Choose between 5 and 480 minutes."},
    )


# -- a session's page ----------------------------------------------------------------------


def test_session_page_shows_the_viewer_s_time_and_the_roster_s(house, bob):
    text = words(bob.get(f"/sessions/{existing(house)}").text)
    assert "When Tue 24 Nov 2026, 05:00–05:50 in Toronto" in text
    assert "There Tue 24 Nov 2026, 10:00–10:50 in London" in text


def test_session_page_in_one_zone_says_the_time_once(house, alice):
    text = words(alice.get(f"/sessions/{existing(house)}").text)
    assert "When Tue 24 Nov 2026, 10:00–10:50 in London" in text
    assert "There" not in text


def test_session_page_offers_a_reflection_and_changes_to_who_may(house, alice, bob):
    session_id = existing(house)
    links = re.compile(rf'href="(/(?:notes/new\?session=|sessions/){session_id}[^"]*)"')
    found = [links.findall(one.get(f"/sessions/{session_id}").text) for one in (alice, bob)]
    own = f"/sessions/{session_id}"
    both = [f"{own}.ics", f"{own}/agenda", f"/notes/new?session={session_id}"]
    assert found == [
        [*(f"{own}/{act}" for act in ("move", "change", "cancel")), *both],
        both,
    ]


def test_session_page_of_a_series_tells_how_it_goes_on_and_when_it_ends(house, bob):
    done = existing_series(house, 3)
    text = words(bob.get(f"/sessions/{done.session_ids[0]}").text)
    assert (
        "Every week on Tuesday. 3 sessions to come, the last on Tue 8 Dec 2026. "
        "The series ends then."
    ) in text


def test_session_page_costs_the_same_for_two_and_for_thirty(house, alice, statements_of):
    session_id = existing(house)
    few = statements_of(lambda: alice.get(f"/sessions/{session_id}"))
    roster = db.session.get_one(Roster, house.group)
    roster.capacity = 40
    for number in range(30):
        who = factories.person(f"member{number}")
        factories.join(roster, who)
        sessions.member_joined(house.group, who.id, AT)
    db.session.commit()
    many = statements_of(lambda: alice.get(f"/sessions/{session_id}"))
    assert few == many
    assert few <= 6


# -- moving and cancelling -----------------------------------------------------------------


def test_move_a_session(house, alice):
    session_id = existing(house)
    page = f"/sessions/{session_id}/move"
    form = alice.form(page, button="Move")
    assert {name: form.values[name][0] for name in GIVEN} == GIVEN
    response = alice.submit(
        page, {"date": "2026-11-25", "starts_at": "15:00", "message": "Sorry"}, button="Move"
    )
    assert (response.status_code, response.location) == (303, f"/sessions/{session_id}")
    text = words(alice.get(response.location).text)
    assert "Moved. Everybody in the roster is told by mail." in text
    assert "When Wed 25 Nov 2026, 15:00–15:50 in London" in text
    assert "Message Sorry" in text


def test_move_a_whole_series(house, alice):
    done = existing_series(house)
    page = f"/sessions/{done.session_ids[1]}/move"
    assert (
        alice.submit(page, {"starts_at": "14:15", "which": "all"}, button="Move").status_code == 303
    )
    assert [one.starts_at.strftime("%d %H:%M") for one in booked()] == [
        "24 14:15",
        "01 14:15",
        "08 14:15",
        "15 14:15",
    ]


def test_move_what_follows_to_another_weekday(house, alice):
    done = existing_series(house)
    page = f"/sessions/{done.session_ids[2]}/move"
    given = {"date": "2026-12-10", "which": "following"}
    response = alice.submit(page, given, button="Move")
    assert (response.status_code, response.location) == (303, f"/sessions/{done.session_ids[2]}")
    assert [f"{one.starts_at:%a %d}" for one in booked()] == [
        "Tue 24",
        "Tue 01",
        "Thu 10",
        "Thu 17",
    ]
    text = words(alice.get(response.location).text)
    assert "Every week on Thursday. 2 sessions to come, the last on Thu 17 Dec 2026." in text


def test_move_form_says_how_many_were_moved_singly_and_can_move_them_too(house, alice):
    done = existing_series(house)
    wish = Wish(datetime.fromisoformat("2026-12-09T12:00"), 50)
    sessions.move_session(house.alice, AT, done.session_ids[2], wish)
    db.session.commit()
    page = f"/sessions/{done.session_ids[0]}/move"
    text = words(alice.get(page).text)
    assert (
        "1 other coming session of this series was moved singly. "
        "Without a tick it stays where it is."
    ) in text
    alice.submit(page, {"starts_at": "14:00", "which": "all", "edited_too": "y"}, button="Move")
    assert [f"{one.starts_at:%d %H:%M}" for one in booked()] == [
        "24 14:00",
        "01 14:00",
        "08 14:00",
        "15 14:00",
    ]
    assert "moved singly" not in words(alice.get(page).text)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"date": "2026-11-20"}, "date"),
        ({"minutes": "1"}, "minutes"),
        ({"date": "2026-11-20", "which": "all"}, "starts_at"),
        ({"which": "some"}, "which"),
        ({"message": "x" * 501}, "message"),
        ({"starts_at": ""}, "starts_at"),
    ],
)
def test_move_with_a_wrong_value_says_so_beside_it(house, alice, given, field):
    done = existing_series(house)
    response = alice.submit(f"/sessions/{done.session_ids[0]}/move", given, button="Move")
    assert (response.status_code, list(complaints(response.text))) == (422, [field])
    assert {one.sequence for one in booked()} == {0}


def test_move_onto_a_busy_time_names_who_and_when(house, alice):
    session_id = existing(house)
    sessions.book_session(
        house.alice, AT, house.individual, Wish(datetime.fromisoformat("2026-11-25T15:00"), 50)
    )
    db.session.commit()
    given = {"date": "2026-11-25", "starts_at": "15:30"}
    response = alice.submit(f"/sessions/{session_id}/move", given, button="Move")
    assert complaints(response.text)["starts_at"] == (
        "Not everybody can come. Alice Ashworth is busy on Wed 25 Nov 2026, 15:00–15:50 (London)."
    )


def cancel(client, page, given):
    return client.submit(page, given, button="Cancel session")


def test_cancel_a_session(house, alice, bob):
    session_id = existing(house)
    response = alice.submit(
        f"/sessions/{session_id}/cancel", {"message": "I am ill."}, button="Cancel session"
    )
    assert flashes(alice.get(response.location).text) == [
        "The session on Tue 24 Nov 2026 at 10:00 is cancelled. Everybody is told by mail."
    ]
    text = words(bob.get(f"/sessions/{session_id}").text)
    assert "Cancelled" in text
    assert "Message I am ill." in text
    assert "Join the call" not in text


def test_cancel_a_whole_series(house, alice):
    done = existing_series(house)
    response = alice.submit(
        f"/sessions/{done.session_ids[2]}/cancel", {"which": "all"}, button="Cancel session"
    )
    assert flashes(alice.get(response.location).text) == [
        "4 sessions are cancelled. Everybody is told by mail."
    ]
    assert {one.state for one in booked()} == {"cancelled"}


def test_cancel_what_follows(house, alice):
    done = existing_series(house)
    response = alice.submit(
        f"/sessions/{done.session_ids[3]}/cancel", {"which": "following"}, button="Cancel session"
    )
    assert flashes(alice.get(response.location).text) == [
        "1 session is cancelled. Everybody is told by mail."
    ]
    assert [one.state for one in booked()] == ["planned"] * 3 + ["cancelled"]


def test_leave_out_days_of_a_series(house, alice):
    done = existing_series(house)
    page = f"/sessions/{done.session_ids[0]}"
    assert f'href="{page}/leave-out"' in alice.get(page).text
    given = {"skip_first": "2026-12-01", "skip_last": "2026-12-08"}
    response = alice.submit(f"{page}/leave-out", given, button="Leave out")
    assert (response.status_code, response.location) == (303, page)
    assert flashes(alice.get(page).text) == ["These days are left out. 2 sessions are cancelled."]
    assert [one.state for one in booked()] == ["planned", "cancelled", "cancelled", "planned"]


def test_leave_out_with_a_wrong_day_says_so_beside_it(house, alice):
    done = existing_series(house)
    page = f"/sessions/{done.session_ids[0]}/leave-out"
    given = {"skip_first": "2026-12-08", "skip_last": "2026-12-01"}
    response = alice.submit(page, given, button="Leave out")
    assert (response.status_code, complaints(response.text)) == (
        422,
        {"skip_last": "The last day lies before the first."},
    )
    alone = sessions.book_session(
        house.alice, AT, house.group, Wish(TUESDAY + timedelta(days=1), 50)
    ).session_ids[0]
    assert alice.get(f"/sessions/{alone}/leave-out").status_code == 404


def test_book_a_series_that_leaves_out_days(house, alice):
    given = GIVEN | {"repeats": "weekly", "ends": "times", "times": "4"}
    skipped = {"skip_first": "2026-12-01", "skip_last": "2026-12-10"}
    path = f"/rosters/{house.group}/book"
    preview = words(alice.send(f"{path}/preview", given | skipped).text)
    assert "2 sessions, the last on Tue 15 Dec 2026." in preview
    alice.submit(path, given | skipped, button="Book")
    assert [one.starts_at.day for one in booked()] == [24, 15]


def test_cancel_with_too_long_a_message_keeps_it(house, alice):
    session_id = existing(house)
    response = alice.submit(
        f"/sessions/{session_id}/cancel", {"message": "x" * 501}, button="Cancel session"
    )
    assert (response.status_code, "x" * 501 in response.text) == (422, True)
    assert booked()[0].state == "planned"


@pytest.mark.parametrize("act", ["move", "cancel"])
def test_change_of_a_session_that_was_cancelled_is_a_conflict(house, alice, act):
    session_id = existing(house)
    sessions.cancel_session(house.alice, AT, session_id)
    assert alice.get(f"/sessions/{session_id}/{act}").status_code == 409
    assert alice.send(f"/sessions/{session_id}/{act}", GIVEN).status_code == 409


@pytest.mark.parametrize("act", ["move", "cancel"])
def test_change_is_for_those_who_run_the_roster(house, bob, new_client, act):
    session_id = existing(house)
    charlie = new_client()
    charlie.sign_in(house.charlie.id)
    path = f"/sessions/{session_id}/{act}"
    assert [one.send(path, GIVEN).status_code for one in (bob, charlie)] == [403, 404]
    assert [one.get(path).status_code for one in (bob, charlie)] == [403, 404]
