"""The last place: two people want it at the same moment, in a roster and in one of its sessions.

One has it, the other is on the waiting list; when somebody gives a place back it is offered to the
first in line, or taken for them if they wished so, and what nobody answers goes to the next.
"""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from supervision import clock
from tests.support.server import Server

FIVE = ("carol", "erin", "frank", "grace", "heidi")
TWO = ("bob", "charlie")
SignIn = Callable[..., Page]
Pages = dict[str, Page]


@pytest.fixture
def cast(new_page: Callable[..., Page], sign_in: SignIn) -> Pages:
    """A browser for each of them, signed in."""
    return {name: sign_in(new_page(), name) for name in ("alice", "dana", *FIVE, *TWO)}


def make(alice: Page, title: str, places: int, **signup: str) -> str:
    """Alice makes a group of so many places and invites everybody; its address."""
    alice.goto("/rosters/new")
    alice.get_by_label("Title").fill(title)
    alice.get_by_label("Group", exact=False).check()
    alice.get_by_label("Places").fill(str(places))
    if signup:
        alice.get_by_label("Members sign up for each session").check()
        alice.get_by_label("How many can come to a session").fill(signup["seats"])
    alice.get_by_role("button", name="Make roster").click()
    alice.wait_for_url(re.compile(r"/rosters/[0-9a-f-]{36}$"))
    for name in (*FIVE, *TWO, "dana"):
        alice.get_by_label("Email").fill(f"{name}@example.org")
        alice.get_by_role("button", name="Invite").click()
        expect(alice.locator("#messages")).to_contain_text(f"{name}@example.org is invited.")
    return alice.url


def press(page: Page, address: str, button: str, said: str) -> None:
    page.goto(address)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator("main")).to_contain_text(said)


def press_at_once(pages: list[Page], address: str, button: str) -> None:
    """All see the same page, and press the same button at the same instant of the clock."""
    for page in pages:
        page.goto(address)
    at = (clock.now() + timedelta(seconds=1.5)).timestamp() * 1000
    for page in pages:
        page.get_by_role("button", name=button, exact=True).evaluate(
            "(button, at) => { setTimeout(() => button.click(), at - Date.now()); }", at
        )


def told_apart(pages: Pages, has_it: str, waits: str) -> tuple[str, str]:
    """Who of two has the place and who waits: exactly one of each."""
    either = re.compile(f"{re.escape(has_it)}|{re.escape(waits)}")
    for name in TWO:
        expect(pages[name].locator("main")).to_contain_text(either)
    won = [name for name in TWO if has_it in pages[name].locator("main").inner_text()]
    lost = [name for name in TWO if waits in pages[name].locator("main").inner_text()]
    assert (len(won), sorted(won + lost)) == (1, sorted(TWO))
    return won[0], lost[0]


def let_offers_lapse(server: Server) -> None:
    """Days go by: the end of every offer is put into the past, and the worker sees it."""
    with closing(sqlite3.connect(server.instance / "supervision.sqlite", timeout=10)) as database:
        for table in ("membership", "signup_wait"):
            database.execute(
                f"UPDATE {table} SET offered_until = '2026-01-01 00:00:00.000000'"  # noqa: S608
                " WHERE offered_until IS NOT NULL"
            )
        database.commit()


def is_offered(page: Page, title: str) -> None:
    """Home says so within some seconds."""
    offer = page.get_by_role("listitem").filter(has_text=f"A place in {title}")
    for _attempt in range(20):
        page.goto("/")
        if offer.count():
            break
        page.wait_for_timeout(500)
    offer.get_by_role("link", name="Answer").click()
    expect(page.get_by_role("button", name="Take the place")).to_be_visible()


def test_last_place_of_a_roster(cast: Pages, server: Server) -> None:
    title = f"Six places {uuid4().hex[:6]}"
    roster = make(cast["alice"], title, 6)
    for name in FIVE:
        press(cast[name], roster, "Accept", "You are in.")
    press_at_once([cast[name] for name in TWO], roster, "Accept")
    _won, lost = told_apart(cast, "You are in.", "You are on the waiting list.")
    press(cast["dana"], roster, "Accept", "You are on the waiting list.")
    cast["alice"].goto(roster)
    expect(cast["alice"].locator("#members").locator("..")).to_contain_text("6 of 6 places taken")

    carol = cast["carol"]
    carol.goto(roster)
    carol.get_by_text("Leave this roster").click()
    carol.get_by_role("button", name="Leave", exact=True).click()
    is_offered(cast[lost], title)
    let_offers_lapse(server)
    is_offered(cast["dana"], title)
    cast["dana"].get_by_role("button", name="Take the place").click()
    expect(cast["dana"].locator("#messages")).to_contain_text("You are in.")


def test_last_place_of_a_session(cast: Pages, server: Server) -> None:
    title = f"Six seats {uuid4().hex[:6]}"
    alice = cast["alice"]
    roster = make(alice, title, 9, seats="6")
    for name in (*FIVE, *TWO):
        press(cast[name], roster, "Accept", "Sign up for the sessions")
    alice.goto(f"{roster}/book")
    alice.get_by_label("Date").fill((clock.today("Europe/London") + timedelta(days=9)).isoformat())
    alice.get_by_label("Starts at").fill("06:10")
    alice.get_by_role("button", name="Book", exact=True).click()
    alice.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}$"))
    session = alice.url
    for name in FIVE:
        press(cast[name], session, "Sign up", "You are signed up.")
    press_at_once([cast[name] for name in TWO], session, "Sign up")
    _won, lost = told_apart(cast, "You are signed up.", "You are on the waiting list.")
    alice.goto(session)
    expect(alice.locator(".signup")).to_contain_text("6 of 6 places taken")

    # Who waits wanted a place: it is taken for them. Carol waits next, and wants to be asked.
    carol = cast["carol"]
    press(carol, session, "Sign off", "You are signed off.")
    cast[lost].goto(session)
    expect(cast[lost].locator(".signup")).to_contain_text("Signed up")
    carol.get_by_label("Take a place for me when one is free").uncheck()
    carol.get_by_role("button", name="Join the waiting list").click()
    expect(carol.locator(".signup")).to_contain_text("Your place in line: 1.")
    press(cast["erin"], session, "Sign off", "You are signed off.")
    is_offered(carol, title)
    cast["erin"].get_by_label("Take a place for me when one is free").uncheck()
    cast["erin"].get_by_role("button", name="Join the waiting list").click()
    expect(cast["erin"].locator(".signup")).to_contain_text("Your place in line: 1.")
    let_offers_lapse(server)
    is_offered(cast["erin"], title)
    cast["erin"].get_by_role("button", name="Take the place").click()
    expect(cast["erin"].locator(".signup")).to_contain_text("You are signed up.")
    carol.goto(session)
    expect(carol.locator(".signup")).to_contain_text("Not signed up")
