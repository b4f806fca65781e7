"""Events are taken over from the last snapshot, and what is taken over is never stale."""

import hashlib
from datetime import datetime, timedelta
from unittest import mock
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from supervision.db import db
from supervision.domain import ical
from supervision.models.feeds import FeedSnapshot, Privacy
from supervision.models.rosters import Roster
from supervision.models.sessions import Session
from supervision.services import feeds, sessions
from supervision.services.feeds import building
from supervision.services.feeds.fragments import MAKER, Built
from supervision.services.sessions import Wish
from tests.services.feeds.histories import FIRST, History, steps
from tests.services.feeds.steps import AT, add, fetch, subscribe
from tests.support import databases

DAY = timedelta(days=1)


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """The summaries of the events that are made, as they are made."""
    seen: list[str] = []
    plain = ical.event

    def noting(occurrence: ical.Occurrence) -> bytes:
        seen.append(f"{occurrence.starts_at:%d} {occurrence.summary}")
        return plain(occurrence)

    monkeypatch.setattr(ical, "event", noting)
    return seen


def week(house) -> list[Session]:
    return [add(house.group, FIRST + number * DAY) for number in range(5)]


def anew(token: str, at=AT) -> bytes:
    """The feed as it is built without any snapshot."""
    db.session.execute(delete(FeedSnapshot))
    db.session.commit()
    return fetch(token, at).body


def test_only_what_changed_is_made_anew(house, made) -> None:
    meetings = week(house)
    _sub, token = subscribe(house.bob)
    fetch(token)
    made.clear()
    sessions.move_session(
        house.alice, AT, meetings[2].id, Wish(datetime.fromisoformat("2026-11-26T18:00"), 50)
    )
    db.session.commit()
    taken_over = fetch(token).body
    assert made == ["26 Group supervision"]
    assert taken_over == anew(token)


def test_next_day_makes_nothing_anew(house, made) -> None:
    week(house)
    _sub, token = subscribe(house.bob)
    body = fetch(token).body
    made.clear()
    assert fetch(token, AT + DAY).body == body
    assert made == []


def test_other_reader_of_other_openness_has_events_of_their_own(house, made) -> None:
    week(house)
    for who, level in (
        (house.bob, Privacy.PLAIN),
        (house.bob, Privacy.FULL),
        (house.carol, Privacy.FULL),
    ):
        _sub, token = subscribe(who, None, level)
        made.clear()
        fetch(token)
        assert len(made) == 5


def test_events_of_a_snapshot_that_does_not_count_right_are_not_taken_over(house) -> None:
    week(house)
    sub, token = subscribe(house.bob)
    body = fetch(token).body
    snapshot = db.session.get_one(FeedSnapshot, sub.id)
    whole = Built.stored(snapshot.body, snapshot.keys)
    assert len(whole.events()) == 5
    assert Built(whole.body, whole.keys[1:]).events() == {}
    assert Built(whole.body[:-400], whole.keys).events() == {}
    db.session.execute(update(FeedSnapshot).values(keys="one\ntwo"))
    feeds.bump([house.bob.id])
    db.session.commit()
    assert fetch(token).body == body


def test_words_that_look_like_an_end_do_not_part_an_event(house) -> None:
    db.session.execute(update(Roster).values(title="END:VEVENT"))
    week(house)
    _sub, token = subscribe(house.bob, None, Privacy.FULL)
    before = fetch(token).body
    feeds.bump([house.bob.id])
    db.session.commit()
    assert fetch(token).body == before == anew(token)


def test_events_with_one_digest_for_everything_would_be_stale(house) -> None:
    """What the digest is for: without it a new title stays unseen where no session is touched."""
    week(house)
    _sub, token = subscribe(house.bob, None, Privacy.FULL)
    with mock.patch.object(building, "digest", return_value="0"):
        fetch(token)
        db.session.execute(update(Roster).values(title="Another title"))
        feeds.bump([house.bob.id])
        db.session.commit()
        assert b"Another title" not in fetch(token).body
    assert b"Another title" in anew(token)


def test_whoever_changes_how_an_event_is_written_raises_the_makers_number() -> None:
    """Events that another version of the code wrote must not be taken over."""
    event = ical.event(
        ical.Occurrence(
            id=UUID(int=1),
            starts_at=FIRST,
            ends_at=FIRST + timedelta(hours=1),
            created_at=AT,
            stamped_at=AT,
            sequence=2,
            cancelled=False,
            summary="Summary",
            location="Place",
            description="One\nTwo",
            url="https://s.example/1",
            conference="https://meet.example/1",
            category="Supervision",
        )
    )
    assert (MAKER, hashlib.sha256(event).hexdigest()[:12]) == (1, "fb83b20a96b8")


# -- any history -----------------------------------------------------------------------------------


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(steps, max_size=10))
def test_feed_after_any_history_is_what_it_would_be_if_built_anew(app, history) -> None:
    databases.empty(app)
    db.session.remove()
    group = History()
    for number, (name, value, words) in enumerate(history):
        at = AT + timedelta(minutes=20 * number)
        group.step(name, value, at, words)
        bodies = [fetch(token, at).body for token in group.tokens]
        with mock.patch.object(Built, "events", return_value={}):
            feeds.bump([group.house.bob.id])
            db.session.commit()
            assert [fetch(token, at).body for token in group.tokens] == bodies
