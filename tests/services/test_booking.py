"""Times that a supervisee takes or asks for: what is shown is what can be had."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.slots import Refusal
from supervision.errors import Conflict, NotAllowed, NotFound
from supervision.models.availability import AvailabilityTerms, TimeOff
from supervision.models.people import Person
from supervision.models.rosters import Kind, Roster, RosterState
from supervision.models.sessions import Claim, Session, SessionState
from supervision.services import booking, integrity, jobs, rosters, sessions
from supervision.services.booking import HELD_FOR, Choice, Gone
from supervision.services.booking.requests import lapses_at
from supervision.services.notes.links import linkable_sessions, session_ref
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House
from tests.services.feeds import steps
from tests.support.mails import mails_to
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
TEN = TUESDAY + timedelta(hours=10)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
DAY = Interval(TUESDAY, TUESDAY + timedelta(days=1))


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def kind(house: House) -> UUID:
    """Alice is open from nine to five in London, for 50 minutes every half hour."""
    return factories.bookable(house.alice)


def free(who, roster_id, at=AT, within=DAY, kind=None) -> list[datetime]:
    where = booking.desk(who, roster_id)
    terms = where.own.terms(where.kind(kind).minutes)
    return list(booking.slots(who, at, where, terms, within).free)


def half_hours(first: datetime, last: datetime) -> list[datetime]:
    steps = int((last - first) / timedelta(minutes=30))
    return [first + timedelta(minutes=30 * number) for number in range(steps + 1)]


def claims_of(person_id: UUID) -> list[tuple[datetime, str, bool]]:
    rows = db.session.execute(
        select(Claim.starts_at, Claim.state, Claim.hard)
        .where(Claim.person_id == person_id)
        .order_by(Claim.starts_at)
    )
    return [(row.starts_at, row.state, row.hard) for row in rows]


# -- what is shown -------------------------------------------------------------------------


def test_slots_are_the_supervisor_s_hours_after_her_notice(house, kind) -> None:
    """A day's notice from Monday nine o'clock: all of Tuesday that leaves room for 50 minutes."""
    expected = half_hours(TUESDAY + 9 * HOUR, TUESDAY + 16 * HOUR)
    assert free(house.bob, house.individual) == expected


def test_slots_leave_out_what_either_is_busy_with(house, kind) -> None:
    sessions.book_session(
        house.alice, AT, house.group, Wish(datetime.fromisoformat("2026-11-24T09:00"), 60)
    )
    other = factories.person("olga")
    theirs = factories.roster(other, house.bob, kind=Kind.INDIVIDUAL, zone="UTC")
    sessions.book_session(
        other, AT, theirs.id, Wish(datetime.fromisoformat("2026-11-24T11:00"), 300)
    )
    assert free(house.bob, house.individual) == [TEN, TUESDAY + 16 * HOUR]


def test_slots_that_are_none_say_why_and_when_the_next_is(house, kind) -> None:
    db.session.add(
        TimeOff(person_id=house.alice.id, first_on=DAY.start.date(), last_on=DAY.start.date())
    )
    db.session.flush()
    where = booking.desk(house.bob, house.individual)
    found = booking.slots(house.bob, AT, where, where.own.terms(50), DAY)
    assert (found.free, found.next_at) == ((), TEN + 23 * HOUR)
    assert dict(found.refused) == {Refusal.TIME_OFF: 16}


def test_slots_cost_the_same_for_a_day_and_for_a_month(house, kind) -> None:
    where = booking.desk(house.bob, house.individual)
    asked = []
    for days in (1, 30):
        with counted() as seen:
            within = Interval(DAY.start, DAY.start + timedelta(days=days))
            booking.slots(house.bob, AT, where, where.own.terms(50), within)
        asked.append(len(seen))
    assert asked == [7, 7]


def test_desk_is_for_the_two_people_of_an_individual_roster(house, kind) -> None:
    assert booking.desk(house.bob, house.individual).may_take
    assert not booking.desk(house.alice, house.individual).may_take
    for stranger in (house.charlie, house.dana):
        with pytest.raises(NotFound):
            booking.desk(stranger, house.individual)
    with pytest.raises(NotAllowed):
        booking.desk(house.bob, house.group)


def test_desk_of_a_person_is_the_roster_with_them(house) -> None:
    assert booking.desk_of(house.bob, house.alice.id) == house.individual
    for who, whom in ((house.carol, house.alice), (house.alice, house.bob)):
        with pytest.raises(NotFound):
            booking.desk_of(who, whom.id)


# -- taking --------------------------------------------------------------------------------


def test_take_books_for_both_and_tells_the_supervisor(house, kind) -> None:
    done = booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN, "Hello"))
    session = db.session.get_one(Session, done.session_ids[0])
    assert (session.starts_at, session.ends_at) == (TEN, TEN + 50 * MINUTE)
    assert (session.state, session.zone, session.original_local, session.session_type_id) == (
        "planned",
        "Europe/London",
        "2026-11-24T10:00",
        kind,
    )
    taken = [(TEN, "confirmed", True)]
    assert (claims_of(house.alice.id), claims_of(house.bob.id)) == (taken, taken)
    (mail,) = mails_to("alice@example.org")
    assert mail.subject == "Booked: Bob with Alice, Tue 24 Nov 2026, 10:00"
    assert mails_to("bob@example.org") == []


def test_take_refuses_what_is_not_shown_and_names_what_is_near(house, kind) -> None:
    with pytest.raises(Gone) as caught:
        booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN + 10 * MINUTE))
    nearest = [TEN - 30 * MINUTE, TEN, TEN + 30 * MINUTE]
    assert (caught.value.refusal, list(caught.value.nearest)) == (Refusal.OUTSIDE, nearest)


def test_take_is_for_the_supervisee_alone(house, kind) -> None:
    choice = Choice(kind, TEN)
    for who, roster_id, error in (
        (house.alice, house.individual, NotAllowed),
        (house.bob, house.group, NotAllowed),
        (house.charlie, house.individual, NotFound),
        (house.dana, house.individual, NotFound),
    ):
        with pytest.raises(error):
            booking.take_time(who, AT, roster_id, choice)
        with pytest.raises(error):
            booking.hold_time(who, AT, roster_id, choice)


def test_take_in_an_ended_roster_is_refused(house, kind) -> None:
    db.session.get_one(Roster, house.individual).state = RosterState.ENDED
    db.session.flush()
    for act in (booking.take_time, booking.hold_time):
        with pytest.raises(Conflict, match="ended"):
            act(house.bob, AT, house.individual, Choice(kind, TEN))


def test_take_needs_a_kind_that_this_supervisor_offers(house, kind) -> None:
    olga = factories.person("olga")
    for unknown in (factories.unknown(), factories.bookable(olga)):
        with pytest.raises(NotFound):
            booking.take_time(house.bob, AT, house.individual, Choice(unknown, TEN))


def test_take_in_the_second_of_two_equal_hours_stays_there(house) -> None:
    """01:30 comes twice in London on 25 October 2026; clocks going over it change nothing."""
    kind = factories.bookable(house.alice, opens=0, closes=24)
    rule = select(db.Model.metadata.tables["availability_rule"])
    assert len(db.session.execute(rule).all()) == 5
    db.session.execute(update(db.Model.metadata.tables["availability_rule"]).values(weekday=6))
    at, second = datetime(2026, 10, 20, 9, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    done = booking.take_time(house.bob, at, house.individual, Choice(kind, second))
    db.session.commit()
    sessions.follow_clocks(at)
    session = db.session.get_one(Session, done.session_ids[0], populate_existing=True)
    assert (session.starts_at, session.zone, session.sequence) == (second, "UTC", 0)


# -- holding -------------------------------------------------------------------------------


@pytest.fixture
def second(house: House) -> tuple[factories.Actor, UUID]:
    """Carol, with a roster of her own with Alice."""
    made = factories.roster(house.alice, house.carol, kind=Kind.INDIVIDUAL, title="Carol")
    return house.carol, made.id


def test_held_time_is_free_for_who_holds_it_alone(house, kind, second) -> None:
    carol, theirs = second
    until = booking.hold_time(house.bob, AT, house.individual, Choice(kind, TEN))
    assert until == AT + timedelta(minutes=10)
    assert TEN in free(house.bob, house.individual)
    touched = {TEN - 30 * MINUTE, TEN, TEN + 30 * MINUTE}
    assert touched & set(free(carol, theirs)) == set()
    with pytest.raises(Gone) as caught:
        booking.take_time(carol, AT, theirs, Choice(kind, TEN))
    assert caught.value.refusal == Refusal.CLASH
    done = booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN))
    assert done.session_ids
    assert claims_of(house.alice.id) == [(TEN, "confirmed", True)]


def test_hold_that_ran_out_is_in_nobody_s_way(house, kind, second) -> None:
    carol, theirs = second
    booking.hold_time(house.bob, AT, house.individual, Choice(kind, TEN))
    before, after = AT + HELD_FOR - SECOND, AT + HELD_FOR
    assert (TEN in free(carol, theirs, before), TEN in free(carol, theirs, after)) == (False, True)
    with pytest.raises(Gone):
        booking.take_time(carol, before, theirs, Choice(kind, TEN))
    booking.take_time(carol, after, theirs, Choice(kind, TEN))
    assert claims_of(house.alice.id) == [(TEN, "confirmed", True)]


def test_hold_ends_when_the_supervisor_books_after_it(house, kind) -> None:
    wish = Wish(datetime.fromisoformat("2026-11-24T10:00"), 50)
    booking.hold_time(house.bob, AT, house.individual, Choice(kind, TEN))
    with pytest.raises(Conflict):
        sessions.book_session(house.alice, AT, house.individual, wish)
    sessions.book_session(house.alice, AT + HELD_FOR, house.individual, wish)
    assert claims_of(house.alice.id) == [(TEN, "confirmed", True)]


def test_one_person_holds_one_time(house, kind) -> None:
    for start in (TEN, TEN + HOUR):
        booking.hold_time(house.bob, AT, house.individual, Choice(kind, start))
    assert claims_of(house.alice.id) == [(TEN + HOUR, "hold", True)]
    booking.release_time(house.bob, house.individual)
    assert claims_of(house.alice.id) == []


def test_worker_lets_go_what_ran_out_and_ends_what_was_not_answered(
    house, kind, settings, asked
) -> None:
    booking.hold_time(house.bob, AT, house.individual, Choice(kind, TEN + HOUR))
    db.session.commit()
    jobs.run_due(AT + HELD_FOR - SECOND, settings)
    assert [state for _start, state, _hard in claims_of(house.alice.id)] == ["pending", "hold"]
    jobs.run_due(AT + HELD_FOR, settings)
    assert [state for _start, state, _hard in claims_of(house.alice.id)] == ["pending"]
    jobs.run_due(TEN - 2 * HOUR, settings)
    assert state_of(asked) == SessionState.DECLINED


def test_hold_changes_no_feed(house, kind) -> None:
    version = select(Person.feed_version).where(Person.id == house.alice.id)
    before = db.session.scalar(version)
    booking.hold_time(house.bob, AT, house.individual, Choice(kind, TEN))
    assert db.session.scalar(version) == before
    assert sessions.sessions_between(house.alice, DAY.start, DAY.end) == []
    assert list(integrity.faults()) == []


# -- asking --------------------------------------------------------------------------------


@pytest.fixture
def asked(house: House) -> UUID:
    """The id of a session that Bob asks Alice for."""
    kind = factories.bookable(house.alice, asks=True)
    done = booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN, "Could we?"))
    db.session.commit()
    return done.session_ids[0]


def state_of(session_id: UUID) -> str:
    found = db.session.scalar(select(Session.state).where(Session.id == session_id))
    return str(found)


def told() -> list[tuple[str, str]]:
    """Whom the mails went to, and the first words of their subjects."""
    return [
        (who, mail.subject.split(":")[0])
        for who in ("alice", "bob")
        for mail in mails_to(f"{who}@example.org")
    ]


def test_request_takes_the_time_and_waits_for_the_supervisor(house, asked) -> None:
    assert state_of(asked) == SessionState.REQUESTED
    pending = [(TEN, "pending", True)]
    assert (claims_of(house.alice.id), claims_of(house.bob.id)) == (pending, pending)
    assert TEN not in free(house.bob, house.individual)
    (waiting,) = booking.requests_for(house.alice, AT)
    assert (waiting.id, waiting.name, waiting.starts_at) == (asked, "Bob Brandt", TEN)
    assert booking.requests_for(house.bob, AT) == []
    assert told() == [("alice", "Asked for")]


def test_request_is_in_the_calendar_and_in_no_feed_or_note(house, asked) -> None:
    for who in (house.alice, house.bob):
        assert [row.requested for row in sessions.sessions_between(who, *DAY)] == [True]
        assert feed_of(who) == 0
        assert linkable_sessions(who, TEN + HOUR) == []
        with pytest.raises(NotFound):
            session_ref(who, asked)
    assert [row.state for row in sessions.coming_of_roster(house.bob, house.individual, AT)] == [
        "requested"
    ]


def feed_of(who) -> int:
    """How many sessions a feed shows; a placeholder stands in for none."""
    _made, token = steps.subscribe(who)
    return len([one for one in steps.starts(token) if one == TEN])


def test_accepted_request_is_a_session_like_others(house, asked) -> None:
    booking.accept(house.alice, AT + HOUR, asked)
    db.session.commit()
    assert state_of(asked) == SessionState.PLANNED
    assert claims_of(house.bob.id) == [(TEN, "confirmed", True)]
    assert (feed_of(house.bob), booking.requests_for(house.alice, AT)) == (1, [])
    assert told() == [("alice", "Asked for"), ("bob", "Accepted")]


def test_declined_request_frees_the_time_and_is_shown_nowhere(house, asked) -> None:
    booking.decline(house.alice, AT, asked, "I am away then")
    db.session.commit()
    assert state_of(asked) == SessionState.DECLINED
    assert TEN in free(house.bob, house.individual)
    for who in (house.alice, house.bob):
        assert sessions.sessions_between(who, *DAY) == []
        assert sessions.coming_of_roster(who, house.individual, AT) == []
        assert feed_of(who) == 0
    assert list(integrity.faults()) == []
    assert told() == [("alice", "Asked for"), ("bob", "Not accepted")]


def test_request_can_be_taken_back(house, asked) -> None:
    booking.withdraw(house.bob, AT, asked)
    assert (state_of(asked), TEN in free(house.bob, house.individual)) == ("declined", True)
    assert told() == [("alice", "Asked for"), ("alice", "Taken back")]


def test_request_is_answered_by_the_right_person_once(house, asked) -> None:
    for act, who in ((booking.accept, house.bob), (booking.decline, house.bob)):
        with pytest.raises(NotAllowed):
            act(who, AT, asked)
    with pytest.raises(NotAllowed):
        booking.withdraw(house.alice, AT, asked)
    for act in (booking.accept, booking.decline, booking.withdraw):
        with pytest.raises(NotFound):
            act(house.charlie, AT, asked)
    booking.accept(house.alice, AT, asked)
    for act, who in (
        (booking.accept, house.alice),
        (booking.decline, house.alice),
        (booking.withdraw, house.bob),
    ):
        with pytest.raises(Conflict):
            act(who, AT, asked)


def test_request_cannot_be_moved_or_cancelled_like_a_session(house, asked) -> None:
    with pytest.raises(Conflict):
        sessions.cancel_session(house.alice, AT, asked)
    with pytest.raises(Conflict):
        booking.cancel_own(house.bob, AT, asked)
    assert not sessions.session_page(house.alice, AT, asked).may_change


def test_request_lapses_two_hours_before_it(house, asked) -> None:
    last = TEN - 2 * HOUR
    assert booking.lapse_requests(last - SECOND) == 0
    assert (booking.lapse_requests(last), state_of(asked)) == (1, "declined")
    assert booking.lapse_requests(last) == 0
    everybody = [("alice", "Asked for")]
    everybody += [(who, "Not answered") for who in ("alice", "bob")]
    assert told() == everybody


def test_request_at_short_notice_lapses_half_way(house) -> None:
    assert lapses_at(AT, AT + 3 * HOUR) == AT + 90 * MINUTE
    assert lapses_at(AT, AT + 4 * HOUR) == AT + 2 * HOUR
    assert lapses_at(AT, AT + 5 * HOUR) == AT + 3 * HOUR


def test_request_ends_with_who_leaves(house, asked) -> None:
    rosters.leave(house.bob, AT, house.individual)
    assert state_of(asked) == SessionState.DECLINED
    assert [hard for _start, _state, hard in claims_of(house.alice.id)] == [False]


def test_request_ends_with_its_roster(house, asked) -> None:
    rosters.end_roster(house.alice, AT, house.individual)
    assert state_of(asked) == SessionState.DECLINED


# -- moving and cancelling -----------------------------------------------------------------


@pytest.fixture
def booked(house: House, kind: UUID) -> UUID:
    """Bob's session on Thursday at ten in London."""
    done = booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN + 48 * HOUR))
    db.session.commit()
    return done.session_ids[0]


def row(session_id: UUID) -> Session:
    return db.session.get_one(Session, session_id, populate_existing=True)


def test_cancel_in_time_is_free(house, booked) -> None:
    at = TEN + 24 * HOUR
    assert not booking.own_session(house.bob, at, booked).late
    booking.cancel_own(house.bob, at, booked, "Ill")
    assert (row(booked).state, row(booked).late, row(booked).message) == ("cancelled", False, "Ill")
    assert told()[-1] == ("alice", "Cancelled")


def test_cancel_late_is_told_before_and_marked(house, booked) -> None:
    at = TEN + 24 * HOUR + SECOND
    assert booking.own_session(house.bob, at, booked).late
    with pytest.raises(Conflict):
        booking.cancel_own(house.bob, at, booked)
    booking.cancel_own(house.bob, at, booked, knows_late=True)
    assert (row(booked).state, row(booked).late) == ("cancelled", True)
    assert told()[-1] == ("alice", "Cancelled late")


def test_notice_is_the_supervisor_s(house, booked) -> None:
    db.session.add(AvailabilityTerms(person_id=house.alice.id, zone="UTC", cancel_hours=48))
    db.session.flush()
    assert booking.own_session(house.bob, TEN, booked).free_until == TEN
    assert booking.own_session(house.bob, TEN + SECOND, booked).late


def test_move_keeps_the_session_and_frees_its_time(house, booked) -> None:
    to = TEN + 49 * HOUR - 30 * MINUTE
    booking.move_own(house.bob, AT, booked, to, "Half an hour later")
    moved = row(booked)
    assert (moved.starts_at, moved.ends_at, moved.sequence, moved.late) == (
        to,
        to + 50 * MINUTE,
        1,
        False,
    )
    assert claims_of(house.alice.id) == [(to, "confirmed", True)]
    assert told()[-1] == ("alice", "Moved")


def test_move_to_a_time_that_is_not_free_is_refused(house, booked) -> None:
    with pytest.raises(Gone):
        booking.move_own(house.bob, AT, booked, TEN + 10 * HOUR)
    assert row(booked).starts_at == TEN + 48 * HOUR


def test_move_of_a_kind_that_asks_is_refused(house, asked) -> None:
    booking.accept(house.alice, AT, asked)
    assert booking.own_session(house.bob, AT, asked).asks
    with pytest.raises(Conflict, match="asked for"):
        booking.move_own(house.bob, AT, asked, TEN + HOUR, knows_late=True)


def test_only_the_supervisee_changes_by_these_terms(house, booked) -> None:
    for who, error in ((house.alice, NotAllowed), (house.charlie, NotFound)):
        with pytest.raises(error):
            booking.cancel_own(who, AT, booked)
        with pytest.raises(error):
            booking.move_own(who, AT, booked, TEN)
        with pytest.raises(error):
            booking.own_session(who, AT, booked)


def test_session_that_has_begun_stays(house, booked) -> None:
    with pytest.raises(Conflict):
        booking.cancel_own(house.bob, TEN + 48 * HOUR, booked, knows_late=True)
