"""How mails leave: by SMTP, or where none is set up as files in a folder."""

import email.policy
import smtplib
import ssl
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import unquote, urlsplit

# A server may count the mails of a connection and close it; a fresh one now and then costs little.
MOST_A_CONNECTION = 50
TIMEOUT = 20


class Send(Protocol):
    """Takes one mail. Raises OSError, of which SMTPException is one, when it did not leave."""

    def __call__(self, message: EmailMessage, /) -> None: ...


class Post(Send, Protocol):
    """A way out that has to be closed in the end."""

    def close(self) -> None: ...


def sender_for(smtp_url: str | None, folder: Path) -> Post:
    """How the mails of one run leave."""
    return BySmtp(smtp_url) if smtp_url else ToFolder(folder)


class BySmtp:
    """One connection for many mails: opened for the first, and anew after a failure.

    smtps:// speaks TLS at once; smtp:// upgrades to it where the server offers that.
    """

    # What this machine calls itself: it may have to ask the network, so it asks once.
    _own_name: ClassVar[str | None] = None

    def __init__(self, smtp_url: str) -> None:
        self._url = urlsplit(smtp_url)
        self._server: smtplib.SMTP | None = None
        self._sent = 0

    def __call__(self, message: EmailMessage) -> None:
        server = self._connected()
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused:
            raise  # the server is fine, and was asked to forget this mail
        except OSError:
            self.close()
            raise
        self._sent += 1
        if self._sent == MOST_A_CONNECTION:
            self.close()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = self._connect()
            self._sent = 0
        return self._server

    def _connect(self) -> smtplib.SMTP:
        server = self._reach(self._url.hostname or "localhost", BySmtp._own_name)
        BySmtp._own_name = server.local_hostname
        try:
            self._greet(server)
        except OSError:
            server.close()
            raise
        return server

    def _reach(self, host: str, name: str | None) -> smtplib.SMTP:
        if self._url.scheme == "smtps":
            port, context = self._url.port or smtplib.SMTP_SSL_PORT, ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port, name, timeout=TIMEOUT, context=context)
        return smtplib.SMTP(host, self._url.port or smtplib.SMTP_PORT, name, timeout=TIMEOUT)

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self._url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))

    def close(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        try:
            server.quit()
        except OSError:
            server.close()


class ToFolder:
    """Each mail is a file that its owner alone can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, message: EmailMessage) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        path = self._folder / f"{name}.eml"
        path.touch(mode=0o600)
        path.write_bytes(message.as_bytes(policy=email.policy.default))

    def close(self) -> None:
        """Nothing is held."""


def delivered(folder: Path, limit: int = 30) -> list[EmailMessage]:
    """The mails in a folder, the latest first."""
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [
        message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=email.policy.default)
        for path in files[:limit]
    ]
