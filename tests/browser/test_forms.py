"""What forms do beyond what HTML does by itself."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

NewPage = Callable[..., Page]


def test_passphrase_is_shown_on_request_and_leaves_hidden(new_page: NewPage) -> None:
    """A browser keeps what was sent as plain text, to offer it to whoever types there next."""
    page = new_page()
    page.goto("/sign-in")
    field = page.get_by_label("Passphrase", exact=True)
    field.fill("four quiet herons")
    page.get_by_role("button", name="Show").click()
    expect(field).to_have_attribute("type", "text")
    expect(page.get_by_role("button", name="Hide")).to_be_visible()
    page.evaluate(
        """document.forms[0].addEventListener("submit", (event) => event.preventDefault())"""
    )
    page.get_by_role("button", name="Sign in").click()
    expect(field).to_have_attribute("type", "password")


def test_passphrase_offers_nothing_without_scripts(plain_page: Page) -> None:
    plain_page.goto("/sign-in")
    expect(plain_page.get_by_role("button", name="Show")).to_be_hidden()


def test_places_are_asked_for_where_there_are_several(new_page: NewPage, sign_in) -> None:
    page = sign_in(new_page(), "alice")
    page.goto("/rosters/new")
    places = page.get_by_label("Places")
    expect(places).to_be_visible()
    page.get_by_label("Individual", exact=False).check()
    expect(places).to_be_hidden()
    page.get_by_label("Group", exact=False).check()
    expect(places).to_be_visible()
