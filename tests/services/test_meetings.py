"""Meetings: whose turn it is, absences, cases, swaps by consent, and one clock for all."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from supervision.db import db
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.meetings import MeetingTurn
from supervision.models.rosters import Kind, Roster
from supervision.permissions import Actor
from supervision.services import attendance, leave, meetings, sessions
from supervision.services.attendance import Marking, Said
from supervision.services.leave import LeaveWish
from supervision.services.meetings import Case
from supervision.services.sessions import Setting
from tests import factories
from tests.support.mails import mails_to
from tests.support.statements import counted

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Five:
    """Five equals, in the order in which they take turns, and their roster."""

    people: list[Actor]
    roster: Roster

    def session(self, starts_at: datetime, minutes: int = 120) -> UUID:
        return factories.session(self.roster, starts_at, *self.people, minutes=minutes).id

    def names(self, *people: Any) -> list[str]:
        return [one.name.lower() for one in people if one]


@pytest.fixture
def five(app: Flask) -> Five:
    people = [factories.person(name) for name in ("ann", "ben", "cat", "dan", "eve")]
    roster = factories.roster(people[0], *people[1:], kind=Kind.PEER)
    return Five(people, roster)


def rota(five: Five, at: datetime = AT) -> list[tuple[str, ...]]:
    """Facilitator and presenters of the coming meetings."""
    coming = meetings.rota_of(five.people[0], at, five.roster.id).coming
    return [tuple(five.names(one.facilitator, *one.presenters)) for one in coming]


def agenda(five: Five, session_id: UUID, at: datetime = AT, who: int = 0) -> Any:
    return meetings.agenda_of(five.people[who], at, session_id)


def turns(five: Five, session_id: UUID, at: datetime = AT) -> tuple[str, ...]:
    found = agenda(five, session_id, at)
    return tuple(five.names(found.facilitator, *found.turns))


# -- the rota ------------------------------------------------------------------------------


def test_coming_turns_go_round_and_show_six_meetings(five: Five) -> None:
    for day in range(1, 9):
        five.session(AT + day * DAY)
    assert rota(five) == [
        ("ann", "ben"),
        ("cat", "dan"),
        ("eve", "ann"),
        ("ben", "cat"),
        ("dan", "eve"),
        ("ann", "ben"),
    ]


def test_what_has_passed_counts_as_held_and_what_was_cancelled_does_not(five: Five) -> None:
    five.session(AT - 2 * DAY)
    factories.session(five.roster, AT - DAY, *five.people, state="cancelled")
    five.session(AT + DAY)
    found = meetings.rota_of(five.people[0], AT, five.roster.id)
    assert rota(five) == [("cat", "dan")]
    assert (found.meetings, [one.turns for one in found.tally]) == (1, [1, 1, 0, 0, 0])


def test_absentee_keeps_the_turn_for_the_next_meeting(five: Five) -> None:
    five.session(AT - DAY)
    second, third = five.session(AT + DAY), five.session(AT + 2 * DAY)
    cat = five.people[2]
    meetings.mark_absent(cat, AT, second, cat.id)
    assert turns(five, second) == ("eve", "dan")
    assert "cat" in turns(five, third)
    meetings.come(cat, AT, second, cat.id)
    assert (turns(five, second), agenda(five, second).absent) == (("eve", "dan"), [])


def test_turn_of_somebody_whose_session_it_is_no_more_passes_on(five: Five) -> None:
    session = five.session(AT + DAY)
    ann, ben, *others = five.people
    meetings.put_case(ben, AT, session, ben.id, Case("B.", None, 1))
    assert turns(five, session) == ("ann", "ben")
    without_ben = Setting(people=frozenset(one.id for one in (ann, *others)))
    sessions.change_session(ann, AT, session, without_ben)
    assert turns(five, session) == ("ann", "cat")


def come_about(five: Five, session_id: UUID, *absent: int) -> None:
    """The meeting is marked: all but some were there."""
    there = enumerate(five.people)
    away, whole = Said("missed"), Said("attended", 120)
    said = {one.id: away if number in absent else whole for number, one in there}
    attendance.mark(five.people[0], AT, session_id, Marking(0, said, {}))


def standings(five: Five) -> list[tuple[int, str]]:
    """Turns and what is owed, in the order of joining."""
    tally = meetings.rota_of(five.people[0], AT, five.roster.id).tally
    return [(one.turns, str(one.short)) for one in tally]


def test_who_is_marked_as_not_there_keeps_the_turn_that_they_had(five: Five) -> None:
    """Ann facilitates and Ben would have presented; nobody is said to have stood in for him."""
    past = five.session(AT - DAY)
    assert standings(five) == [(1, "-3/5"), (1, "-3/5"), (0, "2/5"), (0, "2/5"), (0, "2/5")]
    come_about(five, past, 1)
    assert standings(five) == [(1, "-3/4"), (0, "0"), (0, "1/4"), (0, "1/4"), (0, "1/4")]
    found = agenda(five, past)
    assert five.names(*found.absent) == ["ben"]
    assert turns(five, past) == ("ann",)


def test_a_turn_that_was_written_down_is_owed_as_well(five: Five) -> None:
    past = five.session(AT - DAY)
    ben = five.people[1]
    meetings.put_case(ben, AT - 2 * DAY, past, ben.id, Case("B1", None, 1))
    come_about(five, past, 1)
    assert standings(five)[1] == (0, "0")
    assert turns(five, past) == ("ann",)


def test_who_came_after_all_has_their_share_and_no_turn(five: Five) -> None:
    past = five.session(AT - DAY)
    meetings.mark_absent(five.people[0], AT - 2 * DAY, past, five.people[0].id)
    before = standings(five)
    come_about(five, past)
    assert (before[0], standings(five)[0]) == ((0, "0"), (0, "2/5"))
    assert agenda(five, past).absent == []


def test_minutes_that_a_case_took_stay_whatever_is_marked(five: Five) -> None:
    past = five.session(AT - DAY)
    begun = AT - DAY
    meetings.begin(five.people[0], begun, past)
    for step in range(8):
        minute = begun + timedelta(minutes=step + 1)
        meetings.next_step(five.people[0], minute, past, step)
    taken = [(one.name, one.seconds) for one in agenda(five, past).turns]
    come_about(five, past, 1)
    assert [(one.name, one.seconds) for one in agenda(five, past).turns] == taken == [("Ben", 360)]


def test_who_is_on_leave_is_away_and_keeps_the_turn(five: Five) -> None:
    """The 25th is a day of leave for Ann from this roster, for Ben from another."""
    first, second = five.session(AT + DAY), five.session(AT + 2 * DAY)
    ann, ben, *_rest = five.people
    other = factories.roster(ben, kind=Kind.PEER)
    day = date(2026, 11, 25)
    meetings.take_leave(ben, AT, LeaveWish(day, day, "other", other.id))
    meetings.take_leave(ann, AT, LeaveWish(day, day, "other", five.roster.id))
    assert rota(five) == [("ben", "cat"), ("dan", "eve")]
    found = agenda(five, first)
    assert (five.names(*found.absent), found.on_leave) == (["ann"], {ann.id})
    assert agenda(five, second).absent == []


def test_a_turn_of_who_is_on_leave_passes_on_though_it_was_written_down(five: Five) -> None:
    session = five.session(AT + DAY)
    ben = five.people[1]
    meetings.put_case(ben, AT, session, ben.id, Case("B1", None, 1))
    day = date(2026, 11, 25)
    meetings.take_leave(ben, AT, LeaveWish(day, day, "holiday"), "https://s.example")
    assert turns(five, session) == ("ann", "cat")
    assert [mail.subject.split(":")[0] for mail in mails_to(five.people[2].email)] == ["Your turn"]
    assert mails_to(ben.email) == []
    (own,) = leave.own_leaves(ben)
    meetings.end_leave(ben, AT + timedelta(minutes=1), own.id)
    assert turns(five, session) == ("ann", "ben")
    assert len(mails_to(five.people[2].email)) == 2


def test_who_gets_or_loses_a_turn_is_told_and_who_did_it_is_not(five: Five) -> None:
    session = five.session(AT + DAY)
    ann, _ben, cat, *_rest = five.people
    meetings.mark_absent(ann, AT, session, ann.id, "https://s.example")
    (mail,) = mails_to(cat.email)
    assert mail.subject == "Your turn: Tuesday group, Wed 25 Nov 2026, 12:00 (UTC)"
    assert "You now facilitate.\n\n" in mail.body
    assert f"https://s.example/sessions/{session}/agenda" in mail.body
    assert mails_to(ann.email) == []


def test_in_a_group_the_lead_facilitates_and_presenters_rotate(app: Flask) -> None:
    lead, bob, carol = (factories.person(name) for name in ("alice", "bob", "carol"))
    group = factories.roster(lead, bob, carol)
    for day in range(1, 4):
        factories.session(group, AT + day * DAY, lead, bob, carol)
    coming = meetings.rota_of(bob, AT, group.id).coming
    assert [one.facilitator.name for one in coming if one.facilitator] == ["Alice Ashworth"] * 3
    names = [[one.name for one in due.presenters] for due in coming]
    assert names == [["Bob Brandt"], ["Carol Conti"], ["Bob Brandt"]]


def test_setting_up_leaves_what_has_been_as_it_was(five: Five) -> None:
    past = five.session(AT - DAY)
    five.session(AT + DAY)
    meetings.set_up(five.people[1], AT, five.roster.id, "cft", 2)
    assert turns(five, past) == ("ann", "ben")
    assert rota(five) == [("cat", "dan", "eve")]
    assert meetings.rota_of(five.people[0], AT, five.roster.id).method.key == "cft"


@pytest.mark.parametrize(
    ("method", "presenters", "field"), [("x", 1, "method"), ("cft", 0, "presenters")]
)
def test_set_up_refuses(five: Five, method: str, presenters: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        meetings.set_up(five.people[0], AT, five.roster.id, method, presenters)
    assert refused.value.field == field


def test_strangers_invited_and_individual_rosters_have_no_rota(five: Five) -> None:
    session = five.session(AT + DAY)
    stranger, invited = factories.person("sam"), factories.person("ivy")
    factories.join(five.roster, invited, state="invited")
    alone = factories.roster(five.people[0], five.people[1], kind=Kind.INDIVIDUAL)
    for who, roster_id in (
        (stranger, five.roster.id),
        (invited, five.roster.id),
        (five.people[0], alone.id),
    ):
        with pytest.raises(NotFound):
            meetings.rota_of(who, AT, roster_id)
    for act in (meetings.agenda_of, meetings.meeting_now, meetings.begin):
        with pytest.raises(NotFound):
            act(stranger, AT, session)


def test_rota_and_agenda_ask_as_much_for_thirty_meetings_as_for_one(five: Five) -> None:
    first = five.session(AT + DAY)
    with counted() as few:
        rota(five)
        agenda(five, first)
    for day in range(30):
        five.session(AT - day * DAY - DAY)
    with counted() as many:
        rota(five)
        agenda(five, first)
    assert len(few) == len(many)


# -- the agenda ----------------------------------------------------------------------------


def test_a_case_is_offered_beside_the_turn_that_stands(five: Five) -> None:
    session = five.session(AT + DAY)
    eve = five.people[4]
    meetings.put_case(eve, AT, session, eve.id, Case(" M7,  a silence ", 20, 1))
    found = agenda(five, session).turns
    assert [(one.name, one.title, one.minutes) for one in found] == [
        ("Eve", "M7, a silence", 20),
        ("Ben", "", 40),
    ]


def test_any_peer_edits_and_no_supervisee_another(five: Five) -> None:
    session = five.session(AT + DAY)
    ann, ben, *_rest = five.people
    meetings.put_case(ann, AT, session, ben.id, Case("K2", None, 1))
    assert [one.title for one in agenda(five, session).turns] == ["K2"]
    with pytest.raises(NotAllowed):
        meetings.put_case(ann, AT, session, five.people[3].id, Case("for you", None, 1))
    bob, carol = factories.person("bob"), factories.person("carol")
    group = factories.roster(factories.person("alice"), bob, carol)
    led = factories.session(group, AT + DAY, bob, carol).id
    with pytest.raises(NotAllowed):
        meetings.put_case(carol, AT, led, bob.id, Case("not mine", None, 1))
    meetings.put_case(carol, AT, led, carol.id, Case("mine", None, 2))


def test_facilitator_presents_only_after_passing_that_turn_on(five: Five) -> None:
    session = five.session(AT + DAY)
    with pytest.raises(Conflict):
        meetings.put_case(five.people[0], AT, session, five.people[0].id, Case("x", None, 1))


@pytest.mark.parametrize(
    ("case", "field"), [(Case("x" * 81, None, 1), "title"), (Case("x", 4, 1), "minutes")]
)
def test_case_refuses(five: Five, case: Case, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        meetings.put_case(five.people[1], AT, five.session(AT + DAY), five.people[1].id, case)
    assert refused.value.field == field


def test_cases_share_the_time_that_a_short_session_has(five: Five) -> None:
    meetings.set_up(five.people[0], AT, five.roster.id, "peer", 2)
    session = five.session(AT + DAY, minutes=60)
    assert [one.minutes for one in agenda(five, session).turns] == [25, 25]


def test_agenda_of_what_is_over_stays(five: Five) -> None:
    ann = five.people[0]
    session = five.session(AT - DAY)
    for act in (
        lambda: meetings.mark_absent(ann, AT, session, ann.id),
        lambda: meetings.ask_swap(ann, AT, session, five.people[2].id),
    ):
        with pytest.raises(Conflict):
            act()


# -- swaps ---------------------------------------------------------------------------------


def test_a_turn_is_taken_by_consent_and_counts_for_who_takes_it(five: Five) -> None:
    session = five.session(AT + DAY)
    ben, dan = five.people[1], five.people[3]
    meetings.put_case(ben, AT, session, ben.id, Case("B1", None, 1))
    meetings.ask_swap(ben, AT, session, dan.id, "https://s.example")
    (question,) = meetings.questions_for(dan, AT)
    assert (question.asker, question.session_id) == ("Ben", session)
    assert turns(five, session) == ("ann", "ben")
    meetings.answer_swap(dan, AT, session, ben.id, yes=True)
    found = agenda(five, session)
    assert (turns(five, session), [one.title for one in found.turns]) == (("ann", "dan"), [""])
    assert meetings.questions_for(dan, AT) == []
    tally = meetings.rota_of(ben, AT + 2 * DAY, five.roster.id).tally
    assert [one.turns for one in tally] == [1, 0, 0, 1, 0]
    assert [mail.subject for mail in mails_to(ben.email)] == [
        "Dan takes your turn: Tuesday group, Wed 25 Nov 2026, 12:00 (UTC)"
    ]
    assert [mail.subject for mail in mails_to(dan.email)] == [
        "Ben asks you to take a turn: Tuesday group, Wed 25 Nov 2026, 12:00 (UTC)"
    ]


def test_who_says_no_leaves_the_turn_where_it_was(five: Five) -> None:
    session = five.session(AT + DAY)
    ben, dan = five.people[1], five.people[3]
    meetings.ask_swap(ben, AT, session, dan.id)
    meetings.answer_swap(dan, AT, session, ben.id, yes=False)
    assert turns(five, session) == ("ann", "ben")
    assert "It is still yours" in mails_to(ben.email)[0].body
    meetings.ask_swap(ben, AT, session, five.people[2].id)


def test_swap_is_for_who_was_asked_and_can_be_withdrawn(five: Five) -> None:
    session = five.session(AT + DAY)
    ben, cat, dan = five.people[1:4]
    meetings.ask_swap(ben, AT, session, dan.id)
    with pytest.raises(NotFound):
        meetings.answer_swap(cat, AT, session, ben.id, yes=True)
    with pytest.raises(Conflict):
        meetings.ask_swap(ben, AT, session, cat.id)
    meetings.withdraw_swap(ben, AT, session)
    with pytest.raises(NotFound):
        meetings.answer_swap(dan, AT, session, ben.id, yes=True)


def test_swap_refuses_who_has_no_turn_and_asks_nobody_with_one(five: Five) -> None:
    session = five.session(AT + DAY)
    ann, ben, cat, *_rest = five.people
    with pytest.raises(Conflict):
        meetings.ask_swap(cat, AT, session, ben.id)
    with pytest.raises(Invalid):
        meetings.ask_swap(ann, AT, session, ben.id)


def test_turn_that_changed_meanwhile_cannot_be_taken(five: Five) -> None:
    session = five.session(AT + DAY)
    ben, dan = five.people[1], five.people[3]
    meetings.ask_swap(ben, AT, session, dan.id)
    meetings.put_case(dan, AT, session, dan.id, Case("D", None, 2))
    with pytest.raises(Conflict):
        meetings.answer_swap(dan, AT, session, ben.id, yes=True)


# -- the clock -----------------------------------------------------------------------------


def now(five: Five, session: UUID, at: datetime, who: int = 0) -> Any:
    return meetings.meeting_now(five.people[who], at, session)


def test_everybody_sees_the_same_clock_run_pause_and_go_on(five: Five) -> None:
    session = five.session(AT)
    ann, ben = five.people[:2]
    second = timedelta(seconds=1)
    meetings.begin(ben, AT, session)
    assert [now(five, session, AT + 7 * second, who).left for who in (0, 4)] == [293, 293]
    meetings.pause(ann, AT + 10 * second, session, 0)
    assert now(five, session, AT + 60 * second).left == 290
    meetings.resume(ann, AT + 70 * second, session, 0)
    meetings.add_minutes(ann, AT + 70 * second, session, 0, 2)
    seen = now(five, session, AT + 75 * second, 3)
    assert (seen.left, seen.running, seen.version) == (405, True, 3)


def test_phases_go_on_to_the_end_and_say_what_each_presenter_took(five: Five) -> None:
    session = five.session(AT)
    ann = five.people[0]
    meetings.begin(ann, AT, session)
    steps = len(now(five, session, AT).steps)
    for step in range(steps):
        meetings.next_step(ann, AT + timedelta(minutes=step + 1), session, step)
    seen = now(five, session, AT + DAY)
    assert (steps, seen.ended, seen.step, seen.running) == (8, True, None, False)
    assert [(one.name, one.seconds) for one in seen.agenda.turns] == [("Ben", 360)]


def test_two_who_press_next_at_once_go_on_by_one(five: Five) -> None:
    session = five.session(AT)
    ann, ben = five.people[:2]
    meetings.begin(ann, AT, session)
    meetings.begin(ben, AT, session)
    meetings.next_step(ann, AT, session, 0)
    meetings.next_step(ben, AT, session, 0)
    assert now(five, session, AT).at_step == 1


def test_clock_is_the_leads_in_a_group_and_anybodys_among_equals(five: Five) -> None:
    alice, bob = factories.person("alice"), factories.person("bob")
    group = factories.roster(alice, bob)
    led = factories.session(group, AT, alice, bob).id
    with pytest.raises(NotAllowed):
        meetings.begin(bob, AT, led)
    meetings.begin(alice, AT, led)
    for act in (meetings.next_step, meetings.pause, meetings.resume):
        with pytest.raises(NotAllowed):
            act(bob, AT, led, 0)
    assert meetings.meeting_now(bob, AT, led).may_lead is False
    session = five.session(AT)
    meetings.begin(five.people[4], AT, session)


def test_meeting_begins_within_an_hour_before_its_time_and_fixes_its_turns(five: Five) -> None:
    session = five.session(AT + timedelta(minutes=61))
    ann = five.people[0]
    with pytest.raises(Conflict):
        meetings.begin(ann, AT, session)
    meetings.begin(ann, AT + timedelta(minutes=1), session)
    rows = db.session.scalars(db.select(MeetingTurn).order_by(MeetingTurn.part))
    assert [(row.part, row.person_id, row.minutes) for row in rows] == [
        ("facilitator", ann.id, None),
        ("presenter", five.people[1].id, 40),
    ]
    with pytest.raises(Conflict):
        meetings.mark_absent(ann, AT, session, ann.id)


@pytest.mark.parametrize("minutes", [0, 61])
def test_extra_minutes_stay_within_reason(five: Five, minutes: int) -> None:
    session = five.session(AT)
    meetings.begin(five.people[0], AT, session)
    with pytest.raises(Invalid):
        meetings.add_minutes(five.people[0], AT, session, 0, minutes)
