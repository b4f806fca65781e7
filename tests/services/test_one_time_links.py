"""One-time links: whose role they give, when they end, and that no token of one is kept."""

import hashlib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from supervision import clock
from supervision.db import db, writing
from supervision.domain.links import link_of, link_token
from supervision.errors import Gone, Invalid, NotAllowed, NotFound
from supervision.models.mail import MailState, Outbox
from supervision.models.people import Credential, Link, LinkPurpose, Person, ResetRequest, Role
from supervision.permissions import Actor
from supervision.services import leaving, mail, people, rosters, sign_ins
from supervision.services.mail import Letterhead
from supervision.services.people.links import make_invitation
from tests import factories
from tests.factories import House
from tests.support import links
from tests.support.statements import counted
from tests.support.vaults import PASSPHRASE, furnish, pepper, settings

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
URL = "https://s.example"
EVE = "eve@example.org"


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def invite(house: House, role: str = Role.MEMBER, at: datetime = AT) -> str:
    return links.token(people.invite_person(house.dana, at, EVE, role, URL))


def invite_to_group(house: House, at: datetime = AT) -> str:
    link_id = rosters.invite_member(house.alice, at, house.group, EVE, "supervisee", URL)
    assert link_id is not None
    return links.token(link_id)


def join(token: str, at: datetime = AT) -> Person:
    link = links.opened(token, at)
    people.join(link, at, "Eve", "UTC")
    return db.session.get_one(Person, link.person_id)


# -- roles ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_who_joins_gets_the_role_of_the_link(house: House, role: Role) -> None:
    token = invite(house, role)
    before = db.session.scalars(select(Person.role).where(Person.email == EVE)).one()
    assert (before, join(token).role) == (Role.MEMBER, role)


def test_link_of_a_member_joins_as_a_member_whatever_an_organiser_gave(house: House) -> None:
    invite(house, Role.ORGANISER)
    assert join(invite_to_group(house)).role == Role.MEMBER


def test_role_that_is_raised_ends_every_link_before(house: House) -> None:
    before = [invite_to_group(house), invite(house, Role.SUPERVISOR)]
    last = invite(house, Role.ORGANISER)
    for token in before:
        with pytest.raises(Gone):
            links.opened(token, AT)
    assert links.opened(last, AT).role == Role.ORGANISER
    assert links.mailed(EVE)[-1] == last


def test_who_let_the_week_go_by_is_invited_again_by_a_link_that_opens(house: House) -> None:
    first, later = invite(house), AT + 8 * DAY
    last = invite(house, at=later)
    assert (links.opened(last, later).role, links.mailed(EVE)) == (Role.MEMBER, [first, last])
    with pytest.raises(Gone):
        links.opened(first, later)


def test_role_that_is_lowered_ends_the_link_that_gave_it(house: House) -> None:
    before = invite(house, Role.ORGANISER)
    last = invite(house)
    with pytest.raises(Gone):
        links.opened(before, AT)
    assert links.opened(last, AT).role == Role.MEMBER


@pytest.mark.parametrize("end", ["made less", "closed"])
def test_link_of_who_may_no_longer_give_its_role_makes_a_member(house: House, end: str) -> None:
    otto = factories.person("otto", role=Role.ORGANISER)
    token = links.token(people.invite_person(otto, AT, EVE, Role.ORGANISER, URL))
    shown = links.opened(token, AT)
    if end == "closed":
        leaving.close_account(otto, AT, URL, pepper())
    else:
        people.set_role(house.dana, AT, otto.id, Role.SUPERVISOR)
    db.session.flush()
    assert (shown.role, links.opened(token, AT).role) == (Role.ORGANISER, Role.MEMBER)
    people.join(shown, AT, "Eve", "UTC")
    assert db.session.get_one(Person, shown.person_id).role == Role.MEMBER


@pytest.mark.parametrize("end", ["made less", "closed"])
def test_link_gives_no_role_again_when_its_maker_may_again(house: House, end: str) -> None:
    otto = factories.person("otto", role=Role.ORGANISER)
    token = links.token(people.invite_person(otto, AT, EVE, Role.ORGANISER, URL))
    if end == "closed":
        leaving.close_account(otto, AT, URL, pepper())
        (back,) = links.mailed(otto.email, LinkPurpose.RETURN)
        leaving.come_back(links.opened(back, AT, LinkPurpose.RETURN), AT)
    else:
        people.set_role(house.dana, AT, otto.id, Role.MEMBER)
        people.set_role(house.dana, AT, otto.id, Role.ORGANISER)
    db.session.flush()
    assert links.opened(token, AT).role == Role.MEMBER


def test_closed_organiser_comes_back_as_what_they_were_made_meanwhile(house: House) -> None:
    otto = factories.person("otto", role=Role.SUPERVISOR)
    leaving.close_account(otto, AT, URL, pepper())
    with pytest.raises(Invalid):
        people.set_role(house.dana, AT, otto.id, Role.ORGANISER)
    people.set_role(house.dana, AT, otto.id, Role.MEMBER)
    (back,) = links.mailed(otto.email, LinkPurpose.RETURN)
    leaving.come_back(links.opened(back, AT, LinkPurpose.RETURN), AT)
    assert db.session.get_one(Person, otto.id).role == Role.MEMBER


def test_nobody_but_an_organiser_makes_a_link_above_member(house: House) -> None:
    eve = people.ensure_person(EVE, AT)
    for maker in (house.alice, house.bob):
        for role in (Role.SUPERVISOR, Role.ORGANISER):
            with pytest.raises(NotAllowed):
                make_invitation(eve.id, role, AT, maker)


def test_role_of_who_is_invited_is_set_by_a_link_alone(house: House) -> None:
    invite(house)
    eve = db.session.scalars(select(Person).where(Person.email == EVE)).one()
    with pytest.raises(NotFound):
        people.set_role(house.dana, AT, eve.id, Role.ORGANISER)


@pytest.mark.parametrize("has_mail", [True, False])
def test_link_is_shown_to_an_organiser_without_mail_alone(house: House, has_mail: bool) -> None:
    link_id = people.invite_person(house.dana, AT, EVE, Role.MEMBER, URL)
    shown = {
        who.name: people.token_to_pass_on(who, link_id, "k", has_mail) is not None
        for who in (house.alice, house.bob, house.dana)
    }
    assert shown == {"Alice Ashworth": False, "Bob Brandt": False, "Dana Dale": not has_mail}


# -- links that lead home, and links of before ----------------------------------------------


def test_second_link_of_who_has_joined_is_known_and_gives_nothing(house: House) -> None:
    first, second = invite(house), invite_to_group(house)
    join(first)
    link = links.opened(second, AT)
    assert link.joined
    with pytest.raises(Gone):
        people.join(link, AT, "Mallory", "UTC")


def test_second_link_ends_with_its_week_and_with_the_account(house: House) -> None:
    first, second = invite(house), invite_to_group(house)
    person = join(first)
    with pytest.raises(Gone):
        links.opened(second, AT + 7 * DAY)
    leaving.close_account(people.actor_of(person), AT, URL, pepper())
    with pytest.raises(Gone):
        links.opened(second, AT)


def test_link_of_a_former_version_opens_by_the_hash_of_its_token(house: House) -> None:
    eve = people.ensure_person(EVE, AT)
    link_id = make_invitation(eve.id, Role.SUPERVISOR, AT, house.dana)
    hashed = hashlib.sha256(b"random").digest()
    db.session.execute(update(Link).where(Link.id == link_id).values(token_hash=hashed))
    assert links.opened("random", AT).role == Role.SUPERVISOR


FORGED = link_token("another key", "reset", UUID(int=7))


@pytest.mark.parametrize("token", ["", "x", "é", "\ud800", "a" * 64, "A" * 10_000, FORGED])
def test_token_that_is_not_ours_is_no_link(token: str) -> None:
    assert link_of("k", "reset", token) is None


def test_token_is_of_one_purpose_and_one_spelling() -> None:
    token = link_token("k", "reset", UUID(int=7))
    assert link_of("k", "reset", token) == UUID(int=7)
    others = [token + "=", token + "\n", " " + token, token[:-1]]
    assert [link_of("k", "reset", one) for one in others] == [None] * 4
    assert link_of("k", "invitation", token) is None


# -- resets ----------------------------------------------------------------------------------


def ask(house: House, at: datetime = AT) -> str:
    people.ask_reset(house.bob.email, at)
    return links.mailed(house.bob.email, LinkPurpose.RESET)[-1]


@pytest.mark.usefixtures("clock")
def test_asking_for_a_reset_is_the_same_for_known_and_unknown(house: House) -> None:
    db.session.commit()
    done = []
    for email in ("bob@example.org", "nobody@example.org"):
        with counted() as statements, writing():
            people.ask_reset(email, AT)
        rows = db.session.scalars(select(ResetRequest.email)).all()
        done.append((len(statements), [len(row) > 0 for row in rows]))
        db.session.rollback()
        people.answer_resets(AT, URL)
    assert done[0] == done[1]
    assert done[0][1] == [True]
    assert db.session.scalars(select(Outbox.recipient)).all() == ["bob@example.org"]
    assert not people.has_resets()


def changed(who: Actor) -> None:
    opened = sign_ins.check(who.email, PASSPHRASE, settings())
    assert opened is not None
    made = sign_ins.change(opened, "brass kettle under the willow", settings())
    with writing():
        sign_ins.keep_change(who, made, AT, people.Origin(URL))


def signed_out(who: Actor) -> None:
    people.sign_out_everywhere(who, AT)


def closed(who: Actor) -> None:
    leaving.close_account(who, AT, URL, pepper())


def set_by_mail(who: Actor) -> None:
    """By another link, which a rival asked for: the earlier ones are of no use."""
    fresh, _opened = sign_ins.replace(who.id, "brass kettle under the willow", settings())
    link_id = people.make_link(LinkPurpose.RESET, who.id, AT + DAY, AT)
    token = links.token(link_id, LinkPurpose.RESET)
    people.reset(links.opened(token, AT, LinkPurpose.RESET), AT, fresh, people.Origin(URL))


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("act", [changed, signed_out, closed, set_by_mail])
def test_reset_links_end_with_the_passphrase(house: House, act: object) -> None:
    furnish(house.bob)
    token = ask(house)
    people.ask_reset(house.bob.email, AT)  # which the worker has not seen yet
    db.session.commit()
    act(house.bob)  # type: ignore[operator]  # one of the four above
    db.session.commit()
    with pytest.raises(Gone):
        links.opened(token, AT, LinkPurpose.RESET)
    before = len(links.mailed(house.bob.email, LinkPurpose.RESET))
    people.answer_resets(AT, URL)
    assert len(links.mailed(house.bob.email, LinkPurpose.RESET)) == before


def test_reset_that_was_asked_before_a_change_or_long_ago_is_not_answered(house: House) -> None:
    furnish(house.bob)
    now = clock.now()
    with writing():
        people.ask_reset(house.bob.email, now - DAY / 48)
        people.ask_reset(house.carol.email, now - DAY)
    people.answer_resets(now, URL)
    assert db.session.scalars(select(Link)).all() == []
    assert db.session.scalars(select(ResetRequest)).all() == []


# -- nothing is kept -------------------------------------------------------------------------


def all_bytes(app: Flask, folder: Path) -> bytes:
    """What a thief of the disk and of a backup reads: the database, its log, the backup."""
    copy = folder / "backup"
    assert app.test_cli_runner().invoke(args=["backup", str(copy)]).exit_code == 0
    main = Path(str(db.engine.url.database))
    files = [copy, main, main.with_name(main.name + "-wal")]
    return b"".join(file.read_bytes() for file in files if file.exists())


def all_rows() -> bytes:
    """Every value of every row, as PostgreSQL would write it."""
    found = [
        repr(tuple(row))
        for table in db.metadata.sorted_tables
        for row in db.session.execute(select(table))
    ]
    return "\n".join(found).encode()


@pytest.mark.usefixtures("clock")
def test_no_token_of_a_link_is_in_database_wal_or_backup(
    app: Flask, house: House, tmp_path: Path
) -> None:
    """After inviting, asking, closing; while mails wait, are tried again, left, were given up."""
    taken: list[EmailMessage] = []

    def fail(_message: EmailMessage) -> None:
        raise OSError

    head = Letterhead("s@s.example", URL, links.secret_key())
    secrets: list[str] = []
    for number in range(4):
        with writing():
            made = [
                people.invite_person(house.dana, AT, f"e{number}@example.org", "organiser", URL),
                rosters.invite_member(
                    house.alice, AT, house.group, f"f{number}@example.org", "supervisee", URL
                ),
            ]
            people.ask_reset("bob@example.org", AT)
        secrets += [links.token(one) for one in made if one]
        people.answer_resets(AT, URL)
        mail.send_due(lambda: AT, head, fail if number < 2 else taken.append)
    with writing():
        db.session.execute(update(Outbox).values(attempts=12, due_at=AT))
        leaving.close_account(house.carol, AT, URL, pepper())
    mail.send_due(lambda: AT, head, fail)
    mail.send_due(lambda: AT + DAY, head, fail)
    for purpose in (LinkPurpose.RESET, LinkPurpose.RETURN):
        found = db.session.scalars(select(Link.id).where(Link.purpose == purpose))
        secrets += [links.token(one, purpose) for one in found]
    assert len(secrets) == 13
    states = set(db.session.scalars(select(Outbox.state)))
    assert {MailState.FAILED, MailState.SENT} <= states
    db.session.rollback()
    kept = all_bytes(app, tmp_path) if db.engine.dialect.name == "sqlite" else all_rows()
    assert [token for token in secrets if token.encode() in kept] == []
    assert b"e1@example.org" in kept  # it was looked at where things are
    bodies = [one.get_body(("plain",)) for one in taken]
    mailed = "".join(str(body.get_content()) for body in bodies if body)
    assert secrets[4] in mailed


def test_passphrase_is_not_replaced_without_its_own_time(house: House) -> None:
    furnish(house.bob)
    before = db.session.get_one(Credential, house.bob.id).changed_at
    set_by_mail(house.bob)
    db.session.commit()
    after = db.session.get_one(Credential, house.bob.id, populate_existing=True).changed_at
    assert (before == AT, after) == (False, AT)
