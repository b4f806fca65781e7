"""Subscriptions on both databases: made, listed, reset, turned off, ended."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from supervision.db import db
from supervision.errors import Conflict, Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.feeds import FeedSubscription, Privacy, Scope
from supervision.models.rosters import Kind, Membership, MemberState, Roster
from supervision.services import feeds
from supervision.services.feeds import Held, rows
from tests import factories
from tests.services.feeds.steps import AT, SOON, add, fetch, shown, starts, subscribe
from tests.support.statements import counted


def test_subscription_is_stored_without_its_token(house) -> None:
    made, token = subscribe(house.bob)
    assert len(token) == 43
    row = db.session.execute(
        select(FeedSubscription.token_hash, FeedSubscription.label, FeedSubscription.privacy)
    ).one()
    assert row == (feeds.subscriptions.token_hash(token), "my phone", "plain")
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "feeds.make"))
    assert (entry.actor_id, entry.subject_id) == (house.bob.id, made.id)
    assert token not in str(entry.detail)


@pytest.mark.parametrize(
    ("scope", "label", "privacy", "field"),
    [
        (Scope.PERSON, " ", Privacy.PLAIN, "label"),
        (Scope.PERSON, "x" * 61, Privacy.PLAIN, "label"),
        (Scope.ROSTER, "phone", Privacy.PLAIN, "scope"),
        ("everything", "phone", Privacy.PLAIN, "scope"),
        (Scope.PERSON, "phone", "loud", "privacy"),
    ],
)
def test_subscription_with_a_wrong_value_is_refused(house, scope, label, privacy, field) -> None:
    with pytest.raises(Invalid) as refused:
        feeds.make_subscription(house.bob, AT, scope, None, label, privacy)
    assert refused.value.field == field


def test_subscription_to_a_strangers_roster_is_not_found(house) -> None:
    with pytest.raises(NotFound):
        feeds.make_subscription(
            house.charlie, AT, Scope.ROSTER, house.group, "phone", Privacy.PLAIN
        )


def test_subscription_beyond_the_last_is_refused(house) -> None:
    for _ in range(20):
        subscribe(house.bob)
    with pytest.raises(Conflict):
        feeds.make_subscription(house.bob, AT, Scope.PERSON, None, "one more", Privacy.PLAIN)


def test_subscriptions_are_listed_to_their_owner_by_one_statement(house) -> None:
    subscribe(house.bob)
    made, _token = subscribe(house.bob, house.group, Privacy.BUSY, AT + SOON)
    subscribe(house.carol)
    with counted() as seen:
        rows = feeds.subscriptions_of(house.bob, AT)
    assert [(row.scope, row.roster_title, row.privacy) for row in rows] == [
        ("roster", "Tuesday group", "busy"),
        ("person", None, "plain"),
    ]
    assert len(seen) == 1
    assert feeds.subscription_row(house.bob, made.id) == rows[0]


def test_subscription_of_somebody_else_is_not_found(house) -> None:
    made, token = subscribe(house.bob)
    for act in (
        lambda: feeds.subscription_row(house.alice, made.id),
        lambda: feeds.turn_off(house.alice, AT, made.id),
        lambda: feeds.reset(house.alice, AT, made.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert fetch(token).status == 200


def test_add_for_makes_a_subscription_of_the_person(house) -> None:
    token = feeds.add_for(" Bob@Example.org ", AT, house.group, "desk", Privacy.FULL)
    db.session.commit()
    row = db.session.execute(select(FeedSubscription)).scalar_one()
    assert (row.person_id, row.roster_id, row.label, row.privacy) == (
        house.bob.id, house.group, "desk", "full",
    )  # fmt: skip
    assert fetch(token).status == 200


def test_add_for_an_unknown_address_is_not_found(house) -> None:
    with pytest.raises(NotFound):
        feeds.add_for("nobody@example.org", AT)


def test_feed_turned_off_says_so_for_thirty_days_and_is_gone(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    made, token = subscribe(house.bob)
    held = Held(frozenset({fetch(token).etag}))
    feeds.turn_off(house.bob, AT, made.id)
    db.session.commit()
    for at in (AT, AT + timedelta(days=30, seconds=-1)):
        (found,) = shown(token, at)
        assert str(found["summary"]) == "This calendar link was turned off"
    stone = fetch(token, held=held)
    assert stone.status == 200
    assert fetch(token, held=Held(frozenset({stone.etag}))).status == 304
    assert gzip.decompress(fetch(token, zipped=True).body) == stone.body
    assert fetch(token, AT + timedelta(days=30)).status == 410
    assert [row.off_at for row in feeds.subscriptions_of(house.bob, AT + SOON)] == [AT]
    assert feeds.subscriptions_of(house.bob, AT + timedelta(days=30)) == []


def test_feed_turned_off_stays_off(house) -> None:
    made, _token = subscribe(house.bob)
    feeds.turn_off(house.bob, AT, made.id)
    db.session.commit()
    for act in (feeds.turn_off, feeds.reset):
        with pytest.raises(NotFound):
            act(house.bob, AT, made.id)


def test_feed_reset_has_a_new_address_and_buries_the_old_one(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    made, old = subscribe(house.bob, house.group, Privacy.BUSY)
    again, new = feeds.reset(house.bob, AT + SOON, made.id)
    db.session.commit()
    assert (again.label, again.roster_id, again.privacy) == ("my phone", house.group, "busy")
    assert starts(new, AT + SOON) == [datetime(2026, 11, 24, 15, 0, tzinfo=UTC)]
    assert [str(found["summary"]) for found in shown(old, AT + SOON)] == [
        "This calendar link was turned off"
    ]


def test_feed_of_a_roster_ends_with_the_membership(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    made, token = subscribe(house.bob, house.group)
    assert len(starts(token)) == 1
    db.session.execute(
        update(Membership)
        .where(Membership.person_id == house.bob.id, Membership.roster_id == house.group)
        .values(state=MemberState.ENDED)
    )
    feeds.bump([house.bob.id])
    db.session.commit()
    for at in (AT + SOON, AT + 2 * SOON):
        (found,) = shown(token, at)
        assert str(found["summary"]) == "This calendar link was turned off"
    db.session.expire_all()
    assert db.session.get_one(FeedSubscription, made.id).off_at == AT + SOON
    ends = select(func.count()).where(AuditEntry.act == "feeds.turn_off")
    assert db.session.scalar(ends) == 1


def test_feed_of_an_ended_roster_goes_on_showing_what_was(house) -> None:
    add(house.group, datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob, house.group)
    db.session.execute(update(Roster).where(Roster.id == house.group).values(state="ended"))
    feeds.bump([house.bob.id])
    db.session.commit()
    assert starts(token) == [datetime(2026, 11, 20, 15, 0, tzinfo=UTC)]


def test_feed_shows_at_most_as_many_sessions_as_clients_bear(house, monkeypatch) -> None:
    monkeypatch.setattr(rows, "MOST_EVENTS", 2)
    instants = [datetime(2026, 11, day, 15, 0, tzinfo=UTC) for day in (24, 25, 26)]
    for instant in instants:
        add(house.group, instant)
    _made, token = subscribe(house.bob)
    assert starts(token) == instants[:2]


def test_peer_feed_has_its_kind(house) -> None:
    peers = factories.roster(house.bob, house.charlie, kind=Kind.PEER, title="Two of us")
    add(peers.id, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.charlie, peers.id)
    assert b"X-WR-CALNAME:Peer supervision\r\n" in fetch(token).body
