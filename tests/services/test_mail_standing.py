"""What has not left, as an organiser, a monitor and `flask check` see it: never a text."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from supervision.db import db
from supervision.errors import Conflict, NotFound
from supervision.models.mail import Announcement, MailKind, MailState, Outbox
from supervision.permissions import Actor
from supervision.services import integrity, mail
from supervision.services.mail import Letterhead, Standing, Waiting
from tests import factories

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def dana(app: Flask) -> Actor:
    return factories.person("dana")


def put(state: MailState, minutes: int = 0, **values: object) -> UUID:
    """A mail that fell due so many minutes ago."""
    at = AT - timedelta(minutes=minutes)
    made = Outbox(
        **{
            "event": f"{state}:{minutes}",
            "recipient": f"{state}{minutes}@example.org",
            "kind": MailKind.TURNS,
            "subject": "About M.",
            "body": "About M.",
            "created_at": at,
            "due_at": at,
            "state": state,
            **values,
        }
    )
    db.session.add(made)
    db.session.commit()
    return made.id


def row(mail_id: UUID) -> Outbox:
    db.session.expire_all()
    return db.session.get_one(Outbox, mail_id)


def test_given_up_mails_come_first_then_those_that_wait_the_earliest_first(dana: Actor) -> None:
    for state in MailState:
        for minutes in (1, 2):
            put(state, minutes)
    assert [one.recipient for one in mail.not_sent(dana)] == [
        "failed2@example.org",
        "failed1@example.org",
        "waiting2@example.org",
        "waiting1@example.org",
    ]


def test_list_holds_what_an_organiser_needs_and_neither_subject_nor_text(dana: Actor) -> None:
    key = put(MailState.FAILED, 5, attempts=12, failure="SMTPRecipientsRefused 550")
    at = AT - timedelta(minutes=5)
    assert mail.not_sent(dana) == [
        Waiting(
            key,
            "failed5@example.org",
            "turns",
            12,
            "SMTPRecipientsRefused 550",
            at,
            at,
            "failed",
        )
    ]
    assert {one.name for one in fields(Waiting)}.isdisjoint({"subject", "body", "event"})


def test_list_is_cut_where_nobody_reads_on(dana: Actor) -> None:
    for minutes in range(102):
        put(MailState.WAITING, minutes)
    assert len(mail.not_sent(dana)) == 100


def test_only_who_looks_after_people_sees_and_settles(dana: Actor) -> None:
    alice, key = factories.person("alice"), put(MailState.FAILED)
    for act in (
        lambda: mail.not_sent(alice),
        lambda: mail.try_again(alice, AT, key),
        lambda: mail.give_up(alice, AT, key),
    ):
        with pytest.raises(NotFound):
            act()
    assert row(key).state == "failed"


def test_mail_that_is_tried_again_leaves_now_with_all_its_attempts(dana: Actor) -> None:
    key = put(MailState.FAILED, 60, attempts=12, failure="TimeoutError", body="{}")
    mail.try_again(dana, AT, key)
    db.session.commit()
    assert (row(key).state, row(key).attempts, row(key).due_at) == ("waiting", 0, AT)
    assert mail.is_due(AT)


def test_mail_that_is_given_up_never_leaves_and_its_text_is_gone(dana: Actor) -> None:
    key = put(MailState.WAITING, attempts=3)
    mail.give_up(dana, AT, key)
    db.session.commit()
    assert (row(key).state, row(key).body) == ("dropped", "")
    assert mail.send_due(lambda: AT, Letterhead("a@x.org", "", "k"), print) == 0


@pytest.mark.parametrize("state", [MailState.SENT, MailState.DROPPED])
def test_what_has_left_or_was_given_up_is_neither(dana: Actor, state: MailState) -> None:
    key = put(state)
    for act in (mail.try_again, mail.give_up):
        with pytest.raises(Conflict):
            act(dana, AT, key)
        with pytest.raises(NotFound):
            act(dana, AT, factories.unknown())


def test_standing_counts_what_has_not_left(app: Flask) -> None:
    assert mail.standing() == Standing(0, 0, 0, 0, None)
    put(MailState.WAITING, 1)
    put(MailState.WAITING, 7, attempts=2)
    put(MailState.WAITING, 3, attempts=1)
    put(MailState.FAILED, 9)
    put(MailState.SENT, 11)
    for attempts in (0, 1):
        db.session.add(Announcement(told="{}", created_at=AT, due_at=AT, attempts=attempts))
    db.session.commit()
    assert mail.standing() == Standing(1, 2, 1, 1, AT - timedelta(minutes=7))


def test_check_says_when_mails_were_given_up_and_when_nobody_sends(app: Flask) -> None:
    put(MailState.WAITING, 59)
    assert list(integrity.delays(AT)) == []
    put(MailState.FAILED)
    assert list(integrity.delays(AT + timedelta(minutes=2))) == [
        "mails given up: 1 (People, Mails that have not left)",
        "mails wait since 2026-11-23 08:01 UTC: does a worker run?",
    ]


def test_mail_that_is_tried_again_later_is_no_sign_of_a_missing_worker(app: Flask) -> None:
    """It was made three hours ago, and its next attempt is an hour ahead."""
    put(MailState.WAITING, 180, attempts=8, due_at=AT + HOUR)
    assert (mail.overdue_since(AT), list(integrity.delays(AT))) == (None, [])
