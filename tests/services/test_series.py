"""Series: all or report, wall clocks over changes, keys that stay, the horizon."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from supervision.db import db
from supervision.domain.recurrence import LAST, Repeat
from supervision.errors import Conflict, Invalid, NotAllowed, NotFound
from supervision.models.sessions import Claim, Series, Session
from supervision.services import rosters, series, sessions
from supervision.services.claims import Clashed
from supervision.services.series import Which
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
WEEKS = Repeat("week", count=4)
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def book(house: House, repeat: Repeat = WEEKS, local: datetime = TUESDAY, **more):
    roster = more.pop("roster", house.group)
    who = more.pop("who", house.alice)
    return series.book_series(who, AT, roster, Wish(local, 50), repeat)


def move_all(house: House, booked, index: int, clock: time, minutes: int = 50, **more):
    """All to come, to another time of day, as said on the page of one of them."""
    wish = Wish(datetime.combine(TUESDAY + timedelta(weeks=index), clock), minutes)
    return move(house, booked, index, wish, Which.ALL, **more)


def move(house: House, booked, index: int, wish: Wish, which: Which, **more):
    who, at = more.pop("who", house.alice), more.pop("at", AT)
    return series.move_series(who, at, booked.session_ids[index], wish, which, **more)


def rows(series_id: UUID | None) -> list[Session]:
    return list(
        db.session.scalars(
            select(Session)
            .where(Session.series_id == series_id)
            .order_by(Session.original_local)
            .execution_options(populate_existing=True)
        )
    )


def locals_of(series_id: UUID | None) -> list[str]:
    return [f"{row.starts_at.astimezone(LONDON):%m-%d %H:%M}" for row in rows(series_id)]


def test_book_series_keeps_local_time_over_the_change_of_clocks(house: House) -> None:
    booked = book(house, Repeat("week", count=3), datetime.fromisoformat("2027-03-23T10:00"))
    assert [row.starts_at for row in rows(booked.series_id)] == [
        datetime(2027, 3, 23, 10, 0, tzinfo=UTC),
        datetime(2027, 3, 30, 9, 0, tzinfo=UTC),
        datetime(2027, 4, 6, 9, 0, tzinfo=UTC),
    ]


def test_book_series_gives_each_occurrence_its_key(house: House) -> None:
    booked = book(house)
    assert [row.original_local for row in rows(booked.series_id)] == [
        "2026-11-24T10:00",
        "2026-12-01T10:00",
        "2026-12-08T10:00",
        "2026-12-15T10:00",
    ]
    assert booked.session_ids == tuple(row.id for row in rows(booked.series_id))


def test_book_series_open_fills_twelve_months(house: House) -> None:
    found = rows(book(house, Repeat("week", every=2)).series_id)
    assert (len(found), found[-1].original_local) == (27, "2027-11-23T10:00")


def test_book_series_monthly_on_the_last_weekday(house: House) -> None:
    booked = book(house, Repeat("month", nth=LAST, day=1, until=date(2027, 2, 28)))
    assert locals_of(booked.series_id) == [
        "11-24 10:00",
        "12-29 10:00",
        "01-26 10:00",
        "02-23 10:00",
    ]


def test_book_series_tells_once(house: House) -> None:
    booked = book(house)
    (mail,) = mails_to("bob@example.org")
    assert (mail.event, mail.subject) == (
        f"series:{booked.series_id}",
        "Booked: Tuesday group, from Tue 24 Nov 2026, 05:00",
    )
    assert mail.body.splitlines()[2] == "Alice Ashworth has booked 4 sessions of “Tuesday group”."


def test_book_series_reports_every_clash_and_books_nothing(house: House) -> None:
    for weeks in (1, 3):
        wish = Wish(TUESDAY + timedelta(weeks=weeks, minutes=30), 50)
        sessions.book_session(house.alice, AT, house.individual, wish)
    before = db.session.scalar(select(func.count(Session.id)))
    with pytest.raises(Clashed) as caught:
        book(house)
    assert [(one.name, one.starts_at) for one in caught.value.clashes] == [
        ("Alice Ashworth", datetime(2026, 12, 1, 10, 30, tzinfo=UTC)),
        ("Alice Ashworth", datetime(2026, 12, 15, 10, 30, tzinfo=UTC)),
    ]
    assert db.session.scalar(select(func.count(Session.id))) == before
    assert db.session.scalar(select(func.count(Series.id))) == 0


@pytest.mark.parametrize(
    ("repeat", "local", "field"),
    [
        (Repeat("week", until=date(2026, 11, 23)), TUESDAY, "until"),
        (Repeat("week", until=date(2036, 12, 1)), TUESDAY, "until"),
        (Repeat("week", until=date(9999, 12, 31)), TUESDAY, "until"),
        (Repeat("week", every=52, count=12), TUESDAY, "times"),
        (Repeat("month", nth=2, day=1), TUESDAY, "date"),
        (Repeat("week"), datetime.fromisoformat("2026-11-17T10:00"), "date"),
        (Repeat("week"), datetime.fromisoformat("9999-12-31T10:00"), "date"),
    ],
)
def test_book_series_with_a_wrong_value_is_refused(
    house: House, repeat: Repeat, local: datetime, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        book(house, repeat, local)
    assert caught.value.field == field


def test_book_series_of_ten_years_is_taken(house: House) -> None:
    assert len(book(house, Repeat("week", count=520)).session_ids) == 520


def test_planned_is_what_gets_booked(house: House) -> None:
    due = series.planned(house.alice, AT, house.group, Wish(TUESDAY, 50), WEEKS)
    booked = book(house)
    assert [one.starts_at for one in due] == [row.starts_at for row in rows(booked.series_id)]
    with pytest.raises(NotAllowed):
        series.planned(house.bob, AT, house.group, Wish(TUESDAY, 50), WEEKS)


# -- moving and cancelling -----------------------------------------------------------------


def test_move_series_moves_what_is_to_come_and_was_not_edited(house: House) -> None:
    booked = book(house)
    after_first = AT + timedelta(days=2)
    third, fourth = booked.session_ids[2:]
    sessions.move_session(
        house.alice, after_first, third, Wish(TUESDAY + timedelta(days=15, hours=2), 50)
    )
    sessions.cancel_session(house.alice, after_first, fourth)
    moved = move_all(house, booked, 1, time(14, 15), 80, at=after_first)
    assert moved.session_ids == booked.session_ids[1:2]
    assert locals_of(booked.series_id) == [
        "11-24 10:00",
        "12-01 14:15",
        "12-09 12:00",
        "12-15 10:00",
    ]
    assert [
        (row.original_local[-5:], row.sequence, row.edited) for row in rows(booked.series_id)
    ] == [("10:00", 0, False), ("10:00", 1, False), ("10:00", 1, True), ("10:00", 1, False)]


def test_move_series_by_less_than_its_length_does_not_clash_with_itself(house: House) -> None:
    booked = book(house)
    move_all(house, booked, 0, time(10, 20))
    hard = db.session.execute(
        select(Claim.starts_at).where(Claim.person_id == house.alice.id, Claim.hard)
    ).all()
    assert sorted(row.starts_at for row in hard) == [
        row.starts_at for row in rows(booked.series_id)
    ]


def test_move_series_onto_an_own_moved_session_is_refused(house: House) -> None:
    booked = book(house)
    sessions.move_session(
        house.alice, AT, booked.session_ids[1], Wish(TUESDAY + timedelta(days=14, hours=4), 50)
    )
    with pytest.raises(Clashed):
        move_all(house, booked, 0, time(14))


def test_move_series_into_the_past_is_refused(house: House) -> None:
    booked = book(house)
    morning = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    with pytest.raises(Invalid) as caught:
        move_all(house, booked, 0, time(8), at=morning)
    assert caught.value.field == "starts_at"


def test_move_series_with_nothing_left_is_a_conflict(house: House) -> None:
    booked = book(house)
    with pytest.raises(Conflict):
        move_all(house, booked, 0, time(8), at=AT + timedelta(days=99))


def test_move_series_tells_once(house: House) -> None:
    booked = book(house)
    move_all(house, booked, 0, time(14))
    mails = mails_to("bob@example.org")
    assert [(mail.event, mail.sequence) for mail in mails] == [
        (f"series:{booked.series_id}", 0),
        (f"series:{booked.series_id}", 1),
    ]


def test_cancel_series_cancels_all_to_come_and_frees_the_time(house: House) -> None:
    booked = book(house)
    later = AT + timedelta(days=2)
    sessions.move_session(
        house.alice, later, booked.session_ids[2], Wish(TUESDAY + timedelta(days=15), 50)
    )
    assert series.cancel_series(house.alice, later, booked.series_id, "We stop.") == 3
    assert [row.state for row in rows(booked.series_id)] == ["planned"] + ["cancelled"] * 3
    assert series.cancel_series(house.alice, later, booked.series_id) == 0
    assert sessions.book_session(
        house.alice, later, house.individual, Wish(TUESDAY + timedelta(days=7), 50)
    )


@pytest.mark.parametrize(("who", "refusal"), [("bob", NotAllowed), ("charlie", NotFound)])
def test_series_are_changed_by_those_who_run_the_roster(
    house: House, who: str, refusal: type[Exception]
) -> None:
    booked = book(house)
    actor = getattr(house, who)
    with pytest.raises(refusal):
        move_all(house, booked, 0, time(14), who=actor)
    with pytest.raises(refusal):
        series.cancel_series(actor, AT, booked.series_id)
    with pytest.raises(refusal):
        book(house, who=actor)


# -- rolling on ----------------------------------------------------------------------------


def test_roll_series_fills_twelve_months_again_and_only_once(house: House) -> None:
    booked = book(house, Repeat("week"))
    db.session.commit()
    later = AT + timedelta(weeks=3)
    assert (series.roll_series(later), series.roll_series(later)) == (3, 0)
    assert [row.original_local for row in rows(booked.series_id)][-3:] == [
        "2027-11-30T10:00",
        "2027-12-07T10:00",
        "2027-12-14T10:00",
    ]


def test_roll_series_continues_at_the_time_it_was_moved_to(house: House) -> None:
    booked = book(house, Repeat("week"))
    move_all(house, booked, 0, time(15))
    db.session.commit()
    series.roll_series(AT + timedelta(weeks=1))
    assert locals_of(booked.series_id)[-2:] == ["11-23 15:00", "11-30 15:00"]


def test_roll_series_leaves_what_has_ended(house: House) -> None:
    book(house)
    cancelled = book(house, Repeat("week"), TUESDAY + timedelta(hours=2))
    series.cancel_series(house.alice, AT, cancelled.series_id)
    factories.person("erin")
    book(house, Repeat("week"), TUESDAY + timedelta(hours=4), roster=house.individual)
    rosters.end_roster(house.alice, AT, house.individual)
    db.session.commit()
    assert series.roll_series(AT + timedelta(weeks=9)) == 0


def test_roll_series_over_a_busy_time_is_soft_and_tells(house: House) -> None:
    booked = book(house, Repeat("week"))
    far = Wish(datetime.fromisoformat("2027-11-30T10:30"), 50)
    sessions.book_session(house.alice, AT, house.individual, far)
    db.session.commit()
    series.roll_series(AT + timedelta(weeks=1))
    rolled = rows(booked.series_id)[-1]
    hard = db.session.scalar(
        select(Claim.hard).where(Claim.session_id == rolled.id, Claim.person_id == house.alice.id)
    )
    assert hard is False
    (mail,) = mails_to("alice@example.org")
    assert mail.body.splitlines()[-2:] == [
        "You have something else at these times:",
        "- Tue 30 Nov 2027, 10:30",
    ]


# -- clocks that change their rules --------------------------------------------------------


def test_follow_clocks_puts_right_what_an_older_rule_resolved(house: House) -> None:
    booked = book(house)
    third = booked.session_ids[2]
    sessions.move_session(house.alice, AT, third, Wish(TUESDAY + timedelta(days=15), 50))
    _resolve_an_hour_late(booked.session_ids[1:3])
    assert (sessions.follow_clocks(AT), sessions.follow_clocks(AT)) == (1, 0)
    found = rows(booked.series_id)
    assert locals_of(booked.series_id) == [
        "11-24 10:00",
        "12-01 10:00",
        "12-09 11:00",
        "12-15 10:00",
    ]
    assert [row.sequence for row in found] == [0, 1, 1, 0]
    claimed = db.session.scalars(
        select(Claim.starts_at).where(Claim.session_id == booked.session_ids[1])
    )
    assert set(claimed) == {datetime(2026, 12, 1, 10, 0, tzinfo=UTC)}


def test_follow_clocks_knows_the_time_that_a_series_was_moved_to(house: House) -> None:
    booked = book(house)
    move_all(house, booked, 0, time(15))
    db.session.commit()
    assert sessions.follow_clocks(AT) == 0
    _resolve_an_hour_late(booked.session_ids[3:])
    assert sessions.follow_clocks(AT) == 1
    assert locals_of(booked.series_id)[-1] == "12-15 15:00"


def _resolve_an_hour_late(session_ids: tuple[UUID, ...]) -> None:
    """As if the rules of the zone had been others when these were booked."""
    hour = timedelta(hours=1)
    for row in db.session.scalars(select(Session).where(Session.id.in_(session_ids))):
        row.starts_at, row.ends_at = row.starts_at + hour, row.ends_at + hour
    for taken in db.session.scalars(select(Claim).where(Claim.session_id.in_(session_ids))):
        taken.starts_at, taken.ends_at = taken.starts_at + hour, taken.ends_at + hour
    db.session.commit()
