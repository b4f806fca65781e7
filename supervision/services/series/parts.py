"""What all changes of a series have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from supervision.domain.intervals import Interval
from supervision.domain.recurrence import Occurrence, resolve
from supervision.models.sessions import Series
from supervision.permissions import Actor
from supervision.services import claims, outside
from supervision.services.claims import Claimant, Clash, Clashed
from supervision.services.places import Held
from supervision.services.sessions.notices import Notice, notify
from supervision.services.sessions.one import own_warnings
from supervision.services.sessions.plan import local_key
from supervision.services.sessions.setting import own_place
from supervision.services.sessions.whose import Whose


class Which(StrEnum):
    """How much of a series a change is about."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


@dataclass(frozen=True)
class Choice:
    """What is to become of one occurrence that clashes: shifted to a local time on its day.

    Without a time it is skipped: not booked, or left where it is.
    """

    starts_at: time | None = None


Choices = Mapping[str, Choice]
NO_CHOICES: Choices = {}


@dataclass(frozen=True)
class Slot:
    """One occurrence of a rule: the local key that choices go by, and when it would be."""

    key: str
    due: Occurrence

    @classmethod
    def of(cls, due: Occurrence) -> "Slot":
        return cls(local_key(due.original_local), due)

    def shifted_to(self, clock: time, zone: str) -> "Slot":
        """The same occurrence at another time of its day."""
        local = datetime.combine(self.due.original_local.date(), clock)
        return Slot(self.key, resolve(local, zone))


@dataclass(frozen=True)
class Chosen:
    """New occurrences after the choices: `own` are the keys of those at a time of their own."""

    slots: list[Slot]
    own: frozenset[str]
    skipped: list[date]


def chosen(due: Sequence[Occurrence], choices: Choices = NO_CHOICES, zone: str = "") -> Chosen:
    """What of these occurrences is to be made, and when; choices are local times in `zone`."""
    slots, own, skipped = [], set(), []
    for slot in map(Slot.of, due):
        choice = choices.get(slot.key)
        if choice is None:
            slots.append(slot)
        elif choice.starts_at is None:
            skipped.append(slot.due.original_local.date())
        else:
            own.add(slot.key)
            slots.append(slot.shifted_to(choice.starts_at, zone))
    return Chosen(slots, frozenset(own), skipped)


class SeriesClashed(Clashed):
    """Somebody is busy at some times of a series; `by_key` has the clashes of each of them."""

    def __init__(self, clashes: Sequence[Clash], slots: Sequence[Slot]) -> None:
        super().__init__(clashes)
        keys = {slot.due.starts_at: slot.key for slot in slots}
        self.by_key: dict[str, list[Clash]] = {}
        for clash in sorted(self.clashes, key=lambda one: one.wanted_at):
            self.by_key.setdefault(keys[clash.wanted_at], []).append(clash)


Wanted = tuple[Slot, Interval]


def check_slots(
    actor: Actor,
    groups: Sequence[tuple[Sequence[Claimant], Sequence[Wanted]]],
    at: datetime,
    moving: Sequence[UUID] = (),
) -> list[Clash]:
    """As `checked_clashes`, for slots with their times, those of the same people together.

    Every hard clash is reported. Raises SeriesClashed.
    """
    claims.serialise(one.person_id for people, _wanted in groups for one in people)
    times = [(people, [span for _slot, span in wanted]) for people, wanted in groups]
    found = [claims.clashes(people, spans, at, moving) for people, spans in times]
    hard = [clash for clashes in found for clash in clashes if clash.hard]
    if hard:
        raise SeriesClashed(hard, [slot for _people, wanted in groups for slot, _span in wanted])
    return [
        clash
        for (people, spans), clashes in zip(times, found, strict=True)
        for clash in outside.with_outside(actor, people, spans, clashes)
    ]


@dataclass(frozen=True)
class Change:
    """What became of sessions of a series: `verb` as in `letters.WORDS`, when each one is now."""

    verb: str
    placed: Sequence[tuple[UUID, Interval]]
    message: str = ""
    warnings: Sequence[Clash] = ()


def tell(
    actor: Actor,
    at: datetime,
    roster: Held,
    owners: Whose,
    series: Series,
    change: Change,
    base_url: str,
) -> None:
    """Mail everybody about a change of a series, once for all those sessions that are theirs."""
    spans = dict(sorted(change.placed, key=lambda one: one[1]))
    busy, place = own_warnings(change.warnings), own_place(series)
    for people, ids in owners.by_reader(spans):
        notice = Notice(
            event=f"series:{series.id}",
            sequence=series.sequence,
            verb=change.verb,
            spans=[spans[key] for key in ids],
            path=f"/sessions/{ids[0]}",
            message=change.message,
            warnings=busy,
            place=place,
            session_ids=ids,
        )
        notify(actor, at, roster, people, notice, base_url)
