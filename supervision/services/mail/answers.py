"""The links by which an invitation is answered without signing in."""

from dataclasses import dataclass, replace
from uuid import UUID

from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from supervision.domain.mail import Action, Block, Letter
from supervision.domain.replies import Answer
from supervision.errors import N_, Gone

WORDS = {
    Answer.ACCEPTED: N_("I will come"),
    Answer.TENTATIVE: N_("I may come"),
    Answer.DECLINED: N_("I cannot come"),
}
GONE = N_("It is old or not whole. Sign in and answer on the page of the session instead.")


@dataclass(frozen=True)
class Asked:
    """What a link may answer: whether somebody comes to a session, in one version of it."""

    session_id: UUID
    person_id: UUID
    sequence: int


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="session-reply")


def answer_token(secret_key: str, asked: Asked) -> str:
    """What stands in the address; it names nobody to who cannot ask the database."""
    told = [asked.session_id.hex, asked.person_id.hex, asked.sequence]
    return str(_signer(secret_key).dumps(told))


def read_answer_token(secret_key: str, token: str) -> Asked:
    """What a token was made for. Raises Gone."""
    try:
        session_id, person_id, sequence = _signer(secret_key).loads(token)
    except BadSignature:
        raise Gone(GONE) from None
    return Asked(UUID(session_id), UUID(person_id), sequence)


def with_answers(letter: Letter, base_url: str, secret_key: str) -> Letter:
    """A letter with a link for each answer, if it invites to one session; they are made when it
    leaves, so that what lies in the outbox answers nothing. In the language in force.
    """
    invitation = letter.invitation
    if invitation is None or invitation.event.cancelled or invitation.repeats:
        return letter
    event, within = invitation.event, invitation.within
    asked = Asked(event.id, invitation.person_id, within.sequence if within else event.sequence)
    link = f"{base_url}/answer/{answer_token(secret_key, asked)}"
    answers: list[Block] = [
        Action(f"{link}?answer={answer}", str(_(words))) for answer, words in WORDS.items()
    ]
    return replace(letter, blocks=[*letter.blocks, *answers])
