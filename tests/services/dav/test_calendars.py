"""What an account's calendars hold and what changed in them, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from time import sleep
from uuid import UUID

import pytest
from icalendar import Calendar as Parsed
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from supervision.db import db
from supervision.domain import ical
from supervision.domain.dav import Changes
from supervision.models.dav import Collection
from supervision.models.feeds import FeedSubscription, Privacy
from supervision.services import dav, feeds, rosters, sessions
from supervision.services.dav import ALL, collections
from supervision.services.feeds.building import build
from supervision.services.sessions import Wish
from tests import factories
from tests.services.dav.steps import Desk
from tests.services.feeds.steps import AT, BASE, SOON, add, fetch, subscribe
from tests.support.statements import counted

TUESDAY = datetime(2026, 12, 1, 15, 0)  # noqa: DTZ001 - a wall-clock time


def book(house, roster_id=None, days=0):
    wish = Wish(TUESDAY + timedelta(days=days), 50)
    booked = sessions.book_session(house.alice, AT, roster_id or house.group, wish)
    db.session.commit()
    return str(booked.session_ids[0])


def move(house, session_id, hours=2, at=AT + SOON):
    sessions.move_session(
        house.alice, at, UUID(session_id), Wish(TUESDAY + timedelta(hours=hours), 50)
    )
    db.session.commit()


def changes(desk, before, name=ALL, at=AT):
    return desk.look(name, at).ledger.since(before.ledger.state)


def test_calendars_are_all_sessions_and_one_for_each_roster(house, desk) -> None:
    assert desk.titles() == {
        ALL: "All my sessions",
        str(house.individual): "Individual supervision",
        str(house.group): "Group supervision",
    }


@pytest.mark.parametrize(
    ("privacy", "called"),
    [
        (Privacy.BUSY, ["All my sessions", "Supervision", "Supervision 2"]),
        (Privacy.FULL, ["All my sessions", "Bob with Alice", "Tuesday group"]),
    ],
)
def test_calendar_is_called_no_more_than_its_events_tell(house, privacy, called) -> None:
    assert list(Desk(house.bob, privacy).titles().values()) == called


@pytest.mark.parametrize("privacy", Privacy)
def test_events_are_the_bytes_that_a_feed_has(house, privacy) -> None:
    book(house)
    book(house, house.individual, days=1)
    desk = Desk(house.bob, privacy)
    for name, roster_id in ((ALL, None), (house.group, house.group)):
        _made, token = subscribe(house.bob, roster_id, privacy)
        body = fetch(token).body
        held = desk.look(name)
        assert len(held.events) == (1 if roster_id else 2)
        for event in held.events.values():
            assert event in body


def test_resource_is_a_calendar_of_one_event_without_method(house, desk) -> None:
    session_id = book(house)
    parsed = Parsed.from_ical(ical.resource(desk.look().events[session_id]))
    assert "method" not in parsed
    (event,) = parsed.events
    assert event["uid"] == f"{session_id}@supervision.invalid"
    assert event.decoded("dtstart") == datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
    start, end = desk.look().span(session_id)
    assert (start, end) == (event.decoded("dtstart"), event.decoded("dtend"))


def test_calendar_without_sessions_is_empty(house, desk) -> None:
    held = desk.look()
    assert (held.events, held.ledger.held) == ({}, {})
    assert held.ledger.state != ""


def test_booking_moving_and_cancelling_are_changes(house, desk) -> None:
    empty = desk.look()
    one, two = book(house), book(house, days=7)
    booked = desk.look()
    assert set(changes(desk, empty).changed) == {one, two}
    move(house, one)
    moved = desk.look(at=AT + SOON)
    assert set(moved.ledger.since(booked.ledger.state).changed) == {one}
    sessions.cancel_session(house.alice, AT + SOON, UUID(two))
    db.session.commit()
    found = changes(desk, booked, at=AT + SOON)
    assert (set(found.changed), found.gone) == ({one, two}, ())
    assert b"STATUS:CANCELLED" in desk.look(at=AT + SOON).events[two]


def test_roster_that_was_left_takes_its_sessions_and_its_calendar_along(house, desk) -> None:
    kept, lost = book(house, house.individual), book(house, days=1)
    before = desk.look()
    desk.look(house.group)
    rosters.leave(house.bob, AT, house.group)
    db.session.commit()
    assert changes(desk, before) == Changes({}, (lost,))
    assert set(desk.look().events) == {kept}
    assert dav.calendar(desk.account(), str(house.group), AT, "") is None
    assert set(desk.titles()) == {ALL, str(house.individual)}
    names = db.session.scalars(select(Collection.name))
    assert set(names) == {ALL, str(house.individual)}


def test_session_that_leaves_the_window_is_gone(house, desk) -> None:
    add(house.group, AT - timedelta(days=89))
    before = desk.look()
    assert len(before.events) == 1
    found = changes(desk, before, at=AT + timedelta(days=3))
    assert found == Changes({}, tuple(before.events))


def test_what_others_do_changes_nothing(house, desk) -> None:
    book(house)
    before = desk.look()
    feeds.bump([house.bob.id])
    db.session.commit()
    after = desk.look()
    assert after.version == before.version + 1
    assert after.ledger == before.ledger


def test_calendar_of_strangers_roster_does_not_exist(house, desk) -> None:
    other = factories.roster(house.charlie)
    db.session.commit()
    for name in (str(other.id), "nonsense", str(factories.unknown()), ""):
        assert dav.calendar(desk.account(), name, AT, "") is None


def test_new_password_knows_the_state_that_the_old_one_gave(house, desk) -> None:
    book(house)
    before = desk.look()
    feeds.turn_off(house.bob, AT, desk.id)
    again = Desk(house.bob)
    assert again.look().ledger.since(before.ledger.state) == Changes({})


def test_open_sessions_are_in_the_calendar_of_their_roster_alone(house, desk) -> None:
    session_id = str(add(house.group, AT + timedelta(days=3), capacity=3).id)
    assert desk.look().events == {}
    assert b"SUMMARY:Open: Group supervision" in desk.look(house.group).events[session_id]


@pytest.mark.parametrize("count", [1, 30])
def test_calendars_that_stand_take_as_many_statements_for_any_number(house, desk, count) -> None:
    for number in range(count):
        add(house.group, AT + timedelta(days=number + 1))
        factories.roster(house.alice, house.bob, title=f"Group {number}")
    db.session.commit()
    desk.titles()
    account = desk.account()
    db.session.rollback()
    with counted() as seen:
        found = dav.calendars(account, AT, BASE)
    assert (len(found), len(seen)) == (count + 3, 2)
    db.session.rollback()
    with counted() as seen:
        dav.calendar(account, ALL, AT, BASE, whole=True)
    assert len(seen) == 2


@pytest.mark.parametrize("count", [1, 30])
def test_calendar_after_a_change_takes_as_many_statements_for_any_number(
    house, desk, count
) -> None:
    for number in range(count):
        add(house.group, AT + timedelta(days=number + 1))
    desk.look()
    feeds.bump([house.bob.id])
    db.session.commit()
    account = desk.account()
    db.session.rollback()
    with counted() as seen:
        dav.calendar(account, ALL, AT, BASE)
    # Names, heads; the former events, rosters, versions; hold, look, replace, forget.
    assert len(seen) == 9


def test_calendar_that_cannot_be_built_stays_as_it_was(house, desk, monkeypatch) -> None:
    session_id = book(house)
    before = desk.look()
    move(house, session_id)

    def broken(*_given):
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(collections, "build", broken)
    assert desk.look().ledger == before.ledger
    monkeypatch.undo()
    assert desk.look().ledger != before.ledger


def test_calendar_that_cannot_be_stored_is_true_and_heals(house, desk, monkeypatch) -> None:
    session_id = book(house)
    before = desk.look()
    move(house, session_id)

    def full(*_given):
        raise OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr(collections, "_store", full)
    told = desk.look(at=AT + SOON)
    assert set(told.ledger.since(before.ledger.state).changed) == {session_id}
    monkeypatch.undo()
    assert desk.look(at=AT + SOON).ledger == told.ledger


def test_older_request_does_not_undo_what_a_newer_one_published(house, desk) -> None:
    late = desk.account()
    book(house)
    newer = desk.look()
    found = dav.calendar(late, ALL, AT, BASE, whole=True)
    assert found
    assert found.ledger == newer.ledger
    assert db.session.scalar(select(func.count()).select_from(Collection)) == 1


def test_two_programs_at_once_make_one_calendar(app, house, desk, monkeypatch, capfd) -> None:
    book(house)
    account = desk.account()
    db.session.rollback()
    both, store = Barrier(2, timeout=20), collections._store

    def together(*given):
        found = build(*given)
        both.wait()
        return found

    def slowly(*given):
        sleep(0.2)
        store(*given)

    def look(_number):
        with app.app_context():
            return dav.calendar(account, ALL, AT, BASE)

    monkeypatch.setattr(collections, "build", together)
    monkeypatch.setattr(collections, "_store", slowly)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(look, range(2))
    assert first.ledger == second.ledger
    assert len(first.ledger.states) == 1
    assert db.session.scalar(select(func.count()).select_from(Collection)) == 1
    assert "calendar not stored" not in capfd.readouterr().err


def test_what_was_built_for_an_older_version_gives_way(house, desk) -> None:
    """Two requests build at once, and the one that began first ends last."""
    newer = desk.look()
    book(house)
    older = replace(desk.look(), version=newer.version - 1)
    assert older.after(newer) is newer
    assert (
        replace(older, version=newer.version, day=newer.day - timedelta(days=1)).after(newer)
        is newer
    )
    assert older.after(replace(newer, version=newer.version - 2)).ledger != newer.ledger


# -- receipts --------------------------------------------------------------------------------


def given(desk) -> int | None:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(FeedSubscription, desk.id).given_version


def test_account_counts_as_given_what_it_fetched_and_asked_for_again(house, desk) -> None:
    session_id = book(house)
    dav.note_asked(desk.account(), desk.look(), AT, "DAVx5/4.5")
    assert given(desk) is None
    dav.note_given(desk.account(), desk.look(), AT, "DAVx5/4.5")
    assert given(desk) == desk.account().version
    feeds.bump([house.bob.id])  # nothing that it shows
    db.session.commit()
    dav.note_asked(desk.account(), desk.look(), AT, "DAVx5/4.5")
    assert given(desk) == desk.account().version
    move(house, session_id)
    dav.note_asked(desk.account(), desk.look(at=AT + SOON), AT + SOON, "DAVx5/4.5")
    assert given(desk) == desk.account().version - 1


def test_calendar_of_one_roster_is_no_receipt_for_all(house, desk) -> None:
    book(house)
    dav.note_given(desk.account(), desk.look(house.group), AT, "DAVx5/4.5")
    assert given(desk) is None
    row = feeds.subscription_row(house.bob, desk.id)
    assert (row.fetched_at, row.agent) == (AT, "DAVx5/4.5")
