"""Equals who meet: two browsers see one clock move, and either may lead it on."""

import re
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from supervision import clock


def book(page: Page, roster: str, minutes_ahead: int) -> str:
    """A session of peers in London soon; its address."""
    local = (clock.now() + timedelta(minutes=minutes_ahead)).astimezone(ZoneInfo("Europe/London"))
    page.goto(f"{roster}/book")
    page.get_by_label("Date").fill(local.date().isoformat())
    page.get_by_label("Starts at").fill(f"{local:%H:%M}")
    page.get_by_label("Minutes").fill("90")
    page.get_by_role("button", name="Book", exact=True).click()
    page.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}$"))
    return page.url


def seconds(page: Page) -> int:
    minutes, rest = page.get_by_role("timer").inner_text().split(":")
    return 60 * int(minutes) + int(rest)


def test_two_equals_see_the_same_timer_move(new_page, sign_in):
    heidi, carol = sign_in(new_page(), "heidi"), sign_in(new_page(), "carol")
    title = f"Peers {uuid4().hex[:6]}"
    heidi.goto("/rosters/new")
    heidi.get_by_label("Title").fill(title)
    heidi.get_by_label("Peer", exact=False).check()
    heidi.get_by_label("Time zone of its sessions").select_option("Europe/London")
    heidi.get_by_role("button", name="Make roster").click()
    heidi.wait_for_url(re.compile(r"/rosters/[0-9a-f-]{36}$"))
    roster = heidi.url
    heidi.get_by_label("Email").fill("carol@example.org")
    heidi.get_by_role("button", name="Invite").click()
    carol.goto(roster)
    carol.get_by_role("button", name="Accept").click()
    session = book(heidi, roster, 10)
    carol.goto(f"{session}/meeting")
    heidi.goto(f"{session}/meeting")
    heidi.get_by_role("button", name="Begin the meeting").click()
    expect(carol.get_by_role("heading", name="Arriving")).to_be_visible(timeout=8000)
    first = seconds(carol)
    carol.wait_for_timeout(2500)
    assert first - 4 <= seconds(carol) <= first - 2
    assert abs(seconds(carol) - seconds(heidi)) <= 1
    carol.get_by_role("button", name="Next phase").click()
    expect(heidi.get_by_role("heading", name="Roles")).to_be_visible(timeout=8000)


def test_equals_confirm_who_was_there(new_page, sign_in, axe):
    """Erin marked the demo's last meeting of peers and Carol agreed; Grace does not at first."""
    grace, frank = sign_in(new_page(), "grace"), sign_in(new_page(), "frank")
    grace.goto("/")
    grace.get_by_role("link", name="Confirm attendance").first.click()
    attendance = grace.get_by_role("region", name="Attendance")
    expect(attendance).to_contain_text("2 of 4 say that this is right.")
    session = grace.url.partition("#")[0]
    grace.get_by_role("link", name="This is not right").click()
    grace.get_by_label("What is not right?").fill("Frank left early.")
    axe(grace)
    grace.get_by_role("button", name="Say so").click()
    frank.goto(session)
    expect(frank.get_by_role("region", name="Attendance")).to_contain_text("Frank left early.")
    frank.get_by_role("link", name="Correct it").click()
    frank.get_by_label("Minutes of Frank Fisher").select_option("90 min")
    frank.get_by_label("Why it is corrected").fill("Grace is right.")
    axe(frank)
    frank.get_by_role("button", name="Save attendance").click()
    for name in ("erin", "carol", "grace"):
        page = grace if name == "grace" else sign_in(new_page(), name)
        page.goto(session)
        page.get_by_role("button", name="This is right").click()
    expect(attendance).to_contain_text("Confirmed")
    expect(attendance).to_contain_text("Partly attended, 90 minutes")
    grace.get_by_text("History").click()
    axe(grace)
