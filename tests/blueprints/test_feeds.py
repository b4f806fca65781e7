"""The pages of calendar links, and the feeds as clients ask for them over HTTP."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from uuid import UUID

import pytest
import segno
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from supervision.blueprints.feeds.clients import NAMES, agent_name
from supervision.db import db
from supervision.models.feeds import Client, FeedSubscription, Privacy, Scope
from supervision.models.rosters import Roster
from supervision.models.sessions import Session
from supervision.services import feeds
from tests import factories
from tests.conftest import NOW
from tests.support.statements import counted

# A button of the form that makes links; which one is said by the values sent.
PRESS = "Google Calendar On the web, and on phones that use it"
ADDRESS = re.compile(r'value="(http://localhost/feeds/([A-Za-z0-9_-]{43})\.ics)"')


@pytest.fixture
def house(app: Flask, clock) -> factories.House:
    made = factories.house()
    group = db.session.get_one(Roster, made.group)
    factories.session(group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC), made.bob)
    db.session.commit()
    return made


@pytest.fixture
def bob(house, client):
    client.sign_in(house.bob.id)
    return client


@pytest.fixture
def token(house) -> str:
    _made, token = feeds.make_subscription(
        house.bob, NOW, Scope.PERSON, None, "my phone", Privacy.PLAIN
    )
    db.session.commit()
    return token


def path(token: str) -> str:
    return f"/feeds/{token}.ics"


def subscription() -> FeedSubscription:
    return db.session.execute(
        select(FeedSubscription).where(FeedSubscription.off_at.is_(None))
    ).scalar_one()


def token_on(page: str) -> str:
    found = ADDRESS.search(page)
    assert found, "the page shows no address"
    return found[2]


# -- pages -----------------------------------------------------------------------------------


def test_feeds_without_any_say_what_to_do_next(bob) -> None:
    page = bob.get("/feeds").text
    assert "No calendar link yet" in page
    assert '<a href="/feeds/new" class="button primary">Put it into my calendar</a>' in page


@pytest.mark.parametrize("path", ["/", "/rosters/{group}"])
def test_feed_is_two_clicks_from_where_sessions_are(house, bob, path) -> None:
    page = bob.get(path.format(group=house.group)).text
    assert re.search(r'<a href="(/feeds/new[^"]*)"[^>]*>Put it into my calendar</a>', page)
    assert len(re.findall(r'<button class="client" type="submit"', bob.get("/feeds/new").text)) == 7


def test_feed_made_by_one_press_shows_its_address_once(bob, new_client) -> None:
    response = bob.submit("/feeds/new", {"client": "google"}, PRESS)
    made = subscription()
    assert (response.status_code, response.location) == (303, f"/feeds/{made.id}")
    assert (made.label, made.client, made.scope, made.privacy) == (
        "Google Calendar", "google", "person", "plain",
    )  # fmt: skip
    shown = bob.get(response.location)
    token = token_on(shown.text)
    assert shown.headers["Cache-Control"] == "no-store"
    google = re.search(r'href="(https://calendar\.google\.com/[^"]+)"', shown.text)
    assert google
    assert unquote(google[1]).endswith(f"?cid=webcal://localhost/feeds/{token}.ics")
    assert new_client().get(path(token)).status_code == 200
    again = bob.get(response.location).text
    assert token not in again
    assert "shown once" in again


@pytest.mark.parametrize("which", [one for one in Client if one != Client.ACCOUNT])
def test_link_has_the_steps_of_its_client_alone_and_a_name_of_its_own(bob, which) -> None:
    steps = {
        Client.GOOGLE: "From URL",
        Client.APPLE: "New Calendar Subscription",
        Client.OUTLOOK: "Subscribe from web",
        Client.THUNDERBIRD: "On the Network",
        Client.ANDROID: "ICSx⁵",
        Client.OTHER: "calendar from the network",
    }
    bob.submit("/feeds/new", {"client": which}, PRESS)
    page = bob.submit("/feeds/new", {"client": which}, PRESS, follow_redirects=True).text
    assert f"<h1>{NAMES[which]} 2</h1>" in page
    token = token_on(page)
    listed = page.partition("<ol>")[2].partition("</ol>")[0]
    assert [one for one, words in steps.items() if words in listed] == [which]
    webcal = f'href="webcal://localhost/feeds/{token}.ics"'
    assert (webcal in page) == (which != Client.GOOGLE)
    camera = which in {Client.APPLE, Client.ANDROID, Client.OTHER}
    assert page.count('role="img" aria-label="QR code of the link above"') == camera


def test_code_on_the_page_holds_the_link(bob) -> None:
    page = bob.submit("/feeds/new", {"client": "apple"}, PRESS, follow_redirects=True).text
    drawn = segno.make_qr(f"webcal://localhost/feeds/{token_on(page)}.ics", error="m")
    assert f'viewBox="0 0 {drawn.symbol_size()[0]} {drawn.symbol_size()[1]}"' in page
    squares = drawn.svg_inline(border=4, omitsize=True).partition(' d="')[2].partition('"')[0]
    assert f' d="{squares}"' in page
    assert " style=" not in page


def test_link_is_renamed_and_a_wrong_name_says_so(bob, token) -> None:
    made = subscription().id
    assert bob.submit(f"/feeds/{made}", {"label": "desk"}, "Rename").status_code == 303
    assert "<h1>desk</h1>" in bob.get(f"/feeds/{made}").text
    for wrong in (" ", "x" * 61):
        assert bob.submit(f"/feeds/{made}", {"label": wrong}, "Rename").status_code == 422
    assert subscription().label == "desk"


def test_feed_of_a_roster_is_chosen_by_its_pages_link(house, bob) -> None:
    form = bob.form(f"/feeds/new?roster={house.group}", PRESS)
    assert form.values["scope"] == [str(house.group)]
    bob.submit(f"/feeds/new?roster={house.group}", {"privacy": "full"}, PRESS)
    made = subscription()
    assert (made.scope, made.roster_id, made.privacy) == ("roster", house.group, "full")


@pytest.mark.parametrize("roster", ["nonsense", str(UUID(int=1))])
def test_feeds_for_an_unknown_roster_offer_all_sessions(bob, roster) -> None:
    assert bob.form(f"/feeds/new?roster={roster}", PRESS).values["scope"] == ["all"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"client": "abacus"}, "Not a valid choice."),
        ({"privacy": "loud"}, "Not a valid choice."),
        ({"scope": str(UUID(int=1))}, "Not a valid choice."),
    ],
)
def test_feed_with_a_wrong_value_says_so_and_keeps_the_input(bob, wrong, sentence) -> None:
    response = bob.submit("/feeds/new", {"privacy": "busy"} | wrong, PRESS)
    assert response.status_code == 422
    assert sentence in response.text
    kept = '<input checked id="privacy-1" name="privacy" type="radio" value="busy">'
    assert (kept in response.text) == ("privacy" not in wrong)
    assert db.session.scalars(select(FeedSubscription)).all() == []


def test_feed_of_a_strangers_roster_cannot_be_made(house, client) -> None:
    client.sign_in(house.charlie.id)
    response = client.submit("/feeds/new", {"scope": str(house.group)}, PRESS)
    assert response.status_code == 422


def test_feed_form_sent_twice_makes_one(bob) -> None:
    form = bob.form("/feeds/new", PRESS)
    locations = {bob.post(form.action, data=form.values).location for _ in range(2)}
    assert locations == {f"/feeds/{subscription().id}"}


def test_feeds_list_who_fetched_when(bob, token, clock) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.2.0"
    bob.get(path(token), headers={"User-Agent": agent})
    clock.shift(timedelta(hours=3))
    page = bob.get("/feeds").text
    assert "Last fetched 3 hours ago by Thunderbird" in page
    assert "Up to date" in page


def test_feeds_list_how_far_each_client_is_behind(house, bob, token, clock) -> None:
    def badges() -> list[str]:
        return re.findall(r'<span class="badge \w+">([^<]+)</span>', bob.get("/feeds").text)

    assert "Not fetched by any program yet" in bob.get("/feeds").text
    bob.get(path(token))
    found = [badges()]
    for _ in range(2):
        feeds.bump([house.bob.id])
        db.session.commit()
        found.append(badges())
    bob.get(path(token))
    assert [*found, badges()] == [
        ["Up to date"], ["Up to 1 change behind"], ["Up to 2 changes behind"], ["Up to date"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Google-Calendar-Importer", "Google Calendar"),
        ("macOS/26.1 (25B78) dataaccessd/1.0", "Apple Calendar"),
        ("Microsoft.Exchange/15.20 (...)", "Outlook"),
        ("Mozilla/5.0 (Windows NT 10.0) Firefox/145.0", "a web browser"),
        ("khal/0.14", "khal"),
        ("", "a program without a name"),
    ],
)
def test_client_is_named_in_words(app, agent, name) -> None:
    with app.test_request_context():
        assert agent_name(agent) == name


def test_feeds_list_takes_as_many_statements_for_any_number(house, bob) -> None:
    counts = []
    for rows in (1, 14):
        for _ in range(rows):
            feeds.make_subscription(
                house.bob, NOW, Scope.ROSTER, house.group, "desk", Privacy.PLAIN
            )
        db.session.commit()
        with counted() as seen:
            bob.get("/feeds")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 6


def test_who_runs_the_roster_sees_a_receipt_unless_it_is_not_shared(
    house, bob, token, new_client
) -> None:
    alice, carol = new_client(), new_client()
    alice.sign_in(house.alice.id)
    carol.sign_in(house.carol.id)
    session = db.session.execute(select(Session.id)).scalar_one()

    def receipts(client) -> list[str]:
        page = client.get(f"/sessions/{session}").text
        return re.findall(r'<span class="meta receipt">([^<]+)</span>', page)

    bob.get(path(token))
    has = "In the calendar as it is now, fetched Mon 23 Nov 2026, 09:00"
    assert [receipts(alice), receipts(carol)] == [[has], []]
    assert bob.form("/feeds", "Save").values["shared"] == ["y"]
    bob.send("/feeds/sharing", {})
    assert receipts(alice) == ["Told by mail; calendar not shared"]
    assert receipts(bob) == ["In the calendar as it is now, fetched Mon 23 Nov 2026, 04:00"]
    assert "shared" not in bob.form("/feeds", "Save").values
    bob.send("/feeds/sharing", {"shared": "y"})
    assert receipts(alice) == [has]


def test_feed_reset_buries_the_old_address(bob, token) -> None:
    old = subscription().id
    page = bob.submit(f"/feeds/{old}", button="Reset", follow_redirects=True).text
    new = token_on(page)
    assert new != token
    assert summaries(bob.get(path(token))) == ["This calendar link was turned off"]
    assert summaries(bob.get(path(new))) == ["Group supervision"]


def test_feed_turned_off_is_listed_so_then_gone(bob, token, clock) -> None:
    made = subscription().id
    response = bob.submit(f"/feeds/{made}", button="Turn off")
    assert (response.status_code, response.location) == (303, "/feeds")
    assert summaries(bob.get(path(token))) == ["This calendar link was turned off"]
    assert "Turned off" in bob.get("/feeds").text
    page = bob.get(f"/feeds/{made}")
    assert (page.status_code, "Turned off on" in page.text) == (200, True)
    for act in ("reset", "turn-off"):
        assert bob.send(f"/feeds/{made}/{act}").status_code == 404
    clock.shift(timedelta(days=30))
    closed = bob.get(path(token))
    assert (closed.status_code, closed.text) == (410, "Gone\n")


@pytest.mark.parametrize("who", ["alice", "charlie", "dana"])
def test_feed_of_somebody_else_does_not_exist(house, token, new_client, who) -> None:
    made = subscription().id
    other = new_client()
    other.sign_in(getattr(house, who).id)
    unknown = other.get(f"/feeds/{UUID(int=1)}")
    response = other.get(f"/feeds/{made}")
    assert (response.status_code, unknown.status_code) == (404, 404)
    for act in ("reset", "turn-off"):
        assert other.send(f"/feeds/{made}/{act}").status_code == 404
    assert summaries(new_client().get(path(token))) == ["Group supervision"]


def test_feeds_ask_a_stranger_to_sign_in(app, client) -> None:
    response = client.get("/feeds")
    assert (response.status_code, response.location) == (302, "/sign-in?next=/feeds")


# -- accounts --------------------------------------------------------------------------------

VALUE = re.compile(r'<input id="account-(\w+)" value="([^"]+)" readonly')


def make_account(bob, **choices) -> str:
    response = bob.submit("/feeds/new", {"client": "account"} | choices, PRESS)
    assert response.status_code == 303
    return str(response.location)


def test_account_shows_what_a_program_asks_for_once(house, bob) -> None:
    page = make_account(bob, scope=str(house.group), privacy="busy")
    made = subscription()
    assert (made.label, made.scope, made.roster_id, made.privacy) == (
        "CalDAV account", "person", None, "busy",
    )  # fmt: skip
    shown = dict(VALUE.findall(bob.get(page).text))
    assert (shown["server"], shown["user"]) == ("http://localhost/dav/", "bob@example.org")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", shown["password"])
    again = bob.get(page).text
    assert shown["password"] not in again
    assert "The password was shown once" in again
    assert "All my sessions, and each roster" in again


def test_account_that_is_reset_gets_another_password(bob) -> None:
    page = make_account(bob)
    first = dict(VALUE.findall(bob.get(page).text))["password"]
    after = bob.submit(page, button="Reset", follow_redirects=True).text
    assert dict(VALUE.findall(after))["password"] != first
    assert "The old password is turned off." in after


def test_account_that_is_turned_off_says_what_programs_keep(bob) -> None:
    page = make_account(bob)
    after = bob.submit(page, button="Turn off", follow_redirects=True).text
    assert "The password is turned off. Programs keep what they have" in after
    assert "Programs that still try are refused." in bob.get(page).text


# -- HTTP ------------------------------------------------------------------------------------


def summaries(response) -> list[str]:
    assert response.status_code == 200
    return [str(found["summary"]) for found in Calendar.from_ical(response.data).walk("VEVENT")]


def test_feed_has_the_headers_that_clients_and_privacy_want(client, token) -> None:
    response = client.get(path(token))
    assert response.status_code == 200
    assert summaries(response) == ["Group supervision"]
    headers = response.headers
    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert re.fullmatch(r'"[0-9a-f]+-[0-9a-f]{32}"', headers["ETag"])
    assert headers["Last-Modified"] == "Mon, 23 Nov 2026 09:00:00 GMT"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == "inline; filename=supervision.ics"
    assert "Accept-Encoding" in response.vary
    assert token not in str(headers)


def test_feed_sets_no_cookie_even_for_somebody_signed_in(bob, token) -> None:
    for response in (bob.get(path(token)), bob.get(path("a" * 43)), bob.get(path("odd"))):
        assert "Set-Cookie" not in response.headers


def test_feed_zipped_holds_the_same_bytes(client, token) -> None:
    plain = client.get(path(token))
    for accepted in ("gzip", "br;q=1, gzip;q=0.5", "*"):
        zipped = client.get(path(token), headers={"Accept-Encoding": accepted})
        assert zipped.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(zipped.data) == plain.data
        assert zipped.headers["ETag"] == plain.headers["ETag"]
    for refused in ("identity", "gzip;q=0", "br"):
        response = client.get(path(token), headers={"Accept-Encoding": refused})
        assert ("Content-Encoding" in response.headers, response.data) == (False, plain.data)


def test_feed_not_modified_is_304_by_one_statement(client, token) -> None:
    first = client.get(path(token))
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f"W/{etag}"},
        {"If-None-Match": f'"other", {etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
        {"If-None-Match": etag, "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ):
        with counted() as seen:
            response = client.get(path(token), headers=headers)
        assert (response.status_code, response.data, len(seen)) == (304, b"", 1)
        assert response.headers["ETag"] == etag
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert "Accept-Encoding" in response.vary


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-None-Match": '\x01\x02;;;,,,"""\''},
        {"If-None-Match": ", ".join(f'"{n}"' for n in range(500))},
        {"If-Modified-Since": "yesterday, or so"},
        {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"Range": "bytes=0-10"},
        {"Accept": "text/html"},
        {"Accept-Encoding": ";;q=x,,"},
        {"User-Agent": "x" * 5000},
    ],
)
def test_feed_with_odd_headers_is_sent_whole(client, token, headers) -> None:
    client.get(path(token))
    response = client.get(path(token), headers=headers)
    assert summaries(response) == ["Group supervision"]


def test_feed_by_head_has_the_headers_alone(client, token) -> None:
    whole = client.get(path(token))
    head = client.head(path(token))
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]
    held = client.head(path(token), headers={"If-None-Match": whole.headers["ETag"]})
    assert held.status_code == 304


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_feed_by_another_method_is_not_allowed(client, token, method) -> None:
    response = client.open(path(token), method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert token not in response.text


@pytest.mark.parametrize("odd", ["x", "a" * 42, "a" * 44, "a" * 5000, "é" * 43, "a" * 40 + "%00/"])
def test_feed_with_an_odd_token_is_not_found_without_a_statement(client, token, odd) -> None:
    with counted() as seen:
        response = client.get(path(odd))
    assert (response.status_code, seen) == (404, [])


def test_feed_with_an_unknown_token_is_not_found(client, token) -> None:
    response = client.get(path("a" * 43))
    assert (response.status_code, response.text) == (404, "Not Found\n")
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_feed_leaves_no_token_in_the_logs(client, token, capsys, monkeypatch) -> None:
    monkeypatch.setattr(feeds.reading, "build", lambda _wanted: 1 / 0)
    answers = [
        client.get(path(token)).status_code,
        client.post(path(token)).status_code,
        client.get(path("b" * 43)).status_code,
    ]
    assert answers == [500, 405, 404]
    said = capsys.readouterr()
    assert "feeds.read" in said.err
    for secret in (token, token[:12], "b" * 43):
        assert secret not in said.err + said.out
