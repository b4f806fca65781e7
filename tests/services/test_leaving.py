"""Closing an account, coming back, and what is left of somebody, on both databases."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from supervision.db import Base, db
from supervision.errors import Conflict, Gone, Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.feeds import FeedSubscription
from supervision.models.mail import OPTIONAL, MailStop, Outbox
from supervision.models.notes import NoteRevision, Vault
from supervision.models.people import LinkPurpose, Person, PersonState, Role
from supervision.models.rosters import Kind, MemberRole, Membership, MemberState, RosterState
from supervision.models.sessions import Claim
from supervision.services import feeds, integrity, leaving, notes, people, rosters
from tests import factories
from tests.support import links
from tests.support.vaults import furnish, pepper

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
URL = "https://supervision.example.org"


@pytest.fixture
def house(app, clock):
    return factories.house()


def close(actor, at=AT):
    leaving.close_account(actor, at, URL, pepper())
    db.session.commit()


def state_of(actor):
    return db.session.scalar(select(Person.state).where(Person.id == actor.id))


def token_of_mail():
    (token,) = links.mailed("bob@example.org", LinkPurpose.RETURN)
    return token


def test_closed_account_is_in_no_roster_feed_or_browser(house):
    group = db.session.get_one(factories.Roster, house.group)
    coming = factories.session(group, AT + DAY, house.alice, house.bob, house.carol)
    held = factories.session(group, AT - DAY, house.alice, house.bob, house.carol)
    feeds.make_subscription(house.bob, AT, "person", None, "phone", "plain")
    close(house.bob)
    places = db.session.scalars(
        select(Membership.state).where(Membership.person_id == house.bob.id)
    ).all()
    assert (state_of(house.bob), set(places)) == (PersonState.CLOSED, {MemberState.ENDED})
    assert people.actor_for(house.bob.sign_in_id, AT) is None
    assert people.credential_of("bob@example.org") is None
    claimed = db.session.scalars(
        select(Claim.session_id).where(Claim.person_id == house.bob.id)
    ).all()
    assert claimed == [held.id]
    assert coming.id not in claimed
    off = db.session.scalars(select(FeedSubscription.off_at)).all()
    assert (off, list(integrity.faults())) == ([AT], [])


def test_who_alone_leads_a_roster_is_refused_and_told_which(house):
    found = leaving.in_the_way(house.alice)
    assert [title for _id, title in found.rosters] == ["Bob with Alice", "Tuesday group"]
    with pytest.raises(Conflict):
        leaving.close_account(house.alice, AT, URL, pepper())
    db.session.rollback()
    assert state_of(house.alice) == PersonState.ACTIVE


def test_who_leads_with_another_or_led_what_has_ended_may_leave(house):
    group = db.session.get_one(factories.Roster, house.group)
    factories.join(group, house.charlie, MemberRole.FACILITATOR)
    rosters.end_roster(house.alice, AT, house.individual)
    close(house.alice)
    assert (state_of(house.alice), list(integrity.faults())) == (PersonState.CLOSED, [])


def test_last_organiser_stays_and_one_of_two_may_leave(house):
    with pytest.raises(Conflict):
        leaving.close_account(house.dana, AT, URL, pepper())
    db.session.rollback()
    factories.person("olga", role=Role.ORGANISER)
    close(house.dana)
    assert state_of(house.dana) == PersonState.CLOSED


def test_last_peer_ends_the_roster_that_would_be_nobodys(house):
    peers = factories.roster(house.charlie, kind=Kind.PEER, title="Peers")
    close(house.charlie)
    db.session.refresh(peers)
    assert peers.state == RosterState.ENDED


def test_invitation_and_waiting_place_are_given_up(house):
    other = factories.roster(house.alice, title="Another", capacity=1)
    factories.join(other, house.charlie, state=MemberState.INVITED)
    db.session.flush()
    close(house.charlie)
    assert db.session.scalars(
        select(Membership.state).where(Membership.person_id == house.charlie.id)
    ).all() == [MemberState.ENDED]


def test_account_comes_back_within_the_week_with_its_notes(house):
    keys = furnish(house.bob)
    note = notes.save_free(house.bob, keys, AT, uuid4(), "A day", "It was long.")
    close(house.bob)
    link = links.opened(token_of_mail(), AT + WEEK - DAY, LinkPurpose.RETURN)
    leaving.come_back(link, AT + WEEK - DAY)
    db.session.commit()
    assert leaving.finish_due(AT + 2 * WEEK) == 0
    page = notes.note(house.bob, keys, note.note_id)
    assert (state_of(house.bob), page.sound) == (PersonState.ACTIVE, True)
    with pytest.raises(Gone):
        links.opened(token_of_mail(), AT + WEEK - DAY, LinkPurpose.RETURN)


def test_account_is_forgotten_after_the_week_and_not_before(house):
    keys = furnish(house.bob)
    notes.save_free(house.bob, keys, AT, uuid4(), "A day", "It was long.")
    close(house.bob)
    early = AT + WEEK - timedelta(seconds=1)
    assert (leaving.has_due(early), leaving.finish_due(early)) == (False, 0)
    assert (leaving.has_due(AT + WEEK), leaving.finish_due(AT + WEEK)) == (True, 1)
    assert leaving.finish_due(AT + WEEK) == 0
    left = [
        db.session.scalar(select(func.count()).select_from(one)) for one in (NoteRevision, Vault)
    ]
    assert (left, state_of(house.bob)) == ([0, 0], PersonState.LEFT)


def test_link_of_a_forgotten_account_brings_nothing_back(house):
    close(house.bob)
    link = links.opened(token_of_mail(), AT + WEEK - DAY, LinkPurpose.RETURN)
    leaving.finish_due(AT + WEEK)
    with pytest.raises(Gone):
        leaving.come_back(link, AT + WEEK)
    db.session.rollback()
    assert state_of(house.bob) == PersonState.LEFT


# Where a person may still stand once they have left: in what is other people's record too.
KEPT = {
    ("attendance", "marked_by_id"),
    ("attendance", "person_id"),
    ("attendance_answer", "person_id"),
    ("attendance_before", "marked_by_id"),
    ("attendance_before", "person_id"),
    ("audit_entry", "actor_id"),
    ("claim", "held_by_id"),
    ("claim", "person_id"),
    ("link", "made_by_id"),
    ("mail_stop", "person_id"),
    ("meeting_absence", "person_id"),
    ("meeting_swap", "asked_id"),
    ("meeting_swap", "asker_id"),
    ("meeting_turn", "person_id"),
    ("membership", "invited_by_id"),
    ("membership", "person_id"),
    ("outbox", "person_id"),
    ("poll", "made_by_id"),
    ("poll_answer", "person_id"),
    ("poll_vote", "person_id"),
    ("roster", "made_by_id"),
    ("series", "made_by_id"),
    ("series_person", "person_id"),
    ("session", "made_by_id"),
    ("session_reply", "person_id"),
    ("session_type", "person_id"),
    ("share_opening", "reader_id"),
    ("signup_off", "person_id"),
    ("signup_wait", "person_id"),
}


def columns_about_people():
    return {
        (table.name, column.name): column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == "person"
    }


def test_nothing_private_is_left_of_who_has_left(house):
    """A table that is born later is private until it is named above."""
    furnish(house.bob)
    feeds.make_subscription(house.bob, AT, "person", None, "phone", "plain")
    close(house.bob)
    leaving.finish_due(AT + WEEK)
    found = {
        name
        for name, column in columns_about_people().items()
        if db.session.scalar(select(func.count()).where(column == house.bob.id))
    }
    assert found - KEPT == set()
    assert KEPT - set(columns_about_people()) == set()


def test_name_stays_beside_what_was_held_and_the_address_goes(house):
    close(house.bob)
    leaving.finish_due(AT + WEEK)
    row = db.session.get_one(Person, house.bob.id, populate_existing=True)
    assert (row.name, row.email) == ("Bob Brandt", f"{house.bob.id.hex}@left.invalid")
    assert db.session.scalar(select(func.count()).select_from(MailStop)) == len(OPTIONAL)
    rows = people.people(house.dana, AT + WEEK)
    assert house.bob.id not in {one.id for one in rows}
    assert list(integrity.faults()) == []


def test_address_is_free_for_a_new_account(house):
    close(house.bob)
    with pytest.raises(Invalid):
        people.invite_person(house.dana, AT, "bob@example.org", Role.MEMBER, URL)
    leaving.finish_due(AT + WEEK)
    assert people.invite_person(house.dana, AT + WEEK, "bob@example.org", Role.MEMBER, URL)


def test_who_leaves_is_made_no_more_and_who_has_left_is_not_there(house):
    close(house.bob)
    with pytest.raises(Invalid):
        people.set_role(house.dana, AT, house.bob.id, Role.ORGANISER)
    leaving.finish_due(AT + WEEK)
    with pytest.raises(NotFound):
        people.set_role(house.dana, AT, house.bob.id, Role.MEMBER)


def test_goodbye_goes_to_the_former_address_and_the_rest_is_dropped(house):
    close(house.bob)
    leaving.finish_due(AT + WEEK)
    rows = db.session.execute(
        select(Outbox.event, Outbox.recipient, Outbox.state).where(Outbox.person_id == house.bob.id)
    ).all()
    states = {event.partition(":")[0]: (to, state) for event, to, state in rows}
    assert states["left"] == ("bob@example.org", "waiting")
    assert states["closed"] == ("bob@example.org", "dropped")


def test_each_step_leaves_a_line(house):
    close(house.bob)
    leaving.finish_due(AT + WEEK)
    acts = db.session.scalars(
        select(AuditEntry.act).where(
            AuditEntry.subject_id == house.bob.id, AuditEntry.act.like("leaving.%")
        )
    ).all()
    assert acts == ["leaving.close", "leaving.forget"]


def test_check_finds_what_was_left_behind(house):
    furnish(house.bob)
    db.session.get_one(Person, house.bob.id).state = PersonState.LEFT
    db.session.flush()
    assert list(integrity.faults()) == [
        f"person {house.bob.id} has left and has a vault",
        f"person {house.bob.id} has left and has a passphrase",
    ]
