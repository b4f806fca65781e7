"""The outbox: a mail leaves once or is tried again, and its text is gone once it has left."""

import smtplib
import stat
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import get_locale

from supervision.config import Settings
from supervision.db import db
from supervision.models.audit import Replay
from supervision.models.mail import MailKind, MailState, MailStop, Outbox
from supervision.models.people import Person
from supervision.permissions import Actor
from supervision.services import jobs, mail, people
from supervision.services.mail import Letterhead, outbox
from tests import factories
from tests.support.mails import mails_to
from tests.support.statements import counted

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HEAD = Letterhead("supervision@example.org", "https://s.example", "k" * 32)
LEASE = timedelta(minutes=5)


class Post:
    """Takes mails, or refuses them with these errors first."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.taken: list[EmailMessage] = []

    def __call__(self, message: EmailMessage) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(message)

    @property
    def to(self) -> list[str]:
        return [message["To"] for message in self.taken]


def queue(event: str = "moved:1", recipient: str = "bob@example.org", sequence: int = 0) -> None:
    mail.queue(event, recipient, "Moved", "Now at 15:00.", AT, sequence=sequence)
    db.session.commit()


def send(post: Post, after: timedelta = timedelta()) -> int:
    return mail.send_due(lambda: AT + after, HEAD, post)


def row() -> Outbox:
    db.session.expire_all()
    return db.session.scalars(db.select(Outbox)).one()


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def refused(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"bob@example.org": (code, b"bob@example.org: no")})


def test_mail_leaves_once_and_its_text_is_emptied(app: Flask) -> None:
    queue()
    post = Post()
    assert (send(post), send(post)) == (1, 0)
    assert [(m["To"], m["Subject"], plain(m).split("\n\n")[0]) for m in post.taken] == [
        ("bob@example.org", "Moved", "Now at 15:00.")
    ]
    assert (row().body, row().sent_at, row().state) == ("", AT, "sent")


def test_same_event_is_queued_once_for_a_recipient_and_sequence(app: Flask) -> None:
    queue()
    queue()
    queue(sequence=1)
    queue(recipient="carol@example.org")
    assert db.session.scalar(db.select(db.func.count()).select_from(Outbox)) == 3


def test_mail_of_a_rolled_back_transaction_never_leaves(app: Flask) -> None:
    mail.queue("moved:1", "bob@example.org", "Moved", "Now at 15:00.", AT)
    db.session.rollback()
    post = Post()
    assert (send(post), post.taken) == (0, [])


def test_refused_mail_is_tried_again_later_and_later(app: Flask) -> None:
    queue()
    text = row().body
    post = Post(ConnectionRefusedError(), ConnectionRefusedError())
    assert send(post) == 0
    assert (row().attempts, row().failure, row().body) == (1, "ConnectionRefusedError", text)
    assert send(post, timedelta(seconds=59)) == 0
    assert (send(post, timedelta(minutes=1)), row().attempts) == (0, 2)
    assert send(post, timedelta(minutes=2)) == 0
    assert (send(post, timedelta(minutes=3)), len(post.taken)) == (1, 1)
    assert (row().failure, row().state) == ("", "sent")


def test_mail_is_given_up_after_twelve_attempts(app: Flask) -> None:
    queue()
    post = Post(*(TimeoutError() for _ in range(100)))
    for day in range(20):
        send(post, timedelta(days=day))
    assert (row().attempts, row().sent_at, row().state) == (12, None, "failed")
    assert len(post.errors) == 88


def test_server_that_cannot_be_reached_is_asked_once_a_run(app: Flask) -> None:
    for number in range(3):
        queue(f"moved:{number}")
    post = Post(ConnectionRefusedError(), ConnectionRefusedError())
    assert (send(post), len(post.errors)) == (0, 1)
    assert (send(post), len(post.errors)) == (0, 0)
    assert (send(post), post.to) == (1, ["bob@example.org"])


def test_mail_that_is_refused_holds_up_no_other(app: Flask) -> None:
    queue()
    queue(recipient="carol@example.org")
    post = Post(refused(450))
    assert (send(post), post.to) == (1, ["carol@example.org"])


def test_mail_that_cannot_be_written_holds_up_no_other(app: Flask) -> None:
    queue()
    db.session.execute(db.update(Outbox).values(body='{"no": "letter"}'))
    queue(recipient="carol@example.org")
    post = Post()
    assert (send(post), post.to) == (1, ["carol@example.org"])
    spoilt = db.session.scalars(db.select(Outbox).where(Outbox.state == "waiting")).one()
    assert (spoilt.failure, spoilt.due_at) == ("ValidationError", AT + timedelta(minutes=1))


def bob_with_a_mail() -> Actor:
    bob = factories.person("bob")
    mail.tell(bob, "moved:1", "Moved", "Now at 15:00.", AT)
    db.session.commit()
    return bob


def refused_at(bob: Actor) -> datetime | None:
    db.session.expire_all()
    return db.session.get_one(Person, bob.id).mail_refused_at


def test_address_that_is_refused_for_good_is_not_tried_again_and_noted(app: Flask) -> None:
    bob = bob_with_a_mail()
    send(Post(refused(550)))
    assert (row().state, row().failure) == ("failed", "SMTPRecipientsRefused 550")
    assert refused_at(bob) == AT


def test_address_that_is_refused_for_now_is_tried_again(app: Flask) -> None:
    bob = bob_with_a_mail()
    send(Post(refused(450)))
    assert (row().state, row().failure) == ("waiting", "SMTPRecipientsRefused 450")
    assert refused_at(bob) is None


def test_mail_that_reaches_somebody_takes_the_note_back(app: Flask) -> None:
    bob = bob_with_a_mail()
    send(Post(refused(550)))
    mail.tell(bob, "moved:2", "Moved", "Now at 16:00.", AT)
    db.session.commit()
    assert (send(Post()), refused_at(bob)) == (1, None)


def test_what_is_kept_of_a_failure_quotes_nobody(app: Flask) -> None:
    queue()
    send(Post(smtplib.SMTPDataError(554, b"bob@example.org wrote about M.")))
    assert row().failure == "SMTPDataError 554"


def test_mail_of_a_worker_that_died_is_sent_after_the_lease(app: Flask) -> None:
    queue()

    def die(_message: EmailMessage) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        mail.send_due(lambda: AT, HEAD, die)
    db.session.rollback()
    post = Post()
    assert send(post, LEASE - timedelta(seconds=1)) == 0
    assert send(post, LEASE) == 1


def test_mail_over_which_every_worker_dies_is_given_up(app: Flask) -> None:
    queue()
    db.session.execute(db.update(Outbox).values(attempts=12))
    db.session.commit()
    post = Post()
    assert (send(post), post.taken) == (0, [])
    assert (row().state, row().failure) == ("failed", "died")


def test_mail_of_a_kind_that_was_turned_off_is_dropped(app: Flask) -> None:
    bob = bob_with_a_mail()
    db.session.add(MailStop(person_id=bob.id, kind=MailKind.ROSTERS))
    mail.tell(bob, "turn:1", "Turn", "You present.", AT, kind=MailKind.TURNS)
    db.session.commit()
    post = Post()
    assert (send(post), [m["Subject"] for m in post.taken]) == (1, ["Turn"])
    dropped = db.session.scalars(db.select(Outbox).where(Outbox.state == "dropped")).one()
    assert (dropped.subject, dropped.body, dropped.sent_at) == ("Moved", "", None)


def test_sending_ends_when_it_is_told_to(app: Flask) -> None:
    for number in range(5):
        queue(f"moved:{number}")
    post, left = Post(), iter([True, True, False])
    assert mail.send_due(lambda: AT, HEAD, post, lambda: next(left)) == 2


def test_mail_costs_as_many_statements_when_many_wait(app: Flask) -> None:
    counts = []
    for many in (1, 30):
        for number in range(many):
            queue(f"{many}:{number}")
        with counted() as seen:
            assert send(Post()) == many
        counts.append((len(seen) - 2) / many)
    assert counts == [3, 3]  # which, lease, mark; and two looks that find one and none


def test_subject_cannot_bring_in_another_header(app: Flask) -> None:
    mail.queue("x", "bob@example.org", "Moved\r\nBcc: eve@example.org", "Text", AT)
    db.session.commit()
    post = Post()
    send(post)
    assert [(m["Bcc"], m["Subject"]) for m in post.taken] == [(None, "Moved Bcc: eve@example.org")]


def test_reader_gets_their_own_language(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = factories.person("bob", language="de")
    seen: set[str] = set()

    def speak(text: str, **params: Any) -> str:
        seen.add(str(get_locale()))
        return text % params if params else text

    monkeypatch.setattr(outbox, "_", speak)
    mail.tell(bob, "x", "Hello %(name)s", "Text", AT, name="Bob")
    assert seen == {"de"}


def test_tell_greets_its_reader_once(app: Flask) -> None:
    bob = factories.person("bob")
    mail.tell(bob, "a", "One", "Text.", AT)
    mail.tell(bob, "b", "Two", "Hello %(to)s,\n\nText.", AT, to=bob.name)
    bodies = {one.body for one in mails_to(bob.email)}
    assert bodies == {"Hello Bob Brandt,\n\nText.\n"}


def test_who_has_not_said_their_name_is_not_called_by_their_address(app: Flask) -> None:
    new = people.ensure_person("ivan@example.org", AT)
    mail.tell(new, "a", "One", "Text.", AT)
    assert mails_to(new.email)[0].body == "Hello,\n\nText.\n"


def test_long_event_is_kept_by_its_hash(app: Flask) -> None:
    for tail in ("a", "b", "a"):
        queue("turn:" + "0" * 100 + tail)
    events = db.session.scalars(db.select(Outbox.event)).all()
    assert sorted(map(len, events)) == [64, 64]


def test_without_smtp_mails_become_files_for_their_owner_alone(tmp_path: Path) -> None:
    message = EmailMessage()
    message["To"], message["Subject"], message["Message-ID"] = "b@example.org", "Hi", "<a1@x>"
    message.set_content("Text")
    folder = tmp_path / "mail"
    mail.sender_for(None, folder)(message)
    assert [path.name for path in folder.iterdir()] == ["a1.eml"]
    assert stat.S_IMODE((folder / "a1.eml").stat().st_mode) == 0o600
    assert [found["Subject"] for found in mail.delivered(folder)] == ["Hi"]


def test_jobs_send_mail_and_forget_old_forms(app: Flask, settings: Settings) -> None:
    bob = factories.person("bob")
    queue()
    for days in (1, 3):
        db.session.add(
            Replay(
                person_id=bob.id,
                once=factories.unknown(),
                body_hash=b"x" * 32,
                location="/",
                created_at=AT - timedelta(days=days),
            )
        )
    db.session.commit()
    assert jobs.run_due(AT, settings) == 1
    assert len(list((settings.instance / "mail").glob("*.eml"))) >= 1
    jobs.run_daily(AT)
    assert db.session.scalar(db.select(db.func.count()).select_from(Replay)) == 1


def put(state: MailState, days: int) -> UUID:
    """A mail that was queued and settled so many days ago."""
    at = AT - timedelta(days=days)
    made = Outbox(
        event=f"{state}:{days}",
        recipient="bob@example.org",
        subject="Moved",
        body="",
        created_at=at,
        due_at=at,
        state=state,
    )
    db.session.add(made)
    db.session.commit()
    return made.id


def test_old_mails_are_forgotten_and_those_that_wait_are_not(app: Flask) -> None:
    for state in MailState:
        for days in (13, 15, 29, 31):
            put(state, days)
    mail.forget_old(AT)
    kept = set(db.session.scalars(db.select(Outbox.event)))
    assert kept == {
        *(f"waiting:{days}" for days in (13, 15, 29, 31)),
        *(f"{state}:{days}" for state in ("sent", "dropped") for days in (13, 15, 29)),
        "failed:13",
    }
