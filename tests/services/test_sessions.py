"""Booking, moving and cancelling one session; who sees it; who joins and leaves."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from supervision.db import db
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.people import Person
from supervision.models.rosters import MemberRole, MemberState, Roster
from supervision.models.sessions import Claim, Session
from supervision.services import rosters, sessions
from supervision.services.claims import Clashed
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def book(house: House, local: datetime = TUESDAY, roster: UUID | None = None, **more) -> UUID:
    wish = Wish(local, more.pop("minutes", 50), more.pop("message", ""))
    who = more.pop("who", house.alice)
    return sessions.book_session(who, AT, roster or house.group, wish).session_ids[0]


def row(session_id: UUID) -> Session:
    return db.session.get_one(Session, session_id, populate_existing=True)


def claims_of(session_id: UUID) -> dict[UUID, bool]:
    rows = db.session.execute(
        select(Claim.person_id, Claim.hard).where(Claim.session_id == session_id)
    )
    return {row.person_id: row.hard for row in rows}


def test_book_session_takes_local_time_of_the_roster(house: House) -> None:
    session = row(book(house))
    assert (session.starts_at, session.ends_at) == (
        datetime(2026, 11, 24, 10, 0, tzinfo=UTC),
        datetime(2026, 11, 24, 10, 50, tzinfo=UTC),
    )
    assert (session.zone, session.original_local, session.sequence) == (
        "Europe/London",
        "2026-11-24T10:00",
        0,
    )


def test_book_session_in_group_claims_hard_for_its_lead_alone(house: House) -> None:
    assert claims_of(book(house)) == {
        house.alice.id: True,
        house.bob.id: False,
        house.carol.id: False,
    }


def test_book_session_in_individual_roster_claims_hard_for_both(house: House) -> None:
    assert claims_of(book(house, roster=house.individual)) == {
        house.alice.id: True,
        house.bob.id: True,
    }


def test_book_session_that_does_not_exist_that_day_is_shifted(house: House) -> None:
    booked = sessions.book_session(
        house.alice, AT, house.group, Wish(datetime.fromisoformat("2027-03-28T01:30"), 50)
    )
    session = row(booked.session_ids[0])
    assert (booked.shifted, session.shifted) == (1, True)
    assert session.starts_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_book_session_over_another_of_the_lead_says_who_and_when(house: House) -> None:
    first = book(house)
    with pytest.raises(Clashed) as caught:
        book(house, TUESDAY + timedelta(minutes=30), house.individual)
    (clash,) = caught.value.clashes
    assert (clash.name, clash.starts_at, clash.ends_at, clash.session_id) == (
        "Alice Ashworth",
        datetime(2026, 11, 24, 10, 0, tzinfo=UTC),
        datetime(2026, 11, 24, 10, 50, tzinfo=UTC),
        first,
    )


def test_book_session_back_to_back_is_taken(house: House) -> None:
    book(house)
    assert book(house, TUESDAY + timedelta(minutes=50), house.individual)
    assert book(house, TUESDAY - timedelta(minutes=50), house.individual)


def test_book_session_over_a_soft_claim_warns(house: House) -> None:
    book(house)
    bobs = factories.roster(house.bob, house.carol, kind="peer", title="Peers")
    booked = sessions.book_session(house.bob, AT, bobs.id, Wish(_toronto("2026-11-24T05:30"), 50))
    assert sorted((one.name, one.hard) for one in booked.warnings) == [
        ("Bob Brandt", False),
        ("Carol Conti", False),
    ]


def _toronto(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_book_session_tells_everybody_else_in_their_own_time(house: House) -> None:
    session_id = book(house, message="Bring the tape.")
    assert mails_to(house.alice.email) == []
    (mail,) = mails_to(house.bob.email)
    assert mail.subject == "Booked: Tuesday group, Tue 24 Nov 2026, 05:00"
    assert mail.body == (
        "Hello Bob Brandt,\n\n"
        "Alice Ashworth has booked a session of “Tuesday group”.\n\n"
        "Tue 24 Nov 2026, 05:00 to 05:50 (Toronto); 10:00 in London\n\n"
        "Meeting link: https://meet.example.org/tuesday\n\n"
        "Alice Ashworth writes:\nBring the tape.\n"
    )
    assert (mail.event, mail.sequence) == (f"session:{session_id}", 0)


def test_mail_uses_the_reader_s_clock_and_survives_a_percent_sign(house: House) -> None:
    db.session.get_one(Person, house.bob.id).clock = "12"
    db.session.get_one(Roster, house.group).title = "100 %(sure)s"
    db.session.flush()
    book(house, TUESDAY + timedelta(hours=7), message="50 %")
    (mail,) = mails_to(house.bob.email)
    assert mail.subject == "Booked: 100 %(sure)s, Tue 24 Nov 2026, 12:00 pm"
    assert mail.body.splitlines()[4] == (
        "Tue 24 Nov 2026, 12:00 pm to 12:50 pm (Toronto); 5:00 pm in London"
    )
    assert mail.body.splitlines()[-1] == "50 %"


def test_book_session_marks_the_feeds_of_all(house: House) -> None:
    book(house)
    versions = db.session.scalars(select(Person.feed_version).order_by(Person.email))
    assert list(versions) == [1, 1, 1, 0, 0]


def test_book_session_leaves_an_audit_line(house: House) -> None:
    session_id = book(house)
    db.session.flush()
    line = db.session.scalars(select(AuditEntry)).one()
    assert (line.act, line.actor_id, line.subject_id) == (
        "sessions.book",
        house.alice.id,
        session_id,
    )


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(TUESDAY, 4), "minutes"),
        (Wish(TUESDAY, 481), "minutes"),
        (Wish(TUESDAY, 50, "x" * 501), "message"),
        (Wish(TUESDAY, 50, zone="America/Toronto"), "starts_at"),
        (Wish(datetime.fromisoformat("2026-11-23T09:00"), 50), "date"),
        (Wish(datetime.fromisoformat("2037-01-01T09:00"), 50), "date"),
        (Wish(datetime.fromisoformat("9999-12-31T23:59"), 50), "date"),
        (Wish(datetime.fromisoformat("0001-01-01T00:00"), 50), "date"),
    ],
)
def test_book_session_with_a_wrong_value_is_refused(house: House, wish: Wish, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        sessions.book_session(house.alice, AT, house.group, wish)
    assert caught.value.field == field
    assert db.session.scalar(select(func.count(Session.id))) == 0


def test_book_session_is_for_those_who_run_the_roster(house: House) -> None:
    with pytest.raises(NotAllowed):
        book(house, who=house.bob)
    with pytest.raises(NotFound):
        book(house, who=house.charlie)
    with pytest.raises(NotFound):
        book(house, who=house.dana)


def test_book_session_in_an_ended_roster_is_refused(house: House) -> None:
    rosters.end_roster(house.alice, AT, house.group)
    with pytest.raises(Conflict):
        book(house)


# -- moving --------------------------------------------------------------------------------


def test_move_session_keeps_its_id_and_key_and_raises_its_sequence(house: House) -> None:
    session_id = book(house)
    wish = Wish(datetime.fromisoformat("2026-11-25T15:00"), 80, "Sorry")
    sessions.move_session(house.alice, AT, session_id, wish)
    session = row(session_id)
    assert (session.original_local, session.edited, session.sequence, session.message) == (
        "2026-11-24T10:00",
        True,
        1,
        "Sorry",
    )
    assert (session.starts_at, session.ends_at) == (
        datetime(2026, 11, 25, 15, 0, tzinfo=UTC),
        datetime(2026, 11, 25, 16, 20, tzinfo=UTC),
    )
    assert session.published_at == AT + timedelta(seconds=1)


def test_move_session_takes_its_claims_along(house: House) -> None:
    session_id = book(house)
    sessions.move_session(house.alice, AT, session_id, Wish(TUESDAY + timedelta(minutes=20), 50))
    assert claims_of(session_id)[house.alice.id]
    assert book(house, TUESDAY - timedelta(minutes=30), house.individual)
    with pytest.raises(Clashed):
        book(house, TUESDAY + timedelta(minutes=60), house.individual)


def test_move_session_tells_of_the_time_before_and_after(house: House) -> None:
    session_id = book(house)
    wish = Wish(datetime.fromisoformat("2026-11-25T15:00"), 50)
    sessions.move_session(house.alice, AT, session_id, wish, "https://example.org")
    mail = mails_to(house.carol.email)[-1]
    assert (mail.event, mail.sequence) == (f"session:{session_id}", 1)
    assert mail.body.splitlines()[4:6] == [
        "Before: Tue 24 Nov 2026, 11:00 to 11:50 (Berlin); 10:00 in London",
        "Now: Wed 25 Nov 2026, 16:00 to 16:50 (Berlin); 15:00 in London",
    ]
    assert mail.body.endswith(f"\n\nhttps://example.org/sessions/{session_id}\n")


def test_move_session_to_where_it_is_publishes_nothing(house: House) -> None:
    session_id = book(house)
    sessions.move_session(house.alice, AT, session_id, Wish(TUESDAY, 50))
    assert (row(session_id).sequence, row(session_id).edited) == (0, False)


def test_move_session_twice_in_a_second_publishes_later_stamps(house: House) -> None:
    session_id = book(house)
    stamps = []
    for minutes in (10, 20, 30):
        wish = Wish(TUESDAY + timedelta(minutes=minutes), 50)
        sessions.move_session(house.alice, AT, session_id, wish)
        stamps.append(row(session_id).published_at - AT)
    assert stamps == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=3)]


def test_move_session_onto_another_is_refused(house: House) -> None:
    book(house)
    second = book(house, TUESDAY + timedelta(hours=3), house.individual)
    with pytest.raises(Clashed):
        sessions.move_session(house.alice, AT, second, Wish(TUESDAY, 50))


def test_move_session_that_has_begun_or_was_cancelled_is_refused(house: House) -> None:
    session_id = book(house)
    late = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    tomorrow = Wish(TUESDAY + timedelta(days=1), 50)
    with pytest.raises(Conflict):
        sessions.move_session(house.alice, late, session_id, tomorrow)
    with pytest.raises(Conflict):
        sessions.cancel_session(house.alice, late, session_id)
    sessions.cancel_session(house.alice, AT, session_id)
    with pytest.raises(Conflict):
        sessions.move_session(house.alice, AT, session_id, tomorrow)


def test_move_session_into_the_past_is_refused(house: House) -> None:
    session_id = book(house)
    with pytest.raises(Invalid) as caught:
        sessions.move_session(house.alice, AT, session_id, Wish(TUESDAY - timedelta(days=2), 50))
    assert caught.value.field == "date"


@pytest.mark.parametrize(("who", "refusal"), [("bob", NotAllowed), ("charlie", NotFound)])
def test_move_and_cancel_are_for_those_who_run_the_roster(
    house: House, who: str, refusal: type[Exception]
) -> None:
    session_id = book(house)
    with pytest.raises(refusal):
        sessions.move_session(getattr(house, who), AT, session_id, Wish(TUESDAY, 60))
    with pytest.raises(refusal):
        sessions.cancel_session(getattr(house, who), AT, session_id)
    assert (row(session_id).state, row(session_id).sequence) == ("planned", 0)


# -- cancelling ----------------------------------------------------------------------------


def test_cancel_session_keeps_the_row_and_frees_the_time(house: House) -> None:
    session_id = book(house)
    sessions.cancel_session(house.alice, AT, session_id, "I am ill.")
    session = row(session_id)
    assert (session.state, session.sequence, session.message) == ("cancelled", 1, "I am ill.")
    assert set(claims_of(session_id).values()) == {False}
    again = sessions.book_session(house.alice, AT, house.individual, Wish(TUESDAY, 50))
    assert again.warnings == ()
    assert mails_to(house.carol.email)[-1].body.splitlines()[2] == (
        "Alice Ashworth has cancelled a session of “Tuesday group”."
    )


def test_cancel_session_twice_tells_once(house: House) -> None:
    session_id = book(house)
    sessions.cancel_session(house.alice, AT, session_id)
    sessions.cancel_session(house.alice, AT, session_id)
    assert (row(session_id).sequence, len(mails_to(house.carol.email))) == (1, 2)


def test_cancelled_session_of_somebody_is_still_theirs_to_see(house: House) -> None:
    session_id = book(house)
    sessions.cancel_session(house.alice, AT, session_id)
    (found,) = sessions.sessions_between(house.bob, AT, AT + timedelta(days=7))
    assert (found.id, found.state, found.meeting_link) == (session_id, "cancelled", "")


# -- reading -------------------------------------------------------------------------------


def test_sessions_between_is_half_open_and_takes_in_what_runs_over_its_start(house: House) -> None:
    session_id = book(house, minutes=60)
    start = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    hour = timedelta(hours=1)
    windows = {
        "before": (start - hour, start),
        "first minute": (start - hour, start + timedelta(minutes=1)),
        "last minute": (start + timedelta(minutes=59), start + 2 * hour),
        "after": (start + hour, start + 2 * hour),
    }
    found = {
        name: [one.id for one in sessions.sessions_between(house.bob, *window)]
        for name, window in windows.items()
    }
    assert found == {
        "before": [],
        "first minute": [session_id],
        "last minute": [session_id],
        "after": [],
    }


def test_sessions_between_shows_role_and_place_to_members_only(house: House) -> None:
    book(house)
    rosters.leave(house.carol, AT, house.group)
    week = (AT, AT + timedelta(days=7))
    (alices,) = sessions.sessions_between(house.alice, *week)
    assert (alices.role, alices.title, alices.meeting_link) == (
        "supervisor",
        "Tuesday group",
        "https://meet.example.org/tuesday",
    )
    assert sessions.sessions_between(house.carol, *week) == []
    assert sessions.sessions_between(house.charlie, *week) == []


def test_session_page_of_member_and_lead(house: House) -> None:
    session_id = book(house)
    page = sessions.session_page(house.bob, AT, session_id)
    assert [(one.name, one.role) for one in page.people] == [
        ("Alice Ashworth", "supervisor"),
        ("Bob Brandt", "supervisee"),
        ("Carol Conti", "supervisee"),
    ]
    assert (page.minutes, page.may_change, page.series) == (50, False, None)
    assert sessions.session_page(house.alice, AT, session_id).may_change


def test_session_page_is_hidden_from_strangers_the_invited_and_organisers(house: House) -> None:
    session_id = book(house)
    group = db.session.get_one(Roster, house.group)
    factories.join(group, house.charlie, state=MemberState.INVITED)
    for who in (house.charlie, house.dana):
        with pytest.raises(NotFound):
            sessions.session_page(who, AT, session_id)


def test_session_page_of_who_has_left_shows_their_past_without_people_or_place(
    house: House,
) -> None:
    past, coming = book(house), book(house, TUESDAY + timedelta(days=7))
    later = AT + timedelta(days=2)
    rosters.leave(house.carol, later, house.group)
    page = sessions.session_page(house.carol, later, past)
    assert (page.people, page.session.meeting_link, page.session.role) == ([], "", "")
    with pytest.raises(NotFound):
        sessions.session_page(house.carol, later, coming)


def test_coming_and_past_of_roster_are_in_order(house: House) -> None:
    ids = [book(house, TUESDAY + timedelta(days=days)) for days in (0, 1, 7, 8)]
    at = AT + timedelta(days=5)
    coming = sessions.coming_of_roster(house.bob, house.group, at)
    past = sessions.past_of_roster(house.bob, house.group, at)
    assert [one.id for one in coming] == ids[2:]
    assert [one.id for one in past] == [ids[1], ids[0]]
    assert sessions.coming_of_roster(house.bob, house.group, AT, page=2) == []
    assert sessions.coming_of_roster(house.charlie, house.group, at) == []


# -- joining and leaving -------------------------------------------------------------------


def test_member_joined_gets_what_is_to_come(house: House) -> None:
    past, coming = book(house), book(house, TUESDAY + timedelta(days=7))
    group = db.session.get_one(Roster, house.group)
    factories.join(group, house.charlie)
    sessions.member_joined(house.group, house.charlie.id, AT + timedelta(days=2))
    found = {key: house.charlie.id in claims_of(key) for key in (past, coming)}
    assert found == {past: False, coming: True}


def test_member_who_leads_and_is_busy_joins_softly(house: House) -> None:
    session_id = book(house)
    erin = factories.person("erin")
    own = factories.roster(erin, house.charlie, kind="individual", title="Erin with Charlie")
    book(house, TUESDAY - timedelta(hours=5), own.id, who=erin)
    group = db.session.get_one(Roster, house.group)
    factories.join(group, erin, MemberRole.FACILITATOR)
    clashes = sessions.member_joined(house.group, erin.id, AT)
    assert [(one.name, one.hard) for one in clashes] == [("Erin Egan", True)]
    assert claims_of(session_id)[erin.id] is False


def test_member_left_loses_what_is_to_come_and_is_free(house: House) -> None:
    past, coming = book(house), book(house, TUESDAY + timedelta(days=7))
    rosters.leave(house.bob, AT + timedelta(days=2), house.group)
    found = {key: house.bob.id in claims_of(key) for key in (past, coming)}
    assert found == {past: True, coming: False}


def test_republish_raises_sequences_of_what_is_to_come(house: House) -> None:
    past, coming = book(house), book(house, TUESDAY + timedelta(days=7))
    group = db.session.get_one(Roster, house.group)
    group.meeting_link = "https://meet.example.org/new"
    sessions.republish(house.group, AT + timedelta(days=2), house.alice)
    assert (row(past).sequence, row(coming).sequence) == (0, 1)
    assert mails_to(house.alice.email) == []
    assert mails_to(house.carol.email)[-1].body.splitlines()[2:] == [
        "Alice Ashworth has changed a session of “Tuesday group”.",
        "",
        "Tue 1 Dec 2026, 11:00 to 11:50 (Berlin); 10:00 in London",
        "",
        "Meeting link: https://meet.example.org/new",
    ]


def test_end_roster_cancels_what_is_to_come(house: House) -> None:
    past, coming = book(house), book(house, TUESDAY + timedelta(days=7))
    rosters.end_roster(house.alice, AT + timedelta(days=2), house.group)
    assert (row(past).state, row(coming).state) == ("planned", "cancelled")
    assert len(mails_to(house.bob.email)) == 3
