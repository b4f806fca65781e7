"""How a client is answered, on both databases: snapshots, conditions, trouble, receipts."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from supervision.db import db
from supervision.domain import ical
from supervision.models.feeds import FeedSnapshot, FeedSubscription, Privacy
from supervision.models.people import Person
from supervision.services import feeds
from supervision.services.feeds import Held, reading, rows
from tests.services.feeds.steps import AT, SOON, add, fetch, starts, subscribe
from tests.support.statements import counted


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
    etag = fetch(token, zipped=True).etag
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
    # State, rosters, versions, names, sessions; look for a snapshot, insert it; note the fetch.
    assert len(seen) == 8


def test_feed_is_zipped_on_demand(house) -> None:
    _made, token = subscribe(house.bob)
    plain = fetch(token)
    for _ in range(2):
        zipped = fetch(token, zipped=True)
        assert gzip.decompress(zipped.body) == plain.body
        assert zipped.etag == plain.etag


def test_feed_that_was_wanted_plain_is_zipped_once(house) -> None:
    add(house.group, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))
    made, token = subscribe(house.bob)
    plain = fetch(token)
    assert db.session.get_one(FeedSnapshot, made.id).gzipped == b""
    first, second = fetch(token, zipped=True), fetch(token, zipped=True)
    assert first == second
    assert (first.etag, gzip.decompress(first.body)) == (plain.etag, plain.body)


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


def cut_short(*_arguments):
    return ical.calendar("Supervision", "UTC", [])[:-20]


def out_of_order(*_arguments):
    raise OperationalError("SELECT", {}, Exception("no such database"))


@pytest.mark.parametrize(
    ("module", "name", "fault"),
    [
        (ical, "calendar", cut_short),
        (rows, "versions", out_of_order),
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
