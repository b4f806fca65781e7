"""Whatever is booked, moved, cancelled, joined and left, in whatever order: what always holds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.errors import Conflict, Invalid
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.models.sessions import Claim, Session
from supervision.permissions import Actor
from supervision.services import rosters, series, sessions
from supervision.services.sessions import Wish
from tests import factories
from tests.support import databases

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MONDAY = datetime.fromisoformat("2026-11-23T10:00")
starts = st.integers(0, 40).map(lambda quarter: MONDAY + timedelta(minutes=15 * quarter))
lengths = st.sampled_from([30, 50, 90])


class Schedule(RuleBasedStateMachine):
    """Three people who lead each other in rosters of every kind; a fourth comes and goes."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        databases.empty(self.app)
        db.session.remove()
        ana, ben, cleo = (factories.person(name) for name in ("ana", "ben", "cleo"))
        self.dan = factories.person("dan")
        self.led: list[tuple[Actor, UUID]] = [
            (ana, factories.roster(ana, ben, kind="individual").id),
            (ben, factories.roster(ben, cleo, kind="individual", zone="Asia/Kathmandu").id),
            (ana, factories.roster(ana, ben, cleo).id),
            (cleo, factories.roster(cleo, ana, ben, kind="peer").id),
        ]
        db.session.commit()

    @rule(which=st.integers(0, 3), start=starts, minutes=lengths)
    def book(self, which: int, start: datetime, minutes: int) -> None:
        lead, roster_id = self.led[which]
        self._try(sessions.book_session, lead, AT, roster_id, Wish(start, minutes))

    @rule(which=st.integers(0, 3), start=starts, count=st.integers(1, 4))
    def book_series(self, which: int, start: datetime, count: int) -> None:
        lead, roster_id = self.led[which]
        repeat, wish = Repeat("week", count=count), Wish(start, 50)
        self._try(series.book_series, lead, AT, roster_id, wish, repeat)

    @rule(data=st.data(), start=starts, minutes=lengths)
    def move(self, data: st.DataObject, start: datetime, minutes: int) -> None:
        for lead, one in self._one(data):
            self._try(sessions.move_session, lead, AT, one.id, Wish(start, minutes))

    @rule(
        data=st.data(),
        start=starts,
        days=st.integers(0, 9),
        which=st.sampled_from([series.Which.FOLLOWING, series.Which.ALL]),
        edited_too=st.booleans(),
    )
    def move_series(
        self,
        data: st.DataObject,
        start: datetime,
        days: int,
        which: series.Which,
        edited_too: bool,
    ) -> None:
        for lead, one in self._one(data):
            if one.series_id:
                wish = Wish(start + timedelta(days=days), 50)
                self._try(series.move_series, lead, AT, one.id, wish, which, edited_too)

    @rule(data=st.data(), which=st.sampled_from(series.Which))
    def cancel(self, data: st.DataObject, which: series.Which) -> None:
        for lead, one in self._one(data):
            if which == series.Which.ALL and one.series_id:
                series.cancel_series(lead, AT, one.series_id)
            elif which == series.Which.FOLLOWING and one.series_id:
                series.cancel_following(lead, AT, one.id)
            else:
                sessions.cancel_session(lead, AT, one.id)
            db.session.commit()

    @rule(which=st.integers(0, 3))
    def join_or_leave(self, which: int) -> None:
        roster_id = self.led[which][1]
        place = db.session.scalar(
            select(Membership).where(
                Membership.roster_id == roster_id,
                Membership.person_id == self.dan.id,
                Membership.state == MemberState.ACTIVE,
            )
        )
        if place:
            rosters.leave(self.dan, AT, roster_id)
        else:
            made = db.session.get_one(Roster, roster_id)
            made.capacity = 9
            factories.join(made, self.dan)
            sessions.member_joined(roster_id, self.dan.id, AT)
        db.session.commit()

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
    def claims_are_those_of_the_members_at_the_times_of_the_sessions(self) -> None:
        wrong = db.session.scalar(
            select(func.count(Claim.id))
            .join(Session, Session.id == Claim.session_id)
            .where(
                (Claim.starts_at != Session.starts_at)
                | (Claim.ends_at != Session.ends_at)
                | (Claim.hard & (Session.state == "cancelled"))
            )
        )
        assert wrong == 0
        for _lead, roster_id in self.led:
            members = set(
                db.session.scalars(
                    select(Membership.person_id).where(
                        Membership.roster_id == roster_id, Membership.state == MemberState.ACTIVE
                    )
                )
            )
            for people in self._people_of_planned(roster_id).values():
                assert people == members

    def _people_of_planned(self, roster_id: UUID) -> dict[UUID, set[UUID]]:
        found: dict[UUID, set[UUID]] = {}
        for session_id, person_id in db.session.execute(
            select(Session.id, Claim.person_id)
            .join(Claim, Session.id == Claim.session_id)
            .where(Session.roster_id == roster_id, Session.state == "planned")
        ):
            found.setdefault(session_id, set()).add(person_id)
        return found

    def _one(self, data: st.DataObject) -> Iterator[tuple[Actor, Session]]:
        """One of the planned sessions, with who leads it; none when there is none."""
        planned = list(
            db.session.scalars(
                select(Session)
                .where(Session.state == "planned")
                .order_by(Session.starts_at, Session.original_local)
            )
        )
        if planned:
            one = planned[data.draw(st.integers(0, len(planned) - 1))]
            yield next(lead for lead, key in self.led if key == one.roster_id), one

    def _try(self, act: Callable[..., object], *given: object) -> None:
        """A refusal is as good as a booking, as long as it changes nothing."""
        try:
            act(*given)
        except (Conflict, Invalid):
            db.session.rollback()
        else:
            db.session.commit()


@pytest.mark.engines("sqlite")
def test_schedule_keeps_its_promises(app: Flask) -> None:
    Schedule.app = app
    run_state_machine_as_test(
        Schedule,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
