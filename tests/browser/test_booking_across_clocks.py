"""Somebody in Toronto books a weekly time in London, while both cities change their clocks."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from supervision import clock

LONDON, TORONTO = ZoneInfo("Europe/London"), ZoneInfo("America/Toronto")
WEEKS, THURSDAY = 4, 3
# Beyond the days that Alice is away in the demo.
AHEAD = timedelta(days=56)
SignIn = Callable[..., Page]
NewPage = Callable[..., Page]


def weekly(first: date) -> list[datetime]:
    """Seven in the evening of London in each week, as instants."""
    days = (first + timedelta(weeks=week) for week in range(WEEKS))
    return [datetime.combine(day, time(19), LONDON).astimezone(UTC) for day in days]


def offsets(starts: list[datetime], zone: ZoneInfo) -> set[timedelta | None]:
    return {start.astimezone(zone).utcoffset() for start in starts}


def across_both_changes(today: date) -> list[datetime]:
    """The first Thursdays ahead between which both cities change their clocks."""
    near = today + AHEAD
    thursday = near + timedelta(days=(THURSDAY - near.weekday()) % 7)
    ahead = (weekly(thursday + timedelta(weeks=n)) for n in range(40))
    return next(
        starts
        for starts in ahead
        if len(offsets(starts, LONDON)) == len(offsets(starts, TORONTO)) == 2
    )


def in_toronto(instant: datetime) -> str:
    """How a person who reads a 12-hour clock in Toronto sees an instant."""
    local = instant.astimezone(TORONTO)
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def add_line(page: Page, button: str, legend: str) -> Locator:
    """One line more of a list; the line."""
    lines = page.get_by_role("group", name=re.compile(rf"^{legend} \d+$"))
    before = lines.count()
    page.get_by_role("button", name=button).click()
    expect(lines).to_have_count(before + 1)
    return lines.last


def offer_thursdays(alice: Page, kind: str) -> None:
    """Alice can be booked on Thursday evenings, for so many weeks at once, a year ahead."""
    alice.goto("/availability")
    hours = add_line(alice, "Add hours", "Hours")
    hours.get_by_label("Thu", exact=True).check()
    hours.get_by_label("From", exact=True).fill("19:00")
    hours.get_by_label("To", exact=True).fill("21:00")
    offer = add_line(alice, "Add a kind", "Kind")
    offer.get_by_label("Name").fill(kind)
    offer.get_by_label("Minutes").fill("50")
    offer.get_by_label("Weeks at once").fill(str(WEEKS))
    alice.get_by_label("How far ahead, in days").fill("366")
    alice.get_by_role("button", name="Save availability").click()
    expect(alice.get_by_role("status").first).to_be_visible()


def make_roster(alice: Page, bob: Page, title: str) -> str:
    """An individual roster of the two; its address."""
    alice.goto("/rosters/new")
    alice.get_by_label("Title").fill(title)
    alice.get_by_label("Individual", exact=False).check()
    alice.get_by_role("button", name="Make roster").click()
    alice.wait_for_url(re.compile(r"/rosters/[0-9a-f-]{36}$"))
    alice.get_by_label("Email").fill("bob@example.org")
    alice.get_by_role("button", name="Invite").click()
    bob.goto(alice.url)
    bob.get_by_role("button", name="Accept").click()
    return alice.url


def open_week(page: Page, kind: str, starts_at: datetime) -> None:
    """From a roster's page to the free times of a kind in a week."""
    page.get_by_role("link", name="Book a time").first.click()
    page.get_by_role("link", name=kind).click()
    page.goto(f"{page.url}&{urlencode({'week': starts_at.date().isoformat()})}")


def slot(page: Page, starts_at: datetime) -> Locator:
    return page.locator(f'button[name="at"][value="{starts_at.isoformat()}"]')


def take_weekly(bob: Page, starts: list[datetime]) -> None:
    free = slot(bob, starts[0])
    expect(free).to_contain_text(in_toronto(starts[0]))
    expect(free).to_contain_text("London")
    free.click()
    bob.get_by_label("Repeat weekly").select_option(str(WEEKS))
    bob.get_by_role("button", name="Book", exact=True).click()
    bob.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}$"))
    expect(bob.get_by_role("status").first).to_contain_text(f"{WEEKS} sessions are booked.")


def sees(page: Page, title: str, starts: list[datetime], texts: list[str]) -> None:
    """The calendar has these sessions, with these local times."""
    page.goto(f"/calendar?view=agenda&date={starts[0].date()}")
    entries = page.locator("li.entry").filter(has_text=title)
    expect(entries).to_have_count(len(starts))
    for entry, start, text in zip(entries.all(), starts, texts, strict=True):
        expect(entry.locator("time").first).to_have_attribute(
            "datetime", start.isoformat(timespec="minutes")
        )
        expect(entry).to_contain_text(text)


def test_toronto_books_weekly_in_london(new_page: NewPage, sign_in: SignIn) -> None:
    """Each sees local times, London's clock holds, and who comes second is refused."""
    name = uuid4().hex[:6]
    title, kind = f"Evenings {name}", f"Weekly {name}"
    starts = across_both_changes(clock.today("Europe/London"))
    alice = sign_in(new_page(timezone_id="Europe/London"), "alice")
    bob = sign_in(new_page(timezone_id="America/Toronto"), "bob")
    carol = sign_in(new_page(timezone_id="Europe/Berlin"), "carol")
    offer_thursdays(alice, kind)
    make_roster(alice, bob, title)
    carol.goto("/rosters")
    carol.get_by_role("link", name="Carol with Alice").first.click()
    for page in (carol, bob):
        open_week(page, kind, starts[0])
    take_weekly(bob, starts)
    slot(carol, starts[0]).click()
    expect(carol.get_by_role("alert")).to_contain_text("not free any more")
    expect(slot(carol, starts[0])).to_have_count(0)
    sees(alice, title, starts, ["19:00"] * WEEKS)
    there = [in_toronto(start) for start in starts]
    assert len(set(there)) == 2
    sees(bob, title, starts, there)


def test_supervisor_is_warned_before_a_series_ends(
    new_page: NewPage, sign_in: SignIn, axe: Callable[[Page], None]
) -> None:
    """Heidi's began weeks ago and is nearly over; what is known at home leads on to more."""
    alice = sign_in(new_page(timezone_id="Europe/London"), "alice")
    warning = alice.get_by_role("listitem").filter(has_text="A series of Heidi with Alice ends")
    expect(warning).to_have_count(1)
    warning.get_by_role("link", name="Extend it").click()
    expect(alice.get_by_label("Number of sessions")).to_be_visible()
    axe(alice)
    alice.get_by_label("Number of sessions").fill("2")
    alice.get_by_role("button", name="Extend", exact=True).click()
    expect(alice.get_by_role("status").first).to_contain_text("2 sessions more are booked.")
