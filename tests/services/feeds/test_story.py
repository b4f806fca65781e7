"""The private feed, as its people live it: whatever services change, the feed follows."""

from datetime import datetime, timedelta
from uuid import UUID

from supervision.db import db
from supervision.domain import ical
from supervision.models.rosters import Kind
from supervision.services import feeds, rosters, sessions
from supervision.services.rosters import RosterForm
from supervision.services.sessions import Wish
from tests.services.feeds.steps import AT, fetch, shown, subscribe
from tests.support.statements import counted

LINK = "https://meet.example.org/tuesday"


def wish(day: int, hour: int) -> Wish:
    """A time in London in December 2026, where clocks show UTC."""
    return Wish(datetime(2026, 12, day, hour, 0), 50)  # noqa: DTZ001 - a wall-clock time


def told(token, at) -> dict[str, tuple[str, int, int, str]]:
    """By UID: summary, hour of the start in UTC, sequence, and where."""
    return {
        str(event["uid"]): (
            str(event["summary"]),
            event["dtstart"].dt.hour,
            event["sequence"],
            str(event["location"]),
        )
        for event in shown(token, at)
    }


def test_feed_follows_booking_moving_cancelling_editing_and_leaving(house) -> None:
    _made, token = subscribe(house.bob)
    minutes = iter(AT + timedelta(minutes=n) for n in range(1, 99))
    ids: list[UUID] = []
    for day in (1, 8):
        at = next(minutes)
        ids += sessions.book_session(house.alice, at, house.group, wish(day, 15)).session_ids
        db.session.commit()
    one, two = map(ical.uid, ids)
    words = "Group supervision"
    booked = (words, 15, 0, LINK)
    assert told(token, next(minutes)) == {one: booked, two: booked}
    sessions.move_session(house.alice, next(minutes), ids[0], wish(1, 17))
    sessions.cancel_session(house.alice, next(minutes), ids[1])
    db.session.commit()
    before = fetch(token, next(minutes))
    cancelled = (f"Cancelled: {words}", 15, 1, LINK)
    assert told(token, next(minutes)) == {one: (words, 17, 1, LINK), two: cancelled}
    form = RosterForm("Tuesday group", Kind.GROUP, "Europe/London", 6, 50, "4 Mill Lane", LINK)
    rosters.edit_roster(house.alice, next(minutes), house.group, form)
    db.session.commit()
    after = fetch(token, next(minutes))
    assert after.etag != before.etag
    assert told(token, next(minutes))[one] == (words, 17, 2, "4 Mill Lane")
    rosters.leave(house.bob, next(minutes), house.group)
    db.session.commit()
    (left,) = shown(token, next(minutes))
    assert str(left["summary"]) == "No sessions scheduled"


def test_feeds_of_everybody_in_a_roster_follow_a_booking_and_no_other(house) -> None:
    tokens = {name: subscribe(getattr(house, name))[1] for name in ("alice", "bob", "carol")}
    outside = subscribe(house.charlie)[1]
    before = fetch(outside).etag
    sessions.book_session(house.alice, AT, house.group, wish(1, 15))
    db.session.commit()
    for token in tokens.values():
        assert len(shown(token)) == 1
        assert str(shown(token)[0]["summary"]) == "Group supervision"
    assert fetch(outside).etag == before


def test_bump_of_nobody_does_nothing(house) -> None:
    with counted() as seen:
        feeds.bump([])
    assert seen == []
