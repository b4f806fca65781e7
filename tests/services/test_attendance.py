"""Marking attendance and correcting it: what is likely, what is kept, who may, who is told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.attendance import Attendance, AttendanceBefore
from supervision.models.audit import AuditEntry
from supervision.models.meetings import MeetingAbsence
from supervision.models.people import Person
from supervision.models.rosters import Kind, Membership, Roster
from supervision.models.sessions import Claim
from supervision.permissions import Actor
from supervision.services import attendance, leave
from supervision.services.attendance import Changed, Marking, Said
from supervision.services.leave import LeaveWish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to
from tests.support.statements import counted

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def group(house: House) -> Roster:
    return db.session.get_one(Roster, house.group)


@pytest.fixture
def session(house: House, group: Roster) -> UUID:
    """Ninety minutes of the group, which ended an hour ago."""
    people = (house.alice, house.bob, house.carol)
    return factories.session(group, AT - 2.5 * HOUR, *people, minutes=90).id


def sheet(who: Actor, session_id: UUID, at: datetime = AT) -> attendance.Sheet:
    return attendance.sheet_of(who, at, session_id)


def lines(who: Actor, session_id: UUID, at: datetime = AT) -> list[tuple[str, str, int | None]]:
    """First names with what stands of them."""
    shown = sheet(who, session_id, at).lines
    return [(one.name.split()[0], one.said.state, one.said.minutes) for one in shown]


def mark(
    who: Actor,
    session_id: UUID,
    said: dict[UUID, Said] | None = None,
    seen: int = 0,
    at: datetime = AT,
    **more: Any,
) -> None:
    values: dict[str, Any] = {"guests": {}, **more}
    attendance.mark(who, at, session_id, Marking(seen, said or {}, **values), "https://s.example")


# -- what is likely ------------------------------------------------------------------------


def test_everybody_expected_is_likely_to_have_been_there_for_all_of_it(house, session) -> None:
    found = sheet(house.alice, session)
    assert lines(house.alice, session) == [
        ("Alice", "attended", 90),
        ("Bob", "attended", 90),
        ("Carol", "attended", 90),
    ]
    assert (found.version, found.everybody, found.may_mark) == (0, True, True)


def test_who_said_so_is_likely_to_have_been_away(house, group, session) -> None:
    said_at = AT - DAY
    db.session.add(MeetingAbsence(session_id=session, person_id=house.bob.id, said_at=said_at))
    day = date(2026, 11, 24)
    leave.add_leave(house.carol, AT, LeaveWish(day, day, "other", group.id))
    assert lines(house.alice, session)[1:] == [
        ("Bob", "cancelled", None),
        ("Carol", "on_leave", None),
    ]
    bob = sheet(house.alice, session).lines[1]
    assert (bob.said_absent, bob.absent_at) == (True, said_at)
    with pytest.raises(Changed):
        attendance.mark_everybody(house.alice, AT, session, 0)


def test_leave_is_of_the_day_where_the_session_is_held(house, group) -> None:
    """23:30 in London on the 24th is the 25th in Berlin, where Carol lives."""
    late = factories.session(group, datetime(2026, 11, 24, 23, 30, tzinfo=UTC), house.carol).id
    leave.add_leave(house.carol, AT, LeaveWish(date(2026, 11, 24), date(2026, 11, 24), "other"))
    assert lines(house.alice, late, AT + DAY) == [("Carol", "on_leave", None)]


def test_moved_late_is_likely_to_have_been_held(house) -> None:
    alone = db.session.get_one(Roster, house.individual)
    moved = factories.session(alone, AT - HOUR, house.alice, house.bob, late=True).id
    assert lines(house.alice, moved) == [("Alice", "attended", 45), ("Bob", "attended", 45)]


def test_cancelled_late_is_the_supervisees_and_can_be_waived(house) -> None:
    alone = db.session.get_one(Roster, house.individual)
    people = (house.alice, house.bob)
    off = factories.session(alone, AT - HOUR, *people, late=True, state="cancelled").id
    assert lines(house.alice, off) == [("Bob", "late_cancelled", None)]
    with pytest.raises(Invalid) as refused:
        mark(house.alice, off, {house.bob.id: Said("attended", 45)})
    assert refused.value.field == f"state-{house.bob.id}"
    mark(house.alice, off, {house.bob.id: Said("cancelled")})
    assert lines(house.alice, off) == [("Bob", "cancelled", None)]


# -- marking -------------------------------------------------------------------------------


def test_one_press_marks_everybody(house, session) -> None:
    attendance.mark_everybody(house.alice, AT, session, 0)
    found = sheet(house.bob, session)
    assert lines(house.alice, session) == [
        ("Alice", "attended", 90),
        ("Bob", "attended", 90),
        ("Carol", "attended", 90),
    ]
    assert found.marked is not None
    assert (found.version, found.standing, found.marked.by) == (1, "confirmed", "Alice Ashworth")


def test_less_than_the_whole_is_a_part_and_who_was_away_has_no_minutes(house, session) -> None:
    said = {house.bob.id: Said("attended", 75), house.carol.id: Said("missed", 90)}
    mark(house.alice, session, said)
    assert lines(house.alice, session) == [
        ("Alice", "attended", 90),
        ("Bob", "partly", 75),
        ("Carol", "missed", None),
    ]


def test_a_row_keeps_role_and_contract_as_they_were_then(house, group, session) -> None:
    """Carol had no contract; Bob left since; neither the present nor the future counts."""
    of = lambda who: update(Membership).where(Membership.person_id == who.id)  # noqa: E731
    db.session.execute(of(house.carol).values(contracted=False))
    db.session.execute(of(house.bob).values(state="ended", left_at=AT - HOUR))
    mark(house.alice, session)
    rows = db.session.scalars(db.select(Attendance))
    assert {row.person_id: (row.role, row.contracted, row.guest) for row in rows} == {
        house.alice.id: ("supervisor", True, False),
        house.bob.id: ("supervisee", True, False),
        house.carol.id: ("supervisee", False, False),
    }


def test_a_session_that_runs_can_be_marked_and_one_to_come_cannot(house, group) -> None:
    people = (house.alice, house.bob)
    runs = factories.session(group, AT, *people).id
    mark(house.alice, runs)
    comes = factories.session(group, AT + timedelta(minutes=1), *people).id
    off = factories.session(group, AT - DAY, *people, state="cancelled").id
    asked = factories.session(group, AT - DAY, *people, state="requested").id
    for one in (comes, off, asked):
        with pytest.raises(Conflict):
            mark(house.alice, one)
        assert attendance.sheet_if_any(house.alice, AT, one) is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Said("attended", 50), "minutes"),
        (Said("attended", 105), "minutes"),
        (Said("attended", 0), "minutes"),
        (Said("attended", -15), "minutes"),
        (Said("attended"), "minutes"),
        (Said("slept"), "state"),
    ],
)
def test_mark_refuses(house, session, said: Said, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        mark(house.alice, session, {house.bob.id: said})
    assert refused.value.field == f"{field}-{house.bob.id}"
    assert sheet(house.alice, session).version == 0


def test_mark_refuses_somebody_who_is_not_of_the_session(house, session) -> None:
    for who in (house.charlie, house.dana):
        with pytest.raises(Invalid):
            mark(house.alice, session, {who.id: Said("attended", 90)})
        with pytest.raises(Invalid) as refused:
            mark(house.alice, session, guests={who.id: Said("attended", 90)})
        assert refused.value.field == "guest"


def test_member_may_not_mark_and_a_stranger_finds_nothing(house, group, session) -> None:
    ivy = factories.person("ivy")
    factories.join(group, ivy, state="invited")
    for who, refusal in (
        (house.bob, NotAllowed),
        (house.charlie, NotFound),
        (house.dana, NotFound),
        (ivy, NotFound),
    ):
        with pytest.raises(refusal):
            mark(who, session)
        with pytest.raises(refusal):
            attendance.mark_everybody(who, AT, session, 0)
    with pytest.raises(NotFound):
        mark(house.alice, factories.unknown())


def test_who_leads_marks_also_when_the_roster_has_ended(house, group, session) -> None:
    group.state = "ended"
    db.session.flush()
    mark(house.alice, session)
    assert sheet(house.alice, session).version == 1


def test_the_second_of_two_who_mark_at_once_sees_what_stands_now(house, group, session) -> None:
    fay = factories.person("fay")
    factories.join(group, fay, "facilitator")
    mark(house.alice, session, {house.bob.id: Said("missed")})
    with pytest.raises(Changed):
        mark(fay, session, {house.bob.id: Said("attended", 90)})
    with pytest.raises(Changed):
        attendance.mark_everybody(fay, AT, session, 0)
    assert lines(fay, session)[1] == ("Bob", "missed", None)


@pytest.mark.parametrize("minutes", [7, 495])
def test_database_refuses_minutes_that_are_no_quarters(house, session, minutes: int) -> None:
    mark(house.alice, session)
    with pytest.raises(IntegrityError):
        db.session.execute(update(Attendance).values(minutes=minutes))
    db.session.rollback()


# -- guests --------------------------------------------------------------------------------


def test_a_member_who_was_not_expected_is_added_with_a_claim(house, group, session) -> None:
    erin, wim = factories.person("erin"), factories.person("wim")
    factories.join(group, erin)
    factories.join(group, wim, state="waiting")
    before = db.session.get_one(Person, erin.id).feed_version
    assert [one.name for one in sheet(house.alice, session).others] == ["Erin Egan", "Wim"]
    mark(house.alice, session, guests={erin.id: Said("attended", 60)})
    found = sheet(house.alice, session)
    assert [(one.name, one.said, one.guest, one.contracted) for one in found.lines[3:]] == [
        ("Erin Egan", Said("partly", 60), True, False)
    ]
    assert (found.expected, [one.name for one in found.others]) == (3, ["Wim"])
    span = db.session.execute(
        db.select(Claim.starts_at, Claim.ends_at, Claim.hard).where(Claim.person_id == erin.id)
    ).one()
    assert tuple(span) == (*Interval.lasting(AT - 2.5 * HOUR, 90), False)
    person = db.session.get_one(Person, erin.id, populate_existing=True)
    assert person.feed_version == before + 1


# -- corrections ---------------------------------------------------------------------------


def test_a_correction_keeps_what_stood_before_who_changed_it_when_and_why(house, session) -> None:
    mark(house.alice, session)
    later = AT + DAY
    said = {house.bob.id: Said("attended", 60)}
    mark(house.alice, session, said, seen=1, at=later, reason=" left  early ")
    (kept,) = db.session.scalars(db.select(AttendanceBefore))
    assert (kept.person_id, kept.version, kept.state, kept.minutes, kept.marked_at) == (
        house.bob.id,
        1,
        "attended",
        90,
        AT,
    )
    bob = sheet(house.bob, session).lines[0]
    assert [(one.number, one.said, one.by, one.at, one.reason) for one in bob.versions] == [
        (1, Said("attended", 90), "Alice Ashworth", AT, ""),
        (2, Said("partly", 60), "Alice Ashworth", later, "left early"),
    ]


def test_history_is_all_for_who_leads_and_ones_own_for_a_member(house, session) -> None:
    mark(house.alice, session)
    mark(house.alice, session, {house.bob.id: Said("attended", 60)}, seen=1)
    mark(house.alice, session, {house.carol.id: Said("missed")}, seen=2, reason="Not there.")
    shown = {
        who.name: [
            (one.words, [(row.name, row.after.state) for row in one.changes])
            for one in attendance.history_of(sheet(who, session))
        ]
        for who in (house.alice, house.bob)
    }
    assert shown == {
        "Alice Ashworth": [
            ("", []),
            ("", [("Bob Brandt", "partly")]),
            ("Not there.", [("Carol Conti", "missed")]),
        ],
        "Bob Brandt": [("", []), ("", [("Bob Brandt", "partly")])],
    }


def test_saying_what_stands_already_changes_nothing(house, session) -> None:
    mark(house.alice, session)
    mark(house.alice, session, {house.bob.id: Said("attended", 90)}, seen=1)
    assert sheet(house.alice, session).version == 1
    lines = db.session.scalars(db.select(AuditEntry).where(AuditEntry.act.like("attendance.%")))
    assert [(line.act, line.detail) for line in lines] == [
        ("attendance.mark", {"version": "1", "people": "3"})
    ]


def test_thirty_days_after_the_session_a_reason_is_needed(house, session) -> None:
    mark(house.alice, session)
    said = {house.bob.id: Said("missed")}
    free = AT - HOUR + 30 * DAY
    with pytest.raises(Invalid) as refused:
        mark(house.alice, session, said, seen=1, at=free + timedelta(seconds=1), reason="  ")
    assert refused.value.field == "reason"
    mark(house.alice, session, said, seen=1, at=free)
    said = {house.bob.id: Said("late_cancelled")}
    mark(house.alice, session, said, seen=2, at=free + DAY, reason="He had written to me.")
    assert lines(house.alice, session)[1] == ("Bob", "late_cancelled", None)


def test_first_marking_needs_no_reason_however_late(house, session) -> None:
    mark(house.alice, session, at=AT + 90 * DAY)
    assert sheet(house.alice, session).version == 1


def test_reason_stays_short(house, session) -> None:
    mark(house.alice, session)
    with pytest.raises(Invalid):
        mark(house.alice, session, {house.bob.id: Said("missed")}, seen=1, reason="x" * 201)


# -- who sees it, who is told --------------------------------------------------------------


def test_members_of_a_group_see_their_own_line_alone(house, session) -> None:
    mark(house.alice, session, {house.carol.id: Said("missed")})
    found = sheet(house.bob, session)
    assert lines(house.bob, session) == [("Bob", "attended", 90)]
    assert (found.may_mark, found.others) == (False, [])


def test_who_has_left_sees_their_own_line(house, session) -> None:
    mark(house.alice, session)
    db.session.execute(
        update(Membership).where(Membership.person_id == house.bob.id).values(state="ended")
    )
    assert lines(house.bob, session) == [("Bob", "attended", 90)]


def test_who_was_not_there_is_told_kindly_and_others_are_not(house, session) -> None:
    said = {house.bob.id: Said("missed"), house.carol.id: Said("cancelled")}
    mark(house.alice, session, said)
    (mail,) = mails_to(house.bob.email)
    assert mail.subject == "Noted for you: Tuesday group, Tue 24 Nov 2026, 04:30 (Toronto)"
    assert "Alice Ashworth has noted that you did not attend “Tuesday group”" in mail.body
    assert f"https://s.example/sessions/{session}#attendance" in mail.body
    assert mails_to(house.carol.email) == mails_to(house.alice.email) == []


def test_whose_line_is_corrected_is_told(house, session) -> None:
    mark(house.alice, session)
    mark(house.alice, session, {house.bob.id: Said("late_cancelled")}, seen=1)
    (mail,) = mails_to(house.bob.email)
    assert mail.subject.startswith("Corrected: Tuesday group")
    assert "that you gave late notice that you would miss “Tuesday group”" in mail.body
    assert mails_to(house.carol.email) == []


def test_a_sheet_asks_as_much_for_thirty_people_as_for_three(house, group, session) -> None:
    mark(house.alice, session, {house.bob.id: Said("missed")})
    with counted() as few:
        sheet(house.alice, session)
    many = [factories.person(f"p{number}") for number in range(30)]
    group.capacity = 40
    for one in many:
        factories.join(group, one)
    full = factories.session(group, AT - HOUR, house.alice, *many).id
    mark(house.alice, full)
    mark(house.alice, full, {one.id: Said("missed") for one in many}, seen=1)
    with counted() as more:
        sheet(house.alice, full)
    assert len(few) == len(more) == 6


def test_an_individual_session_is_marked_by_the_supervisor_alone(house) -> None:
    alone = db.session.get_one(Roster, house.individual)
    assert alone.kind == Kind.INDIVIDUAL
    held = factories.session(alone, AT - HOUR, house.alice, house.bob).id
    with pytest.raises(NotAllowed):
        mark(house.bob, held)
    mark(house.alice, held)
    assert lines(house.bob, held) == [("Bob", "attended", 45)]
