"""Turning the calendar's pages: swaps with addresses, focus and words for who cannot see them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from supervision import clock

NewPage = Callable[..., Page]
SignIn = Callable[..., Page]


@pytest.fixture
def alice(new_page: NewPage, sign_in: SignIn) -> Page:
    page = sign_in(new_page(), "alice")
    page.goto("/calendar")
    return page


def turn(page: Page, link: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=link, exact=True).click()


def test_turning_swaps_the_view_and_keeps_the_page(alice: Page) -> None:
    """The address is real, the focus is on the heading, and its words are said."""
    alice.evaluate("document.body.dataset.same = 'yes'")
    next_week = clock.today("Europe/London") + timedelta(days=7)
    turn(alice, "After")
    expect(alice).to_have_url(re.compile(rf"/calendar\?view=week&date={next_week}$"))
    heading = alice.get_by_role("heading", level=1)
    expect(heading).to_be_focused()
    expect(alice.locator("#live")).to_have_text(re.compile(r"^[^:]+: (no|\d+) sessions?$"))
    assert alice.evaluate("document.body.dataset.same") == "yes"
    turn(alice, "Month")
    expect(alice.get_by_role("table")).to_be_visible()
    expect(alice).to_have_url(re.compile(rf"view=month&date={next_week}$"))
    expect(heading).to_be_focused()
    assert alice.evaluate("document.body.dataset.same") == "yes"


def test_back_and_a_fresh_visit_show_what_the_address_says(alice: Page) -> None:
    before = alice.get_by_role("heading", level=1).inner_text()
    turn(alice, "After")
    expect(alice).to_have_url(re.compile("date="))
    expect(alice.get_by_role("heading", level=1)).not_to_have_text(before)
    after = alice.get_by_role("heading", level=1).inner_text()
    alice.reload()
    expect(alice.get_by_role("heading", level=1)).to_have_text(after)
    alice.go_back()
    expect(alice.get_by_role("heading", level=1)).to_have_text(before)


def test_keyboard_turns_the_pages(alice: Page) -> None:
    alice.get_by_role("heading", level=1).focus()
    for _step in range(3):
        alice.keyboard.press("Tab")
    expect(alice.get_by_role("link", name="After")).to_be_focused()
    alice.keyboard.press("Enter")
    expect(alice).to_have_url(re.compile("date="))
    expect(alice.get_by_role("heading", level=1)).to_be_focused()


def test_calendar_works_without_scripts(plain_page: Page, sign_in: SignIn) -> None:
    sign_in(plain_page, "alice").goto("/calendar")
    turn(plain_page, "Agenda")
    expect(plain_page).to_have_url(re.compile("view=agenda"))
    turn(plain_page, "After")
    plain_page.get_by_text("Go to", exact=True).click()
    plain_page.get_by_label("Date", exact=True).fill("2027-06-01")
    plain_page.get_by_role("button", name="Show").click()
    expect(plain_page).to_have_url(re.compile(r"view=agenda&date=2027-06-01$"))
    expect(plain_page.get_by_role("heading", level=1)).to_contain_text("1 – 28 June 2027")


def box(found: Locator) -> FloatRect:
    box = found.bounding_box()
    assert box is not None
    return box


def test_week_is_a_grid_on_a_desk_and_a_list_on_a_phone(alice: Page) -> None:
    """The first session of the agenda stands beside its hour; on a phone it takes the width."""
    alice.goto("/calendar?view=agenda")
    day = alice.locator("li.day:has(.entry) h2 time").first.get_attribute("datetime")
    alice.goto(f"/calendar?date={day}")
    assert box(alice.locator("li.day").nth(0))["y"] == box(alice.locator("li.day").nth(6))["y"]
    entry = alice.locator(f'li.day:has(time[datetime="{day}"]) .entry').first
    hour, minute = entry.locator("time").inner_text().split("–")[0].split(":")
    label = box(alice.locator(".hours li", has_text=f"{hour}:00"))
    beside = label["y"] + int(minute) / 60 * label["height"]
    # The label is lifted a little, so that the hour's line runs through its middle.
    assert 0 < box(entry)["y"] - beside < 12
    alice.set_viewport_size({"width": 320, "height": 800})
    expect(alice.locator(".hours")).to_be_hidden()
    assert box(entry)["width"] > 200
