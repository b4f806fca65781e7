"""Each change mails whom it touches, once, at once: the table of docs/mail.md, row by row."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, select

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.models.mail import Announcement, MailKind, Outbox
from supervision.models.rosters import Kind, Membership, Roster
from supervision.models.sessions import Session
from supervision.permissions import Actor
from supervision.services import (
    attendance,
    booking,
    meetings,
    people,
    rosters,
    series,
    sessions,
)
from supervision.services.attendance import Marking, Said
from supervision.services.booking import Choice
from supervision.services.leave import LeaveWish
from supervision.services.rosters import RosterForm
from supervision.services.series import Further, Which
from supervision.services.sessions import OwnPlace, Setting, Wish
from tests import factories
from tests.factories import House

PAGE = Path(__file__).parents[2] / "docs" / "mail.md"
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
TEN = TUESDAY.replace(tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
S, R, T, A = MailKind.SESSIONS, MailKind.ROSTERS, MailKind.TURNS, MailKind.ACCOUNT
Cause = Callable[[House], Iterator[None]]
# Each is what happens before, a yield, and the change; by what the page calls it.
CAUSES: dict[str, tuple[Cause, dict[str, MailKind]]] = {}


def tells(change: str, **told: MailKind) -> Callable[[Cause], Cause]:
    """Who is told of a change, by first name, and in which kind of mail."""

    def keep(cause: Cause) -> Cause:
        CAUSES[change] = (cause, told)
        return cause

    return keep


def book(house: House, setting: Setting | None = None) -> UUID:
    wish = Wish(TUESDAY, 50, setting=setting or Setting())
    return sessions.book_session(house.alice, AT, house.group, wish).session_ids[0]


def book_weeks(house: House, repeat: Repeat | None = None) -> tuple[UUID, tuple[UUID, ...]]:
    repeat = repeat or Repeat("week", count=4)
    booked = series.book_series(house.alice, AT, house.group, Wish(TUESDAY, 50), repeat)
    assert booked.series_id
    return booked.series_id, booked.session_ids


def form(title: str, capacity: int) -> RosterForm:
    link = "https://meet.example.org/tuesday"
    return RosterForm(title, Kind.GROUP, "Europe/London", capacity, 50, "", link)


# -- sessions ------------------------------------------------------------------------------


@tells("A session is booked", bob=S, carol=S)
def booked(house: House) -> Iterator[None]:
    yield
    book(house)


@tells("A session is moved", bob=S, carol=S)
def moved(house: House) -> Iterator[None]:
    session = book(house)
    yield
    sessions.move_session(house.alice, AT, session, Wish(TUESDAY + DAY, 50))


@tells("A session is cancelled", bob=S, carol=S)
def cancelled(house: House) -> Iterator[None]:
    session = book(house)
    yield
    sessions.cancel_session(house.alice, AT, session)


@tells("A session gets another place", bob=S, carol=S)
def elsewhere(house: House) -> Iterator[None]:
    session = book(house)
    yield
    sessions.change_session(house.alice, AT, session, Setting(OwnPlace("Library")))


@tells("A session is for others now", bob=S, carol=S)
def for_others(house: House) -> Iterator[None]:
    session = book(house, Setting(people=frozenset({house.bob.id})))
    yield
    sessions.change_session(house.alice, AT, session, Setting(people=frozenset({house.carol.id})))


@tells("A series is booked", bob=S, carol=S)
def series_booked(house: House) -> Iterator[None]:
    yield
    book_weeks(house)


@tells("A series is moved", bob=S, carol=S)
def series_moved(house: House) -> Iterator[None]:
    _key, ids = book_weeks(house)
    yield
    wish = Wish(TUESDAY + WEEK + HOUR, 50)
    series.move_series(house.alice, AT, ids[1], wish, Which.FOLLOWING)


@tells("A series is cancelled", bob=S, carol=S)
def series_cancelled(house: House) -> Iterator[None]:
    key, _ids = book_weeks(house)
    yield
    series.cancel_series(house.alice, AT, key)


@tells("Days of a series are left out", bob=S, carol=S)
def left_out(house: House) -> Iterator[None]:
    _key, ids = book_weeks(house)
    yield
    series.leave_out(house.alice, AT, ids[0], date(2026, 12, 1), date(2026, 12, 8))


@tells("A series is extended", bob=S, carol=S)
def extended(house: House) -> Iterator[None]:
    key, _ids = book_weeks(house)
    yield
    series.extend_series(house.alice, AT, key, Further(more=2))


@tells("A series ends soon", alice=S)
def ends_soon(house: House) -> Iterator[None]:
    book_weeks(house, Repeat("week", count=12))
    yield
    db.session.commit()
    series.warn_due(AT + 9 * WEEK)


@tells("An open series goes on over a busy time", alice=S, bob=S)
def rolled(house: House) -> Iterator[None]:
    book_weeks(house, Repeat("week"))
    far = Wish(datetime.fromisoformat("2027-11-30T10:30"), 50)
    sessions.book_session(house.alice, AT, house.individual, far)
    yield
    db.session.commit()
    series.roll_series(AT + WEEK)


@tells("A zone changes its clocks", alice=S, bob=S, carol=S)
def clocks(house: House) -> Iterator[None]:
    _key, ids = book_weeks(house)
    row = db.session.get_one(Session, ids[1])
    row.starts_at, row.ends_at = row.starts_at + HOUR, row.ends_at + HOUR
    yield
    db.session.commit()
    sessions.follow_clocks(AT)


@tells("A roster gets another title or place", bob=S, carol=S)
def renamed(house: House) -> Iterator[None]:
    yield
    rosters.edit_roster(house.alice, AT, house.group, form("Renamed", 6))


@tells("A roster ends", bob=S, carol=S)
def ended(house: House) -> Iterator[None]:
    book(house)
    yield
    rosters.end_roster(house.alice, AT, house.group)


# -- times that are taken or asked for -----------------------------------------------------


def take(house: House, asks: bool = False) -> UUID:
    kind = factories.bookable(house.alice, asks=asks)
    return booking.take_time(house.bob, AT, house.individual, Choice(kind, TEN)).session_ids[0]


@tells("A supervisee takes a time", alice=S)
def taken(house: House) -> Iterator[None]:
    yield
    take(house)


@tells("A supervisee moves their session", alice=S)
def moved_own(house: House) -> Iterator[None]:
    session = take(house)
    yield
    booking.move_own(house.bob, AT, session, TEN + 2 * HOUR, knows_late=True)


@tells("A supervisee cancels their session", alice=S)
def cancelled_own(house: House) -> Iterator[None]:
    session = take(house)
    yield
    booking.cancel_own(house.bob, AT, session, knows_late=True)


@tells("A supervisee asks for a time", alice=S)
def asked(house: House) -> Iterator[None]:
    yield
    take(house, asks=True)


@tells("What was asked for is accepted", bob=S)
def accepted(house: House) -> Iterator[None]:
    session = take(house, asks=True)
    yield
    booking.accept(house.alice, AT, session)


@tells("What was asked for is declined", bob=S)
def declined(house: House) -> Iterator[None]:
    session = take(house, asks=True)
    yield
    booking.decline(house.alice, AT, session)


@tells("What was asked for is taken back", alice=S)
def taken_back(house: House) -> Iterator[None]:
    session = take(house, asks=True)
    yield
    booking.withdraw(house.bob, AT, session)


@tells("What was asked for is not answered", alice=S, bob=S)
def unanswered(house: House) -> Iterator[None]:
    take(house, asks=True)
    yield
    db.session.commit()
    booking.lapse_requests(TEN - 2 * HOUR)


# -- attendance ----------------------------------------------------------------------------


def past(house: House) -> UUID:
    group = db.session.get_one(Roster, house.group)
    return factories.session(group, AT - 2 * HOUR, house.alice, house.bob, house.carol).id


def mark(house: House, session: UUID, came: Said, seen: int = 0, reason: str = "") -> None:
    attendance.mark(house.alice, AT, session, Marking(seen, {house.bob.id: came}, {}, reason))


@tells("Somebody is said to have missed a session", bob=S)
def missed(house: House) -> Iterator[None]:
    session = past(house)
    yield
    mark(house, session, Said("missed"))


@tells("What was said of somebody is corrected", bob=S)
def corrected(house: House) -> Iterator[None]:
    session = past(house)
    mark(house, session, Said("missed"))
    yield
    mark(house, session, Said("attended", 45), 1, "I mixed up two days.")


@tells("Somebody says that it was otherwise", alice=S)
def otherwise(house: House) -> Iterator[None]:
    session = past(house)
    mark(house, session, Said("missed"))
    yield
    attendance.disagree(house.bob, AT, session, 1, "I was there.")


@tells("An equal marks who was there", bob=S, carol=S)
def among_equals(house: House) -> Iterator[None]:
    group = factories.roster(house.charlie, house.bob, house.carol, kind=Kind.PEER)
    session = factories.session(group, AT - 2 * HOUR, house.charlie, house.bob, house.carol).id
    yield
    attendance.mark(house.charlie, AT, session, Marking(0, {}, {}))


# -- rosters -------------------------------------------------------------------------------


def invited(house: House) -> Membership:
    group = db.session.get_one(Roster, house.group)
    return factories.join(group, house.charlie, state="invited")


def full(house: House) -> None:
    """Charlie waits for a place."""
    db.session.get_one(Roster, house.group).capacity = 2
    invited(house)
    rosters.accept(house.charlie, AT, house.group)


@tells("Somebody is invited to a roster", charlie=R)
def asked_in(house: House) -> Iterator[None]:
    yield
    rosters.invite_member(house.alice, AT, house.group, house.charlie.email, "supervisee", "")


@tells("Somebody is invited who has no account", ivan=A)
def asked_in_from_outside(house: House) -> Iterator[None]:
    yield
    rosters.invite_member(house.alice, AT, house.group, "ivan@example.org", "supervisee", "")


@tells("An invitation to a roster is withdrawn", charlie=R)
def asked_out(house: House) -> Iterator[None]:
    row = invited(house)
    yield
    rosters.remove_member(house.alice, AT, house.group, row.id)


@tells("Somebody joins a roster", alice=R)
def joined(house: House) -> Iterator[None]:
    invited(house)
    yield
    rosters.accept(house.charlie, AT, house.group)


@tells("Somebody declines a roster", alice=R)
def refused(house: House) -> Iterator[None]:
    invited(house)
    yield
    rosters.decline(house.charlie, AT, house.group)


@tells("Somebody leaves a roster", alice=R)
def left(house: House) -> Iterator[None]:
    yield
    rosters.leave(house.carol, AT, house.group)


@tells("Somebody is taken out of a roster", carol=R)
def taken_out(house: House) -> Iterator[None]:
    row = db.session.scalars(
        select(Membership).where(
            Membership.roster_id == house.group, Membership.person_id == house.carol.id
        )
    ).one()
    yield
    rosters.remove_member(house.alice, AT, house.group, row.id)


@tells("Somebody waits for a place", alice=R)
def waits(house: House) -> Iterator[None]:
    yield
    full(house)


@tells("A place is offered to who waits", charlie=R, alice=R)
def offered(house: House) -> Iterator[None]:
    """One more than there was. Where somebody left, that is told as well."""
    full(house)
    yield
    rosters.edit_roster(house.alice, AT, house.group, form("Tuesday group", 3))


@tells("An offered place is not taken in time", charlie=R, alice=R)
def lapsed(house: House) -> Iterator[None]:
    full(house)
    rosters.leave(house.carol, AT, house.group)
    yield
    db.session.commit()
    rosters.lapse_offers(AT + 3 * DAY, "")


@tells("A roster ends for which somebody waits", charlie=R, bob=S, carol=S)
def line_ended(house: House) -> Iterator[None]:
    full(house)
    yield
    rosters.end_roster(house.alice, AT, house.group)


# -- turns ---------------------------------------------------------------------------------


def peers(house: House) -> tuple[list[Actor], UUID]:
    """Bob facilitates the first meeting, Carol presents, and Charlie has no turn."""
    equals = [house.bob, house.carol, house.charlie]
    roster = factories.roster(equals[0], *equals[1:], kind=Kind.PEER, title="Peers")
    session = factories.session(roster, TEN, *equals, minutes=120).id
    return equals, session


@tells("Somebody with a turn cannot come", charlie=T)
def absent(house: House) -> Iterator[None]:
    (bob, *_others), session = peers(house)
    yield
    meetings.mark_absent(bob, AT, session, bob.id)


@tells("Somebody without a turn cannot come", bob=T)
def absent_without_turn(house: House) -> Iterator[None]:
    (*_others, charlie), session = peers(house)
    yield
    meetings.mark_absent(charlie, AT, session, charlie.id)


@tells("Somebody can come after all", bob=T)
def present(house: House) -> Iterator[None]:
    (*_others, charlie), session = peers(house)
    meetings.mark_absent(charlie, AT, session, charlie.id)
    yield
    meetings.come(charlie, AT + HOUR, session, charlie.id)


@tells("Another says for somebody that they cannot come", charlie=T)
def absent_by_another(house: House) -> Iterator[None]:
    (bob, _carol, charlie), session = peers(house)
    yield
    meetings.mark_absent(bob, AT, session, charlie.id)


@tells("Somebody with a turn goes on leave", carol=T, charlie=T)
def on_leave(house: House) -> Iterator[None]:
    (bob, *_others), _session = peers(house)
    yield
    day = TEN.date()
    meetings.take_leave(bob, AT, LeaveWish(day, day, "other"))


def ask(house: House) -> UUID:
    (_bob, carol, charlie), session = peers(house)
    meetings.ask_swap(carol, AT, session, charlie.id)
    return session


@tells("Somebody is asked to take a turn", charlie=T)
def swap_asked(house: House) -> Iterator[None]:
    yield
    ask(house)


@tells("The question is taken back", charlie=T)
def swap_withdrawn(house: House) -> Iterator[None]:
    session = ask(house)
    yield
    meetings.withdraw_swap(house.carol, AT, session)


@tells("The question is answered", carol=T)
def swap_answered(house: House) -> Iterator[None]:
    session = ask(house)
    yield
    meetings.answer_swap(house.charlie, AT, session, house.carol.id, yes=True)


# -- accounts ------------------------------------------------------------------------------


@tells("Somebody is invited to join", ivan=A)
def to_join(house: House) -> Iterator[None]:
    yield
    people.invite_person(house.dana, AT, "ivan@example.org", "member", "")


@tells("A new passphrase is asked for", bob=A)
def reset(house: House) -> Iterator[None]:
    yield
    people.ask_reset(house.bob.email, AT)
    db.session.commit()
    people.answer_resets(AT, "")


@tells("An organiser changes a role", bob=A)
def role(house: House) -> Iterator[None]:
    yield
    people.set_role(house.dana, AT, house.bob.id, "supervisor")


def happen(cause: Cause) -> list[tuple[str, str]]:
    """Who gets a mail of a change, and of which kind."""
    steps = cause(factories.house())
    next(steps)
    db.session.commit()
    for model in (Outbox, Announcement):
        db.session.execute(delete(model))
    db.session.commit()
    assert next(steps, "over") == "over"
    db.session.commit()
    sessions.announce_due(AT + 100 * WEEK)
    rows = db.session.execute(select(Outbox.recipient, Outbox.kind).order_by(Outbox.recipient))
    return [(row.recipient.partition("@")[0], row.kind) for row in rows]


@pytest.mark.parametrize("change", CAUSES)
def test_change_mails_whom_it_touches_once(app: Flask, change: str) -> None:
    cause, told = CAUSES[change]
    assert happen(cause) == sorted(told.items())


def test_page_lists_these_changes_with_their_kinds() -> None:
    """And those that are tested with the vault, polls, shares, imports and calendars elsewhere."""
    table = PAGE.read_text(encoding="utf-8").partition("## Who is told of what")[2]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    listed = {change.strip(): kinds.strip() for change, _who, kinds in cells[2:]}
    found = {
        "A recovery code is used": "account",
        "Sessions are imported": "sessions",
        "A poll asks when to meet": "sessions",
        "A poll closes within a day": "sessions",
        "A poll closes": "sessions",
        "A calendar elsewhere is no longer read": "account",
        "Something of a reflection is shared": "sharing",
        "A reader writes back": "sharing",
    } | {change: ", ".join(sorted(set(told.values()))) for change, (_cause, told) in CAUSES.items()}
    assert listed == found
