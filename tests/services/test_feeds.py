"""Feeds on both databases: what they show, when they change, and how they end."""

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from supervision.db import db
from supervision.domain import ical
from supervision.errors import Conflict, Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.feeds import FeedSnapshot, FeedSubscription, Privacy, Scope
from supervision.models.people import Person
from supervision.models.rosters import Kind, Membership, MemberState, Roster
from supervision.models.sessions import Session, SessionState
from supervision.services import feeds
from supervision.services.feeds import Held, building, reading
from tests import factories
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BASE = "https://supervision.example.org"
SOON = timedelta(minutes=10)


@pytest.fixture
def house(app) -> factories.House:
    return factories.house()


def subscribe(who, roster_id=None, privacy=Privacy.PLAIN, at=AT):
    scope = Scope.ROSTER if roster_id else Scope.PERSON
    made, token = feeds.make_subscription(who, at, scope, roster_id, "my phone", privacy)
    db.session.commit()
    return made, token


def fetch(token, at=AT, **more):
    feed = feeds.read_feed(token, at, BASE, **more)
    db.session.rollback()
    return feed


def shown(token, at=AT) -> list[dict[str, Any]]:
    """The events of a feed as another library reads them."""
    feed = fetch(token, at)
    assert feed.status == 200
    return [
        {name.lower(): value for name, value in found.items()}
        for found in Calendar.from_ical(feed.body).walk("VEVENT")
    ]


def starts(token, at=AT) -> list[datetime]:
    return [found["dtstart"].dt for found in shown(token, at)]


def add(roster_id, starts_at, **values) -> Session:
    made = factories.session(db.session.get_one(Roster, roster_id), starts_at, **values)
    members = select(Membership.person_id).where(Membership.roster_id == roster_id)
    feeds.bump(db.session.scalars(members))
    db.session.commit()
    return made


# -- subscriptions ---------------------------------------------------------------------------


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


# -- what a feed shows -----------------------------------------------------------------------


def test_feed_shows_the_sessions_of_all_rosters_by_time(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    add(house.individual, datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob)
    assert starts(token) == [
        datetime(2026, 11, 24, 10, 0, tzinfo=UTC),
        datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
    ]


def test_feed_of_a_roster_shows_that_roster_alone(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    add(house.individual, datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob, house.group)
    assert starts(token) == [datetime(2026, 11, 24, 15, 0, tzinfo=UTC)]


def test_feed_over_a_clock_change_keeps_the_instants(house) -> None:
    """16:00 in London: 15:00 UTC before 25 October 2026, 16:00 UTC from then on."""
    instants = [
        datetime(2026, 10, 20, 15, 0, tzinfo=UTC),
        datetime(2026, 10, 27, 16, 0, tzinfo=UTC),
    ]
    for instant in instants:
        add(house.group, instant)
    _made, token = subscribe(house.bob)
    assert starts(token) == instants


def test_feed_has_edges_and_keeps_cancelled_sessions_for_a_month(house) -> None:
    """Bob's day is 23 November: his window is [25 August, 28 December of next year)."""
    kept = [
        datetime(2026, 8, 25, 3, 30, tzinfo=UTC),  # ends 00:20 in Toronto
        datetime(2027, 12, 28, 4, 59, tzinfo=UTC),
    ]
    left_out = [datetime(2026, 8, 25, 3, 0, tzinfo=UTC), datetime(2027, 12, 28, 5, 0, tzinfo=UTC)]
    for instant in kept + left_out:
        add(house.group, instant)
    fresh, stale = (datetime(2026, 10, day, 12, 0, tzinfo=UTC) for day in (25, 23))
    for instant in (fresh, stale):
        add(house.group, instant, state=SessionState.CANCELLED)
    _made, token = subscribe(house.bob)
    assert starts(token) == [kept[0], fresh, kept[1]]


def test_feed_without_sessions_has_one_whole_day(house) -> None:
    _made, token = subscribe(house.charlie)
    (found,) = shown(token)
    assert str(found["summary"]) == "No sessions scheduled"
    assert (str(found["transp"]), found["dtstart"].dt) == ("TRANSPARENT", AT.date())


@pytest.mark.parametrize("state", [MemberState.INVITED, MemberState.WAITING, MemberState.ENDED])
def test_feed_leaves_out_rosters_without_an_active_place(house, state) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob)
    assert len(starts(token)) == 1
    db.session.execute(
        update(Membership).where(Membership.person_id == house.bob.id).values(state=state)
    )
    feeds.bump([house.bob.id])
    db.session.commit()
    assert [str(found["summary"]) for found in shown(token)] == ["No sessions scheduled"]


def test_feed_of_moved_and_cancelled_sessions_keeps_uids_and_raises_sequence(house) -> None:
    moved = add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    cancelled = add(house.group, datetime(2026, 12, 1, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob)
    before = {str(found["uid"]): found for found in shown(token)}
    moved.starts_at += timedelta(hours=1)
    moved.ends_at += timedelta(hours=1)
    cancelled.state = SessionState.CANCELLED
    for session in (moved, cancelled):
        session.sequence, session.published_at = 1, AT
    feeds.bump([house.alice.id, house.bob.id, house.carol.id])
    db.session.commit()
    after = {str(found["uid"]): found for found in shown(token, AT + SOON)}
    assert after.keys() == before.keys() == {ical.uid(moved.id), ical.uid(cancelled.id)}
    new = after[ical.uid(moved.id)]
    assert (new["sequence"], new["dtstart"].dt.hour, str(new["status"])) == (1, 16, "CONFIRMED")
    assert new["last-modified"].dt > before[ical.uid(moved.id)]["last-modified"].dt
    gone = after[ical.uid(cancelled.id)]
    assert (gone["sequence"], str(gone["status"])) == (1, "CANCELLED")
    assert (str(gone["summary"]), str(gone["transp"])) == (
        "Cancelled: Group supervision",
        "TRANSPARENT",
    )


def test_privacy_levels_tell_what_they_say(house) -> None:
    session = add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    page = f"{BASE}/sessions/{session.id}"
    meet = "https://meet.example.org/tuesday"
    busy, plain, full = (
        shown(subscribe(house.bob, None, level)[1])[0]
        for level in (Privacy.BUSY, Privacy.PLAIN, Privacy.FULL)
    )
    words = ("location", "description", "url", "conference", "categories")
    assert str(busy["summary"]) == "Busy"
    assert [name for name in words if name in busy] == []
    assert (str(plain["summary"]), str(plain["location"])) == ("Group supervision", meet)
    assert str(plain["description"]) == f"Join: {meet}\nMore: {page}"
    assert (str(plain["url"]), str(plain["conference"])) == (page, meet)
    assert str(full["summary"]) == "Tuesday group"
    assert str(full["description"]) == (
        f"With: Alice Ashworth, Carol Conti\nJoin: {meet}\nMore: {page}"
    )


@pytest.mark.parametrize("privacy", [Privacy.BUSY, Privacy.PLAIN])
def test_feed_by_default_names_nobody_and_no_title_or_message(house, privacy) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC), message="Bring the recording")
    for roster_id in (None, house.group):
        _made, token = subscribe(house.bob, roster_id, privacy)
        body = fetch(token).body.decode().replace("\r\n ", "")
        for word in ("Alice", "Carol", "Conti", "Bob", "Tuesday", "recording", "@example", token):
            assert word not in body


def test_full_feed_has_a_later_stamp_when_somebody_joins(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob, None, Privacy.FULL)
    (before,) = shown(token)
    group = db.session.get_one(Roster, house.group)
    factories.join(group, house.charlie).joined_at = AT + SOON
    feeds.bump([house.bob.id])
    db.session.commit()
    (after,) = shown(token, AT + SOON)
    assert "With: Alice Ashworth, Carol Conti, Charlie Cole" in str(after["description"])
    assert after["dtstamp"].dt == AT + SOON > before["dtstamp"].dt


# -- conditional requests and snapshots ------------------------------------------------------


def test_feed_that_the_client_holds_is_not_sent_again(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob)
    first = fetch(token)
    assert first.modified_at == AT
    for held, status in (
        (Held(etags=frozenset({first.etag})), 304),
        (Held(etags=frozenset({"other", first.etag})), 304),
        (Held(anything=True), 304),
        (Held(since=AT), 304),
        (Held(etags=frozenset({"other"})), 200),
        (Held(etags=frozenset({"other"}), since=AT), 200),
        (Held(since=AT - timedelta(seconds=1)), 200),
    ):
        feed = fetch(token, AT + timedelta(minutes=1), held=held)
        assert (feed.status, feed.etag, feed.modified_at) == (status, first.etag, AT)
        assert feed.body == (first.body if status == 200 else b"")


@pytest.mark.parametrize("count", [1, 30])
def test_feed_from_the_snapshot_takes_one_statement(house, count) -> None:
    for day in range(count):
        add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC) + timedelta(days=day))
    _made, token = subscribe(house.bob)
    etag = fetch(token).etag
    for held, zipped in ((Held(frozenset({etag})), False), (Held(), False), (Held(), True)):
        with counted() as seen:
            feed = fetch(token, held=held, zipped=zipped)
        assert len(seen) == 1
        assert feed.status == (200 if held.nothing else 304)


@pytest.mark.parametrize("count", [1, 30])
def test_feed_of_names_takes_as_many_statements_for_any_number_of_rows(house, count) -> None:
    for day in range(count):
        add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC) + timedelta(days=day))
    _made, token = subscribe(house.bob, None, Privacy.FULL)
    with counted() as seen:
        fetch(token)
    # State, sessions, names; look for a snapshot, insert it; note the fetch.
    assert len(seen) == 6


def test_feed_is_zipped_on_demand(house) -> None:
    _made, token = subscribe(house.bob)
    plain = fetch(token)
    for _ in range(2):
        zipped = fetch(token, zipped=True)
        assert gzip.decompress(zipped.body) == plain.body
        assert zipped.etag == plain.etag


def test_feed_after_a_change_has_another_tag_and_a_later_time(house) -> None:
    _made, token = subscribe(house.bob)
    first = fetch(token)
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    second = fetch(token, held=Held(frozenset({first.etag})))
    assert (second.status, second.modified_at) == (200, AT + timedelta(seconds=1))
    assert second.etag != first.etag


def test_feed_bumped_without_a_change_keeps_tag_and_time(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob)
    first = fetch(token)
    feeds.bump([house.bob.id, house.bob.id])
    db.session.commit()
    assert db.session.scalar(select(Person.feed_version).where(Person.id == house.bob.id)) == 2
    feed = fetch(token, AT + SOON, held=Held(frozenset({first.etag})))
    assert (feed.status, feed.modified_at) == (304, AT)
    with counted() as seen:
        fetch(token, AT + SOON)
    assert len(seen) == 1


def test_feed_on_the_next_day_has_a_new_tag_for_the_same_bytes(house) -> None:
    """A client that once was given rubbish under the right tag is healed within a day."""
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob)
    first = fetch(token)
    # 23:59 and 00:00 in Toronto.
    assert fetch(token, datetime(2026, 11, 24, 4, 59, tzinfo=UTC)).etag == first.etag
    second = fetch(
        token, datetime(2026, 11, 24, 5, 0, tzinfo=UTC), held=Held(frozenset({first.etag}))
    )
    assert (second.status, second.body, second.modified_at) == (200, first.body, AT)
    assert second.etag.partition("-")[2] == first.etag.partition("-")[2]


@pytest.mark.parametrize("token", ["", "x", "a" * 42, "a" * 44, "a" * 42 + "!", "a" * 42 + "é"])
def test_feed_with_an_odd_token_is_unknown_without_a_look(house, token) -> None:
    with counted() as seen:
        assert fetch(token).status == 404
    assert seen == []


def test_feed_with_an_unknown_token_is_unknown(house) -> None:
    assert fetch("a" * 43).status == 404


# -- trouble ---------------------------------------------------------------------------------


def cut_short(*_arguments):
    return ical.calendar("Supervision", "UTC", [])[:-20]


def out_of_order(*_arguments):
    raise OperationalError("SELECT", {}, Exception("no such database"))


@pytest.mark.parametrize(
    ("module", "name", "fault"),
    [
        (ical, "calendar", cut_short),
        (building, "_meetings", out_of_order),
        (reading, "build", out_of_order),
    ],
)
def test_feed_that_cannot_be_built_stays_at_the_last_good_one(
    house, monkeypatch, module, name, fault
) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    _made, token = subscribe(house.bob)
    good = fetch(token)
    add(house.group, datetime(2026, 11, 25, 15, 0, tzinfo=UTC))
    with monkeypatch.context() as broken:
        broken.setattr(module, name, fault)
        assert fetch(token) == good
        assert fetch(token, held=Held(frozenset({good.etag}))).status == 304
        assert fetch(token, held=Held(frozenset({"other"}))) == good
        zipped = fetch(token, zipped=True)
        assert gzip.decompress(zipped.body) == good.body
    assert len(starts(token)) == 2


def test_feed_that_cannot_be_stored_or_noted_is_served(house, monkeypatch) -> None:
    made, token = subscribe(house.bob)
    monkeypatch.setattr(reading, "writing", out_of_order)
    assert fetch(token, agent="khal").status == 200
    assert db.session.get(FeedSnapshot, made.id) is None
    monkeypatch.undo()
    assert fetch(token, agent="khal").status == 200
    assert db.session.get(FeedSnapshot, made.id) is not None


def test_snapshot_of_an_older_version_does_not_replace_a_newer_one(house) -> None:
    made, token = subscribe(house.bob)
    db.session.execute(update(Person).where(Person.id == house.bob.id).values(feed_version=7))
    db.session.commit()
    good = fetch(token)
    kept = db.session.get_one(FeedSnapshot, made.id)
    values = {"version": 6, "day": kept.day, "etag": "old", "body": b"old", "gzipped": b"old"}
    reading._store(made.id, values | {"modified_at": AT})
    assert fetch(token) == good


# -- fetch receipts --------------------------------------------------------------------------


def test_fetch_is_noted_at_most_every_five_minutes(house) -> None:
    made, token = subscribe(house.bob)
    for minutes, agent, expected in (
        (0, "Thunderbird/140", (AT, "Thunderbird/140")),
        (4, "other", (AT, "Thunderbird/140")),
        (5, "DAVx5\r\n" + "x" * 300, (AT + timedelta(minutes=5), ("DAVx5 " + "x" * 300)[:200])),
    ):
        fetch(token, AT + timedelta(minutes=minutes), agent=agent)
        db.session.expire_all()
        row = db.session.get_one(FeedSubscription, made.id)
        assert (row.fetched_at, row.agent) == expected


# -- the end of a feed -----------------------------------------------------------------------


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
    monkeypatch.setattr(building, "MOST_EVENTS", 2)
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
