"""What home reads: neither a row too many nor one that is somebody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from supervision.db import db
from supervision.models.rosters import Membership, Roster
from supervision.services import home, polls
from supervision.services.polls import Proposal
from supervision.services.sessions import SessionRow
from tests import factories
from tests.factories import House

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def group(house: House) -> Roster:
    return db.session.get_one(Roster, house.group)


def begins(group: Roster, who: Any, *hours: float, **values: Any) -> list[Any]:
    """Ids of sessions of fifty minutes that begin so many hours from now."""
    return [factories.session(group, AT + HOUR * hour, who, **values).id for hour in hours]


def ids(rows: list[SessionRow]) -> list[Any]:
    return [row.id for row in rows]


def coming(actor: Any, most: int = 6) -> list[Any]:
    return ids(home.coming(actor, AT, AT + 28 * 24 * HOUR, most))


def ended(actor: Any) -> Any:
    found = home.just_ended(actor, AT - 12 * HOUR, AT)
    return found.id if found else None


def test_coming_are_the_first_from_the_one_that_runs_now(house, group) -> None:
    later, now, next_day = begins(group, house.bob, 3, -0.5, 25)
    begins(group, house.bob, -1, 28 * 24)  # ended; too far ahead
    assert coming(house.bob) == [now, later, next_day]
    assert coming(house.bob, most=2) == [now, later]


def test_coming_holds_nothing_that_is_cancelled_or_another_persons(house, group) -> None:
    begins(group, house.bob, 1, state="cancelled")
    begins(group, house.alice, 2)
    assert coming(house.bob) == []


def test_session_that_ended_last_is_the_one_to_reflect_on(house, group) -> None:
    _early, last = begins(group, house.bob, -5, -3)
    begins(group, house.bob, -0.5, 1)  # runs; comes
    begins(group, house.bob, -2, state="cancelled")
    begins(group, house.alice, -1)
    assert (ended(house.bob), ended(house.charlie)) == (last, None)


def test_reflection_is_asked_for_until_twelve_hours_after_the_end(house, group) -> None:
    (only,) = begins(group, house.bob, -12 - 50 / 60 + 1 / 60)
    assert ended(house.bob) == only
    assert home.just_ended(house.bob, AT - 12 * HOUR + HOUR / 60, AT) is None


def test_invitations_come_by_title_and_only_from_rosters_that_live(house) -> None:
    for title, state in (("beta", "active"), ("Alpha", "active"), ("gone", "ended")):
        made = factories.roster(house.alice, title=title, state=state)
        factories.join(made, house.charlie, state="invited")
    found = home.waits(house.charlie, AT).invitations
    assert [(row.title, row.kind) for row in found] == [("Alpha", "group"), ("beta", "group")]
    assert home.waits(house.bob, AT) == home.Waits([], [], [], [], 0, [])


def test_seat_that_is_offered_waits_for_an_answer_and_a_place_in_line_does_not(house) -> None:
    kept = AT + 48 * HOUR
    for title, until in (("offered", kept), ("in line", None)):
        made = factories.roster(house.alice, title=title)
        factories.join(made, house.charlie, state="waiting").offered_until = until
    db.session.flush()
    found = home.waits(house.charlie, AT).invitations
    assert [(row.title, row.offered_until) for row in found] == [("offered", kept)]


def test_somebody_who_left_has_no_roster(house, group) -> None:
    assert (home.has_rosters(house.bob), home.has_rosters(house.charlie)) == (True, False)
    db.session.execute(
        update(Membership).where(Membership.person_id == house.bob.id).values(state="left")
    )
    assert home.has_rosters(house.bob) is False


def test_polls_wait_by_when_they_close_until_they_are_answered(house: House) -> None:
    day = timedelta(days=1)
    late, soon = (
        polls.ask(house.alice, AT, house.group, Proposal([AT + 9 * day], 50, AT + days * day))
        for days in (5, 3)
    )
    found = home.waits(house.bob, AT)
    assert [(one.id, one.closes_at) for one in found.polls] == [
        (soon, AT + 3 * day),
        (late, AT + 5 * day),
    ]
    assert (found.invitations, found.endings, found.attendance) == ([], [], [])
    assert home.waits(house.alice, AT).polls == []
    assert [one.id for one in home.waits(house.bob, AT + 3 * day).polls] == [late]
