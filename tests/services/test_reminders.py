"""Reminders and daily agendas: at chosen times, once, and never of what is not to be."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from supervision.db import db
from supervision.models.leave import Leave
from supervision.models.mail import MailAgenda, MailKind, MailReminder, MailStop, Outbox
from supervision.models.meetings import MeetingAbsence
from supervision.models.people import Person
from supervision.models.rosters import Roster
from supervision.permissions import Actor
from supervision.services import mail, reminders, sessions
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House
from tests.support.mails import mails_to
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASE = "https://s.example"


@pytest.fixture
def house(app: Flask) -> House:
    made = factories.house()
    remind(AT)  # from here on
    return made


def remind(at: datetime) -> int:
    sent = reminders.remind(at, BASE)
    db.session.commit()
    return sent


def meet(house: House, starts_at: datetime, **values: Any) -> UUID:
    """The group's session, with Alice and Bob."""
    group = db.session.get_one(Roster, house.group)
    made = factories.session(group, starts_at, house.alice, house.bob, **values).id
    db.session.commit()
    return made


def chose(who: Actor, *minutes: int) -> None:
    db.session.add_all(MailReminder(person_id=who.id, minutes=one) for one in minutes)
    db.session.commit()


def reminded() -> list[tuple[str, str, int]]:
    """Whom, how long before, in which sequence."""
    query = db.select(Outbox).where(Outbox.kind == MailKind.REMINDERS)
    rows = db.session.scalars(query.order_by(Outbox.recipient, Outbox.created_at))
    return [
        (row.recipient.partition("@")[0], row.event.rpartition(":")[2], row.sequence)
        for row in rows
    ]


# -- reminders -----------------------------------------------------------------------------


def test_everybody_is_reminded_a_day_before_who_chose_nothing(house: House) -> None:
    meet(house, AT + DAY)
    assert (remind(AT + MINUTE), reminded()) == (2, [("alice", "1440", 0), ("bob", "1440", 0)])
    assert [remind(AT + minutes * MINUTE) for minutes in (2, 3, 60, 1440)] == [0, 0, 0, 0]


def test_reminder_comes_at_its_minute_and_not_before(house: House) -> None:
    meet(house, AT + DAY + 2 * MINUTE)
    assert [remind(AT + number * MINUTE) for number in (1, 2, 3)] == [0, 0, 2]


def test_chosen_times_take_the_place_of_the_usual_one(house: House) -> None:
    chose(house.bob, 60, 15)
    meet(house, AT + DAY)
    for at in (AT + MINUTE, AT + DAY - HOUR + MINUTE, AT + DAY - 15 * MINUTE + SECOND):
        remind(at)
    assert reminded() == [("alice", "1440", 0), ("bob", "60", 0), ("bob", "15", 0)]


def test_reminder_says_when_where_and_why_in_its_reader_s_zone(house: House) -> None:
    db.session.get_one(Roster, house.group).address = "Room 3"
    session = meet(house, AT + DAY)
    remind(AT + MINUTE)
    (found,) = mails_to("bob@example.org")
    assert found.subject == "Reminder: Tuesday group, Tue 24 Nov 2026, 04:00"
    assert found.body == (
        "Hello Bob Brandt,\n\n"
        "This is your reminder of a session of “Tuesday group”.\n\n"
        "Tue 24 Nov 2026, 04:00 to 04:50 (Toronto); 09:00 in London\n"
        "Place: Room 3\n"
        "Meeting link: https://meet.example.org/tuesday\n\n"
        f"{BASE}/sessions/{session}\n"
    )
    assert found.reason == "You get this because reminders of your sessions are turned on."


@pytest.mark.parametrize("state", ["cancelled", "requested", "declined"])
def test_nobody_is_reminded_of_what_is_not_planned(house: House, state: str) -> None:
    meet(house, AT + DAY, state=state)
    assert remind(AT + MINUTE) == 0


def test_who_cannot_come_left_or_wants_none_is_not_reminded(house: House) -> None:
    session = meet(house, AT + DAY)
    db.session.add(MeetingAbsence(session_id=session, person_id=house.bob.id))
    db.session.add(MailStop(person_id=house.alice.id, kind=MailKind.REMINDERS))
    db.session.commit()
    assert remind(AT + MINUTE) == 0


def test_who_is_on_leave_that_day_is_not_reminded(house: House) -> None:
    """The day is Tuesday in London, where the roster meets."""
    meet(house, AT + DAY)
    for who, day, roster_id in (
        (house.bob, 24, house.group),
        (house.alice, 24, house.individual),
        (house.alice, 23, None),
    ):
        on = date(2026, 11, day)
        values = {"person_id": who.id, "roster_id": roster_id, "first_on": on, "last_on": on}
        db.session.add(Leave(**values, kind="other", created_at=AT))
    db.session.commit()
    remind(AT + MINUTE)
    assert reminded() == [("alice", "1440", 0)]


def test_session_with_a_place_of_its_own_is_reminded_of_there(house: House) -> None:
    db.session.get_one(Roster, house.group).address = "Room 3"
    meet(house, AT + DAY, address="Library")
    remind(AT + MINUTE)
    (found,) = mails_to("bob@example.org")
    places = [line for line in found.body.splitlines() if line.startswith(("Place", "Meeting"))]
    assert places == ["Place: Library"]


def test_who_turned_off_another_kind_is_reminded(house: House) -> None:
    meet(house, AT + DAY)
    db.session.add(MailStop(person_id=house.alice.id, kind=MailKind.AGENDA))
    db.session.commit()
    assert remind(AT + MINUTE) == 2


def test_disabled_account_is_not_reminded(house: House) -> None:
    meet(house, AT + DAY)
    db.session.get_one(Person, house.bob.id).state = "disabled"
    db.session.commit()
    remind(AT + MINUTE)
    assert reminded() == [("alice", "1440", 0)]


def test_session_that_was_booked_after_its_reminder_was_due_needs_none(house: House) -> None:
    chose(house.bob, 1440, 60)
    meet(house, AT + DAY, published_at=AT + SECOND)
    remind(AT + MINUTE)
    remind(AT + DAY - HOUR + MINUTE)
    assert reminded() == [("bob", "60", 0)]


def test_moved_session_is_reminded_of_at_its_new_time(house: House) -> None:
    wish = Wish(datetime.fromisoformat("2026-11-25T09:00"), 50)
    booked = sessions.book_session(house.alice, AT, house.group, wish)
    db.session.commit()
    assert remind(AT + DAY + MINUTE) == 3
    moved = Wish(datetime.fromisoformat("2026-11-27T09:00"), 50)
    sessions.move_session(house.alice, AT + DAY + HOUR, booked.session_ids[0], moved)
    db.session.commit()
    assert [remind(AT + day * DAY + MINUTE) for day in (2, 3)] == [0, 3]
    assert [one for one in reminded() if one[0] == "bob"] == [
        ("bob", "1440", 0),
        ("bob", "1440", 1),
    ]


def test_worker_that_was_away_reminds_late_of_what_has_not_begun(house: House) -> None:
    chose(house.bob, 60)
    chose(house.alice, 60)
    begun = meet(house, AT + 90 * MINUTE)
    meet(house, AT + 150 * MINUTE)
    assert remind(AT + 100 * MINUTE) == 2
    events = db.session.scalars(db.select(Outbox.event)).all()
    assert [event for event in events if str(begun) in event] == []


def test_reminder_whose_transaction_was_undone_is_sent_by_the_next_run(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet(house, AT + DAY)
    with monkeypatch.context() as patch:
        patch.setattr(mail, "queue_all", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            remind(AT + MINUTE)
    db.session.rollback()
    assert remind(AT + 2 * MINUTE) == 2


def test_same_window_run_twice_reminds_once(house: House) -> None:
    meet(house, AT + DAY)
    remind(AT + MINUTE)
    db.session.execute(
        text("UPDATE round SET done_until = :at, due_at = :at"), {"at": str(AT - MINUTE)}
    )
    db.session.commit()
    remind(AT + 2 * MINUTE)
    assert len(reminded()) == 2


def test_run_costs_as_many_statements_for_one_session_as_for_thirty(house: House) -> None:
    counts = []
    for run, many in enumerate((1, 30), 1):
        for _ in range(many):
            meet(house, AT + run * MINUTE + DAY - SECOND)
        with counted() as seen:
            assert remind(AT + run * MINUTE) == 2 * many
        counts.append(len(seen))
    assert counts[0] == counts[1]


# -- the agenda ----------------------------------------------------------------------------


def wants_agenda(who: Actor, due_at: datetime, hour: int) -> None:
    db.session.add(MailAgenda(person_id=who.id, hour=hour, due_at=due_at))
    db.session.commit()


def agendas(at: datetime) -> int:
    sent = reminders.send_agendas(at, BASE)
    db.session.commit()
    return sent


def test_agenda_lists_the_local_day_by_time(house: House) -> None:
    """Bob's Tuesday in Toronto is [05:00 Tuesday, 05:00 Wednesday) UTC."""
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    wants_agenda(house.bob, at, 7)
    individual = db.session.get_one(Roster, house.individual)
    first = datetime(2026, 11, 24, 14, tzinfo=UTC)
    meet(house, at - 8 * HOUR)
    last = meet(house, datetime(2026, 11, 25, 4, 59, tzinfo=UTC))
    meet(house, datetime(2026, 11, 25, 5, tzinfo=UTC))
    meet(house, at + 3 * HOUR, state="cancelled")
    early = factories.session(individual, first, house.bob).id
    db.session.commit()
    assert agendas(at) == 1
    (found,) = mails_to("bob@example.org")
    assert found.subject == "Your agenda for Tuesday 24 November"
    assert found.body == (
        "Hello Bob Brandt,\n\n"
        "On Tuesday 24 November you have:\n\n"
        "Bob with Alice\n"
        "09:00 to 09:50 (Toronto); 14:00 in London\n"
        f"Page: {BASE}/sessions/{early}\n\n"
        "Tuesday group\n"
        "23:59 to 00:49 (Toronto); 04:59 in London\n"
        "Meeting link: https://meet.example.org/tuesday\n"
        f"Page: {BASE}/sessions/{last}\n\n"
        f"Your calendar:\n{BASE}/calendar\n"
    )


def test_empty_day_has_no_mail_and_the_next_is_due_all_the_same(house: House) -> None:
    wants_agenda(house.alice, AT, 9)
    assert (reminders.has_agendas(AT), agendas(AT)) == (True, 0)
    assert reminders.has_agendas(AT + DAY - SECOND) is False
    meet(house, AT + DAY + HOUR)
    assert (agendas(AT + DAY), agendas(AT + DAY)) == (1, 0)


def test_late_agenda_tells_what_is_still_to_come(house: House) -> None:
    wants_agenda(house.alice, AT, 9)
    meet(house, AT + HOUR)
    later = meet(house, AT + 3 * HOUR)
    assert agendas(AT + 2 * HOUR) == 1
    links = [line for line in mails_to("alice@example.org")[0].body.split() if "/sessions/" in line]
    assert links == [f"{BASE}/sessions/{later}"]


def test_worker_that_was_away_for_days_sends_the_agenda_of_today_alone(house: House) -> None:
    wants_agenda(house.alice, AT, 9)
    for days in range(4):
        meet(house, AT + days * DAY + 5 * HOUR)
    assert agendas(AT + 3 * DAY + HOUR) == 1
    assert mails_to("alice@example.org")[0].event == "agenda:2026-11-26"
    assert reminders.has_agendas(AT + 4 * DAY - SECOND) is False


def test_agenda_leaves_out_where_they_cannot_come(house: House) -> None:
    wants_agenda(house.alice, AT, 9)
    session = meet(house, AT + HOUR)
    meet(house, AT + 2 * HOUR)
    db.session.add(MeetingAbsence(session_id=session, person_id=house.alice.id))
    db.session.commit()
    assert agendas(AT) == 1
    assert str(session) not in mails_to("alice@example.org")[0].body


def test_day_on_leave_has_no_agenda(house: House) -> None:
    wants_agenda(house.alice, AT, 9)
    meet(house, AT + HOUR)
    on = {"first_on": AT.date(), "last_on": AT.date()}
    db.session.add(Leave(person_id=house.alice.id, **on, kind="other", created_at=AT))
    db.session.commit()
    assert agendas(AT) == 0


def test_many_agendas_are_sent_in_lots(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervision.services.reminders.agenda.AT_ONCE", 2)
    group = db.session.get_one(Roster, house.group)
    people = [factories.person(f"p{number}") for number in range(5)]
    factories.session(group, AT + HOUR, *people)
    for who in people:
        wants_agenda(who, AT, 9)
    assert agendas(AT) == 5
