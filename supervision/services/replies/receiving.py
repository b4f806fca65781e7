"""Replies that calendars send by mail: matched by token, session and address, or refused."""

import hmac
from datetime import datetime
from uuid import UUID

from structlog import get_logger

from supervision.db import writing
from supervision.domain.invitations import reply_token, token_of
from supervision.domain.replies import Refusal, RefusedReply, Reply, read
from supervision.models.replies import Via
from supervision.services.replies.keeping import keep
from supervision.services.replies.meetings import meeting_to

log = get_logger()


def receive(secret_key: str, mailbox: str, at: datetime, to: str, raw: bytes) -> bool:
    """Take the answer in a mail to an address of the mailbox; whether it was one to take.

    What is refused is logged by its reason alone, and nobody is told: an answer to a forged mail
    would go to somebody who has sent nothing. It is read before the transaction.
    """
    try:
        reply = read(raw)
        with writing():
            _take(reply, secret_key, token_of(mailbox, to) or "", at)
    except RefusedReply as refused:
        log.info("reply refused", why=str(refused.why))
        return False
    return True


def _take(reply: Reply, secret_key: str, token: str, at: datetime) -> None:
    """The token is what counts: it went to the invited address alone. From can be forged."""
    found = meeting_to(reply.session_id, reply.email)
    if found is None:
        raise RefusedReply(Refusal.TOKEN)
    meeting, person_id = found
    if not hmac.compare_digest(token.encode(), _token(secret_key, reply, person_id)):
        raise RefusedReply(Refusal.TOKEN)
    if not meeting.is_open(at):
        raise RefusedReply(Refusal.OVER)
    # A stamp in the future must not keep later answers out.
    stamped_at = min(reply.stamped_at, at)
    if reply.sequence != meeting.sequence or not keep(
        meeting, person_id, reply.answer, Via.CALENDAR, at, stamped_at
    ):
        raise RefusedReply(Refusal.OLD)


def _token(secret_key: str, reply: Reply, person_id: UUID) -> bytes:
    return reply_token(secret_key, reply.session_id, person_id).encode()
