"""Invitations in any order: nobody becomes somebody, or more, but by a link to their own mailbox.

Four people invite three addresses. Each address has a mailbox, which its owner reads. Bob, a plain
member, also tries every link that he was ever shown, and every one that he could write down.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from supervision.db import db
from supervision.domain.links import link_token
from supervision.errors import Conflict, Gone, Invalid, NotAllowed, NotFound
from supervision.models.people import (
    Credential,
    Link,
    LinkPurpose,
    Person,
    PersonState,
    Role,
)
from supervision.models.rosters import Kind
from supervision.permissions import Actor
from supervision.services import leaving, mail, people, rosters
from supervision.services.mail import Letterhead
from supervision.services.people import OpenLink, joining, links, organising
from tests import factories
from tests.support import databases
from tests.support.vaults import pepper

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEY = "k" * 64
HEAD = Letterhead("supervision@s.example", "https://s.example", KEY)
ADDRESSES = ("eve@example.org", "fay@example.org", "gil@example.org")
MAKERS = ("dana", "otto", "alice", "bob")
REFUSED = (Conflict, Gone, Invalid, NotAllowed, NotFound)

makers = st.sampled_from(MAKERS)
addresses = st.sampled_from(ADDRESSES)
RANKS: list[str] = list(Role)
roles = st.sampled_from(list(Role))
which = st.integers(0, 5)
LINKS = re.compile(r"https://s\.example/(invitation|reset|come-back)/([\w-]+)")


class Invitations(RuleBasedStateMachine):
    """Dana and Otto are organisers, Alice a supervisor, Bob a member; each leads peers."""

    app: Flask
    has_mail = True

    def __init__(self) -> None:
        super().__init__()
        databases.empty(self.app)
        db.session.remove()
        self.at = START
        self.makers = {name: factories.person(name) for name in MAKERS}
        db.session.get_one(Person, self.makers["otto"].id).role = Role.ORGANISER
        self.rosters = {
            name: factories.roster(one, kind=Kind.PEER, title=name).id
            for name, one in self.makers.items()
        }
        db.session.commit()
        # What arrived in each mailbox: page, token. What was ever shown to Bob, whose eyes are his.
        self.mailboxes: dict[str, list[tuple[str, str]]] = {one: [] for one in ADDRESSES}
        self.shown: dict[str, list[str]] = {name: [] for name in MAKERS}
        # Whose hands an account is in, and which roles somebody who may gave to its address.
        self.holders: dict[UUID, str] = {}
        self.given: dict[str, set[str]] = {one: set() for one in ADDRESSES}
        self.offers: dict[UUID, tuple[str, str, str]] = {}  # link: address, maker, role
        self.role_of_otto: str = Role.ORGANISER

    # -- what people do ----------------------------------------------------------------------

    @rule(maker=makers, address=addresses, role=roles)
    def invite_to_the_house(self, maker: str, address: str, role: str) -> None:
        who = self._as(maker)
        self._invited(
            maker,
            address,
            role,
            lambda: people.invite_person(who, self.at, address, role, HEAD.base_url),
        )

    @rule(maker=makers, address=addresses)
    def invite_to_a_roster(self, maker: str, address: str) -> None:
        who = self._as(maker)
        self._invited(
            maker,
            address,
            Role.MEMBER,
            lambda: rosters.invite_member(
                who, self.at, self.rosters[maker], address, "peer", HEAD.base_url
            ),
        )

    def _invited(self, maker: str, address: str, role: str, act: Callable[[], UUID | None]) -> None:
        link_id = self._try(act)
        if link_id is None:
            return
        self.offers[link_id] = (address, maker, role)
        token = people.token_to_pass_on(self._as(maker), link_id, KEY, self.has_mail)
        if token is None:
            return
        self.shown[maker].append(token)
        if self._is_organiser(maker):  # who passes it on to whom it is for
            self.mailboxes[address].append(("invitation", token))

    @rule()
    def mails_leave(self) -> None:
        people.answer_resets(self.at, HEAD.base_url)
        mail.send_due(lambda: self.at, HEAD, self._deliver)

    def _deliver(self, message: EmailMessage) -> None:
        body = message.get_body(("plain",))
        assert body is not None
        if self.has_mail and message["To"] in self.mailboxes:
            self.mailboxes[message["To"]] += LINKS.findall(body.get_content())

    @rule(address=addresses, number=which)
    def owner_follows_a_link(self, address: str, number: int) -> None:
        found = self.mailboxes[address]
        if found:
            page, token = found[-1 - number % len(found)]
            self._follow(address, LinkPurpose("return" if page == "come-back" else page), token)

    @rule(address=addresses)
    def owner_follows_the_lesser_link(self, address: str) -> None:
        """Of all that are open in their mailbox, the one that promises least."""
        found = [token for page, token in self.mailboxes[address] if page == "invitation"]
        promised = {token: self._promised(token) for token in found}
        tokens = sorted(
            (token for token in found if promised[token]),
            key=lambda token: RANKS.index(promised[token]),
        )
        if tokens:
            self._follow(address, LinkPurpose.INVITATION, tokens[-1])

    def _promised(self, token: str) -> str:
        link = self._try(lambda: people.open_link(KEY, LinkPurpose.INVITATION, token, self.at))
        return link.role if link else ""

    @rule(address=addresses)
    def bob_invites(self, address: str) -> None:
        self.invite_to_a_roster("bob", address)

    @rule()
    def bob_follows_what_he_was_shown(self) -> None:
        for token in self.shown["bob"]:
            self._follow("bob", LinkPurpose.INVITATION, token)

    @rule(number=which)
    def bob_makes_up_a_token(self, number: int) -> None:
        found = db.session.scalars(select(Link.id).order_by(Link.created_at)).all()
        if found:
            link_id = found[number % len(found)]
            for token in (link_id.hex, link_token("x" * 64, "invitation", link_id)):
                self._follow("bob", LinkPurpose.INVITATION, token)

    def _follow(self, who: str, purpose: LinkPurpose, token: str) -> None:
        link = self._try(lambda: people.open_link(KEY, purpose, token, self.at))
        if link is None or (link.joined and purpose == LinkPurpose.INVITATION):
            return
        if purpose == LinkPurpose.INVITATION:
            self._join(who, link)
        elif purpose == LinkPurpose.RESET:
            self._reset(who, link)
        else:
            self._try(lambda: leaving.come_back(link, self.at))

    def _join(self, who: str, link: OpenLink) -> None:
        promised = link.role
        if self._does(lambda: people.join(link, self.at, who, "UTC")):
            self._keeps_its_word(promised, self._row(link.person_id).role)
            self.holders[link.person_id] = who
            self._give(link.id)

    def _keeps_its_word(self, promised: str, role: str) -> None:
        """One joins as what the page said."""
        assert role == promised

    def _give(self, link_id: UUID) -> None:
        """What the link's maker may give at this moment was given to its address."""
        address, maker, role = self.offers[link_id]
        may = role == Role.MEMBER or self._is_organiser(maker)
        self.given[address] = {role if may else Role.MEMBER}

    def _reset(self, who: str, link: OpenLink) -> None:
        fresh = Credential(salt=b"s", memory_kib=1, passes=1, lanes=1, verifier=b"v")
        fresh.person_id = link.person_id
        if self._does(
            lambda: people.reset(link, self.at, fresh, people.Origin("https://s.example"))
        ):
            self.holders[link.person_id] = who

    @rule(address=addresses)
    def somebody_asks_for_a_reset(self, address: str) -> None:
        self._try(lambda: people.ask_reset(address, self.at))

    @rule(address=addresses, role=roles)
    def set_role(self, address: str, role: str) -> None:
        person = self._of(address)
        dana = self._as("dana")
        if person and self._does(lambda: people.set_role(dana, self.at, person.id, role)):
            self.given[address] = {role}

    @rule(role=roles)
    def change_otto(self, role: str) -> None:
        """Also while he has closed his account: then to less alone."""
        otto, dana = self._row(self.makers["otto"].id), self._as("dana")
        done = self._does(lambda: people.set_role(dana, self.at, otto.id, role))
        less = RANKS.index(role) >= RANKS.index(self.role_of_otto)
        assert done == (
            otto.state == PersonState.ACTIVE or (otto.state == PersonState.CLOSED and less)
        )
        if done:
            self.role_of_otto = role
            if role != Role.ORGANISER:
                self._offers_less("otto")

    @rule(maker=st.sampled_from(["otto", "alice"]))
    def maker_leaves(self, maker: str) -> None:
        if self._row(self.makers[maker].id).state != PersonState.ACTIVE:
            return  # nobody signs in to a closed account
        who = self._as(maker)
        if self._does(lambda: leaving.close_account(who, self.at, HEAD.base_url, pepper())):
            self._offers_less(maker)

    def _offers_less(self, maker: str) -> None:
        """What they offered above member is offered no more, also if they may again later."""
        for link_id, (address, by, _role) in self.offers.items():
            if by == maker:
                self.offers[link_id] = address, by, Role.MEMBER

    @rule(maker=st.sampled_from(["otto", "alice"]))
    def maker_comes_back(self, maker: str) -> None:
        of_return = select(Link.id).where(
            Link.person_id == self.makers[maker].id, Link.purpose == LinkPurpose.RETURN
        )
        for link_id in db.session.scalars(of_return).all():
            token = link_token(KEY, LinkPurpose.RETURN, link_id)
            self._follow(maker, LinkPurpose.RETURN, token)

    @rule(address=addresses)
    def owner_leaves(self, address: str) -> None:
        person = self._of(address)
        if person and person.state == PersonState.ACTIVE:
            actor = people.actor_of(person)
            self._try(lambda: leaving.close_account(actor, self.at, HEAD.base_url, pepper()))

    @rule(maker=makers, address=addresses)
    def revoke(self, maker: str, address: str) -> None:
        person = self._of(address)
        if person:
            self._try(lambda: people.revoke_invitation(self._as(maker), self.at, person.id))

    @rule(hours=st.sampled_from([1, 24, 24 * 8]))
    def time_goes_by(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        leaving.finish_due(self.at)

    # -- what always holds -------------------------------------------------------------------

    @invariant()
    def account_is_in_the_hands_of_who_reads_its_mail(self) -> None:
        for person in self._joined():
            assert self.holders[person.id] == person.email

    @invariant()
    def role_was_given_to_this_mailbox_by_who_may_give_it(self) -> None:
        for person in self._joined():
            assert {person.role} == self.given[person.email]

    @invariant()
    def organiser_is_what_an_organiser_last_made_them(self) -> None:
        otto = self._row(self.makers["otto"].id)
        assert otto.state == PersonState.LEFT or otto.role == self.role_of_otto

    @invariant()
    def who_has_not_joined_has_no_role(self) -> None:
        invited = select(Person.role).where(Person.state == PersonState.INVITED)
        assert set(db.session.scalars(invited)) <= {Role.MEMBER}

    @invariant()
    def plain_members_were_shown_no_link(self) -> None:
        assert self.shown["alice"] == self.shown["bob"] == []

    # -- helpers -----------------------------------------------------------------------------

    def _joined(self) -> list[Person]:
        found = select(Person).where(
            Person.email.in_(ADDRESSES),
            Person.state.in_((PersonState.ACTIVE, PersonState.CLOSED)),
        )
        return list(db.session.scalars(found.execution_options(populate_existing=True)))

    def _row(self, person_id: UUID) -> Person:
        return db.session.get_one(Person, person_id, populate_existing=True)

    def _of(self, address: str) -> Person | None:
        found = select(Person).where(Person.email == address)
        return db.session.scalar(found.execution_options(populate_existing=True))

    def _as(self, maker: str) -> Actor:
        return people.actor_of(self._row(self.makers[maker].id))

    def _is_organiser(self, maker: str) -> bool:
        row = self._row(self.makers[maker].id)
        return (row.role, row.state) == (Role.ORGANISER, PersonState.ACTIVE)

    def _does(self, act: Callable[[], None]) -> bool:
        """Whether it was done."""

        def done() -> bool:
            act()
            return True

        return self._try(done) is True

    def _try(self, act: Callable[[], Any]) -> Any:
        """What came of it. A refusal is None, and changes nothing."""
        self.at += timedelta(seconds=1)
        try:
            done = act()
        except REFUSED:
            db.session.rollback()
            return None
        db.session.commit()
        return done


class WithoutMail(Invitations):
    """Organisers pass links on by themselves; no mail arrives."""

    has_mail = False


def live(machine: type[Invitations], app: Flask, examples: int, **more: Any) -> None:
    machine.app = app
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            **more,
        ),
    )


@pytest.mark.parametrize("machine", [Invitations, WithoutMail])
def test_invitation_proves_a_mailbox_in_any_order(app: Flask, machine: type[Invitations]) -> None:
    live(machine, app, 15)


# What a twin does wrong is found, and not made small: the same way each time, in seconds.
FOUND = {"phases": [Phase.generate], "derandomize": True}


class Unseen(Invitations):
    """Twins are judged by what comes of it, not by what was shown."""

    def plain_members_were_shown_no_link(self) -> None: ...

    def _keeps_its_word(self, promised: str, role: str) -> None: ...

    def who_has_not_joined_has_no_role(self) -> None: ...


def show_to_the_inviter(_actor: Actor, link_id: UUID, secret_key: str, _mail: bool) -> str:
    return link_token(secret_key, LinkPurpose.INVITATION, link_id)


def test_machine_finds_the_takeover_where_who_invites_sees_the_link(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "token_to_pass_on", show_to_the_inviter)
    with pytest.raises(AssertionError):
        live(Unseen, app, 100, **FOUND)


def test_machine_finds_the_takeover_where_the_role_is_on_the_row(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was once: whoever joins by any link is what anybody was ever asked to be."""

    def invite(actor: Actor, at: datetime, email: str, role: str, base_url: str) -> UUID:
        link_id = invite_person(actor, at, email, role, base_url)
        db.session.get_one(Person, db.session.get_one(Link, link_id).person_id).role = role
        return link_id

    def use(link: OpenLink, at: datetime) -> str:
        links.use_link(link, at)
        return db.session.get_one(Person, link.person_id).role

    invite_person = people.invite_person
    monkeypatch.setattr(people, "invite_person", invite)
    monkeypatch.setattr(joining, "use_link", use)
    with pytest.raises(AssertionError):
        live(Unseen, app, 100, **FOUND)


def takeover(machine: Invitations, role: str) -> None:
    """Dana invites an address as an organiser, Bob invites it too, and takes what he sees."""
    machine.invite_to_the_house("dana", ADDRESSES[0], Role.ORGANISER)
    machine.invite_to_a_roster("bob", ADDRESSES[0])
    machine.bob_follows_what_he_was_shown()
    (person,) = machine._joined()
    assert (machine.holders[person.id], person.role) == ("bob", role)


def test_machine_finds_the_organiser_whose_offers_come_back_with_them(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was once: what a closed organiser offered was worth its role again on their return."""
    monkeypatch.setattr(people, "lessen_offers", lambda _maker_id: None)
    monkeypatch.setattr(organising, "lessen_offers", lambda _maker_id: None)
    Unseen.app = app
    machine = Unseen()
    machine.invite_to_the_house("otto", ADDRESSES[0], Role.ORGANISER)
    machine.maker_leaves("otto")
    machine.maker_comes_back("otto")
    machine.mails_leave()
    machine.owner_follows_a_link(ADDRESSES[0], 0)
    with pytest.raises(AssertionError):
        machine.role_was_given_to_this_mailbox_by_who_may_give_it()


@pytest.mark.parametrize("has_mail", [True, False])
def test_takeover_by_inviting_an_invited_organiser_has_no_way_in(
    app: Flask, has_mail: bool
) -> None:
    Invitations.app = app
    machine = Invitations()
    machine.has_mail = has_mail
    machine.invite_to_the_house("dana", ADDRESSES[0], Role.ORGANISER)
    machine.invite_to_a_roster("bob", ADDRESSES[0])
    assert machine.shown["bob"] == []
    machine.mails_leave()
    assert machine._joined() == []
