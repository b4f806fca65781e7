"""Which mails carry an invitation, for whom, and what it says: one mail a change, as before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select, update

from supervision.db import db
from supervision.domain.ical import Occurrence
from supervision.errors import Invalid
from supervision.models.mail import Announcement, MailKind, Outbox
from supervision.models.people import Person, SessionsBy
from supervision.models.replies import SessionReply
from supervision.models.sessions import Session
from supervision.services import mail, replies, rosters, sessions
from supervision.services.mail import Letterhead
from supervision.services.mail.outbox import AS_JSON
from supervision.services.sessions import OwnPlace, Setting, Wish
from tests import factories
from tests.factories import House

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
TUESDAY = datetime.fromisoformat("2026-11-24T10:00")
HEAD = Letterhead("Supervision <supervision@s.example>", "https://s.example", "k" * 32)
WITH_MAILBOX = replace(HEAD, mailbox="rsvp@s.example")


@pytest.fixture
def house(app: Flask) -> House:
    made = factories.house()
    takes(made.bob.id)
    return made


def takes(person_id: UUID, by: SessionsBy = SessionsBy.INVITATIONS) -> None:
    db.session.execute(update(Person).where(Person.id == person_id).values(sessions_by=by))
    db.session.commit()


def book(house: House, days: int = 0) -> UUID:
    wish = Wish(TUESDAY + timedelta(days=days), 50, "Bring the tape.")
    booked = sessions.book_session(house.alice, AT, house.group, wish, "https://s.example")
    db.session.commit()
    return booked.session_ids[0]


def told() -> dict[str, Occurrence | None]:
    """By recipient, what the last change put into their mails; the outbox is empty then."""
    sessions.announce_due(LATER)
    rows = db.session.execute(select(Outbox.recipient, Outbox.body))
    letters = {row.recipient: AS_JSON.validate_json(row.body) for row in rows}
    db.session.execute(db.delete(Outbox))
    db.session.commit()
    return {
        to.partition("@")[0]: letter.invitation.event if letter.invitation else None
        for to, letter in letters.items()
    }


def brief(found: dict[str, Occurrence | None]) -> dict[str, Any]:
    return {to: (one.sequence, one.cancelled) if one else None for to, one in found.items()}


def test_booking_invites_who_takes_invitations_and_tells_the_others(house: House) -> None:
    session_id = book(house)
    row = db.session.get_one(Session, session_id)
    assert told() == {
        "carol": None,
        "bob": Occurrence(
            id=session_id,
            starts_at=datetime(2026, 11, 24, 10, tzinfo=UTC),
            ends_at=datetime(2026, 11, 24, 10, 50, tzinfo=UTC),
            created_at=AT,
            stamped_at=row.published_at,
            sequence=0,
            cancelled=False,
            summary="Tuesday group",
            location="https://meet.example.org/tuesday",
            description=(
                "Join: https://meet.example.org/tuesday\n"
                f"More: https://s.example/sessions/{session_id}"
            ),
            url=f"https://s.example/sessions/{session_id}",
            conference="https://meet.example.org/tuesday",
            category="Supervision",
        ),
    }


def test_who_takes_both_is_invited_as_well(house: House) -> None:
    takes(house.bob.id, SessionsBy.BOTH)
    book(house)
    assert brief(told())["bob"] == (0, False)


def test_who_books_gets_their_own_invitation_and_nothing_without_that_choice(house: House) -> None:
    book(house)
    without = brief(told())
    takes(house.alice.id)
    book(house, days=1)
    assert (without, brief(told())) == (
        {"bob": (0, False), "carol": None},
        {"alice": (0, False), "bob": (0, False), "carol": None},
    )


def test_who_books_for_nobody_else_leaves_nothing_to_tell(house: House) -> None:
    alone = factories.roster(house.alice, title="Alone")
    db.session.commit()
    sessions.book_session(house.alice, AT, alone.id, Wish(TUESDAY, 50))
    db.session.commit()
    assert told() == {}
    assert db.session.scalars(select(Announcement.id)).all() == []


def test_each_later_change_is_one_mail_with_a_higher_sequence(house: House) -> None:
    session_id = book(house)
    told()
    sessions.move_session(house.alice, LATER, session_id, Wish(TUESDAY + timedelta(hours=1), 50))
    db.session.commit()
    moved = told()
    place = Setting(OwnPlace("12 Park Row"))
    sessions.change_session(house.alice, LATER, session_id, place)
    db.session.commit()
    changed = told()
    sessions.cancel_session(house.alice, LATER, session_id)
    db.session.commit()
    cancelled = told()
    found = [brief(one)["bob"] for one in (moved, changed, cancelled)]
    assert found == [(1, False), (2, False), (3, True)]
    assert [one.location for one in (changed["bob"], cancelled["bob"]) if one] == [
        "12 Park Row",
        "",
    ]


def test_who_is_taken_off_is_told_to_take_it_out_of_their_calendar(house: House) -> None:
    session_id = book(house)
    told()
    some = Setting(people=frozenset({house.carol.id}))
    sessions.change_session(house.alice, LATER, session_id, some)
    db.session.commit()
    assert brief(told()) == {"bob": (1, True)}


def test_session_that_changed_again_invites_with_the_last_mail_alone(house: House) -> None:
    session_id = book(house)
    sessions.move_session(house.alice, LATER, session_id, Wish(TUESDAY + timedelta(hours=1), 50))
    db.session.commit()
    sessions.announce_due(LATER)
    letters = [AS_JSON.validate_json(one) for one in bodies("bob@example.org")]
    found = [one.invitation.event.sequence if one.invitation else None for one in letters]
    assert found == [None, 1]


def bodies(to: str) -> list[str]:
    query = select(Outbox.body).where(Outbox.recipient == to).order_by(Outbox.created_at)
    return list(db.session.scalars(query))


def test_sessions_of_no_series_at_once_are_told_without_an_invitation(house: House) -> None:
    takes(house.bob.id, SessionsBy.FEED)
    book(house)
    book(house, days=1)
    told()
    takes(house.bob.id)
    sessions.republish(house.group, LATER, house.alice)
    db.session.commit()
    assert brief(told()) == {"bob": None, "carol": None}


# -- as it leaves --------------------------------------------------------------------------------


def to_bob(head: Letterhead) -> EmailMessage:
    taken: list[EmailMessage] = []
    sessions.announce_due(LATER)
    mail.send_due(lambda: LATER, head, taken.append)
    (message,) = [one for one in taken if one["To"] == "bob@example.org"]
    return message


def calendar(message: EmailMessage) -> Any:
    (part,) = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    return Calendar.from_ical(body)


def test_mail_without_a_mailbox_comes_from_the_installation_and_asks_for_no_reply(
    house: House,
) -> None:
    book(house)
    message = to_bob(HEAD)
    (event,) = calendar(message).walk("VEVENT")
    assert message["From"] == "Alice Ashworth <supervision@s.example>"
    assert (event["organizer"], event["organizer"].params["CN"]) == (
        "mailto:supervision@s.example",
        "Alice Ashworth",
    )
    assert event["attendee"].params["RSVP"] == "FALSE"


def test_organiser_of_a_session_stays_the_same_through_all_its_mails(house: House) -> None:
    session_id = book(house)
    first = to_bob(WITH_MAILBOX)["From"].addresses[0].addr_spec
    sessions.cancel_session(house.alice, LATER, session_id)
    db.session.commit()
    message = to_bob(WITH_MAILBOX)
    (event,) = calendar(message).walk("VEVENT")
    assert message["From"].addresses[0].addr_spec == first
    assert event["organizer"] == f"mailto:{first}"
    assert first.startswith("rsvp+")


def test_mail_has_a_link_for_each_answer_and_a_cancellation_none(house: House) -> None:
    session_id = book(house)
    message = to_bob(HEAD)
    sessions.cancel_session(house.alice, LATER, session_id)
    db.session.commit()
    texts = [one.get_body(("plain",)) for one in (message, to_bob(HEAD))]
    counts = [str(one.get_content()).count("https://s.example/answer/") for one in texts if one]
    assert counts == [3, 0]


def test_link_is_made_when_the_mail_leaves_and_lies_in_no_row(house: House) -> None:
    book(house)
    sessions.announce_due(LATER)
    assert [one for one in bodies("bob@example.org") if "/answer/" in one] == []


# -- the choice ----------------------------------------------------------------------------------


def test_choice_is_kept_and_read(house: House) -> None:
    chosen = replace(mail.choices_of(house.carol), sessions_by=SessionsBy.BOTH)
    mail.choose(house.carol, AT, chosen)
    db.session.commit()
    assert (mail.choices_of(house.carol), mail.choices_of(house.alice).sessions_by) == (
        chosen,
        SessionsBy.FEED,
    )


def test_invitations_without_the_mails_that_carry_them_are_refused(house: House) -> None:
    chosen = mail.choices_of(house.bob)
    silent = replace(chosen, kinds=chosen.kinds - {MailKind.SESSIONS})
    with pytest.raises(Invalid) as refused:
        mail.choose(house.bob, AT, silent)
    assert refused.value.field == "sessions_by"


def test_who_answered_on_the_page_is_told_as_invited_once_they_were(house: House) -> None:
    session_id = book(house)
    told()
    db.session.execute(db.delete(SessionReply))
    for who in (house.bob, house.carol):
        replies.answer(who, LATER, session_id, "accepted")
    db.session.commit()
    sessions.move_session(house.alice, LATER, session_id, Wish(TUESDAY + timedelta(hours=1), 50))
    db.session.commit()
    moved = brief(told())
    takes(house.bob.id, SessionsBy.FEED)
    sessions.cancel_session(house.alice, LATER, session_id)
    db.session.commit()
    assert (moved, brief(told())) == (
        {"bob": (1, False), "carol": None},
        {"bob": (2, True), "carol": None},
    )


@pytest.mark.parametrize("sessions_by", [SessionsBy.INVITATIONS, SessionsBy.FEED])
def test_roster_that_ends_takes_out_each_session_that_was_invited_to(
    house: House, sessions_by: SessionsBy
) -> None:
    """Also for who has chosen otherwise since: their calendar still holds them."""
    first, second = book(house), book(house, days=1)
    told()
    db.session.execute(db.delete(SessionReply).where(SessionReply.session_id == first))
    takes(house.bob.id, sessions_by)
    rosters.end_roster(house.alice, LATER, house.group, "https://s.example")
    db.session.commit()
    sessions.announce_due(LATER)
    letters = [AS_JSON.validate_json(one) for one in bodies("bob@example.org")]
    found = [one.invitation.event for one in letters if one.invitation]
    assert [(one.sequence, one.cancelled) for one in found] == [(1, True)]
    assert (len(letters), found[0].id) == (2, second)
    assert found[0].url == f"https://s.example/sessions/{second}"
