"""Answering: yes, if need be or no to each proposed time, as often as one changes one's mind."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from supervision.db import run, table
from supervision.errors import N_, Conflict, Invalid
from supervision.models.polls import PollAnswer, PollOption, PollState, PollVote, Word
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.polls.board import held_poll, seen_poll

REMARK = 300
_ANSWER, _VOTE = table(PollAnswer), table(PollVote)
_OPTIONS = select(PollOption.id).where(PollOption.poll_id == bindparam("poll_id"))
_SAID = (
    select(_ANSWER.c.person_id)
    .where(_ANSWER.c.poll_id == bindparam("poll_id"))
    .where(_ANSWER.c.person_id == bindparam("actor_id"))
)
_CHANGE = (
    update(_ANSWER)
    .where(_ANSWER.c.poll_id == bindparam("of_poll"), _ANSWER.c.person_id == bindparam("of"))
    .values(remark=bindparam("said"), answered_at=bindparam("said_at"))
)
_CHANGE_VOTE = (
    update(_VOTE)
    .where(_VOTE.c.option_id == bindparam("option"), _VOTE.c.person_id == bindparam("of"))
    .values(word=bindparam("said"))
)


def answer(
    actor: Actor, at: datetime, poll_id: UUID, words: Mapping[UUID, str], remark: str = ""
) -> None:
    """Say a word to each time of a poll, by the option's id; said again, the last answer counts.

    Raises NotFound, Conflict (it takes no answers any more), Invalid (a time without a word).
    """
    seen_poll(actor, poll_id)
    poll = held_poll(poll_id)
    if poll.state != PollState.OPEN or at >= poll.closes_at:
        raise Conflict(N_("This poll is closed; it takes no answers any more."))
    options = list(run(_OPTIONS, {"poll_id": poll_id}).scalars())
    _check(options, words, remark.strip())
    values = {"poll_id": poll_id, "actor_id": actor.id}
    again = run(_SAID, values).one_or_none() is not None
    (_change if again else _insert)(actor, at, poll_id, words, remark.strip())
    record(Act.POLL_ANSWER, at, actor.id, poll_id, again=int(again))


def _check(options: list[UUID], words: Mapping[UUID, str], remark: str) -> None:
    if len(remark) > REMARK:
        raise Invalid("remark", N_("Keep this to %(most)s characters."), most=REMARK)
    if set(words) != set(options) or not set(words.values()) <= set(Word):
        raise Invalid("words", N_("Answer each of the times."))


def _insert(
    actor: Actor, at: datetime, poll_id: UUID, words: Mapping[UUID, str], remark: str
) -> None:
    own = {"poll_id": poll_id, "person_id": actor.id, "remark": remark, "answered_at": at}
    run(insert(_ANSWER), own)
    run(
        insert(_VOTE),
        [{"option_id": key, "person_id": actor.id, "word": word} for key, word in words.items()],
    )


def _change(
    actor: Actor, at: datetime, poll_id: UUID, words: Mapping[UUID, str], remark: str
) -> None:
    run(_CHANGE, {"of_poll": poll_id, "of": actor.id, "said": remark, "said_at": at})
    run(
        _CHANGE_VOTE,
        [{"option": key, "of": actor.id, "said": word} for key, word in words.items()],
    )
