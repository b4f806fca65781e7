"""A real mail server on this machine, that keeps what it takes and can be made to behave badly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

OK = "250 OK"


class Letterbox:
    """What the server took, in order. `before` and `after` are called around taking one.

    They are given how many were taken so far; what `before` returns is said instead of taking it.
    """

    def __init__(self) -> None:
        self.to: list[str] = []
        self._taken: list[Any] = []
        self.connections = 0
        self.refused: dict[str, str] = {}
        self.before: Callable[[int], str | None] = lambda _taken: None
        self.after: Callable[[int], None] = lambda _taken: None
        self.url = ""

    @property
    def taken(self) -> list[EmailMessage]:
        return [
            message_from_bytes(one, _class=EmailMessage, policy=policy.default)
            for one in self._taken
        ]

    async def handle_EHLO(  # noqa: N802 - the server's own word
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        instead = self.before(len(self._taken))
        if instead:
            return instead
        self.to += envelope.rcpt_tos
        self._taken.append(envelope.content)
        self.after(len(self._taken))
        return OK


class _AnyPort(Controller):
    """The controller makes sure that it serves by asking the port it was told: here any free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def letterbox() -> Iterator[Letterbox]:
    """A mail server as long as the block lasts, on a free port of this machine."""
    box = Letterbox()
    # Named, since it would ask the network for its name at each connection.
    controller = _AnyPort(box, hostname="127.0.0.1", port=0, server_hostname="localhost")
    controller.start()
    box.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield box
    finally:
        controller.stop()
