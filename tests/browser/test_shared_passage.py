"""Notes stay mine: Carol shares a paragraph with Alice and takes it back; Dana organises and looks.

Three browsers at once. The eight words are compared first, a name is pointed out, and nothing of
the text is found where Dana could look.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.canary import SENTENCE, traces_in
from tests.support.server import Server

SignIn = Callable[..., Page]
PASSPHRASE = "compassion-demo"
NOTE = f"I lost my patience with Ludo, and {SENTENCE}.\n\nThis paragraph is for nobody else."


@pytest.fixture
def cast(new_page: Callable[..., Page], sign_in: SignIn) -> dict[str, Page]:
    """A browser for each of them, signed in."""
    return {name: sign_in(new_page(), name) for name in ("alice", "carol", "dana")}


def words_with(page: Page, name: str) -> list[str]:
    page.goto("/shared")
    page.get_by_role("link", name="People and words").click()
    page.get_by_role("link", name=f"See the words with {name}").first.click()
    return page.locator(".eight-words li").all_inner_texts()


def say_they_are_the_same(page: Page) -> None:
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_role("button", name="The words are the same").click()
    expect(page.locator("#messages")).to_contain_text("Kept.")


def write(page: Page) -> None:
    page.goto("/notes/new")
    page.get_by_label("Title").fill("For myself")
    page.get_by_label("Reflection").fill(NOTE)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))


def share_first_paragraph(page: Page, name: str) -> str:
    """With the name that is pointed out changed for a code; the address of what is shared."""
    page.get_by_role("link", name="Share a passage").click()
    page.get_by_role("checkbox", name="I lost my patience").check()
    page.get_by_role("checkbox", name=name).first.check()
    page.get_by_role("button", name="Look it over").click()
    expect(page.locator(".names mark").first).to_have_text("Ludo")
    passage = page.get_by_label("The passage.")
    passage.fill(passage.input_value().replace("Ludo", "L."))
    page.get_by_role("button", name="Share it all the same").click()
    expect(page.locator("#messages")).to_contain_text("Shared.")
    return page.url


def test_passage_is_shared_read_answered_and_taken_back(
    cast: dict[str, Page], axe: Callable[[Page], None], server: Server
) -> None:
    alice, carol, dana = cast["alice"], cast["carol"], cast["dana"]
    hers, mine = words_with(alice, "Carol Conti"), words_with(carol, "Alice Ashworth")
    assert (hers, len(mine)) == (mine, 8)
    for page in (alice, carol):
        say_they_are_the_same(page)
    write(carol)
    own = share_first_paragraph(carol, "Alice Ashworth")
    shared = own.replace("/sharing/", "/shared/")

    alice.goto("/shared")
    alice.get_by_role("listitem").filter(has_text="Carol Conti").get_by_role("link").first.click()
    expect(alice).to_have_url(shared)
    expect(alice.locator(".passage")).to_contain_text("I lost my patience with L., and the heron")
    expect(alice.locator("main")).not_to_contain_text("This paragraph is for nobody else.")
    expect(alice.locator("main")).not_to_contain_text("For myself")
    axe(alice)
    alice.get_by_label("Your words").fill("What did you need in that minute?")
    alice.get_by_role("button", name="Send").click()
    expect(alice.locator(".comment")).to_contain_text("What did you need in that minute?")

    for address in (shared, own):
        dana.goto(address)
        expect(dana.locator("h1")).to_have_text("There is nothing here")

    carol.goto(own)
    expect(carol.locator(".comment")).to_contain_text("What did you need in that minute?")
    expect(carol.locator("section[aria-labelledby=openings]")).to_contain_text("Alice Ashworth")
    axe(carol)
    carol.get_by_text("Take it back from everybody").click()
    expect(carol.locator(".confirm")).to_contain_text("What was read cannot be unread")
    carol.get_by_role("button", name="Take it back", exact=True).click()
    expect(carol.locator("#messages")).to_contain_text("It is taken back.")

    alice.reload()
    expect(alice.locator("h1")).to_have_text("There is nothing here")
    assert traces_in([server.instance]) == []
