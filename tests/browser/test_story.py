"""The main job, end to end, in a real browser: a London supervisor and a Toronto supervisee."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, BrowserContext, Page, expect

from supervision import clock

LONDON, TORONTO = ZoneInfo("Europe/London"), ZoneInfo("America/Toronto")
SATURDAY = 5
SignIn = Callable[..., Page]
NewPage = Callable[..., Page]


def before_next_change(zone: ZoneInfo, today: date) -> date:
    """The Saturday nine days or so before the clocks of a zone next change."""
    days = (today + timedelta(days=n) for n in range(14, 400))
    noons = (datetime.combine(day, time(12), zone) for day in days)
    change = next(b.date() for a, b in pairwise(noons) if a.utcoffset() != b.utcoffset())
    start = change - timedelta(days=9)
    return start - timedelta(days=(start.weekday() - SATURDAY) % 7)


def twelve_hours(instant: datetime) -> str:
    """How a person who reads a 12-hour clock in Toronto sees an instant."""
    local = instant.astimezone(TORONTO)
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


@dataclass(frozen=True)
class Plan:
    """Four weekly meetings at six in the evening of London, across a change of its clocks."""

    title: str
    first: date

    def instant(self, week: int, hour: int = 18) -> datetime:
        local = datetime.combine(self.first + timedelta(weeks=week), time(hour), LONDON)
        return local.astimezone(UTC)


@pytest.fixture
def plan() -> Plan:
    today = clock.today("Europe/London")
    return Plan(f"Evening group {uuid4().hex[:6]}", before_next_change(LONDON, today))


def make_roster(page: Page, title: str) -> str:
    """Alice makes a group roster; its address."""
    page.goto("/rosters")
    page.get_by_role("link", name="Make a roster").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Group", exact=False).check()
    page.get_by_label("Places").fill("5")
    page.get_by_label("Meeting link").fill("https://meet.example.org/evening")
    page.get_by_role("button", name="Make roster").click()
    page.wait_for_url(re.compile(r"/rosters/[0-9a-f-]{36}$"))
    return page.url


def invite(page: Page, roster: str, email: str) -> None:
    page.goto(roster)
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("status").first).to_contain_text(f"{email} is invited.")


def book_series(page: Page, roster: str, plan: Plan) -> None:
    page.goto(roster)
    page.get_by_role("link", name="Book a session").click()
    page.get_by_label("Date").fill(plan.first.isoformat())
    page.get_by_label("Starts at").fill("18:00")
    page.get_by_label("Minutes").fill("60")
    page.get_by_label("Repeats").select_option("weekly")
    page.get_by_label("Ends").select_option("times")
    page.get_by_label("Number of sessions").fill("4")
    page.get_by_role("button", name="Book", exact=True).click()
    page.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}$"))


def nth_session(page: Page, roster: str, number: int) -> None:
    page.goto(roster)
    coming = page.get_by_role("region", name="Coming sessions")
    coming.get_by_role("listitem").nth(number).get_by_role("link").click()
    page.wait_for_url(re.compile(r"/sessions/"))


def accept(page: Page, title: str) -> None:
    page.goto("/")
    waiting = page.get_by_role("listitem").filter(has_text=f"invites you to {title}.")
    waiting.get_by_role("link", name="Answer").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status").first).to_contain_text("You are in.")


def test_booking_across_clocks(new_page: NewPage, sign_in: SignIn, plan: Plan) -> None:
    """Alice books over a clock change, moves one, cancels one; Bob sees his own times."""
    alice = sign_in(new_page(timezone_id="Europe/London"), "alice")
    bob = sign_in(new_page(timezone_id="America/Toronto"), "bob")
    roster = make_roster(alice, plan.title)
    invite(alice, roster, "bob@example.org")
    accept(bob, plan.title)
    book_series(alice, roster, plan)
    nth_session(alice, roster, 1)
    alice.get_by_role("link", name="Move").click()
    alice.get_by_label("Starts at").fill("20:00")
    alice.get_by_label("Message").fill("The clinic needs the room until eight.")
    alice.get_by_role("button", name="Move", exact=True).click()
    nth_session(alice, roster, 2)
    alice.get_by_role("link", name="Cancel").click()
    alice.get_by_role("button", name="Cancel session").click()
    expect(alice.get_by_text("Cancelled").first).to_be_visible()

    bob.goto(f"/calendar?view=agenda&date={plan.first}")
    seen = bob.locator("li.entry").filter(has_text=plan.title)
    instants = [plan.instant(0), plan.instant(1, 20), plan.instant(2), plan.instant(3)]
    assert len({plan.instant(week).hour for week in range(4)}) == 2
    expect(seen).to_have_count(4)
    for shown, instant in zip(seen.all(), instants, strict=True):
        expect(shown.locator("time").first).to_have_attribute(
            "datetime", instant.isoformat(timespec="minutes")
        )
        expect(shown).to_contain_text(twelve_hours(instant))
    expect(seen.nth(2)).to_contain_text("Cancelled")
    feed_shows(bob, plan, instants)


def feed_shows(bob: Page, plan: Plan, instants: list[datetime]) -> None:
    """Bob makes a link, copies it, and a client reads the same four from it."""
    bob.context.grant_permissions(["clipboard-read", "clipboard-write"])
    bob.goto("/feeds/new")
    bob.get_by_text("Shows: All my sessions").click()
    bob.get_by_label("Everything", exact=False).check()
    bob.get_by_role("button", name="Thunderbird").click()
    address = bob.get_by_label("Link", exact=True).input_value()
    bob.get_by_role("button", name="Copy").click()
    expect(bob.get_by_role("button", name="Copied")).to_be_visible()
    assert bob.evaluate("navigator.clipboard.readText()") == address
    calendar = Calendar.from_ical(bob.request.get(address).body())
    events = [event for event in calendar.events if plan.title in str(event["SUMMARY"])]
    events.sort(key=lambda event: str(event["DTSTART"].to_ical()))
    assert [event.decoded("DTSTART") for event in events] == instants
    assert [event.decoded("SEQUENCE") for event in events] == [0, 1, 1, 0]
    assert [str(event["STATUS"]) for event in events] == [
        "CONFIRMED",
        "CONFIRMED",
        "CANCELLED",
        "CONFIRMED",
    ]


CANARY = f"the heron keeps still {uuid4().hex}"


def write_cft(page: Page, title: str) -> None:
    page.goto("/notes")
    page.get_by_role("link", name="New reflection").click()
    page.get_by_text("Another way to write").click()
    page.get_by_role("button", name="Compassion focused").first.click()
    expect(page.get_by_label("Threat, Me")).to_be_visible()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Reflection", exact=True).fill(CANARY)
    page.get_by_label("Threat, Me").fill("7")
    page.get_by_label("Soothing, The room").fill("3")


def stores(page: Page) -> str:
    """All that the browser keeps by itself for this site."""
    kept = page.evaluate(
        """async () => ({
            local: {...localStorage}, session: {...sessionStorage},
            caches: await caches.keys(), history: history.state,
            bases: (await indexedDB.databases()).map((base) => base.name),
        })"""
    )
    return json.dumps(kept) + json.dumps(page.context.cookies())


def test_reflection_is_saved_locked_and_gone_on_back(new_page: NewPage, sign_in: SignIn) -> None:
    """Bob writes a CFT reflection, reads it, locks; Back shows nothing of it."""
    bob = sign_in(new_page(timezone_id="America/Toronto"), "bob")
    write_cft(bob, "At ten at night")
    expect(bob.locator("#note-state.saved")).to_be_visible()
    bob.get_by_role("button", name="Save", exact=True).click()
    bob.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))
    expect(bob.get_by_text(CANARY)).to_be_visible()
    assert CANARY not in stores(bob)
    assert "ten at night" not in bob.url
    other = bob.context.new_page()
    other.goto(bob.url)
    expect(other.get_by_text(CANARY)).to_be_visible()
    bob.get_by_role("button", name="Lock").click()
    expect(bob).to_have_url(re.compile("/unlock"))
    expect(other).to_have_url(re.compile("/unlock"))
    assert (CANARY in other.content(), CANARY in bob.content()) == (False, False)
    bob.go_back()
    bob.wait_for_timeout(500)
    assert CANARY not in bob.inner_text("body")
    assert CANARY not in stores(bob)
    bob.goto("/unlock?next=/notes")
    bob.get_by_label("Passphrase").fill("compassion-demo")
    bob.get_by_role("button", name="Unlock").click()
    bob.get_by_role("link", name="At ten at night").first.click()
    expect(bob.get_by_text(CANARY)).to_be_visible()


def test_canary_stays_out_of_the_browsers_profile(
    browser: Browser,
    browser_type_launch_args: dict[str, Any],
    tmp_path: Path,
    base_url: str,
    sign_in: SignIn,
) -> None:
    """The whole profile on disk, cache and history included, never holds the text."""
    context: BrowserContext = browser.browser_type.launch_persistent_context(
        str(tmp_path), base_url=base_url, **browser_type_launch_args
    )
    page = sign_in(context.new_page(), "bob")
    write_cft(page, "In the profile")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))
    expect(page.get_by_text(CANARY)).to_be_visible()
    page.get_by_role("button", name="Lock").click()
    expect(page).to_have_url(re.compile("/unlock"))
    context.close()
    needle = CANARY.encode()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    holding = [path.name for path in files if needle in path.read_bytes()]
    assert (len(files) > 10, holding) == (True, [])


def test_sign_in_booking_and_writing_work_without_javascript(
    plain_page: Page, sign_in: SignIn
) -> None:
    page = sign_in(plain_page, "alice")
    title = f"Plain group {uuid4().hex[:6]}"
    roster = make_roster(page, title)
    page.goto(roster)
    page.get_by_role("link", name="Book a session").click()
    day = clock.today("Europe/London") + timedelta(days=200)
    page.get_by_label("Date").fill(day.isoformat())
    page.get_by_label("Starts at").fill("21:30")
    page.get_by_label("Minutes").fill("50")
    page.get_by_role("button", name="Show the times").click()
    expect(page.get_by_role("region", name="When this will be")).to_contain_text("21:30–22:20")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.goto("/notes/new")
    page.get_by_label("Title").fill("Without scripts")
    page.get_by_label("Reflection", exact=True).fill(CANARY)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(CANARY)).to_be_visible()
    page.get_by_role("button", name="Lock").click()
    expect(page).to_have_url(re.compile("/unlock"))
    page.go_back()
    assert CANARY not in page.inner_text("body")


def reach(page: Page, name: str) -> None:
    """Press Tab until the control of this name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const e = document.activeElement; const of = e.labels?.[0] ?? e;
               return (e.getAttribute("aria-label") || of.innerText || e.value || "").trim(); }"""
        )
        if found == name:
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_keyboard_alone_books_a_session(new_page: NewPage, sign_in: SignIn) -> None:
    page = sign_in(new_page(timezone_id="Europe/London"), "alice")
    title = f"Keyboard group {uuid4().hex[:6]}"
    make_roster(page, title)
    page.keyboard.press("Home")
    reach(page, "Book a session")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/book$"))
    # The fifth of May, and a morning hour: typed alike whatever order and clock the field has.
    day = date(clock.today("Europe/London").year + 1, 5, 5)
    reach(page, "Date")
    page.keyboard.type(f"0505{day.year}")
    reach(page, "Starts at")
    page.keyboard.type("0715A")
    reach(page, "Book")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("time").first).to_have_attribute(
        "datetime", datetime.combine(day, time(7, 15), LONDON).astimezone(UTC).isoformat()
    )


def test_wrong_input_takes_the_focus_and_keeps_what_was_typed(
    new_page: NewPage, sign_in: SignIn
) -> None:
    page = sign_in(new_page(), "alice")
    roster = make_roster(page, f"Careful group {uuid4().hex[:6]}")
    page.goto(roster + "/book")
    page.get_by_label("Date").fill("2020-01-06")
    page.get_by_label("Starts at").fill("18:00")
    page.get_by_label("Message").fill("Bring the recording.")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Message")).to_have_value("Bring the recording.")
    expect(page.get_by_label("Date")).to_have_attribute("aria-invalid", "true")
