"""The private feed: a client follows a move and a cancellation, and a reset link is dead."""

import time
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from uuid import uuid4

from icalendar import Calendar
from playwright.sync_api import Page

from supervision import clock
from tests.browser.test_story import (
    LONDON,
    TORONTO,
    Plan,
    accept,
    before_next_change,
    book_series,
    invite,
    make_roster,
    nth_session,
)
from tests.support.calendar_client import CalendarClient
from tests.support.server import Server

PATIENCE = 20
SECRETS = ("Alice", "Ashworth", "Bob", "Brandt", "Carol", "Evening group")


def subscribe(page: Page, roster: str) -> str:
    """Two clicks from the roster; the address."""
    page.goto(roster)
    page.get_by_role("link", name="Put it into my calendar").click()
    page.get_by_role("button", name="Thunderbird").click()
    return page.get_by_label("Link", exact=True).input_value()


def reset(page: Page, roster_title: str) -> str:
    page.goto("/feeds")
    page.get_by_role("listitem").filter(has_text=roster_title).get_by_role("link").click()
    page.get_by_text("Reset the link").click()
    page.get_by_role("button", name="Reset", exact=True).click()
    return page.get_by_label("Link", exact=True).input_value()


def change(alice: Page, roster: str) -> None:
    """The second of four is moved, the third cancelled."""
    nth_session(alice, roster, 1)
    alice.get_by_role("link", name="Move").click()
    alice.get_by_label("Starts at").fill("20:00")
    alice.get_by_role("button", name="Move", exact=True).click()
    nth_session(alice, roster, 2)
    alice.get_by_role("link", name="Cancel").click()
    alice.get_by_role("button", name="Cancel session").click()
    alice.get_by_text("Cancelled").first.wait_for()


def uids(server: Server, address: str) -> set[str]:
    body = server.get(address.removeprefix(server.url)).body
    return {str(event["uid"]) for event in Calendar.from_ical(body).events}


def mailed(server: Server, title: str) -> set[str]:
    """What the worker has mailed to Bob about a roster's changes, by the first word."""
    over, found = time.monotonic() + PATIENCE, set[str]()
    while time.monotonic() < over:
        mails = [
            message_from_bytes(path.read_bytes(), policy=default)
            for path in (server.instance / "mail").glob("*.eml")
        ]
        subjects = [str(mail["Subject"]) for mail in mails if mail["To"] == "bob@example.org"]
        found = {one.partition(":")[0] for one in subjects if title in one}
        if {"Moved", "Cancelled"} <= found:
            break
        time.sleep(0.3)
    return found


def test_private_feed_follows_its_roster_until_it_is_reset(
    new_page: Callable[..., Page], sign_in: Callable[..., Page], server: Server, tmp_path: Path
) -> None:
    today = clock.today("Europe/London")
    plan = Plan(
        f"Evening group {uuid4().hex[:6]}", before_next_change(LONDON, today) - timedelta(days=1)
    )
    alice = sign_in(new_page(), "alice")
    bob = sign_in(new_page(timezone_id=TORONTO.key), "bob")
    roster = make_roster(alice, plan.title)
    invite(alice, roster, "bob@example.org")
    accept(bob, plan.title)
    book_series(alice, roster, plan)
    address = subscribe(bob, roster)
    client = CalendarClient(tmp_path / "client", address, TORONTO.key)
    client.sync()
    before = uids(server, address)
    assert [event.decoded("sequence") for event in client.events()] == [0, 0, 0, 0]

    change(alice, roster)
    client.sync()
    after = client.events()
    assert uids(server, address) == before
    assert [event.decoded("dtstart") for event in after] == [
        plan.instant(0), plan.instant(1, 20), plan.instant(2), plan.instant(3),
    ]  # fmt: skip
    assert [event.decoded("sequence") for event in after] == [0, 1, 1, 0]
    assert [str(event["status"]) for event in after] == [
        "CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED",
    ]  # fmt: skip
    assert str(after[2]["summary"]) == "Cancelled: Group supervision"
    told = b"".join(event.to_ical() for event in after).decode()
    assert [word for word in SECRETS if word in told] == []
    assert {"Moved", "Cancelled"} <= mailed(server, plan.title)
    nth_session(alice, roster, 1)
    who = alice.get_by_role("region", name="Who").get_by_role("listitem")
    assert "In the calendar as it is now" in who.filter(has_text="Bob Brandt").inner_text()

    fresh = reset(bob, plan.title)
    client.sync()
    (stone,) = client.events()
    assert str(stone["summary"]) == "This calendar link was turned off"
    assert uids(server, fresh) == before
