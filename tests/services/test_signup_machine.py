"""Whoever signs up, waits, takes, declines, signs off, joins or leaves: what always holds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from supervision.db import db
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.rosters import Membership, MemberState
from supervision.models.sessions import Claim, Session
from supervision.models.signup import SignupWait
from supervision.permissions import Actor
from supervision.services import integrity, rosters, sessions, signup
from supervision.services.rosters import RosterForm
from supervision.services.series import Which
from supervision.services.sessions import Wish
from supervision.services.signup import line
from tests import factories
from tests.support import databases

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MEMBERS, SESSIONS = 5, 2
members = st.integers(0, MEMBERS - 1)
which = st.integers(0, SESSIONS - 1)
Line = list[UUID]


class Seats(RuleBasedStateMachine):
    """Five members of a group, and two sessions that each have a seat or two, four days ahead."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        databases.empty(self.app)
        db.session.remove()
        self.at = START
        self.lead = factories.person("alice")
        self.people = [factories.person(name) for name in ("ann", "ben", "cat", "dan", "eve")]
        made = factories.roster(self.lead, session_capacity=2, zone="UTC")
        self.roster = made.id
        for days, one in enumerate(self.people):
            factories.join(made, one).joined_at = factories.LONG_AGO + timedelta(days=days)
        db.session.commit()
        self.sessions = [
            sessions.book_session(self.lead, START, made.id, Wish(begins, 60)).session_ids[0]
            for begins in (datetime.fromisoformat(f"2026-11-{day}T09:00") for day in (27, 28))
        ]
        db.session.commit()

    @rule(who=members, session=which)
    def sign_up(self, who: int, session: int) -> None:
        self._own(signup.sign_up, who, session)

    @rule(who=members, session=which, auto=st.booleans())
    def join_line(self, who: int, session: int, auto: bool) -> None:
        self._own(signup.join_line, who, session, auto)

    @rule(who=members, session=which)
    def leave_line(self, who: int, session: int) -> None:
        self._own(signup.leave_line, who, session)

    @rule(who=members, session=which)
    def accept_offer(self, who: int, session: int) -> None:
        self._own(signup.accept_offer, who, session)

    @rule(who=members, session=which)
    def sign_off(self, who: int, session: int) -> None:
        self._own(signup.sign_off, who, session, True)

    @rule(session=which, capacity=st.integers(1, 3))
    def set_seats(self, session: int, capacity: int) -> None:
        self._try(signup.set_seats, self.lead, self.at, self.sessions[session], capacity, Which.ONE)

    @rule(session=which)
    def cancel(self, session: int) -> None:
        self._try(sessions.cancel_session, self.lead, self.at, self.sessions[session])

    @rule(session=which, hours=st.integers(-6, 6))
    def move(self, session: int, hours: int) -> None:
        one = db.session.get_one(Session, self.sessions[session])
        begins = (one.starts_at + timedelta(hours=hours)).replace(tzinfo=None)
        self._try(sessions.move_session, self.lead, self.at, one.id, Wish(begins, 60))

    @rule(hours=st.integers(1, 20))
    def time_goes_by(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        signup.lapse_offers(self.at, "")

    @rule(who=members)
    def leave_or_return(self, who: int) -> None:
        person = self.people[who]
        if person.id in self._active():
            self._try(rosters.leave, person, self.at, self.roster, by=person)
        else:
            email = person.email
            rosters.invite_member(self.lead, self.at, self.roster, email, "supervisee", "")
            rosters.accept(person, self.at, self.roster)
            db.session.commit()

    @rule(capacity=st.one_of(st.none(), st.integers(1, 3)))
    def turn_on_or_off(self, capacity: int | None) -> None:
        form = RosterForm("Group", "group", "UTC", 9, 50, "", "", session_capacity=capacity)
        rosters.edit_roster(self.lead, self.at, self.roster, form, knows_turn=True)
        db.session.commit()

    @invariant()
    def seats_that_are_taken_are_those_of_who_comes_and_who_is_offered_one(self) -> None:
        leads = {self.lead.id}
        for one in self._seated():
            come = set(
                db.session.scalars(select(Claim.person_id).where(Claim.session_id == one.id))
            )
            kept = db.session.scalar(
                select(func.count()).where(
                    SignupWait.session_id == one.id, SignupWait.offered_until.is_not(None)
                )
            )
            assert one.taken == len(come - leads) + (kept or 0)
            assert one.capacity is not None
            assert one.taken <= one.capacity
            assert leads <= come

    @invariant()
    def no_seat_is_free_while_somebody_waits_without_an_offer(self) -> None:
        for one in self._seated():
            if one.state == "planned" and one.starts_at > self.at and self._line(one.id):
                assert one.taken == one.capacity

    @invariant()
    def nobody_waits_who_comes_or_who_is_no_member(self) -> None:
        for one in self._seated():
            waits = set(
                db.session.scalars(
                    select(SignupWait.person_id).where(SignupWait.session_id == one.id)
                )
            )
            come = set(
                db.session.scalars(select(Claim.person_id).where(Claim.session_id == one.id))
            )
            assert not waits & come
            if one.starts_at > self.at:
                assert waits <= self._active()

    @invariant()
    def database_is_sound(self) -> None:
        assert list(integrity.faults()) == []

    def _seated(self) -> list[Session]:
        found = select(Session).where(Session.capacity.is_not(None))
        return list(db.session.scalars(found.execution_options(populate_existing=True)))

    def _line(self, session_id: UUID) -> Line:
        """Who waits without an offer, in order."""
        return list(
            db.session.scalars(
                select(SignupWait.person_id)
                .where(SignupWait.session_id == session_id, SignupWait.offered_until.is_(None))
                .order_by(SignupWait.since, SignupWait.person_id)
            )
        )

    def _active(self) -> set[UUID]:
        return set(
            db.session.scalars(
                select(Membership.person_id).where(
                    Membership.roster_id == self.roster, Membership.state == MemberState.ACTIVE
                )
            )
        )

    def _own(self, act: Callable[..., object], who: int, session: int, *more: object) -> None:
        person = self.people[who]
        self._try(act, person, self.at, self.sessions[session], *more, by=person)

    def _try(self, act: Callable[..., object], *given: Any, by: Actor | None = None) -> None:
        """A refusal changes nothing; whatever is done, the lines keep their order."""
        self.at += timedelta(seconds=1)
        before = [self._line(session_id) for session_id in self.sessions]
        try:
            act(*given)
        except (Conflict, Invalid, NotAllowed, NotFound):
            db.session.rollback()
        else:
            db.session.commit()
        for session_id, line_before in zip(self.sessions, before, strict=True):
            ordered(line_before, self._line(session_id), by)


def ordered(before: Line, after: Line, by: Actor | None) -> None:
    """Who stays is where they were, who came is at the end, who was served stood in front."""
    acts = by.id if by else None
    others, after = ([one for one in line if one != acts] for line in (before, after))
    stay = [one for one in others if one in after]
    assert after[: len(stay)] == stay
    served = [one for one in others if one not in after]
    if stay:
        assert others[: len(served)] == served


def test_seats_keep_their_promises(app: Flask) -> None:
    Seats.app = app
    run_state_machine_as_test(
        Seats,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def three_wait(seats: Seats) -> None:
    """Two come, three stand in line, and one of the two signs off."""
    for who in (0, 1):
        seats.sign_up(who, 0)
    for who in (2, 3, 4):
        seats.join_line(who, 0, True)
    seats.sign_off(0, 0)


def test_a_line_that_is_not_in_order_is_seen(app: Flask, monkeypatch: Any) -> None:
    """The machine itself: whoever came last is served first."""
    Seats.app = app
    three_wait(Seats())
    backwards = line._NEXT.order_by(None).order_by(
        SignupWait.session_id, SignupWait.since.desc(), SignupWait.person_id
    )
    monkeypatch.setattr(line, "_NEXT", backwards)
    with pytest.raises(AssertionError):
        three_wait(Seats())
