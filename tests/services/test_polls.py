"""Polls: who is asked, who sees what, which time is the best, how a poll ends."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from supervision.db import db, writing
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.mail import Outbox
from supervision.models.polls import Poll, PollState, Shows
from supervision.models.rosters import Kind, Membership, MemberState
from supervision.services import polls, rosters, sessions
from supervision.services.polls import Proposal
from supervision.services.sessions import Setting, Wish
from tests import factories
from tests.support.mails import seen
from tests.support.statements import counted

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
FRIDAY = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
LATER = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
CLOSES = datetime(2026, 11, 26, 23, 59, tzinfo=UTC)


@pytest.fixture
def house(app):
    return factories.house()


USUAL = Proposal([FRIDAY, LATER], 60, CLOSES)


def ask(house, actor=None, roster=None, **values):
    """A poll that jobs see too."""
    wish = replace(USUAL, **values)
    made = polls.ask(actor or house.alice, NOW, roster or house.group, wish)
    db.session.commit()
    return made


def answer(who, poll_id, *words, at=NOW, remark=""):
    options = polls.poll_page(who, at, poll_id).options
    said = {option.id: word for option, word in zip(options, words, strict=True)}
    polls.answer(who, at, poll_id, said, remark)


def mails(what):
    found = db.session.scalars(select(Outbox).where(Outbox.event.like(f"poll:%:{what}")))
    return {one.recipient.partition("@")[0]: seen(one).body for one in found}


def test_everybody_but_who_asks_is_mailed_in_their_own_time(house) -> None:
    ask(house, message="Which one?")
    told = mails("asked")
    assert set(told) == {"bob", "carol"}
    assert "- Fri 27 Nov 2026, 09:00 (Toronto)\n- Tue 1 Dec 2026, 09:00 (Toronto)" in told["bob"]
    assert "- Fri 27 Nov 2026, 15:00 (Berlin)" in told["carol"]
    assert told["carol"].endswith("Alice Ashworth writes:\nWhich one?\n")


def test_who_asks_is_counted_as_coming(house) -> None:
    page = polls.poll_page(house.alice, NOW, ask(house))
    assert [one.yes for one in page.options] == [["Alice Ashworth"]] * 2
    assert page.missing == ["Bob Brandt", "Carol Conti"]
    assert (page.asks, page.answered, page.may_run, page.is_open) == (True, True, True, True)


def test_others_answers_are_seen_after_ones_own(house) -> None:
    poll = ask(house)
    before = polls.poll_page(house.bob, NOW, poll)
    assert (before.may_see, before.ranked, before.missing) == (False, [], [])
    answer(house.bob, poll, "no", "yes", remark="Fridays are full")
    after = polls.poll_page(house.bob, NOW, poll)
    assert [one.starts_at for one in after.ranked] == [LATER, FRIDAY]
    assert [one.yes for one in after.ranked] == [
        ["Alice Ashworth", "Bob Brandt"],
        ["Alice Ashworth"],
    ]
    assert after.remarks == [("Bob Brandt", "Fridays are full")]
    assert after.missing == ["Carol Conti"]


def test_answers_may_be_for_those_who_lead_alone(house) -> None:
    poll = ask(house, shows=Shows.NEVER)
    answer(house.bob, poll, "no", "yes")
    assert polls.poll_page(house.bob, NOW, poll).may_see is False
    assert polls.poll_page(house.alice, NOW, poll).may_see is True
    polls.close(house.alice, NOW, poll)
    assert polls.poll_page(house.bob, NOW, poll).may_see is False
    assert "best time" not in mails("closed")["bob"]


def test_answer_can_be_changed_and_the_last_one_counts(house) -> None:
    poll = ask(house)
    answer(house.bob, poll, "no", "yes", remark="a")
    answer(house.bob, poll, "maybe", "no", remark="b")
    page = polls.poll_page(house.bob, NOW, poll)
    assert [one.mine for one in page.options] == ["maybe", "no"]
    assert page.remarks == [("Bob Brandt", "b")]


def test_poll_waits_for_whoever_has_not_answered(house) -> None:
    poll = ask(house)
    assert polls.waiting_for(house.alice, NOW) == []
    assert [(one.id, one.closes_at) for one in polls.waiting_for(house.bob, NOW)] == [
        (poll, CLOSES)
    ]
    answer(house.bob, poll, "no", "no")
    assert polls.waiting_for(house.bob, NOW) == []
    assert len(polls.waiting_for(house.carol, NOW)) == 1
    assert polls.waiting_for(house.carol, CLOSES) == []
    assert polls.waiting_for(house.charlie, NOW) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"starts": []}, "starts"),
        ({"starts": [FRIDAY, FRIDAY]}, "starts"),
        ({"starts": [FRIDAY + timedelta(hours=n) for n in range(21)]}, "starts"),
        ({"starts": [NOW]}, "starts"),
        ({"starts": [FRIDAY + timedelta(days=400)]}, "starts"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 481}, "minutes"),
        ({"closes_at": NOW}, "closes_on"),
        ({"closes_at": FRIDAY + timedelta(minutes=1)}, "closes_on"),
        ({"message": "x" * 501}, "message"),
        ({"shows": "all"}, "shows"),
    ],
)
def test_senseless_polls_are_refused(house, values, field) -> None:
    with pytest.raises(Invalid) as refused:
        ask(house, **values)
    assert refused.value.field == field


def test_twenty_times_are_taken(house) -> None:
    poll = ask(house, starts=[FRIDAY + timedelta(hours=n) for n in range(20)])
    assert len(polls.poll_page(house.alice, NOW, poll).options) == 20


def test_answer_is_complete_or_refused(house) -> None:
    poll = ask(house)
    first, second = polls.poll_page(house.bob, NOW, poll).options
    for words in (
        {},
        {first.id: "yes"},
        {first.id: "yes", second.id: "perhaps"},
        {first.id: "yes", second.id: "no", factories.unknown(): "no"},
    ):
        with pytest.raises(Invalid):
            polls.answer(house.bob, NOW, poll, words)
    with pytest.raises(Invalid):
        polls.answer(house.bob, NOW, poll, {first.id: "yes", second.id: "no"}, "x" * 301)
    assert polls.poll_page(house.bob, NOW, poll).answered is False


def test_who_may_ask_answer_and_close(house) -> None:
    with pytest.raises(NotAllowed):
        ask(house, house.bob)
    for who in (house.charlie, house.dana):
        with pytest.raises(NotFound):
            ask(house, who)
    poll = ask(house)
    group = db.session.get_one(factories.Roster, house.group)
    factories.join(group, house.charlie, state=MemberState.INVITED)
    for who in (house.charlie, house.dana):
        with pytest.raises(NotFound):
            polls.poll_page(who, NOW, poll)
        with pytest.raises(NotFound):
            polls.answer(who, NOW, poll, {})
        with pytest.raises(NotFound):
            polls.close(who, NOW, poll)
        with pytest.raises(NotFound):
            polls.polls_of(who, house.group)
    with pytest.raises(NotAllowed):
        polls.close(house.bob, NOW, poll)
    with pytest.raises(NotAllowed):
        polls.settle(house.bob, NOW, poll, house.group, factories.unknown())
    with pytest.raises(NotFound):
        polls.settle(house.alice, NOW, poll, house.individual, factories.unknown())


def test_peers_ask_and_close_alike(house) -> None:
    peers = factories.roster(house.bob, house.carol, kind=Kind.PEER)
    poll = ask(house, house.bob, peers.id)
    polls.close(house.carol, NOW, poll)
    assert polls.poll_page(house.bob, NOW, poll).is_open is False
    assert set(mails("closed")) == {"bob"}


def test_closed_poll_takes_no_answer_and_shows_them_to_all(house) -> None:
    poll = ask(house)
    answer(house.bob, poll, "yes", "no")
    options = polls.poll_page(house.carol, NOW, poll).options
    words = {option.id: "yes" for option in options}
    with pytest.raises(Conflict):
        polls.answer(house.carol, CLOSES, poll, words)
    polls.close(house.alice, NOW, poll)
    polls.close(house.alice, NOW, poll)
    with pytest.raises(Conflict):
        polls.answer(house.carol, NOW, poll, words)
    assert polls.poll_page(house.carol, NOW, poll).ranked[0].starts_at == FRIDAY
    told = mails("closed")
    assert set(told) == {"bob", "carol"}
    best = "The best time: Fri 27 Nov 2026, 09:00 (Toronto), with 2 yes, 0 if need be, 0 no."
    assert best in told["bob"]


def test_reminder_goes_once_to_whoever_has_not_answered(house) -> None:
    poll = ask(house)
    answer(house.bob, poll, "yes", "no")
    db.session.commit()
    day_before = CLOSES - timedelta(days=1)
    assert polls.tend_due(day_before - timedelta(minutes=1)) == 0
    assert polls.tend_due(day_before) == 1
    assert polls.tend_due(day_before) == 0
    assert set(mails("missing")) == {"carol"}


def test_short_poll_reminds_nobody(house) -> None:
    ask(house, closes_at=NOW + timedelta(days=2) - timedelta(minutes=1))
    assert polls.tend_due(NOW + timedelta(days=1)) == 0
    assert mails("missing") == {}


def test_its_day_closes_a_poll_once(house) -> None:
    poll = ask(house)
    polls.tend_due(CLOSES - timedelta(hours=1))
    assert polls.tend_due(CLOSES) == 1
    assert polls.tend_due(CLOSES) == 0
    assert set(mails("closed")) == {"alice", "bob", "carol"}
    assert db.session.get_one(Poll, poll, populate_existing=True).closed_at == CLOSES


def test_booking_closes_the_poll_and_names_the_session(house) -> None:
    poll = ask(house)
    booked = sessions.book_session(
        house.alice, NOW, house.group, Wish(FRIDAY.replace(tzinfo=None), 60)
    )
    polls.settle(house.alice, NOW, poll, house.group, booked.session_ids[0])
    page = polls.poll_page(house.bob, NOW, poll)
    assert (page.is_open, page.poll.session_id) == (False, booked.session_ids[0])
    assert [(one.possible, one.busy) for one in page.options] == [(True, False)] * 2
    with pytest.raises(Conflict):
        polls.settle(house.alice, NOW, poll, house.group, booked.session_ids[0])


def test_closed_poll_can_still_be_booked_from(house) -> None:
    poll = ask(house)
    polls.tend_due(CLOSES)
    row = factories.session(db.session.get_one(factories.Roster, house.group), FRIDAY)
    polls.settle(house.alice, CLOSES, poll, house.group, row.id)
    found = db.session.get_one(Poll, poll, populate_existing=True)
    assert (found.session_id, found.closed_at) == (row.id, CLOSES)


def test_roster_that_ends_closes_its_polls_and_answers_stay(house) -> None:
    poll = ask(house)
    answer(house.bob, poll, "yes", "no")
    rosters.end_roster(house.alice, NOW, house.group)
    page = polls.poll_page(house.bob, NOW, poll)
    assert (page.is_open, page.may_run, page.ranked[0].yes) == (
        False,
        False,
        ["Alice Ashworth", "Bob Brandt"],
    )
    assert db.session.get_one(Poll, poll, populate_existing=True).state == PollState.CLOSED
    with pytest.raises(Conflict):
        ask(house)


def test_members_see_their_own_busy_times_alone(house) -> None:
    poll = ask(house)
    other = factories.roster(house.carol, title="Another", kind=Kind.PEER)
    factories.session(other, FRIDAY + timedelta(minutes=30), house.carol)
    mine, bobs = (polls.poll_page(who, NOW, poll).options for who in (house.carol, house.bob))
    assert [one.busy for one in mine] == [True, False]
    assert [one.busy for one in bobs] == [False, False]
    assert [one.possible for one in bobs] == [True, True]


def test_time_that_who_leads_cannot_keep_is_marked_and_last(house) -> None:
    poll = ask(house)
    local = FRIDAY.replace(tzinfo=None) + timedelta(minutes=30)
    sessions.book_session(house.alice, NOW, house.individual, Wish(local, 50))
    answer(house.carol, poll, "yes", "no")
    ranked = polls.poll_page(house.carol, NOW, poll).ranked
    assert [(one.starts_at, one.possible) for one in ranked] == [(LATER, True), (FRIDAY, False)]


def test_time_that_has_passed_is_no_longer_possible(house) -> None:
    poll = ask(house)
    assert [one.possible for one in polls.poll_page(house.bob, FRIDAY, poll).options] == [
        False,
        True,
    ]


def test_who_left_is_not_counted_while_it_is_open(house) -> None:
    poll = ask(house)
    answer(house.bob, poll, "yes", "no")
    place = db.session.scalars(
        select(Membership).where(
            Membership.roster_id == house.group, Membership.person_id == house.bob.id
        )
    ).one()
    place.state = MemberState.ENDED
    db.session.flush()
    assert polls.poll_page(house.alice, NOW, poll).options[0].yes == ["Alice Ashworth"]
    polls.close(house.alice, NOW, poll)
    found = polls.poll_page(house.alice, NOW, poll).options[0].yes
    assert found == ["Alice Ashworth", "Bob Brandt"]


def test_statements_do_not_grow_with_members_and_times(house) -> None:
    poll = ask(house)
    with counted() as few:
        polls.poll_page(house.alice, NOW, poll)
    big = factories.roster(house.alice, capacity=40)
    people = [factories.person(f"member{number}") for number in range(30)]
    for who in people:
        factories.join(big, who)
    many_times = [FRIDAY + timedelta(hours=n) for n in range(20)]
    large = ask(house, roster=big.id, starts=many_times)
    for who in people[:5]:
        answer(who, large, *["yes"] * 20)
    with counted() as many:
        polls.poll_page(house.alice, NOW, large)
    assert len(many) == len(few)


def test_session_for_some_is_opened_by_those_alone(house) -> None:
    poll = ask(house)
    setting = Setting(people=frozenset({house.carol.id}))
    wish = Wish(FRIDAY.replace(tzinfo=None), 60, setting=setting)
    booked = sessions.book_session(house.alice, NOW, house.group, wish)
    polls.settle(house.alice, NOW, poll, house.group, booked.session_ids[0])
    found = [
        polls.poll_page(who, NOW, poll).may_open for who in (house.alice, house.bob, house.carol)
    ]
    assert found == [True, False, True]


def test_answers_that_come_at_once_are_all_kept_and_one_person_answers_once(house, app) -> None:
    """Four of Bob's and four of Carol's, each in a transaction of its own."""
    poll = ask(house)
    ids = [option.id for option in polls.poll_page(house.bob, NOW, poll).options]
    db.session.remove()
    start = Barrier(8, timeout=30)

    def say(who, word):
        with app.app_context():
            start.wait()
            with writing():
                polls.answer(who, NOW, poll, dict.fromkeys(ids, word))

    pairs = [(who, word) for who in (house.bob, house.carol) for word in ("yes", "no")] * 2
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(say, *pair) for pair in pairs]:
            done.result()
    page = polls.poll_page(house.alice, NOW, poll)
    said = [[*one.yes, *one.no] for one in page.options]
    assert [sorted(names) for names in said] == [
        ["Alice Ashworth", "Bob Brandt", "Carol Conti"]
    ] * 2
    assert page.missing == []
