"""Notes in a real browser: kept while typing, blank and closed as soon as the vault locks."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.canary import BROWSER_STORAGE, SENTENCE, traces

SignIn = Callable[..., Page]
PASSPHRASE = "compassion-demo"
UNLOCK = re.compile(r"/unlock")


@pytest.fixture
def window(new_context: Callable[..., BrowserContext], sign_in: SignIn) -> BrowserContext:
    """Frank's browser, signed in, his vault open."""
    context = new_context()
    sign_in(context.new_page(), "frank")
    return context


@pytest.fixture
def page(window: BrowserContext) -> Page:
    return window.pages[0]


def write(page: Page, text: str) -> None:
    page.goto("/notes")
    page.get_by_role("link", name="New reflection").click()
    page.get_by_label("Reflection").fill(text)


def lock_in_another_tab(window: BrowserContext) -> None:
    other = window.new_page()
    other.goto("/calendar")
    other.get_by_role("button", name="Lock").click()
    other.wait_for_url(UNLOCK)


def lock_on_the_server(page: Page) -> None:
    """The vault locks, and nobody tells this page."""
    page.evaluate(
        """() => fetch("/lock", {method: "POST", redirect: "manual", body: new URLSearchParams(
            {csrf_token: document.querySelector("[name=csrf_token]").value})})"""
    )


def unlock(page: Page) -> None:
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock").click()


def kept(page: Page, text: str) -> bool:
    """Whether one of the writer's notes, or what waits to become one, holds this text."""
    page.goto("/notes")
    rows = page.locator("li[id^=draft-] h3 a, li[id^=note-] h2 a")
    found = [page.request.get(str(row.get_attribute("href"))).text() for row in rows.all()]
    return any(text in answer for answer in found)


def test_typing_is_kept_without_a_click(page: Page) -> None:
    write(page, "half a sentence")
    expect(page.locator("#note-state")).to_have_text(re.compile(r"^Saved \d"))
    page.goto("/notes")
    expect(page.get_by_text("Unfinished").first).to_be_visible()


def test_preview_shows_what_is_typed_and_stays_on_the_page(page: Page) -> None:
    write(page, "**bold** <img src=x>")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#note-preview strong")).to_have_text("bold")
    assert page.locator("#note-preview img").count() == 0
    expect(page.get_by_label("Reflection")).to_have_value("**bold** <img src=x>")


def test_typing_behind_a_lock_is_sealed_and_waits(page: Page) -> None:
    write(page, "before")
    lock_on_the_server(page)
    page.get_by_label("Reflection").fill("behind the lock")
    page.get_by_role("link", name="Unlock and go on").click()
    unlock(page)
    expect(page.get_by_label("Reflection")).to_have_value("behind the lock")


def test_lock_in_another_tab_takes_the_text_off_the_screen_and_keeps_it(
    window: BrowserContext, page: Page
) -> None:
    write(page, "typed a moment before the lock")
    lock_in_another_tab(window)
    page.wait_for_url(UNLOCK)
    assert "typed a moment" not in page.content()
    unlock(page)
    page.wait_for_url(lambda address: "/unlock" not in address)
    assert kept(page, "typed a moment before the lock")


def test_back_after_a_lock_shows_nothing(page: Page) -> None:
    write(page, SENTENCE)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))
    page.get_by_role("button", name="Lock").click()
    page.wait_for_url(UNLOCK)
    page.go_back()
    page.wait_for_url(UNLOCK)
    assert SENTENCE not in page.content()


def test_fifteen_idle_minutes_blank_the_page(page: Page) -> None:
    page.clock.install()
    write(page, "left open")
    page.clock.run_for(16 * 60 * 1000)
    page.wait_for_url(UNLOCK)
    assert "left open" not in page.content()


def test_link_from_elsewhere_finds_the_open_vault(page: Page) -> None:
    """Such a request bears no Strict cookie, so the door asks once more from our own site."""
    page.goto("/unlock?next=/notes")
    page.wait_for_url("**/notes")


def test_browser_keeps_nothing_of_what_was_written(page: Page) -> None:
    write(page, SENTENCE)
    expect(page.locator("#note-state")).to_have_text(re.compile(r"^Saved \d"))
    page.get_by_role("button", name="Preview").click()
    page.locator("#note-preview p").wait_for()
    kept: Any = page.evaluate(BROWSER_STORAGE)
    assert traces("storage", str(kept).encode()) == []
    assert [name for name, _ in json.loads(kept)] == ["cookie", "history"]
    page.evaluate("text => sessionStorage.setItem('draft', text)", SENTENCE)
    assert traces("storage", str(page.evaluate(BROWSER_STORAGE)).encode()) != []


def test_reflection_is_written_by_keyboard_alone(page: Page) -> None:
    page.goto("/notes/new")
    page.get_by_label("Title").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("By hand")
    page.keyboard.press("Tab")
    page.keyboard.type("and by keys alone")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Save":
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("By hand")


def test_slider_moves_the_number_and_the_picture(page: Page) -> None:
    page.goto("/notes/new?template=cft")
    slider, circle = page.locator("[data-slides=threat_me]"), page.locator("[data-picture=me]")
    slider.fill("8")
    expect(page.get_by_label("Threat, Me")).to_have_value("8")
    expect(circle).to_have_attribute("aria-label", "Me: Threat 8, Drive –, Soothing –")
    assert circle.locator("[data-circle=threat]").get_attribute("r") == "17.6"
    page.get_by_label("Threat, Me").fill("3")
    expect(slider).to_have_value("3")


def test_another_way_to_write_brings_the_text_along(page: Page) -> None:
    write(page, "begun on a free page")
    page.get_by_text("Another way to write").click()
    page.get_by_role("button", name="Gibbs cycle").click()
    expect(page.get_by_label("What happened?")).to_have_value("begun on a free page")


def test_enter_in_a_line_saves(page: Page) -> None:
    write(page, "text")
    page.get_by_label("Title").press("Enter")
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))


def test_agenda_leaves_the_page_when_the_vault_locks_elsewhere(
    window: BrowserContext, page: Page
) -> None:
    write(page, "-> ask about the heron")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))
    page.goto("/")
    expect(page.get_by_role("link", name="ask about the heron")).to_be_visible()
    lock_in_another_tab(window)
    expect(page.locator("[data-private]")).to_have_count(0)
    assert ("/unlock" in page.url, "heron" in page.content()) == (False, False)
