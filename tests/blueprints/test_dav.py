"""Calendars as an account, over HTTP: who gets in, what they may, and what programs ask."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from icalendar import Calendar

from supervision.db import db
from supervision.models.feeds import Client, FeedSubscription, Privacy, Scope
from supervision.models.rosters import Roster
from supervision.services import feeds, rosters, sessions
from supervision.services.sessions import Wish
from supervision.web import limits
from tests import factories
from tests.conftest import NOW
from tests.support.dav import Program, condition_in, document, props, read, tag, token_in
from tests.support.dav_programs import APPLE, DAVX5, GNOME, THUNDERBIRD

TUESDAY = datetime(2026, 12, 1, 15, 0)  # noqa: DTZ001 - a wall-clock time


@pytest.fixture
def house(app: Flask, clock) -> factories.House:
    return factories.house()


@pytest.fixture
def password(house) -> str:
    _made, password = feeds.make_subscription(
        house.bob, NOW, Scope.PERSON, None, "account", Privacy.PLAIN, Client.ACCOUNT
    )
    db.session.commit()
    return password


@pytest.fixture
def program(client, password) -> Program:
    return Program(client, "bob@example.org", password)


@pytest.fixture
def home(house) -> str:
    return f"/dav/{house.bob.id}/calendars/"


@pytest.fixture
def session_ids(house):
    booked = [
        sessions.book_session(
            house.alice, NOW, house.group, Wish(TUESDAY + timedelta(weeks=week), 50)
        ).session_ids[0]
        for week in range(2)
    ]
    db.session.commit()
    return booked


# -- who gets in -----------------------------------------------------------------------------


def refusal(response) -> tuple[int, str | None, bytes]:
    return response.status_code, response.headers.get("WWW-Authenticate"), response.data


def test_program_without_password_is_asked_for_one(house, client) -> None:
    response = client.open("/dav/", method="PROPFIND")
    assert refusal(response)[:2] == (401, 'Basic realm="Supervision", charset="UTF-8"')


def test_wrong_password_and_unknown_person_are_refused_alike(house, client, password) -> None:
    wrong = (("bob@example.org", "x" * 43), ("nobody@example.org", password), ("", password))
    answers = {
        refusal(Program(client, email, given).ask("PROPFIND", "/dav/")) for email, given in wrong
    }
    ((status, asked, _words),) = answers
    assert (status, asked) == (401, 'Basic realm="Supervision", charset="UTF-8"')


@pytest.mark.parametrize("given", ["Bearer x", "Basic", "Basic !", "Basic Ym9i", "Digest a=b"])
def test_odd_credentials_are_none(house, client, given) -> None:
    response = client.open("/dav/", method="PROPFIND", headers={"Authorization": given})
    assert response.status_code == 401


def test_cookie_grants_nothing_here(house, client, home) -> None:
    client.sign_in(house.bob.id)
    for method in ("PROPFIND", "REPORT", "GET", "PUT", "OPTIONS"):
        assert client.open(home, method=method).status_code == 401


def test_password_grants_nothing_elsewhere(house, client, password) -> None:
    given = b64encode(f"bob@example.org:{password}".encode()).decode()
    for path in ("/", "/feeds", "/calendar", f"/rosters/{house.group}"):
        response = client.get(path, headers={"Authorization": f"Basic {given}"})
        assert (response.status_code, response.location.split("?")[0]) == (302, "/sign-in")


def test_passphrase_opens_no_calendar(house, client) -> None:
    program = Program(client, "bob@example.org", "compassion-demo")
    assert program.ask("GET", "/dav/").status_code == 401


def test_account_ends_with_its_password(house, program) -> None:
    assert program.ask("PROPFIND", "/dav/").status_code == 207
    (row,) = db.session.scalars(db.select(FeedSubscription))
    feeds.turn_off(house.bob, NOW, row.id)
    db.session.commit()
    assert program.ask("PROPFIND", "/dav/").status_code == 401


def test_wrong_tries_are_slowed_and_the_right_password_still_opens(house, client, program) -> None:
    wrong = Program(client, "bob@example.org", "x" * 43)
    answers = [wrong.ask("PROPFIND", "/dav/") for _ in range(11)]
    assert [one.status_code for one in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert program.ask("PROPFIND", "/dav/").status_code == 207


def test_right_password_is_not_counted(house, program, monkeypatch) -> None:
    monkeypatch.setattr(limits, "spend", None)
    assert program.ask("PROPFIND", "/dav/").status_code == 207


def test_password_is_not_taken_in_the_clear(app, house, program, client) -> None:
    other = {"REMOTE_ADDR": "192.0.2.7"}
    response = client.open("/dav/", method="PROPFIND", environ_overrides=other)
    assert (response.status_code, response.text) == (403, "Passwords are taken over https only.\n")
    assert program.ask("PROPFIND", "/dav/").status_code == 207


def test_nobody_sees_the_calendars_of_another(house, program) -> None:
    theirs, nobodys = f"/dav/{house.alice.id}/", f"/dav/{factories.unknown()}/"
    for path in ("", "calendars/", "calendars/all/"):
        answers = {
            (one.status_code, one.data)
            for one in (program.ask("PROPFIND", start + path) for start in (theirs, nobodys))
        }
        assert answers == {(404, b"Not found.\n")}


def test_answers_carry_no_cookie_and_are_kept_by_nobody(house, program, home) -> None:
    response = program.ask("PROPFIND", home)
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["DAV"] == "1, 3, calendar-access"
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"


# -- discovery -------------------------------------------------------------------------------


def test_well_known_address_leads_to_the_calendars(house, client) -> None:
    for method in ("GET", "PROPFIND", "OPTIONS"):
        response = client.open("/.well-known/caldav", method=method)
        assert (response.status_code, response.location) == (301, "/dav/")


def test_program_finds_its_calendars_from_the_root(house, program, home) -> None:
    person = f"/dav/{house.bob.id}/"
    root = program.propfind("/dav/", "d:current-user-principal")
    assert root["/dav/"].href("d:current-user-principal") == person
    principal = program.propfind(person, "c:calendar-home-set d:displayname d:resourcetype")
    assert principal[person].href("c:calendar-home-set") == home
    assert principal[person].text("d:displayname") == "Bob Brandt"
    assert principal[person].inside("d:resourcetype") == ["collection", "principal"]
    names = "d:resourcetype d:displayname c:supported-calendar-component-set a:calendar-color"
    found = program.propfind(home, names, depth=1)
    below = ["all", house.individual, house.group]
    assert list(found) == [home, *(f"{home}{name}/" for name in below)]
    assert found[home].inside("d:resourcetype") == ["collection"]
    one = found[f"{home}all/"]
    assert one.inside("d:resourcetype") == ["collection", "calendar"]
    assert one.text("d:displayname") == "All my sessions"
    assert [part.get("name") for part in one.values[tag("c:supported-calendar-component-set")]] == [
        "VEVENT"
    ]


def test_calendar_says_that_it_is_only_read(house, program, home) -> None:
    found = program.propfind(f"{home}all/", "d:current-user-privilege-set d:supported-report-set")
    one = found[f"{home}all/"]
    may = one.values[tag("d:current-user-privilege-set")]
    assert [part[0].tag for part in may] == [
        tag("d:read"), tag("d:read-current-user-privilege-set"),
    ]  # fmt: skip
    reports = [part[0][0].tag for part in one.values[tag("d:supported-report-set")]]
    assert reports == [
        tag("c:calendar-query"), tag("c:calendar-multiget"), tag("d:sync-collection"),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/dav/", "/dav/{me}/", "/dav/{me}/calendars/"])
def test_property_that_nobody_knows_is_absent(house, program, path) -> None:
    path = path.format(me=house.bob.id)
    found = program.propfind(path, "me:bulk-requests d:resourcetype")
    assert found[path].absent == {tag("me:bulk-requests")}


def test_depth_without_end_is_refused(house, program, home) -> None:
    response = program.ask("PROPFIND", home, Depth="infinity")
    assert condition_in(response) == (403, "propfind-finite-depth")


def test_propfind_without_a_body_tells_all(house, program, home, session_ids) -> None:
    found = read(program.ask("PROPFIND", f"{home}all/", Depth="1").data)
    assert len(found) == 3
    event = found[f"{home}all/{session_ids[0]}.ics"]
    assert set(event.values) >= {tag("d:getetag"), tag("d:getcontenttype"), tag("d:resourcetype")}
    assert tag("c:calendar-data") not in event.values


@pytest.mark.parametrize("body", [b"rubbish", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', b"<x/>"])
def test_body_that_cannot_be_read_is_400(house, program, home, body) -> None:
    assert program.ask("PROPFIND", home, body).status_code == 400


NOWHERE = ["calendars/no-such/", "calendars/all/x.txt", "calendars/all/x.ics", "x/", "a/b/c/d/e"]


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT"])
@pytest.mark.parametrize("path", NOWHERE)
def test_what_is_not_there_is_404(house, program, method, path) -> None:
    body = document("d:sync-collection", "<d:sync-token/>") if method == "REPORT" else b""
    assert program.ask(method, f"/dav/{house.bob.id}/{path}", body).status_code == 404


def test_session_that_is_not_there_is_404(house, program, home, session_ids) -> None:
    paths = (f"all/{factories.unknown()}.ics", f"{house.individual}/{session_ids[0]}.ics")
    for method in ("GET", "PROPFIND"):
        assert {program.ask(method, home + path).status_code for path in paths} == {404}


# -- nothing can be changed ------------------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    ["PUT", "DELETE", "PROPPATCH", "MKCOL", "MKCALENDAR", "MOVE", "COPY", "LOCK", "UNLOCK", "ACL"],
)
def test_writing_is_refused_by_name(house, program, home, session_ids, method) -> None:
    for path in (f"{home}all/{session_ids[0]}.ics", f"{home}all/new.ics", f"{home}new/"):
        assert condition_in(program.ask(method, path, b"x")) == (403, "need-privileges")
    held = program.propfind(f"{home}all/", "d:getetag", depth=1)
    assert len(held) == 3


def test_options_tell_what_can_be_asked(house, program, home) -> None:
    response = program.ask("OPTIONS", home)
    assert (response.status_code, response.headers["Allow"], response.headers["DAV"]) == (
        204, "OPTIONS, GET, HEAD, PROPFIND, REPORT", "1, 3, calendar-access",
    )  # fmt: skip


# -- reports ---------------------------------------------------------------------------------


def test_sync_tells_what_changed_and_what_went(house, program, home, session_ids) -> None:
    one, two = (f"{home}all/{key}.ics" for key in session_ids)
    first = program.sync(f"{home}all/")
    assert list(read(first.data)) == [one, two]
    token = token_in(first.data)
    asked = program.propfind(f"{home}all/", "d:sync-token cs:getctag")[f"{home}all/"]
    assert (asked.text("d:sync-token"), asked.text("cs:getctag")) == (token, token)
    assert read(program.sync(f"{home}all/", token).data) == {}
    sessions.move_session(house.alice, NOW, session_ids[1], Wish(TUESDAY + timedelta(days=1), 50))
    db.session.commit()
    second = program.sync(f"{home}all/", token, "d:getetag c:calendar-data")
    assert list(read(second.data)) == [two]
    (event,) = Calendar.from_ical(read(second.data)[two].text("c:calendar-data")).events
    assert (event["sequence"], str(event["summary"])) == (1, "Group supervision")
    rosters.leave(house.bob, NOW, house.group)
    db.session.commit()
    third = read(program.sync(f"{home}all/", token_in(second.data)).data)
    assert {href: found.status for href, found in third.items()} == {one: 404, two: 404}
    assert program.sync(f"{home}{house.group}/").status_code == 404


def test_token_that_nobody_gave_is_refused_by_name(house, program, home) -> None:
    for token in ("https://supervision.invalid/sync/0", "nonsense"):
        answer = condition_in(program.sync(f"{home}all/", token))
        assert answer == (403, "valid-sync-token")


def test_sync_of_more_than_is_wanted_is_refused_by_name(house, program, home, session_ids) -> None:
    limit = "<d:sync-token/><d:limit><d:nresults>{}</d:nresults></d:limit>" + props("d:getetag")
    few = program.report(f"{home}all/", document("d:sync-collection", limit.format(1)))
    assert condition_in(few) == (403, "number-of-matches-within-limits")
    enough = program.report(f"{home}all/", document("d:sync-collection", limit.format(2)))
    assert len(read(enough.data)) == 2


def test_multiget_gives_what_is_there_and_says_what_is_not(
    house, program, home, session_ids
) -> None:
    here = f"{home}all/{session_ids[0]}.ics"
    absolute = f"http://localhost{home}all/{session_ids[1]}.ics"
    strange = [
        f"{home}all/{factories.unknown()}.ics",
        f"{home}{house.individual}/{session_ids[0]}.ics",
        f"/dav/{house.alice.id}/calendars/all/{session_ids[0]}.ics",
        "http://[broken/",
        "/etc/passwd",
    ]
    found = program.multiget(f"{home}all/", here, absolute, *strange)
    assert {href: one.status for href, one in found.items()} == {
        here: 200, f"{home}all/{session_ids[1]}.ics": 200, **dict.fromkeys(strange, 404),
    }  # fmt: skip
    data = found[here].text("c:calendar-data")
    assert data.encode() == program.ask("GET", here).data


def test_query_gives_the_events_of_a_time(house, program, home, session_ids) -> None:
    first, second = (f"{home}all/{key}.ics" for key in session_ids)
    span = '<c:time-range start="20261201T000000Z" end="20261202T000000Z"/>'
    for inside, expected in (
        ('<c:comp-filter name="VEVENT"/>', [first, second]),
        (f'<c:comp-filter name="VEVENT">{span}</c:comp-filter>', [first]),
        ('<c:comp-filter name="VTODO"/>', []),
    ):
        assert list(read(program.query(f"{home}all/", inside).data)) == expected
    odd = '<c:comp-filter name="VEVENT"><c:prop-filter name="UID"/></c:comp-filter>'
    assert condition_in(program.query(f"{home}all/", odd)) == (403, "supported-filter")


def test_report_that_is_not_done_here_is_refused_by_name(house, program, home) -> None:
    unknown = program.report(f"{home}all/", document("c:free-busy-query", ""))
    assert condition_in(unknown) == (403, "supported-report")
    on_home = program.sync(home)
    assert condition_in(on_home) == (403, "supported-report")


def test_resource_is_given_once_and_then_by_its_tag(house, program, home, session_ids) -> None:
    path = f"{home}all/{session_ids[0]}.ics"
    first = program.ask("GET", path)
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    listed = program.propfind(path, "d:getetag")[path].text("d:getetag")
    assert first.headers["ETag"] == listed
    again = program.ask("GET", path, If_None_Match=listed)
    assert (again.status_code, again.data) == (304, b"")
    head = program.ask("HEAD", path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", listed)
    assert program.ask("GET", home).status_code == 405


def receipts(house) -> int | None:
    db.session.rollback()
    return db.session.scalars(db.select(FeedSubscription)).one().given_version


LATER = '<c:comp-filter name="VEVENT"><c:time-range start="20261124T000000Z"/></c:comp-filter>'
NOW_ON = '<c:comp-filter name="VEVENT"><c:time-range start="20261123T000000Z"/></c:comp-filter>'


def test_receipt_comes_with_all_that_is_to_come(house, program, home, session_ids) -> None:
    everything = f"{home}all/"
    program.propfind(everything, "cs:getctag", depth=1)
    token = token_in(program.sync(everything).data)
    program.query(everything, LATER, "c:calendar-data")
    program.query(everything, NOW_ON, "d:getetag")
    assert receipts(house) is None
    program.sync(everything, token)
    first = receipts(house)
    assert first is not None
    feeds.bump([house.bob.id])
    db.session.commit()
    program.propfind(home, "cs:getctag", depth=1)
    assert receipts(house) == first + 1
    sessions.cancel_session(house.alice, NOW, session_ids[0])
    db.session.commit()
    program.propfind(everything, "cs:getctag")
    assert receipts(house) == first + 1
    program.query(everything, NOW_ON, "d:getetag c:calendar-data")
    assert receipts(house) == first + 2


# -- what programs ask -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked", [APPLE, THUNDERBIRD, DAVX5, GNOME], ids=["apple", "thunderbird", "davx5", "gnome"]
)
def test_program_gets_what_it_needs(house, program, session_ids, asked) -> None:
    told: dict[str, set[str]] = {}
    for path, depth, names in asked:
        answer = program.propfind(path.format(me=house.bob.id), names, depth)
        for href, one in answer.items():
            assert set(one.values) | one.absent == {tag(name) for name in names.split()}
            told.setdefault(href, set()).update(one.values)
    home = f"/dav/{house.bob.id}/calendars/"
    needed = "d:resourcetype d:displayname d:current-user-privilege-set cs:getctag"
    assert told[f"{home}all/"] >= {tag(name) for name in needed.split()}
    reports(program, f"{home}all/", len(session_ids))


def reports(program: Program, path: str, count: int) -> None:
    """By sync or by query they learn the addresses, and get the events by these."""
    by_sync = read(program.sync(path, names="d:getcontenttype d:getetag").data)
    since = '<c:comp-filter name="VEVENT"><c:time-range start="20260901T000000Z"/></c:comp-filter>'
    by_query = read(program.query(path, since).data)
    assert list(by_sync) == list(by_query)
    got = program.multiget(path, *by_sync)
    assert len(got) == count
    for href, one in got.items():
        assert one.text("d:getetag") == by_sync[href].text("d:getetag")
        assert by_sync[href].text("d:getcontenttype").startswith("text/calendar")
        assert len(Calendar.from_ical(one.text("c:calendar-data")).events) == 1


# -- what no program asks ----------------------------------------------------------------------


def names(count: int) -> str:
    return " ".join(f"d:made-up-{at}" for at in range(count))


def test_more_than_a_hundred_names_are_refused_by_a_condition_of_our_own(program, home) -> None:
    body = document("d:propfind", props(names(3_000)))
    answer = program.ask("PROPFIND", f"{home}all/", body, Depth="1")
    assert condition_in(answer) == (403, "properties-within-limits")
    assert len(answer.data) < 300


def test_body_larger_than_any_question_is_refused_unread(program, home) -> None:
    for method in ("PROPFIND", "REPORT"):
        assert program.ask(method, f"{home}all/", b" " * 600_000).status_code == 413


def test_event_is_given_once_however_its_address_is_written(program, home, session_ids) -> None:
    here = f"{home}all/{session_ids[0]}.ics"
    spelled = [
        here.replace("a", "%61", at).replace("/dav/", "/dav/" + "/" * at) for at in range(1, 30)
    ]
    spelled += [f"https://host{at}{here}" for at in range(30)]
    found = program.multiget(f"{home}all/", *spelled, here.upper().replace("/DAV/", "/dav/"))
    assert [href for href, one in found.items() if one.status == 200] == [here]


def test_wide_question_about_268_sessions_is_answered_small(house, program, home) -> None:
    group = db.session.get_one(Roster, house.group)
    for day in range(268):
        at = (TUESDAY + timedelta(days=day)).replace(tzinfo=UTC)
        factories.session(group, at, house.bob)
    db.session.commit()
    body = document("d:propfind", props(f"d:getetag {names(99)}"))
    program.ask("PROPFIND", f"{home}all/", body, Depth="1")  # builds what is asked
    wide = program.ask("PROPFIND", f"{home}all/", body, Depth="1")
    narrow = program.ask(
        "PROPFIND", f"{home}all/", document("d:propfind", props("d:getetag")), Depth="1"
    )
    assert len(read(wide.data)) == 269
    assert len(wide.data) < len(narrow.data) + 4 * len(body)
