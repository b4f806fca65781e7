"""A door for replies to invitations: LMTP (RFC 2033), by which a mail server hands mails over."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from supervision.config import Settings
from supervision.domain.invitations import token_of
from supervision.domain.replies import LARGEST

log = get_logger()
OK = "250 2.0.0 OK"
NO_MAILBOX = "550 5.1.1 No such mailbox"
ONE_AT_A_TIME = "452 4.5.3 One recipient at a time"
NOBODY = (None, "", "<>")
LATER = "451 4.3.0 Try again later"
# Only what another try can mend has a mail come again; servers bring it back for days.
PASSING = (SQLAlchemyError, OSError)
# Whether a token is of an invitation.
Know = Callable[[str], bool]
# Takes a mail to an address of the mailbox, whatever it is.
Take = Callable[[str, bytes], object]


class Door:
    """Lets in what is for the mailbox and answers an invitation. A mail is taken before it is said
    that it was.

    Whom it is for is judged before a word of it has come. What is refused later is thrown away:
    some servers bring it back all the same, and a bounce goes to whoever was forged.
    """

    def __init__(self, mailbox: str, take: Take, know: Know) -> None:
        self._mailbox = mailbox
        self._take = take
        self._know = know

    async def handle_RCPT(  # noqa: N802 - the server's own word
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        token = token_of(self._mailbox, address)
        if token is None:
            return NO_MAILBOX
        if envelope.rcpt_tos:
            return ONE_AT_A_TIME
        try:
            if not await asyncio.to_thread(self._know, token):
                return NO_MAILBOX
        except PASSING as error:
            log.error("inbound", error=type(error).__name__)
            return LATER
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """A mail from nobody is a bounce; it is thrown away, since an answer has a sender."""
        content = envelope.content
        if envelope.mail_from in NOBODY or not isinstance(content, bytes):
            log.info("reply refused", why="automatic")
            return OK
        try:
            await asyncio.to_thread(self._take, envelope.rcpt_tos[0], content)
        except PASSING as error:
            log.error("inbound", error=type(error).__name__)
            return LATER
        except Exception as error:  # noqa: BLE001 - it would be no other the next time
            log.error("reply dropped", error=type(error).__name__)
        return OK


class Listener(Controller):
    """The door, on an address of this machine."""

    def factory(self) -> LMTP:
        return LMTP(self.handler, data_size_limit=LARGEST, hostname="supervision", timeout=60)

    def give_up(self) -> None:
        """What a start leaves behind that has failed."""
        if not self.loop.is_running():
            self.loop.close()


@contextmanager
def listening(settings: Settings, take: Take, know: Know) -> Iterator[None]:
    """Take mails to tokens that are known as long as the block lasts, where a door is set up.

    Another worker on this machine may have it already: the work goes on without.
    """
    if settings.inbound_url is None:
        yield
        return
    url = urlsplit(settings.inbound_url)
    listener = Listener(
        Door(settings.inbound_mailbox, take, know), hostname=url.hostname, port=url.port or 0
    )
    try:
        listener.start()
    except OSError as error:
        log.error("inbound", error=type(error).__name__)
        listener.give_up()
        yield
        return
    try:
        yield
    finally:
        listener.stop()
