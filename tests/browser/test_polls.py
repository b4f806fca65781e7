"""A time for three people in three zones: they answer at once, each in their own time."""

import re
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from supervision import clock

ZONES = {"erin": "America/New_York", "carol": "Europe/Berlin", "grace": "Asia/Kolkata"}


@pytest.fixture
def day() -> date:
    """A Wednesday in three weeks."""
    today = clock.now().astimezone(ZoneInfo("America/New_York")).date()
    return today + timedelta(days=23 - today.weekday())


def shown(day: date, hour: time, name: str) -> str:
    """A time in New York as somebody's own clock says it."""
    local = datetime.combine(day, hour, ZoneInfo(ZONES["erin"])).astimezone(ZoneInfo(ZONES[name]))
    if name == "carol":
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def make(page: Page) -> str:
    """Peers whose sessions are on New York's time; the roster's address."""
    page.goto("/rosters/new")
    page.get_by_label("Title").fill(f"Peers {uuid4().hex[:6]}")
    page.get_by_label("Peer", exact=False).check()
    page.get_by_label("Time zone of its sessions").select_option("America/New_York")
    page.get_by_role("button", name="Make roster").click()
    page.wait_for_url(re.compile(r"/rosters/[0-9a-f-]{36}$"))
    return page.url


def ask(page: Page, roster: str, day: date) -> str:
    """Two times of one day, typed; the poll's address."""
    page.goto(roster)
    page.get_by_role("link", name="Ask when it suits").click()
    page.wait_for_url("**/polls/new")
    for number, hour in ((1, "08:00"), (2, "09:30")):
        page.get_by_label(f"Day {number}", exact=True).fill(day.isoformat())
        page.get_by_label(f"Time {number}", exact=True).fill(hour)
    page.get_by_label("Answers until").fill((day - timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Ask everybody").click()
    page.wait_for_url(re.compile(r"/polls/[0-9a-f-]{36}$"))
    return page.url


def say(page: Page, *words: str) -> None:
    """A word to each time, by keyboard: from the group's first answer to the one that is meant."""
    steps = {"Yes": 0, "If need be": 1, "No": 2}
    for number, word in enumerate(words):
        choice = page.locator(".poll-option").nth(number).get_by_role("radio")
        choice.first.focus()
        page.keyboard.press("Space")
        for _step in range(steps[word]):
            page.keyboard.press("ArrowRight")
        expect(choice.nth(steps[word])).to_be_checked()
    page.get_by_role("button", name="Send my answer").click(no_wait_after=True)


def test_three_zones_find_one_time(new_page, sign_in, day):
    pages = {name: sign_in(new_page(timezone_id=zone), name) for name, zone in ZONES.items()}
    erin, carol, grace = pages.values()
    roster = make(erin)
    for name in ("carol", "grace"):
        erin.goto(roster)
        erin.get_by_label("Email").fill(f"{name}@example.org")
        erin.get_by_role("button", name="Invite").click()
        pages[name].goto(roster)
        pages[name].get_by_role("button", name="Accept").click()
    poll = ask(erin, roster, day)
    for page in (carol, grace):
        page.goto(poll)
        expect(page.get_by_role("heading", name="What suits best")).to_have_count(0)
    for name in ("carol", "grace"):
        first = pages[name].locator(".poll-option legend").first
        expect(first).to_contain_text(shown(day, time(8), name))
        expect(first).to_contain_text("New York")
    say(carol, "If need be", "Yes")
    say(grace, "No", "Yes")
    for page in (carol, grace):
        expect(page.get_by_role("heading", name="What suits best")).to_be_visible()
    erin.goto(poll)
    best = erin.locator(".poll-results > li").first
    expect(best).to_contain_text("3 Yes")
    expect(best).to_contain_text("Best so far")
    best.get_by_role("link", name="Book this").click()
    erin.get_by_role("button", name="Book", exact=True).click()
    erin.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}$"))
    session = erin.url.rpartition("/")[2]
    for name, page in pages.items():
        page.goto(f"/calendar?view=agenda&date={day.isoformat()}")
        link = page.locator(f'a[href="/sessions/{session}"]')
        expect(link).to_contain_text(shown(day, time(9, 30), name))
        page.goto(poll)
        expect(page.get_by_text("A session was booked from this poll.")).to_be_visible()


def test_turned_week_keeps_what_was_ticked(new_page, sign_in):
    """From the week with everybody's hours into a poll, by way of the week after."""
    alice = sign_in(new_page(), "alice")
    alice.goto("/rosters")
    alice.get_by_role("link", name="Bob with Alice").click()
    alice.get_by_role("link", name="Find a time").click()
    alice.get_by_role("link", name="Week after").click()
    alice.wait_for_url("**week=**")
    first = alice.locator("#week-title").inner_text()
    alice.locator(".week-days input").first.check()
    alice.get_by_role("link", name="Week after").click()
    expect(alice.locator("#week-title")).not_to_have_text(first)
    expect(alice.locator("#week-title")).to_be_focused()
    alice.locator(".week-days input").first.check()
    alice.get_by_role("button", name="Ask about the ticked times").click()
    alice.wait_for_url("**/polls/new**")
    expect(alice.locator("input[name=at]:checked")).to_have_count(2)
