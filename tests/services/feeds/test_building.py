"""What a feed shows, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from supervision.db import db
from supervision.domain import ical
from supervision.models.feeds import Privacy
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.models.sessions import SessionState
from supervision.services import feeds
from tests import factories
from tests.services.feeds.steps import AT, BASE, SOON, add, fetch, shown, starts, subscribe


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
