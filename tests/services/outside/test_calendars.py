"""What a person does with their calendars elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from supervision.db import db
from supervision.domain.intervals import Interval
from supervision.errors import Conflict, Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.outside import OutsideBusy, OutsideCalendar
from supervision.services import integrity, outside
from supervision.services.outside import addresses
from tests import factories
from tests.factories import House
from tests.services.outside.steps import (
    ADDRESS,
    AT,
    DAY,
    HOUR,
    NOWHERE,
    PEPPER,
    add,
    busy,
    keep,
    kept,
    row,
)
from tests.support.statements import counted


@pytest.fixture
def house(app: Flask) -> House:
    return factories.house()


def test_added_calendar_waits_to_be_read_at_once(house: House) -> None:
    key = add(house.alice, "  My   work ")
    found = outside.elsewhere(house.alice, AT, PEPPER)
    assert found.busy == []
    (one,) = found.calendars
    assert (one.id, one.label, one.state, one.is_awaited) == (key, "My work", "new", True)
    assert (one.host, one.ending) == ("calendar.example", "asic.ics")
    assert (row(key).due_at, one.may_read) == (AT, False)


def test_short_address_shows_nothing_but_its_host(house: House) -> None:
    add(house.alice, "Work", "https://calendar.example/abcdef")
    (one,) = outside.elsewhere(house.alice, AT, PEPPER).calendars
    assert (one.host, one.ending) == ("calendar.example", "")


@pytest.mark.parametrize(
    ("label", "address", "field", "sentence"),
    [
        ("", ADDRESS, "label", "Give it a name of 1 to %(most)s characters."),
        ("x" * 61, ADDRESS, "label", "Give it a name of 1 to %(most)s characters."),
        ("Work", "calendar", "address", addresses.NO_ADDRESS),
        ("Work", "https://me@calendar.example/", "address", addresses.SIGN_IN_PART),
        ("Work", "https://10.0.0.1/", "address", addresses.NOT_PUBLIC),
        ("Work", "https://calendar.example:8080/", "address", addresses.OTHER_PORT),
    ],
)
def test_what_cannot_be_added_is_told_beside_its_field(
    house: House, label: str, address: str, field: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        outside.add(house.alice, AT, label, address, PEPPER, NOWHERE)
    assert (refused.value.field, refused.value.msgid) == (field, sentence)


def test_same_calendar_twice_is_refused_however_it_is_written(house: House) -> None:
    add(house.alice)
    with pytest.raises(Invalid) as refused:
        add(house.alice, "Again", ADDRESS.replace("https", "webcal"))
    assert refused.value.field == "address"
    add(house.bob)  # somebody else may have the same


def test_sixth_calendar_is_refused(house: House) -> None:
    for number in range(5):
        add(house.alice, str(number), f"{ADDRESS}?{number}")
    with pytest.raises(Conflict):
        add(house.alice, "6", f"{ADDRESS}?6")
    add(house.bob)


def test_address_is_in_no_table_as_it_is(house: House) -> None:
    key = add(house.alice)
    outside.rename(house.alice, AT, key, "Job")
    for table in ("outside_calendar", "audit_entry"):
        rows = db.session.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608
        shown = repr([tuple(map(bytes_or_text, one)) for one in rows])
        assert ("calendar.example" in shown, "private-" in shown) == (False, False)


def bytes_or_text(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_each_act_leaves_a_line_without_words(house: House) -> None:
    key = add(house.alice)
    keep(house.alice, key, [])
    outside.rename(house.alice, AT, key, "Job")
    outside.read_now(house.alice, AT + DAY, key)
    outside.remove(house.alice, AT + DAY, key)
    lines = db.session.execute(select(AuditEntry.act, AuditEntry.subject_id, AuditEntry.detail))
    assert [tuple(one) for one in lines] == [
        (act, key, {})
        for act in ("outside.add", "outside.rename", "outside.refresh", "outside.remove")
    ]


def test_removed_calendar_takes_its_busy_times_along(house: House) -> None:
    key = busy(house.alice, Interval(AT, AT + HOUR))
    other = busy(house.alice, Interval(AT, AT + HOUR), label="Other")
    outside.remove(house.alice, AT, key)
    assert (kept(key), db.session.get(OutsideCalendar, key)) == ([], None)
    assert kept(other) == [Interval(AT, AT + HOUR)]


def test_calendar_of_somebody_else_does_not_exist(house: House) -> None:
    key = busy(house.alice, Interval(AT, AT + HOUR))
    for act in (
        lambda: outside.rename(house.bob, AT, key, "Mine"),
        lambda: outside.read_now(house.bob, AT + DAY, key),
        lambda: outside.remove(house.bob, AT, key),
        lambda: outside.elsewhere(house.bob, AT, PEPPER).calendar(key),
    ):
        with pytest.raises(NotFound):
            act()
    assert (row(key).label, kept(key)) == ("Work", [Interval(AT, AT + HOUR)])
    found = outside.elsewhere(house.bob, AT, PEPPER)
    assert (found.calendars, found.busy) == ([], [])


def test_calendar_is_read_again_after_a_minute_and_not_before(house: House) -> None:
    key = add(house.alice)
    keep(house.alice, key, [], AT)
    soon, later = AT + timedelta(seconds=59), AT + timedelta(seconds=60)
    with pytest.raises(Conflict):
        outside.read_now(house.alice, soon, key)
    outside.read_now(house.alice, later, key)
    assert (row(key).due_at, row(key).asked_at) == (later, later)
    with pytest.raises(Conflict):
        outside.read_now(house.alice, later + timedelta(seconds=61), key)
    assert not outside.elsewhere(house.alice, later + 2 * HOUR, PEPPER).calendars[0].is_awaited


def test_two_weeks_are_told_by_whole_days_of_their_owner(house: House) -> None:
    """Bob's day in Toronto begins at five in UTC."""
    past = Interval(AT - DAY, AT - 18 * HOUR)
    over_midnight = Interval(datetime(2026, 11, 23, 4, tzinfo=UTC), AT - 2 * HOUR)
    long = Interval(AT + 10 * DAY, AT + 20 * DAY)
    key = busy(house.bob, past, over_midnight, long)
    found = outside.elsewhere(house.bob, AT, PEPPER)
    until = datetime(2026, 12, 7, 5, tzinfo=UTC)
    assert [(one.starts_at, one.ends_at, one.label) for one in found.busy] == [
        (datetime(2026, 11, 23, 5, tzinfo=UTC), AT - 2 * HOUR, "Work"),
        (AT + 10 * DAY, until, "Work"),
    ]
    assert found.calendar(key).busy == 2 * HOUR + (until - AT - 10 * DAY)


def test_lost_pepper_leaves_a_calendar_that_can_be_removed(house: House) -> None:
    key = add(house.alice)
    (one,) = outside.elsewhere(house.alice, AT, b"q" * 64).calendars
    assert (one.id, one.host, one.ending) == (key, "", "")
    outside.remove(house.alice, AT, key)


def test_check_finds_a_moved_address_and_a_stray_time(house: House) -> None:
    mine = busy(house.alice, Interval(AT, AT + HOUR))
    other = busy(house.bob, Interval(AT, AT + HOUR))
    assert list(integrity.faults()) == []
    row(mine).address = row(other).address
    db.session.execute(
        OutsideBusy.__table__.update()  # type: ignore[attr-defined] # a table
        .where(OutsideBusy.calendar_id == other)
        .values(person_id=house.alice.id)
    )
    db.session.flush()
    assert list(integrity.faults()) == [
        f"calendar {mine} has no sound address",
        f"busy times of calendar {other} are not its owner's",
    ]


def test_list_asks_as_much_for_five_calendars_as_for_one(house: House) -> None:
    seen = []
    for number in (1, 2, 3, 4):
        times = [Interval(AT + n * HOUR, AT + (n + 0.5) * HOUR) for n in range(number * 30)]
        busy(house.alice, *times, label=str(number))
        with counted() as statements:
            outside.elsewhere(house.alice, AT, PEPPER)
        seen.append(len(statements))
    assert seen == [2, 2, 2, 2]
