"""The waiting list: seats that become free are offered in order, kept a while, and lapse."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from supervision.db import db
from supervision.errors import Conflict
from supervision.models.rosters import Membership, Roster
from supervision.permissions import Actor
from supervision.services import integrity, rosters
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEPT = timedelta(hours=48)


@pytest.fixture
def house(app: Flask) -> House:
    """The group is full: Bob and Carol have its two places."""
    made = factories.house()
    db.session.get_one(Roster, made.group).capacity = 2
    db.session.commit()
    return made


def waits(house: House, name: str, minutes: int) -> Actor:
    """Somebody who was invited and accepted so many minutes after nine."""
    who = factories.person(name)
    factories.join(db.session.get_one(Roster, house.group), who, state="invited")
    accepted = rosters.accept(who, AT + timedelta(minutes=minutes), house.group)
    assert accepted.state == "waiting"
    return who


def place(house: House, who: Actor) -> tuple[str, datetime | None]:
    row = db.session.execute(
        db.select(Membership.state, Membership.offered_until).where(
            Membership.roster_id == house.group, Membership.person_id == who.id
        )
    ).one()
    return row.state, row.offered_until


def taken(house: House) -> int | None:
    return db.session.scalar(db.select(Roster.taken).where(Roster.id == house.group))


def test_free_seat_is_offered_to_who_waits_longest_and_kept(house: House) -> None:
    first, second = waits(house, "erin", 1), waits(house, "frank", 2)
    rosters.leave(house.carol, AT + timedelta(hours=1), house.group)
    until = AT + timedelta(hours=1) + KEPT
    assert (place(house, first), place(house, second)) == (("waiting", until), ("waiting", None))
    assert (taken(house), list(integrity.faults())) == (2, [])
    rosters.accept(second, AT + timedelta(hours=2), house.group)
    assert place(house, second) == ("waiting", None)
    rosters.accept(first, AT + timedelta(hours=2), house.group)
    assert (place(house, first), taken(house)) == (("active", None), 2)


def test_offer_lapses_once_and_goes_to_the_next(house: House) -> None:
    first, second = waits(house, "erin", 1), waits(house, "frank", 2)
    rosters.leave(house.carol, AT, house.group)
    db.session.commit()
    end = AT + KEPT
    assert rosters.lapse_offers(end - timedelta(seconds=1), "") == 0
    with pytest.raises(Conflict):
        rosters.accept(first, end, house.group)
    assert [rosters.lapse_offers(end, "") for _ in range(2)] == [1, 0]
    assert place(house, first) == ("invited", None)
    assert (place(house, second), taken(house)) == (("waiting", end + KEPT), 2)
    assert list(integrity.faults()) == []


def test_declined_offer_goes_to_the_next_and_the_last_frees_the_seat(house: House) -> None:
    first, second = waits(house, "erin", 1), waits(house, "frank", 2)
    rosters.leave(house.carol, AT, house.group)
    rosters.decline(first, AT, house.group)
    assert (place(house, first)[0], place(house, second)) == ("ended", ("waiting", AT + KEPT))
    rosters.leave(second, AT, house.group)
    assert (place(house, second)[0], taken(house)) == ("ended", 1)


def test_offer_is_kept_half_the_time_to_a_near_meeting(house: House) -> None:
    first = waits(house, "erin", 1)
    group = db.session.get_one(Roster, house.group)
    factories.session(group, AT + timedelta(hours=10), house.alice)
    rosters.leave(house.carol, AT, house.group)
    assert place(house, first) == ("waiting", AT + timedelta(hours=5))


def test_larger_roster_offers_as_many_seats_as_it_gains(house: House) -> None:
    first, second, third = (waits(house, n, i) for i, n in enumerate(("erin", "frank", "grace")))
    form = rosters.RosterForm("Tuesday group", "group", "Europe/London", 4, 50, "", "")
    rosters.edit_roster(house.alice, AT, house.group, form)
    offered = [place(house, who)[1] for who in (first, second, third)]
    assert (offered, taken(house)) == ([AT + KEPT, AT + KEPT, None], 4)


def test_end_of_a_roster_ends_its_line_and_gives_kept_seats_back(house: House) -> None:
    first = waits(house, "erin", 1)
    rosters.leave(house.carol, AT, house.group)
    rosters.end_roster(house.alice, AT, house.group)
    assert (place(house, first), taken(house)) == (("ended", None), 1)


def test_offer_is_mailed_to_both_sides_in_their_own_time(house: House) -> None:
    first = waits(house, "erin", 1)
    rosters.leave(house.carol, AT, house.group, "https://s.example")
    offer = mails_to(first.email)[-1]
    assert offer.subject == "A place is free: Tuesday group"
    assert "until Wed 25 Nov 2026, 04:00 (New York)." in offer.body
    assert f"https://s.example/rosters/{house.group}" in offer.body
    told = {mail.subject for mail in mails_to(house.alice.email)}
    assert "A place in Tuesday group is offered to Erin Egan" in told


def test_line_is_for_who_runs_the_roster_and_ones_own_place_for_who_waits(house: House) -> None:
    first, second = waits(house, "erin", 1), waits(house, "frank", 2)
    names = {row.name for row in rosters.roster_page(house.bob, house.group).members}
    assert names == {"Alice Ashworth", "Bob Brandt", "Carol Conti"}
    shown = [row.person_id for row in rosters.roster_page(house.alice, house.group).members]
    assert shown[-2:] == [first.id, second.id]
    assert rosters.roster_page(second, house.group).place_in_line == 2
