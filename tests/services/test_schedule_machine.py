"""Whatever is booked, moved, asked for, extended, joined and left, in whatever order: what holds.

And that the machine sees it when a guard is taken away.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from supervision.db import db, writing
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Repeat
from supervision.errors import Conflict, Invalid
from supervision.models import guards
from supervision.models.people import Person
from supervision.models.rosters import LEADS, Kind, MemberRole, Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session
from supervision.permissions import Actor
from supervision.services import booking, claims, integrity, rosters, series, sessions
from supervision.services.series import Choice, Further, SeriesClashed, Which
from supervision.services.sessions import Booked, Setting, Wish
from supervision.services.sessions.whose import Whose
from tests import factories
from tests.support import databases

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MONDAY = datetime.fromisoformat("2026-11-23T10:00")
DAY = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
starts = st.integers(0, 40).map(lambda quarter: MONDAY + timedelta(minutes=15 * quarter))
slots = st.integers(0, 24).map(lambda half: DAY.start + timedelta(hours=8, minutes=30 * half))
lengths = st.sampled_from([30, 50, 90])
which = st.integers(0, 3)
People = frozenset[UUID]


class Schedule(RuleBasedStateMachine):
    """Three people who lead each other in rosters of every kind; two more come and go.

    Ben is Ana's supervisee and books with her by himself. `chosen` says, of sessions and series
    that are not for all, whom they were said to be for.
    """

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        databases.empty(self.app)
        db.session.remove()
        self.ana, self.ben, cleo = (factories.person(name) for name in ("ana", "ben", "cleo"))
        self.comers = [factories.person(name) for name in ("dan", "eve")]
        self.kinds = [
            factories.bookable(self.ana, 8, 20, minutes=50, asks=asks, most_weeks=3)
            for asks in (False, True)
        ]
        self.led: list[tuple[Actor, UUID]] = [
            (self.ana, factories.roster(self.ana, self.ben, kind=Kind.INDIVIDUAL).id),
            (
                self.ben,
                factories.roster(self.ben, cleo, kind=Kind.INDIVIDUAL, zone="Asia/Kathmandu").id,
            ),
            (self.ana, factories.roster(self.ana, self.ben, cleo, capacity=3).id),
            (cleo, factories.roster(cleo, self.ana, self.ben, kind=Kind.PEER, capacity=4).id),
        ]
        self.chosen: dict[UUID, People] = {}
        self.keys: dict[UUID, str] = {}
        db.session.commit()

    @initialize(start=starts, some=st.sampled_from([1, 2]))
    def begin(self, start: datetime, some: int) -> None:
        """Something is booked already: a series and a session of one member of a group."""
        lead, roster_id = self.led[2]
        setting = self._setting(roster_id, some)
        weekly = Wish(start, 50, setting=setting), Repeat("week", count=3)
        self._note(series.book_series(lead, AT, roster_id, *weekly), setting)
        later = Wish(start + timedelta(days=1), 50, setting=setting)
        self._note(sessions.book_session(lead, AT, roster_id, later), setting)
        db.session.commit()

    # -- by those who lead -----------------------------------------------------------------

    @rule(which=which, start=starts, minutes=lengths, some=st.integers(0, 7))
    def book(self, which: int, start: datetime, minutes: int, some: int) -> None:
        lead, roster_id = self.led[which]
        setting = self._setting(roster_id, some)
        wish = Wish(start, minutes, setting=setting)
        self._note(self._try(sessions.book_session, lead, AT, roster_id, wish), setting)

    @rule(which=which, start=starts, count=st.integers(1, 4), some=st.integers(0, 7))
    def book_series(self, which: int, start: datetime, count: int, some: int) -> None:
        lead, roster_id = self.led[which]
        setting = self._setting(roster_id, some)
        wish, repeat = Wish(start, 50, setting=setting), Repeat("week", count=count)
        self._note(self._try_series(series.book_series, lead, AT, roster_id, wish, repeat), setting)

    @rule(data=st.data(), start=starts, minutes=lengths)
    def move(self, data: st.DataObject, start: datetime, minutes: int) -> None:
        for lead, one in self._one(data):
            self._try(sessions.move_session, lead, AT, one.id, Wish(start, minutes))

    @rule(
        data=st.data(),
        start=starts,
        days=st.integers(0, 9),
        which=st.sampled_from([Which.FOLLOWING, Which.ALL]),
        edited_too=st.booleans(),
    )
    def move_series(
        self, data: st.DataObject, start: datetime, days: int, which: Which, edited_too: bool
    ) -> None:
        for lead, one in self._one_of_series(data):
            wish, before = Wish(start + timedelta(days=days), 50), one.series_id
            act = self._try_series(
                series.move_series, lead, AT, one.id, wish, which, edited_too=edited_too
            )
            if act and act.series_id and before in self.chosen:
                self.chosen[act.series_id] = self.chosen[before]

    @rule(data=st.data(), which=st.sampled_from(Which))
    def cancel(self, data: st.DataObject, which: Which) -> None:
        for lead, one in self._one(data):
            if which == Which.ALL and one.series_id:
                series.cancel_series(lead, AT, one.series_id)
            elif which == Which.FOLLOWING and one.series_id:
                series.cancel_following(lead, AT, one.id)
            else:
                sessions.cancel_session(lead, AT, one.id)
            db.session.commit()

    @rule(data=st.data(), first=st.integers(0, 20), days=st.integers(0, 8))
    def leave_out(self, data: st.DataObject, first: int, days: int) -> None:
        for lead, one in self._one_of_series(data):
            day = MONDAY.date() + timedelta(days=first)
            last = day + timedelta(days=days)
            self._try(series.leave_out, lead, AT, one.id, day, last)

    @rule(data=st.data(), more=st.integers(1, 3))
    def extend(self, data: st.DataObject, more: int) -> None:
        for lead, one in self._one_of_series(data):
            assert one.series_id
            act = self._try_series(
                series.extend_series, lead, AT, one.series_id, Further(more=more)
            )
            for key in act.session_ids if act and one.series_id in self.chosen else ():
                self.chosen[key] = self.chosen[one.series_id]

    @rule(data=st.data(), days=st.integers(0, 20))
    def end(self, data: st.DataObject, days: int) -> None:
        for lead, one in self._one_of_series(data):
            day = MONDAY.date() + timedelta(days=days)
            self._try(series.end_series, lead, AT, one.series_id, day)

    @rule(data=st.data(), some=st.integers(0, 7), which=st.sampled_from(Which))
    def choose_people(self, data: st.DataObject, some: int, which: Which) -> None:
        for lead, one in self._one(data):
            setting = self._setting(one.roster_id, some)
            if which == Which.ONE or one.series_id is None:
                changed = [one.id]
                done = self._try(sessions.change_session, lead, AT, one.id, setting)
            else:
                changed = [*self._from(one, which), one.series_id]
                done = self._try(series.change_series, lead, AT, one.id, setting, which)
            for key in changed if done else ():
                self._choose(key, setting)

    # -- by the supervisee -----------------------------------------------------------------

    @rule(at=slots, kind=st.sampled_from([0, 1]))
    def hold(self, at: datetime, kind: int) -> None:
        wanted = booking.Choice(self.kinds[kind], at)
        self._try(booking.hold_time, self.ben, AT, self.led[0][1], wanted)

    @rule(at=slots, kind=st.sampled_from([0, 1]), kept=st.booleans())
    def take(self, at: datetime, kind: int, kept: bool) -> None:
        """What is listed can be had, and nothing else can."""
        wanted, where = booking.Choice(self.kinds[kind], at), self.led[0][1]
        desk = booking.desk(self.ben, where)
        listed = at in booking.slots(self.ben, AT, desk, desk.own.terms(50), DAY).free
        db.session.rollback()
        done = self._try(booking.take_time, self.ben, AT, where, wanted, keep=kept)
        assert listed == bool(done), f"{at} is {'' if listed else 'not '}listed"

    @rule(at=slots, kind=st.sampled_from([0, 1]), weeks=st.integers(2, 3))
    def take_series(self, at: datetime, kind: int, weeks: int) -> None:
        """What is offered instead of times that are not free can be had."""
        wanted, where = booking.Choice(self.kinds[kind], at), self.led[0][1]
        try:
            booking.take_series(self.ben, AT, where, wanted, weeks)
        except booking.SomeGone as gone:
            db.session.rollback()
            picks = {one.key: one.nearest for one in gone.refused}
            left = weeks - sum(nearest is None for nearest in picks.values())
            done = self._try(booking.take_series, self.ben, AT, where, wanted, weeks, picks)
            assert len(done.session_ids if done else ()) == left
        db.session.commit()

    @rule(data=st.data(), act=st.sampled_from(["accept", "decline", "withdraw", "lapse"]))
    def answer(self, data: st.DataObject, act: str) -> None:
        for _lead, one in self._one(data, "requested"):
            if act == "lapse":
                booking.lapse_requests(one.starts_at - timedelta(hours=1))
            elif act == "accept":
                booking.accept(self.ana, AT, one.id)
            elif act == "decline":
                booking.decline(self.ana, AT, one.id)
            else:
                booking.withdraw(self.ben, AT, one.id)
            db.session.commit()

    @rule()
    def holds_lapse(self) -> None:
        claims.release_lapsed(AT + booking.HELD_FOR)
        db.session.commit()

    # -- by who comes and goes -------------------------------------------------------------

    @rule(which=st.integers(2, 3), who=st.integers(0, 1))
    def join_or_leave(self, which: int, who: int) -> None:
        lead, roster_id = self.led[which]
        comer = self.comers[who]
        place = db.session.scalar(
            select(Membership).where(
                Membership.roster_id == roster_id,
                Membership.person_id == comer.id,
                Membership.state != MemberState.ENDED,
            )
        )
        if place is not None and place.state == MemberState.ACTIVE:
            rosters.leave(comer, AT, roster_id)
            self._forget(roster_id, comer)
        elif place is None:
            role = MemberRole.PEER if which == 3 else MemberRole.SUPERVISEE
            rosters.invite_member(lead, AT, roster_id, comer.email, role, "")
            rosters.accept(comer, AT, roster_id)
        else:
            rosters.accept(comer, AT, roster_id)
        db.session.commit()

    def _forget(self, roster_id: UUID, who: Actor) -> None:
        """What was for somebody who left is not theirs again when they return."""
        table = db.Model.metadata.tables
        for name in ("session", "series"):
            ids = select(table[name].c.id).where(table[name].c.roster_id == roster_id)
            for key in db.session.scalars(ids):
                if key in self.chosen:
                    self.chosen[key] -= {who.id}

    # -- what always holds -----------------------------------------------------------------

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        one, other = aliased(Claim), aliased(Claim)
        found = db.session.scalar(
            select(func.count())
            .select_from(one)
            .join(
                other,
                (one.person_id == other.person_id)
                & (one.id < other.id)
                & one.hard
                & other.hard
                & (one.starts_at < other.ends_at)
                & (other.starts_at < one.ends_at),
            )
        )
        assert found == 0

    @invariant()
    def claims_agree_with_sessions_and_seats_with_members(self) -> None:
        assert [fault for fault in integrity.faults() if "guard" not in fault] == []
        for _lead, roster_id in self.led:
            roster = db.session.get_one(Roster, roster_id, populate_existing=True)
            assert 0 <= roster.taken <= roster.capacity

    @invariant()
    def sessions_are_those_people_s_whom_they_are_for(self) -> None:
        for _lead, roster_id in self.led:
            rows = db.session.execute(
                select(Membership.person_id, Membership.role).where(
                    Membership.roster_id == roster_id, Membership.state == MemberState.ACTIVE
                )
            )
            roles = {row.person_id: row.role for row in rows}
            leads = {key for key, role in roles.items() if role in LEADS}
            for key, (for_all, people) in self._people_of_planned(roster_id).items():
                expected = set(roles) if for_all else leads | self.chosen[key]
                assert people == expected

    @invariant()
    def a_session_keeps_its_key(self) -> None:
        rows = db.session.execute(select(Session.id, Session.series_id, Session.original_local))
        found = {row.id: (row.series_id, row.original_local) for row in rows}
        of_series = [key for key in found.values() if key[0]]
        assert len(of_series) == len(set(of_series))
        for key, (_series, local) in found.items():
            assert self.keys.setdefault(key, local) == local
        assert self.keys.keys() == found.keys()

    # -- the machinery ---------------------------------------------------------------------

    def _people_of_planned(self, roster_id: UUID) -> dict[UUID, tuple[bool, set[UUID]]]:
        found: dict[UUID, tuple[bool, set[UUID]]] = {}
        for session_id, for_all, person_id in db.session.execute(
            select(Session.id, Session.for_all, Claim.person_id)
            .outerjoin(Claim, Session.id == Claim.session_id)
            .where(Session.roster_id == roster_id, Session.state == "planned")
        ):
            people = found.setdefault(session_id, (for_all, set()))[1]
            people |= {person_id} - {None}
        return found

    def _setting(self, roster_id: UUID, some: int) -> Setting:
        """For everybody, or for those whose bit is set, where that is somebody."""
        rows = db.session.scalars(
            select(Membership.person_id)
            .where(
                Membership.roster_id == roster_id,
                Membership.state == MemberState.ACTIVE,
                Membership.role.not_in(LEADS),
            )
            .join(Person, Person.id == Membership.person_id)
            .order_by(Person.email)  # ids are others with each run, and an example is run again
        )
        people = frozenset(key for bit, key in enumerate(rows) if some >> bit & 1)
        individual = roster_id in (self.led[0][1], self.led[1][1])
        return Setting() if individual or not people else Setting(people=people)

    def _note(self, booked: Booked | None, setting: Setting) -> None:
        if booked:
            for key in (*booked.session_ids, booked.series_id):
                if key is not None:
                    self._choose(key, setting)

    def _choose(self, key: UUID, setting: Setting) -> None:
        self.chosen.pop(key, None)
        if setting.people is not None:
            self.chosen[key] = setting.people

    def _from(self, one: Session, which: Which) -> list[UUID]:
        """The planned sessions of a series, all or from one of them on, by when they are due."""
        due = func.coalesce(Session.due_local, Session.original_local)
        these = select(Session.id).where(
            Session.series_id == one.series_id, Session.state == "planned"
        )
        if which == Which.FOLLOWING:
            these = these.where(due >= (one.due_local or one.original_local))
        return list(db.session.scalars(these))

    def _one(self, data: st.DataObject, state: str = "planned") -> Iterator[tuple[Actor, Session]]:
        """One of the sessions in a state, with who leads it; none when there is none."""
        rosters_in_order = [key for _lead, key in self.led]
        found = sorted(
            db.session.scalars(select(Session).where(Session.state == state)),
            key=lambda one: (
                one.starts_at,
                one.original_local,
                rosters_in_order.index(one.roster_id),
            ),
        )
        if found:
            one = found[data.draw(st.integers(0, len(found) - 1))]
            yield next(lead for lead, key in self.led if key == one.roster_id), one

    def _one_of_series(self, data: st.DataObject) -> Iterator[tuple[Actor, Session]]:
        for lead, one in self._one(data):
            if one.series_id:
                yield lead, one

    def _try(self, act: Callable[..., Any], *given: object, keep: bool = True, **more: Any) -> Any:
        """A refusal is as good as a booking, as long as it changes nothing."""
        try:
            done = act(*given, **more)
        except (Conflict, Invalid):
            db.session.rollback()
            return None
        if keep:
            db.session.commit()
        else:
            db.session.rollback()
        return done

    def _try_series(self, act: Callable[..., Any], *given: object, **more: Any) -> Any:
        """As `_try`; where somebody is busy, every other time is left out, the rest is at seven."""
        try:
            done = act(*given, **more)
        except SeriesClashed as clashed:
            db.session.rollback()
            ways = (Choice(), Choice(time(7)))
            choices = {key: ways[number % 2] for number, key in enumerate(clashed.by_key)}
            return self._try(act, *given, choices=choices, **more)
        except (Conflict, Invalid):
            db.session.rollback()
            return None
        db.session.commit()
        return done


def run_machine(app: Flask, examples: int, *phases: Phase) -> None:
    Schedule.app = app
    run_state_machine_as_test(
        Schedule,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            phases=phases or tuple(Phase),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_schedule_keeps_its_promises(app: Flask) -> None:
    run_machine(app, 10)


# -- the broken twins ----------------------------------------------------------------------


@contextmanager
def no_look_and_no_guard() -> Iterator[None]:
    """Nobody looks who is busy, and the database takes what it is given."""
    name = db.engine.dialect.name
    db.session.remove()
    _run(guards.DOWN[name])
    try:
        with mock.patch.object(claims, "clashes", return_value=[]):
            yield
    finally:
        db.session.rollback()
        with writing():
            db.session.execute(db.delete(Claim))
        _run(guards.UP[name])


def _run(statements: tuple[str, ...]) -> None:
    with writing():
        for statement in statements:
            db.session.connection().exec_driver_sql(statement)


def sessions_of_everybody() -> AbstractContextManager[object]:
    """A change takes each session for everybody's."""
    return mock.patch.object(Whose, "of", lambda self, _key: list(self.members))


def times_taken_unseen() -> AbstractContextManager[object]:
    """A booking does not ask whether its time is free."""
    return mock.patch("supervision.services.booking.taking.check_free")


def keys_made_anew() -> AbstractContextManager[object]:
    """A session that is moved or cancelled gets another key."""
    return mock.patch(
        "supervision.services.sessions.one.touch",
        lambda one, _at: setattr(one, "original_local", "2020-01-01T00:00"),
    )


@pytest.mark.parametrize(
    "broken", [no_look_and_no_guard, sessions_of_everybody, times_taken_unseen, keys_made_anew]
)
def test_machine_sees_what_breaks(app: Flask, broken: Callable[[], Any]) -> None:
    with broken(), pytest.raises(AssertionError):
        run_machine(app, 300, Phase.generate)  # it stops with the first that is seen
    db.session.rollback()
