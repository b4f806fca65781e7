"""Signs that a private address is in other hands: when they are seen, written and put away."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from supervision.db import db
from supervision.errors import NotFound
from supervision.models.feeds import FeedSubscription
from supervision.services import feeds
from supervision.services.feeds.exposure import AGAIN, FEW_DAYS, MOST_FAMILIES
from tests.services.feeds.steps import AT, SOON, fetch, subscribe
from tests.support.statements import counted

PHONE, MAC = "iOS/17.5 dataaccessd/1.0", "macOS/14.5 CalendarAgent/990"
GOOGLE, CURL = "Google-Calendar-Importer", "curl/8.5.0"
LATER = AT + FEW_DAYS


@pytest.fixture
def token(house):
    _made, token = subscribe(house.bob)
    return token


def signs(house, at=LATER) -> tuple[bool, str]:
    """Whether it came plain, and which stranger came."""
    (row,) = feeds.subscriptions_of(house.bob, at)
    return row.came_plain, row.stranger if row.came_strange else ""


def families() -> list[str]:
    db.session.rollback()
    return db.session.scalars(select(FeedSubscription.families)).one().splitlines()


def test_programs_of_the_first_days_are_those_that_it_was_made_for(house, token) -> None:
    fetch(token, AT, agent=PHONE)
    fetch(token, LATER - timedelta(seconds=1), agent=GOOGLE)
    fetch(token, LATER, agent=MAC)
    assert (signs(house), families()) == ((False, ""), ["Apple Calendar", "Google Calendar"])


def test_first_days_begin_with_the_first_fetch(house, token) -> None:
    fetch(token, LATER + FEW_DAYS, agent=PHONE)
    fetch(token, LATER + FEW_DAYS + SOON, agent=CURL)
    assert signs(house) == (False, "")


def test_new_program_after_them_is_a_stranger_until_it_is_put_away(house, token) -> None:
    fetch(token, AT, agent=PHONE)
    fetch(token, LATER, agent=CURL)
    seen = signs(house)
    feeds.put_away(house.bob, LATER + SOON, made().id)
    db.session.commit()
    fetch(token, LATER + 2 * SOON, agent="curl/9")
    quiet = signs(house)
    fetch(token, LATER + 3 * SOON, agent=GOOGLE)
    assert (seen, quiet, signs(house)) == ((False, "curl"), (False, ""), (False, "Google Calendar"))


def made() -> FeedSubscription:
    return db.session.scalars(select(FeedSubscription)).one()


def test_plain_fetch_is_told_and_after_it_was_put_away_once_a_month(house, token) -> None:
    fetch(token, AT, agent=PHONE, plain=True)
    first = signs(house)
    feeds.put_away(house.bob, AT + SOON, made().id)
    db.session.commit()
    fetch(token, AT + AGAIN - timedelta(seconds=1), agent=PHONE, plain=True)
    quiet = signs(house)
    fetch(token, AT + AGAIN, agent=PHONE, plain=True)
    assert (first, quiet, signs(house)) == ((True, ""), (False, ""), (True, ""))


@pytest.mark.parametrize("plain", [False, True])
def test_sign_is_written_once_and_not_with_each_fetch(house, token, plain) -> None:
    fetch(token, AT, agent=PHONE)
    fetch(token, LATER, agent=CURL, plain=plain)
    with counted() as statements:
        fetch(token, LATER + timedelta(seconds=1), agent=CURL, plain=plain)
    assert [one for one in statements if "UPDATE" in one] == []


def test_many_pretended_programs_are_no_more_news(house, token) -> None:
    for number in range(MOST_FAMILIES + 3):
        fetch(token, AT, agent=f"robot{number}/1")
    assert families() == [f"robot{number}" for number in range(MOST_FAMILIES)]


def test_link_that_is_off_is_watched_no_more(house, token) -> None:
    fetch(token, AT, agent=PHONE)
    feeds.turn_off(house.bob, AT, made().id)
    db.session.commit()
    fetch(token, LATER, agent=CURL, plain=True)
    assert (signs(house), families()) == ((False, ""), ["Apple Calendar"])


def test_reset_link_has_no_signs(house, token) -> None:
    fetch(token, AT, agent=PHONE)
    fetch(token, LATER, agent=CURL, plain=True)
    fresh, _token = feeds.reset(house.bob, LATER, made().id)
    db.session.commit()
    assert (fresh.families, fresh.plain_at, fresh.stranger) == ("", None, "")
    assert [
        row.came_plain or row.came_strange for row in feeds.subscriptions_of(house.bob, LATER)
    ] == [
        False,
        False,
    ]


def test_sign_of_somebody_else_cannot_be_put_away(house, token) -> None:
    with pytest.raises(NotFound):
        feeds.put_away(house.carol, AT, made().id)
