"""Bob subscribes with a real calendar client: it shows what the database and the pages hold."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.support.calendar_client import CalendarClient
from tests.support.server import Server

TORONTO = "America/Toronto"
OF_BOB = """
SELECT DISTINCT session.starts_at, session.ends_at, session.state
FROM session
JOIN membership ON membership.roster_id = session.roster_id AND membership.state = 'active'
JOIN person ON person.id = membership.person_id
WHERE person.email = 'bob@example.org' AND session.state IN ('planned', 'cancelled')
"""


@pytest.fixture
def bob(plain_page: Page, sign_in: Callable[..., Page]) -> Page:
    return sign_in(plain_page, "bob")


def make_link(page: Page, label: str) -> str:
    """Two presses from home; then the address stands there, once."""
    page.goto("/")
    page.get_by_role("link", name="Put it into my calendar").click()
    page.get_by_role("button", name="Another program").click()
    address = page.get_by_label("Link", exact=True).input_value()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/feeds/[A-Za-z0-9_-]{43}\.ics", address)
    page.reload()
    expect(page.get_by_label("Link", exact=True)).to_have_count(0)
    page.get_by_label("Name", exact=True).fill(label)
    page.get_by_role("button", name="Rename").click()
    return address


def in_the_database(server: Server, first: date, last: date) -> list[tuple[datetime, datetime]]:
    """Bob's sessions that begin on these days in Toronto, as the rows say."""
    # Cancelled sessions stay in a feed for a month.
    kept = str(datetime.now(UTC).replace(tzinfo=None) - timedelta(days=30))
    with closing(sqlite3.connect(server.instance / "supervision.sqlite")) as database:
        rows = database.execute(OF_BOB).fetchall()
    spans = [
        (datetime.fromisoformat(start + "+00:00"), datetime.fromisoformat(end + "+00:00"))
        for start, end, state in rows
        if state == "planned" or end > kept
    ]
    zone = ZoneInfo(TORONTO)
    return sorted(span for span in spans if first <= span[0].astimezone(zone).date() <= last)


def on_the_agenda(page: Page, days: int) -> set[datetime]:
    """The instants on the agenda pages that cover so many days from today."""
    found: set[datetime] = set()
    page.goto("/calendar?view=agenda")
    for _ in range(days // 28):
        times = page.locator("li.entry time").all()
        texts = [time.get_attribute("datetime") or "" for time in times]
        found |= {datetime.fromisoformat(text).astimezone(UTC) for text in texts}
        page.get_by_role("link", name="After").click()
    return found


def test_real_client_shows_the_same_instants_as_database_and_calendar(
    bob: Page, server: Server, tmp_path: Path
) -> None:
    client = CalendarClient(tmp_path / "client", make_link(bob, "khal"), TORONTO)
    client.sync()
    today = datetime.now(ZoneInfo(TORONTO)).date()
    # Back over a change of the clocks and on over two more.
    first, last = today - timedelta(days=80), today + timedelta(days=390)
    held = client.entries(first, last)
    assert [(entry.start, entry.end) for entry in held] == in_the_database(server, first, last)
    assert len(held) > 20
    assert any(entry.title.startswith("Cancelled: ") for entry in held)
    until = today + timedelta(days=28 * 6 - 1)
    assert {entry.start for entry in client.entries(today, until)} == on_the_agenda(bob, 28 * 6)


def test_real_client_drops_what_a_link_that_was_turned_off_showed(
    bob: Page, server: Server, tmp_path: Path
) -> None:
    client = CalendarClient(tmp_path / "client", make_link(bob, "lost phone"), TORONTO)
    client.sync()
    assert client.files() > 20
    bob.goto("/feeds")
    row = bob.get_by_role("listitem").filter(has_text="lost phone")
    expect(row).to_contain_text("by vdirsyncer")
    bob.get_by_role("link", name="lost phone").click()
    bob.get_by_text("Turn the link off").click()
    bob.get_by_role("button", name="Turn off").click()
    client.sync()
    assert client.files() == 1


def test_feeds_pages_please_axe(page: Page, sign_in: Callable[..., Page], axe) -> None:
    sign_in(page, "bob")
    for path in ("/feeds", "/feeds/new"):
        page.goto(path)
        axe(page)
    page.get_by_role("button", name="Apple Calendar").click()
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="All my links").click()
    page.get_by_role("link", name="Apple Calendar").first.click()
    axe(page)
    page.goto("/feeds/new")
    page.get_by_role("button", name="CalDAV account").click()
    expect(page.get_by_label("Password")).to_be_visible()
    axe(page)
    page.reload()
    axe(page)
