"""A series as one invitation: what a calendar program holds after each change is what is kept.

The program takes the mails as they leave, and another library expands what it holds.
"""

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Repeat
from supervision.models.people import Person, SessionsBy
from supervision.models.replies import SeriesInvitation, SessionReply
from supervision.models.sessions import Claim, Session, SessionState
from supervision.services import mail, rosters, series, sessions
from supervision.services.mail import Letterhead
from supervision.services.series import Further, Which
from supervision.services.sessions import OwnPlace, Setting, Wish
from tests import factories
from tests.factories import House
from tests.support.invited import Program, calendar_in
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)
HEAD = Letterhead(
    "Supervision <supervision@s.example>", "https://s.example", "k" * 32, "rsvp@s.example"
)
FOUR, OPEN = Repeat("week", count=4), Repeat("week")
BOB = "bob@example.org"


@pytest.fixture
def house(app: Flask) -> House:
    made = factories.house()
    takes(made.bob.id)
    return made


@pytest.fixture
def program() -> Program:
    return Program()


def takes(person_id: UUID, by: SessionsBy = SessionsBy.INVITATIONS) -> None:
    db.session.execute(update(Person).where(Person.id == person_id).values(sessions_by=by))
    db.session.commit()


def book(house: House, repeat: Repeat = FOUR, start: datetime = TUESDAY) -> list[UUID]:
    """The ids of a group's series, in order."""
    wish = Wish(start, 50)
    booked = series.book_series(house.alice, AT, house.group, wish, repeat, "https://s.example")
    db.session.commit()
    return list(booked.session_ids)


def leaving(at: datetime = AT) -> list[EmailMessage]:
    """The mails that leave now."""
    db.session.commit()
    messages: list[EmailMessage] = []
    sessions.announce_due(at)
    mail.send_due(lambda: at, HEAD, messages.append)
    return messages


def sent(program: Program, to: str = BOB, at: datetime = AT) -> list[str]:
    """Let the mails leave and the program take those to one reader; the methods of what it got."""
    bodies = [calendar_in(one) for one in leaving(at) if one["To"] == to]
    before = len(program.methods)
    for body in bodies:
        if body is not None:
            program.take(body)
    return program.methods[before:]


def kept(person_id: UUID, end: datetime) -> list[Interval]:
    """Their planned sessions."""
    rows = db.session.execute(
        select(Session.starts_at, Session.ends_at)
        .join(Claim, Claim.session_id == Session.id)
        .where(
            Claim.person_id == person_id,
            Session.state == SessionState.PLANNED,
            Session.starts_at < end,
        )
        .order_by(Session.starts_at)
    )
    return [Interval(*row) for row in rows]


def agrees(house: House, program: Program, days: int = 360) -> bool:
    end = AT + timedelta(days=days)
    shown = program.spans(AT - timedelta(days=400), end)
    return shown == kept(house.bob.id, end)


def wish(start: datetime) -> Wish:
    return Wish(start, 50)


# -- booking -------------------------------------------------------------------------------------


def test_booked_series_is_one_invitation_in_the_mail_that_tells_of_it(
    house: House, program: Program
) -> None:
    book(house)
    assert sent(program) == ["REQUEST"]
    assert (agrees(house, program), len(kept(house.bob.id, AT + 8 * WEEK))) == (True, 4)


def test_open_series_is_an_invitation_without_an_end(house: House, program: Program) -> None:
    ids = book(house, OPEN)
    sent(program)
    assert agrees(house, program)
    series_id = db.session.get_one(Session, ids[0]).series_id
    shown = program.spans(AT, AT + 3 * 52 * WEEK)
    later = AT + 52 * WEEK
    series.roll_series(later)
    assert sent(program, at=later) == []
    rolled = kept(house.bob.id, later + 52 * WEEK)
    assert rolled == shown[: len(rolled)]
    assert len(rolled) > len(ids) + 40
    assert db.session.get_one(SeriesInvitation, (series_id, house.bob.id)).goes_on


def test_who_takes_none_gets_none(house: House, program: Program) -> None:
    book(house)
    assert sent(program, "carol@example.org") == []
    assert db.session.scalars(select(SeriesInvitation.person_id)).all() == [house.bob.id]


def test_series_that_no_rule_says_is_invited_to_singly_if_it_is_short(
    house: House, program: Program
) -> None:
    """On 28 March 2027 London has no half past one."""
    book(house, Repeat("week", count=3), datetime.fromisoformat("2027-03-21T01:30"))
    assert sent(program) == ["REQUEST"] * 3
    assert agrees(house, program)
    book(house, Repeat("week", count=13), datetime.fromisoformat("2027-03-06T01:15"))
    assert sent(program) == ["REQUEST"]
    assert agrees(house, program)
    book(house, Repeat("week", count=13), datetime.fromisoformat("2027-10-03T01:20"))
    assert sent(program) == []


# -- one of it -----------------------------------------------------------------------------------


def test_moved_and_changed_and_cancelled_occurrences_are_mailed_by_themselves(
    house: House, program: Program
) -> None:
    first, second, third, fourth = book(house)
    sent(program)
    sessions.move_session(house.alice, AT, second, wish(TUESDAY + WEEK + 3 * HOUR))
    moved = sent(program), agrees(house, program)
    place = Setting(OwnPlace("12 Park Row"))
    sessions.change_session(house.alice, AT, third, place)
    changed = sent(program), agrees(house, program)
    sessions.cancel_session(house.alice, AT, fourth)
    cancelled = sent(program), agrees(house, program)
    sessions.move_session(house.alice, AT, second, wish(TUESDAY + WEEK))
    back = sent(program), agrees(house, program)
    assert (moved, changed, cancelled, back) == (
        (["REQUEST"], True),
        (["REQUEST"], True),
        (["CANCEL"], True),
        (["REQUEST"], True),
    )
    assert [
        db.session.get(SessionReply, (one, house.bob.id)) is None for one in (first, fourth)
    ] == [
        True,
        True,
    ]


def test_who_is_taken_off_one_has_it_taken_out_and_who_is_added_again_gets_the_whole(
    house: House, program: Program
) -> None:
    _first, second, *_others = book(house)
    sent(program)
    some = Setting(people=frozenset({house.carol.id}))
    sessions.change_session(house.alice, AT, second, some)
    off = sent(program), agrees(house, program)
    sessions.change_session(house.alice, AT, second, Setting())
    assert (off, sent(program), agrees(house, program)) == (
        (["CANCEL"], True),
        ["REQUEST"],
        True,
    )


def test_who_was_invited_to_one_singly_hears_of_it_singly(house: House, program: Program) -> None:
    """They chose invitations when the series stood already."""
    takes(house.bob.id, SessionsBy.FEED)
    _first, second, *_others = book(house)
    nothing = sent(program)
    takes(house.bob.id)
    sessions.move_session(house.alice, AT, second, wish(TUESDAY + WEEK + 3 * HOUR))
    singly = sent(program)
    to = wish(TUESDAY + HOUR)
    series.move_series(house.alice, AT, _first, to, Which.ALL, edited_too=True)
    assert (nothing, singly, sorted(sent(program))) == ([], ["REQUEST"], ["REQUEST", "REQUEST"])
    assert agrees(house, program)


# -- all of it, and what follows -----------------------------------------------------------------


def test_this_and_following_ends_one_entry_and_begins_another(
    house: House, program: Program
) -> None:
    ids = book(house, OPEN)
    sent(program)
    to = wish(TUESDAY + 2 * WEEK + timedelta(days=2, hours=1))
    series.move_series(house.alice, AT, ids[2], to, Which.FOLLOWING)
    assert (sent(program), agrees(house, program)) == (["REQUEST", "REQUEST"], True)
    sessions.cancel_session(house.alice, AT, ids[1])
    assert (sent(program), agrees(house, program)) == (["CANCEL"], True)
    series.cancel_following(house.alice, AT, ids[4])
    assert (sent(program), agrees(house, program)) == (["REQUEST"], True)


def test_moving_all_and_extending_and_ending_are_new_versions_of_the_entry(
    house: House, program: Program
) -> None:
    first, second, *_others = book(house)
    sent(program)
    sessions.move_session(house.alice, AT, second, wish(TUESDAY + WEEK + 3 * HOUR))
    sent(program)
    series_id = db.session.get_one(Session, first).series_id
    assert series_id is not None
    series.move_series(house.alice, AT, first, wish(TUESDAY + HOUR), Which.ALL)
    moved = sent(program), agrees(house, program)
    series.extend_series(house.alice, AT, series_id, Further(more=1))
    extended = sent(program), agrees(house, program)
    series.extend_series(house.alice, AT, series_id, Further())
    opened = sent(program), agrees(house, program)
    series.end_series(house.alice, AT, series_id, date(2026, 12, 10))
    ended = sent(program), agrees(house, program)
    assert [moved, extended, opened, ended] == [(["REQUEST"], True)] * 4


def test_last_session_of_an_open_series_ends_its_rule_too(house: House, program: Program) -> None:
    """One session alone is cancelled, and yet the whole is told: it has an end now."""
    ids = book(house, OPEN)
    sent(program)
    series.cancel_following(house.alice, AT, ids[-1])
    assert (sent(program), agrees(house, program, days=3 * 365)) == (["REQUEST"], True)


def test_days_left_out_leave_the_entry_also_where_no_session_was_made_yet(
    house: House, program: Program
) -> None:
    ids = book(house, OPEN)
    sent(program)
    series.leave_out(house.alice, AT, ids[0], date(2026, 12, 20), date(2027, 1, 3))
    near = sent(program), agrees(house, program)
    series.leave_out(house.alice, AT, ids[0], date(2027, 12, 20), date(2028, 1, 3))
    messages = leaving()
    far = [one["To"] for one in messages]
    program.take(calendar_in(messages[0]) or b"")
    later = AT + 80 * WEEK
    series.roll_series(later)
    shown = program.spans(AT, later + 26 * WEEK)
    assert (near, far, shown == kept(house.bob.id, later + 26 * WEEK)) == (
        (["REQUEST"], True),
        [BOB],
        True,
    )


def test_cancelled_series_is_taken_out(house: House, program: Program) -> None:
    ids = book(house)
    sent(program)
    series.cancel_series(house.alice, AT, series_of(ids[0]))
    assert (sent(program), agrees(house, program)) == (["CANCEL"], True)


def test_what_has_been_stays_when_the_rest_is_cancelled(house: House, program: Program) -> None:
    ids = book(house)
    sent(program)
    later = AT + 9 * timedelta(days=1)
    series.cancel_series(house.alice, later, series_of(ids[0]))
    assert (sent(program, at=later), agrees(house, program)) == (["REQUEST"], True)
    assert len(kept(house.bob.id, AT + 8 * WEEK)) == 2


def series_of(session_id: UUID) -> UUID:
    found = db.session.get_one(Session, session_id).series_id
    assert found is not None
    return found


# -- rosters -------------------------------------------------------------------------------------


def test_who_leaves_or_is_removed_has_all_of_it_taken_out(house: House, program: Program) -> None:
    book(house)
    booked = sent(program)
    rosters.leave(house.bob, AT, house.group, "https://s.example")
    assert (booked, sent(program), agrees(house, program)) == (["REQUEST"], ["CANCEL"], True)


def test_single_sessions_leave_the_calendar_of_who_leaves_as_well(
    house: House, program: Program
) -> None:
    sessions.book_session(house.alice, AT, house.group, wish(TUESDAY + 5 * HOUR))
    sent(program)
    book(house)
    sent(program)
    rosters.leave(house.bob, AT, house.group)
    assert (sorted(sent(program)), agrees(house, program)) == (["CANCEL", "CANCEL"], True)


def test_who_leaves_and_was_invited_to_nothing_gets_no_mail_of_it(
    house: House, program: Program
) -> None:
    takes(house.bob.id, SessionsBy.FEED)
    book(house)
    sent(program)
    rosters.leave(house.bob, AT, house.group)
    assert [one["Subject"] for one in leaving() if one["To"] == BOB] == []


def test_roster_that_gets_another_title_or_ends_is_told_of_each_entry(
    house: House, program: Program
) -> None:
    book(house)
    book(house, OPEN, TUESDAY + 4 * HOUR)
    sent(program)
    sessions.republish(house.group, AT, house.alice, "https://s.example")
    renamed = sent(program), agrees(house, program)
    rosters.end_roster(house.alice, AT, house.group)
    assert (renamed, sent(program), agrees(house, program)) == (
        (["REQUEST", "REQUEST"], True),
        ["CANCEL", "CANCEL"],
        True,
    )


# -- versions ------------------------------------------------------------------------------------


def test_numbers_and_stamps_rise_with_each_mail(house: House, program: Program) -> None:
    ids = book(house)
    seen = []
    for number in range(3):
        sent(program)
        row = db.session.scalars(
            select(SeriesInvitation).execution_options(populate_existing=True)
        ).one()
        seen.append((row.sequence, row.whole_sequence, row.stamped_at))
        to = wish(TUESDAY + WEEK + (number + 1) * HOUR)
        sessions.move_session(house.alice, AT, ids[1], to)
    second = timedelta(seconds=1)
    assert seen == [(0, 0, AT), (1, 0, AT + second), (2, 0, AT + 2 * second)]


def test_who_chose_otherwise_since_hears_of_what_they_were_invited_to(
    house: House, program: Program
) -> None:
    ids = book(house)
    sent(program)
    takes(house.bob.id, SessionsBy.FEED)
    series.cancel_series(house.alice, AT, series_of(ids[0]))
    book(house, FOUR, TUESDAY + 5 * HOUR)
    assert (sent(program), program.spans(AT, AT + 9 * WEEK)) == (["CANCEL"], [])


def test_statements_are_the_same_for_one_taker_and_for_three(house: House) -> None:
    def statements() -> int:
        with counted() as asked:
            sessions.announce_due(AT)
        return len(asked)

    book(house)
    one = statements()
    takes(house.carol.id)
    takes(house.alice.id)
    book(house, FOUR, TUESDAY + 5 * HOUR)
    assert statements() == one
