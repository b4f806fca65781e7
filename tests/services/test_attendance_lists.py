"""The lists of a year, and what waits to be marked or confirmed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from supervision.db import db
from supervision.errors import NotAllowed, NotFound
from supervision.models.rosters import Kind, Roster
from supervision.permissions import Actor
from supervision.services import attendance, home
from supervision.services.attendance import Marking, Said
from tests import factories
from tests.factories import House
from tests.support.statements import counted

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def group(house: House) -> Roster:
    return db.session.get_one(Roster, house.group)


def held(house: House, roster: Roster, start: datetime, **values: Any) -> UUID:
    people = [house.alice, house.bob]
    if roster.kind == Kind.GROUP:
        people.append(house.carol)
    return factories.session(roster, start, *people, minutes=60, **values).id


def mark(who: Actor, session_id: UUID, said: dict[UUID, Said] | None = None) -> None:
    attendance.mark(who, AT, session_id, Marking(0, said or {}, {}))


def own(who: Actor, year: int = 2026, roster_id: UUID | None = None) -> list[tuple[Any, ...]]:
    found = attendance.own_attendance(who, AT, year, roster_id)
    return [
        (one.session_id, one.said and (one.said.state, one.said.minutes), str(one.standing))
        for one in found
    ]


# -- a year --------------------------------------------------------------------------------


def test_own_list_has_what_was_marked_and_what_was_not_latest_first(house, group) -> None:
    alone = db.session.get_one(Roster, house.individual)
    first, second = held(house, group, AT - 3 * DAY), held(house, alone, AT - 2 * DAY)
    third = held(house, group, AT - DAY)
    held(house, group, AT - DAY, state="cancelled")
    held(house, group, AT - timedelta(minutes=59))
    mark(house.alice, first, {house.bob.id: Said("attended", 30)})
    mark(house.alice, second, {house.bob.id: Said("missed")})
    assert own(house.bob) == [
        (third, None, "waits"),
        (second, ("missed", None), "confirmed"),
        (first, ("partly", 30), "confirmed"),
    ]
    assert [row[0] for row in own(house.bob, roster_id=alone.id)] == [second]
    assert own(house.bob, 2025) == own(house.charlie) == []


def test_what_was_cancelled_late_is_listed_once_it_is_marked(house) -> None:
    alone = db.session.get_one(Roster, house.individual)
    off = held(house, alone, AT - DAY, state="cancelled", late=True)
    assert own(house.bob) == []
    mark(house.alice, off)
    assert own(house.bob) == [(off, ("late_cancelled", None), "confirmed")]
    assert own(house.alice) == []


def test_a_year_is_that_of_who_looks(house, group) -> None:
    """Midnight in London is still the old year in Toronto."""
    new_year = held(house, group, datetime(2026, 1, 1, 0, 30, tzinfo=UTC))
    assert [row[0] for row in own(house.alice, 2026)] == [new_year]
    assert [row[0] for row in own(house.bob, 2025)] == [new_year]
    assert own(house.bob, 2026) == []


def test_list_of_a_roster_that_one_never_was_in_is_not_there(house) -> None:
    with pytest.raises(NotFound):
        attendance.own_attendance(house.charlie, AT, 2026, house.group)


def test_standing_is_of_oneself_where_somebody_leads(house, group) -> None:
    session = held(house, group, AT - DAY)
    mark(house.alice, session)
    attendance.disagree(house.bob, AT, session, 1, "Half of it.")
    assert own(house.bob)[0][2] == "open"
    assert own(house.carol)[0][2] == own(house.alice)[0][2] == "confirmed"
    (meeting,) = attendance.attendance_of(house.alice, AT, house.group, 2026)
    assert meeting.standing == "open"


def test_standing_of_equals_is_that_of_the_group(app: Flask) -> None:
    ann, ben = factories.person("ann"), factories.person("ben")
    peers = factories.roster(ann, ben, kind=Kind.PEER)
    session = factories.session(peers, AT - DAY, ann, ben).id
    mark(ann, session)
    assert own(ann)[0][2] == own(ben)[0][2] == "waits"
    attendance.agree(ben, AT, session, 1)
    assert own(ann)[0][2] == own(ben)[0][2] == "confirmed"


def test_a_roster_shows_everybody_to_who_leads_and_to_nobody_else(house, group) -> None:
    marked, unmarked = held(house, group, AT - 2 * DAY), held(house, group, AT - DAY)
    mark(house.alice, marked, {house.bob.id: Said("on_leave")})
    found = attendance.attendance_of(house.alice, AT, house.group, 2026)
    assert [
        (one.session_id, [(line.name, line.said.minutes) for line in one.lines]) for one in found
    ] == [
        (unmarked, []),
        (marked, [("Alice Ashworth", 60), ("Bob Brandt", None), ("Carol Conti", 60)]),
    ]
    for who, refusal in (
        (house.bob, NotAllowed),
        (house.charlie, NotFound),
        (house.dana, NotFound),
    ):
        with pytest.raises(refusal):
            attendance.attendance_of(who, AT, house.group, 2026)


def test_lists_ask_as_much_for_thirty_sessions_as_for_one(house, group) -> None:
    def read() -> int:
        with counted() as seen:
            attendance.own_attendance(house.alice, AT, 2026)
            attendance.attendance_of(house.alice, AT, house.group, 2026)
            attendance.waiting(house.alice, AT)
        return len(seen)

    mark(house.alice, held(house, group, AT - DAY))
    few = read()
    for number in range(2, 31):
        session = held(house, group, AT - number * DAY)
        if number % 2:
            mark(house.alice, session)
    assert read() == few == 8


# -- what waits ----------------------------------------------------------------------------


def waits(who: Actor, at: datetime = AT) -> list[tuple[UUID, bool]]:
    return [(one.session_id, one.marked) for one in attendance.waiting(who, at)]


def test_what_ended_in_fourteen_days_waits_for_who_leads(house, group) -> None:
    hour = timedelta(hours=1)
    old, last = held(house, group, AT - 14 * DAY - hour), held(house, group, AT - 14 * DAY)
    recent = held(house, group, AT - hour)
    held(house, group, AT - hour / 2)  # runs
    held(house, group, AT - DAY, state="cancelled")
    assert waits(house.alice) == [(recent, False), (last, False)]
    assert waits(house.bob) == waits(house.charlie) == []
    mark(house.alice, recent)
    assert waits(house.alice) == [(last, False)]
    assert waits(house.alice, AT - timedelta(seconds=1)) == [(last, False), (old, False)]


def test_what_was_cancelled_late_waits_too(house) -> None:
    alone = db.session.get_one(Roster, house.individual)
    off = held(house, alone, AT - DAY, state="cancelled", late=True)
    assert (waits(house.alice), waits(house.bob)) == ([(off, False)], [])


def test_equals_wait_to_mark_and_then_to_confirm(app: Flask) -> None:
    ann, ben, cat = (factories.person(name) for name in ("ann", "ben", "cat"))
    peers = factories.roster(ann, ben, cat, kind=Kind.PEER)
    session = factories.session(peers, AT - DAY, ann, ben, cat).id
    assert waits(ann) == waits(ben) == [(session, False)]
    mark(ann, session)
    assert (waits(ann), waits(ben)) == ([], [(session, True)])
    attendance.agree(ben, AT, session, 1)
    attendance.disagree(cat, AT, session, 1, "No.")
    assert waits(ann) == waits(ben) == waits(cat) == []
    attendance.mark(cat, AT, session, Marking(1, {ben.id: Said("missed")}, {}))
    assert (waits(ann), waits(ben), waits(cat)) == ([(session, True)], [(session, True)], [])
    assert waits(ann, AT + 20 * DAY) == [(session, True)]
    assert waits(ann, AT + 21 * DAY) == []


def test_a_correction_elsewhere_asks_nobody_to_confirm_their_own_word(app: Flask) -> None:
    ann, ben = factories.person("ann"), factories.person("ben")
    peers = factories.roster(ann, ben, kind=Kind.PEER)
    first, second = (factories.session(peers, AT - n * DAY, ann, ben).id for n in (1, 2))
    mark(ann, first)
    attendance.agree(ben, AT, first, 1)
    mark(ben, second)
    attendance.mark(ann, AT, second, Marking(1, {ben.id: Said("missed")}, {}))
    assert (waits(ann), waits(ben)) == ([], [(second, True)])


def test_home_reads_both_kinds_that_wait_by_one_statement(house, group) -> None:
    session = held(house, group, AT - DAY)
    made = factories.roster(house.bob, title="Peers", kind=Kind.PEER)
    factories.join(made, house.alice, state="invited")
    with counted() as seen:
        found = home.waits(house.alice, AT)
    assert [one.title for one in found.invitations] == ["Peers"]
    assert [one.session_id for one in found.attendance] == [session]
    assert (found.more_attendance, len(seen)) == (0, 1)
    latest = held(house, group, AT - DAY / 2)
    found = home.waits(house.alice, AT, most=1)
    assert [one.session_id for one in found.attendance] == [latest]
    assert found.more_attendance == 1
