"""This and following, and all: what moves, what stays, what hangs together afterwards."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from supervision.db import db
from supervision.domain.recurrence import LAST, Repeat
from supervision.errors import Conflict, NotAllowed, NotFound
from supervision.models.sessions import Claim, Series, Session
from supervision.services import series, sessions
from supervision.services.series import Choice, SeriesClashed, Which
from supervision.services.sessions import Booked, Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def book(house: House, repeat: Repeat | None = None, local: datetime = TUESDAY) -> Booked:
    repeat = repeat or Repeat("week", count=4)
    return series.book_series(house.alice, AT, house.group, Wish(local, 50), repeat)


def move(house: House, session_id: UUID, to: str, which: Which, **more) -> Booked:
    at, minutes = more.pop("at", AT), more.pop("minutes", 50)
    wish = Wish(datetime.fromisoformat(to), minutes)
    return series.move_series(house.alice, at, session_id, wish, which, **more)


def all_rows() -> list[Session]:
    query = select(Session).order_by(Session.starts_at, Session.original_local)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def when(rows: list[Session]) -> list[str]:
    return [f"{row.starts_at.astimezone(LONDON):%a %m-%d %H:%M}" for row in rows]


def claimed() -> dict[UUID, tuple[datetime, datetime]]:
    query = select(Claim.session_id, Claim.starts_at, Claim.ends_at).where(Claim.hard)
    return {row.session_id: (row.starts_at, row.ends_at) for row in db.session.execute(query)}


# -- this and following --------------------------------------------------------------------


def test_following_splits_the_series_and_keeps_ids_and_keys(house: House) -> None:
    booked = book(house)
    moved = move(house, booked.session_ids[1], "2026-12-03T14:15", Which.FOLLOWING, minutes=80)
    found = all_rows()
    assert when(found) == [
        "Tue 11-24 10:00",
        "Thu 12-03 14:15",
        "Thu 12-10 14:15",
        "Thu 12-17 14:15",
    ]
    assert tuple(row.id for row in found) == booked.session_ids
    assert [row.original_local[5:] for row in found] == [
        "11-24T10:00",
        "12-01T10:00",
        "12-08T10:00",
        "12-15T10:00",
    ]
    assert [row.series_id == booked.series_id for row in found] == [True, False, False, False]
    old = db.session.get_one(Series, booked.series_id)
    new = db.session.get_one(Series, moved.series_id)
    assert (old.rrule, new.rrule) == ("FREQ=WEEKLY;UNTIL=20261130T235959", "FREQ=WEEKLY;COUNT=3")
    assert (new.split_from_id, new.starts_local, new.minutes) == (
        old.id,
        "2026-12-03T14:15",
        80,
    )
    assert (old.starts_local, old.minutes) == ("2026-11-24T10:00", 50)


def test_following_moves_the_claims_with_it(house: House) -> None:
    booked = book(house)
    move(house, booked.session_ids[2], "2026-12-10T09:00", Which.FOLLOWING)
    assert claimed() == {row.id: (row.starts_at, row.ends_at) for row in all_rows()}


def test_following_of_the_first_is_the_whole_series(house: House) -> None:
    booked = book(house)
    moved = move(house, booked.session_ids[0], "2026-11-25T10:00", Which.FOLLOWING)
    assert moved.series_id == booked.series_id
    assert db.session.scalar(select(func.count(Series.id))) == 1
    assert when(all_rows())[0] == "Wed 11-25 10:00"


def test_following_after_the_first_has_been_leaves_it_its_rule(house: House) -> None:
    booked = book(house)
    later = AT + timedelta(days=2)
    moved = move(house, booked.session_ids[1], "2026-12-01T11:00", Which.FOLLOWING, at=later)
    first = db.session.get_one(Session, booked.session_ids[0])
    assert (first.series_id, first.sequence) == (booked.series_id, 0)
    assert moved.series_id != booked.series_id


def test_following_keeps_clocks_over_their_change(house: House) -> None:
    booked = book(house, Repeat("week", count=4), datetime.fromisoformat("2027-03-09T10:00"))
    move(house, booked.session_ids[1], "2027-03-18T16:00", Which.FOLLOWING)
    assert [row.starts_at for row in all_rows()] == [
        datetime(2027, 3, 9, 10, 0, tzinfo=UTC),
        datetime(2027, 3, 18, 16, 0, tzinfo=UTC),
        datetime(2027, 3, 25, 16, 0, tzinfo=UTC),
        datetime(2027, 4, 1, 15, 0, tzinfo=UTC),
    ]


def test_following_in_months_keeps_the_place_in_the_month(house: House) -> None:
    """From the second Tuesday to the third Thursday: each in its own month."""
    booked = book(
        house, Repeat("month", nth=2, day=1, count=3), datetime.fromisoformat("2026-12-08T10:00")
    )
    moved = move(house, booked.session_ids[1], "2027-01-21T10:00", Which.ALL)
    assert when(all_rows()) == ["Thu 12-17 10:00", "Thu 01-21 10:00", "Thu 02-18 10:00"]
    rule = db.session.get_one(Series, moved.series_id).rrule
    assert rule == "FREQ=MONTHLY;BYDAY=3TH;COUNT=3"


def test_following_from_the_last_weekday_to_the_last_weekday(house: House) -> None:
    booked = book(house, Repeat("month", nth=LAST, day=1, count=3))
    move(house, booked.session_ids[1], "2026-12-31T10:00", Which.FOLLOWING)
    assert when(all_rows()) == ["Tue 11-24 10:00", "Thu 12-31 10:00", "Thu 01-28 10:00"]


def test_following_ends_where_the_old_rule_ended(house: House) -> None:
    booked = book(house, Repeat("week", until=date(2026, 12, 16)))
    moved = move(house, booked.session_ids[1], "2026-12-03T10:00", Which.FOLLOWING)
    assert when(all_rows())[-1] == "Thu 12-17 10:00"
    rule = db.session.get_one(Series, moved.series_id).rrule
    assert rule == "FREQ=WEEKLY;UNTIL=20261217T235959"


def test_following_tells_once(house: House) -> None:
    booked = book(house)
    moved = move(house, booked.session_ids[1], "2026-12-03T10:00", Which.FOLLOWING)
    first, second = mails_to("bob@example.org")
    assert (first.event, second.event) == (
        f"series:{booked.series_id}",
        f"series:{moved.series_id}",
    )
    assert second.subject == "Moved: Tuesday group, from Thu 3 Dec 2026, 05:00"
    assert second.body.splitlines()[2] == "Alice Ashworth has moved 3 sessions of “Tuesday group”."


# -- single edits --------------------------------------------------------------------------


def _one_moved_one_cancelled(house: House) -> Booked:
    booked = book(house)
    wish = Wish(datetime.fromisoformat("2026-12-09T12:00"), 50)
    sessions.move_session(house.alice, AT, booked.session_ids[2], wish)
    sessions.cancel_session(house.alice, AT, booked.session_ids[3])
    return booked


def test_single_edits_stay_and_go_over(house: House) -> None:
    booked = _one_moved_one_cancelled(house)
    here = booked.session_ids[1]
    assert series.single_edits(house.alice, AT, here) == {Which.FOLLOWING: 1, Which.ALL: 1}
    moved = move(house, here, "2026-12-03T14:00", Which.FOLLOWING)
    found = all_rows()
    assert when(found) == [
        "Tue 11-24 10:00",
        "Thu 12-03 14:00",
        "Wed 12-09 12:00",
        "Tue 12-15 10:00",
    ]
    assert [row.state for row in found] == ["planned"] * 3 + ["cancelled"]
    assert [row.series_id == moved.series_id for row in found] == [False, True, True, True]
    assert [row.edited for row in found] == [False, False, True, False]


def test_single_edits_move_too_when_asked(house: House) -> None:
    booked = _one_moved_one_cancelled(house)
    move(house, booked.session_ids[1], "2026-12-03T14:00", Which.FOLLOWING, edited_too=True)
    found = all_rows()
    assert when(found)[2:] == ["Thu 12-10 14:00", "Tue 12-15 10:00"]
    assert [row.edited for row in found] == [False] * 4


def test_a_session_that_was_edited_leads_the_others_from_its_place_in_the_rule(
    house: House,
) -> None:
    booked = _one_moved_one_cancelled(house)
    move(house, booked.session_ids[2], "2026-12-11T09:00", Which.ALL)
    assert when(all_rows())[:3] == ["Fri 11-27 09:00", "Fri 12-04 09:00", "Fri 12-11 09:00"]


# -- clashes and choices -------------------------------------------------------------------


def _busy(house: House, *times: str) -> None:
    for local in times:
        wish = Wish(datetime.fromisoformat(local), 50)
        sessions.book_session(house.alice, AT, house.individual, wish)


def test_clashes_are_all_reported_by_their_key_and_nothing_is_written(house: House) -> None:
    booked = book(house)
    _busy(house, "2026-12-03T14:30", "2026-12-17T13:50")
    db.session.commit()
    before = when(all_rows())
    with pytest.raises(SeriesClashed) as caught:
        move(house, booked.session_ids[1], "2026-12-03T14:00", Which.FOLLOWING)
    assert {key: [one.name for one in found] for key, found in caught.value.by_key.items()} == {
        "2026-12-03T14:00": ["Alice Ashworth"],
        "2026-12-17T14:00": ["Alice Ashworth"],
    }
    db.session.rollback()
    assert when(all_rows()) == before
    assert db.session.scalar(select(func.count(Series.id))) == 1


def test_choices_leave_one_where_it_is_and_shift_another(house: House) -> None:
    booked = book(house)
    _busy(house, "2026-12-03T14:30", "2026-12-17T13:50")
    choices = {"2026-12-03T14:00": Choice(time(16)), "2026-12-17T14:00": Choice()}
    move(house, booked.session_ids[1], "2026-12-03T14:00", Which.FOLLOWING, choices=choices)
    found = [row for row in all_rows() if row.id in booked.session_ids]
    assert when(found) == [
        "Tue 11-24 10:00",
        "Thu 12-03 16:00",
        "Thu 12-10 14:00",
        "Tue 12-15 10:00",
    ]
    assert [row.edited for row in found] == [False, True, False, True]


def test_a_choice_onto_another_busy_time_clashes_again(house: House) -> None:
    booked = book(house)
    _busy(house, "2026-12-03T14:30", "2026-12-03T16:30")
    choices = {"2026-12-03T14:00": Choice(time(16))}
    with pytest.raises(SeriesClashed) as caught:
        move(house, booked.session_ids[1], "2026-12-03T14:00", Which.FOLLOWING, choices=choices)
    assert list(caught.value.by_key) == ["2026-12-03T14:00"]


def test_nothing_left_to_move_after_the_choices_is_a_conflict(house: House) -> None:
    booked = book(house, Repeat("week", count=1))
    with pytest.raises(Conflict):
        move(
            house,
            booked.session_ids[0],
            "2026-11-25T10:00",
            Which.ALL,
            choices={"2026-11-25T10:00": Choice()},
        )


# -- what goes on afterwards ---------------------------------------------------------------


def test_an_open_series_rolls_on_by_its_new_rule(house: House) -> None:
    booked = book(house, Repeat("week"))
    moved = move(house, booked.session_ids[1], "2026-12-03T10:00", Which.FOLLOWING)
    db.session.commit()
    count = len(all_rows())
    later = AT + timedelta(weeks=3)
    assert (series.roll_series(later), series.roll_series(later)) == (2, 0)
    found = all_rows()
    assert len(found) == count + 2
    assert when(found)[-3:] == ["Thu 11-25 10:00", "Thu 12-02 10:00", "Thu 12-09 10:00"]
    assert {row.series_id for row in found[-3:]} == {moved.series_id}


def test_rolling_never_meets_a_key_that_another_session_has(house: House) -> None:
    """Three weeks earlier, the rule comes by days on which others of its own were first due."""
    booked = book(house, Repeat("week"), datetime.fromisoformat("2026-12-22T10:00"))
    move(house, booked.session_ids[0], "2026-12-01T10:00", Which.ALL)
    db.session.commit()
    later = AT + timedelta(weeks=3)
    assert series.roll_series(later) == 2
    found = all_rows()[-2:]
    assert when(found) == ["Tue 12-07 10:00", "Tue 12-14 10:00"]
    assert [row.original_local for row in found] == ["2027-12-07T10:01", "2027-12-14T10:01"]
    assert sessions.follow_clocks(later) == 0


def test_clocks_that_change_find_a_series_where_it_was_moved_to(house: House) -> None:
    booked = book(house)
    move(house, booked.session_ids[1], "2026-12-03T14:00", Which.FOLLOWING)
    db.session.commit()
    assert sessions.follow_clocks(AT) == 0


def test_moved_twice_keeps_the_first_key(house: House) -> None:
    booked = book(house)
    move(house, booked.session_ids[1], "2026-12-03T14:00", Which.FOLLOWING)
    move(house, booked.session_ids[2], "2026-12-11T09:00", Which.FOLLOWING)
    found = all_rows()
    assert when(found)[1:] == ["Thu 12-03 14:00", "Fri 12-11 09:00", "Fri 12-18 09:00"]
    assert [row.original_local[5:10] for row in found] == ["11-24", "12-01", "12-08", "12-15"]
    assert db.session.scalar(select(func.count(Series.id))) == 3


# -- cancelling, and who may ---------------------------------------------------------------


def test_cancel_following_ends_the_series_before_it(house: House) -> None:
    booked = book(house, Repeat("week"))
    count = len(booked.session_ids)
    assert series.cancel_following(house.alice, AT, booked.session_ids[2], "So long") == count - 2
    db.session.commit()
    assert [row.state for row in all_rows()[:4]] == ["planned"] * 2 + ["cancelled"] * 2
    rule = db.session.get_one(Series, booked.series_id).rrule
    assert rule == "FREQ=WEEKLY;UNTIL=20261207T235959"
    assert series.roll_series(AT + timedelta(weeks=5)) == 0


def test_cancel_following_of_the_first_cancels_the_series(house: House) -> None:
    booked = book(house)
    assert series.cancel_following(house.alice, AT, booked.session_ids[0]) == 4
    assert db.session.get_one(Series, booked.series_id).state == "cancelled"


@pytest.mark.parametrize(("who", "refusal"), [("bob", NotAllowed), ("charlie", NotFound)])
def test_series_are_split_by_those_who_run_the_roster(
    house: House, who: str, refusal: type[Exception]
) -> None:
    booked, actor = book(house), getattr(house, who)
    wish = Wish(TUESDAY + timedelta(days=9), 50)
    with pytest.raises(refusal):
        series.move_series(actor, AT, booked.session_ids[1], wish, Which.FOLLOWING)
    with pytest.raises(refusal):
        series.cancel_following(actor, AT, booked.session_ids[1])
    with pytest.raises(refusal):
        series.single_edits(actor, AT, booked.session_ids[1])


def test_a_session_of_no_series_has_nothing_that_follows(house: House) -> None:
    alone = sessions.book_session(house.alice, AT, house.group, Wish(TUESDAY, 50)).session_ids[0]
    with pytest.raises(NotFound):
        move(house, alone, "2026-11-25T10:00", Which.FOLLOWING)
    with pytest.raises(NotFound):
        series.cancel_following(house.alice, AT, alone)
    assert series.single_edits(house.alice, AT, alone) == {}
