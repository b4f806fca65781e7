"""The worker reads what is due, politely, and keeps what it says."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from supervision.db import db, writing
from supervision.domain.intervals import Interval
from supervision.models.audit import AuditEntry
from supervision.models.mail import Outbox
from supervision.models.outside import OutsideCalendar
from supervision.models.people import Person
from supervision.services import outside
from supervision.services.outside import asking, fetching, reading
from supervision.services.outside.reading import Reader
from tests import factories
from tests.factories import House
from tests.services.outside.steps import AT, DAY, HOUR, PEPPER, add, busy, keep, kept, row
from tests.support.statements import counted
from tests.support.strangers import Stranger, calendar, timed

HERE = frozenset({"127.0.0.1", "localhost"})
BUSY = Interval(AT + DAY, AT + DAY + HOUR)


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


@pytest.fixture
def reader(app: Flask) -> Iterator[Reader]:
    made = Reader(PEPPER, HERE, "https://supervision.example.org")
    yield made
    made.stop()


def work(reader: Reader, at: datetime = AT) -> None:
    """Until nothing is being read any more."""
    reader.go_on(at)
    until = time.monotonic() + 20
    while not reader.is_idle and time.monotonic() < until:
        time.sleep(0.02)
        reader.go_on(at)
    assert reader.is_idle
    db.session.rollback()


def own(house: House, stranger: Stranger, path: str = "a", host: str = "127.0.0.1") -> UUID:
    """A calendar of Alice's with a stranger on this machine."""
    address = f"http://{host}:{stranger.port}/{path}"
    key = outside.add(house.alice, AT, path, address, PEPPER, HERE)
    db.session.commit()
    return key


def test_due_calendar_is_read_and_kept(house: House, reader: Reader, stranger: Stranger) -> None:
    stranger.bodies["/a"] = calendar(timed(BUSY.start, title="Operation"))
    key = own(house, stranger)
    work(reader)
    one = row(key)
    assert (one.state, one.asked_at, one.failures) == ("good", None, 0)
    assert (one.good_at, one.read_at, one.tried_at) == (AT, AT, AT)
    assert one.due_at is not None
    assert timedelta(minutes=27) <= one.due_at - AT <= timedelta(minutes=33)
    assert kept(key) == [BUSY]
    work(reader, AT + timedelta(minutes=26))
    assert stranger.paths == ["/a"]
    work(reader, AT + timedelta(minutes=34))
    assert stranger.paths == ["/a", "/a"]


def test_week_that_is_over_and_four_hundred_days_are_kept(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    starts = [AT + DAY * days for days in (-8, -6, 399, 401)]
    stranger.bodies["/a"] = calendar(*(timed(one, uid=str(one)) for one in starts))
    key = own(house, stranger)
    work(reader)
    assert [one.start for one in kept(key)] == starts[1:3]


def test_new_answer_takes_the_place_of_the_old_one(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    stranger.bodies["/a"] = calendar(timed(BUSY.start))
    key = own(house, stranger)
    work(reader)
    later = AT + 2 * DAY
    long = timed(later, minutes=26 * 60)
    stranger.bodies["/a"] = calendar(long)
    work(reader, AT + HOUR)
    assert kept(key) == [
        Interval(later, later + DAY),
        Interval(later + DAY, later + DAY + 2 * HOUR),
    ]


def test_same_answer_again_writes_no_time(house: House) -> None:
    key = busy(house.alice, BUSY)
    with counted() as statements:
        keep(house.alice, key, [BUSY], AT + HOUR)
    about_times = [one.split()[0] for one in statements if "outside_busy" in one]
    assert about_times == ["SELECT"]
    with counted() as statements:
        keep(house.alice, key, [], AT + HOUR)
    about_times = [one.split()[0] for one in statements if "outside_busy" in one]
    assert about_times == ["SELECT", "DELETE"]


def test_unchanged_calendar_keeps_its_times(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    key = own(house, stranger, "tagged")
    keep(house.alice, key, [BUSY])
    with writing():
        db.session.execute(update(OutsideCalendar).values(etag='"1"'))
    work(reader, AT + HOUR)
    assert stranger.asked[0][1]["If-None-Match"] == '"1"'
    one = row(key)
    assert (kept(key), one.good_at, one.read_at) == ([BUSY], AT + HOUR, AT)


@pytest.mark.parametrize("why", ["a day", "another zone"])
def test_calendar_is_read_anew_though_it_did_not_change(
    house: House, reader: Reader, stranger: Stranger, why: str
) -> None:
    """The days that are kept move on, and whole days are their owner's own."""
    key = own(house, stranger, "tagged")
    keep(house.alice, key, [BUSY])
    with writing():
        db.session.execute(update(OutsideCalendar).values(etag='"1"'))
        if why == "another zone":
            db.session.execute(update(Person).values(zone="Asia/Kathmandu"))
    work(reader, AT + (DAY if why == "a day" else HOUR))
    assert "If-None-Match" not in stranger.asked[0][1]
    assert (kept(key), row(key).zone == "Asia/Kathmandu") == ([], why == "another zone")


def test_whole_day_is_one_of_its_owners_zone(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    stranger.bodies["/a"] = calendar("UID:1\r\nDTSTART;VALUE=DATE:20261124")
    key = own(house, stranger)
    with writing():
        db.session.execute(update(Person).values(zone="America/Toronto"))
    work(reader)
    start = datetime.fromisoformat("2026-11-24T05:00:00+00:00")
    assert kept(key) == [Interval(start, start + DAY)]


# -- failures ------------------------------------------------------------------------------


def test_failure_keeps_what_was_read_and_says_why(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    key = own(house, stranger, "status/404")
    keep(house.alice, key, [BUSY])
    work(reader, AT + HOUR)
    one = row(key)
    assert (one.state, one.failure, one.failures) == ("failing", fetching.GONE, 1)
    assert (one.good_at, one.tried_at, one.failing_since) == (AT, AT + HOUR, AT + HOUR)
    assert kept(key) == [BUSY]


def failures(calendar_id: UUID, times: int) -> list[timedelta]:
    """Fail as often, each time when it is due; how long each time it is left alone then."""
    waits, at = list[timedelta](), AT
    for _time in range(times):
        with writing():
            reading.fail(calendar_id, fetching.GONE, at, "https://supervision.example.org")
        due_at = row(calendar_id).due_at
        if due_at is None:
            return waits
        waits.append(due_at - at)
        at = due_at
    return waits


def test_calendar_that_fails_is_asked_more_and_more_rarely(house: House) -> None:
    waits = failures(add(house.alice), 8)
    hours = [1, 2, 4, 8, 16, 24, 24, 24]
    assert [round(wait / HOUR) for wait in waits] == hours
    assert all(
        abs(wait - hour * HOUR) <= timedelta(minutes=3)
        for wait, hour in zip(waits, hours, strict=True)
    )


def test_good_answer_ends_the_waiting(house: House) -> None:
    key = add(house.alice)
    failures(key, 5)
    keep(house.alice, key, [BUSY], AT + DAY)
    one = row(key)
    assert (one.state, one.failures, one.failing_since, one.failure) == ("good", 0, None, "")
    assert one.due_at is not None
    assert one.due_at - AT - DAY < HOUR


def test_after_two_weeks_it_is_left_and_its_owner_told_once(house: House) -> None:
    key = busy(house.alice, BUSY)
    waits = failures(key, 100)
    assert 13 * DAY < sum(waits, timedelta()) < 15.5 * DAY
    one = row(key)
    assert (one.state, one.due_at, kept(key)) == ("paused", None, [BUSY])
    mail = db.session.scalars(select(Outbox)).one()
    assert (mail.recipient, mail.subject) == (
        "alice@example.org",
        "Your calendar “Work” can no longer be read",
    )
    assert fetching.GONE in mail.body
    assert "https://supervision.example.org/availability#calendars" in mail.body
    acts = db.session.scalars(select(AuditEntry.act).where(AuditEntry.subject_id == key)).all()
    assert acts == ["outside.add", "outside.pause"]
    outside.read_now(house.alice, AT + 30 * DAY, key)
    with writing():
        reading.fail(key, fetching.GONE, AT + 30 * DAY)
    assert (row(key).state, row(key).asked_at) == ("paused", None)
    assert len(db.session.scalars(select(Outbox)).all()) == 1


def test_paused_calendar_that_is_repaired_goes_on(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    stranger.bodies["/a"] = calendar(timed(AT + 31 * DAY))
    key = own(house, stranger)
    failures(key, 100)
    work(reader, AT + 30 * DAY)
    assert stranger.asked == []
    outside.read_now(house.alice, AT + 30 * DAY, key)
    db.session.commit()
    work(reader, AT + 30 * DAY)
    assert (row(key).state, kept(key)[0].start) == ("good", AT + 31 * DAY)


def test_address_that_no_longer_opens_is_told(house: House) -> None:
    key = add(house.alice)
    Reader(b"q" * 64, HERE).go_on(AT)
    assert (row(key).state, row(key).failure) == ("failing", reading.LOST)


def test_host_that_is_no_longer_allowed_is_told(house: House, stranger: Stranger) -> None:
    key = own(house, stranger)
    Reader(PEPPER, frozenset()).go_on(AT)
    assert (row(key).state, stranger.asked) == ("failing", [])


def test_server_that_holds_on_holds_nobody_up(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    """The worker comes by and goes on; another calendar is read meanwhile."""
    slow = own(house, stranger, "slow")
    stranger.bodies["/a"] = calendar(timed(BUSY.start))
    quick = own(house, stranger, "a", "localhost")
    begun = time.monotonic()
    reader.go_on(AT)
    assert (time.monotonic() - begun < 2, reader.is_idle) == (True, False)
    until = time.monotonic() + 20
    while row(quick).state == "new" and time.monotonic() < until:
        time.sleep(0.05)
        reader.go_on(AT)
        db.session.rollback()
    assert (row(quick).state, row(slow).state) == ("good", "new")
    reader.go_on(AT + asking.PATIENCE)
    assert (row(slow).state, row(slow).failure) == ("failing", asking.TOO_SLOW)


# -- politeness ----------------------------------------------------------------------------


def test_one_host_is_never_asked_twice_at_once(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    for number in range(4):
        stranger.bodies[f"/{number}"] = calendar(timed(BUSY.start))
        own(house, stranger, str(number))
    work(reader)
    assert (sorted(stranger.paths), stranger.most_at_once) == (["/0", "/1", "/2", "/3"], 1)


def test_no_more_than_two_children_work_at_once(house: House, stranger: Stranger) -> None:
    names = [f"127.0.0.{number}" for number in range(1, 5)]
    reader = Reader(PEPPER, frozenset(names))
    for name in names:
        address = f"http://{name}:{stranger.port}/silent"
        outside.add(house.alice, AT, name, address, PEPPER, frozenset(names))
    db.session.commit()
    reader.go_on(AT)
    assert len(reader._asked) == reading.AT_ONCE == 2
    reader.stop()
    assert reader.is_idle


def test_two_workers_read_a_calendar_once(house: House, reader: Reader, stranger: Stranger) -> None:
    stranger.bodies["/a"] = calendar(timed(BUSY.start))
    own(house, stranger)
    other = Reader(PEPPER, HERE)
    reader.go_on(AT)
    other.go_on(AT)
    assert (reader.is_idle, other.is_idle) == (False, True)
    work(reader)
    assert stranger.paths == ["/a"]


def test_nothing_is_held_in_the_database_while_a_child_works(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    own(house, stranger, "silent")
    reader.go_on(AT)
    assert (reader.is_idle, db.session().in_transaction()) == (False, False)


def test_calendar_that_was_removed_meanwhile_leaves_nothing(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    stranger.bodies["/a"] = calendar(timed(BUSY.start))
    key = own(house, stranger)
    reader.go_on(AT)
    outside.remove(house.alice, AT, key)
    db.session.commit()
    work(reader)
    assert (kept(key), db.session.get(OutsideCalendar, key)) == ([], None)


def test_calendar_whose_reading_was_cut_short_is_due_again(
    house: House, reader: Reader, stranger: Stranger
) -> None:
    key = own(house, stranger, "silent")
    reader.go_on(AT)
    reader.stop()
    assert row(key).due_at == AT + reading.LEASE
