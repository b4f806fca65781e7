"""Asking: up to twenty times are proposed to everybody in a roster."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert

from supervision.db import db, run, table
from supervision.errors import N_, Invalid
from supervision.models.polls import Poll, PollAnswer, PollOption, PollVote, Shows, Word
from supervision.models.sessions import MAX_MINUTES
from supervision.permissions import Actor
from supervision.services.audit import Act, record
from supervision.services.places import hold_to_run
from supervision.services.polls.board import board_of, poll_of
from supervision.services.polls.letters import tell_asked
from supervision.services.sessions.plan import LEAST_MINUTES, checked_message

MOST = 20
AHEAD = timedelta(days=366)
# Who is asked with less time than this is not reminded: the question itself is fresh enough.
REMINDED = timedelta(days=2)


@dataclass(frozen=True)
class Proposal:
    """Times to choose from: instants; `minutes` long; answers are taken until `closes_at`."""

    starts: Sequence[datetime]
    minutes: int
    closes_at: datetime
    message: str = ""
    shows: str = Shows.ANSWERED


def ask(actor: Actor, at: datetime, roster_id: UUID, wish: Proposal, base_url: str = "") -> UUID:
    """Ask everybody in a roster which times suit; who asks is taken to come to all of them.

    Raises NotFound, NotAllowed, Conflict (the roster has ended), Invalid.
    """
    hold_to_run(actor, roster_id)
    message = checked_message(wish.message)
    _check(at, wish)
    short = wish.closes_at - at < REMINDED
    poll = Poll(
        roster_id=roster_id,
        minutes=wish.minutes,
        message=message,
        shows=wish.shows,
        made_by_id=actor.id,
        created_at=at,
        closes_at=wish.closes_at,
        reminded_at=at if short else None,
    )
    db.session.add(poll)
    db.session.flush()
    _insert(actor, at, poll.id, wish.starts)
    record(Act.POLL_ASK, at, actor.id, poll.id, roster=roster_id, times=len(wish.starts))
    tell_asked(board_of(poll_of(poll.id)), at, base_url)
    return poll.id


def _insert(actor: Actor, at: datetime, poll_id: UUID, starts: Sequence[datetime]) -> None:
    options = [{"id": uuid4(), "poll_id": poll_id, "starts_at": start} for start in starts]
    own = {"poll_id": poll_id, "person_id": actor.id, "remark": "", "answered_at": at}
    votes = [
        {"option_id": one["id"], "person_id": actor.id, "word": Word.YES.value} for one in options
    ]
    run(insert(table(PollOption)), options)
    run(insert(table(PollAnswer)), own)
    run(insert(table(PollVote)), votes)


def _check(at: datetime, wish: Proposal) -> None:
    if not LEAST_MINUTES <= wish.minutes <= MAX_MINUTES:
        raise Invalid(
            "minutes",
            N_("Choose between %(least)s and %(most)s minutes."),
            least=LEAST_MINUTES,
            most=MAX_MINUTES,
        )
    if wish.shows not in set(Shows):
        raise Invalid("shows", N_("Choose one from the list."))
    _check_starts(at, wish.starts)
    if wish.closes_at <= at:
        raise Invalid("closes_on", N_("This day has passed. Leave people time to answer."))
    if wish.closes_at > min(wish.starts):
        raise Invalid("closes_on", N_("Close before the day of the first time."))


def _check_starts(at: datetime, starts: Sequence[datetime]) -> None:
    if not starts:
        raise Invalid("starts", N_("Propose a time at least."))
    if len(starts) > MOST:
        raise Invalid("starts", N_("Propose %(most)s times at most."), most=MOST)
    if len(set(starts)) < len(starts):
        raise Invalid("starts", N_("The same time stands here twice."))
    if min(starts) <= at:
        raise Invalid("starts", N_("One of these times has passed."))
    if max(starts) > at + AHEAD:
        raise Invalid("starts", N_("Propose times within a year."))
