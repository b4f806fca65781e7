"""The outbox: a mail leaves once or is tried again, and its text is gone once it has left."""

import socketserver
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import get_locale

from supervision.config import Settings
from supervision.db import db
from supervision.models.audit import Replay
from supervision.models.mail import Outbox
from supervision.services import jobs, mail
from tests import factories

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Post:
    """Takes mails, or refuses them."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.taken: list[EmailMessage] = []

    def __call__(self, message: EmailMessage) -> None:
        if self.fails:
            self.fails -= 1
            raise ConnectionRefusedError
        self.taken.append(message)


def queue(event: str = "moved:1", recipient: str = "bob@example.org", sequence: int = 0) -> None:
    mail.queue(event, recipient, "Moved", "Now at 15:00.", AT, sequence=sequence)
    db.session.commit()


def send(post: Post, after: timedelta = timedelta()) -> int:
    return mail.send_due(AT + after, "supervision@example.org", post)


def row() -> Outbox:
    db.session.expire_all()
    return db.session.scalars(db.select(Outbox)).one()


def test_mail_leaves_once_and_its_text_is_emptied(app: Flask) -> None:
    queue()
    post = Post()
    assert (send(post), send(post)) == (1, 0)
    assert [(m["To"], m["Subject"], m.get_content()) for m in post.taken] == [
        ("bob@example.org", "Moved", "Now at 15:00.\n")
    ]
    assert (row().body, row().sent_at) == ("", AT)


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
    post = Post(fails=2)
    assert send(post) == 0
    assert (row().attempts, row().failure, row().body) == (
        1,
        "ConnectionRefusedError",
        "Now at 15:00.",
    )
    assert send(post, timedelta(seconds=59)) == 0
    assert (send(post, timedelta(minutes=1)), row().attempts) == (0, 2)
    assert send(post, timedelta(minutes=2)) == 0
    assert (send(post, timedelta(minutes=3)), len(post.taken)) == (1, 1)


def test_mail_is_given_up_after_eight_attempts(app: Flask) -> None:
    queue()
    post = Post(fails=100)
    for day in range(12):
        send(post, timedelta(days=day))
    assert (row().attempts, row().sent_at) == (mail.ATTEMPTS, None)


def test_mail_of_a_worker_that_died_is_sent_after_the_lease(app: Flask) -> None:
    queue()

    def die(_message: EmailMessage) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        mail.send_due(AT, "supervision@example.org", die)
    db.session.rollback()
    post = Post()
    assert send(post, mail.LEASE - timedelta(seconds=1)) == 0
    assert send(post, mail.LEASE) == 1


def test_subject_cannot_bring_in_another_header(app: Flask) -> None:
    mail.queue("x", "bob@example.org", "Moved\r\nBcc: eve@example.org", "Text", AT)
    db.session.commit()
    post = Post()
    send(post)
    assert [(m["Bcc"], m["Subject"]) for m in post.taken] == [(None, "Moved Bcc: eve@example.org")]


def test_reader_gets_their_own_language(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = factories.person("bob", language="de")
    seen: list[str] = []

    def speak(text: str, **params: Any) -> str:
        seen.append(str(get_locale()))
        return text % params if params else text

    monkeypatch.setattr(mail, "_", speak)
    mail.tell(bob, "x", "Hello %(name)s", "Text", AT, name="Bob")
    assert seen == ["de", "de"]


def test_without_smtp_mails_become_files_for_their_owner_alone(tmp_path: Path) -> None:
    message = EmailMessage()
    message["To"], message["Subject"], message["Message-ID"] = "b@example.org", "Hi", "<a1@x>"
    message.set_content("Text")
    folder = tmp_path / "mail"
    mail.sender_for(None, folder)(message)
    assert [path.name for path in folder.iterdir()] == ["a1.eml"]
    assert stat.S_IMODE((folder / "a1.eml").stat().st_mode) == 0o600
    assert [found["Subject"] for found in mail.delivered(folder)] == ["Hi"]


class Smtp(socketserver.StreamRequestHandler):
    """Enough of RFC 5321 to take one mail."""

    received: list[bytes]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.received.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def smtp() -> Iterator[tuple[str, list[bytes]]]:
    """A local SMTP server's address, and the mails that it was given."""
    received: list[bytes] = []
    handler = type("Handler", (Smtp,), {"received": received})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", received
        server.shutdown()


def test_mail_goes_out_by_smtp(smtp: tuple[str, list[bytes]], tmp_path: Path) -> None:
    address, received = smtp
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "s@x.org", "b@example.org", "Hi"
    message.set_content("Grüße")
    mail.sender_for(address, tmp_path)(message)
    assert len(received) == 1
    assert b"Subject: Hi" in received[0]


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
