"""Sessions that members sign up for: seats, the line, offers that lapse, signing off."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from supervision.db import db
from supervision.domain.importing.events import Found
from supervision.domain.recurrence import Repeat
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.people import Person
from supervision.models.rosters import MemberRole, Roster
from supervision.models.sessions import Claim, Series, Session
from supervision.models.signup import SignupOff, SignupWait
from supervision.permissions import Actor
from supervision.services import (
    attendance,
    home,
    importing,
    integrity,
    meetings,
    places,
    rosters,
    series,
    sessions,
    signup,
)
from supervision.services.series import Which
from supervision.services.sessions import OwnPlace, Setting, Wish
from tests import factories
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-12-01T10:00")
STARTS = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
CLOSED = STARTS - timedelta(hours=24)
LATER = timedelta(hours=1)


class Seminar:
    """Alice leads; four members may sign up for the two seats of each session."""

    def __init__(self) -> None:
        self.alice = factories.person("alice")
        self.names = ("bob", "carol", "erin", "frank")
        self.members = [factories.person(name) for name in self.names]
        self.bob, self.carol, self.erin, self.frank = self.members
        made = factories.roster(self.alice, *self.members, session_capacity=2, title="Seminar")
        self.id = made.id
        db.session.commit()

    def book(self, local: datetime = TUESDAY, weeks: int = 0) -> UUID:
        """One session, or the first of a weekly series of so many."""
        wish = Wish(local, 60)
        if weeks:
            repeat = Repeat("week", count=weeks)
            booked = series.book_series(self.alice, AT, self.id, wish, repeat)
        else:
            booked = sessions.book_session(self.alice, AT, self.id, wish)
        db.session.commit()
        return booked.session_ids[0]

    def sign_up(self, session_id: UUID, *who: Actor) -> list[str]:
        """One after the other, a second apart."""
        return [
            signup.sign_up(one, AT + n * timedelta(seconds=1), session_id).standing
            for n, one in enumerate(who)
        ]

    def of(self, session_id: UUID) -> list[str]:
        """Who comes, without who leads, then who waits in order; who is offered a seat in `<>`."""
        names = {one.id: name for name, one in zip(self.names, self.members, strict=True)}
        claims = db.session.scalars(
            db.select(Claim.person_id).where(Claim.session_id == session_id)
        )
        waits = db.session.execute(
            db.select(SignupWait.person_id, SignupWait.offered_until)
            .where(SignupWait.session_id == session_id)
            .order_by(SignupWait.since)
        )
        come = sorted(names[one] for one in claims if one in names)
        line = [f"<{names[r[0]]}>" if r[1] else names[r[0]] for r in waits]
        return [*come, "|", *line]


@pytest.fixture
def seminar(app: Flask) -> Seminar:
    return Seminar()


def row(session_id: UUID) -> Session:
    return db.session.get_one(Session, session_id, populate_existing=True)


def taken(session_id: UUID) -> tuple[int, int | None]:
    one = row(session_id)
    return one.taken, one.capacity


def sound() -> bool:
    db.session.commit()
    return list(integrity.faults()) == []


def offered_until(session_id: UUID, who: Actor) -> datetime | None:
    return db.session.scalar(
        db.select(SignupWait.offered_until).where(
            SignupWait.session_id == session_id, SignupWait.person_id == who.id
        )
    )


def acts() -> list[str]:
    return list(
        db.session.scalars(
            db.select(AuditEntry.act)
            .where(AuditEntry.act.startswith("signup."))
            .order_by(AuditEntry.id)
        )
    )


# -- booking ---------------------------------------------------------------------------------


def test_booked_session_is_its_leads_and_has_the_rosters_seats(seminar: Seminar) -> None:
    session = seminar.book()
    claims = db.session.execute(db.select(Claim.person_id, Claim.hard))
    assert [tuple(one) for one in claims] == [(seminar.alice.id, True)]
    assert taken(session) == (0, 2)


def test_session_of_another_roster_has_no_seats_and_is_everybodys(seminar: Seminar) -> None:
    usual = factories.roster(seminar.alice, seminar.bob, seminar.carol)
    booked = sessions.book_session(seminar.alice, AT, usual.id, Wish(TUESDAY, 60))
    assert taken(booked.session_ids[0]) == (0, None)
    with pytest.raises(Conflict, match="Nobody signs up"):
        signup.sign_up(seminar.bob, AT, booked.session_ids[0])


def test_members_are_told_that_they_can_sign_up(seminar: Seminar) -> None:
    seminar.book()
    (mail,) = mails_to(seminar.bob.email)
    assert mail.subject == "Open for sign-up: Seminar, Tue 1 Dec 2026, 05:00"
    assert "Who wants to come signs up for it." in mail.body


def test_open_series_rolls_on_with_the_seats_that_it_was_given(seminar: Seminar) -> None:
    booked = series.book_series(seminar.alice, AT, seminar.id, Wish(TUESDAY, 60), Repeat("week"))
    signup.set_seats(seminar.alice, AT, booked.session_ids[0], 3, Which.ALL)
    db.session.commit()
    series.roll_series(AT + timedelta(weeks=3))
    last = db.session.scalars(db.select(Session).order_by(Session.starts_at.desc()).limit(1)).one()
    claims = db.session.scalars(db.select(Claim.person_id).where(Claim.session_id == last.id))
    assert (last.capacity, last.taken, list(claims)) == (3, 0, [seminar.alice.id])


# -- signing up and off ----------------------------------------------------------------------


def test_seats_are_taken_until_there_are_none_and_who_comes_later_waits(seminar: Seminar) -> None:
    session = seminar.book()
    told = seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin)
    assert told == ["comes", "comes", "waits"]
    assert seminar.of(session) == ["bob", "carol", "|", "erin"]
    assert (taken(session), sound()) == ((2, 2), True)
    assert acts() == ["signup.come", "signup.come", "signup.join_line"]


def test_sign_up_twice_takes_one_seat(seminar: Seminar) -> None:
    session = seminar.book()
    assert seminar.sign_up(session, seminar.bob, seminar.bob) == ["comes", "comes"]
    assert taken(session) == (1, 2)


def test_who_signs_up_at_a_busy_time_is_told_so_and_comes(seminar: Seminar) -> None:
    session = seminar.book()
    peers = factories.roster(seminar.bob, seminar.carol, kind="peer", title="Peers")
    sessions.book_session(seminar.bob, AT, peers.id, Wish(TUESDAY - timedelta(hours=5), 60))
    found = [signup.sign_up(who, AT, session) for who in (seminar.bob, seminar.erin)]
    assert [(one.standing, one.busy) for one in found] == [("comes", True), ("comes", False)]


def test_sign_off_frees_the_seat_and_the_first_in_line_moves_up(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin, seminar.frank)
    signup.sign_off(seminar.bob, AT + LATER, session)
    assert seminar.of(session) == ["carol", "erin", "|", "frank"]
    assert (taken(session), sound()) == ((2, 2), True)
    off = db.session.scalars(db.select(SignupOff)).one()
    assert (off.person_id, off.signed_off_at, off.late) == (seminar.bob.id, AT + LATER, False)
    assert acts()[-2:] == ["signup.sign_off", "signup.move_up"]


def test_who_wants_to_be_asked_is_offered_the_seat_and_takes_it(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol)
    signup.join_line(seminar.erin, AT, session, auto=False)
    signup.sign_off(seminar.bob, AT, session)
    assert seminar.of(session) == ["carol", "|", "<erin>"]
    assert (offered_until(session, seminar.erin), taken(session)) == (
        AT + timedelta(hours=48),
        (2, 2),
    )
    assert sound()
    assert signup.accept_offer(seminar.erin, AT + LATER, session).standing == "comes"
    assert (seminar.of(session), taken(session), sound()) == (
        ["carol", "erin", "|"],
        (2, 2),
        True,
    )


def test_offer_lapses_once_and_goes_to_the_next(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol)
    signup.join_line(seminar.erin, AT, session, auto=False)
    signup.join_line(seminar.frank, AT + LATER, session, auto=False)
    signup.sign_off(seminar.bob, AT + LATER, session)
    db.session.commit()
    end = AT + LATER + timedelta(hours=48)
    before = end - timedelta(seconds=1)
    assert [signup.has_lapsed_offers(at) for at in (before, end)] == [False, True]
    assert signup.lapse_offers(before, "") == 0
    with pytest.raises(Conflict, match="This offer has lapsed"):
        signup.accept_offer(seminar.erin, end, session)
    db.session.rollback()
    assert [signup.lapse_offers(end, "") for _ in range(2)] == [1, 0]
    assert seminar.of(session) == ["carol", "|", "<frank>"]
    assert (taken(session), sound()) == ((2, 2), True)
    signup.join_line(seminar.erin, end, session)
    assert seminar.of(session) == ["carol", "|", "<frank>", "erin"]


def test_declined_offer_goes_to_the_next_and_the_last_frees_the_seat(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol)
    for who in (seminar.erin, seminar.frank):
        signup.join_line(who, AT, session, auto=False)
    signup.sign_off(seminar.bob, AT, session)
    signup.leave_line(seminar.erin, AT, session)
    assert seminar.of(session) == ["carol", "|", "<frank>"]
    signup.leave_line(seminar.frank, AT, session)
    assert (seminar.of(session), taken(session), sound()) == (["carol", "|"], (1, 2), True)


def test_who_joins_the_line_when_a_seat_is_free_by_now_gets_it_as_they_wish(
    seminar: Seminar,
) -> None:
    session = seminar.book()
    asked = signup.join_line(seminar.bob, AT, session, auto=False).standing
    wished = signup.join_line(seminar.carol, AT, session, auto=True).standing
    assert (asked, wished, seminar.of(session)) == ("offered", "comes", ["carol", "|", "<bob>"])


def test_line_keeps_its_order_and_nobody_overtakes(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol)
    signup.join_line(seminar.erin, AT, session, auto=False)
    signup.sign_off(seminar.carol, AT, session)
    for n, who in enumerate((seminar.frank, seminar.carol)):
        assert signup.sign_up(who, AT + (n + 1) * LATER, session).standing == "waits"
    assert seminar.of(session) == ["bob", "|", "<erin>", "frank", "carol"]


# -- until when ------------------------------------------------------------------------------


def test_signing_up_closes_a_day_before(seminar: Seminar) -> None:
    session = seminar.book()
    signup.sign_up(seminar.bob, CLOSED - timedelta(seconds=1), session)
    for act in (signup.sign_up, signup.join_line):
        with pytest.raises(Conflict, match="Signing up for this session has closed"):
            act(seminar.carol, CLOSED, session)


def test_who_signs_off_after_that_is_late_and_has_to_know_it(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob)
    with pytest.raises(Conflict, match="It has become late for this"):
        signup.sign_off(seminar.bob, CLOSED, session)
    signup.sign_off(seminar.bob, CLOSED, session, knows_late=True)
    off = db.session.scalars(db.select(SignupOff)).one()
    assert (off.late, off.signed_off_at, taken(session)) == (True, CLOSED, (0, 2))


def test_near_the_start_a_free_seat_is_only_offered_and_for_a_shorter_time(
    seminar: Seminar,
) -> None:
    """Nobody is put into a session unasked that they could sign off from only late."""
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin, seminar.frank)
    at = STARTS - timedelta(hours=10)
    signup.sign_off(seminar.bob, at, session, knows_late=True)
    assert offered_until(session, seminar.erin) == at + timedelta(hours=5)
    at = STARTS - timedelta(minutes=30)
    signup.sign_off(seminar.carol, at, session, knows_late=True)
    assert offered_until(session, seminar.frank) == STARTS
    signup.accept_offer(seminar.frank, at, session)
    assert seminar.of(session) == ["frank", "|", "<erin>"]


def test_what_has_begun_or_was_cancelled_stays_as_it_is(seminar: Seminar) -> None:
    begun, cancelled = seminar.book(), seminar.book(TUESDAY + timedelta(days=1))
    sessions.cancel_session(seminar.alice, AT, cancelled)
    every = (signup.sign_up, signup.sign_off, signup.join_line, signup.leave_line)
    for act in (*every, signup.accept_offer):
        with pytest.raises(Conflict):
            act(seminar.bob, STARTS, begun)
        with pytest.raises(Conflict):
            act(seminar.bob, AT, cancelled)


def test_seat_that_is_free_once_the_session_has_begun_is_offered_to_nobody(
    seminar: Seminar,
) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin, seminar.frank)
    signup.sign_off(seminar.bob, STARTS - LATER, session, knows_late=True)
    db.session.commit()
    assert signup.lapse_offers(STARTS, "") == 1
    assert seminar.of(session) == ["carol", "|", "frank"]


# -- who may ---------------------------------------------------------------------------------


def test_strangers_find_nothing_and_who_leads_takes_no_seat(seminar: Seminar) -> None:
    session = seminar.book()
    stranger, invited = factories.person("charlie"), factories.person("ivy")
    factories.join(db.session.get_one(Roster, seminar.id), invited, state="invited")
    for who, refusal in ((stranger, NotFound), (invited, NotFound), (seminar.alice, NotAllowed)):
        for act in (signup.sign_up, signup.sign_off, signup.join_line, signup.leave_line):
            with pytest.raises(refusal):
                act(who, AT, session)
    with pytest.raises(NotFound):
        signup.sign_up(seminar.bob, AT, factories.unknown())


def test_equals_all_take_seats_and_all_may_change_them(app: Flask) -> None:
    ann, ben = factories.person("ann"), factories.person("ben")
    peers = factories.roster(ann, ben, kind="peer", session_capacity=1)
    booked = sessions.book_session(ann, AT, peers.id, Wish(TUESDAY, 60)).session_ids[0]
    assert [signup.sign_up(who, AT, booked).standing for who in (ben, ann)] == ["comes", "waits"]
    signup.set_seats(ben, AT, booked, 2)
    assert (taken(booked), sound()) == ((2, 2), True)


# -- how many seats --------------------------------------------------------------------------


def test_seats_that_are_gained_go_to_the_line_in_order(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin)
    signup.join_line(seminar.frank, AT, session, auto=False)
    assert signup.set_seats(seminar.alice, AT, session, 4) == 1
    assert seminar.of(session) == ["bob", "carol", "erin", "|", "<frank>"]
    assert (taken(session), sound()) == ((4, 4), True)


def test_fewer_seats_than_are_taken_are_refused(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol)
    for capacity in (0, 1, 101):
        with pytest.raises(Invalid) as refused:
            signup.set_seats(seminar.alice, AT, session, capacity)
        assert refused.value.field == "capacity"
    with pytest.raises(NotAllowed):
        signup.set_seats(seminar.bob, AT, session, 5)


@pytest.mark.parametrize(
    ("which", "seats", "later"),
    [
        (Which.ONE, [2, 5, 2, 2], None),
        (Which.FOLLOWING, [2, 5, 5, 5], 5),
        (Which.ALL, [5, 5, 5, 5], 5),
    ],
)
def test_seats_are_changed_for_one_for_what_follows_or_for_all(
    seminar: Seminar, which: Which, seats: list[int], later: int | None
) -> None:
    seminar.book(weeks=4)
    every = db.session.scalars(db.select(Session).order_by(Session.starts_at)).all()
    signup.set_seats(seminar.alice, AT, every[1].id, 5, which)
    found = db.session.execute(db.select(Session.capacity).order_by(Session.starts_at)).scalars()
    assert list(found) == seats
    assert db.session.scalar(db.select(Series.capacity)) == later


def test_database_itself_refuses_more_taken_than_there_are(seminar: Seminar) -> None:
    session = seminar.book()
    for values in ({"taken": 3}, {"taken": -1}, {"taken": 1, "capacity": None}, {"capacity": 0}):
        with pytest.raises(IntegrityError):
            db.session.execute(db.update(Session).where(Session.id == session).values(values))
        db.session.rollback()


# -- what else happens to sessions and rosters -----------------------------------------------


def test_moved_session_stays_with_those_who_signed_up_and_who_wait_are_told(
    seminar: Seminar,
) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin)
    before = {one.id: len(mails_to(one.email)) for one in seminar.members}
    sessions.move_session(seminar.alice, AT, session, Wish(TUESDAY + LATER, 60))
    spans = db.session.execute(db.select(Claim.starts_at, Claim.ends_at).distinct()).all()
    assert [tuple(one) for one in spans] == [(STARTS + LATER, STARTS + 2 * LATER)]
    assert (seminar.of(session), sound()) == (["bob", "carol", "|", "erin"], True)
    more = [len(mails_to(one.email)) - before[one.id] for one in seminar.members]
    assert more == [1, 1, 1, 0]


def test_moved_series_keeps_each_sessions_people(seminar: Seminar) -> None:
    first = seminar.book(weeks=3)
    every = list(db.session.scalars(db.select(Session.id).order_by(Session.starts_at)))
    seminar.sign_up(every[0], seminar.bob)
    seminar.sign_up(every[2], seminar.carol, seminar.bob)
    series.move_series(seminar.alice, AT, first, Wish(TUESDAY + LATER, 60), Which.ALL)
    assert [seminar.of(one) for one in every] == [["bob", "|"], ["|"], ["bob", "carol", "|"]]
    assert sound()


def test_who_is_busy_at_a_session_that_they_did_not_sign_up_for_is_no_clash(
    seminar: Seminar,
) -> None:
    first = seminar.book(weeks=2)
    second = db.session.scalars(db.select(Session.id).order_by(Session.starts_at)).all()[1]
    seminar.sign_up(second, seminar.bob)
    mine = factories.roster(seminar.bob, seminar.carol, kind="peer", title="Peers", zone="UTC")
    sessions.book_session(seminar.bob, AT, mine.id, Wish(TUESDAY + LATER, 60))
    moved = series.move_series(seminar.alice, AT, first, Wish(TUESDAY + LATER, 60), Which.ALL)
    assert moved.warnings == ()


def test_cancelled_session_has_no_line_and_keeps_who_had_signed_up(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol)
    signup.join_line(seminar.erin, AT, session, auto=False)
    signup.sign_off(seminar.bob, AT, session)
    sessions.cancel_session(seminar.alice, AT, session)
    assert (seminar.of(session), taken(session), sound()) == (["carol", "|"], (1, 2), True)
    told = [
        sum(mail.subject.startswith("Cancelled: Seminar") for mail in mails_to(one.email))
        for one in seminar.members
    ]
    assert told == [0, 1, 1, 0]
    rosters.leave(seminar.carol, AT, seminar.id)
    assert (seminar.of(session), taken(session), sound()) == (["|"], (0, 2), True)


def test_cancelled_series_and_ended_roster_end_all_lines(seminar: Seminar) -> None:
    first = seminar.book(weeks=2)
    second = db.session.scalars(db.select(Session.id).order_by(Session.starts_at)).all()[1]
    for session in (first, second):
        seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin)
    series.cancel_following(seminar.alice, AT, second)
    assert [seminar.of(one)[2:] for one in (first, second)] == [["|", "erin"], ["|"]]
    rosters.end_roster(seminar.alice, AT, seminar.id)
    assert (seminar.of(first)[2:], sound()) == (["|"], True)
    assert "Ended: Seminar" in [one.subject for one in mails_to(seminar.frank.email)]


def test_who_leaves_the_roster_gives_up_seats_offers_and_places(seminar: Seminar) -> None:
    session, other = seminar.book(), seminar.book(TUESDAY + timedelta(days=1))
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin, seminar.frank)
    seminar.sign_up(other, seminar.carol, seminar.erin)
    signup.join_line(seminar.bob, AT, other, auto=False)
    signup.sign_off(seminar.erin, AT, other)
    rosters.leave(seminar.bob, AT, seminar.id)
    assert (seminar.of(session), seminar.of(other)) == (
        ["carol", "erin", "|", "frank"],
        ["carol", "|"],
    )
    assert (taken(session), taken(other), sound()) == ((2, 2), (1, 2), True)


def test_new_member_signs_up_and_a_new_lead_is_expected(seminar: Seminar) -> None:
    session = seminar.book()
    roster = db.session.get_one(Roster, seminar.id)
    member, lead = factories.person("ivy"), factories.person("lea")
    factories.join(roster, member, state="invited")
    factories.join(roster, lead, role=MemberRole.FACILITATOR, state="invited")
    accepted = [rosters.accept(who, AT, seminar.id) for who in (member, lead)]
    assert [one.signs_up for one in accepted] == [True, False]
    found = set(db.session.scalars(db.select(Claim.person_id)))
    assert (found, taken(session)) == ({seminar.alice.id, lead.id}, (0, 2))


# -- turning it on and off -------------------------------------------------------------------


def form(seminar: Seminar, **values: Any) -> rosters.RosterForm:
    usual = rosters.RosterForm("Seminar", "group", "Europe/London", 6, 50, "", "")
    return rosters.RosterForm(**{**vars(usual), **values})


@pytest.fixture
def usual(app: Flask) -> Seminar:
    """As the seminar, but everybody is expected; Carol is a member for longest, then Erin."""
    made = Seminar()
    roster = db.session.get_one(Roster, made.id)
    roster.session_capacity = None
    rows = {m.person_id: m for m in db.session.scalars(db.select(factories.Membership))}
    for days, who in enumerate((made.carol, made.erin, made.bob, made.frank)):
        rows[who.id].joined_at = factories.LONG_AGO + timedelta(days=days)
    db.session.commit()
    return made


def test_turning_it_on_has_to_be_known_and_is_told_before(usual: Seminar) -> None:
    usual.book(weeks=2)
    with pytest.raises(Invalid) as refused:
        rosters.edit_roster(usual.alice, AT, usual.id, form(usual, session_capacity=2))
    assert refused.value.field == "knows_turn"
    db.session.rollback()
    assert signup.turn_of(usual.id, AT, 2) == signup.Turn(
        2, ["Carol Conti", "Erin Egan"], ["Bob Brandt", "Frank"]
    )
    assert len(signup.turn_of(usual.id, AT, None).come) == 4


def test_turned_on_seats_go_by_how_long_somebody_is_a_member(usual: Seminar) -> None:
    first = usual.book(weeks=2)
    second = db.session.scalars(db.select(Session.id).order_by(Session.starts_at)).all()[1]
    rosters.edit_roster(usual.alice, AT, usual.id, form(usual, session_capacity=2), knows_turn=True)
    for session in (first, second):
        assert usual.of(session) == ["carol", "erin", "|", "bob", "frank"]
        assert taken(session) == (2, 2)
    assert sound()
    assert "Sign up from now on: Seminar" in [one.subject for one in mails_to(usual.frank.email)]
    signup.sign_off(usual.erin, AT, first)
    assert usual.of(first) == ["carol", "|", "<bob>", "frank"]


def test_turned_off_everybody_is_expected_again_and_told_what_they_have_then(
    seminar: Seminar,
) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin)
    signup.sign_off(seminar.bob, AT, session)
    peers = factories.roster(seminar.frank, seminar.bob, kind="peer", title="Peers", zone="UTC")
    sessions.book_session(seminar.frank, AT, peers.id, Wish(TUESDAY, 60))
    rosters.edit_roster(seminar.alice, AT, seminar.id, form(seminar), knows_turn=True)
    assert seminar.of(session) == ["bob", "carol", "erin", "frank", "|"]
    assert (taken(session), sound()) == ((0, None), True)
    turned = "No sign-up any more: Seminar"
    (told,) = (one for one in mails_to(seminar.frank.email) if one.subject == turned)
    assert "You have something else at these times:" in told.body
    assert db.session.scalars(db.select(SignupOff)).all() == []


def test_nothing_to_come_is_turned_without_a_question(usual: Seminar) -> None:
    rosters.edit_roster(usual.alice, AT, usual.id, form(usual, session_capacity=3))
    assert taken(usual.book()) == (0, 3)


def test_sign_up_settings_that_cannot_be(usual: Seminar) -> None:
    wrong = {
        "session_capacity": {"session_capacity": 0},
        "signup_hours": {"signup_hours": 337},
    }
    for field, values in wrong.items():
        with pytest.raises(Invalid) as refused:
            rosters.edit_roster(usual.alice, AT, usual.id, form(usual, **values))
        assert refused.value.field == field
    alone = form(usual, kind="individual", capacity=1, session_capacity=1)
    with pytest.raises(Invalid) as refused:
        rosters.make_roster(usual.alice, AT, alone)
    assert refused.value.field == "signs_up"


# -- what follows for others -----------------------------------------------------------------


def test_both_sides_are_told_in_their_own_time(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin)
    signup.sign_off(seminar.bob, AT + LATER, session, base_url="https://s.example")
    moved = mails_to(seminar.erin.email)[-1]
    assert moved.subject == "You have a place: Seminar, Tue 1 Dec 2026, 05:00 (New York)"
    assert f"https://s.example/sessions/{session}" in moved.body
    told = [mail.subject.partition(":")[0] for mail in mails_to(seminar.alice.email)]
    assert sorted(told) == [
        "Bob Brandt signs off",
        "Bob Brandt signs up",
        "Carol Conti signs up",
        "Erin Egan moves up",
        "Erin Egan waits for a place",
    ]
    assert [m.subject for m in mails_to(seminar.bob.email)][1:] == []


def test_who_runs_the_roster_is_told_nothing_where_they_do_not_want_to(seminar: Seminar) -> None:
    db.session.get_one(Roster, seminar.id).signup_told = False
    session = seminar.book()
    seminar.sign_up(session, seminar.bob)
    assert mails_to(seminar.alice.email) == []


def test_signing_up_and_off_is_new_to_feeds(seminar: Seminar) -> None:
    session = seminar.book()
    version = db.select(Person.feed_version).where(Person.id == seminar.bob.id)
    seen = [(db.session.scalar(version), row(session).sequence)]
    for act in (signup.sign_up, signup.sign_off):
        act(seminar.bob, AT, session)
        seen.append((db.session.scalar(version), row(session).sequence))
    (v, _), *_rest = seen
    assert seen == [(v, 0), (v + 1, 1), (v + 2, 2)]


def test_rota_expects_who_signed_up_and_passes_on_the_turn_of_who_signs_off(
    seminar: Seminar,
) -> None:
    session = seminar.book()
    assert meetings.agenda_of(seminar.alice, AT, session).turns == []
    seminar.sign_up(session, seminar.bob, seminar.carol)
    case = meetings.Case("B1", None, 1)
    meetings.put_case(seminar.bob, AT, session, seminar.bob.id, case)
    agenda = meetings.agenda_of(seminar.frank, AT, session)
    assert [one.name for one in agenda.there] == ["Alice Ashworth", "Bob Brandt", "Carol Conti"]
    signup.sign_off(seminar.bob, AT, session)
    agenda = meetings.agenda_of(seminar.frank, AT, session)
    assert [one.name for one in agenda.turns] == ["Carol Conti"]
    assert [one.name for one in agenda.there] == ["Alice Ashworth", "Carol Conti"]
    meetings.mark_absent(seminar.carol, AT, session, seminar.carol.id)
    signup.sign_off(seminar.carol, AT, session)
    signup.sign_up(seminar.carol, AT, session)
    assert [one.name for one in meetings.agenda_of(seminar.bob, AT, session).turns] == [
        "Carol Conti"
    ]


# -- what is read ----------------------------------------------------------------------------


def test_calendar_shows_what_one_signed_up_for_and_from_now_on_what_one_could(
    seminar: Seminar,
) -> None:
    first = seminar.book(weeks=3)
    every = list(db.session.scalars(db.select(Session.id).order_by(Session.starts_at)))
    seminar.sign_up(first, seminar.bob, seminar.carol, seminar.erin)
    window = (AT, AT + timedelta(weeks=8))

    def shown(who: Actor, at: datetime) -> list[tuple[int, str]]:
        rows = sessions.sessions_between(who, *window, open_from=at)
        return [(every.index(one.id), one.standing) for one in rows]

    assert shown(seminar.bob, AT) == [(0, "comes"), (1, "out"), (2, "out")]
    assert shown(seminar.erin, AT) == [(0, "waits"), (1, "out"), (2, "out")]
    assert shown(seminar.bob, STARTS + timedelta(days=8)) == [(0, "comes"), (2, "out")]
    assert shown(seminar.alice, AT) == [(0, ""), (1, ""), (2, "")]
    assert shown(factories.person("charlie"), AT) == []
    assert len(sessions.sessions_between(seminar.bob, *window)) == 1


def test_card_tells_everybody_their_own_and_who_leads_the_line(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin, seminar.frank)
    frank = signup.seats_of(seminar.frank, AT, session, "waits")
    assert (frank.place_in_line, frank.waits, frank.line, frank.auto) == (2, 2, [], True)
    assert (frank.closes_at, frank.full, frank.may_sign_up) == (CLOSED, True, True)
    signup.sign_off(seminar.bob, CLOSED, session, knows_late=True)
    alice = signup.seats_of(seminar.alice, CLOSED, session, "")
    assert [(one.name, one.offered_until) for one in alice.line] == [
        ("Erin Egan", CLOSED + timedelta(hours=12)),
        ("Frank", None),
    ]
    assert [(one.name, one.late) for one in alice.off] == [("Bob Brandt", True)]
    assert (alice.may_sign_up, alice.closed) == (False, True)
    erin = signup.seats_of(seminar.erin, CLOSED, session, "offered")
    assert (erin.offered_until, erin.place_in_line) == (CLOSED + timedelta(hours=12), 0)


# -- sessions that are for some, and those at a place of their own ------------------------------


def book_for(seminar: Seminar, *who: Actor) -> UUID:
    """A session on the day after, for some members alone."""
    wish = Wish(TUESDAY + timedelta(days=1), 60, setting=Setting(people=ids(*who)))
    booked = sessions.book_session(seminar.alice, AT, seminar.id, wish)
    db.session.commit()
    return booked.session_ids[0]


def ids(*who: Actor) -> frozenset[UUID]:
    return frozenset(one.id for one in who)


def test_session_for_some_has_no_seats(seminar: Seminar) -> None:
    session = book_for(seminar, seminar.bob, seminar.carol)
    assert (taken(session), seminar.of(session)) == ((0, None), ["bob", "carol", "|"])
    with pytest.raises(Conflict, match="Nobody signs up"):
        signup.sign_up(seminar.bob, AT, session)
    with pytest.raises(NotFound):
        signup.sign_up(seminar.erin, AT, session)
    assert sound()


def test_turning_sign_up_off_and_on_leaves_what_is_for_some(seminar: Seminar) -> None:
    first, private = seminar.book(), book_for(seminar, seminar.bob)
    roster = places.hold(seminar.id)
    assert signup.turn_of(seminar.id, AT, None).sessions == 1
    signup.turn_off(seminar.alice, AT, roster)
    assert seminar.of(first) == ["bob", "carol", "erin", "frank", "|"]
    signup.turn_on(seminar.alice, AT, roster, 1)
    assert (taken(first), taken(private)) == ((1, 1), (0, None))
    assert seminar.of(private) == ["bob", "|"]
    assert sound()


def test_another_place_leaves_the_seats_and_is_told_to_who_comes_and_who_waits(
    seminar: Seminar,
) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol, seminar.erin)
    told = {one.email: len(mails_to(one.email)) for one in seminar.members}
    setting = Setting(OwnPlace("12 Garden Row"))
    assert sessions.change_session(seminar.alice, AT + LATER, session, setting).count == 1
    more = [len(mails_to(one.email)) - told[one.email] for one in seminar.members]
    assert more == [1, 1, 1, 0]
    assert (row(session).address, seminar.of(session)) == (
        "12 Garden Row",
        ["bob", "carol", "|", "erin"],
    )
    assert sound()


@pytest.mark.parametrize("for_some", [False, True])
def test_whom_a_session_is_for_stays_where_members_sign_up(
    seminar: Seminar, for_some: bool
) -> None:
    session = book_for(seminar, seminar.bob) if for_some else seminar.book()
    other = Setting() if for_some else Setting(people=ids(seminar.bob))
    with pytest.raises(Invalid, match="Members sign up here"):
        sessions.change_session(seminar.alice, AT, session, other)


def test_series_that_is_moved_from_a_session_on_keeps_its_number_of_seats(
    seminar: Seminar,
) -> None:
    first = seminar.book(weeks=3)
    second = db.session.scalars(db.select(Session.id).order_by(Session.starts_at)).all()[1]
    signup.set_seats(seminar.alice, AT, first, 4, Which.ALL)
    seminar.sign_up(second, seminar.bob)
    wish = Wish(TUESDAY + timedelta(days=7, hours=2), 60)
    series.move_series(seminar.alice, AT, second, wish, Which.FOLLOWING)
    found = db.session.scalars(db.select(Series.capacity))
    assert list(found) == [4, 4]
    assert (seminar.of(second), taken(second)) == (["bob", "|"], (1, 4))
    assert sound()


# -- what has been ------------------------------------------------------------------------------


def test_what_is_imported_to_come_is_open_and_what_has_been_is_for_all(seminar: Seminar) -> None:
    hour, day = timedelta(hours=1), timedelta(days=7)
    events = [Found(str(start), "Seminar", start, start + hour) for start in (AT - day, AT + day)]
    lines = importing.lines_of(seminar.alice, AT, seminar.id, events)
    chosen = {one.id for one in lines}
    assert importing.add_sessions(seminar.alice, AT, seminar.id, events, chosen).past == 1
    was, to_come = (one.id for one in lines)
    assert (taken(was), seminar.of(was)) == ((0, None), ["bob", "carol", "erin", "frank", "|"])
    assert (taken(to_come), seminar.of(to_come)) == ((0, 2), ["|"])
    assert sound()


def test_who_came_without_a_seat_is_marked_and_takes_none(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol)
    said = attendance.Marking(0, {}, {seminar.erin.id: attendance.Said("attended", 60)})
    attendance.mark(seminar.alice, STARTS + timedelta(hours=2), session, said)
    assert (seminar.of(session), taken(session)) == (["bob", "carol", "erin", "|"], (2, 2))
    assert sound()


def test_home_tells_of_a_seat_that_is_kept_and_of_nothing_else(seminar: Seminar) -> None:
    session = seminar.book()
    seminar.sign_up(session, seminar.bob, seminar.carol)
    signup.join_line(seminar.erin, AT, session, auto=False)
    assert home.waits(seminar.erin, AT) == home.Waits([], [], [], [], 0, [])
    signup.sign_off(seminar.bob, AT, session)
    until = AT + timedelta(hours=48)
    offer = home.Offer(session, "Seminar", STARTS, until)
    assert home.waits(seminar.erin, AT) == home.Waits([], [offer], [], [], 0, [])
    assert home.waits(seminar.erin, until) == home.Waits([], [], [], [], 0, [])
