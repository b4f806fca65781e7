"""The door for replies, as a mail server meets it: over a real connection of this machine."""

import asyncio
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from aiosmtpd.smtp import Envelope
from flask import Flask
from sqlalchemy.exc import OperationalError

from supervision import clock, config, worker
from supervision.config import Settings
from supervision.db import db
from supervision.domain.invitations import reply_address, reply_token
from supervision.domain.replies import LARGEST
from supervision.errors import BadSettings
from supervision.inbound import Door, listening
from supervision.models.replies import SessionReply
from supervision.models.rosters import Roster
from tests import factories
from tests.support.mail_bombs import MAILS

TO = "rsvp+abcdefghijabcdefghij@s.example"
OTHER = TO.replace("abc", "xyz")
MAIL = b"From: bob@example.org\r\n\r\nI will come.\r\n"
FROM = "bob@example.org"
SESSION = UUID("6f1d3c52-8d0f-4a5e-9c11-2b7a4e0c9d31")
GOOGLE = Path(__file__).parent / "golden" / "replies" / "google.eml"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def with_door(settings: Settings, port: int) -> Settings:
    values = {"inbound_url": f"lmtp://127.0.0.1:{port}", "inbound_mailbox": "rsvp@s.example"}
    return settings.model_copy(update=values)


class Taken:
    """What came in at the door."""

    def __init__(self, settings: Settings) -> None:
        self.port = free_port()
        self.settings = with_door(settings, self.port)
        self.mails: list[tuple[str, bytes]] = []
        self.fault: Exception | None = None

    def take(self, to: str, raw: bytes) -> None:
        if self.fault:
            raise self.fault
        self.mails.append((to, raw))

    def know(self, token: str) -> bool:
        if self.fault:
            raise self.fault
        return TO.startswith(f"rsvp+{token}@")

    @contextmanager
    def speaking(self) -> Iterator[smtplib.LMTP]:
        with smtplib.LMTP("127.0.0.1", self.port, "localhost", timeout=10) as server:
            server.ehlo()
            yield server


@pytest.fixture
def door(settings: Settings) -> Iterator[Taken]:
    taken = Taken(settings)
    with listening(taken.settings, taken.take, taken.know):
        yield taken


def test_mail_for_the_mailbox_is_taken_as_it_came(door: Taken) -> None:
    with door.speaking() as server:
        server.sendmail(FROM, [TO], MAIL)
        server.sendmail(FROM, [TO.upper()], MAIL)
    assert door.mails == [(TO, MAIL), (TO.upper(), MAIL)]


@pytest.mark.parametrize("to", ["rsvp@s.example", "postmaster@s.example", "rsvp+x@evil.example"])
def test_mail_for_somebody_else_is_refused(door: Taken, to: str) -> None:
    with door.speaking() as server, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        server.sendmail(FROM, [to], MAIL)
    assert (refused.value.recipients[to][0], door.mails) == (550, [])


def test_mail_from_nobody_is_a_bounce_and_thrown_away(door: Taken) -> None:
    with door.speaking() as server:
        server.sendmail("", [TO], MAIL)
    assert door.mails == []


def test_ten_megabytes_are_refused(door: Taken) -> None:
    with door.speaking() as server, pytest.raises(smtplib.SMTPException) as refused:
        server.sendmail(FROM, [TO], MAIL + b"x" * 78 + b"\r\n" + (b"y" * 78 + b"\r\n") * 131_072)
    assert (getattr(refused.value, "smtp_code", 0), door.mails) == (552, [])
    assert LARGEST < 10_000_000


AWAY = OperationalError("", {}, Exception("away"))


def test_mail_comes_again_while_the_database_is_away(door: Taken) -> None:
    with door.speaking() as server:
        server.mail(FROM)
        server.rcpt(TO)
        door.fault = AWAY
        assert server.data(MAIL)[0] == 451
        server.mail(FROM)
        assert server.rcpt(TO)[0] == 451


@pytest.mark.parametrize("fault", [ValueError(), RecursionError(), MemoryError(), LookupError()])
def test_mail_that_nobody_can_read_does_not_come_again(door: Taken, fault: Exception) -> None:
    with door.speaking() as server:
        server.mail(FROM)
        server.rcpt(TO)
        door.fault = fault
        assert server.data(MAIL)[0] == 250


def test_mail_for_an_invitation_that_nobody_sent_is_refused_before_it_is_read(door: Taken) -> None:
    with door.speaking() as server, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        server.sendmail(FROM, [OTHER], MAIL)
    assert (refused.value.recipients[OTHER][0], door.mails) == (550, [])


@pytest.mark.parametrize("name", MAILS)
def test_bomb_is_answered_for_good(app: Flask, settings: Settings, name: str) -> None:
    """To an address that is known, by the worker itself."""
    settings = with_door(settings, free_port())
    door = Door(settings.inbound_mailbox, worker.taking(app, settings), TO.__contains__)
    envelope = Envelope()
    envelope.mail_from, envelope.rcpt_tos, envelope.content = FROM, [TO], MAILS[name]
    nobody: Any = None
    answered = asyncio.run(door.handle_DATA(nobody, nobody, envelope))
    assert answered.split()[0] == "250"


def test_reply_that_comes_in_is_kept_as_the_worker_would(app: Flask, settings: Settings) -> None:
    house = factories.house()
    group = db.session.get_one(Roster, house.group)
    at = clock.now() + timedelta(days=1)
    factories.session(group, at, house.alice, house.bob, id=SESSION)
    db.session.commit()
    door = with_door(settings, free_port())
    to = reply_address(door.inbound_mailbox, reply_token(door.secret_key, SESSION, house.bob.id))
    factories.invited(SESSION, house.bob, at)
    db.session.commit()
    with listening(door, worker.taking(app, door), worker.knowing(app, door)):
        port = urlsplit(door.inbound_url or "").port or 0
        with smtplib.LMTP("127.0.0.1", port, "localhost", timeout=10) as server:
            server.sendmail(FROM, [to], GOOGLE.read_text(encoding="utf-8"))
    assert db.session.scalars(db.select(SessionReply.answer)).all() == ["accepted"]


def test_second_worker_goes_on_without_a_door(
    door: Taken, capfd: pytest.CaptureFixture[str]
) -> None:
    with listening(door.settings, door.take, door.know):
        pass
    assert '"event": "inbound"' in "".join(capfd.readouterr())


def test_nothing_listens_where_nothing_is_set_up(settings: Settings) -> None:
    assert settings.inbound_url is None
    with listening(settings, print, bool):
        pass


@pytest.mark.parametrize(
    "given",
    [
        {"INBOUND_URL": "lmtp://127.0.0.1:2424"},
        {"INBOUND_MAILBOX": "rsvp@s.example"},
        {"INBOUND_URL": "smtp://127.0.0.1:2424", "INBOUND_MAILBOX": "rsvp@s.example"},
        {"INBOUND_URL": "lmtp://127.0.0.1", "INBOUND_MAILBOX": "rsvp@s.example"},
        {"INBOUND_URL": "lmtp://127.0.0.1:2424", "INBOUND_MAILBOX": "rsvp+a@s.example"},
        {"INBOUND_URL": "lmtp://127.0.0.1:2424", "INBOUND_MAILBOX": "s.example"},
    ],
)
def test_half_a_door_is_refused(tmp_path: Path, given: dict[str, str]) -> None:
    environ = {f"SUPERVISION_{name}": value for name, value in given.items()}
    with pytest.raises(BadSettings):
        config.load({"SUPERVISION_INSTANCE": str(tmp_path), **environ})
