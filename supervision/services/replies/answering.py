"""Answers by the link in a mail, and by somebody who has signed in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from supervision.domain.replies import Answer
from supervision.errors import N_, Conflict, Gone, Invalid, NotFound
from supervision.models.replies import Via
from supervision.permissions import Actor
from supervision.services import mail
from supervision.services.replies.keeping import keep
from supervision.services.replies.meetings import Meeting, meeting_of


@dataclass(frozen=True)
class Question:
    """What a link asks: whether its person comes to this meeting. `used`: it was answered by it."""

    meeting: Meeting
    person_id: UUID
    used: bool


def open_question(secret_key: str, at: datetime, token: str) -> Question:
    """What a link asks. Raises Gone: forged, of a former version, over, or not theirs."""
    asked = mail.read_answer_token(secret_key, token)
    meeting = meeting_of(asked.session_id, asked.person_id)
    if meeting is None or not meeting.is_open(at) or meeting.sequence != asked.sequence:
        raise Gone(mail.ANSWER_GONE)
    return Question(meeting, asked.person_id, meeting.link_sequence == asked.sequence)


def answer_by_link(secret_key: str, at: datetime, token: str, answer: str) -> None:
    """Answer by the link in a mail; once, whatever is sent later. Raises Gone, Invalid."""
    question, said = open_question(secret_key, at, token), _checked(answer)
    keep(question.meeting, question.person_id, said, Via.LINK, at, at)


def answer(actor: Actor, at: datetime, session_id: UUID, said: str) -> None:
    """Answer, or answer otherwise, on the session's page. Raises NotFound, Conflict, Invalid.

    The answer alone is kept: whoever declines is still expected until the session is changed.
    """
    meeting = meeting_of(session_id, actor.id)
    if meeting is None:
        raise NotFound
    if not meeting.is_open(at):
        raise Conflict(N_("This session is over or will not be; there is nothing to answer."))
    keep(meeting, actor.id, _checked(said), Via.PAGE, at, at)


def _checked(answer: str) -> Answer:
    if answer not in set(Answer):
        raise Invalid("answer", N_("Choose one of the answers."))
    return Answer(answer)
