"""axe finds nothing on any page, light or dark, and no page complains to the console."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from uuid import uuid4

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page, expect

from supervision import clock
from tests.browser import pages

# All rules in a wide window; in a narrow one those that ask for colours, for sizes, and for the
# names of what only stands there.
NARROW = (
    "aria-hidden-focus",
    "button-name",
    "color-contrast",
    "label",
    "link-in-text-block",
    "link-name",
    "scrollable-region-focusable",
    "target-size",
)
SCHEMES: dict[int, tuple[Literal["light", "dark"], Sequence[str]]] = {
    320: ("dark", NARROW),
    1440: ("light", ()),
}
BETWEEN = (320, 480, 768, 896, 1024, 1440)
# Answers that are no pages.
NOT_PAGES = {
    "availability.calendar",
    "availability.coming",
    "dav.answer",
    "dav.well_known",
    "feeds.read",
    "health.alive",
    "health.measured",
    "health.ready",
    "importing.example",
    "meetings.look",
    "sessions.file",
    "static",
    "vault.state",
}
# Pages that no link leads to, or only in a state that the demo community is not in.
BY_HAND = {
    "attendance.otherwise",
    "booking.confirm_form",
    "booking.decline_form",
    "home.dev_mail",
    "leaving.come_back_form",
    "mail.stop_form",
    "notes.resume",
    "people.invitation",
    "people.reset_form",
    "replies.ask",
    "sessions.extend_form",
    "signup.seats",
    "vault.begin_again_form",
    "vault.check_code",
    "vault.recover_form",
    "vault.unlock",
}
# Pages that are made alike for everybody: Alice's are looked at.
ALIKE = (
    "availability.",
    "devices.",
    "export.",
    "feeds.",
    "figures.",
    "leave.",
    "leaving.",
    "mail.choose",
    "notes.",
    "people.profile",
    "rotation.",
    "vault.",
)
# Of these, those that say something of their own where nothing is there yet.
EMPTY = ("availability.index", "feeds.index", "figures.", "notes.index", "vault.recovery_code")
PASSPHRASE = "four quiet herons at dawn"
NewPage = Callable[..., Page]
SignIn = Callable[..., Page]


@dataclass
class Judge:
    """Looks at pages and keeps every fault, so that one run tells them all."""

    axe: Callable[..., None]
    faults: list[str] = field(default_factory=list)
    _busy: bool = False

    def attend(self, page: Page) -> Page:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._threw(page, error))
        return page

    def _threw(self, page: Page, error: Error) -> None:
        if not self._busy:
            self.faults.append(f"{page.url}: {error}")

    def _said(self, message: ConsoleMessage) -> None:
        # axe reads style sheets anew in ways that the page's policy refuses it, and a browser
        # remarks on the status with which a page is told that its vault has locked.
        told = "status of 423" in message.text
        if message.type in {"error", "warning"} and not self._busy and not told:
            self.faults.append(f"{message.location.get('url')}: {message.text}")

    def look(self, page: Page) -> None:
        """Judge the page as it stands: no wider than its window, and faultless in both schemes."""
        for width in BETWEEN:
            page.set_viewport_size({"width": width, "height": 900})
            reached = page.evaluate("document.documentElement.scrollWidth")
            if reached > width:
                self.faults.append(f"{page.url}: {reached} pixels wide in a window of {width}")
            if width in SCHEMES:
                scheme, rules = SCHEMES[width]
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self._axe(page, f"{page.url}, {width}, {scheme}", rules)

    def _axe(self, page: Page, where: str, rules: Sequence[str]) -> None:
        self._busy = True
        try:
            self.axe(page, rules)
        except AssertionError as fault:
            self.faults.append(f"{where}: {fault}")
        page.evaluate("0")  # what axe set off has been said by now
        self._busy = False

    def visit(self, page: Page, path: str) -> None:
        page.goto(path)
        self.look(page)

    def conclude(self) -> None:
        assert self.faults == [], "\n\n".join(self.faults)


@pytest.fixture
def judge(axe: Callable[..., None]) -> Judge:
    return Judge(axe)


@pytest.fixture(scope="module")
def known() -> pages.MapAdapter:
    return pages.routes()


def enter(page: Page, sign_in: SignIn, person: str) -> str:
    """Sign in, if it is somebody; where their pages begin."""
    if not person:
        return "/sign-in"
    sign_in(page, person)
    return "/"


@pytest.mark.parametrize("person", ["", "alice", "bob", "dana"])
def test_pages_that_links_lead_to(person, new_page, sign_in, judge, known):
    page = judge.attend(new_page())
    start = enter(page, sign_in, person)
    for endpoint, path in list(pages.follow(page.request, known, start)):
        if person == "alice" or not endpoint.startswith(ALIKE):
            judge.visit(page, path)
    judge.conclude()


def group_page(page: Page) -> str:
    """The demo's group: its page leads to pages that those of other kinds do not."""
    page.goto("/rosters")
    href = page.get_by_role("link", name="Compassion in practice").get_attribute("href")
    assert href
    return href


@pytest.mark.parametrize("person", ["alice", "bob"])
def test_pages_of_a_group(person, new_page, sign_in, judge, known):
    page = judge.attend(new_page())
    sign_in(page, person)
    for endpoint, path in list(pages.follow(page.request, known, group_page(page))):
        if endpoint.startswith(("meetings.", "polls.")):
            judge.visit(page, path)
    judge.conclude()


def test_pages_of_signing_up(new_page, sign_in, judge):
    """A session that is full: Charlie waits for a place, and Alice gives it another."""
    charlie, alice = (judge.attend(sign_in(new_page(), name)) for name in ("charlie", "alice"))
    charlie.goto("/rosters")
    charlie.get_by_role("link", name="Case seminar").click()
    judge.look(charlie)
    charlie.locator(".occasions a").first.click()
    charlie.wait_for_url("**/sessions/**")
    judge.look(charlie)
    charlie.get_by_role("button", name="Join the waiting list").click()
    expect(charlie.locator(".signup")).to_contain_text("Your place in line")
    judge.look(charlie)
    judge.visit(alice, charlie.url)
    judge.visit(alice, f"{charlie.url}/seats")
    judge.conclude()


def test_pages_of_asking_for_a_time(new_page, sign_in, judge):
    """Bob asks Alice for a first talk; the form to take it, and hers to decline."""
    bob = judge.attend(new_page())
    sign_in(bob, "bob")
    bob.goto("/rosters")
    href = bob.get_by_role("link", name="Bob with Alice").get_attribute("href")
    bob.goto(f"/book/{href.removeprefix('/rosters/')}")
    bob.get_by_role("link", name="First talk").first.click()
    bob.wait_for_url("**type=**")
    judge.look(bob)
    bob.locator("button[name=at]").first.click()
    bob.wait_for_url("**/confirm**")
    judge.look(bob)
    bob.get_by_role("button", name="Ask for it").click()
    bob.wait_for_url("**/sessions/**")
    judge.look(bob)
    alice = judge.attend(new_page())
    sign_in(alice, "alice")
    judge.visit(alice, f"{bob.url}/decline")
    alice.get_by_role("button", name="Decline").click()
    expect(alice.locator("#messages")).to_contain_text("Declined. The time is free again")
    judge.visit(bob, bob.url)
    judge.visit(bob, mailed_link(bob, "bob@example.org", r"/mail/stop/[\w.-]+"))
    judge.conclude()


def test_pages_of_a_session_that_was(new_page, sign_in, judge):
    """Bob says of his corrected session that it was otherwise; Alice looks at that."""
    bob = judge.attend(sign_in(new_page(), "bob"))
    bob.goto("/attendance")
    bob.get_by_role("row", name="Partly attended").get_by_role("link").click()
    judge.look(bob)
    session = bob.url
    judge.visit(bob, f"{session}/attendance/disagree")
    bob.get_by_label("What is not right?").fill("I was there for the whole of it.")
    bob.get_by_role("button", name="Say so").click()
    expect(bob.locator("#attendance")).to_contain_text("I was there for the whole of it.")
    judge.look(bob)
    alice = judge.attend(sign_in(new_page(), "alice"))
    alice.goto(session)
    alice.get_by_text("History").click()
    judge.look(alice)
    judge.visit(alice, f"{session}/attendance")
    judge.conclude()


def test_pages_of_reflections(new_page, sign_in, judge):
    """Bob's: editors, a note with its picture, what changed in it, what he finds, his agenda."""
    bob = judge.attend(sign_in(new_page(), "bob"))
    for template in ("cft", "formulation", "spsr", "gibbs"):
        judge.visit(bob, f"/notes/new?template={template}")
    bob.get_by_text("Another way to write").click()
    judge.look(bob)
    judge.visit(bob, "/notes")
    bob.get_by_role("link", name="The clock on the wall").click()
    judge.look(bob)
    judge.visit(bob, f"{bob.url}/history")
    bob.goto("/notes/find")
    bob.get_by_label("Words").fill("silence")
    bob.get_by_text("Only some of them").click()
    bob.get_by_role("button", name="Find", exact=True).click()
    expect(bob.get_by_role("heading", name="reflections found")).to_be_visible()
    judge.look(bob)
    bob.goto("/")
    expect(bob.get_by_role("heading", name="To take to supervision")).to_be_visible()
    judge.look(bob)
    judge.conclude()


TABLE = b"""title,kind,capacity,members
Thursday group,group,2,a@example.net; b@example.net; c@example.net
Compassion in practice,group,,
Wrong,team,six,nobody
"""
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:w
SUMMARY:Supervision
DTSTART;TZID=America/New_York:{day:%Y%m%d}T070000
DURATION:PT50M
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:d
DTSTART;VALUE=DATE:{day:%Y%m%d}
END:VEVENT
END:VCALENDAR
"""


def test_previews_of_imports(new_page, sign_in, judge):
    """What a table and a calendar would make, with what is wrong or left out."""
    page = judge.attend(sign_in(new_page(), "alice"))
    calendars = f"{group_page(page)}/import"
    calendar = CALENDAR.format(day=clock.today("UTC") - timedelta(days=10)).encode()
    for path, body in (("/rosters/import", TABLE), (calendars, calendar)):
        page.goto(path)
        file = {"name": "file", "mimeType": "text/plain", "buffer": body}
        page.get_by_label("File").set_input_files(file)
        page.get_by_role("button", name="Look at it").click()
        expect(page.get_by_text("Nothing is written yet.")).to_be_visible()
        judge.look(page)
    judge.conclude()


def test_page_of_a_calendar_elsewhere(new_page, sign_in, judge):
    """Grace adds one whose server does not exist, and learns so while she looks on."""
    grace = judge.attend(sign_in(new_page(), "grace"))
    grace.goto("/availability")
    grace.get_by_label("Name", exact=True).last.fill("Clinic")
    grace.get_by_label("Secret address").fill("https://calendar.invalid/secret.ics")
    grace.get_by_role("button", name="Add calendar").click()
    line = grace.get_by_role("listitem").filter(has=grace.get_by_role("heading", name="Clinic"))
    expect(line).to_contain_text("calendar.invalid")
    expect(line).to_contain_text("Not read", timeout=40_000)
    line.get_by_text("Rename Clinic").click()
    line.get_by_text("Remove Clinic").click()
    judge.look(grace)
    line.get_by_role("button", name="Remove calendar").click()
    expect(grace.locator("#messages")).to_contain_text("The calendar is removed here")
    judge.conclude()


def test_pages_that_an_invitation_leads_to(new_page, sign_in, judge):
    """Alice makes a session shorter; Bob, signed in nowhere, says that he comes."""
    alice = judge.attend(sign_in(new_page(), "alice"))
    alice.goto("/rosters")
    alice.get_by_role("link", name="Bob with Alice").click()
    alice.locator("a[href^='/sessions/']:visible").first.click()
    alice.get_by_role("link", name="Move", exact=True).click()
    alice.locator("[name=minutes]").fill("45")
    alice.get_by_role("button", name="Move", exact=True).click()
    bob = judge.attend(new_page())
    judge.visit(bob, mailed_link(bob, "bob@example.org", r"/answer/[\w.-]+"))
    bob.get_by_role("button", name="I will come").click()
    expect(bob.get_by_text("Your answer:")).to_be_visible()
    judge.look(bob)
    judge.conclude()


def test_every_page_is_looked_at(new_page, sign_in, known):
    """A page that is new must be linked to, or be looked at by hand below."""
    reached = set()
    for person in ("", "alice", "bob", "dana"):
        page = new_page()
        start = enter(page, sign_in, person)
        reached |= {endpoint for endpoint, _path in pages.follow(page.request, known, start)}
        if person in {"alice", "bob"}:
            start = group_page(page)
            reached |= {endpoint for endpoint, _path in pages.follow(page.request, known, start)}
    rules = known.map.iter_rules()
    answering = {rule.endpoint for rule in rules if "GET" in (rule.methods or ())}
    assert answering - reached - BY_HAND == NOT_PAGES
    assert answering >= BY_HAND


def test_pages_from_an_invitation_to_a_forgotten_passphrase(new_page, sign_in, judge, known):
    """Nia joins, keeps a code, writes while locked, forgets her passphrase, leaves for a while."""
    email = f"nia-{uuid4().hex[:8]}@example.org"
    link = invite(sign_in(new_page(), "dana"), email)
    nia = judge.attend(new_page())
    join(nia, link, judge)
    for endpoint, path in list(pages.follow(nia.request, known, "/")):
        if endpoint.startswith(EMPTY) or not endpoint.startswith(ALIKE):
            judge.visit(nia, path)
    keep_a_code(nia, judge)
    write_while_locked(nia, without_scripts(nia, new_page), judge)
    judge.visit(nia, "/figures")
    forget(nia, email, judge)
    leave_and_return(nia, email, judge)
    judge.conclude()


def without_scripts(page: Page, new_page: NewPage) -> Page:
    """A second browser with the first one's cookies: the same device, whose page does not lock."""
    state = page.context.storage_state()
    return new_page(java_script_enabled=False, storage_state=state)


def invite(page: Page, email: str) -> str:
    page.goto("/people")
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_role("button", name="Invite", exact=True).click()
    return page.get_by_label("Invitation link").input_value()


def join(page: Page, link: str, judge: Judge) -> None:
    judge.visit(page, link)
    page.get_by_label("Name").fill("Nia Noor")
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    expect(page.locator("#strength meter")).to_be_visible()
    judge.look(page)
    page.get_by_label("The same passphrase again").fill(PASSPHRASE)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Your recovery code")).to_be_visible()


def keep_a_code(page: Page, judge: Judge) -> None:
    page.goto("/vault/recovery-code")
    page.get_by_role("button", name="Show me the code").click()
    expect(page.locator("#recovery-code")).to_be_visible()
    judge.look(page)
    code = page.locator("#recovery-code").inner_text()
    judge.visit(page, "/vault/recovery-code/check")
    page.get_by_role("textbox").first.fill(code)
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("heading", name="Notes")).to_be_visible()
    judge.look(page)


def write_while_locked(page: Page, plain: Page, judge: Judge) -> None:
    """A form that was open when the notes were locked elsewhere: what it held waits, sealed."""
    plain.goto("/notes/new")
    plain.get_by_label("Reflection", exact=True).fill("The herons flew before I had finished.")
    page.goto("/")
    page.get_by_role("button", name="Lock").click()
    judge.visit(page, "/unlock")
    plain.get_by_role("button", name="Save").click()
    page.goto("/unlock?next=/notes")
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock").click()
    judge.look(page)
    page.locator('[id^="draft-"] a').click()
    judge.look(page)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}$"))
    expect(page.get_by_text("The herons flew before I had finished.")).to_be_visible()


def forget(page: Page, email: str, judge: Judge) -> None:
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    judge.visit(page, "/reset")
    page.get_by_label("Email").fill(email)
    with page.expect_navigation():
        page.get_by_role("button", name="Ask for a link").click()
    judge.look(page)
    judge.visit(page, mailed_link(page, email))
    page.get_by_label("New passphrase").fill(PASSPHRASE + " again")
    page.get_by_label("The same passphrase again").fill(PASSPHRASE + " again")
    with page.expect_navigation():
        page.get_by_role("button", name="Set passphrase").click()
    judge.look(page)
    if "/sign-in" in page.url:
        page.get_by_label("Email").fill(email)
        page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE + " again")
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in").click()
    for path in ("/unlock", "/vault/recover", "/vault/begin-again"):
        judge.visit(page, path)


def leave_and_return(page: Page, email: str, judge: Judge) -> None:
    page.goto("/delete-account")
    page.get_by_label("Your present passphrase").fill(PASSPHRASE + " again")
    page.get_by_label("Type the word").fill("delete")
    page.get_by_role("button", name="Close my account").click()
    judge.look(page)
    judge.visit(page, mailed_link(page, email, r"/come-back/[\w-]+"))
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator("#messages")).to_contain_text("Your account is open again.")


def mailed_link(page: Page, email: str, path: str = r"/reset/[\w-]+") -> str:
    """The path of a link that the worker mails, from the demo's page of mails."""
    for _attempt in range(100):
        page.goto("/dev/mail")
        mails = [text for text in page.locator("article").all_inner_texts() if email in text]
        links = [found[0] for text in mails if (found := re.search(path, text))]
        if links:
            return links[0]
        time.sleep(0.2)
    raise AssertionError(f"no mail to {email} within 20 s")


def test_pages_that_refuse(new_page, sign_in, judge):
    """What is wrong is said as clearly as the rest; the console may tell the status."""
    page = new_page()
    judge.visit(page, "/nowhere")
    judge.visit(page, "/sign-in")
    page.get_by_label("Email").fill("nobody")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".field-error, .errors").first).to_be_visible()
    judge.look(page)
    alice = sign_in(new_page(), "alice")
    for path, button in (("/rosters/new", "Make roster"), ("/profile", "Change passphrase")):
        alice.goto(path)
        alice.get_by_role("button", name=button).click()
        expect(alice.locator(".field-error").first).to_be_visible()
        judge.look(alice)
    judge.visit(alice, "/calendar?date=never")
    judge.conclude()


def test_words_too_long_for_a_line_break(new_page, sign_in, judge):
    """A title and an address without a space, in a heading, a list, a card and a button."""
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk"
    page = judge.attend(sign_in(new_page(), "frank"))
    page.goto("/rosters/new")
    page.get_by_label("Title").fill(word)
    page.get_by_label("Peer", exact=False).check()
    page.get_by_label("Address").fill(word)
    page.get_by_role("button", name="Make roster").click()
    page.get_by_label("Email").fill(f"{'nobody' * 5}-{uuid4().hex}@example.org")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_label("Invitation link")).to_have_count(0)
    page.get_by_role("listitem").get_by_text("Withdraw").click()
    judge.look(page)
    judge.visit(page, "/rosters")
    judge.conclude()


def test_judge_sees_what_is_wrong(new_page, judge):
    """Pale words, a nameless button, a page too wide, a picture without words that is refused."""
    page = judge.attend(new_page())
    page.goto("/sign-in")
    page.evaluate(
        """() => {
            const main = document.querySelector("main");
            main.append(document.createElement("button"));
            const pale = document.createElement("p");
            pale.textContent = "Hardly to be read";
            pale.style.color = "#777";
            pale.style.background = "#888";
            pale.style.width = "2000px";
            main.append(pale);
            const picture = document.createElement("img");
            picture.src = "http://127.0.0.1:1/elsewhere.png";
            main.append(picture);
        }"""
    )
    judge.look(page)
    found = "\n".join(judge.faults)
    wanted = (
        "color-contrast",
        "button-name",
        "image-alt",
        "pixels wide",
        "Content Security Policy",
    )
    assert [word for word in wanted if word not in found] == []
