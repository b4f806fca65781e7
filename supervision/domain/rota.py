"""Who has the next turns: largest shortfall first, so that turns follow shares.

A meeting has parts: the facilitator's (where nobody leads) and those of the presenters. The share
of somebody who was there is the sum, over the meetings they were at, of parts ÷ people there. What
they are short of is their share less the turns they had; it stays as it is while they are away, so
an absentee keeps the turn. Somebody new begins even with their share, which is the group's average.

For whatever comes and goes, nobody's turns are ever further from their share than `bound` says. One
turn is the rule and no promise: this is the carpool problem (Fagin & Williams, IBM J. Res. Dev. 27,
1983; Ajtai et al., J. Algorithms 29, 1998), where no rule that cannot see the future keeps it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID

NEVER = -1


@dataclass
class Standing:
    """One member's turns beside their share; `last` and `last_led` count meetings from 0."""

    share: Fraction = Fraction(0)
    turns: int = 0
    led_share: Fraction = Fraction(0)
    led: int = 0
    last: int = NEVER
    last_led: int = NEVER

    @property
    def short(self) -> Fraction:
        """Turns owed to them; below zero for who had more than their share."""
        return self.share - self.turns

    @property
    def short_led(self) -> Fraction:
        return self.led_share - self.led


@dataclass(frozen=True)
class Lineup:
    """Who does what in one meeting; no `facilitator` where somebody leads or nobody is there."""

    facilitator: UUID | None
    presenters: tuple[UUID, ...]

    @property
    def people(self) -> tuple[UUID, ...]:
        return (self.facilitator, *self.presenters) if self.facilitator else self.presenters

    def only(self, people: Collection[UUID]) -> "Lineup":
        """What is left of it where only these came."""
        leads = self.facilitator if self.facilitator in people else None
        return Lineup(leads, tuple(one for one in self.presenters if one in people))


@dataclass
class Tally:
    """Every member's standing after the meetings so far."""

    of: dict[UUID, Standing] = field(default_factory=dict)
    meetings: int = 0

    def standing(self, person: UUID) -> Standing:
        return self.of.setdefault(person, Standing())

    def held(self, there: Iterable[UUID], lineup: Lineup) -> None:
        """Count one meeting: who was `there`, and who had the turns (all of whom were there)."""
        present = dict.fromkeys([*there, *lineup.people])
        for person in present:
            one = self.standing(person)
            one.share += Fraction(len(lineup.people), len(present))
            if lineup.facilitator:
                one.led_share += Fraction(1, len(present))
        for person in lineup.people:
            self.standing(person).turns += 1
            self.standing(person).last = self.meetings
        if lineup.facilitator:
            self.standing(lineup.facilitator).led += 1
            self.standing(lineup.facilitator).last_led = self.meetings
        self.meetings += 1

    def line_up(
        self, there: Sequence[UUID], presenters: int, led: bool, fixed: Lineup | None = None
    ) -> Lineup:
        """The turns of a meeting: what is `fixed`, and the rest by the rota.

        `there` are those who take turns and are expected, in an order that settles last ties;
        `led` says that somebody leads, so that only presenters take turns. Nobody has two.
        """
        given = fixed or Lineup(None, ())
        wanted = max(presenters - len(given.presenters), 0)
        free = [person for person in self.order(there) if person not in given.people]
        if led or given.facilitator:
            return Lineup(given.facilitator, given.presenters + tuple(free[:wanted]))
        chosen = free[: wanted + 1]
        if not chosen:
            return given
        leads = min(chosen, key=self._by_leading)
        rest = tuple(person for person in chosen if person != leads)
        return Lineup(leads, given.presenters + rest)

    def order(self, people: Iterable[UUID]) -> list[UUID]:
        """Largest shortfall first, then the least recent turn, then as given."""
        return sorted(people, key=lambda one: (-self._seen(one).short, self._seen(one).last))

    def _by_leading(self, person: UUID) -> tuple[Fraction, int]:
        return -self._seen(person).short_led, self._seen(person).last_led

    def _seen(self, person: UUID) -> Standing:
        return self.of.get(person) or Standing()


def bound(people: int, parts: int) -> Fraction:
    """How far turns and share can ever be apart, among all who ever took part: p(n-p)(n-1)/n.

    With G = p(n-p)/n the sum of what any j of n people are short of never passes G·j·(n-j). Say
    that a meeting raises it for a set T, by G at most. Then a turn went to somebody outside T, and
    somebody in T who was there had none; so the first was at least as short as the second, and T's
    sum was at most the mean of the bounds for j + 1 and j - 1 people, G·j·(n-j) - G. With j = 1 and
    n - 1 the bound follows from either side, for all shortfalls together are 0.
    """
    turns = [Fraction(p * (people - p), people) for p in range(min(parts, people) + 1)]
    return max(turns) * (people - 1)
