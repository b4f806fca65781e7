"""How mails leave: over one connection for many, and a fresh one after a failure."""

import smtplib
from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import pytest

from supervision.services.mail.posts import BySmtp, sender_for
from tests.support.smtp import Letterbox, letterbox


@pytest.fixture
def box() -> Iterator[Letterbox]:
    with letterbox() as made:
        yield made


def message(to: str = "bob@example.org") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "s@x.org", to, "Hi"
    made.set_content("Grüße")
    return made


def test_mails_go_out_by_smtp_over_one_connection(box: Letterbox, tmp_path: Path) -> None:
    with closing(sender_for(box.url, tmp_path)) as send:
        for number in range(3):
            send(message(f"bob{number}@example.org"))
    assert box.to == [f"bob{number}@example.org" for number in range(3)]
    assert [one.get_content().strip() for one in box.taken] == ["Grüße"] * 3
    assert box.connections == 1


def test_connection_is_fresh_after_fifty_mails(box: Letterbox) -> None:
    with closing(BySmtp(box.url)) as send:
        for _ in range(51):
            send(message())
    assert (len(box.taken), box.connections) == (51, 2)


def test_refused_address_leaves_the_connection_as_it_is(box: Letterbox) -> None:
    box.refused["eve@example.org"] = "550 5.1.1 unknown"
    with closing(BySmtp(box.url)) as send:
        send(message())
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            send(message("eve@example.org"))
        send(message())
    assert caught.value.recipients["eve@example.org"][0] == 550
    assert (box.to, box.connections) == (["bob@example.org"] * 2, 1)


def test_connection_that_broke_is_opened_anew(box: Letterbox) -> None:
    with closing(BySmtp(box.url)) as send:
        send(message())
        assert send._server is not None
        send._server.close()
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(message())
        send(message())
    assert (len(box.taken), box.connections) == (2, 2)


def test_server_that_takes_no_text_gets_a_fresh_connection(box: Letterbox) -> None:
    box.before = lambda taken: "451 not now" if taken == 1 else None
    with closing(BySmtp(box.url)) as send:
        send(message())
        with pytest.raises(smtplib.SMTPDataError):
            send(message())
        box.before = lambda _taken: None
        send(message())
    assert (len(box.taken), box.connections) == (2, 2)


def test_no_server_is_an_error_that_says_so(box: Letterbox) -> None:
    send = BySmtp("smtp://127.0.0.1:9")
    with pytest.raises(ConnectionRefusedError):
        send(message())
    send.close()


def test_password_is_read_out_of_the_address_as_it_is_quoted(
    box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(
        smtplib.SMTP, "login", lambda _self, user, password: seen.append((user, password))
    )
    with closing(BySmtp(box.url.replace("//", "//me%40x.org:p%3Ass@"))) as send:
        send(message())
        send(message())
    assert seen == [("me@x.org", "p:ss")]
