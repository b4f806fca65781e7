"""Days that a series leaves out: when it is booked, afterwards, and as it rolls on."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from supervision.db import db
from supervision.domain.recurrence import Repeat
from supervision.domain.skips import NOTHING
from supervision.errors import Invalid, NotAllowed, NotFound
from supervision.models.sessions import Claim, Series, Session
from supervision.services import series, sessions
from supervision.services.series import Choice, SeriesClashed
from supervision.services.sessions import Booked, Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
EIGHT = Repeat("week", count=8)
LEAVE = NOTHING.and_days(date(2026, 12, 24), date(2027, 1, 5))


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def book(house: House, repeat: Repeat = EIGHT, **more) -> Booked:
    return series.book_series(house.alice, AT, house.group, Wish(TUESDAY, 50), repeat, **more)


def planned() -> list[str]:
    query = select(Session).where(Session.state == "planned").order_by(Session.starts_at)
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return [f"{row.starts_at:%m-%d %H:%M}" for row in found]


def test_booking_leaves_days_out_and_does_not_make_up_for_them(house: House) -> None:
    book(house, left_out=LEAVE)
    assert [when[:5] for when in planned()] == [
        "11-24",
        "12-01",
        "12-08",
        "12-15",
        "12-22",
        "01-12",
    ]


def test_booking_of_which_nothing_is_left_is_refused(house: House) -> None:
    with pytest.raises(Invalid) as caught:
        book(house, Repeat("week", count=1), left_out=NOTHING.and_each([TUESDAY.date()]))
    assert caught.value.field == "skip_last"


def test_leaving_out_afterwards_cancels_what_lies_there_and_tells_once(house: House) -> None:
    booked = book(house)
    here = booked.session_ids[0]
    # One was moved out of these days, another into them: each counts where it is now.
    for index, to in ((5, "2027-01-06T10:00"), (7, "2027-01-04T10:00")):
        wish = Wish(datetime.fromisoformat(to), 50)
        sessions.move_session(house.alice, AT, booked.session_ids[index], wish)
    days = LEAVE.spans[0]
    assert series.leave_out(house.alice, AT, here, *days, "On leave") == 2
    assert [when[:5] for when in planned()] == [
        "11-24",
        "12-01",
        "12-08",
        "12-15",
        "12-22",
        "01-06",
    ]
    assert mails_to("bob@example.org")[-1].subject == (
        "Cancelled: Tuesday group, from Mon 4 Jan 2027, 05:00"
    )
    cancelled = select(Session.id).where(Session.state == "cancelled")
    assert not any(db.session.scalars(select(Claim.hard).where(Claim.session_id.in_(cancelled))))


def test_rolling_on_does_not_bring_left_out_days_back(house: House) -> None:
    booked = book(house, Repeat("week"))
    days = (date(2027, 11, 25), date(2027, 12, 5))
    assert series.leave_out(house.alice, AT, booked.session_ids[0], *days) == 0
    db.session.commit()
    assert series.roll_series(AT + timedelta(weeks=3)) == 2
    assert planned()[-2:] == ["12-07 10:00", "12-14 10:00"]
    assert series.roll_series(AT + timedelta(weeks=3)) == 0


def test_a_clash_can_be_skipped_or_shifted_when_booking(house: House) -> None:
    for local in ("2026-12-01T10:30", "2026-12-15T10:30"):
        wish = Wish(datetime.fromisoformat(local), 50)
        sessions.book_session(house.alice, AT, house.individual, wish)
    with pytest.raises(SeriesClashed) as caught:
        book(house, Repeat("week", count=4))
    assert list(caught.value.by_key) == ["2026-12-01T10:00", "2026-12-15T10:00"]
    choices = {"2026-12-01T10:00": Choice(), "2026-12-15T10:00": Choice(time(16))}
    booked = book(house, Repeat("week", count=4), choices=choices)
    rows = [db.session.get_one(Session, key) for key in booked.session_ids]
    assert [
        (f"{one.starts_at:%m-%d %H:%M}", one.original_local[5:], one.edited) for one in rows
    ] == [
        ("11-24 10:00", "11-24T10:00", False),
        ("12-08 10:00", "12-08T10:00", False),
        ("12-15 16:00", "12-15T10:00", True),
    ]
    assert db.session.get_one(Series, booked.series_id).skips == "2026-12-01/2026-12-01"


@pytest.mark.parametrize(("who", "refusal"), [("bob", NotAllowed), ("charlie", NotFound)])
def test_days_are_left_out_by_those_who_run_the_roster(
    house: House, who: str, refusal: type[Exception]
) -> None:
    booked = book(house)
    with pytest.raises(refusal):
        series.leave_out(getattr(house, who), AT, booked.session_ids[0], *LEAVE.spans[0])


def test_a_session_of_no_series_leaves_nothing_out(house: House) -> None:
    alone = sessions.book_session(house.alice, AT, house.group, Wish(TUESDAY, 50)).session_ids[0]
    with pytest.raises(NotFound):
        series.leave_out(house.alice, AT, alone, *LEAVE.spans[0])
