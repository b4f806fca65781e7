"""Equals confirm what one of them marked; and anybody says that it was otherwise."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from supervision.db import db
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.rosters import Kind, Membership, Roster
from supervision.permissions import Actor
from supervision.services import attendance
from supervision.services.attendance import Changed, Marking, Said
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@dataclass
class Five:
    """Five equals, their roster, and a two-hour meeting of theirs that ended an hour ago."""

    people: list[Actor]
    roster: Roster
    session: UUID

    def sheet(self, who: int = 0, at: datetime = AT) -> attendance.Sheet:
        return attendance.sheet_of(self.people[who], at, self.session)

    def mark(self, who: int, said: dict[int, Said] | None = None, seen: int = 0) -> None:
        by_id = {self.people[number].id: one for number, one in (said or {}).items()}
        marking = Marking(seen, by_id, {})
        attendance.mark(self.people[who], AT, self.session, marking, "https://s.example")

    def agree(self, *who: int, seen: int = 1) -> None:
        for number in who:
            attendance.agree(self.people[number], AT, self.session, seen)

    def disagree(self, who: int, words: str = "Ben was there.", seen: int = 1) -> None:
        person = self.people[who]
        attendance.disagree(person, AT, self.session, seen, words, "https://s.example")


@pytest.fixture
def five(app: Flask) -> Five:
    people = [factories.person(name) for name in ("ann", "ben", "cat", "dan", "eve")]
    roster = factories.roster(people[0], *people[1:], kind=Kind.PEER)
    held = factories.session(roster, AT - timedelta(hours=3), *people, minutes=120)
    return Five(people, roster, held.id)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def led(house: House) -> UUID:
    """A session of the group, marked by Alice: Bob was not there."""
    group = db.session.get_one(Roster, house.group)
    start = AT - timedelta(hours=3)
    held = factories.session(group, start, house.alice, house.bob, house.carol).id
    said = {house.bob.id: Said("missed")}
    attendance.mark(house.alice, AT, held, Marking(0, said, {}))
    return held


def stands(found: attendance.Sheet) -> tuple[str, int, int]:
    return str(found.standing), found.agreed, found.expected


# -- equals --------------------------------------------------------------------------------


def test_any_member_proposes_and_it_counts_when_all_others_agree(five: Five) -> None:
    five.mark(3, {4: Said("cancelled")})
    assert stands(five.sheet()) == ("waits", 1, 5)
    five.agree(0, 1, 2)
    assert stands(five.sheet()) == ("waits", 4, 5)
    five.agree(4)
    assert stands(five.sheet()) == ("confirmed", 5, 5)


def test_after_a_week_more_than_half_are_enough(five: Five) -> None:
    five.mark(0)
    five.agree(1, 2)
    assert stands(five.sheet(at=AT + WEEK - timedelta(seconds=1))) == ("waits", 3, 5)
    assert stands(five.sheet(at=AT + WEEK)) == ("confirmed", 3, 5)
    assert five.sheet().settles_at == AT + WEEK


def test_who_disagrees_says_so_to_the_group_and_leaves_it_open(five: Five) -> None:
    five.mark(0, {1: Said("missed")})
    five.agree(2, 3, 4)
    five.disagree(1, " I was there, \n only late. ")
    assert stands(five.sheet(at=AT + 9 * WEEK)) == ("open", 4, 5)
    (said,) = five.sheet(4).dissent
    assert (said.name, said.words) == ("Ben", "I was there, only late.")


def test_who_disagreed_may_agree_after_all_and_both_stay_in_the_history(five: Five) -> None:
    five.mark(0)
    five.disagree(1)
    five.agree(1, 2, 3, 4)
    assert (stands(five.sheet()), five.sheet().dissent) == (("confirmed", 5, 5), [])
    events = attendance.history_of(five.sheet(2))
    assert [(one.by, one.agrees, one.words) for one in events] == [
        ("Ann", None, ""),
        ("Ben", False, "Ben was there."),
        ("Ben", True, ""),
        ("Cat", True, ""),
        ("Dan", True, ""),
        ("Eve", True, ""),
    ]


def test_a_correction_asks_everybody_anew(five: Five) -> None:
    five.mark(0, {1: Said("missed")})
    five.agree(2, 3, 4)
    five.disagree(1)
    five.mark(2, {1: Said("attended", 105)}, seen=1)
    assert (stands(five.sheet()), five.sheet().dissent) == (("waits", 1, 5), [])
    with pytest.raises(Changed):
        five.agree(1, seen=1)
    five.agree(0, 1, 3, 4, seen=2)
    assert stands(five.sheet()) == ("confirmed", 5, 5)


def test_who_marked_last_has_said_so_already(five: Five) -> None:
    five.mark(0)
    assert [five.sheet(who).may_answer for who in range(5)] == [False, True, True, True, True]
    with pytest.raises(NotAllowed):
        five.agree(0)


def test_who_joined_later_may_mark_and_has_nothing_to_confirm(five: Five) -> None:
    fay = factories.person("fay")
    factories.join(five.roster, fay)
    attendance.mark_everybody(fay, AT, five.session, 0)
    assert stands(five.sheet()) == ("waits", 0, 5)
    with pytest.raises(NotAllowed):
        attendance.agree(fay, AT, five.session, 1)
    five.agree(0, 1, 2, 3, 4)
    assert stands(five.sheet()) == ("confirmed", 5, 5)


def test_who_has_left_is_asked_of_their_own_line_alone(five: Five) -> None:
    ben = five.people[1]
    five.mark(0)
    db.session.execute(
        update(Membership).where(Membership.person_id == ben.id).values(state="ended")
    )
    assert [one.name for one in five.sheet(1).lines] == ["Ben"]
    with pytest.raises(NotAllowed):
        five.mark(1, seen=1)
    five.agree(1, 2, 3, 4)
    assert stands(five.sheet()) == ("confirmed", 5, 5)


def test_nobody_answers_what_is_not_marked(five: Five) -> None:
    with pytest.raises(Conflict):
        five.agree(1, seen=0)


def test_the_others_are_asked_once_by_mail_and_told_who_disagrees(five: Five) -> None:
    five.mark(0, {1: Said("missed")})
    five.disagree(1)
    subjects = {who.name: [mail.subject for mail in mails_to(who.email)] for who in five.people}
    when = "Tuesday group, Tue 24 Nov 2026, 09:00 (UTC)"
    otherwise = f"Ben says it was otherwise: {when}"
    assert subjects == {
        "Ann": [otherwise],
        "Ben": [f"Noted for you: {when}"],
        "Cat": [f"Who was there? {when}", otherwise],
        "Dan": [f"Who was there? {when}", otherwise],
        "Eve": [f"Who was there? {when}", otherwise],
    }
    bodies = [mail.body for who in five.people for mail in mails_to(who.email)]
    assert not any("Ben was there." in body for body in bodies)


# -- where somebody leads ------------------------------------------------------------------


def test_a_member_contests_what_is_said_of_them_and_the_lead_is_told(house, led) -> None:
    attendance.disagree(house.bob, AT, led, 1, "I was there.", "https://s.example")
    found = attendance.sheet_of(house.alice, AT, led)
    assert (found.standing, [line.remark for line in found.lines]) == (
        "open",
        ["", "I was there.", ""],
    )
    (mail,) = mails_to(house.alice.email)
    assert mail.subject.startswith("Bob Brandt says it was otherwise: Tuesday group")
    assert "I was there." not in mail.body
    acts = db.session.scalars(db.select(AuditEntry).where(AuditEntry.act.like("attendance.%")))
    assert [(one.act, one.detail) for one in acts][1:] == [
        ("attendance.disagree", {"version": "1"})
    ]


def test_a_remark_is_no_business_of_other_members(house, led) -> None:
    attendance.disagree(house.bob, AT, led, 1, "I was there.")
    found = attendance.sheet_of(house.carol, AT, led)
    assert (found.standing, found.answers, [one.name for one in found.lines]) == (
        "confirmed",
        [],
        ["Carol Conti"],
    )


def test_a_remark_stands_until_that_line_is_corrected_or_it_is_taken_back(house, led) -> None:
    attendance.disagree(house.bob, AT, led, 1, "I was there.")
    said: dict[UUID, Said] = {house.carol.id: Said("attended", 30)}
    attendance.mark(house.alice, AT, led, Marking(1, said, {}))
    assert attendance.sheet_of(house.bob, AT, led).lines[0].remark == "I was there."
    attendance.mark(house.alice, AT, led, Marking(2, {house.bob.id: Said("attended", 30)}, {}))
    assert attendance.sheet_of(house.bob, AT, led).lines[0].remark == ""
    attendance.disagree(house.bob, AT, led, 3, "The whole of it.")
    attendance.agree(house.bob, AT, led, 3)
    found = attendance.sheet_of(house.alice, AT, led)
    assert (found.standing, found.lines[1].remark) == ("confirmed", "")


@pytest.mark.parametrize("words", ["", "  ", "x" * 301])
def test_disagreeing_takes_a_few_words(house, led, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        attendance.disagree(house.bob, AT, led, 1, words)
    assert refused.value.field == "words"


def test_strangers_answer_nothing_and_who_marked_it_neither(house, led) -> None:
    refusals: list[tuple[Actor, Any]] = [
        (house.charlie, NotFound),
        (house.dana, NotFound),
        (house.alice, NotAllowed),
    ]
    for who, refusal in refusals:
        with pytest.raises(refusal):
            attendance.agree(who, AT, led, 1)
        with pytest.raises(refusal):
            attendance.disagree(who, AT, led, 1, "No.")
