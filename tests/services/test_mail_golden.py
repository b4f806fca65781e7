"""One mail of each kind as it leaves: headers, plain text and HTML, byte by byte."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask

from supervision.db import db
from supervision.models.mail import MailAgenda, MailKind
from supervision.models.people import LinkPurpose, Person, Role
from supervision.models.rosters import Kind, Roster
from supervision.models.sharing import Share
from supervision.services import mail, meetings, people, reminders, rosters, sessions, sign_ins
from supervision.services.mail import Letterhead
from supervision.services.sessions import Wish
from supervision.services.sharing import giving
from tests import factories
from tests.factories import House
from tests.support import links
from tests.support.vaults import PASSPHRASE, settings

GOLDEN = Path(__file__).parents[1] / "golden"
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASE = "https://s.example"
SEEN = people.Origin(BASE, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Firefox/145.0")
HEAD = Letterhead("Supervision <supervision@s.example>", BASE, "k" * 32)
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TOKENS = re.compile(r"(/mail/stop/|/reset/|/invitation/)[\w.-]+")


def reset(house: House) -> None:
    people.ask_reset(house.bob.email, AT)
    db.session.commit()
    people.answer_resets(AT, BASE)


def moved(house: House) -> None:
    """With a message that has what HTML must not take for its own, and over something of Bob's."""
    wish = Wish(datetime.fromisoformat("2026-11-25T14:30"), 50)
    booked = sessions.book_session(house.alice, AT, house.group, wish, BASE)
    theirs = factories.roster(house.carol, house.bob, kind=Kind.INDIVIDUAL)
    factories.session(theirs, datetime(2026, 11, 26, 10, 30, tzinfo=UTC), house.bob)
    text = "I am at <the> clinic & late.\nSorry!"
    to = Wish(datetime.fromisoformat("2026-11-26T10:00"), 80, text)
    sessions.move_session(house.alice, AT, booked.session_ids[0], to, BASE)


def withdrawn(house: House) -> None:
    roster = factories.roster(house.alice, title="Wednesday group")
    row = factories.join(roster, house.bob, state="invited")
    rosters.remove_member(house.alice, AT, roster.id, row.id, BASE)


def turn(house: House) -> None:
    roster = factories.roster(house.carol, house.bob, kind=Kind.PEER, title="Peers")
    session = factories.session(roster, AT + DAY, house.carol, house.bob).id
    meetings.mark_absent(house.carol, AT, session, house.carol.id, BASE)


def shared(house: House) -> None:
    """What was shared is sealed: its mail is made of names and a link."""
    row = db.session.get_one(Share, factories.share(house.alice, house.bob))
    giving.tell(house.alice, row, AT, BASE)


def reminder(house: House) -> None:
    group = db.session.get_one(Roster, house.group)
    reminders.remind(AT, BASE)
    factories.session(group, AT + DAY, house.bob)
    db.session.commit()
    reminders.remind(AT + HOUR / 60, BASE)


def agenda(house: House) -> None:
    db.session.add(MailAgenda(person_id=house.bob.id, hour=4, due_at=AT))
    for roster_id, hours in ((house.group, 1), (house.individual, 6)):
        roster = db.session.get_one(Roster, roster_id)
        factories.session(roster, AT + hours * HOUR, house.bob)
    db.session.commit()
    reminders.send_agendas(AT, BASE)


KINDS: dict[MailKind, Callable[[House], None]] = {
    MailKind.ACCOUNT: reset,
    MailKind.SESSIONS: moved,
    MailKind.ROSTERS: withdrawn,
    MailKind.TURNS: turn,
    MailKind.SHARING: shared,
    MailKind.REMINDERS: reminder,
    MailKind.AGENDA: agenda,
}


def to_bob(cause: Callable[[House], None]) -> EmailMessage:
    """The last mail that Bob gets of what happens."""
    taken: list[EmailMessage] = []
    cause(factories.house())
    db.session.commit()
    sessions.announce_due(AT)
    mail.send_due(lambda: AT + HOUR, HEAD, taken.append)
    return [message for message in taken if message["To"] == "bob@example.org"][-1]


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def shown(message: EmailMessage) -> str:
    """A mail as a golden file has it: what is another each time by its name."""
    headers = [f"{name}: {value}" for name, value in message.items() if name != "Content-Type"]
    text = "\n".join([*headers, "", part(message, "plain"), part(message, "html")])
    return TOKENS.sub(r"\1TOKEN", UUIDS.sub("ID", text))


class Words(HTMLParser):
    """What HTML says, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent = tag in ("style", "title")
        self.said += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)


@pytest.mark.parametrize("kind", MailKind)
def test_mail_of_each_kind_is_as_it_was(app: Flask, kind: MailKind) -> None:
    assert shown(to_bob(KINDS[kind])) == (GOLDEN / f"mail-{kind}.txt").read_text(encoding="utf-8")


def new_by_mail(house: House) -> None:
    link_id = people.make_link(LinkPurpose.RESET, house.bob.id, AT + HOUR, AT)
    link = links.opened(links.token(link_id, LinkPurpose.RESET), AT, LinkPurpose.RESET)
    fresh, _opened = sign_ins.replace(house.bob.id, PASSPHRASE, settings())
    people.reset(link, AT, fresh, SEEN)


def invited(house: House) -> None:
    """By name, and to whom: Bob's account is not one yet."""
    db.session.execute(db.update(Person).where(Person.id == house.bob.id).values(state="invited"))
    people.invite_person(house.dana, AT, house.bob.email, Role.SUPERVISOR, BASE)


ACCOUNTS: dict[str, Callable[[House], None]] = {
    "invited": invited,
    "passphrase-changed": lambda house: people.tell_of_change(house.bob.id, AT, SEEN),
    "passphrase-set-by-mail": new_by_mail,
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_mail_about_an_account_is_as_it_was(app: Flask, name: str) -> None:
    kept = (GOLDEN / f"mail-account-{name}.txt").read_text(encoding="utf-8")
    assert shown(to_bob(ACCOUNTS[name])) == kept


@pytest.mark.parametrize("kind", MailKind)
def test_html_says_all_that_the_plain_text_says(app: Flask, kind: MailKind) -> None:
    message = to_bob(KINDS[kind])
    said = " ".join(" ".join(Words(part(message, "html")).said).split())
    lines = [line.lstrip("- ") for line in part(message, "plain").splitlines()]
    pieces = [piece.rstrip(":") for line in lines for piece in re.split(r": (?=http)", line)]
    labels = re.compile(r"^(Place|Meeting link|Page|Before|Now): ")
    missing = [one for one in pieces if labels.sub("", one) not in said]
    assert missing == []


@pytest.mark.parametrize("kind", MailKind)
def test_html_fetches_nothing(app: Flask, kind: MailKind) -> None:
    page = part(to_bob(KINDS[kind]), "html")
    assert re.findall(r"<(?:img|link|script|iframe|svg|object)|src=|url\(|@import", page) == []


@pytest.mark.parametrize("kind", MailKind)
def test_all_but_account_mails_say_how_to_stop_them(app: Flask, kind: MailKind) -> None:
    message = to_bob(KINDS[kind])
    click = message["List-Unsubscribe-Post"]
    assert click == (None if kind == MailKind.ACCOUNT else "List-Unsubscribe=One-Click")
    link = str(message["List-Unsubscribe"] or "").strip("<>")
    assert link in part(message, "plain")
    if link:
        stop = mail.open_stop(HEAD.secret_key, link.rpartition("/")[2])
        assert (stop.kind, stop.email) == (kind, "bob@example.org")
