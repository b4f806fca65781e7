"""Places and people of their own: of a session, of what follows, of a whole series."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.people import Person
from supervision.models.rosters import Kind, MemberRole, Roster
from supervision.models.sessions import Claim, SeriesPerson, Session
from supervision.permissions import Actor
from supervision.services import (
    attendance,
    booking,
    home,
    meetings,
    notes,
    rosters,
    series,
    sessions,
)
from supervision.services.rosters import RosterForm
from supervision.services.series import Which
from supervision.services.sessions import USUAL, Booked, OwnPlace, Setting, Wish
from tests import factories
from tests.factories import House
from tests.services.feeds.steps import BASE, shown, subscribe
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
STUDIO = OwnPlace("12 Garden Row")
MEET = "https://meet.example.org/tuesday"


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def for_some(*people: Actor, place: OwnPlace | None = None) -> Setting:
    return Setting(place, frozenset(one.id for one in people))


def book(house: House, setting: Setting = USUAL, days: int = 0) -> UUID:
    wish = Wish(TUESDAY + timedelta(days=days), 50, setting=setting)
    return sessions.book_session(house.alice, AT, house.group, wish).session_ids[0]


def book_series(house: House, setting: Setting = USUAL, repeat: Repeat | None = None) -> Booked:
    wish = Wish(TUESDAY, 50, setting=setting)
    return series.book_series(house.alice, AT, house.group, wish, repeat or Repeat("week", count=4))


def change(house: House, session_id: UUID, setting: Setting, which: Which = Which.ONE, **more):
    if which == Which.ONE:
        return sessions.change_session(house.alice, AT, session_id, setting, **more)
    return series.change_series(house.alice, AT, session_id, setting, which, **more)


def owners(session_id: UUID) -> set[str]:
    """First names of those whose session it is."""
    query = (
        select(Person.name)
        .join(Claim, Claim.person_id == Person.id)
        .where(Claim.session_id == session_id)
    )
    return {name.split()[0] for name in db.session.scalars(query)}


def row(session_id: UUID) -> Session:
    return db.session.get_one(Session, session_id, populate_existing=True)


def place_shown(who: Actor, session_id: UUID) -> tuple[str, str]:
    found = sessions.session_page(who, AT, session_id).session
    return found.address, found.meeting_link


def subjects(who: Actor) -> list[str]:
    return [mail.subject for mail in mails_to(who.email)]


# -- places --------------------------------------------------------------------------------


def test_place_of_its_own_is_shown_instead_of_the_roster_s(house) -> None:
    usual, own = book(house), book(house, Setting(STUDIO), 1)
    assert place_shown(house.bob, usual) == ("", MEET)
    assert place_shown(house.bob, own) == ("12 Garden Row", "")
    week = sessions.sessions_between(house.bob, AT, AT + timedelta(days=7))
    coming = home.coming(house.bob, AT, AT + timedelta(days=7), 9)
    for rows in (week, coming, sessions.coming_of_roster(house.bob, house.group, AT)):
        assert [one.place for one in rows] == [MEET, "12 Garden Row"]
    places = [mail.body.rpartition("\n\n")[2] for mail in mails_to(house.bob.email)]
    assert sorted(places) == [f"Meeting link: {MEET}\n", "Place: 12 Garden Row\n"]


def test_changed_place_reaches_page_mail_and_feed_with_a_raised_sequence(house) -> None:
    session_id = book(house)
    _made, token = subscribe(house.bob)
    (before,) = shown(token)
    done = change(house, session_id, Setting(STUDIO), message="The heating is broken.")
    db.session.commit()
    assert (done.count, place_shown(house.bob, session_id)) == (1, ("12 Garden Row", ""))
    (after,) = shown(token)
    assert (str(before["location"]), str(after["location"])) == (MEET, "12 Garden Row")
    assert (before["sequence"], after["sequence"], before["uid"]) == (0, 1, after["uid"])
    assert after["dtstamp"].dt > before["dtstamp"].dt
    mail = mails_to(house.bob.email)[-1]
    assert mail.subject == "Changed: Tuesday group, Tue 24 Nov 2026, 05:00"
    assert "Place: 12 Garden Row" in mail.body
    assert "The heating is broken." in mail.body


def test_place_that_is_set_again_changes_nothing(house) -> None:
    session_id = book(house, Setting(STUDIO))
    assert change(house, session_id, Setting(STUDIO)).count == 0
    assert (row(session_id).sequence, len(subjects(house.bob))) == (0, 1)


def test_place_is_taken_back_to_the_roster_s(house) -> None:
    session_id = book(house, Setting(STUDIO))
    change(house, session_id, USUAL)
    assert place_shown(house.bob, session_id) == ("", MEET)


def test_place_of_a_series_is_changed_for_what_follows(house) -> None:
    booked = book_series(house)
    done = change(house, booked.session_ids[2], Setting(STUDIO), Which.FOLLOWING)
    assert done.count == 2
    assert [row(key).address for key in booked.session_ids] == [None, None, *["12 Garden Row"] * 2]
    assert subjects(house.bob)[-1] == "Changed: Tuesday group, from Tue 8 Dec 2026, 05:00"
    change(house, booked.session_ids[1], USUAL, Which.ALL)
    assert [row(key).address for key in booked.session_ids] == [None] * 4


def test_open_series_rolls_on_and_splits_with_its_own_place(house) -> None:
    booked = book_series(house, Setting(STUDIO), Repeat("week"))
    wish = Wish(TUESDAY + timedelta(days=8), 50)
    series.move_series(house.alice, AT, booked.session_ids[1], wish, Which.FOLLOWING)
    db.session.commit()
    assert series.roll_series(AT + timedelta(weeks=2)) > 0
    assert set(db.session.scalars(select(Session.address))) == {"12 Garden Row"}


def test_roster_that_moves_leaves_places_of_their_own(house) -> None:
    usual, own = book(house), book(house, Setting(STUDIO), 1)
    roster = db.session.get_one(Roster, house.group)
    said = RosterForm(roster.title, roster.kind, roster.zone, 6, 50, "1 New Street", "")
    rosters.edit_roster(house.alice, AT, house.group, said)
    assert (row(usual).sequence, row(own).sequence) == (1, 0)
    assert place_shown(house.bob, own) == ("12 Garden Row", "")
    assert place_shown(house.bob, usual) == ("1 New Street", "")


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (OwnPlace(" ", ""), "address"),
        (OwnPlace("x" * 301), "address"),
        (OwnPlace("", "http://meet.example.org"), "meeting_link"),
        (OwnPlace("", "https://" + "x" * 500), "meeting_link"),
    ],
)
def test_place_that_is_none_is_refused(house, place: OwnPlace, field: str) -> None:
    session_id = book(house)
    for act in (
        lambda: change(house, session_id, Setting(place)),
        lambda: book(house, Setting(place), 1),
    ):
        with pytest.raises(Invalid) as caught:
            act()
        assert caught.value.field == field


# -- people --------------------------------------------------------------------------------


def test_session_for_some_is_theirs_and_hers_who_leads(house) -> None:
    session_id = book(house, for_some(house.bob))
    assert owners(session_id) == {"Alice", "Bob"}
    assert (len(subjects(house.bob)), subjects(house.carol)) == (1, [])
    week = (AT, AT + timedelta(days=7))
    assert [len(sessions.sessions_between(who, *week)) for who in (house.bob, house.carol)] == [
        1,
        0,
    ]


def test_session_for_others_is_not_there_for_a_member(house) -> None:
    session_id = book(house, for_some(house.bob))
    listed = sessions.coming_of_roster
    assert [len(listed(who, house.group, AT)) for who in (house.alice, house.bob, house.carol)] == [
        1,
        1,
        0,
    ]
    for look in (
        sessions.session_page,
        meetings.agenda_of,
        attendance.sheet_of,
        booking.own_session,
        booking.accept,
        booking.withdraw,
    ):
        with pytest.raises(NotFound):
            look(house.carol, AT, session_id)
    with pytest.raises(NotFound):
        notes.session_ref(house.carol, session_id)
    with pytest.raises(NotFound):
        sessions.cancel_session(house.carol, AT, session_id)
    with pytest.raises(NotAllowed):
        sessions.cancel_session(house.bob, AT, session_id)
    rota = meetings.rota_of
    assert [len(rota(who, AT, house.group).coming) for who in (house.bob, house.carol)] == [1, 0]
    (in_list,) = [one for one in rosters.rosters_of(house.carol, AT) if one.id == house.group]
    assert in_list.next_at is None


def test_feed_holds_what_is_for_its_person_and_names_who_comes(house) -> None:
    book(house, for_some(house.bob))
    db.session.commit()
    tokens = [subscribe(who, None, "full")[1] for who in (house.bob, house.carol)]
    bobs, carols = (shown(token) for token in tokens)
    assert "With: Alice Ashworth\n" in str(bobs[0]["description"])
    assert [str(one["summary"]) for one in carols] == ["No sessions scheduled"]


def test_peer_who_runs_the_roster_sees_a_session_for_others(house) -> None:
    made = factories.roster(house.bob, house.carol, house.charlie, kind=Kind.PEER, zone="UTC")
    wish = Wish(TUESDAY, 50, setting=for_some(house.carol))
    done = sessions.book_session(house.bob, AT, made.id, wish)
    assert owners(done.session_ids[0]) == {"Carol"}
    assert sessions.session_page(house.bob, AT, done.session_ids[0]).may_change
    assert len(sessions.coming_of_roster(house.charlie, made.id, AT)) == 1
    assert sessions.sessions_between(house.bob, AT, AT + timedelta(days=7)) == []


def test_people_are_changed_and_each_is_told_what_concerns_them(house) -> None:
    session_id = book(house, for_some(house.bob))
    change(house, session_id, for_some(house.carol))
    assert owners(session_id) == {"Alice", "Carol"}
    assert subjects(house.carol) == ["For you too: Tuesday group, Tue 24 Nov 2026, 11:00"]
    taken_off = mails_to(house.bob.email)[-1]
    assert taken_off.subject == "No longer for you: Tuesday group, Tue 24 Nov 2026, 05:00"
    assert "is for others now" in taken_off.body
    change(house, session_id, USUAL)
    assert owners(session_id) == {"Alice", "Bob", "Carol"}
    assert (row(session_id).for_all, row(session_id).sequence) == (True, 2)


def test_people_and_place_of_a_series_change_at_once(house) -> None:
    booked = book_series(house)
    change(house, booked.session_ids[3], for_some(house.bob))
    both = for_some(house.carol, place=STUDIO)
    assert change(house, booked.session_ids[1], both, Which.FOLLOWING, base_url=BASE).count == 3
    assert [owners(key) for key in booked.session_ids] == [
        {"Alice", "Bob", "Carol"},
        *[{"Alice", "Carol"}] * 3,
    ]
    assert subjects(house.carol)[-2:] == [
        "Changed: Tuesday group, from Tue 1 Dec 2026, 11:00",
        "For you too: Tuesday group, Tue 15 Dec 2026, 11:00",
    ]
    assert mails_to(house.bob.email)[-1].body.endswith(f"{BASE}/rosters/{house.group}\n")


def test_who_is_added_over_a_busy_time_is_warned(house) -> None:
    session_id = book(house, for_some(house.bob))
    other = factories.roster(factories.person("erin"), house.carol, title="Other", zone="UTC")
    factories.session(other, datetime(2026, 11, 24, 10, 30, tzinfo=UTC), house.carol)
    done = change(house, session_id, USUAL)
    assert [clash.name for clash in done.warnings] == ["Carol Conti"]
    assert "You have something else at these times:" in mails_to(house.carol.email)[-1].body


def test_who_joins_gets_what_is_for_all_and_who_leads_gets_everything(house) -> None:
    for_all, for_bob = book(house), book(house, for_some(house.bob), 1)
    group = db.session.get_one(Roster, house.group)
    for who, role in ((house.charlie, None), (house.dana, MemberRole.FACILITATOR)):
        factories.join(group, who, role)
        sessions.member_joined(house.group, who.id, AT)
    assert owners(for_all) == {"Alice", "Bob", "Carol", "Charlie", "Dana"}
    assert owners(for_bob) == {"Alice", "Bob", "Dana"}


def test_who_leaves_and_returns_gets_no_more_of_a_series_for_some(house) -> None:
    booked = book_series(house, for_some(house.bob, house.carol), Repeat("week"))
    rosters.leave(house.bob, AT, house.group)
    assert owners(booked.session_ids[0]) == {"Alice", "Carol"}
    group = db.session.get_one(Roster, house.group)
    factories.join(group, house.bob)
    sessions.member_joined(house.group, house.bob.id, AT)
    db.session.commit()
    series.roll_series(AT + timedelta(weeks=2))
    everyone = {frozenset(owners(key)) for key in db.session.scalars(select(Session.id))}
    assert everyone == {frozenset({"Alice", "Carol"})}


def test_open_series_rolls_on_and_splits_for_its_people(house) -> None:
    booked = book_series(house, for_some(house.bob), Repeat("week"))
    wish = Wish(TUESDAY + timedelta(days=8), 50)
    series.move_series(house.alice, AT, booked.session_ids[1], wish, Which.FOLLOWING)
    db.session.commit()
    assert series.roll_series(AT + timedelta(weeks=2)) > 0
    found = {frozenset(owners(key)) for key in db.session.scalars(select(Session.id))}
    assert found == {frozenset({"Alice", "Bob"})}
    assert len(db.session.scalars(select(SeriesPerson.person_id)).all()) == 2


def test_series_moves_each_session_with_its_own_people(house) -> None:
    booked = book_series(house)
    change(house, booked.session_ids[2], for_some(house.carol))
    series.move_series(house.alice, AT, booked.session_ids[0], Wish(TUESDAY, 80), Which.ALL)
    assert [len(owners(key)) for key in booked.session_ids] == [3, 3, 2, 3]
    bobs, carols = (mails_to(who.email)[-1].body for who in (house.bob, house.carol))
    assert ("has moved 3 sessions" in bobs, "has moved 4 sessions" in carols) == (True, True)
    series.cancel_following(house.alice, AT, booked.session_ids[0])
    assert "has cancelled 3 sessions" in mails_to(house.bob.email)[-1].body


def test_roster_that_ends_tells_each_of_their_own(house) -> None:
    book(house)
    book(house, for_some(house.bob), 1)
    rosters.end_roster(house.alice, AT, house.group)
    assert "Its 2 coming sessions are cancelled." in mails_to(house.bob.email)[-1].body
    assert "Its last coming session is cancelled." in mails_to(house.carol.email)[-1].body


def test_roster_that_ends_tells_who_has_no_session_in_it(house) -> None:
    book(house, for_some(house.bob))
    rosters.end_roster(house.alice, AT, house.group)
    mail = mails_to(house.carol.email)[-1]
    assert mail.subject == "Ended: Tuesday group"
    assert "has ended the roster “Tuesday group”. Past sessions stay" in mail.body


@pytest.mark.parametrize(
    ("roster", "people"),
    [("group", []), ("group", ["charlie"]), ("group", ["bob", "dana"]), ("individual", ["bob"])],
)
def test_people_who_cannot_be_chosen_are_refused(house, roster: str, people: list[str]) -> None:
    chosen = for_some(*(getattr(house, name) for name in people))
    wish = Wish(TUESDAY, 50, setting=chosen)
    with pytest.raises(Invalid) as caught:
        sessions.book_session(house.alice, AT, getattr(house, roster), wish)
    assert caught.value.field == "people"


@pytest.mark.parametrize(("who", "refusal"), [("bob", NotAllowed), ("charlie", NotFound)])
def test_setting_is_changed_by_those_who_run_the_roster(house, who: str, refusal) -> None:
    booked = book_series(house)
    actor = getattr(house, who)
    with pytest.raises(refusal):
        sessions.change_session(actor, AT, booked.session_ids[0], Setting(STUDIO))
    with pytest.raises(refusal):
        series.change_series(actor, AT, booked.session_ids[0], Setting(STUDIO), Which.ALL)


def test_setting_of_what_has_been_stays(house) -> None:
    session_id = book(house)
    with pytest.raises(Conflict):
        sessions.change_session(house.alice, AT + timedelta(days=9), session_id, Setting(STUDIO))
    with pytest.raises(NotFound):
        series.change_series(house.alice, AT, session_id, Setting(STUDIO), Which.ALL)
