"""Answers by link, on the page and from a calendar: each once, the latest counts."""

from datetime import UTC, date, datetime, timedelta
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
from supervision.models.replies import SeriesInvitation, SessionReply
from supervision.models.rosters import Roster
from supervision.models.sessions import Series, Session
from supervision.permissions import Actor
from supervision.services import mail, replies, sessions
from supervision.services.mail import Asked
from supervision.services.sessions import Wish
from tests import factories
from tests.factories import House
from tests.support.statements import counted

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


@pytest.mark.parametrize("said", ["RRULE:FREQ=SECONDLY", "RECURRENCE-ID:20261124T100000Z"])
def test_reply_to_a_series_says_nothing_of_a_single_session(house: House, said: str) -> None:
    assert received(house, sequence=f"0\n{said}") is False
    assert kept() == []


def test_reply_after_the_end_is_refused(house: House) -> None:
    assert received(house, at=ENDS) is False


def test_refusal_is_logged_without_a_word_of_the_mail(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    received(house, to=MAILBOX)
    logged = "".join(capfd.readouterr())
    assert '"why": "token"' in logged
    assert [word for word in ("bob", "Brandt", "6f1d3c52", "ACCEPTED") if word in logged] == []


# -- from a calendar, about a series -------------------------------------------------------------

SERIES = UUID("a3c5e7f9-1b2d-4f6a-8c9e-0d1f2b3a4c5d")
WEEK = timedelta(weeks=1)


@pytest.fixture
def repeated(house: House) -> House:
    """Three Tuesdays that Bob was invited to; the second was mailed by itself under number 2."""
    group = db.session.get_one(Roster, house.group)
    made = Series(
        id=SERIES,
        roster_id=group.id,
        zone="Europe/London",
        starts_local="2026-12-01T10:00",
        minutes=50,
        rrule="FREQ=WEEKLY;COUNT=3",
        rolled_until=date(2026, 12, 15),
        made_by_id=house.alice.id,
        created_at=AT,
    )
    db.session.add(made)
    db.session.flush()
    for number in range(1, 4):
        factories.session(group, STARTS + number * WEEK, house.bob, series_id=SERIES)
    db.session.add(
        SeriesInvitation(
            series_id=SERIES,
            person_id=house.bob.id,
            sequence=3,
            whole_sequence=1,
            stamped_at=AT,
            goes_on=False,
            held="something",
        )
    )
    db.session.commit()
    second = db.session.scalars(
        select(Session.id).where(Session.starts_at == STARTS + 2 * WEEK)
    ).one()
    alone = SessionReply(
        session_id=second,
        person_id=house.bob.id,
        starts_at=STARTS + 2 * WEEK,
        sequence=0,
        series_sequence=2,
    )
    db.session.add(alone)
    db.session.commit()
    return house


def answered() -> dict[int, str]:
    """By the day in December that a session of the series is on, what was answered."""
    db.session.expire_all()
    rows = db.session.execute(
        select(Session.starts_at, SessionReply.answer)
        .join(SessionReply, SessionReply.session_id == Session.id)
        .where(Session.series_id == SERIES, SessionReply.answer != "")
    )
    return {row.starts_at.day: row.answer for row in rows}


def to_series(
    house: House,
    sequence: int,
    due: str = "",
    at: datetime = AT,
    program: str = "google",
    to: str = "",
) -> bool:
    said = f"{sequence}\n{due}" if due else str(sequence)
    uid, address_to = f"{SERIES}@supervision.invalid", to or address(house, session_id=SERIES)
    return received(house, program, address_to, at, uid=uid, sequence=said)


def test_reply_without_an_occurrence_answers_all_that_is_to_come(repeated: House) -> None:
    assert to_series(repeated, 3, "RRULE:FREQ=WEEKLY;COUNT=3")
    assert answered() == {1: "accepted", 8: "accepted", 15: "accepted"}
    acts = db.session.scalars(select(AuditEntry.act).where(AuditEntry.act.startswith("replies")))
    assert acts.all() == ["replies.answer_series"]


def test_reply_to_an_older_number_leaves_what_was_mailed_by_itself_since(repeated: House) -> None:
    assert to_series(repeated, 1)
    assert answered() == {1: "accepted", 15: "accepted"}


def test_reply_with_an_occurrence_answers_that_one(repeated: House) -> None:
    due = "RECURRENCE-ID;TZID=Europe/London:20261208T100000"
    assert to_series(repeated, 1, due) is False
    assert to_series(repeated, 2, due)
    assert to_series(repeated, 1, "RECURRENCE-ID:20261215T100000Z")
    assert answered() == {8: "accepted", 15: "accepted"}


def test_reply_of_outlook_to_one_occurrence_is_taken(repeated: House) -> None:
    due = "RECURRENCE-ID;TZID=3DGMT Standard Time:20261215T100000"
    assert to_series(repeated, 3, due, program="outlook")
    assert answered() == {15: "tentative"}


@pytest.mark.parametrize("sequence", [0, 4])
def test_reply_to_a_number_before_the_last_whole_one_or_to_none_is_refused(
    repeated: House, sequence: int
) -> None:
    assert to_series(repeated, sequence) is False
    assert answered() == {}


def test_reply_to_an_occurrence_that_is_none_or_over_is_refused(repeated: House) -> None:
    assert to_series(repeated, 3, "RECURRENCE-ID:20261209T100000Z") is False
    assert to_series(repeated, 3, "RECURRENCE-ID:20261201T100000Z", at=ENDS + WEEK) is False
    assert to_series(repeated, 3, at=ENDS + 3 * WEEK) is False
    assert answered() == {}


def test_forged_reply_to_a_series_is_refused(repeated: House) -> None:
    forged = [
        MAILBOX,
        address(repeated),  # of a session, not of the series
        address(repeated, key="other", session_id=SERIES),
        reply_address(MAILBOX, reply_token(KEY, SERIES, repeated.carol.id)),
    ]
    assert [to_series(repeated, 3, to=to) for to in forged] == [False] * len(forged)
    db.session.execute(db.delete(SeriesInvitation))
    db.session.commit()
    assert to_series(repeated, 3) is False  # whoever knows the key was not invited for that
    assert answered() == {}


def test_later_answer_to_one_stands_beside_the_answer_to_all(repeated: House) -> None:
    assert to_series(repeated, 3)
    assert to_series(repeated, 3, "RECURRENCE-ID:20261215T100000Z") is False  # of the same instant
    assert received(
        repeated,
        "apple",
        address(repeated, session_id=SERIES),
        uid=f"{SERIES}@supervision.invalid",
        sequence="3\nRECURRENCE-ID:20261215T100000Z",
        dtstamp="20261123T101232Z",
    )
    assert answered() == {1: "accepted", 8: "accepted", 15: "declined"}


# -- which tokens are known ------------------------------------------------------------------------


def test_token_is_known_once_somebody_was_invited_and_until_it_is_long_over(house: House) -> None:
    tokens, token = replies.KnownTokens(KEY), reply_token(KEY, SESSION, house.bob.id)
    assert tokens.has(token, AT) is False
    factories.invited(SESSION, house.bob, STARTS)
    db.session.get_one(SessionReply, (SESSION, house.bob.id)).invited_at = AT
    db.session.commit()
    others = [
        reply_token(KEY, SESSION, house.carol.id),
        reply_token("other", SESSION, house.bob.id),
        "a" * 20,
        token.upper(),
        token + "a",
        "",
    ]
    assert [tokens.has(one, AT) for one in (token, *others)] == [True] + [False] * 6
    later = [replies.KnownTokens(KEY).has(token, ENDS + timedelta(days=days)) for days in (29, 31)]
    assert later == [True, False]


def test_token_of_a_series_is_known(repeated: House) -> None:
    tokens = replies.KnownTokens(KEY)
    known = [
        tokens.has(reply_token(KEY, SERIES, who.id), AT) for who in (repeated.bob, repeated.carol)
    ]
    assert known == [True, False]


def test_unknown_token_costs_two_statements_and_none_where_it_has_no_form(house: House) -> None:
    tokens = replies.KnownTokens(KEY)
    with counted() as statements:
        tokens.has("a" * 20, AT)
        tokens.has("rubbish", AT)
    assert len(statements) == 2
