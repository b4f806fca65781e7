"""Answers by link, on the page and from a calendar: each once, the latest counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from supervision.db import db
from supervision.domain.invitations import reply_address, reply_token
from supervision.domain.replies import Answer
from supervision.errors import Conflict, Gone, Invalid, NotFound
from supervision.models.audit import AuditEntry
from supervision.models.replies import SessionReply
from supervision.models.rosters import Roster
from supervision.models.sessions import Session
from supervision.permissions import Actor
from supervision.services import mail, replies, sessions
from supervision.services.mail import Asked
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House

GOLDEN = Path(__file__).parents[1] / "golden" / "replies"
SESSION = UUID("6f1d3c52-8d0f-4a5e-9c11-2b7a4e0c9d31")
AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
STARTS = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ENDS = STARTS + timedelta(minutes=50)
KEY, MAILBOX = "k" * 32, "rsvp@s.example"


@pytest.fixture
def house(app: Flask) -> House:
    made = factories.house()
    group = db.session.get_one(Roster, made.group)
    people = (made.alice, made.bob, made.carol)
    factories.session(group, STARTS, *people, id=SESSION)
    db.session.commit()
    return made


def kept() -> list[tuple[str, str, int]]:
    db.session.expire_all()
    rows = db.session.execute(
        select(SessionReply.answer, SessionReply.via, SessionReply.sequence).order_by(
            SessionReply.answered_at
        )
    )
    return [(row.answer, row.via, row.sequence) for row in rows]


def link(who: Actor, sequence: int = 0, key: str = KEY) -> str:
    return mail.answer_token(key, Asked(SESSION, who.id, sequence))


def by_link(token: str, answer: str = "accepted", at: datetime = AT) -> None:
    replies.answer_by_link(KEY, at, token, answer)
    db.session.commit()


# -- by link -------------------------------------------------------------------------------------


def test_link_answers_once_and_only_looking_changes_nothing(house: House) -> None:
    token = link(house.bob)
    asked = replies.open_question(KEY, AT, token).meeting
    looked = kept()
    by_link(token, "tentative")
    by_link(token, "declined")
    again = replies.open_question(KEY, AT, token)
    assert (again.used, again.meeting.answer) == (True, "tentative")
    assert (asked.title, asked.email, looked) == ("Tuesday group", "bob@example.org", [])
    assert kept() == [("tentative", "link", 0)]


def test_two_who_press_at_once_are_one_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before either has pressed."""
    token = link(house.bob)
    question = replies.open_question(KEY, AT, token)
    by_link(token)
    monkeypatch.setattr("supervision.services.replies.answering.open_question", lambda *_: question)
    by_link(token, "declined")
    assert kept() == [("accepted", "link", 0)]


def test_link_is_good_until_the_session_ends(house: House) -> None:
    with pytest.raises(Gone):
        by_link(link(house.bob), at=ENDS)
    by_link(link(house.bob), at=ENDS - timedelta(seconds=1))
    assert kept() == [("accepted", "link", 0)]


@pytest.mark.parametrize("token", ["", "x" * 43, "WyJhIiwiYiIsMF0.abc"])
def test_link_that_is_not_whole_is_refused(house: House, token: str) -> None:
    with pytest.raises(Gone):
        by_link(token)


def test_link_of_another_key_or_for_another_person_is_refused(house: House) -> None:
    for token in (link(house.bob, key="other" * 8), link(house.charlie)):
        with pytest.raises(Gone):
            by_link(token)
    assert kept() == []


def test_link_of_a_former_version_is_refused_and_the_new_one_asks_anew(house: House) -> None:
    by_link(link(house.bob))
    to = Wish(datetime.fromisoformat("2026-11-24T12:00"), 50)
    sessions.move_session(house.alice, AT, SESSION, to)
    db.session.commit()
    with pytest.raises(Gone):
        by_link(link(house.bob))
    page = sessions.session_page(house.alice, AT, SESSION)
    by_link(link(house.bob, sequence=1), "declined")
    assert (page.reply_of(house.bob.id), kept()) == ("", [("declined", "link", 1)])


def test_link_to_a_cancelled_session_is_refused(house: House) -> None:
    sessions.cancel_session(house.alice, AT, SESSION)
    db.session.commit()
    sequence = db.session.get_one(Session, SESSION).sequence
    with pytest.raises(Gone):
        by_link(link(house.bob, sequence))


def test_answer_that_is_none_is_refused(house: House) -> None:
    with pytest.raises(Invalid):
        by_link(link(house.bob), "perhaps")
    assert kept() == []


# -- on the page ---------------------------------------------------------------------------------


def test_answer_on_the_page_takes_the_place_of_the_former_one(house: House) -> None:
    by_link(link(house.bob))
    replies.answer(house.bob, AT, SESSION, "declined")
    db.session.commit()
    assert kept() == [("declined", "page", 0)]
    acts = db.session.scalars(select(AuditEntry.act).where(AuditEntry.act == "replies.answer"))
    assert len(acts.all()) == 2


def test_stranger_and_who_comes_too_late_answer_nothing(house: House) -> None:
    with pytest.raises(NotFound):
        replies.answer(house.charlie, AT, SESSION, "accepted")
    with pytest.raises(Conflict):
        replies.answer(house.bob, ENDS, SESSION, "accepted")


def test_who_declines_is_still_expected(house: House) -> None:
    replies.answer(house.bob, AT, SESSION, "declined")
    db.session.commit()
    people = [one.name for one in sessions.session_page(house.alice, AT, SESSION).people]
    assert "Bob Brandt" in people


def test_who_runs_the_roster_sees_all_answers_and_others_their_own(house: House) -> None:
    by_link(link(house.bob))
    by_link(link(house.carol), "declined")
    seen = {
        who.name: sessions.session_page(who, AT, SESSION).replies
        for who in (house.alice, house.bob, house.carol)
    }
    assert seen == {
        "Alice Ashworth": ["accepted", "declined"],
        "Bob Brandt": ["accepted"],
        "Carol Conti": ["declined"],
    }


# -- from a calendar -----------------------------------------------------------------------------


def address(house: House, key: str = KEY, session_id: UUID = SESSION) -> str:
    return reply_address(MAILBOX, reply_token(key, session_id, house.bob.id))


def received(
    house: House, program: str = "google", to: str | None = None, at: datetime = AT, **changed: str
) -> bool:
    raw = (GOLDEN / f"{program}.eml").read_text(encoding="utf-8")
    for name, value in changed.items():
        raw = raw.replace(f"\n{name.upper()}:", f"\n{name.upper()}:{value}\nX-WAS:")
    return replies.receive(KEY, MAILBOX, at, to or address(house), raw.encode())


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("google", Answer.ACCEPTED),
        ("outlook", Answer.TENTATIVE),
        ("apple", Answer.DECLINED),
    ],
)
def test_reply_of_a_calendar_is_taken(house: House, program: str, answer: Answer) -> None:
    assert received(house, program)
    assert kept() == [(answer, "calendar", 0)]


def test_reply_without_the_token_that_was_mailed_is_refused(house: House) -> None:
    forged = [
        MAILBOX,
        "rsvp+@s.example",
        "rsvp+aaaaaaaaaaaaaaaaaaaa@s.example",
        address(house, key="other"),
        address(house, session_id=UUID(int=1)),
        reply_address(MAILBOX, reply_token(KEY, SESSION, house.carol.id)),
        reply_address("rsvp@elsewhere.example", reply_token(KEY, SESSION, house.bob.id)),
    ]
    assert [received(house, to=to) for to in forged] == [False] * len(forged)
    assert kept() == []


def test_reply_about_another_session_or_version_is_refused(house: House) -> None:
    other = "0b9f2a74-1c3d-4e5f-8a6b-7c8d9e0f1a2b@supervision.invalid"
    assert [received(house, uid=other), received(house, sequence="1")] == [False, False]
    db.session.get_one(Session, SESSION).sequence = 1
    db.session.commit()
    assert received(house) is False
    assert kept() == []


def test_older_and_repeated_reply_changes_nothing_and_a_later_one_does(house: House) -> None:
    assert received(house)
    assert received(house, "apple") is False  # of the same instant
    assert received(house, "apple", dtstamp="20261123T101230Z") is False
    assert kept() == [("accepted", "calendar", 0)]
    assert received(house, "apple", dtstamp="20261123T101232Z")
    assert kept() == [("declined", "calendar", 0)]


def test_stamp_in_the_future_keeps_no_later_answer_out(house: House) -> None:
    assert received(house, dtstamp="20990101T000000Z")
    replies.answer(house.bob, AT + timedelta(seconds=1), SESSION, "declined")
    db.session.commit()
    assert kept() == [("declined", "page", 0)]


def test_reply_after_the_end_is_refused(house: House) -> None:
    assert received(house, at=ENDS) is False


def test_refusal_is_logged_without_a_word_of_the_mail(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    received(house, to=MAILBOX)
    logged = "".join(capfd.readouterr())
    assert '"why": "token"' in logged
    assert [word for word in ("bob", "Brandt", "6f1d3c52", "ACCEPTED") if word in logged] == []
