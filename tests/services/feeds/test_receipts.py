"""Which calendar has which change: by what was fetched, told to those who run the roster."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from supervision.db import db
from supervision.models.feeds import FeedSubscription
from supervision.models.people import SessionsBy
from supervision.services import feeds, mail, replies, sessions
from supervision.services.feeds import Given, Held, Reach, Receipt, receipt
from supervision.services.sessions import Wish
from tests.services.feeds.steps import AT, SOON, fetch, subscribe
from tests.support.statements import counted

SECOND = timedelta(seconds=1)
TUESDAY = datetime(2026, 12, 1, 15, 0)  # noqa: DTZ001 - a wall-clock time
HAS, NOT_YET, NONE, HIDDEN = Reach.HAS, Reach.NOT_YET, Reach.NONE, Reach.HIDDEN


@pytest.fixture
def session_id(house):
    wish = Wish(TUESDAY, 50)
    booked = sessions.book_session(house.alice, AT, house.group, wish)
    db.session.commit()
    return booked.session_ids[0]


def move(house, session_id, at):
    sessions.move_session(house.alice, at, session_id, Wish(TUESDAY + timedelta(hours=2), 50))
    db.session.commit()


def seen(house, session_id, at, viewer="alice") -> dict[str, Receipt]:
    """By first name, as somebody sees it on the session's page."""
    page = sessions.session_page(getattr(house, viewer), at, session_id)
    names = {house.alice.id: "alice", house.bob.id: "bob", house.carol.id: "carol"}
    return {names[key]: found for key, found in page.receipts.items()}


def test_receipts_follow_what_each_calendar_fetched(house, session_id) -> None:
    _made, bobs = subscribe(house.bob)
    _made, carols = subscribe(house.carol, house.group)
    before = AT + SOON
    for token in (bobs, carols):
        fetch(token, before)
    none = Receipt(NONE)
    as_booked = {"alice": none, "bob": Receipt(HAS, before), "carol": Receipt(HAS, before)}
    assert seen(house, session_id, before) == as_booked
    move(house, session_id, AT + 2 * SOON)
    stale = Receipt(NOT_YET, before)
    assert seen(house, session_id, AT + 3 * SOON) == {"alice": none, "bob": stale, "carol": stale}
    fetched = AT + 4 * SOON
    fetch(bobs, fetched)
    found = {"alice": none, "bob": Receipt(HAS, fetched), "carol": stale}
    assert seen(house, session_id, AT + 5 * SOON) == found


def test_receipt_stays_when_something_else_changes(house, session_id) -> None:
    """A later change of another session is another version: what was fetched is in it."""
    _made, token = subscribe(house.bob)
    move(house, session_id, AT + SOON)
    fetch(token, AT + 2 * SOON)
    later = Wish(TUESDAY + timedelta(days=7), 50)
    sessions.book_session(house.alice, AT + 3 * SOON, house.group, later)
    db.session.commit()
    assert seen(house, session_id, AT + 4 * SOON)["bob"] == Receipt(HAS, AT + 2 * SOON)


def test_not_modified_is_a_receipt_and_headers_alone_are_none(house, session_id) -> None:
    _made, token = subscribe(house.bob)
    fetch(token, AT + SOON, whole=False)
    assert seen(house, session_id, AT + SOON)["bob"] == Receipt(NONE)
    etag = fetch(token, AT + SOON, whole=False).etag
    fetch(token, AT + 2 * SOON, held=Held(frozenset({etag})), whole=False)
    assert seen(house, session_id, AT + 2 * SOON)["bob"] == Receipt(HAS, AT + 2 * SOON)


def test_links_that_do_not_show_the_session_count_for_nothing(house, session_id) -> None:
    _made, other = subscribe(house.bob, house.individual)
    off, old = subscribe(house.bob)
    for token in (other, old):
        fetch(token, AT + SOON)
    feeds.turn_off(house.bob, AT + 2 * SOON, off.id)
    db.session.commit()
    assert seen(house, session_id, AT + 2 * SOON)["bob"] == Receipt(NONE)


def test_member_sees_their_own_receipt_alone(house, session_id) -> None:
    assert seen(house, session_id, AT, "bob") == {"bob": Receipt(NONE)}


def test_receipt_that_is_not_shared_is_seen_by_its_owner_alone(house, session_id) -> None:
    _made, token = subscribe(house.bob)
    fetch(token, AT + SOON)
    feeds.share_receipts(house.bob, AT, False)
    db.session.commit()
    assert feeds.shares_receipts(house.bob) is False
    assert seen(house, session_id, AT + SOON)["bob"] == Receipt(HIDDEN)
    assert seen(house, session_id, AT + SOON, "bob") == {"bob": Receipt(HAS, AT + SOON)}


def test_who_takes_invitations_is_shown_by_what_they_answered(house, session_id) -> None:
    for who in (house.bob, house.carol):
        mail.choose(who, AT, replace(mail.choices_of(who), sessions_by=SessionsBy.INVITATIONS))
    replies.answer(house.carol, AT + SOON, session_id, "declined")
    db.session.commit()
    found = seen(house, session_id, AT + SOON)
    assert (found["bob"], found["carol"]) == (
        Receipt(Reach.UNANSWERED),
        Receipt(Reach.ANSWERED, AT + SOON),
    )
    move(house, session_id, AT + 2 * SOON)
    assert seen(house, session_id, AT + 3 * SOON)["carol"] == Receipt(Reach.UNANSWERED)
    fetch(subscribe(house.carol)[1], AT + 3 * SOON)
    assert seen(house, session_id, AT + 3 * SOON)["carol"] == Receipt(HAS, AT + 3 * SOON)
    feeds.share_receipts(house.carol, AT, False)
    feeds.share_receipts(house.bob, AT, False)
    found = seen(house, session_id, AT + 3 * SOON)
    assert (found["bob"], found["carol"]) == (Receipt(HIDDEN), Receipt(HIDDEN))


def test_receipts_take_one_statement_for_any_number_of_links(house, session_id) -> None:
    counts = []
    for links in (1, 9):
        for _ in range(links):
            fetch(subscribe(house.bob)[1])
        with counted() as statements:
            sessions.session_page(house.alice, AT, session_id)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_receipts_of_what_is_over_are_not_shown(house, session_id) -> None:
    over = datetime(2026, 12, 1, 15, 50, tzinfo=UTC)
    assert len(seen(house, session_id, over - SECOND)) == 3
    assert seen(house, session_id, over) == {}


@pytest.mark.parametrize(
    ("version", "given_at", "reach"),
    [
        (4, AT - SOON, HAS),  # the present version holds everything
        (3, AT + 10 * SECOND, HAS),
        (3, AT + 9 * SECOND, NOT_YET),  # maybe read before the change was committed
        (3, AT - SOON, NOT_YET),
    ],
)
def test_receipt_in_doubt_says_not_yet(version, given_at, reach) -> None:
    assert receipt([Given(version, given_at, AT + SOON, 4)], AT).reach == reach


def test_fetch_of_an_old_version_never_takes_a_receipt_back(house, session_id, monkeypatch) -> None:
    """The feed cannot be built: the last good one is served, and proves nothing new."""
    made, token = subscribe(house.bob)
    fetch(token, AT + SOON)
    move(house, session_id, AT + 2 * SOON)
    with monkeypatch.context() as broken:
        broken.setattr(feeds.reading, "build", lambda *_: 1 / 0)
        assert fetch(token, AT + 3 * SOON).status == 200
    db.session.expire_all()
    row = db.session.get_one(FeedSubscription, made.id)
    assert (row.given_at, row.fetched_at) == (AT + SOON, AT + 3 * SOON)
    assert seen(house, session_id, AT + 3 * SOON)["bob"] == Receipt(NOT_YET, AT + 3 * SOON)
