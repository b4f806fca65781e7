"""Replies that calendars send by mail: matched by token, UID and address, or refused."""

import hmac
from datetime import datetime
from uuid import UUID

from structlog import get_logger

from supervision.db import writing
from supervision.domain.invitations import has_form_of_token, reply_token, token_of
from supervision.domain.replies import Refusal, RefusedReply, Reply, read
from supervision.models.replies import Via
from supervision.services.replies.keeping import keep, keep_all
from supervision.services.replies.meetings import (
    Asked,
    Meeting,
    due_of_series,
    meeting_to,
    series_asked,
)

log = get_logger()


def receive(secret_key: str, mailbox: str, at: datetime, to: str, raw: bytes) -> bool:
    """Take the answer in a mail to an address of the mailbox; whether it was one to take.

    What is refused is logged by its reason alone, and nobody is told: an answer to a forged mail
    would go to somebody who has sent nothing. It is read before the transaction, and not at all
    where it is not for a token.
    """
    token = token_of(mailbox, to) or ""
    try:
        if not has_form_of_token(token):
            raise RefusedReply(Refusal.TOKEN)
        reply = read(raw)
        with writing():
            _take(reply, secret_key, token, at)
    except RefusedReply as refused:
        log.info("reply refused", why=str(refused.why))
        return False
    return True


def _take(reply: Reply, secret_key: str, token: str, at: datetime) -> None:
    """The token is what counts: it went to the invited address alone. From can be forged."""
    found = meeting_to(reply.key, reply.email)
    asked = None if found else series_asked(reply.key, reply.email)
    person_id = found[1] if found else asked.person_id if asked else None
    if person_id is None or not hmac.compare_digest(
        token.encode(), reply_token(secret_key, reply.key, person_id).encode()
    ):
        raise RefusedReply(Refusal.TOKEN)
    # A stamp in the future must not keep later answers out.
    stamped_at = min(reply.stamped_at, at)
    if found:
        _take_one(reply, found[0], person_id, at, stamped_at)
    elif asked:
        _take_of_series(reply, asked, at, stamped_at)


def _take_one(
    reply: Reply, meeting: Meeting, person_id: UUID, at: datetime, stamped_at: datetime
) -> None:
    if reply.recurrence or reply.repeats:
        raise RefusedReply(Refusal.RECURRENCE)
    if not meeting.is_open(at):
        raise RefusedReply(Refusal.OVER)
    if reply.sequence != meeting.sequence or not keep(
        meeting, person_id, reply.answer, Via.CALENDAR, at, stamped_at
    ):
        raise RefusedReply(Refusal.OLD)


def _take_of_series(reply: Reply, asked: Asked, at: datetime, stamped_at: datetime) -> None:
    """An answer to one occurrence, or to all that are to come.

    It may bear the number of any mail since the last about all of the series. What was mailed by
    itself later than that is not answered by it.
    """
    if not asked.whole_sequence <= reply.sequence <= asked.sequence:
        raise RefusedReply(Refusal.OLD)
    coming = due_of_series(reply.key, asked.person_id, at)
    zone = coming[0].meeting.zone if coming else ""
    if reply.recurrence:
        coming = [one for one in coming if reply.is_of(one.due, zone)]
    if not coming:
        raise RefusedReply(Refusal.OVER)
    meetings = [
        one.meeting for one in coming if one.sequence is None or one.sequence <= reply.sequence
    ]
    if not keep_all(reply.key, meetings, asked.person_id, reply.answer, at, stamped_at):
        raise RefusedReply(Refusal.OLD)
