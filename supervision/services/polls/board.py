"""One poll with its times, the people it asks, and what they said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, or_, select

from supervision.db import db, run, table
from supervision.domain.finding import hour_of
from supervision.domain.intervals import Interval
from supervision.domain.polls import Tally, rank
from supervision.errors import NotFound
from supervision.models.people import Person
from supervision.models.polls import Poll, PollAnswer, PollOption, PollState, PollVote, Word
from supervision.models.rosters import Membership, MemberState, Roster
from supervision.permissions import Actor, Place, can_take_part
from supervision.services import availability
from supervision.services.claims import claims_hard
from supervision.services.places import place_of

POLL, _OPTION, _VOTE = table(Poll), table(PollOption), table(PollVote)
POLLS = (
    select(
        *POLL.c["id", "roster_id", "minutes", "message", "shows", "state"],
        *POLL.c["made_by_id", "session_id", "created_at", "closes_at", "closed_at"],
        Roster.title,
        Roster.kind,
        Roster.zone,
        Roster.state,
        Person.name,
    )
    .join(Roster, Roster.id == POLL.c.roster_id)
    .join(Person, Person.id == POLL.c.made_by_id)
)
_ONE = POLLS.where(POLL.c.id == bindparam("poll_id"))
_HOLD = select(Poll).where(Poll.id == bindparam("poll_id")).with_for_update()
_OPTIONS = (
    select(*_OPTION.c["id", "starts_at"])
    .where(_OPTION.c.poll_id == bindparam("poll_id"))
    .order_by(_OPTION.c.starts_at)
)
_VOTES = (
    select(*_VOTE.c["option_id", "person_id", "word"])
    .join(PollOption, PollOption.id == _VOTE.c.option_id)
    .where(PollOption.poll_id == bindparam("poll_id"))
)
_ACTIVE = Membership.state == MemberState.ACTIVE
_PEOPLE = (
    select(
        Person.id,
        Person.name,
        Person.zone,
        Membership.role,
        PollAnswer.answered_at,
        PollAnswer.remark,
    )
    .outerjoin(
        Membership,
        (Membership.person_id == Person.id)
        & (Membership.roster_id == bindparam("roster_id"))
        & _ACTIVE,
    )
    .outerjoin(
        PollAnswer,
        (PollAnswer.person_id == Person.id) & (PollAnswer.poll_id == bindparam("poll_id")),
    )
    .where(or_(Membership.id.is_not(None), PollAnswer.person_id.is_not(None)))
    .order_by(Person.name, Person.id)
)


@dataclass(frozen=True)
class PollRow:
    """A poll as its roster lists it; `closes_at` and the like are instants."""

    id: UUID
    roster_id: UUID
    minutes: int
    message: str
    shows: str
    state: str
    made_by_id: UUID
    session_id: UUID | None
    created_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    title: str
    kind: str
    zone: str
    roster_state: str
    made_by: str

    def is_open(self, at: datetime) -> bool:
        """Whether it takes answers."""
        return self.state == PollState.OPEN and at < self.closes_at


@dataclass(frozen=True)
class Asked:
    """Somebody whom a poll asks, or who had answered it and left (`role` is None then)."""

    id: UUID
    name: str
    zone: str
    role: str | None
    answered_at: datetime | None
    remark: str | None


@dataclass(frozen=True)
class Option:
    """A proposed start, and each person's word on it."""

    id: UUID
    starts_at: datetime
    words: Mapping[UUID, str]


@dataclass(frozen=True)
class Board:
    """A poll with all that was said. `asked` are by name, `options` by time."""

    poll: PollRow
    asked: Sequence[Asked]
    options: Sequence[Option]

    @property
    def members(self) -> list[Asked]:
        return [one for one in self.asked if one.role is not None]

    @property
    def counted(self) -> list[Asked]:
        """Whose answers count: members', and once it is closed those of who has left since."""
        is_open = self.poll.state == PollState.OPEN
        return [one for one in self.asked if one.answered_at and (one.role or not is_open)]

    @property
    def needed(self) -> set[UUID]:
        """Who cannot be in two places at once and has to be there."""
        return {one.id for one in self.members if claims_hard(self.poll.kind, one.role or "")}

    def span(self, option: Option) -> Interval:
        return Interval.lasting(option.starts_at, self.poll.minutes)

    def ranked(self, impossible: set[UUID]) -> list[tuple[Option, Tally]]:
        """Its times, the best first; those with an id among `impossible` last."""
        tallies = {
            option.starts_at: (option, self._tally(option, option.id not in impossible))
            for option in self.options
        }
        ranked = rank(tally for _option, tally in tallies.values())
        return [tallies[tally.starts_at] for tally in ranked]

    def _tally(self, option: Option, possible: bool) -> Tally:
        words = {one.id: option.words.get(one.id) for one in self.counted}
        said = list(words.values())
        needed = self.needed or set(words)
        return Tally(
            starts_at=option.starts_at,
            yes=said.count(Word.YES),
            maybe=said.count(Word.MAYBE),
            no=said.count(Word.NO),
            missing=sum(word == Word.NO for who, word in words.items() if who in needed),
            hours=tuple(hour_of(one.zone, self.span(option)) for one in self.members),
            possible=possible,
        )


def seen_poll(actor: Actor, poll_id: UUID) -> tuple[PollRow, Place]:
    """A poll of a roster that the actor takes part in. Raises NotFound."""
    row = run(_ONE, {"poll_id": poll_id}).one_or_none()
    place = place_of(actor, row.roster_id) if row else None
    if row is None or not can_take_part(place):
        raise NotFound
    return PollRow(*tuple(row)), place


def poll_of(poll_id: UUID) -> PollRow:
    """A poll that is known to exist, whoever asks."""
    return PollRow(*tuple(run(_ONE, {"poll_id": poll_id}).one()))


def board_of(poll: PollRow) -> Board:
    """All that was said, by three statements."""
    values = {"poll_id": poll.id, "roster_id": poll.roster_id}
    words: dict[UUID, dict[UUID, str]] = {}
    for row in run(_VOTES, {"poll_id": poll.id}):
        words.setdefault(row.option_id, {})[row.person_id] = row.word
    options = [
        Option(row.id, row.starts_at, words.get(row.id, {}))
        for row in run(_OPTIONS, {"poll_id": poll.id})
    ]
    return Board(poll, [Asked(*tuple(row)) for row in run(_PEOPLE, values)], options)


def held_poll(poll_id: UUID) -> Poll:
    """A poll's row, locked until the commit, as it is once nobody else changes it."""
    options = {"populate_existing": True}
    values = {"poll_id": poll_id}
    found: Poll = db.session.scalars(_HOLD, values, execution_options=options).one()
    return found


def busy(board: Board, at: datetime, viewer_id: UUID | None) -> tuple[set[UUID], set[UUID]]:
    """Which options cannot be had any more, and at which the viewer has something else: ids.

    Nothing of what has led to a session, since that is what everybody is busy with then.
    """
    gone = {option.id for option in board.options if option.starts_at <= at}
    ahead = [option for option in board.options if option.id not in gone]
    if board.poll.session_id or not ahead:
        return gone, set()
    spans = {option.id: board.span(option) for option in ahead}
    within = Interval(ahead[0].starts_at, spans[ahead[-1].id].end)
    needed = board.needed
    taken = availability.taken(needed | ({viewer_id} if viewer_id else set()), within, at=at)
    hard = [span for who in needed for span in taken[who].sessions]
    own = [*taken[viewer_id].sessions, *taken[viewer_id].other] if viewer_id else []
    return (
        gone | {key for key, span in spans.items() if any(map(span.overlaps, hard))},
        {key for key, span in spans.items() if any(map(span.overlaps, own))},
    )
